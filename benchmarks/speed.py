"""`python -m benchmarks.speed`: CPU time of each step on `articles`, beside a script written by hand (`by_hand.py`).

CPU time of this process, one worker, so that figures from a busy machine can be compared; what is loaded once
(profiles, weights, libraries) is loaded before the clock starts, for both. `--peers` runs whole processes, ours and
others', on the same texts and pages; `--gate` holds the ratios in `floors/speed.toml`.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import by_hand, data, peers
from benchmarks.processes import Cost
from pipeline import config
from pipeline.run.plan import Plan
from pipeline.stages.order import STAGES


def rows(count: int) -> list[dict[str, str]]:
    """Every n-th article: the sources follow each other in the file."""
    every = data.load("articles")
    chosen = every[:: max(1, len(every) // count)][:count]
    for row in chosen:
        if "text" not in row:
            row["text"] = base64.b64decode(row.pop("bytes_b64")).decode("cp1252", errors="replace")
    return [row for row in chosen if row["text"].strip()]


def run(documents: list[dict[str, str]], folder: Path) -> dict[str, float]:
    """CPU seconds of each step over the documents."""
    (folder / "in").mkdir(parents=True)
    with (folder / "in" / "articles.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in documents)
    settings = {"batch": "b", "input": f"{folder}/in", "output": f"{folder}/out", "workers": 1}
    plan = Plan(config.parse(STAGES, {}, "benchmark", settings))
    seconds = {}
    for step in plan.steps:
        started = time.process_time()
        plan.make(step)
        seconds[step.name] = time.process_time() - started
    plan.close()
    return seconds


class Measured(NamedTuple):
    """CPU seconds, the least of some rounds: whatever else runs on the machine only adds to them."""

    steps: dict[str, float]
    hands: dict[str, float]  # the steps of the script by hand, by what ours are called
    kept: int

    @property
    def hand(self) -> float:
        """All of the script by hand."""
        return sum(self.hands.values())


def measure(documents: list[dict[str, str]], rounds: int) -> Measured:
    """Each step and the script by hand, round after round, warmed up."""
    warm_up = documents[:20]
    pairs = [(row["id"], row["text"]) for row in documents]
    seen: list[dict[str, float]] = []
    hands: list[dict[str, float]] = []
    kept = 0
    with tempfile.TemporaryDirectory(prefix="copydesk-") as work:
        run(warm_up, Path(work) / "warm")
        by_hand.seconds(pairs[:20])
        for number in range(rounds):
            seen.append(run(documents, Path(work) / str(number)))
            hand, kept = by_hand.seconds(pairs)
            hands.append(hand)
    return Measured(_least(seen), _least(hands), kept)


def _least(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {step: min(seconds[step] for seconds in rounds) for step in rounds[0]}


def print_steps(documents: list[dict[str, str]], measured: Measured) -> None:
    """The table of the steps."""
    characters = sum(len(row["text"]) for row in documents)
    print(
        f"{len(documents):,} articles of {characters / len(documents):,.0f} characters on average, CPU time, one core"
    )
    for step, spent in measured.steps.items():
        print(f"  {step:<12} {1_000 * spent / len(documents):8.3f} ms a document")
    ours = sum(measured.steps.values())
    print(f"  {'all':<12} {1_000 * ours / len(documents):8.3f} ms a document")
    print(f"  {'by hand':<12} {1_000 * measured.hand / len(documents):8.3f} ms a document ({measured.kept:,} kept)")
    print(f"  ratio        {measured.hand / ours:8.1f} x")


# --- beside others ---------------------------------------------------------------------------------------------------

PAGES = ("extraction_news", "extraction_web", "extraction_world")


def print_peers(documents: list[dict[str, str]], measured: Measured, rounds: int) -> None:
    """The same texts, and pages, through whole processes: ours and others'."""
    with tempfile.TemporaryDirectory(prefix="copydesk-") as work:
        file = Path(work) / "texts.jsonl"
        for name, rows in (("scraped articles", documents), ("clean ones", clean_rows())):
            _write(file, rows)
            print(f"\n{len(rows):,} {name}, whole processes with what they load, median of {rounds}")
            _print_costs(peers.texts(file, Path(work), rounds), len(rows), "document")
        _write(file, documents)
        _print_by_step(measured, peers.steps_of_datatrove(file, Path(work)), len(documents))
        pages = [row for name in PAGES for row in data.load(name)]
        file = Path(work) / "pages.jsonl"
        _write(file, pages)
        print(f"\n{len(pages):,} pages, whole processes with what they load, median of {rounds}")
        _print_costs(peers.pages(file, Path(work), rounds), len(pages), "page")


def clean_rows() -> list[dict[str, str]]:
    """Newswire, and news that people wrote or translated: there is next to nothing to repair."""
    written = [row for row in data.load("translation_documents") if row["kind"] in ("original", "human")]
    return [{"id": row["id"], "text": row["text"]} for row in (*written, *data.load("duplicates_set"))]


def _print_by_step(measured: Measured, datatrove: Mapping[str, float], count: int) -> None:
    """What each spends on what, within a process."""
    print(f"\n  {'ms CPU a document':<24}{'ours':>10}{'by hand':>10}{'datatrove, fastest':>20} (ms by the clock)")
    for step, spent in measured.steps.items():
        others = (measured.hands.get(step), datatrove.get(step))
        told = [f"{1_000 * seconds / count:.3f}" if seconds is not None else "" for seconds in (spent, *others)]
        print(f"  {step:<24}{told[0]:>10}{told[1]:>10}{told[2]:>20}")


def _write(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _print_costs(costs: Mapping[str, Cost], count: int, what: str) -> None:
    """Each beside the first one."""
    first = next(iter(costs.values()))
    print(f"  {'':<24}{'CPU s':>8}{'wall s':>8}   ms a {what:<9}CPU beside ours")
    for name, cost in costs.items():
        each, ratio = 1_000 * cost.cpu / count, cost.cpu / first.cpu
        print(f"  {name:<24}{cost.cpu:8.2f}{cost.wall:8.2f}{each:11.3f}{ratio:18.2f} x")


# --- the gate --------------------------------------------------------------------------------------------------------

FLOORS = Path(__file__).parent / "floors" / "speed.toml"


def missed(measured: Measured, pinned: Mapping[str, Any]) -> list[str]:
    """A line for each step that costs more beside the script by hand than its floor allows, or for other data."""
    found = [
        f"speed: {name} has changed since the ratios were noted"
        for name, digest in pinned.get("data", {}).items()
        if data.digest(name) != digest
    ]
    for step, floor in pinned["ratios"].items():
        ratio, most = measured.steps[step] / measured.hand, floor * (1 + pinned["tolerance"])
        said = f"{step:<12} {ratio:.4f} of the script by hand, noted {floor:.4f}, at most {most:.4f}"
        print(f"  {'ok  ' if ratio <= most else 'MISS'} {said}")
        if ratio > most:
            found.append(f"speed: {said}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description="CPU time of each step")
    parser.add_argument("--documents", type=int, default=1_000, help="articles to clean (default: 1,000; all: 4,697)")
    parser.add_argument("--rounds", type=int, default=0, help="default: 1; 3 with --gate, 5 with --peers")
    parser.add_argument("--peers", action="store_true", help="whole processes beside others', which are installed")
    parser.add_argument("--gate", action="store_true", help="exit code 1 if a step costs more than is noted")
    options = parser.parse_args()
    if not data.ROOT.is_dir():
        print(f"no labelled data here, skipped: {data.ROOT} is not there")
        return 0
    documents = rows(options.documents)
    measured = measure(documents, options.rounds or (3 if options.gate else 1))
    print_steps(documents, measured)
    if options.peers:
        print_peers(documents, measured, options.rounds or 5)
    found = missed(measured, tomllib.loads(FLOORS.read_text(encoding="utf-8"))) if options.gate else []
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.speed`: CPU time of each step on `articles`, beside a script written by hand (`by_hand.py`).

CPU time of this process, one worker, so that figures from a busy machine can be compared; what is loaded once
(profiles, weights, libraries) is loaded before the clock starts, for both.
"""

from __future__ import annotations

import argparse
import base64
import json
import tempfile
import time
from pathlib import Path

from benchmarks import by_hand, data
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
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description="CPU time of each step")
    parser.add_argument("--documents", type=int, default=1_000, help="articles to clean (default: 1,000; all: 4,697)")
    options = parser.parse_args()
    documents = rows(options.documents)
    characters = sum(len(row["text"]) for row in documents)
    warm_up = documents[:20]
    with tempfile.TemporaryDirectory(prefix="copydesk-") as work:
        run(warm_up, Path(work) / "warm")
        seconds = run(documents, Path(work) / "run")
    pairs = [(row["id"], row["text"]) for row in documents]
    list(by_hand.clean(pairs[:20]))
    started = time.process_time()
    kept = sum(1 for _ in by_hand.clean(pairs))
    hand = time.process_time() - started
    print(
        f"{len(documents):,} articles of {characters / len(documents):,.0f} characters on average, CPU time, one core"
    )
    for step, spent in seconds.items():
        print(f"  {step:<12} {1_000 * spent / len(documents):8.3f} ms a document")
    ours = sum(seconds.values())
    print(f"  {'all':<12} {1_000 * ours / len(documents):8.3f} ms a document")
    print(f"  {'by hand':<12} {1_000 * hand / len(documents):8.3f} ms a document ({kept:,} kept)")
    print(f"  ratio        {hand / ours:8.1f} x")


if __name__ == "__main__":
    main()

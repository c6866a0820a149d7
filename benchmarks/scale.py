"""`python -m benchmarks.scale 1000 10000 100000`: CPU and memory of whole runs by the size of the batch.

Documents are varied articles: in each copy of one, every fifth word is another, so that none repeats another. The rules
on the translation score are off, since such texts read badly. `copydesk run` is started as a user starts it; CPU time
is that of the process and its workers, memory the most that all of them held at once (proportional set size).

With `--release` what is published is verified, exported and read back, too, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import data, plot, processes
from benchmarks.processes import Cost

EVERY = 5  # words, of which one is another in each copy
SETTINGS = """
[rules."translation/low_score"]
enabled = false
[rules."translation/weak_score"]
enabled = false
"""
IMAGES = Path(__file__).parents[1] / "docs" / "images"


class Run(NamedTuple):
    """What a run took, and the seconds of each of its steps."""

    documents: int
    workers: int
    cost: Cost
    steps: dict[str, float]


def documents(count: int) -> Iterator[dict[str, str]]:
    """So many varied articles, with a site each."""
    texts = data.article_texts()
    words = sorted({word for text in texts[:500] for word in text.split() if word.isalpha()})
    for number in range(count):
        copy, article = divmod(number, len(texts))
        text = texts[article]
        if copy:
            said = text.split(" ")
            chosen = np.random.default_rng(number).integers(0, len(words), len(said) // EVERY + 1).tolist()
            said[copy % EVERY :: EVERY] = [words[n] for n in chosen[: len(said[copy % EVERY :: EVERY])]]
            text = " ".join(said)
        yield {"id": f"d{number:08d}", "text": text, "site": f"site{number % 200}.example"}


def measure(count: int, workers: int, folder: Path) -> Run:
    """A run over so many documents, in a process of its own; all of it lies in `folder`."""
    (folder / "in").mkdir()
    with (folder / "in" / "articles.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in documents(count))
    (folder / "settings.toml").write_text(SETTINGS)
    command = [
        "run",
        "in",
        "--batch",
        "b",
        "--workers",
        str(workers),
        "--log",
        "log.jsonl",
        "--config",
        "settings.toml",
    ]
    cost = processes.cost([*_COPYDESK, *command], folder, _WHERE)
    told = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    steps = {line["step"]: line["seconds"] for line in told if "step" in line and "seconds" in line}
    return Run(count, workers, cost, steps)


_COPYDESK = [sys.executable, "-m", "pipeline"]
_WHERE = {"PYTHONPATH": str(IMAGES.parents[1])}
_READ = """
import pipeline
count = characters = 0
for document in pipeline.read_corpus("output/corpus"):
    count += 1
    characters += len(document.text)
print(count, characters)
"""


def print_release(folder: Path, count: int) -> None:
    """What it costs to verify, export and read what a run has published in `folder`."""
    commands = {
        "verify": [*_COPYDESK, "verify"],
        "export to jsonl.zst": [*_COPYDESK, "export", "exported", "--to", "jsonl.zst"],
        "read_corpus": [sys.executable, "-c", _READ],
    }
    for name, command in commands.items():
        cost = processes.cost(command, folder, _WHERE)
        each = 1_000 * cost.cpu / count
        print(
            f"{name:>20}: {cost.cpu:,.1f} s CPU, {each:.4f} ms a document, {cost.wall:,.1f} s, {cost.megabytes:,.0f} MB"
        )
    sizes = {
        name: _size(folder / name) for name in ("in", "output/corpus", "output/runs", "output/history", "exported")
    }
    print(f"{'megabytes':>20}: {', '.join(f'{name} {size:,.0f}' for name, size in sizes.items())}", flush=True)


def _size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


@contextmanager
def _folder(kept: Path | None, name: str) -> Iterator[Path]:
    if kept is not None:
        (kept / name).mkdir(parents=True)
        yield kept / name
        return
    with tempfile.TemporaryDirectory(prefix="copydesk-") as work:
        yield Path(work)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description="whole runs by size of the batch")
    parser.add_argument("sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000], help="documents of each batch")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="(default: 1 2)")
    parser.add_argument("--release", action="store_true", help="verify, export and read back what was published")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="work there, and leave what was made")
    parser.add_argument("--image", action="store_true", help=f"draw {IMAGES.name}/batch-size.svg")
    options = parser.parse_args()
    runs = []
    for size in options.sizes:
        for workers in options.workers:
            with _folder(options.keep, f"{size}-{workers}") as folder:
                run = measure(size, workers, folder)
                runs.append(run)
                print(
                    f"{size:>9,} documents, {workers} workers: {1_000 * run.cost.cpu / size:6.3f} ms CPU a document,"
                    f" {size / run.cost.wall:7,.0f} documents a second, {run.cost.megabytes:5,.0f} MB;"
                    f" seconds: {', '.join(f'{name} {spent:.1f}' for name, spent in run.steps.items())}",
                    flush=True,
                )
                if options.release:
                    print_release(folder, size)
    if options.image:
        IMAGES.mkdir(exist_ok=True)
        (IMAGES / "batch-size.svg").write_text(picture(runs), encoding="utf-8")


def picture(runs: Sequence[Run]) -> str:
    """CPU time by the size of the batch, a line for each number of workers."""
    series = {
        f"{workers} worker{'s' * (workers > 1)}": [
            (run.documents, 1_000 * run.cost.cpu / run.documents) for run in runs if run.workers == workers
        ]
        for workers in sorted({run.workers for run in runs})
    }
    marks = [10**power for power in range(3, len(str(max(run.documents for run in runs))))]
    across = plot.Axis("documents in the batch", marks)
    return plot.lines("CPU time a document, whole process", across, plot.Axis("ms", [0.5, 1, 2, 4]), series)


if __name__ == "__main__":
    main()

"""`python -m benchmarks.quality [SUBJECT ...] [--gate]`: measure, print a table, and hold the floors.

A floor stands in `benchmarks/floors/SUBJECT.toml` beside the digest of the data it was measured on:

    [data]
    entities_agnews = "0123456789abcdef"
    [floors]
    "broken entities left" = { most = 0 }
    "recall" = { least = 0.60 }

Exit code 1 when a measure misses its floor, or when the data is other than the floors were pinned on. The data is no
part of the project: where it is not, nothing is measured, which is said, and the exit code is 0.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import tomllib
from pathlib import Path

import benchmarks.quality
from benchmarks import data
from benchmarks.quality import Measure

FLOORS = Path(__file__).resolve().parents[1] / "floors"


def subjects() -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules(benchmarks.quality.__path__) if not m.name.startswith("_"))


def check(subject: str, measures: list[Measure]) -> list[str]:
    """Print the measures beside their floors; return a line for each one missed."""
    file = FLOORS / f"{subject}.toml"
    pinned = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    missed = [
        f"{subject}: {name} has changed since its floors were pinned ({digest} then, {data.digest(name)} now)"
        for name, digest in pinned.get("data", {}).items()
        if data.digest(name) != digest
    ]
    floors = dict(pinned.get("floors", {}))
    print(f"\n{subject}")
    for name, value, goal, note in measures:
        floor = floors.pop(name, {})
        low, high = floor.get("least", float("-inf")), floor.get("most", float("inf"))
        held = low <= value <= high
        bounds = ", ".join(f"{k} {v:g}" for k, v in floor.items()) or "no floor"
        print(f"  {'ok  ' if held else 'MISS'} {name:<58} {value:>10.4f}   floor: {bounds:<14} goal: {goal} {note}")
        if not held:
            missed.append(f"{subject}: {name} is {value:.4f}, floor: {bounds}")
    missed += [f"{subject}: floor for {name!r}, which was not measured" for name in floors]
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description="quality on labelled data")
    parser.add_argument("subject", nargs="*", help=f"any of: {', '.join(subjects())} (default: all)")
    parser.add_argument("--gate", action="store_true", help="only say what misses its floor")
    options = parser.parse_args()
    if not data.ROOT.is_dir():
        print(
            f"no labelled data here, skipped: {data.ROOT} is not there (COPYDESK_DATA names the folder that holds it)"
        )
        return 0
    missed: list[str] = []
    for subject in options.subject or subjects():
        if subject not in subjects():
            parser.error(f"no subject {subject!r}; there are: {', '.join(subjects())}")
        measures = importlib.import_module(f"benchmarks.quality.{subject}").measure()
        missed += check(subject, measures)
    for line in missed:
        print(line, file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

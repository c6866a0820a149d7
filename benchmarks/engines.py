"""`python -m benchmarks.engines 5000`: a batch of articles by the local engine and on Spark, what it costs and whether
the bytes are the same.

Spark runs on this machine (`local[2]`), with two processes as the local engine does. CPU time is that of all processes,
Java's included.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import processes, scale

SETTINGS = """
[spark]
master = "local[2]"
partitions = 4
[rules."translation/low_score"]
enabled = false
[rules."translation/weak_score"]
enabled = false
"""


def main() -> int:
    """Run both and print what they took; returns 1 if one file differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=int, nargs="?", default=5_000)
    count = parser.parse_args().documents
    folder = Path(tempfile.mkdtemp(prefix="copydesk-engines-"))
    try:
        (folder / "settings.toml").write_text(SETTINGS)
        (folder / "in").mkdir()
        with (folder / "in" / "articles.jsonl").open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row) + "\n" for row in scale.documents(count))
        made = {engine: _run(folder, engine, count) for engine in ("local", "spark")}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    differing = [
        name for name in {**made["local"], **made["spark"]} if made["local"].get(name) != made["spark"].get(name)
    ]
    print(f"{len(made['local'])} files, {len(differing)} of them not the same: {sorted(differing)[:5]}")
    return 1 if differing else 0


def _run(folder: Path, engine: str, count: int) -> dict[str, bytes]:
    """The Parquet files that a run makes, by their names."""
    command = [sys.executable, "-m", "pipeline", "run", "in", "--batch", "b", "--config", "settings.toml"]
    options = ["--engine", engine, "--output", engine, "--workers", "2"]
    cost = processes.cost([*command, *options], folder, {"PYTHONPATH": str(Path(__file__).parents[1])})
    print(f"{engine:<6}{count:>8,} documents: {cost.cpu:.1f} s of CPU, {cost.wall:.1f} s, {cost.megabytes:,.0f} MB")
    output = folder / engine
    return {file.relative_to(output).as_posix(): file.read_bytes() for file in output.rglob("*.parquet")}


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.engines 1000 10000 --figures benchmarks/engines.json --image`: the same batch by both engines.

What each step costs is told, and whether the bytes are the same.
Spark runs on this machine (`local[2]`), with two processes as the local engine does. CPU time and memory are those of
all processes, Java's included, looked at twice a second; a step is what happens up to the moment in which its output
is there, so that reading has the time that Java takes to start. What is shuffled is read off Spark's event log.
`--figures` keeps what was measured, by documents and engine, beside what the file holds; without a number of documents
nothing is measured, and `--image` draws what it holds.
"""

from __future__ import annotations

import argparse
import bisect
import json
import math
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import plot, processes, scale
from benchmarks.processes import Sample

ENGINES = ("local", "spark")
STEPS = ("reading", "encoding", "boilerplate", "language", "translation", "duplicates", "publishing", "report")
SETTINGS = """
[spark]
master = "local[2]"
partitions = 4
[spark.conf]
"spark.eventLog.enabled" = true
"spark.eventLog.dir" = "file://{events}"
"spark.eventLog.rolling.enabled" = false
"spark.eventLog.compress" = false
[rules."translation/low_score"]
enabled = false
[rules."translation/weak_score"]
enabled = false
"""


class Step(NamedTuple):
    """What a step took: seconds of CPU and of the clock, megabytes held at most, megabytes shuffled."""

    cpu: float
    seconds: float
    megabytes: float
    shuffled: float


class Run(NamedTuple):
    """The same of a whole run."""

    documents: int
    engine: str
    cpu: float
    seconds: float
    megabytes: float
    steps: Mapping[str, Step]

    @property
    def shuffled(self) -> float:
        return sum(step.shuffled for step in self.steps.values())


def main() -> int:
    """Run both engines over each number of documents; returns 1 if one file differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description="both engines, step by step")
    parser.add_argument("documents", type=int, nargs="*", help="of each batch")
    parser.add_argument("--figures", type=Path, metavar="FILE", help="keep what was measured there, as JSON")
    parser.add_argument("--image", action="store_true", help=f"draw {scale.IMAGES.name}/engines-*.svg of all of it")
    options = parser.parse_args()
    runs: list[Run] = []
    differing = 0
    for count in options.documents:
        both, different = _measured(count)
        print(table(both), flush=True)
        runs += both
        differing += different
    if options.figures:
        runs = kept(options.figures, runs)
    if options.image:
        for name, picture in pictures(runs).items():
            (scale.IMAGES / f"engines-{name}.svg").write_text(picture, encoding="utf-8")
    return 1 if differing else 0


# --- measuring ---------------------------------------------------------------------------------------------------


def _measured(count: int) -> tuple[list[Run], int]:
    """Both runs over so many documents, and how many of their files differ."""
    folder = Path(tempfile.mkdtemp(prefix="copydesk-engines-"))
    try:
        (folder / "events").mkdir()
        (folder / "settings.toml").write_text(SETTINGS.format(events=folder / "events"))
        (folder / "in").mkdir()
        with (folder / "in" / "articles.jsonl").open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row) + "\n" for row in scale.documents(count))
        runs = [_run(folder, engine, count) for engine in ENGINES]
        one, other = ({f.relative_to(folder / e): f for f in (folder / e).rglob("*.parquet")} for e in ENGINES)
        names = sorted(one.keys() | other.keys())
        differing = [n for n in names if n not in one or n not in other or not _is_same(one[n], other[n])]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(names)} files, {len(differing)} of them not the same: {[str(name) for name in differing[:5]]}")
    return runs, len(differing)


def _is_same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def _run(folder: Path, engine: str, count: int) -> Run:
    command = [sys.executable, "-m", "pipeline", "run", "in", "--batch", "b", "--config", "settings.toml"]
    options = ["--engine", engine, "--output", engine, "--workers", "2"]
    environment = {"PYTHONPATH": str(Path(__file__).parents[1])}
    cost, samples = processes.course([*command, *options], folder, environment)
    ends = _ends(folder / engine)
    shuffled = list(_shuffled(folder / "events")) if engine == "spark" else []
    steps = {}
    before = samples[0].time
    for name in STEPS:
        steps[name] = _step(samples, shuffled, before, ends[name])
        before = ends[name]
    return Run(count, engine, cost.cpu, cost.wall, cost.megabytes, steps)


def _ends(output: Path) -> dict[str, float]:
    """When the output of each step was there."""
    told = {path.parent.name.split("-")[1]: path for path in output.glob("runs/b/[0-9]-*/manifest.json")}
    told |= {"publishing": output / "corpus" / "_manifest.json", "report": output / "runs" / "b" / "report.html"}
    return {name: told[name].stat().st_mtime for name in STEPS}


def _shuffled(events: Path) -> Iterator[tuple[float, int]]:
    """When each task of Spark ended, and the bytes that it wrote for others."""
    for log in events.iterdir():
        with log.open(encoding="utf-8") as stream:
            for line in stream:
                if '"SparkListenerTaskEnd"' in line:
                    event = json.loads(line)
                    metrics = event.get("Task Metrics") or {}
                    written = metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
                    yield event["Task Info"]["Finish Time"] / 1_000, written


def _step(samples: Sequence[Sample], shuffled: Sequence[tuple[float, int]], start: float, end: float) -> Step:
    cpu = _cpu_at(samples, end) - _cpu_at(samples, start)
    held = [sample.megabytes for sample in samples if start <= sample.time <= end]
    peak = max(held or [samples[min(bisect.bisect(samples, (end,)), len(samples) - 1)].megabytes])
    return Step(cpu, end - start, peak, sum(size for at, size in shuffled if start <= at < end) / 1e6)


def _cpu_at(samples: Sequence[Sample], time: float) -> float:
    """Seconds of CPU up to a time, between two samples in proportion."""
    after = bisect.bisect(samples, (time,))
    if after in (0, len(samples)):
        return samples[min(after, len(samples) - 1)].cpu
    one, other = samples[after - 1], samples[after]
    return one.cpu + (other.cpu - one.cpu) * (time - one.time) / (other.time - one.time)


# --- telling -----------------------------------------------------------------------------------------------------


def table(runs: Sequence[Run]) -> str:
    """Each step of runs over the same documents, a column for each engine and figure."""
    local, spark = sorted(runs, key=lambda run: ENGINES.index(run.engine))
    heads = ("CPU s", "seconds", "MB")
    lines = [
        f"{f'{local.documents:,} documents':<37}{'local':>5}{'spark':>43}",
        f"{'':<12}" + "".join(f"{head:>10}" for head in (*heads, *heads)) + f"{'shuffled MB':>13}",
    ]
    for name in (*STEPS, "all"):
        one, other = (run.steps.get(name, run) for run in (local, spark))
        figures = (one.cpu, one.seconds, one.megabytes, other.cpu, other.seconds, other.megabytes)
        lines.append(f"{name:<12}" + "".join(f"{figure:>10,.1f}" for figure in figures) + f"{other.shuffled:>13,.2f}")
    return "\n".join([*lines, ""])


def kept(file: Path, runs: Sequence[Run]) -> list[Run]:
    """The runs that a file holds and these, which it holds from now on."""
    before = [_run_of(told) for told in json.loads(file.read_text())] if file.exists() else []
    every = {(run.documents, run.engine): run for run in (*before, *runs)}
    found = [every[at] for at in sorted(every)]
    told = [{**run._asdict(), "steps": {name: step._asdict() for name, step in run.steps.items()}} for run in found]
    file.write_text(json.dumps(told, indent=1, default=float) + "\n", encoding="utf-8")
    return found


def _run_of(told: Mapping[str, Any]) -> Run:
    return Run(**{**told, "steps": {name: Step(**step) for name, step in told["steps"].items()}})


def pictures(runs: Sequence[Run]) -> dict[str, str]:
    """How costs grow with the batch, by the name of each picture."""
    across = plot.Axis("documents in the batch", _marks([run.documents for run in runs]))
    cpu = {e: [(r.documents, 1_000 * r.cpu / r.documents) for r in runs if r.engine == e] for e in ENGINES}
    memory = {e: [(r.documents, r.megabytes) for r in runs if r.engine == e] for e in ENGINES}
    shuffled = {
        name: [(r.documents, 1e6 * r.steps[name].shuffled / r.documents) for r in runs if r.steps[name].shuffled]
        for name in STEPS
    }
    drawn = {
        "cpu": ("CPU time a document, all processes", "ms", cpu),
        "memory": ("Memory held at most, all processes", "MB", memory),
        "shuffle": (
            "Bytes shuffled a document, by step",
            "bytes",
            {n: points for n, points in shuffled.items() if points},
        ),
    }
    return {
        name: plot.lines(
            title, across, plot.Axis(unit, _marks([y for points in lines.values() for _, y in points])), lines
        )
        for name, (title, unit, lines) in drawn.items()
    }


def _marks(values: Sequence[float]) -> list[float]:
    """The powers of ten around these, two at least."""
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return [10.0**power for power in range(first, max(last, first + 1) + 1)]


if __name__ == "__main__":
    sys.exit(main())

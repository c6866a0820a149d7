"""What a process costs, with all that it starts: CPU time as the kernel counts it, wall time, and memory."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_PR_SET_CHILD_SUBREAPER = 36


class Cost(NamedTuple):
    """Seconds, and the most megabytes that all processes held at once (proportional set size)."""

    cpu: float
    wall: float
    megabytes: float


class Sample(NamedTuple):
    """What all processes have taken up to a time (of the clock), and the megabytes that they held just then."""

    time: float
    cpu: float
    megabytes: float


def cost(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command in a folder, and wait for whatever it has started, too.

    Raises:
        SystemExit: it fails; the end of what it said is in the message.
    """
    return course(command, folder, environment)[0]


def course(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> tuple[Cost, list[Sample]]:
    """The same, and what it had cost at each look, from its start to its end."""
    told = folder / f".cost.{os.getpid()}"
    alone = [sys.executable, __file__, str(told), *command]  # a process with no other children
    done = subprocess.run(alone, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    found = json.loads(told.read_text())
    told.unlink()
    return Cost(*found["cost"]), [Sample(*sample) for sample in found["samples"]]


def _count(told: Path, command: Sequence[str]) -> int:
    """Run the command, wait for all of its descendants, and write down their seconds; returns its exit code."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # whom a process leaves behind becomes our child
    started = time.monotonic()
    run = subprocess.Popen(command, start_new_session=True)
    samples, ended = [Sample(time.time(), 0, 0)], threading.Event()
    watcher = threading.Thread(target=_watch, args=(run.pid, samples, ended))
    watcher.start()
    code = run.wait()
    wall = time.monotonic() - started
    ended.set()
    watcher.join()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu, most = max(used.ru_utime + used.ru_stime, samples[-1].cpu), max(sample.megabytes for sample in samples)
    samples.append(Sample(time.time(), cpu, 0))
    told.write_text(json.dumps({"cost": Cost(cpu, wall, most), "samples": samples}))
    return code


def _watch(session: int, samples: list[Sample], ended: threading.Event) -> None:
    """Look at the processes of a session twice a second; one that has ended and that nobody waited for counts, too.

    So do those whose end nobody may wait for, with what they had taken when they were last seen: whoever ignores
    SIGCHLD, as PySpark's daemon does, is never told what its children took.
    """
    seen: dict[tuple[str, str], float] = {}  # by number and start: numbers are given anew
    while not ended.wait(0.5):
        now, waited, held = time.time(), 0.0, 0.0
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if os.getsid(int(process.name)) == session:
                    started, own, children = _seconds(process)
                    seen[process.name, started] = own
                    waited += own + children
                    held += _megabytes(process)
            except (OSError, StopIteration):  # it has just ended
                continue
        samples.append(Sample(now, max(waited, sum(seen.values()), samples[-1].cpu), held))


def _seconds(process: Path) -> tuple[str, float, float]:
    """When a process started, its CPU time, and that of those that it has waited for."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    user, system, users, systems = (int(ticks) / os.sysconf("SC_CLK_TCK") for ticks in fields[11:15])
    return fields[19], user + system, users + systems


def _megabytes(process: Path) -> float:
    lines = (process / "smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1_000


def in_rounds(measured: Mapping[str, Callable[[], Cost]], rounds: int) -> dict[str, Cost]:
    """The median of each over some rounds, in each of which all of them are measured."""
    seen: dict[str, list[Cost]] = {name: [] for name in measured}
    for _ in range(rounds):
        for name, measure in measured.items():
            seen[name].append(measure())
    return {name: Cost(*map(statistics.median, zip(*costs, strict=True))) for name, costs in seen.items()}


if __name__ == "__main__":
    sys.exit(_count(Path(sys.argv[1]), sys.argv[2:]))

"""What a process costs, with all that it starts: CPU time as the kernel counts it, wall time, and memory."""

from __future__ import annotations

import ctypes
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


def cost(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command in a folder, and wait for whatever it has started, too.

    Raises:
        SystemExit: it fails; the end of what it said is in the message.
    """
    told = folder / f".cost.{os.getpid()}"
    alone = [sys.executable, __file__, str(told), *command]  # a process with no other children
    done = subprocess.run(alone, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    seconds = map(float, told.read_text().split())
    told.unlink()
    return Cost(*seconds)


def _count(told: Path, command: Sequence[str]) -> int:
    """Run the command, wait for all of its descendants, and write down their seconds; returns its exit code."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # whom a process leaves behind becomes our child
    started = time.monotonic()
    run = subprocess.Popen(command, start_new_session=True)
    peak, ended = [0.0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(run.pid, peak, ended))
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
    told.write_text(f"{used.ru_utime + used.ru_stime} {wall} {peak[0]}")
    return code


def _watch(session: int, peak: list[float], ended: threading.Event) -> None:
    """Keep the most that the processes of a session held at once, looked at twice a second."""
    while not ended.wait(0.5):
        held = 0.0
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if os.getsid(int(process.name)) == session:
                    held += _megabytes(process)
            except (OSError, StopIteration):  # it has just ended
                continue
        peak[0] = max(peak[0], held)


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

"""Runs around which everything is killed, once in each step: `python -m tests.killed FOLDER run ...` kills itself.

It does so by the first task that is done. By `killing` a task kills the executor that it runs in, another one its
worker, and an executor dies while a query runs. A task has written its files by then, and told nobody. Batches are cut
small, so that a step has several tasks. FOLDER gets a file for each death, and in `DONE` a line for each task that was
done: its step, its number, for which process it was done, and whether it may be taken over.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.console import cli
from pipeline.engine import spark, task
from pipeline.engine.protocol import Dataset
from pipeline.engine.task import Place
from pipeline.engine.worker import Split
from pipeline.sources import read

PORTION_BYTES = 150_000  # of input in a part
DONE = "done.log"


def ancestor(steps: int) -> int:
    """The process that started this one, so many steps up: the daemon of Spark, its executor, its worker."""
    found = os.getpid()
    for _ in range(steps):
        found = int(re.search(r"PPid:\s*(\d+)", Path(f"/proc/{found}/status").read_text())[1])  # type: ignore[index]
    return found


def step_of(out: Path) -> str:
    """The step that writes there: `.2-boilerplate-<key>.<pid>.tmp/uses`; a release is built elsewhere."""
    found = re.search(r"/\.\d-([a-z]+)-", f"/{out}")
    return found[1] if found else "publishing"


def is_first(folder: Path, death: str) -> bool:
    """Whether nobody has died so; from now on somebody has."""
    try:
        (folder / death).open("x").close()
    except FileExistsError:
        return False
    return True


def work_and_kill(
    folder: Path, driver: int, last: bool, work: Callable[..., int], place: Place, split: Split, attempt: int, part: Any
) -> int:
    """`task.work`, and then the death of the `driver` if it is its `last` step, of an executor and a worker if not."""
    number = work(place, split, attempt, part)
    step = step_of(split.out)
    with (folder / DONE).open("a") as log:
        log.write(f"{step} {number} {driver} {int(split.resumable)}\n")
    for who, process in ({"driver": driver} if last else {"executor": ancestor(2), "worker": ancestor(3)}).items():
        if not attempt and is_first(folder, f"{step}-{who}"):  # a third attempt would work on with care
            os.kill(process, signal.SIGKILL)
            time.sleep(600)  # this process goes as well
    return number


def query_and_kill(
    folder: Path,
    steps: Sequence[str],
    write: Callable[..., None],
    engine: spark.SparkEngine,
    query: str,
    out: Path,
    datasets: Mapping[str, Dataset],
) -> None:
    """`SparkEngine._write`; while the first query of one of the steps runs an executor dies."""
    if step_of(out) in steps and is_first(folder, f"{step_of(out)}-query"):
        Thread(target=kill_an_executor, args=(engine._opened.spark.sparkContext,), daemon=True).start()
    write(engine, query, out, datasets)


def kill_an_executor(context: Any) -> None:
    """Of those of this session, as soon as something runs."""
    while not context.statusTracker().getActiveStageIds():
        time.sleep(0.01)  # no event tells of it
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            said = (process / "cmdline").read_bytes()
            if b"CoarseGrainedExecutorBackend" in said and context.applicationId.encode() in said:
                os.kill(int(process.name), signal.SIGKILL)
                return


@contextmanager
def killing(folder: Path, steps: Sequence[str], *, driver: bool = False) -> Iterator[None]:
    """Let everything be killed once in each step, but for this process; or this `driver` alone.

    While queries run it is only in these steps.
    """
    work = partial(work_and_kill, folder, os.getpid(), driver, task.work)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "PORTION_BYTES", PORTION_BYTES)
        patch.setattr(spark, "task", SimpleNamespace(**{**vars(task), "work": work}))
        if not driver:
            write = partial(query_and_kill, folder, steps, spark.SparkEngine._write)
            patch.setattr(spark.SparkEngine, "_write", lambda *arguments: write(*arguments))
        yield


if __name__ == "__main__":
    with killing(Path(sys.argv[1]), (), driver=True):
        cli.main(sys.argv[2:])

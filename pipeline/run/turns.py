"""Runs in one output take turns, so that each batch is made as if those before it by name had been made before it.

A run says that it is there for as long as it lasts. From the first step that asks what earlier batches have published,
up to its end, a run has the turn, and no other has it. It is not taken while the run of an earlier batch is there, and
given back to one that comes: what was made meanwhile is then made again. Who waits has no turn, and waits for earlier
batches alone; so nobody waits for ever.

All of it are locks of the system on empty files, which a killed process leaves as well. Where outputs lie in a store,
who has the turn has its lease, too, which holds off the runs of other machines (`engine/stores/lease.py`).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TextIO

from pipeline.config import Run
from pipeline.output import remote as remotes
from pipeline.output.layout import RUNS, Layout
from pipeline.output.remote import Remote

_THERE = ".running"  # beside the outputs of a batch: locked while somebody makes it
_TURN = ".turn"  # in the folder of all runs
_AGAIN = 0.2  # seconds after which who waits looks again


class Turn:
    """The turn of one batch: `with` it for a run, or a step of one; inner blocks are part of the outermost.

    Under Luigi a run is many processes: the one that schedules them calls `announce`, the one that ends it `leave`.
    """

    def __init__(self, layout: Layout, remote: Remote | None = None) -> None:
        self._layout, self._remote = layout, remote
        self._file = layout.runs / _THERE
        self._depth = 0
        self._announced = False
        self._there: TextIO | None = None
        self._turn: TextIO | None = None
        self.tell: Callable[[str], object] = lambda words: None  # called with who is waited for

    def __enter__(self) -> Turn:
        self._depth += 1
        self._be_there()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._depth -= 1
        if not self._depth:
            self._give_back()
            if not self._announced:
                self._go()

    def announce(self) -> None:
        """Say that a run is there, until `leave` is called, by whatever process of it, or all of them have ended."""
        self._announced = True
        self._be_there()

    def leave(self) -> None:
        """The run is over, for whoever has announced it."""
        if self._there and _same(self._there, self._file):
            self._file.unlink(missing_ok=True)
        self._announced = False
        if not self._depth:
            self._go()

    def _go(self) -> None:
        _unlock(self._there)
        self._there = None

    def _be_there(self) -> None:
        self._layout.runs.mkdir(parents=True, exist_ok=True)
        while self._there is None:
            stream = _locked(self._file, fcntl.LOCK_SH)
            if _same(stream, self._file):  # or else another run has ended just now
                self._there = stream

    def take(self) -> None:
        """Have the turn from now on; wait for runs of earlier batches, and for whoever has the turn."""
        told: set[str] = set()
        while True:
            if earlier := self._earlier():
                self._give_back()
                for batch in earlier - told:
                    self.tell(f"waiting for batch {batch}, which is being made")
                told |= earlier
                time.sleep(_AGAIN)
            elif self._turn is None:
                self._turn = _locked(self._layout.runs.parent / _TURN, fcntl.LOCK_EX)
                if self._remote:
                    self._remote.begin(f"batch {self._layout.batch}", self.tell)
            else:
                return

    def _earlier(self) -> set[str]:
        """The earlier batches of which runs are there."""
        files = self._layout.runs.parent.glob(f"*/{_THERE}")
        return {f.parent.name for f in files if f.parent.name < self._layout.batch and _is_locked(f)}

    def _give_back(self) -> None:
        turn, self._turn = self._turn, None
        try:
            if self._remote:
                self._remote.end()
        finally:
            _unlock(turn)


@contextmanager
def alone(folder: Path, *, waiting: bool = True) -> Iterator[bool]:
    """Have the turn of a folder of outputs, whatever the batch; False where another has it and is not waited for."""
    (folder / RUNS).mkdir(parents=True, exist_ok=True)
    with (folder / RUNS / _TURN).open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | (0 if waiting else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def refresh(run: Run) -> None:
    """Where outputs lie in a store: let the folder hold what is published there, unless a run here is about to publish.

    Raises:
        SettingsError, StoreError: the store cannot be read.
    """
    if found := remotes.of(run):
        with alone(run.folder, waiting=False) as is_free:
            if is_free:
                found.pull()


def _locked(file: Path, kind: int) -> TextIO:
    stream = file.open("a")
    fcntl.flock(stream, kind)
    return stream


def _unlock(stream: TextIO | None) -> None:
    if stream is not None:
        fcntl.flock(stream, fcntl.LOCK_UN)  # for processes that were forked meanwhile, too
        stream.close()


def _same(stream: TextIO, file: Path) -> bool:
    """Whether the open file is the one that has the name now."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(stream.fileno()), file.stat())
    return False


def _is_locked(file: Path) -> bool:
    with suppress(FileNotFoundError), file.open("r") as stream:  # its run may have ended by now
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

"""Runs in one output take turns, so that each batch is made as if those before it by name had been made before it.

A run says that it is there for as long as it lasts. From the first step that asks what earlier batches have published,
up to its end, a run has the turn, and no other has it. It is not taken while the run of an earlier batch is there, and
given back to one that comes: what was made meanwhile is then made again. Who waits has no turn, and waits for earlier
batches alone; so nobody waits for ever.

All of it are locks of the system on empty files, which a killed process leaves as well.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TextIO

from pipeline.output.layout import Layout

_THERE = ".running"  # beside the outputs of a batch: locked while somebody makes it
_TURN = ".turn"  # in the folder of all runs


class Turn:
    """The turn of one batch: `with` it for a run, or a step of one; inner blocks are part of the outermost."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._depth = 0
        self._there: TextIO | None = None
        self._turn: TextIO | None = None
        self.tell: Callable[[str], object] = lambda batch: None  # called with a batch that is waited for

    def __enter__(self) -> Turn:
        if not self._depth:
            self._layout.runs.mkdir(parents=True, exist_ok=True)
            self._there = _locked(self._layout.runs / _THERE, fcntl.LOCK_SH)
        self._depth += 1
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._depth -= 1
        if not self._depth:
            self._give_back()
            _unlock(self._there)

    def take(self) -> None:
        """Have the turn from now on; wait for runs of earlier batches, and for whoever has the turn."""
        while True:
            for file in self._earlier():
                self._give_back()
                self.tell(file.parent.name)
                _unlock(_locked(file, fcntl.LOCK_EX))
            if self._turn is None:
                self._turn = _locked(self._layout.runs.parent / _TURN, fcntl.LOCK_EX)
            if not self._earlier():
                return

    def _earlier(self) -> list[Path]:
        """What runs of earlier batches have locked."""
        files = sorted(self._layout.runs.parent.glob(f"*/{_THERE}"))
        return [file for file in files if file.parent.name < self._layout.batch and _is_locked(file)]

    def _give_back(self) -> None:
        _unlock(self._turn)
        self._turn = None


def _locked(file: Path, kind: int) -> TextIO:
    stream = file.open("a")
    fcntl.flock(stream, kind)
    return stream


def _unlock(stream: TextIO | None) -> None:
    if stream is not None:
        fcntl.flock(stream, fcntl.LOCK_UN)  # for processes that were forked meanwhile, too
        stream.close()


def _is_locked(file: Path) -> bool:
    with suppress(OSError), file.open("a") as stream:  # its batch may be gone by now
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

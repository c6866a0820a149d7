"""A limit on the time of one piece of work: a text that a rule never gets done with must cost itself, not the batch.

An alarm interrupts Python code and regular expressions. A library that holds on to the interpreter hears no alarm: in a
worker process a second clock then ends the process, and the engine finds out at which rows (`Engine.split_rows`).
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import IO, Self

WORKER = "COPYDESK_WORKER"  # set where a process is a worker that another program has started, as Spark does
HARD = 3  # times the limit: after that a worker is ended from outside


class TookTooLongError(Exception):
    """A piece of work took longer than it may."""


class Clock:
    """Limits each of many pieces of work to `seconds` (0: as long as it likes); use it in a `with` block.

    `start` it before a piece and `stop` it after. Only the main thread can be interrupted; elsewhere it does nothing.
    Winding an alarm for each piece takes 4 microseconds of it: one that goes off too early for the piece at hand is
    wound again for what that has left.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._works = seconds > 0 and threading.current_thread() is threading.main_thread()
        self._in_worker = multiprocessing.parent_process() is not None or WORKER in os.environ
        self._armed = 0.0  # when the second clock was last wound, which takes 50 microseconds
        self._wound = False  # whether the alarm will go off
        self._since: float | None = None  # when the piece at hand began

    def __enter__(self) -> Self:
        if self._works:
            self._before = signal.signal(signal.SIGALRM, self._interrupt)
        return self

    def start(self) -> None:
        """A piece of work begins."""
        if not self._works:
            return
        self._since = now = time.monotonic()
        if not self._wound:
            self._wind(self.seconds)
        if self._in_worker and now - self._armed > self.seconds / 4:
            self._armed = now
            faulthandler.dump_traceback_later(HARD * self.seconds, exit=True, file=_nowhere())

    def stop(self) -> None:
        """It has ended."""
        self._since = None

    def __exit__(self, *_: object) -> None:
        self._since = None
        if self._works:
            self._wind(0)
            signal.signal(signal.SIGALRM, self._before)
            if self._in_worker:
                faulthandler.cancel_dump_traceback_later()

    def _wind(self, seconds: float) -> None:
        self._wound = seconds > 0
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._wound = False
        if self._since is None:
            return
        left = self._since + self.seconds - time.monotonic()
        if left > 0:
            self._wind(left)
        else:
            raise TookTooLongError(f"took more than {self.seconds:g} s ([run] max_seconds)")


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Let the block take `seconds` at most (0: as long as it likes).

    Raises:
        TookTooLongError: it takes longer.
    """
    with Clock(seconds) as clock:
        clock.start()
        yield


@lru_cache
def _nowhere() -> IO[str]:
    """Open as long as the process is: the second clock writes there before it ends it."""
    return Path(os.devnull).open("w")

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
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import IO

HARD = 3  # times the limit: after that a worker is ended from outside


class TookTooLongError(Exception):
    """A piece of work took longer than it may."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Let the block take `seconds` at most (0: as long as it likes); only the main thread can be interrupted.

    Raises:
        TookTooLongError: it takes longer.
    """
    if not seconds or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLongError(f"took more than {seconds:g} s ([run] max_seconds)")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    if _is_worker():
        faulthandler.dump_traceback_later(HARD * seconds, exit=True, file=_nowhere())
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if _is_worker():
            faulthandler.cancel_dump_traceback_later()


def _is_worker() -> bool:
    return multiprocessing.parent_process() is not None


@lru_cache
def _nowhere() -> IO[str]:
    """Open as long as the process is: the second clock writes there before it ends it."""
    return Path(os.devnull).open("w")

"""The clock of the engine: each piece of work has its own time, and one alarm serves many."""

from __future__ import annotations

import signal
import time
from contextlib import suppress

import pytest

from pipeline.engine.limits import Clock, TookTooLongError, at_most


class Alarms:
    """Stands in for the time and the alarm of a process: `pass_by` lets the alarm go off when its time has come."""

    def __init__(self) -> None:
        self.now, self.due, self.wound = 100.0, 0.0, 0

    def setitimer(self, _which: int, seconds: float) -> None:
        self.due, self.wound = (self.now + seconds if seconds else 0.0), self.wound + bool(seconds)

    def pass_by(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due and self.due <= end:
            self.now, self.due = self.due, 0.0
            handler = signal.getsignal(signal.SIGALRM)
            assert callable(handler)
            handler(signal.SIGALRM, None)
        self.now = end


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> Alarms:
    made = Alarms()
    monkeypatch.setattr(signal, "setitimer", made.setitimer)
    monkeypatch.setattr(time, "monotonic", lambda: made.now)
    return made


def test_an_alarm_is_wound_anew_for_what_the_piece_at_hand_has_left(alarms: Alarms) -> None:
    with Clock(1.0) as clock:
        for _ in range(10):  # three seconds in all, none of them too long
            clock.start()
            alarms.pass_by(0.3)
            clock.stop()
        assert alarms.wound == 4
        clock.start()
        alarms.pass_by(0.9)
        with pytest.raises(TookTooLongError, match=r"more than 1 s \(\[run\] max_seconds\)"):
            alarms.pass_by(0.2)
        assert alarms.now == pytest.approx(104.0)
        clock.start()  # the next one has its whole time again
        alarms.pass_by(0.9)
        clock.stop()
    assert alarms.due == 0


def test_what_lies_between_two_pieces_is_nobodys_time(alarms: Alarms) -> None:
    with Clock(1.0) as clock:
        clock.start()
        clock.stop()
        alarms.pass_by(50)
        clock.start()
        alarms.pass_by(0.99)
        clock.stop()


def test_a_real_alarm_ends_an_endless_piece() -> None:
    with Clock(0.05) as clock:
        clock.start()
        clock.stop()
        clock.start()
        with pytest.raises(TookTooLongError):
            for _ in iter(int, 1):
                pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    with suppress(TookTooLongError), at_most(0.01):
        for _ in iter(int, 1):
            pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)

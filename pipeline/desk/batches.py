"""The batches that a desk is about, and the commands that were started from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pipeline.desk.jobs import Jobs
from pipeline.errors import InputError
from pipeline.output.layout import Layout
from pipeline.run import batch, runs
from pipeline.run.plan import Plan
from pipeline.run.runs import Run

MOST_OPEN = 20  # batches that are not read again for each page


class Place(NamedTuple):
    """Where batches are looked at: the options that name it, and how a plan of one of them is made."""

    output: Path
    options: tuple[str, ...]  # for commands
    plan_of: Callable[[str], Plan]


class Desk:
    """What all pages share: the batches, and the commands that were started."""

    def __init__(self, place: Place) -> None:
        self.place, self.jobs = place, Jobs()
        self._known: dict[str, tuple[object, Plan, Run]] = {}

    def names(self) -> list[str]:
        """The batches, the one that was run last first."""
        return batch.names(self.place.output)

    def open(self, name: str) -> tuple[Plan, Run]:
        """A batch, and what its last run has left; read again when it was run again.

        Raises:
            InputError: there is no such batch.
        """
        if name not in self.names():
            raise InputError(f'no batch "{name}" here')
        folder = Layout(self.place.output, name).runs
        state = [file.stat().st_mtime_ns for file in (folder, folder / batch.LAST)]
        known = self._known.get(name)
        if known is None or known[0] != state:
            plan = self.place.plan_of(name)
            known = self._known[name] = (state, plan, runs.latest(plan))
            for old in list(self._known)[:-MOST_OPEN]:
                self._known.pop(old, None)
        return known[1], known[2]

    def command(self, name: str, *arguments: str) -> list[str]:
        """The arguments of a command on a batch."""
        return [name, *arguments, *self.place.options, "--json"]

"""How far a run is: bars on a terminal, a line for each step where there is none, and the same in a log file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.console import show
from pipeline.run.outcome import Outcome
from pipeline.run.plan import Plan

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from pipeline.tasks import Watcher  # Luigi takes 0.1 s to load

Event = Mapping[str, Any]  # what happened: `time`, `batch`, and the numbers of a step or of the whole run
Listener = Callable[[Event], None]


@contextmanager
def watching(plan: Plan, listeners: Sequence[Listener], *, bars: bool) -> Iterator[Watcher]:
    """Who is told how far the steps are."""
    lines = Lines(plan, listeners)
    if not bars:
        yield lines
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=32),
        TextColumn("{task.completed:>9,.0f}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=show.console()) as progress:
        yield Bars(progress, lines)


class Lines:
    """An event for each step that was made; of one that was done already there is nothing to tell."""

    def __init__(self, plan: Plan, listeners: Sequence[Listener] = ()) -> None:
        self._plan, self._listeners = plan, listeners
        self._told: set[str] = set()

    def started(self, step: str) -> None:
        if self._plan.made(self._plan.step(step)):
            self._told.add(step)

    def moved(self, step: str, done: int, total: int) -> None:
        """A line tells what is done."""

    def ended(self, step: str) -> None:
        made = self._plan.made(self._plan.step(step))
        if made and step not in self._told:
            self._told.add(step)
            seconds = {"seconds": made.manifest["seconds"]} if "seconds" in made.manifest else {}
            counts = made.manifest.get("counts", {})
            tell(self._listeners, {"batch": self._plan.batch.name, "step": step, **counts, **seconds})


class Bars:
    """One line a step: a bar, rows done, time left; `lines` is told the same."""

    def __init__(self, bars: Progress, lines: Lines) -> None:
        self._bars, self._lines = bars, lines
        self._tasks: dict[str, TaskID] = {}

    def started(self, step: str) -> None:
        self._lines.started(step)
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=None)

    def moved(self, step: str, done: int, total: int) -> None:
        if step in self._tasks:
            self._bars.update(self._tasks[step], completed=done, total=total)

    def ended(self, step: str) -> None:
        self._lines.ended(step)
        if step in self._tasks:
            total = self._bars.tasks[self._tasks[step]].total or 1
            self._bars.update(self._tasks[step], completed=total, total=total)


# --- listeners ---------------------------------------------------------------------------------------------------


def printed(event: Event) -> None:
    """A line on standard output."""
    print(line(event), flush=True)


def logged(log: str | None) -> list[Listener]:
    """A line in a log file, if there is to be one; that it cannot be written is known before anything is made."""
    if not log:
        return []
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    Path(log).open("a").close()
    return [partial(_append, Path(log))]


def tell(to: Sequence[Listener], event: Event) -> None:
    """Tell an event, with the time."""
    for listener in to:
        listener({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **event})


def as_event(outcome: Outcome) -> Event:
    """How a run ended."""
    return {**outcome._asdict(), "text": str(outcome)}


def line(event: Event) -> str:
    """`2026-11-24T02:00:09Z 2026-11-24 encoding: read 3, kept 3, dropped 0, quarantined 0, findings 7, 0.41 s`."""
    numbers = ", ".join(f"{name} {value:,}" for name, value in event.items() if isinstance(value, int))
    seconds = f"{event['seconds']:.2f} s" if "seconds" in event else ""
    said = event.get("text") or f"{event['step']}: " + ", ".join(filter(None, (numbers, seconds)))
    return show.printable(f"{event['time']} {event['batch']} {said}".removesuffix(": "))


def _append(log: Path, event: Event) -> None:
    """To a log file: as text, or in `.jsonl` as JSON."""
    text = json.dumps(event, ensure_ascii=False) if log.suffix == ".jsonl" else line(event)
    with log.open("a", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(text + "\n")

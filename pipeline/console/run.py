"""`copydesk run`: clean a batch of articles, or do what is left to do of it."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from pipeline.console import show, status
from pipeline.engine import whole
from pipeline.errors import CopydeskError
from pipeline.run import limits, refusal
from pipeline.run.batch import Batch, refuse_other_input
from pipeline.run.plan import Plan, State
from pipeline.run.steps import chain
from pipeline.stages.order import STAGES

SUMMARY = "clean a batch of articles, or do what is left to do of it"
DONE = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "input", nargs="?", help="folder or file to read (default: the batch's own, else the settings')"
    )
    parser.add_argument("--again", choices=chain.NAMES, metavar="STEP", help=f"make it again: {', '.join(chain.NAMES)}")
    parser.add_argument("--replace", action="store_true", help="make the batch of another input than it was made of")
    parser.add_argument(
        "--publish-anyway",
        action="store_true",
        help="whatever share of the documents is set aside, or of the input left out",
    )
    show.add_options(parser, whole_run=True)


def run(options: argparse.Namespace) -> int:
    """Make what is stale, then show the counts of each step."""
    if not options.replace:
        refuse_other_input(STAGES, options.config, **show.given(options))
    if options.publish_anyway:
        vars(options).update(dict.fromkeys(limits.NAMES, 1.0))
    plan = show.plan_of(options, newest=False)
    if options.again:
        plan.again(plan.step(options.again))
    states = list(plan.states())
    if all(state.fresh for state in states):
        _nothing_to_do(plan, states, options.json)
        return DONE
    _build(plan, options.json)
    states = list(plan.states())
    for line in plan.remade:
        print(f"copydesk: {show.printable(line)}", file=sys.stderr)
    if options.json:
        show.as_json(status.summary(plan, states))
    else:
        terminal = show.console()
        terminal.print(Text(f"batch {plan.batch.name}"))
        terminal.print(status.counts(states))
        for said in status.remarks(states):
            terminal.print(Text(said))
        show.where(terminal, plan)
    return DONE


def _nothing_to_do(plan: Plan, states: Sequence[State], as_json: bool) -> None:
    """Say that every step is fresh, and why that is known."""
    refusal.withdraw(plan.batch.layout)  # of other settings, perhaps
    if as_json:
        show.as_json({"nothing_to_do": True, **status.summary(plan, states)})
        return
    terminal = show.console()
    terminal.print(
        f"Nothing to do: {show.printable(plan.batch.input)}, settings, rules and code of batch "
        f"{plan.batch.name} are the same as when it was made."
    )
    show.where(terminal, plan)


# --- letting Luigi do it -----------------------------------------------------------------------------------------


def _build(plan: Plan, as_json: bool) -> None:
    """Let Luigi do what is to do.

    Raises:
        CopydeskError: a step failed.
    """
    from pipeline import tasks  # Luigi takes 0.1 s to load

    plan.turn.tell = _say_waiting
    with _progress(as_json) as bars:
        failure = tasks.run(plan, bars)
    if failure:
        raise _as_error(plan.batch, *failure)


def _say_waiting(batch: str) -> None:
    print(f"copydesk: waiting for batch {show.printable(batch)}, which is being made", file=sys.stderr)


def _as_error(batch: Batch, step: str, error: BaseException) -> CopydeskError:
    if isinstance(error, CopydeskError):
        return error
    if isinstance(error, OSError):
        return CopydeskError(f"{step}: {error.strerror or error}: {error.filename or batch.settings.run.output}")
    log = batch.layout.runs / "error.log"
    whole.write_text(log, "".join(traceback.format_exception(error)))
    return CopydeskError(f"{step}: unexpected {type(error).__name__}: {error}; the traceback is in {log}")


class Bars:
    """One line a step: a bar, rows done, time left. Does nothing where there is no terminal."""

    def __init__(self, bars: Progress | None) -> None:
        self._bars = bars
        self._lines: dict[str, TaskID] = {}

    def started(self, step: str) -> None:
        if self._bars and step not in self._lines:
            self._lines[step] = self._bars.add_task(step, total=None)

    def moved(self, step: str, done: int, total: int) -> None:
        if self._bars and step in self._lines:
            self._bars.update(self._lines[step], completed=done, total=total)

    def ended(self, step: str) -> None:
        if self._bars and step in self._lines:
            total = self._bars.tasks[self._lines[step]].total or 1
            self._bars.update(self._lines[step], completed=total, total=total)


@contextmanager
def _progress(as_json: bool) -> Iterator[Bars]:
    """Show how far each step is, on a terminal."""
    if as_json or not sys.stdout.isatty():
        yield Bars(None)
        return
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=32),
        TextColumn("{task.completed:>9,.0f}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=show.console()) as bars:
        yield Bars(bars)

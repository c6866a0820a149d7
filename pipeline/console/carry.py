"""Carrying out a plan, as `run` and its like do: Luigi makes what is stale, and whoever wants to know is told of it."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Sequence

from pipeline.console import progress, show, status
from pipeline.engine import whole
from pipeline.errors import CopydeskError, NothingNewError
from pipeline.run import notify, outcome, refusal
from pipeline.run.batch import Batch
from pipeline.run.outcome import Outcome
from pipeline.run.plan import Plan, State


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of all commands that carry out a plan."""
    parser.add_argument("--log", metavar="FILE", help="append a line for each step and for the end (.jsonl: as JSON)")
    show.add_options(parser, whole_run=True)


def out(plan: Plan, options: argparse.Namespace, until: str = "", *, show_more: bool = True) -> Outcome:
    """Do what is to do of a plan, up to the step `until`; print, log and send how it ended.

    Without `show_more` only the lines of the steps and of the end are printed, as for one batch of many.

    Raises:
        CopydeskError: a step failed.
    """
    started = time.monotonic()
    log: list[progress.Listener] = []
    printed = [] if options.json or sys.stdout.isatty() else [progress.printed]
    try:
        log += progress.logged(options.log)
        nothing_to_do = _make(plan, options, until, printed + log)
    except NothingNewError as error:
        ended = outcome.of(plan, time.monotonic() - started)._replace(remark=str(error))
        if options.json and show_more:
            show.as_json({"nothing_to_do": True, "outcome": ended._asdict()})
        _close(plan, ended, options, printed + log)
        return ended
    except (CopydeskError, OSError) as error:  # whoever called us prints it
        _tell(plan, outcome.of(plan, time.monotonic() - started, error), log)
        raise
    ended = outcome.of(plan, time.monotonic() - started)
    states = list(plan.states())
    if options.json and show_more:
        done = {"nothing_to_do": True} if nothing_to_do else {}
        show.as_json({**done, **status.summary(plan, states), "outcome": ended._asdict()})
    elif show_more:
        _show(plan, states, nothing_to_do)
    _close(plan, ended, options, printed + log, whose="" if show_more else f"{ended.batch}: ")
    return ended


def _close(
    plan: Plan, ended: Outcome, options: argparse.Namespace, to: Sequence[progress.Listener], whose: str = ""
) -> None:
    """Tell how a run ended that has not failed; where a terminal looks on, there as well."""
    _tell(plan, ended, to)
    if sys.stdout.isatty() and not options.json:
        show.lines(show.printable(f"{whose}{ended}"))


def _make(plan: Plan, options: argparse.Namespace, until: str, listeners: Sequence[progress.Listener]) -> bool:
    """Let Luigi do what is to do; True when that was nothing.

    Raises:
        CopydeskError: a step failed.
    """
    last = plan.step(until) if until else plan.steps[-1]
    if all(state.fresh for state in list(plan.states())[: last.number + 1]):
        refusal.withdraw(plan.batch.layout)  # of other settings, perhaps
        plan.batch.tell()
        return True
    plan.expect()
    from pipeline import tasks  # Luigi takes 0.1 s to load, and has threads

    plan.turn.tell = say
    with progress.watching(plan, listeners, bars=not options.json and sys.stdout.isatty()) as watcher:
        failure = tasks.run(plan, watcher, last.name)
    if failure:
        raise _as_error(plan.batch, *failure)
    for line in plan.remade:
        print(f"copydesk: {show.printable(line)}", file=sys.stderr)
    return False


def say(words: str) -> None:
    """Say something on standard error."""
    print(f"copydesk: {show.printable(words)}", file=sys.stderr)


def _as_error(batch: Batch, step: str, error: BaseException) -> CopydeskError:
    if isinstance(error, CopydeskError):
        return error
    if isinstance(error, OSError):
        return CopydeskError(f"{step}: {error.strerror or error}: {error.filename or batch.settings.run.output}")
    log = batch.layout.runs / "error.log"
    whole.write_text(log, "".join(traceback.format_exception(error)))
    return CopydeskError(f"{step}: unexpected {type(error).__name__}: {error}; the traceback is in {log}")


def _tell(plan: Plan, ended: Outcome, listeners: Sequence[progress.Listener]) -> None:
    """Tell how the run ended; that somebody could not be told is said, and fails nothing."""
    progress.tell(listeners, progress.as_event(ended))
    for line in notify.tell(ended, plan.batch.settings.notify):
        print(f"copydesk: {show.printable(line)}", file=sys.stderr)


def _show(plan: Plan, states: Sequence[State], nothing_to_do: bool) -> None:
    """What has been made, in numbers (where there is no terminal the lines have told them), and where it lies."""
    if nothing_to_do:
        show.lines(
            f"Nothing to do: {show.printable(plan.batch.input)}, settings, rules and code of batch "
            f"{plan.batch.name} are the same as when it was made."
        )
    elif sys.stdout.isatty():
        show.lines(f"batch {plan.batch.name}")
        show.console().print(status.counts(states))
    show.lines(*filter(None, (*status.remarks(states), status.overtaken(plan))))
    stale = [state.step for state in states if not state.fresh]
    if stale:
        show.lines(f"still to be made: {', '.join(stale)}")
    else:
        show.where(plan)

"""`copydesk backfill`: a batch for each day, in their order; or those again that a late batch has overtaken."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from rich.text import Text

from pipeline.console import carry, show
from pipeline.errors import CopydeskError, InputError, SettingsError
from pipeline.output.layout import Layout
from pipeline.run import later
from pipeline.run.batch import refuse_other_input
from pipeline.run.outcome import Outcome, in_a_line
from pipeline.stages.order import STAGES

DONE, FAILED = 0, 1


class Tried(NamedTuple):
    """What became of a batch: how it ended, or why there was nothing to do it from."""

    batch: str
    ended: Outcome | None
    why: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("days", nargs="?", metavar="FIRST..LAST", help="days, as 2026-11-01..2026-11-21, or one day")
    parser.add_argument(
        "--stale", action="store_true", help="the published batches that were judged without a late one"
    )
    parser.add_argument("--input", metavar="PATTERN", help='what each day reads: "inbox/{batch}/*.jsonl.gz"')
    carry.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Make the batches, going on after one that fails; the exit code tells whether any did.

    Raises:
        SettingsError: no days, or the same input for each of them.
        InputError: none of the days has any input.
    """
    if options.batch or bool(options.days) == options.stale:
        raise SettingsError("name the days, as 2026-11-01..2026-11-21, or --stale; each makes a batch of that name")
    tried = list(_again(options) if options.stale else _days(options, days(options.days)))
    failed = [one.batch for one in tried if one.ended and one.ended.error]
    skipped = [one.batch for one in tried if one.ended is None]
    if options.json:
        show.as_json([{"batch": t.batch, "skipped": t.why, **(t.ended._asdict() if t.ended else {})} for t in tried])
    else:
        published = sum(one.ended.published or 0 for one in tried if one.ended)
        told = f"{len(tried):,} batches: {len(tried) - len(failed) - len(skipped):,} done, {len(failed):,} failed, "
        told += f"{len(skipped):,} without input; published {published:,}"
        failures = f". Failed: {', '.join(failed)}" if failed else ""
        show.console().print(Text(told + failures))
        if overtaken := _overtaken(options, tried):
            show.console().print(Text(overtaken))
    if tried and len(skipped) == len(tried):
        raise InputError(f"none of these batches has any input: {tried[0].why}")
    return FAILED if failed else DONE


def _overtaken(options: argparse.Namespace, tried: Sequence[Tried]) -> str:
    """Which later batches were judged without these; "" if none was."""
    settings = show.settings_of(options)
    layout = Layout(settings.run.folder, settings.run.batch)
    names = later.judged_otherwise(layout, settings.stages, max((one.batch for one in tried), default=""))
    return later.said(names)


def days(span: str) -> list[str]:
    """The days of a span, first and last among them.

    Raises:
        SettingsError: it is none.

    >>> days("2026-11-29..2026-12-01")
    ['2026-11-29', '2026-11-30', '2026-12-01']
    """
    first, _, last = span.partition("..")
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError as error:
        raise SettingsError(f"days must be as 2026-11-01..2026-11-21; got {span!r}") from error
    if end < start:
        raise SettingsError(f"days must be in their order; got {span!r}")
    return [str(start + timedelta(days=number)) for number in range((end - start).days + 1)]


def _days(options: argparse.Namespace, names: Sequence[str]) -> Iterator[Tried]:
    pattern = show.settings_of(options).run.input
    if "{batch}" not in pattern:
        raise SettingsError(f'each day needs an input of its own, as "inbox/{{batch}}/*.jsonl"; got {pattern!r}')
    return (_try(name, options, archived=False) for name in names)


def _again(options: argparse.Namespace) -> Iterator[Tried]:
    """One after the other: what the first comes out with may make the second stale."""
    settings = show.settings_of(options)
    layout = Layout(settings.run.folder, settings.run.batch)
    for name in later.published_names(layout):
        if name in later.judged_otherwise(layout, settings.stages):
            yield _try(name, options, archived=True)


def _try(name: str, options: argparse.Namespace, *, archived: bool) -> Tried:
    """Make one batch; `archived`: of what was read, where its input has gone."""
    own = argparse.Namespace(**{**vars(options), "batch": name})
    try:
        refuse_other_input(STAGES, own.config, **show.given(own))
        plan = show.plan_of(own, newest=False)
        said = plan.go_on_without_input() if archived else ""
        if said:
            _say(said)
        try:
            plan.steps[0].made_of([])  # is there anything to read?
        except InputError as error:
            _say(f"{name} is skipped: {error}")
            return Tried(name, None, str(error))
        return Tried(name, carry.out(plan, own, show_more=False))
    except (CopydeskError, OSError) as error:
        _say(f"{name}: {in_a_line(error)}")
        return Tried(name, Outcome.failed(name, error))


def _say(line: str) -> None:
    print(f"copydesk: {show.printable(line)}", file=sys.stderr)

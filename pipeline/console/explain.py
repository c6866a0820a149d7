"""`copydesk explain`: a document's whole life, where it came from, each finding, each verdict with its numbers."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text

from pipeline.console import show
from pipeline.console.show import printable, short
from pipeline.errors import InputError
from pipeline.run import life, runs
from pipeline.run.life import Beginning, Episode, Life
from pipeline.run.plan import Plan
from pipeline.stages import tables

FINDINGS = 50  # of a step, shown
WIDE = 300  # characters of what a record says of itself
TRACEBACK = 8_000
BAR = 10  # cells
COLORS = {tables.KEPT: "green", tables.DROPPED: "red", tables.QUARANTINED: "yellow"}
_SHARES = ("charset_certainty", "language_probability", "translation_score")  # numbers from 0 to 1, drawn as bars
_NAME = 20  # cells of what a value is called


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the document's id, its beginning, or some words of its text in quotation marks")
    parser.add_argument("--verbose", action="store_true", help="all findings, and the traceback where a rule broke")
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Tell the document's life, step by step."""
    plan = show.known_plan_of(options)
    told = life.life_of(plan, _meant(plan, options.id))
    if options.json:
        show.as_json(_plain(told))
        return 0
    terminal = show.console()
    for hang, line in lines(told, verbose=options.verbose):
        show.tell(terminal, line, hang)
    return 0


def _plain(told: Life) -> dict[str, Any]:
    """The same for machines: each finding with the names of its parts."""
    plain = dataclasses.asdict(told)
    for step, episode in zip(plain["steps"], told.steps, strict=True):
        step["findings"] = [row._asdict() for row in episode.findings]
    return plain


# --- which document is meant -------------------------------------------------------------------------------------


def _meant(plan: Plan, sought: str) -> str:
    """The id of the one document that is meant.

    Raises:
        InputError: there is none, or several, which are listed.
    """
    run_ = runs.latest(plan)
    name = plan.batch.name
    found = life.documents_like(run_, sought)
    if len(found) == 1:
        return found[0].id
    if found:
        _list(found[: life.MOST])
        many = f"more than {life.MOST}" if len(found) > life.MOST else f"{len(found)}"
        raise InputError(f'{many} documents of batch {name} are like "{short(sought)}": copydesk explain ID')
    if not run_:
        raise InputError(f"batch {name}: nothing was read yet; `copydesk run --batch {name}`")
    alike = life.similar(run_, sought)
    hint = f"did you mean {alike!r}?" if alike else "name its id, or words of its text in quotation marks"
    raise InputError(f'no document "{short(sought)}" in batch {name}; {hint}')


def _list(found: Sequence[Beginning]) -> None:
    """Each document by its id and its first words."""
    terminal = show.console()
    for one in found:
        where = f"{one.file}, line {one.line}" if one.line else one.file
        words = show.first_words(one.text, life.BEGINNING)
        line = Text(printable(short(one.id)), style="bold").append(f"  {printable(short(where))}", style="not bold")
        show.tell(terminal, line.append(f"  {show.quoted(words)}", style="not bold"))


# --- its life ----------------------------------------------------------------------------------------------------


def lines(told: Life, *, verbose: bool = False) -> Iterator[tuple[int, Text]]:
    """The life of a document for people: lines, each with how far in the rest of it stands where it is too long."""
    yield 2, Text(printable(short(told.id, WIDE)), style="bold")
    for name, value in {"batch": told.batch, **told.source}.items():
        yield 4, _named(name, value)
    for episode in told.steps:
        yield from _episode(episode, verbose=verbose)
    yield from _end(told)


def _named(name: str, value: Any) -> Text:
    """A name and its value, with a bar where it is a share."""
    said = Text(f"  {name:<{_NAME}}  ")
    if name in _SHARES and isinstance(value, float):
        filled = round(BAR * min(max(value, 0.0), 1.0))
        said.append(f"{value:.2f}  ").append("█" * filled, style="cyan").append("░" * (BAR - filled), style="dim")
        return said
    return said.append(printable(short(_value(value), WIDE)))


def _value(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _episode(episode: Episode, *, verbose: bool) -> Iterator[tuple[int, Text]]:
    said = Text(f"{episode.step:<12} ", style="bold").append(f"{episode.place:<12} ", style=COLORS[episode.place])
    said.append(printable(short(episode.reason, 500)))
    said.rstrip()
    yield 4, said
    for name, value in episode.facts.items():
        limits = (f"{limit} {_value(of)}" for limit, of in episode.limits.get(name, {}).items())
        line = _named(name, value)
        yield 4, line.append("".join(f"  {limit}" for limit in limits), style="dim")
    shown = episode.findings if verbose else episode.findings[:FINDINGS]
    for row in shown:
        yield 4, Text(f"  {row.rule} at {row.start}: ") + show.finding(row)
    if len(shown) < len(episode.findings):
        yield 4, Text(f"  and {len(episode.findings) - len(shown):,} more findings: --verbose shows them")
    if episode.traceback and verbose:
        for said_there in episode.traceback[-TRACEBACK:].split("\n"):
            yield 4, Text(f"  {printable(short(said_there, WIDE))}", style="dim")
    elif episode.traceback:
        yield 4, Text("  a rule broke: --verbose shows the traceback")


def _end(told: Life) -> Iterator[tuple[int, Text]]:
    """Where it ended, and what stands in its place."""
    last = told.steps[-1]
    said, color = f"no; set aside by {last.step}", COLORS[last.place]
    if told.release is not None:
        said, color = f"in release {told.release}, {told.published}, batch {told.batch}", "green"
    elif last.place == tables.KEPT:
        said, color = f"no; kept by {last.step}, the last step that was made", "yellow"
    yield 4, Text(f"{'published':<12} ", style="bold").append(printable(said), style=color)
    if told.twin:
        yield 4, _see("kept instead", told.twin)
    for better in told.superseded:
        yield 4, _see("better copy", better)


def _see(what: str, other: dict[str, Any]) -> Text:
    """Another document, and what to type to see it."""
    name, batch = printable(short(other["id"], WIDE)), printable(other["batch"])
    said = f"{other['kind']} copy, {other['similarity']:.2f}: copydesk explain {shlex.quote(name)} --batch {batch}"
    return Text(f"{what:<12} ", style="bold").append(f"{name} (batch {batch}), {said}", style="not bold")

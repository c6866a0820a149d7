"""`copydesk explain`: a document's whole life, where it came from, each finding, each verdict with its numbers."""

from __future__ import annotations

import argparse
import dataclasses
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text

from pipeline import config
from pipeline.console import show
from pipeline.engine import storage
from pipeline.errors import InputError
from pipeline.run.plan import Plan
from pipeline.stages import tables
from pipeline.stages.tables import FindingRow

_LOOKED_FOR = 200_000  # ids among which a similar one is sought
_TOLD = [name for name in tables.DOCUMENTS.names if name not in ("id", "text", "meta", "repairs")]  # of the source


@dataclass(frozen=True)
class Episode:
    """What a step did with the document: the place it got, why, what was found on it, what the stage found out."""

    step: str
    place: str
    reason: str = ""
    traceback: str = ""
    findings: list[FindingRow] = field(default_factory=list)  # in the order in which they were made
    facts: dict[str, Any] = field(default_factory=dict)  # the stage's columns


@dataclass(frozen=True)
class Life:
    """A document's source, what each step did with it, and where it was published (None: nowhere)."""

    id: str
    batch: str
    source: dict[str, Any]
    steps: list[Episode]
    published: str | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the document's id")
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Tell the document's life, step by step."""
    life = life_of(show.known_plan_of(options), options.id)
    if options.json:
        show.as_json(_plain(life))
        return 0
    terminal = show.console()
    terminal.print(Text(show.printable(life.id), style="bold"))
    terminal.print(Text(f"  {'batch':<18} {life.batch}"))
    for name, value in life.source.items():
        terminal.print(Text(f"  {name:<18} {show.printable(_value(value))}"))
    for episode in life.steps:
        facts = [f"{name} {_value(value)}" for name, value in episode.facts.items()]
        said = ", ".join(filter(None, [episode.reason, *facts]))
        line = f"{episode.step:<12} {episode.place:<12} {show.printable(said)}"
        terminal.print(Text(line.rstrip(), style="bold"))
        for row in episode.findings:
            terminal.print(Text(f"  {row.rule} at {row.start}: {show.finding(row)}"))
        if episode.traceback:
            terminal.print(Text("  " + show.printable(episode.traceback).replace("\\n", "\n  ")))
    terminal.print(Text(f"{'published':<12} {show.printable(life.published or 'no')}", style="bold"))
    return 0


def _plain(life: Life) -> dict[str, Any]:
    """The same for machines: each finding with the names of its parts."""
    told = dataclasses.asdict(life)
    for step, episode in zip(told["steps"], life.steps, strict=True):
        step["findings"] = [row._asdict() for row in episode.findings]
    return told


def _value(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def life_of(plan: Plan, identity: str) -> Life:
    """What each step did with the document.

    Raises:
        InputError: the batch has no such document.
    """
    episodes: list[Episode] = []
    source: dict[str, Any] = {}
    seen: set[str] = set(tables.DOCUMENTS.names)
    for step in plan.steps:
        output = plan.latest(step) if step.has_books else None
        if output is None:
            break
        for place in tables.PLACES:
            for row in storage.find_rows(f"{output}/{place}", "id", identity).to_pylist():
                source = source or {name: row[name] for name in _TOLD if row[name] not in (None, "", 0)}
                found = storage.find_rows(f"{output}/{tables.FOUND}", "id", identity)
                facts = {name: value for name, value in row.items() if name not in seen and value is not None}
                aside = {name: facts.pop(name, None) or "" for name in tables.ASIDE.names}
                findings = sorted(tables.to_findings(found), key=lambda finding: finding.number)
                episodes.append(Episode(step.name, place, aside["reason"], aside["traceback"], findings, facts))
                seen.update(row)
    if not episodes:
        raise InputError(f'no document "{identity}" in batch {plan.batch.name}; {_similar(plan, identity)}')
    last = [step.name for step in plan.steps if step.has_books][-1]
    published = (episodes[-1].step, episodes[-1].place) == (last, tables.KEPT)
    return Life(
        identity, plan.batch.name, source, episodes, plan.batch.shown(plan.batch.layout.corpus) if published else None
    )


def _similar(plan: Plan, identity: str) -> str:
    """A hint at an id that is much like it."""
    output = plan.latest(plan.steps[0])
    if output is None:
        return "the batch has not been run"
    ids: list[str] = []
    for rows in storage.read_rows(f"{output}/{tables.KEPT}", ["id"], rows=50_000):
        ids += rows["id"].to_pylist()
        if len(ids) > _LOOKED_FOR:
            break
    return config.closest(identity, ids)

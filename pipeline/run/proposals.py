"""Lines that a batch has learned of its sites, with their evidence, and what people decide on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.engine import storage, whole
from pipeline.errors import InputError, SettingsError
from pipeline.facts import decisions, lines
from pipeline.facts.decisions import Decision
from pipeline.records import LineUse
from pipeline.rules.boilerplate import doubtful
from pipeline.run.plan import Plan
from pipeline.stages import tables
from pipeline.stages.boilerplate import STAGE, Boilerplate

EXAMPLES = 3  # documents named for each line
LOOKED_AT = 50_000  # documents among which examples are sought


def _table(plan: Plan) -> Boilerplate:
    table = plan.batch.settings.stage(STAGE.name).table
    assert isinstance(table, Boilerplate)
    return table


def decided(plan: Plan) -> tuple[Decision, ...]:
    """What people have decided."""
    return decisions.read(_table(plan).decisions.text)


@dataclass(frozen=True)
class Proposal:
    """A line that `boilerplate/site_line` takes for the site's: its evidence, documents that hold it, the decision."""

    site: str
    line: str
    evidence: str
    documents: int
    of: int
    elsewhere: int
    examples: tuple[str, ...] = ()
    decision: str = ""


def found(plan: Plan, site: str = "", most: int = 50, *, with_examples: bool = True) -> list[Proposal]:
    """The lines learned of the sites of the batch (of one, if named), the most frequent first.

    Raises:
        InputError: the batch has not got as far as its boilerplate.
    """
    output = plan.latest(plan.step(STAGE.name))
    if output is None:
        name = plan.batch.name
        raise InputError(f"batch {name}: no boilerplate step yet; run `copydesk run --batch {name}`")
    table = storage.read_table(str(output / "lines"))
    on_lines = decisions.by_line(decided(plan))
    rule = plan.batch.settings.stage(STAGE.name).rule("site_line") or STAGE.rule("site_line")
    limits = rule.settings if rule else {}

    def judge(line: str, use: LineUse) -> bool:
        return doubtful.learned(line, use, limits["min_share"], limits["min_documents"])

    learned = [line for line in lines.proposals(table, judge) if site in ("", line.site)][:most]
    examples = _examples(plan, {(line.site, line.shape) for line in learned}) if with_examples else {}
    return [
        Proposal(
            line.site,
            line.shape,
            lines.evidence(line.use),
            line.documents,
            line.of,
            line.elsewhere,
            examples.get((line.site, line.shape), ()),
            on_lines.get((line.site, line.shape), on_lines.get(("*", line.shape), "")),
        )
        for line in learned
    ]


def _examples(plan: Plan, wanted: set[tuple[str, str]]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Ids of the first documents that hold each of the lines."""
    step = plan.step(STAGE.name).after
    before = plan.latest(step) if step else None
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for identity, site, text in _documents(before, {site for site, _ in wanted}):
        for line in lines.shapes(text):
            ids = found.get((site, line), ())
            if (site, line) in wanted and len(ids) < EXAMPLES:
                found[site, line] = (*ids, identity)
    return found


def _documents(output: Path | None, sites: set[str]) -> Iterator[tuple[str, str, str]]:
    looked_at = 0
    if output is None or not sites:
        return
    for rows in storage.read_rows(f"{output}/{tables.KEPT}", ["id", "site", "text"]):
        columns: list[list[Any]] = [rows[name].to_pylist() for name in ("id", "site", "text")]
        yield from ((i, site, text) for i, site, text in zip(*columns, strict=True) if site in sites)
        looked_at += rows.num_rows
        if looked_at >= LOOKED_AT:
            return


def decide(plan: Plan, site: str, line: str, decision: str) -> str:
    """Write the user's decision ("accept", "reject", or "" to undo it) to the file; returns the file's name.

    Raises:
        SettingsError: there is no decision to undo.
    """
    file, text = _table(plan).decisions.path, _table(plan).decisions.text
    before = decisions.read(text)
    if decision:
        proposed = found(plan, site, most=10_000, with_examples=False) if site != "*" else []
        evidence = next((p.evidence for p in proposed if p.line == lines.shape(line)), "")
        after = decisions.decide(before, Decision(site, line, decision, evidence))
    else:
        after = decisions.undo(before, site, line)
        if after == before:
            raise SettingsError(
                f"{file}: no decision on {line!r} of {site}; `copydesk boilerplate decisions` lists them"
            )
    whole.write_text(Path(file), decisions.written(after))
    return file

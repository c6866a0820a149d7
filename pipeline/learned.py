"""Lines that a batch has learned of its sites, for people to look at and decide on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import batches, steps
from pipeline.engine import storage
from pipeline.errors import InputError, SettingsError
from pipeline.facts import decisions, lines
from pipeline.records import LineUse
from pipeline.rules.boilerplate import doubtful

EXAMPLES = 3  # documents named for each line
LOOKED_AT = 50_000  # documents among which examples are sought


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


def proposals(batch: steps.Batch, site: str = "", most: int = 50) -> list[Proposal]:
    """The lines learned of the sites of the batch (of one, if named), the most frequent first.

    Raises:
        InputError: the batch has not got as far as its boilerplate.
    """
    made = batch.latest("boilerplate")
    if made is None:
        raise InputError(f"batch {batch.name}: no boilerplate step yet; run `copydesk run --batch {batch.name}`")
    table = storage.read_table(str(made / "lines"))
    decided = decisions.by_line(decisions.read(batch.settings.decisions))
    limits = next(rule for rule in batch.stages["boilerplate"].rules if rule.name == "boilerplate/site_line").settings

    def judge(line: str, use: LineUse) -> bool:
        return doubtful.learned(line, use, limits["min_share"], limits["min_documents"])

    rows = [row for row in lines.proposals(table, judge) if site in ("", row["site"])][:most]
    examples = _examples(batch, {(row["site"], row["shape"]) for row in rows})
    return [
        Proposal(
            row["site"],
            row["shape"],
            row["evidence"],
            row["documents"],
            row["of"],
            row["elsewhere"],
            examples.get((row["site"], row["shape"]), ()),
            decided.get((row["site"], row["shape"]), decided.get(("*", row["shape"]), "")),
        )
        for row in rows
    ]


def _examples(batch: steps.Batch, wanted: set[tuple[str, str]]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Ids of the first documents that hold each of the lines."""
    before = batch.latest("encoding")
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
    for rows in storage.read_rows(f"{output}/{batches.KEPT}", ["id", "site", "text"]):
        columns: list[list[Any]] = [rows[name].to_pylist() for name in ("id", "site", "text")]
        yield from ((i, site, text) for i, site, text in zip(*columns, strict=True) if site in sites)
        looked_at += rows.num_rows
        if looked_at >= LOOKED_AT:
            return


def decide(batch: steps.Batch, site: str, line: str, decision: str) -> str:
    """Write the user's decision ("accept", "reject", or "" to undo it) to the file; returns the file's name.

    Raises:
        SettingsError: there is no decision to undo.
    """
    file = batch.settings.boilerplate.decisions
    before = decisions.read(batch.settings.decisions)
    if decision:
        known = {(p.site, p.line): p.evidence for p in proposals(batch, site, most=10_000)} if site != "*" else {}
        evidence = known.get((site, lines.shape(line)), "")
        after = decisions.decide(before, decisions.Decision(site, line, decision, evidence))
    else:
        after = decisions.undo(before, site, line)
        if after == before:
            raise SettingsError(
                f"{file}: no decision on {line!r} of {site}; `copydesk boilerplate decisions` lists them"
            )
    storage.write_text(Path(file), decisions.written(after))
    return file

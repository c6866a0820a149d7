"""The stage `boilerplate`: lines that the site added to the article."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engine import storage, whole
from pipeline.engine.protocol import Engine
from pipeline.facts import decisions, lines
from pipeline.records import Facts, File, Table
from pipeline.rules.boilerplate import GUARD, RULES
from pipeline.rules.boilerplate.doubtful import BYLINE
from pipeline.rules.boilerplate.phrases import phrases_of
from pipeline.rules.boilerplate.view import certain_in
from pipeline.stages.stage import FactFunction, FactsOfRows, Ground, Stage, Survey


@dataclass(frozen=True)
class Boilerplate(Table):
    """The user's own phrases, and decisions on what was learned of sites; each file may be missing."""

    phrases: Annotated[File, phrases_of] = File("configs/boilerplate.toml")
    # written by `copydesk boilerplate accept` and `reject`
    decisions: Annotated[File, decisions.read] = File("configs/boilerplate_decisions.toml")

    def made_of(self) -> dict[str, Any]:
        """The decisions, each by itself; the phrases are a parameter of the rules."""
        return {"decisions": {f"{d.site}: {d.line}": d.decision for d in decisions.read(self.decisions.text)}}


def phrase_facts(rows: pa.RecordBatch, *, additions: str = "") -> FactsOfRows:
    """Which kinds of line phrases tell in each document: what is known of it without its site."""
    return FactsOfRows([Facts(phrases=told) for told in certain_in(rows["text"], additions)])


def line_facts(rows: pa.RecordBatch, *, counted: str, decided: str, additions: str = "") -> FactsOfRows:
    """How often each document's lines stand on its site, and which kinds of line phrases tell there.

    `counted` is the dataset that the survey has left, `decided` the text of the file with the user's decisions,
    `additions` that of the user's phrases.
    """
    uses = _line_uses(counted, decided) if storage.is_held(counted) else _uses_of(counted, decided, rows["site"])
    known = zip(rows["text"].to_pylist(), rows["site"].to_pylist(), certain_in(rows["text"], additions), strict=True)
    return FactsOfRows(
        [
            Facts(site=site or "", lines=lines.uses_of(text, site or "", uses), phrases=phrases)
            for text, site, phrases in known
        ]
    )


@lru_cache(maxsize=1)  # a worker reads the table once; the path holds the key of the step that is being made
def _line_uses(counted: str, decided: str) -> lines.Uses:
    return lines.by_site(storage.read_table(counted), decisions.by_line(decisions.read(decided)))


def _uses_of(counted: str, decided: str, sites: pa.Array) -> lines.Uses:
    """The same of these sites alone."""
    of_sites = storage.rows_among(counted, "site", pc.unique(sites))
    return lines.by_site(of_sites, decisions.by_line(decisions.read(decided)))


def count_lines(stage: Stage, engine: Engine, ground: Ground) -> FactFunction:
    """Count the lines of all documents, together with those of earlier batches."""
    counted = lines.count(engine, ground.documents, list(ground.earlier.values()), ground.work)
    whole.remove(*(Path(ground.work) / name for name in ("uses", "sites", "unsorted", "together", "seen")))
    assert isinstance(stage.table, Boilerplate)
    table = stage.table
    return partial(line_facts, counted=counted, decided=table.decisions.text, additions=table.phrases.text)


def filled(stage: Stage, off: Collection[str]) -> Stage:
    """The user's phrases beside the default ones; lines of rules that are switched off stay, whatever others think.

    A line that `site_line` takes for the site's is certain for `link_like_line`, too: under the same limits.
    """
    assert isinstance(stage.table, Boilerplate)
    learned = stage.rule("site_line")
    limits = {name: learned.settings[name] for name in ("min_share", "min_documents")} if learned else {}
    additions = stage.table.phrases.text
    stage = replace(stage, facts=partial(phrase_facts, additions=additions))
    return stage.with_derived(additions=additions, spared=(BYLINE, *sorted(off)), **limits)


STAGE = Stage(
    "boilerplate",
    __name__,
    "lines that the site added: related links, pitches, notices",
    RULES,
    guard=GUARD,
    facts=phrase_facts,
    survey=Survey("lines", count_lines, lines.remember, left=(lines.COUNTED,)),
    table=Boilerplate(),
    filled=filled,
)

"""The stage `translation`: how well a text reads, and what bad machine translation left in it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engine import storage
from pipeline.facts import translation
from pipeline.records import Facts, Language
from pipeline.rules.translation import RULES
from pipeline.stages.stage import FactsOfRows, Stage
from pipeline.stages.tables import PLACES

SCORE = pa.field("translation_score", pa.float32())
BINS = 20  # of 0..1
_NOTHING: Mapping[str, Any] = {}


def translation_facts(rows: pa.RecordBatch, *, explained: float = translation.EXPLAINED) -> FactsOfRows:
    """How well each document reads, with its language and what its record said.

    Texts that score less than `explained` are told which sentences cost most.
    """
    codes, certainty = rows["language"].to_pylist(), rows["language_probability"].to_pylist()
    languages = [Language(code or "und", p or 0.0) for code, p in zip(codes, certainty, strict=True)]
    qualities = translation.qualities(rows["text"], [guess.code for guess in languages], explained)
    told = zip(languages, qualities, _originals(rows), strict=True)
    return FactsOfRows(
        [Facts(language=guess, quality=quality, meta=meta) for guess, quality, meta in told],
        {SCORE.name: [quality.score for quality in qualities]},
    )


def _originals(rows: pa.RecordBatch) -> list[Mapping[str, Any]]:
    """The records' other fields, parsed only where the original text is among them: no rule asks for anything else."""
    found: list[Mapping[str, Any]] = [_NOTHING] * rows.num_rows
    wanted = pc.fill_null(pc.match_substring(rows["meta"], '"source_text"'), False)
    for number in pc.indices_nonzero(wanted).to_pylist():
        found[number] = json.loads(rows["meta"][number].as_py())
    return found


def scores(output: Path) -> dict[str, list[int]]:
    """How many documents have a score in each of `BINS` equal parts of 0..1."""
    bins = [0] * BINS
    for place in PLACES:
        for rows in storage.read_rows(f"{output}/{place}", [SCORE.name], rows=50_000):
            numbers = pc.cast(pc.multiply(pc.drop_null(rows[SCORE.name]), BINS), pa.int64(), safe=False)
            for entry in pc.value_counts(numbers):
                bins[min(entry["values"].as_py(), BINS - 1)] += entry["counts"].as_py()
    return {"scores": bins}


def filled(stage: Stage, off: Collection[str]) -> Stage:
    """`weak_score` speaks of the texts that `low_score` does not set aside; both want their sentences explained."""
    low, weak = stage.rule("low_score"), stage.rule("weak_score")
    limits = [float(rule.settings["min_score"]) if rule else 0.0 for rule in (low, weak)]
    stage = stage.with_derived(low_score=limits[0])
    return replace(stage, facts=partial(translation_facts, explained=max(limits)))


STAGE = Stage(
    "translation",
    __name__,
    "how well the text reads, and what bad machine translation left in it",
    RULES,
    facts=translation_facts,
    columns=(SCORE,),
    summary=scores,
    filled=filled,
)

"""What a stage makes of rows of documents.

It looks at them in three steps: it computes the facts its rules need, screens all texts with the rules' triggers, and
lets Python rules look only at the documents that may be hit. The rest pass through as the Arrow rows
they came in. This is the one path: `stage.run` does to a single text what this does to many.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import edits
from pipeline.engine.limits import Clock, at_most
from pipeline.records import NO_FACTS, Document, Facts, Result, Rule, Verdict
from pipeline.stages import stage as stages
from pipeline.stages.stage import FactFunction, FactsOfRows, Stage
from pipeline.stages.tables import (
    DOCUMENTS,
    FOUND,
    KEPT,
    PLACE_OF,
    Aside,
    FindingRow,
    finding_rows,
    findings_table,
    set_aside,
    with_column,
)


def run_stage(
    rows: pa.RecordBatch, *, stage: Stage, facts: FactFunction | None = None, max_seconds: float = 0
) -> Iterator[dict[str, pa.RecordBatch]]:
    """The kept, dropped and quarantined documents, and the findings; `facts` stands in for the stage's own.

    A document on which a rule or a fact raises, or that takes more than `max_seconds` (0: as long as it likes), is
    quarantined with the traceback; its neighbours go on.
    """
    told, aside = _facts_of(rows, facts or stage.facts, max_seconds)
    for field in stage.columns:
        rows = with_column(rows, field, told.columns[field.name])
    edited: dict[int, Result] = {}
    counted: dict[int, Mapping[str, Any]] = {}
    found: list[FindingRow] = []
    documents = rows.select(["id", "text", "site"])
    with Clock(max_seconds) as clock:
        for row, idle in to_look_at(rows["text"], told.facts, stage):
            if row in aside:
                continue
            identity, text, site = (documents.column(i)[row].as_py() for i in range(3))
            try:
                clock.start()
                result = stages.run(stage, Document(identity, text), told.facts[row], idle)
                clock.stop()
            except Exception as error:  # a rule may break on a text in any way: the document is set aside alone
                clock.stop()
                aside[row] = Aside(Verdict.QUARANTINE, f"{stage.name}: {_one_line(error)}", traceback.format_exc())
                continue
            found += finding_rows(identity, site, text, edits.folded(result.findings))
            if any(finding.is_edit for finding in result.findings):
                edited[row] = result
            if stage.counted and result.findings:
                counted[row] = stage.counted(result.findings)
            if result.verdict is not Verdict.KEEP:
                aside[row] = Aside(result.verdict, result.reason)
    rows = _with_counted(_with_edits(rows, edited), stage, counted)
    yield {**_places(rows, stage.name, aside), FOUND: findings_table(found)}


def give_up(rows: pa.RecordBatch, *, stage: Stage) -> Iterator[dict[str, pa.RecordBatch]]:
    """Quarantine documents that kill whoever works on them: too large for the memory, or a fault in a library."""
    for field in stage.columns:
        rows = with_column(rows, field, [None] * rows.num_rows)
    why = Aside(Verdict.QUARANTINE, f"{stage.name}: workers died on it, or were ended after too long a time")
    aside = dict.fromkeys(range(rows.num_rows), why)
    yield {**_places(rows, stage.name, aside), FOUND: findings_table([])}


def to_look_at(texts: pa.StringArray, facts: Sequence[Facts], stage: Stage) -> Iterator[tuple[int, Collection[str]]]:
    """The rows on which rules may find anything, in order, each with the names of those known to find nothing there."""
    seen = screen(texts, facts, stage)
    rows: Iterable[int] = sorted(frozenset[int]().union(*seen.values()))
    if len(seen) < len(stage.rules):  # a rule without a trigger looks at every document's facts
        rows = range(len(texts))
    for row in rows:
        yield row, {name for name, rows_hit in seen.items() if row not in rows_hit}


def screen(texts: pa.StringArray, facts: Sequence[Facts], stage: Stage) -> dict[str, frozenset[int]]:
    """For each rule with a trigger, the rows that it may hit; what several rules look for is looked for once."""
    looked: dict[tuple[str, ...], Rows] = {}
    found = {rule.name: _seen(texts, facts, rule, looked) for rule in stage.rules}
    return {name: frozenset(rows.tolist()) for name, rows in found.items() if rows is not None}


def rows_seen(texts: pa.StringArray, facts: Sequence[Facts], rule: Rule) -> frozenset[int] | None:
    """The rows that the rule's trigger sees; None when it has none and must be asked about each."""
    rows = _seen(texts, facts, rule, {})
    return None if rows is None else frozenset(rows.tolist())


Rows = npt.NDArray[np.int64]


def _seen(
    texts: pa.StringArray, facts: Sequence[Facts], rule: Rule, looked: dict[tuple[str, ...], Rows]
) -> Rows | None:
    if rule.trigger is None:
        return None
    if callable(rule.trigger):
        return np.flatnonzero(rule.trigger(texts, facts, **rule.parameters))
    return _matched(texts, (rule.trigger,) if isinstance(rule.trigger, str) else rule.trigger, looked)


def _matched(texts: pa.StringArray, patterns: tuple[str, ...], looked: dict[tuple[str, ...], Rows]) -> Rows:
    """The rows in which all patterns match; `looked` holds those of patterns that were looked for before."""
    if not patterns:
        return np.arange(len(texts))
    if patterns not in looked:
        rows = _matched(texts, patterns[:-1], looked)
        some = texts if len(patterns) == 1 else texts.take(pa.array(rows))
        looked[patterns] = rows[pc.indices_nonzero(pc.match_substring_regex(some, patterns[-1])).to_numpy()]
    return looked[patterns]


# --- facts -------------------------------------------------------------------------------------------------------


def _facts_of(rows: pa.RecordBatch, facts: FactFunction, max_seconds: float) -> tuple[FactsOfRows, dict[int, Aside]]:
    """The facts of the rows, and the documents for which they cannot be had."""
    try:
        with at_most(max_seconds):
            return facts(rows), {}
    except Exception:  # one document breaks all of them: find out which, and go on with the others
        return _facts_one_by_one(rows, facts, max_seconds)


def _facts_one_by_one(
    rows: pa.RecordBatch, facts: FactFunction, max_seconds: float
) -> tuple[FactsOfRows, dict[int, Aside]]:
    told: list[Facts] = []
    columns: dict[str, list[Any]] = {name: [] for name in facts(rows.slice(0, 0)).columns}
    broken: dict[int, Aside] = {}
    for row in range(rows.num_rows):
        try:
            with at_most(max_seconds):
                found = facts(rows.slice(row, 1))
        except Exception as error:
            broken[row] = Aside(Verdict.QUARANTINE, f"facts: {_one_line(error)}", traceback.format_exc())
            found = FactsOfRows([NO_FACTS], {name: [None] for name in columns})
        told += found.facts
        for name, values in found.columns.items():
            columns[name] += values
    return FactsOfRows(told, columns), broken


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0][:500]


# --- what comes out ----------------------------------------------------------------------------------------------


def _with_edits(rows: pa.RecordBatch, edited: Mapping[int, Result]) -> pa.RecordBatch:
    if not edited:
        return rows
    texts, repairs = rows["text"].to_pylist(), rows["repairs"].to_pylist()
    for row, result in edited.items():
        texts[row] = result.text
        repairs[row] = (repairs[row] or 0) + sum(finding.is_edit for finding in result.findings)
    rows = with_column(rows, DOCUMENTS.field("text"), texts)
    return with_column(rows, DOCUMENTS.field("repairs"), repairs)


def _with_counted(rows: pa.RecordBatch, stage: Stage, counted: Mapping[int, Mapping[str, Any]]) -> pa.RecordBatch:
    """The rows with what the findings on some of them tell, in the columns of the stage."""
    for field in stage.columns if counted else ():
        told = {row: values[field.name] for row, values in counted.items() if field.name in values}
        if told:
            values = [told.get(row, value) for row, value in enumerate(rows[field.name].to_pylist())]
            rows = with_column(rows, field, values)
    return rows


def _places(rows: pa.RecordBatch, stage: str, aside: Mapping[int, Aside]) -> dict[str, pa.RecordBatch]:
    """The documents that each place gets."""
    kept = rows
    if aside:
        kept = rows.filter(pa.array([row not in aside for row in range(rows.num_rows)], pa.bool_()))
    return {
        KEPT: kept,
        **{PLACE_OF[v]: _set_aside_for(rows, stage, v, aside) for v in (Verdict.DROP, Verdict.QUARANTINE)},
    }


def _set_aside_for(rows: pa.RecordBatch, stage: str, verdict: Verdict, aside: Mapping[int, Aside]) -> pa.RecordBatch:
    numbers: Sequence[int] = [row for row, why in sorted(aside.items()) if why.verdict is verdict]
    return set_aside(rows.take(pa.array(numbers, pa.int64())), stage, verdict, [aside[row] for row in numbers])

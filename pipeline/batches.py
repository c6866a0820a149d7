"""Arrow batches of documents: their columns, and what a stage makes of a whole batch.

A stage looks at a batch in three steps: it computes the facts its rules need, screens all texts in C++ with the rules'
triggers, and lets Python rules look only at the documents that may be hit. The rest pass through as the Arrow rows
they came in. This is the one path: `stages.run` does to a single text what this does to a batch.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import edits, stages
from pipeline.records import NO_FACTS, Document, Facts, Finding, Result, Rule, Source, Verdict

# What is known of a document; the last three are filled in by the stages that find them out.
DOCUMENTS = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("site", pa.string()),
        ("url", pa.string()),
        ("title", pa.string()),
        ("published", pa.string()),
        ("charset", pa.string()),
        ("charset_from", pa.string()),  # how it was chosen: "bom", "declared", "utf-8", "detected", ...
        ("charset_certainty", pa.float32()),
        ("replaced", pa.int32()),  # replacement characters written while decoding
        ("meta", pa.string()),  # everything else the record held, as JSON
        ("repairs", pa.int32()),  # edits made to the text so far
        ("language", pa.string()),
        ("language_probability", pa.float32()),
        ("translation_score", pa.float32()),
    ]
)
# A document set aside says where and why; `traceback` is there when it broke a rule.
SET_ASIDE = pa.schema(
    [*DOCUMENTS, ("stage", pa.string()), ("verdict", pa.string()), ("reason", pa.string()), ("traceback", pa.string())]
)
FINDINGS = pa.schema(
    [
        ("id", pa.string()),
        ("number", pa.int32()),  # the order in which the stage made them: undone from last to first
        ("rule", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("before", pa.string()),
        ("after", pa.string()),  # null: only remarked
        ("detail", pa.string()),
        ("left", pa.string()),  # what stood around it
        ("right", pa.string()),
        ("site", pa.string()),
    ]
)

KEPT, DROPPED, QUARANTINED, FOUND = "kept", "dropped", "quarantined", "findings"
PLACES = {Verdict.KEEP: KEPT, Verdict.DROP: DROPPED, Verdict.QUARANTINE: QUARANTINED}

# Given a batch: the facts of each document (None: no rule needs any), and the columns that the stage fills in.
FactFunction = Callable[[pa.RecordBatch], tuple[Sequence[Facts] | None, Mapping[str, Sequence[Any]]]]


def no_facts(_batch: pa.RecordBatch) -> tuple[None, dict[str, Sequence[Any]]]:
    """For stages whose rules read everything off the text."""
    return None, {}


def run_stage(
    batch: pa.RecordBatch, *, stage: stages.Stage, facts: FactFunction = no_facts
) -> Iterator[dict[str, pa.RecordBatch]]:
    """What the stage makes of a batch of documents: the kept, dropped and quarantined ones, and the findings.

    A document on which a rule or a fact raises is quarantined with the traceback; its neighbours go on.
    """
    known, columns, broken = _facts_of(batch, facts)
    for name, values in columns.items():
        batch = set_column(batch, name, values)
    seen = screen(batch["text"], stage)
    edited: dict[int, Result] = {}
    rows: list[dict[str, Any]] = []
    aside: dict[int, tuple[Verdict, str, str]] = dict(broken)
    documents = batch.select(["id", "text", "site"])
    for row in _rows_to_look_at(batch, stage, seen):
        if row in broken:
            continue
        identity, text, site = (documents.column(i)[row].as_py() for i in range(3))
        idle = {name for name, rows_seen in seen.items() if row not in rows_seen}
        try:
            result = stages.run(stage, Document(identity, text), known[row] if known else NO_FACTS, idle)
        except Exception as error:  # a rule may break on a text in any way: the document is set aside, not the batch
            aside[row] = Verdict.QUARANTINE, f"{stage.name}: {_one_line(error)}", traceback.format_exc()
            continue
        rows += finding_rows(identity, site, text, result.findings)
        if result.text != text or result.findings:
            edited[row] = result
        if result.verdict is not Verdict.KEEP:
            aside[row] = result.verdict, result.reason, ""
    yield _outputs(_with_edits(batch, edited), stage.name, aside, rows)


def screen(texts: pa.StringArray, stage: stages.Stage) -> dict[str, frozenset[int]]:
    """For each rule with a trigger, the rows whose text it may hit: one look at the whole batch, in C++."""
    by_trigger: dict[str | None, frozenset[int]] = {}
    found = {}
    for rule in stage.rules:
        if rule.trigger is not None and rule.trigger not in by_trigger:
            by_trigger[rule.trigger] = rows_seen(texts, rule) or frozenset()
        if rule.trigger is not None:
            found[rule.name] = by_trigger[rule.trigger]
    return found


def rows_seen(texts: pa.StringArray, rule: Rule) -> frozenset[int] | None:
    """The rows whose text the rule's trigger matches; None when it has none and must be asked about each."""
    if rule.trigger is None:
        return None
    return frozenset(pc.indices_nonzero(pc.match_substring_regex(texts, rule.trigger)).to_pylist())


def _rows_to_look_at(batch: pa.RecordBatch, stage: stages.Stage, seen: Mapping[str, frozenset[int]]) -> Iterable[int]:
    if len(seen) < len(stage.rules):  # a rule without a trigger looks at every document's facts
        return range(batch.num_rows)
    return sorted(frozenset[int]().union(*seen.values()))


def finding_rows(identity: str, site: str, text: str, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Rows of the schema `FINDINGS`; `text` is the document's text before the stage."""
    around = edits.surroundings(text, findings)
    return [
        {"id": identity, "number": number, "site": site, "left": left, "right": right, **finding._asdict()}
        for number, (finding, (left, right)) in enumerate(zip(findings, around, strict=True))
    ]


def set_column(batch: pa.RecordBatch, name: str, values: Sequence[Any] | pa.Array) -> pa.RecordBatch:
    """The batch with the values of one of its columns replaced."""
    field = batch.schema.field(name)
    array = values if isinstance(values, pa.Array) else pa.array(values, field.type)
    return batch.set_column(batch.schema.get_field_index(name), field, array)


def to_documents(batch: pa.RecordBatch) -> Iterator[Document]:
    """The rows as documents, for those who read a corpus in Python."""
    for row in batch.to_pylist():
        meta = json.loads(row["meta"]) if row.get("meta") else {}
        known = ("title", "published", "language", "language_probability", "translation_score")
        meta.update({name: row[name] for name in known if row.get(name) is not None})
        source = Source(row.get("file") or "", row.get("line") or 0, row.get("site") or "", row.get("url") or "")
        yield Document(row["id"], row["text"], source, meta)


def from_rows(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Rows as a batch; what a row does not say is null."""
    columns = [pa.array([row.get(f.name) for row in rows], f.type) for f in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _facts_of(
    batch: pa.RecordBatch, facts: FactFunction
) -> tuple[Sequence[Facts] | None, Mapping[str, Sequence[Any]], dict[int, tuple[Verdict, str, str]]]:
    """The facts of the batch, and the documents for which they cannot be had."""
    try:
        known, columns = facts(batch)
        return known, columns, {}
    except Exception:  # one document breaks the whole batch: find out which, and go on with the others
        return _facts_one_by_one(batch, facts)


def _facts_one_by_one(
    batch: pa.RecordBatch, facts: FactFunction
) -> tuple[Sequence[Facts] | None, Mapping[str, Sequence[Any]], dict[int, tuple[Verdict, str, str]]]:
    known: list[Facts] = []
    _, empty = facts(batch.slice(0, 0))
    columns: dict[str, list[Any]] = {name: [] for name in empty}
    broken: dict[int, tuple[Verdict, str, str]] = {}
    for row in range(batch.num_rows):
        try:
            found, values = facts(batch.slice(row, 1))
        except Exception as error:
            broken[row] = Verdict.QUARANTINE, f"facts: {_one_line(error)}", traceback.format_exc()
            found, values = None, {name: [None] for name in columns}
        known.append(found[0] if found else NO_FACTS)
        for name, value in values.items():
            columns[name] += list(value)
    return known, columns, broken


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0][:500]


def _with_edits(batch: pa.RecordBatch, edited: Mapping[int, Result]) -> pa.RecordBatch:
    changed = {row: result for row, result in edited.items() if any(f.after is not None for f in result.findings)}
    if not changed:
        return batch
    texts, repairs = batch["text"].to_pylist(), batch["repairs"].to_pylist()
    for row, result in changed.items():
        texts[row] = result.text
        repairs[row] = (repairs[row] or 0) + sum(f.after is not None for f in result.findings)
    return set_column(set_column(batch, "text", texts), "repairs", repairs)


def _outputs(
    batch: pa.RecordBatch,
    stage: str,
    aside: Mapping[int, tuple[Verdict, str, str]],
    findings: Sequence[Mapping[str, Any]],
) -> dict[str, pa.RecordBatch]:
    outputs = {KEPT: batch, FOUND: from_rows(findings, FINDINGS)}
    for verdict in (Verdict.DROP, Verdict.QUARANTINE):
        rows = [row for row, (its_verdict, _, _) in sorted(aside.items()) if its_verdict is verdict]
        chosen = batch.take(pa.array(rows, pa.int64()))
        outputs[PLACES[verdict]] = set_aside(chosen, stage, verdict, [aside[r] for r in rows])
    if aside:
        keep = pa.array([row not in aside for row in range(batch.num_rows)], pa.bool_())
        outputs[KEPT] = batch.filter(keep)
    return outputs


def set_aside(
    batch: pa.RecordBatch, stage: str, verdict: Verdict, reasons: Sequence[tuple[Verdict, str, str]]
) -> pa.RecordBatch:
    """Documents with the stage, verdict, reason and traceback that set them aside."""
    columns = [
        *batch.columns,
        pa.array([stage] * batch.num_rows, pa.string()),
        pa.array([verdict.name.lower()] * batch.num_rows, pa.string()),
        pa.array([reason for _, reason, _ in reasons], pa.string()),
        pa.array([trace for _, _, trace in reasons], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SET_ASIDE)


def table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """The same as a table."""
    return pa.Table.from_batches([from_rows(rows, schema)])

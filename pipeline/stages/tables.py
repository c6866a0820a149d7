"""The tables that steps hand to each other: their columns, and how rows are made and read.

A step's output holds the datasets `kept`, `dropped`, `quarantined` and `findings`. Documents start with the columns of
`DOCUMENTS`; stages add their own behind them. Documents set aside have four more, `ASIDE`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline import edits
from pipeline.records import Document, Finding, Source, Verdict

KEPT, DROPPED, QUARANTINED, FOUND = "kept", "dropped", "quarantined", "findings"
INPUTS = "inputs"  # of reading alone: the files that it read
PLACES = (KEPT, DROPPED, QUARANTINED)  # where a document ends; each in one of them
PLACE_OF = {Verdict.KEEP: KEPT, Verdict.DROP: DROPPED, Verdict.QUARANTINE: QUARANTINED}

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
    ]
)
ASIDE = pa.schema(
    [
        ("stage", pa.string()),
        ("verdict", pa.string()),
        ("reason", pa.string()),
        ("traceback", pa.string()),  # there when the document broke a rule
    ]
)
READ_FILES = pa.schema([("name", pa.string()), ("digest", pa.string())])
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


class FindingRow(NamedTuple):
    """A row of `FINDINGS`: a finding with its document and what stood around it."""

    id: str
    number: int
    rule: str
    start: int
    end: int
    before: str
    after: str | None
    detail: str
    left: str
    right: str
    site: str

    @property
    def finding(self) -> Finding:
        """The finding by itself."""
        return Finding(self.rule, self.start, self.end, self.before, self.after, self.detail)


class Aside(NamedTuple):
    """Why a document was set aside: the verdict, the reason with its numbers, and the traceback if a rule broke."""

    verdict: Verdict
    reason: str
    traceback: str = ""


def aside_schema(documents: pa.Schema) -> pa.Schema:
    """The columns of documents set aside, for documents with these columns."""
    return pa.schema([*documents, *ASIDE])


def finding_rows(identity: str, site: str, text: str, findings: Sequence[Finding]) -> list[FindingRow]:
    """Rows for the findings on one document; `text` is its text before the stage."""
    around = edits.surroundings(text, findings)
    return [
        FindingRow(identity, number, *finding, left, right, site)
        for number, (finding, (left, right)) in enumerate(zip(findings, around, strict=True))
    ]


def findings_table(found: Sequence[FindingRow]) -> pa.RecordBatch:
    """Rows of `FINDINGS`."""
    columns: list[Sequence[Any]] = list(zip(*found, strict=True)) if found else [[] for _ in FINDINGS]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, FINDINGS, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=FINDINGS)


def to_findings(table: pa.Table | pa.RecordBatch) -> list[FindingRow]:
    """The rows of a table with the columns of `FINDINGS`."""
    return [FindingRow(*row) for row in zip(*(table[name].to_pylist() for name in FINDINGS.names), strict=True)]


def from_dicts(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Rows of these columns; what a row does not say is null."""
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def with_column(rows: pa.RecordBatch, field: pa.Field, values: Sequence[Any] | pa.Array) -> pa.RecordBatch:
    """The rows with a column of these values: in its place where it is there already, else behind the others."""
    array = values if isinstance(values, pa.Array) else pa.array(values, field.type)
    place = rows.schema.get_field_index(field.name)
    return rows.append_column(field, array) if place < 0 else rows.set_column(place, field, array)


def set_aside(rows: pa.RecordBatch, stage: str, verdict: Verdict, why: Sequence[Aside]) -> pa.RecordBatch:
    """Documents with the stage, verdict, reason and traceback that set them aside."""
    columns = [
        *rows.columns,
        pa.array([stage] * rows.num_rows, pa.string()),
        pa.array([verdict.name.lower()] * rows.num_rows, pa.string()),
        pa.array([aside.reason for aside in why], pa.string()),
        pa.array([aside.traceback for aside in why], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=aside_schema(rows.schema))


def to_documents(rows: pa.RecordBatch) -> Iterator[Document]:
    """The rows as documents, for those who read a corpus in Python; columns of stages go into `meta`."""
    told = ["title", "published", *(name for name in rows.schema.names if name not in DOCUMENTS.names)]
    for row in rows.to_pylist():
        meta = json.loads(row["meta"]) if row.get("meta") else {}
        meta.update({name: row[name] for name in told if row.get(name) is not None})
        source = Source(row.get("file") or "", row.get("line") or 0, row.get("site") or "", row.get("url") or "")
        yield Document(row["id"], row["text"], source, meta)

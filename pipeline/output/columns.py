"""The columns of the published corpus; `docs/corpus.md` describes each.

Columns are only added, never renamed, and none gets another type: who reads one by its name can go on reading it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from pipeline.engine.protocol import Engine

VERSION: Final = 1  # one more for each time that columns were added
COLUMNS = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        ("title", pa.string()),
        ("authors", pa.list_(pa.string())),
        ("published", pa.timestamp("us", tz="UTC")),
        ("language", pa.string()),
        ("language_probability", pa.float32()),
        ("translation_score", pa.float32()),
        ("site", pa.string()),
        ("url", pa.string()),
        ("charset", pa.string()),
        ("batch", pa.string()),
        ("repairs", pa.int32()),
        ("cuts", pa.int32()),
        ("damage", pa.int32()),
        ("digest", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("meta", pa.string()),
    ],
    metadata={"copydesk.schema": str(VERSION)},
)
AS_READ = "published_as_read"  # in `meta`: what stood there, where `published` does not say the same
_AS_DOCUMENTS = pa.schema(
    [
        pa.field(field.name, pa.string()) if field.name == "published" else field
        for field in COLUMNS
        if field.name not in ("authors", "batch", "cuts", "digest")
    ]
)


def documents(engine: Engine, files: Iterable[Path], out: str) -> str:
    """Published files as the dataset that the last stage has kept: what the history of a batch is made of."""
    return engine.map_rows(to_documents, [str(file) for file in files], out)


def to_documents(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of `COLUMNS` as the last stage has kept them, as far as the history of a batch is made of them."""
    published: list[str | None] = []
    for moment, meta in zip(rows["published"].to_pylist(), rows["meta"].to_pylist(), strict=True):
        as_read = json.loads(meta).get(AS_READ) if f'"{AS_READ}"' in meta else None
        published.append(as_read or (moment.isoformat() if moment else None))
    return with_columns(rows, _AS_DOCUMENTS, {"published": published})


def with_columns(rows: pa.RecordBatch, schema: pa.Schema, told: Mapping[str, Any]) -> pa.RecordBatch:
    """The rows with these columns: what is told, what they have, and null for the column of a stage that is off."""
    columns = []
    for field in schema:
        if field.name in told:
            columns.append(pa.array(told[field.name], field.type))
        elif field.name in rows.schema.names:
            columns.append(rows[field.name].cast(field.type))
        else:
            columns.append(pa.nulls(rows.num_rows, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)

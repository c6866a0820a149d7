"""Reading over rows: names of files in, documents and records set aside out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.config import Read
from pipeline.records import Verdict
from pipeline.sources import files
from pipeline.stages import tables

# A portion of the input: files that one worker reads one after the other.
PORTIONS = pa.schema([("path", pa.binary()), ("name", pa.string())])  # a path need not be UTF-8; a name is made so
PORTION_FILES = 500
PORTION_BYTES = 8 << 20
ROWS = 1_000
BYTES = 8 << 20  # of text at a time
META_BYTES = 1 << 20  # more than that beside the text is not metadata

STAGE = "reading"


def portions(paths: Iterable[Path], root: Path) -> Iterator[list[dict[str, Any]]]:
    """The files, in their order, in portions of about `PORTION_BYTES`: a large file is one of its own."""
    portion: list[dict[str, Any]] = []
    size = 0
    for path in paths:
        name = path.relative_to(root).as_posix() if root.is_dir() else path.name
        portion.append({"path": os.fsencode(path), "name": os.fsencode(name).decode("utf-8", "backslashreplace")})
        try:
            size += path.stat().st_size
        except OSError:  # gone since it was listed: reading it will say so
            size += 0
        if size >= PORTION_BYTES or len(portion) >= PORTION_FILES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def read_rows(rows: pa.RecordBatch, *, settings: Read) -> Iterator[dict[str, pa.RecordBatch]]:
    """The documents of the files named in `rows`, and the records that cannot be read."""
    records = (
        record
        for row in rows.to_pylist()
        for record in files.read(Path(os.fsdecode(row["path"])), row["name"], settings)
    )
    while True:
        some = list(_some_of(records))
        read = [_row(r) for r in some if isinstance(r, files.Record)]
        failed = [_failure(r) for r in some if isinstance(r, files.Failure)]
        aside = tables.aside_schema(tables.DOCUMENTS)
        yield {
            tables.KEPT: tables.from_dicts(read, tables.DOCUMENTS),
            tables.QUARANTINED: tables.from_dicts(failed, aside),
            tables.DROPPED: tables.from_dicts([], aside),
            tables.FOUND: tables.findings_table([]),
        }
        if not some:
            return


def _some_of(records: Iterator[files.Record | files.Failure]) -> Iterator[files.Record | files.Failure]:
    size = 0
    for record in islice(records, ROWS):
        yield record
        size += len(record.text) if isinstance(record, files.Record) else 0
        if size > BYTES:
            return


def _row(record: files.Record) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(record, name) for name in record.__slots__}
    row["meta"] = _as_json(record.meta)
    row["repairs"] = 0
    return row


def _as_json(meta: Mapping[str, Any] | None) -> str:
    """The rest of a record; values that JSON has no name for become strings."""
    text = json.dumps(meta or {}, ensure_ascii=False, default=str)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair: JSON can say it, UTF-8 cannot
        text = json.dumps(meta, ensure_ascii=True, default=str)
    return text if len(text) <= META_BYTES else json.dumps({"left_out": f"{len(text):,} characters of metadata"})


def _failure(failure: files.Failure) -> dict[str, Any]:
    where = f"{failure.file}:{failure.line}" if failure.line else failure.file
    return {
        "id": where,
        "text": failure.start,
        "file": failure.file,
        "line": failure.line,
        "stage": STAGE,
        "verdict": Verdict.QUARANTINE.name.lower(),
        "reason": f"{STAGE}: {failure.reason}",
        "traceback": "",
    }


# --- ids used twice ----------------------------------------------------------------------------------------------

# The first record of an id, in the order of file and line, keeps it; `same` tells whether a later one says the same.
REPEATED_IDS = """
    SELECT d.id, d.file, d.line, first.file AS first_file, first.line AS first_line
    FROM documents d
    JOIN (
        SELECT id, min(file) AS file
        FROM documents GROUP BY id HAVING count(*) > 1
    ) twice ON d.id = twice.id
    JOIN (
        SELECT id, file, min(line) AS line FROM documents GROUP BY id, file
    ) first ON first.id = twice.id AND first.file = twice.file
    WHERE d.file <> first.file OR d.line <> first.line
    ORDER BY d.file, d.line
"""


def set_aside_repeated(
    rows: pa.RecordBatch, *, repeated: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, pa.RecordBatch]]:
    """Quarantine the documents that `repeated` lists (rows of `REPEATED_IDS`)."""
    first = {(row["file"], row["line"], row["id"]): row for row in repeated}
    places = list(zip(*(rows[name].to_pylist() for name in ("file", "line", "id")), strict=True))
    numbers = [number for number, place in enumerate(places) if place in first]
    reasons = []
    for number in numbers:
        found = first[places[number]]
        where = found["first_file"] + (f", line {found['first_line']}" if found["first_line"] else "")
        reason = f'{STAGE}: id used twice: "{found["id"]}" is also in {where}'
        reasons.append(tables.Aside(Verdict.QUARANTINE, reason))
    aside = tables.set_aside(rows.take(pa.array(numbers, pa.int64())), STAGE, Verdict.QUARANTINE, reasons)
    keep = pa.array([place not in first for place in places], pa.bool_())
    yield {tables.KEPT: rows.filter(keep), tables.QUARANTINED: aside}

"""Reading as a stage: batches of file names in, batches of documents and of records set aside out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline import batches
from pipeline.config import Read
from pipeline.records import Verdict
from pipeline.sources import files

# A share of the reading: files that one worker reads one after the other.
SPLITS = pa.schema([("path", pa.binary()), ("name", pa.string())])  # a path need not be UTF-8; a name is made so
SPLIT_FILES = 500
SPLIT_BYTES = 8 << 20
ROWS = 1_000
BYTES = 8 << 20  # of text in a batch
META_BYTES = 1 << 20  # more than that beside the text is not metadata

STAGE = "reading"


def splits(paths: Iterable[Path], root: Path) -> Iterator[list[dict[str, Any]]]:
    """The files, in their order, in shares of about `SPLIT_BYTES`: a large file is one of its own."""
    share: list[dict[str, Any]] = []
    size = 0
    for path in paths:
        name = path.relative_to(root).as_posix() if root.is_dir() else path.name
        share.append({"path": os.fsencode(path), "name": os.fsencode(name).decode("utf-8", "backslashreplace")})
        try:
            size += path.stat().st_size
        except OSError:  # gone since it was listed: reading it will say so
            size += 0
        if size >= SPLIT_BYTES or len(share) >= SPLIT_FILES:
            yield share
            share, size = [], 0
    if share:
        yield share


def read_batch(batch: pa.RecordBatch, *, settings: Read) -> Iterator[dict[str, pa.RecordBatch]]:
    """The documents of the files named in `batch`, and the records that cannot be read."""
    records = (
        record
        for row in batch.to_pylist()
        for record in files.read(Path(os.fsdecode(row["path"])), row["name"], settings)
    )
    while True:
        rows = list(_batch_of(records))
        read = [_row(r) for r in rows if isinstance(r, files.Record)]
        failed = [_failure(r) for r in rows if isinstance(r, files.Failure)]
        yield {
            batches.KEPT: batches.from_rows(read, batches.DOCUMENTS),
            batches.QUARANTINED: batches.from_rows(failed, batches.SET_ASIDE),
            batches.DROPPED: batches.from_rows([], batches.SET_ASIDE),
            batches.FOUND: batches.from_rows([], batches.FINDINGS),
        }
        if not rows:
            return


def _batch_of(records: Iterator[files.Record | files.Failure]) -> Iterator[files.Record | files.Failure]:
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
    batch: pa.RecordBatch, *, repeated: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, pa.RecordBatch]]:
    """Quarantine the documents that `repeated` lists (rows of `REPEATED_IDS`)."""
    first = {(row["file"], row["line"], row["id"]): row for row in repeated}
    places = list(zip(*(batch[name].to_pylist() for name in ("file", "line", "id")), strict=True))
    rows = [row for row, place in enumerate(places) if place in first]
    reasons = []
    for row in rows:
        found = first[places[row]]
        where = found["first_file"] + (f", line {found['first_line']}" if found["first_line"] else "")
        reasons.append((Verdict.QUARANTINE, f'{STAGE}: id used twice: "{found["id"]}" is also in {where}', ""))
    aside = batches.set_aside(batch.take(pa.array(rows, pa.int64())), STAGE, Verdict.QUARANTINE, reasons)
    keep = pa.array([place not in first for place in places], pa.bool_())
    yield {batches.KEPT: batch.filter(keep), batches.QUARANTINED: aside}

"""Parquet: each row is a record, its columns are the fields."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.records import Columns, Failure, File, Format, Record, attempt, from_fields

ROWS_AT_ONCE = 500


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The records; `line` counts the rows."""
    number = 0
    with pq.ParquetFile(file.path) as parquet:
        columns = Columns(parquet.schema_arrow.names, settings)
        for rows in parquet.iter_batches(batch_size=ROWS_AT_ONCE):
            for row in range(rows.num_rows):
                number += 1
                yield attempt(partial(_from_row, columns, rows, row, file, number, settings), file.name, number)


def _from_row(columns: Columns, rows: pa.RecordBatch, row: int, file: File, number: int, settings: Read) -> Record:
    try:
        fields = columns.fields([column[row].as_py() for column in rows.columns])
    except UnicodeDecodeError as error:
        raise RecordError(f"not UTF-8: byte 0x{error.object[error.start]:02x}") from error
    return from_fields(fields, file, number, settings)


FORMAT = Format((".parquet",), read)

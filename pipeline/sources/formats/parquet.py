"""Parquet: each row is a record, its columns are the fields.

A small file may hold rows without end: a value that a dictionary holds once stands in as many rows as point to it. So
sizes are looked at before there are values: in the file's own figures, which say how many rows can be read at once,
and in those rows, before they become objects of Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.charset.decode import decode
from pipeline.sources.charset.of_lines import Charset
from pipeline.sources.records import Columns, Failure, File, Format, Record, attempt, from_fields
from pipeline.sources.streams import too_large

Sizes = NDArray[np.int64]

ROWS_AT_ONCE = 500
FEW_AT_ONCE = 16  # of a row group that is larger than `BYTES_AT_ONCE`: a third of the speed
BYTES_AT_ONCE = 64 << 20
MAX_VALUES = 10_000  # in lists, for each row of a row group: vectors have some thousand


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The records; `line` counts the rows."""
    with pq.ParquetFile(_opened(file)) as parquet:
        columns = Columns(parquet.schema_arrow.names, settings)
        groups = [_group(file, parquet, index) for index in range(parquet.num_row_groups)]
    number = 0
    for group in groups:
        if group.fault:
            yield from (Failure(file.name, number + row, group.fault) for row in range(1, group.rows + 1))
            number += group.rows
            continue
        with pq.ParquetFile(_opened(file), read_dictionary=group.repeated) as parquet:
            for rows in parquet.iter_batches(group.at_once, [group.place]):
                for row, size in enumerate(_sum([sizes(column) for column in rows.columns], rows.num_rows).tolist()):
                    number += 1
                    make = partial(_from_row, columns, rows, row, size, file, number, settings)
                    yield attempt(make, file, number)


def _opened(file: File) -> Path | IO[bytes]:
    """What Arrow reads: files on this machine it opens itself."""
    return file.path if isinstance(file.path, Path) else file.path.open()


def _from_row(
    columns: Columns, rows: pa.RecordBatch, row: int, size: int, file: File, number: int, settings: Read
) -> Record:
    if size > settings.max_record_bytes:
        raise RecordError(f"{size:,} bytes, {too_large(settings.max_record_bytes)}")
    try:
        fields = columns.fields([column[row].as_py() for column in rows.columns])
    except UnicodeDecodeError as error:
        raise RecordError(f"not UTF-8: byte 0x{error.object[error.start]:02x}") from error
    fields = {name: _string(value) for name, value in fields.items()}
    text = fields.get(settings.text_field)
    if not isinstance(text, bytes) or b"\0" in text:
        return from_fields(fields, file, number, settings)
    decoded = decode(text)
    charset = Charset(decoded.charset, decoded.how, decoded.certainty)
    record = from_fields({**fields, settings.text_field: decoded.text}, file, number, settings, charset)
    return replace(record, replaced=decoded.replaced)


def _string(value: Any) -> Any:
    """A value of a column of bytes as the text that it is; pictures are none."""
    try:
        return value.decode("utf-8") if isinstance(value, bytes) and b"\0" not in value else value
    except UnicodeDecodeError:
        return value


# --- how much a row group may hold -------------------------------------------------------------------------------


class _Group(NamedTuple):
    """A row group and how it is to be read."""

    place: int
    rows: int
    at_once: int = ROWS_AT_ONCE
    repeated: tuple[str, ...] = ()  # leaves of lists whose values are to stay in their dictionary
    fault: str = ""  # why it is not to be read


def _group(file: File, parquet: pq.ParquetFile, index: int) -> _Group:
    figures = parquet.metadata.row_group(index)
    rows = figures.num_rows
    at_once = ROWS_AT_ONCE if figures.total_byte_size <= BYTES_AT_ONCE else FEW_AT_ONCE
    repeated = []
    for number in range(figures.num_columns):
        leaf = figures.column(number)
        nested = parquet.schema.column(number).max_repetition_level > 0
        values = leaf.num_values if nested else at_once
        if nested and values > MAX_VALUES * max(rows, 1_000):
            fault = f'{values:,} values in {rows:,} rows of "{leaf.path_in_schema}", the limit is {MAX_VALUES:,} a row'
            return _Group(index, rows, fault=fault)
        if leaf.has_dictionary_page and values * leaf.total_uncompressed_size > BYTES_AT_ONCE:
            longest = _longest(file, index, leaf.path_in_schema)
            if not nested:
                at_once = min(at_once, max(1, BYTES_AT_ONCE // max(1, longest)))
            elif values * longest > BYTES_AT_ONCE:
                repeated.append(leaf.path_in_schema)
    return _Group(index, rows, at_once, tuple(repeated))


def _longest(file: File, group: int, leaf: str) -> int:
    """The bytes of the longest value in the dictionary of a column; 0 when its values have no length of their own."""
    with pq.ParquetFile(_opened(file), read_dictionary=[leaf]) as parquet:
        for rows in parquet.iter_batches(FEW_AT_ONCE, [group], [leaf]):
            column = rows.column(0)
            while not pa.types.is_dictionary(column.type):
                if not pa.types.is_nested(column.type):
                    return 0
                column = column.values if pa.types.is_list(column.type) else column.field(0)
            if len(column.dictionary):  # it is read with the first value
                return int(sizes(column.dictionary).max())
    return 0


def sizes(column: pa.Array) -> Sizes:
    """The bytes of each row of a column, as far as they grow; those of a dictionary count wherever they stand.

    >>> sizes(pa.array([["a", "bcd"], None, []])), sizes(pa.array(["abc", "", "abc"]).dictionary_encode())
    (array([4, 0, 0]), array([3, 0, 3]))
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        of_value = np.append(sizes(column.dictionary), 0)
        found: Sizes = of_value[column.indices.fill_null(len(column.dictionary)).to_numpy()]
        return found
    if pa.types.is_struct(kind):
        return _sum([sizes(field) for field in column.flatten()], len(column))
    if pa.types.is_map(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = sizes(column.keys) + sizes(column.items) if pa.types.is_map(kind) else sizes(column.values)
        ends: Sizes = np.append(0, np.cumsum(inner))[column.offsets.to_numpy()]
        return ends[1:] - ends[:-1]
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        column = column.cast(pa.large_binary())
    try:
        lengths: Sizes = pc.binary_length(column).fill_null(0).to_numpy().astype(np.int64)
    except pa.ArrowNotImplementedError:  # all are of one size: numbers, dates, vectors
        return np.full(len(column), column.nbytes // max(1, len(column)))
    return lengths


def _sum(columns: list[Sizes], rows: int) -> Sizes:
    return sum(columns, np.zeros(rows, np.int64))


FORMAT = Format((".parquet",), read, has_fields=True)

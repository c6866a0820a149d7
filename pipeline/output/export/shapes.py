"""The shapes of files in which the corpus is exported: what a row becomes, and how many of them are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engine import storage, text_files
from pipeline.engine.expressions import Expressions
from pipeline.output.export import cells

_LINE: Final = "line"
_CSV_END: Final = "\r\n"  # as RFC 4180 has it


class Shape(NamedTuple):
    """A kind of file: its suffix, what it holds of some rows, and how that is written, given the columns."""

    suffix: str
    of: Callable[[pa.RecordBatch, Expressions], pa.RecordBatch]
    write: Callable[[Path, Iterable[pa.RecordBatch], pa.Schema], None]


# --- rows --------------------------------------------------------------------------------------------------------


def readable(rows: pa.RecordBatch) -> pa.RecordBatch:
    """The rows as expressions take them: a moment is in UTC and does not say so, 0.8 is 0.8 and not 0.80000001192."""
    columns = []
    for column in rows.columns:
        if pa.types.is_timestamp(column.type):
            columns.append(column.cast(pa.timestamp("us")))
        elif pa.types.is_float32(column.type):
            columns.append(column.cast(pa.string()).cast(pa.float64()))
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=rows.schema.names)


def with_dates(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Readable rows with a moment as ISO 8601 has it: `2026-11-20T10:15:00Z`."""
    columns = [
        pc.replace_substring(pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ"), ".000000", "")
        if pa.types.is_timestamp(column.type)
        else column
        for column in rows.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=rows.schema.names)


# --- lines -------------------------------------------------------------------------------------------------------


def json_lines(rows: pa.RecordBatch, expressions: Expressions) -> pa.RecordBatch:
    """A JSON object a row."""
    fields = ", ".join(f'"{name}" := "{name}"' for name in rows.schema.names)
    return _lines(expressions.over(f"to_json(struct_pack({fields})) || chr(10)", with_dates(readable(rows))))


def csv_lines(rows: pa.RecordBatch, expressions: Expressions) -> pa.RecordBatch:
    """A record a row; a list is a JSON array in a cell."""
    rows = with_dates(readable(rows))
    made = []
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        if pa.types.is_list(column.type):
            column = expressions.over(f'to_json("{name}")::VARCHAR', rows)
        made.append(cells.quoted(column) if pa.types.is_string(column.type) else cells.plain(column))
    records = pc.binary_join_element_wise(*made, ",") if len(made) > 1 else made[0]
    return _lines(pc.binary_join_element_wise(records, _CSV_END, ""))


def _lines(lines: pa.Array) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([lines], names=[_LINE])


def write_json(target: Path, lines: Iterable[pa.RecordBatch], _: pa.Schema, *, packed: bool = False) -> None:
    """Lines into a file, packed with zstd or not."""
    text_files.write_lines(target, (some.column(0) for some in lines), packed=packed)


def write_csv(target: Path, lines: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
    """Records into a file, below the names of the columns."""
    head = ",".join(schema.names) + _CSV_END
    text_files.write_lines(target, (some.column(0) for some in lines), head=head)


# --- Parquet -----------------------------------------------------------------------------------------------------


def as_they_are(rows: pa.RecordBatch, _: Expressions) -> pa.RecordBatch:
    """Parquet holds the rows of the corpus."""
    return rows


def write_parquet(target: Path, rows: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
    """Rows into a file of Parquet."""
    storage.write_file(target, rows, schema)


SHAPES: Final[Mapping[str, Shape]] = {
    "jsonl.zst": Shape(".jsonl.zst", json_lines, partial(write_json, packed=True)),
    "jsonl": Shape(".jsonl", json_lines, write_json),
    "csv": Shape(".csv", csv_lines, write_csv),
    "parquet": Shape(storage.SUFFIX, as_they_are, write_parquet),
}


# --- files of a size ---------------------------------------------------------------------------------------------


def write(
    folder: Path, shape: Shape, pieces: Iterable[pa.RecordBatch], schema: pa.Schema, most: int
) -> Iterator[tuple[Path, int]]:
    """Files `part-00000`, ... of at most `most` bytes each, but for a row that is longer; yields each with its rows.

    They are cut at the same rows however these come in. Bytes are counted as they are before they are packed. There is
    at least one file.
    """
    numbered = groupby(cut(pieces, most), key=lambda piece: piece[0])
    for number, some in numbered:
        yield _written(folder, shape, number, (piece for _, piece in some), schema)
    if not any(folder.iterdir()):
        yield _written(folder, shape, 0, (), schema)


def _written(
    folder: Path, shape: Shape, number: int, pieces: Iterable[pa.RecordBatch], schema: pa.Schema
) -> tuple[Path, int]:
    target, rows = folder / f"part-{number:05d}{shape.suffix}", 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for piece in pieces:
            rows += piece.num_rows
            yield piece

    shape.write(target, counted(), schema)
    return target, rows


def cut(pieces: Iterable[pa.RecordBatch], most: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Pieces with the number of the file that each belongs into; those that are too long are cut."""
    number, held = 0, 0
    for piece in pieces:
        ends = np.concatenate([[0], np.cumsum(_sizes(piece))])
        start = 0
        while start < piece.num_rows:
            stop = int(np.searchsorted(ends, ends[start] + most - held, side="right")) - 1
            if stop <= start and held:
                number, held = number + 1, 0
                continue
            stop = max(stop, start + 1)
            yield number, piece.slice(start, stop - start)
            held += int(ends[stop] - ends[start])
            start = stop


def _sizes(piece: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """The bytes of each row: of its texts, and eight for anything else."""
    sizes = np.zeros(piece.num_rows, np.int64)
    for column in piece.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            sizes += pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
        else:
            sizes += 8
    return sizes

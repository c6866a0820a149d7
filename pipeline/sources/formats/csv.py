"""CSV: the first row names the fields, and each row after it is a record, over several lines where it is quoted."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.records import Failure, File, Format, Record, attempt, from_fields
from pipeline.sources.streams import lines, open_file, too_long


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The records, one a row; `line` is the one that a row begins in."""
    most = settings.max_record_bytes
    csv.field_size_limit(min(most, sys.maxsize))
    past: list[int] = []  # numbers of lines that were too long, and read past
    with open_file(file.path) as stream:
        rows = csv.reader(_text_lines(stream, most, past), strict=True)
        header = next(rows, [])
        if past:
            yield Failure(file.name, past[0], too_long(most))
        while True:
            start = rows.line_num + 1
            past.clear()
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Failure(file.name, start, f"not CSV: {error}")
                continue
            if past:
                yield Failure(file.name, past[0], too_long(most))
            elif row:
                make = partial(_from_row, header, row, file, start, settings)
                yield attempt(make, file.name, start, ",".join(row)[:200].encode("utf-8", "replace").decode())


def _text_lines(stream: BinaryIO, most: int, past: list[int]) -> Iterator[str]:
    """The lines as text; one that is too long is noted in `past`, and leaves what it opens or closes."""
    for number, line, quotes in lines(stream, most):
        if line is None:
            past.append(number)
            yield '"\n' if quotes % 2 else "\n"
        else:
            yield line.decode("utf-8", "surrogateescape") + "\n"


def _from_row(header: list[str], row: list[str], file: File, line: int, settings: Read) -> Record:
    if len(row) != len(header):
        raise RecordError(f"{len(row)} fields where the header has {len(header)}")
    return from_fields(dict(zip(header, row, strict=True)), file, line, settings)


FORMAT = Format((".csv",), read)

"""CSV and TSV: the first row names the fields, and each row after it is a record, over several lines if quoted.

A quotation mark that is not closed would make one field of all that follows. It costs its own line alone: what the
parser has read past that line, in search of the end, is given back and read again.
"""

from __future__ import annotations

import csv
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.charset.of_lines import Charset
from pipeline.sources.dialect import SAMPLE, Dialect, dialect_of, reader, with_quotes
from pipeline.sources.records import Columns, Failure, File, Format, Record, attempt, from_fields, start_of
from pipeline.sources.streams import Line, Stream, lines, open_text, too_long

MAX_LINES = 100_000  # of one row: they are held until it ends


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The records, one a row; `line` is the one that a row begins in.

    Raises:
        RecordError: the header gives two columns a name that is asked for.
        csv.Error: the header is none.
    """
    dialect = _dialect(file, settings)
    with open_text(file.path) as stream, _fields_up_to(settings.max_record_bytes):
        rows = _rows(stream, settings.max_record_bytes, dialect)
        header = next(rows, _Row(Line(1, b"")))
        if isinstance(header.error, csv.Error):
            raise header.error
        if header.error:
            yield Failure(file.name, header.line.number, str(header.error), start_of(header.line.content))
        columns = Columns(header.fields, settings)
        for line, fields, error in rows:
            if error:
                reason = f"not CSV: {error}" if isinstance(error, csv.Error) else str(error)
                yield Failure(file.name, line.number, reason, start_of(line.content))
            elif fields:
                make = partial(_from_row, columns, fields, file, line.number, settings, stream.charset)
                yield attempt(make, file, line.number, line.content)


@contextmanager
def _fields_up_to(most: int) -> Iterator[None]:
    """Longer fields are errors of the parser; its limit is one for the process, whose others get theirs back."""
    before = csv.field_size_limit(min(most, sys.maxsize))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _dialect(file: File, settings: Read) -> Dialect:
    """A file called `.tsv` has tabs, if its header has any."""
    with open_text(file.path) as stream:
        sample = stream.read(SAMPLE)
    is_tsv = any(suffix.lower() == ".tsv" for suffix in file.path.suffixes[-2:])
    if is_tsv and b"\t" in sample.partition(b"\n")[0]:
        return with_quotes(sample, "\t")
    return dialect_of(sample, settings.text_field or "text")


def _from_row(
    columns: Columns, values: Sequence[str], file: File, line: int, settings: Read, charset: Charset
) -> Record:
    if len(values) != len(columns.names):
        raise RecordError(f"{len(values):,} fields where the header has {len(columns.names):,}")
    return from_fields(columns.fields(values), file, line, settings, charset)


class _Row(NamedTuple):
    """A row, or why it is none; and the line that it begins in, or the one that breaks it if that is too long."""

    line: Line
    fields: Sequence[str] = ()
    error: csv.Error | RecordError | None = None


def _rows(stream: Stream, most: int, dialect: Dialect) -> Iterator[_Row]:
    """The rows, as Python's parser finds them; blank lines are rows without a field."""
    taken = _Taken(stream, most)
    rows = reader(taken.texts(), dialect)
    while True:
        taken.lines.clear()
        taken.past = None
        try:
            fields = next(rows)
        except StopIteration:
            break
        except csv.Error as error:
            if taken.cut:
                break
            yield _Row(taken.lines[0], error=taken.give_back(error))
            rows = reader(taken.texts(), dialect)
            continue
        yield _Row(taken.past, error=RecordError(too_long(most))) if taken.past else _Row(taken.lines[0], fields)
    if taken.cut:
        yield _Row([*taken.lines, taken.cut][0], error=RecordError(taken.cut.cut))


class _Taken:
    """The lines that the parser has taken for the row it is at, which are handed to it as text.

    Of a row that breaks it gives back all lines but the first. A later row that is still open in one of those lines
    breaks where this one did; that is known beforehand, so that no line is looked through more than twice.
    """

    def __init__(self, stream: Stream, most: int) -> None:
        self.lines: list[Line] = []
        self.past: Line | None = None  # the first of them that is too long
        self.cut: Line | None = None  # the line in which the stream ends before its end: it is not handed out
        self._lines = lines(stream, most)
        self._most = most
        self._back: deque[Line] = deque()
        self._breaks = 0  # the last line of those given back: a row that is open before it will break in it
        self._why = ""

    def texts(self) -> Iterator[str]:
        """The lines; one that is too long leaves what it opens or closes.

        Raises:
            csv.Error: the row will not end, or not within the bounds.
        """
        taken = self.lines
        size = 0
        while line := self._back.popleft() if self._back else next(self._lines, None):
            if line.cut:
                self.cut = line
                return
            content = line.content
            size = len(content or b"") + (size if taken else 0)
            if taken and (line.number <= self._breaks or size > self._most or len(taken) >= MAX_LINES):
                self._back.appendleft(line)
                bounds = f"longer than {MAX_LINES:,} lines or max_record_bytes = {self._most:,} bytes"
                raise csv.Error(self._why if line.number <= self._breaks else bounds)
            taken.append(line)
            if content is None:
                self.past = self.past or line
                yield '"\n' if line.quotes % 2 else "\n"
            else:
                yield content.decode("utf-8", "surrogateescape")

    def give_back(self, error: csv.Error) -> csv.Error | RecordError:
        """Take back all lines of the row but the first; returns what is to be said of that one."""
        first, *others = self.lines
        self._back.extendleft(reversed(others))
        if others and others[-1].number > self._breaks:
            self._breaks = others[-1].number
            self._why = f"a quotation mark that is not closed: {error} on line {self._breaks}"
            error = csv.Error(self._why)
        return RecordError(too_long(self._most)) if first.content is None else error


FORMAT = Format((".csv", ".tsv"), read, has_fields=True)

"""How the fields of a table in text are told apart: by a comma, unless the header and the first rows say otherwise.

A table with commas must never be taken for another. So another delimiter counts only where the header has no comma
outside quotes, or names the text with that delimiter alone; and where the rows then have as many fields as the header.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

SAMPLE = 64 << 10  # bytes
_ROWS = 50
_FIT = 0.8  # of the rows have as many fields as the header: texts without quotes break off at a delimiter of their own
_OTHERS = (";", "\t", "|")


class Dialect(NamedTuple):
    """What stands between two fields, and whether quotation marks around one are part of it."""

    delimiter: str = ","
    quoted: bool = True


def dialect_of(sample: bytes, text_field: str) -> Dialect:
    r"""The dialect of a table of which `sample` is the beginning.

    >>> dialect_of(b"id;text\n1;One, two\n", "text").delimiter, dialect_of(b"id,text\n1,a;b\n", "text").delimiter
    (';', ',')
    """
    text = _text(sample)
    header = _rows(text, Dialect())[:1] or [[]]
    if text_field in header[0]:
        return Dialect()
    others = [with_quotes(sample, mark) for mark in _OTHERS if _may_be(mark, text, header[0], text_field)]
    fits = {dialect: _fit(_rows(text, dialect)) for dialect in others}
    best = max(fits, key=fits.__getitem__, default=Dialect())
    return best if fits.get(best, 0) >= _FIT else Dialect()


def with_quotes(sample: bytes, delimiter: str) -> Dialect:
    r"""The dialect with this delimiter: quoted, unless the rows are whole only where quotation marks are text.

    >>> with_quotes(b'id\ttext\n1\t"No," he said.\n', "\t").quoted, with_quotes(b'id\ttext\n1\t"a\tb"\n', "\t").quoted
    (False, True)
    """
    text = _text(sample)
    plain, quoted = Dialect(delimiter, quoted=False), Dialect(delimiter)
    return plain if _fit(_rows(text, plain)) > _fit(_rows(text, quoted)) else quoted


def _text(sample: bytes) -> str:
    text = sample.decode("utf-8", "replace").removeprefix("\ufeff")
    whole = text if len(sample) < SAMPLE else text[: text.rfind("\n") + 1]
    return whole or text


def _may_be(mark: str, text: str, header: Sequence[str], text_field: str) -> bool:
    """Whether the header can be one of that delimiter: its names are told apart by it, and by no comma."""
    names = next(iter(_rows(text, Dialect(mark))), [])
    return len(names) > 1 and (len(header) < 2 or text_field in names)


def _fit(rows: Sequence[Sequence[str]]) -> float:
    """The share of the rows after the header that have as many fields; a row that is none counts as another."""
    return sum(len(row) == len(rows[0]) for row in rows[1:]) / (len(rows) - 1) if len(rows) > 1 else float(bool(rows))


def _rows(text: str, dialect: Dialect) -> list[list[str]]:
    """The first rows that are not blank; one that breaks off is empty, and the next begins in the line after it."""
    rows: list[list[str]] = []
    lines = io.StringIO(text, newline="\n")
    for _ in range(_ROWS):
        try:
            row = next(reader(lines, dialect), None)
        except csv.Error:
            rows.append([])
            continue
        if row is None:
            break
        if row:
            rows.append(row)
    return rows


def reader(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    """Python's parser of the rows in these lines; it raises `csv.Error` on one that is none."""
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    return csv.reader(lines, strict=True, delimiter=dialect.delimiter, quoting=quoting)

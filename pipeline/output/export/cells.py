"""Cells of a CSV file: quoted as RFC 4180 has it, and such that no spreadsheet runs what a document says.

A cell that a spreadsheet might take for a formula has an apostrophe before it, and so has one that begins with an
apostrophe. A cell with a NUL, or with a carriage return that no line feed follows, begins with an apostrophe and a
backslash; in what comes then `\\0` is a NUL, `\\r` a carriage return and `\\\\` a backslash. `as_it_was` takes all of
it back.
"""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

# What spreadsheets begin a formula with, full-width and small forms too, behind whatever they pass over; and white
# space that they act on by itself (OWASP, "CSV injection").
_RUN: Final = r"^(['\t\r\n]|[\s\pZ\pC]*[=+\-@＝＋－＠﹢﹣﹦﹫])"
_BROKEN: Final = r"\x00|\r(?:[^\n]|$)"
_ESCAPES: Final = (("\\", r"\\"), ("\0", r"\0"), ("\r", r"\r"))


def quoted(values: pa.Array) -> pa.Array:
    """Texts as cells: those that are null are empty, those that are empty are `\"\"`."""
    inner = pc.replace_substring(harmless(values), '"', '""')
    return _or_nothing(pc.binary_join_element_wise('"', inner, '"', ""))


def plain(values: pa.Array) -> pa.Array:
    """Numbers as cells."""
    return _or_nothing(values.cast(pa.string()))


def harmless(values: pa.Array) -> pa.Array:
    """Texts as no spreadsheet runs them, and as every reader takes them.

    >>> harmless(pa.array(["=1+1", " ＝1", "'tis", "a-b"])).to_pylist()
    ["'=1+1", "' ＝1", "''tis", 'a-b']
    """
    told = pc.replace_substring_regex(values, _RUN, r"'\1", max_replacements=1)
    broken = pc.match_substring_regex(values, _BROKEN)
    if not pc.any(broken).as_py():
        return told
    escaped = values
    for character, escape in _ESCAPES:
        escaped = pc.replace_substring(escaped, character, escape)
    return pc.if_else(broken, pc.binary_join_element_wise("'\\", escaped, ""), told)


def as_it_was(cell: str) -> str:
    """What `harmless` has made such a cell of."""
    if cell.startswith("'\\"):
        return re.sub(r"\\(.)", lambda escape: {"0": "\0", "r": "\r"}.get(escape[1], escape[1]), cell[2:])
    return cell.removeprefix("'")


def _or_nothing(cells: pa.Array) -> pa.Array:
    return pc.coalesce(cells, "")

"""Files as streams of bytes: unpacked, whole or line by line, and never more of them in memory than is allowed.

Files are read as bytes, so that a bad byte costs its own record at most.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from pipeline.errors import RecordError

PACKED = {".gz": "gzip", ".zst": "zstd"}  # suffix: Arrow's name of what unpacks it
_CHUNK = 1 << 20  # bytes


def open_file(path: Path) -> BinaryIO:
    """The file's bytes, unpacked if its name says that it is packed.

    Raises:
        OSError: it cannot be opened.
    """
    packed = PACKED.get(path.suffix.lower())
    if not packed:
        return path.open("rb")
    return io.BufferedReader(pa.input_stream(str(path), compression=packed), _CHUNK)  # Arrow's own has no lines


def whole(path: Path, most: int) -> bytes:
    """All bytes of a file.

    Raises:
        RecordError: it is larger than `most` bytes.
    """
    with open_file(path) as stream:
        return within(stream.read(most + 1), most)


def within(content: bytes, most: int) -> bytes:
    """The bytes, if they are not more than `most`.

    Raises:
        RecordError: they are.
    """
    if len(content) > most:
        raise RecordError(f"larger than max_record_bytes = {most:,} bytes")
    return content


class Line(NamedTuple):
    """A line without its ending. `content` is None when it is too long; it has then been read past."""

    number: int  # from 1
    content: bytes | None
    quotes: int = 0  # quotation marks in a line read past: whether a CSV field begins or ends in it


def lines(stream: BinaryIO, most: int) -> Iterator[Line]:
    """The lines of at most `most` bytes, and which ones are longer.

    The byte order mark that some programs put before UTF-8 is no part of the first one.
    """
    number = 0
    while line := stream.readline(most + 1):
        number += 1
        if len(line) > most and not line.endswith(b"\n"):
            yield Line(number, None, line.count(b'"') + _read_past(stream))
        else:
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            yield Line(number, line.rstrip(b"\r\n"))


def _read_past(stream: BinaryIO) -> int:
    """Go on to the next line; returns the quotation marks on the way."""
    quotes = 0
    while rest := stream.readline(_CHUNK):
        quotes += rest.count(b'"')
        if rest.endswith(b"\n"):
            break
    return quotes


def too_long(most: int) -> str:
    """Why a line was read past."""
    return f"line longer than max_record_bytes = {most:,} bytes"

"""The charset of a file of many records, from how it begins: UTF-8, unless most of what could tell says another.

A file of one text is decoded as a whole (`decode`). In one of records a bad byte in UTF-8 is to cost its own record, so
it takes more than one to make the file another charset's: several lines that are rather no UTF-8, and more of them than
of lines that are. A line of such a file that is UTF-8 is still read as that.
"""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import suppress
from typing import NamedTuple

from pipeline.sources.charset.decode import decode

LOOKED_AT = 8 << 20  # bytes of a file
_FEWEST = 2  # lines: one bad byte is damage
_ENOUGH = 200_000  # bytes of such lines, for a guess
_PREVAIL = 2  # as in `decode`
_ASCII = bytes(range(128))
_PIECE = 1 << 20


class Charset(NamedTuple):
    """What a file is written in, how that was found, and how sure it is; as of `decode.Decoded`."""

    name: str = "utf-8"
    how: str = "utf-8"
    certainty: float = 1.0


UTF_8 = Charset()


def charset_of(sample: bytes) -> Charset:
    r"""The charset of a file that begins so.

    >>> charset_of("Мэр сказал\nМост закрыт\n".encode("cp1251"))[:2]
    ('cp1251', 'detected')
    >>> charset_of(b"one\ncaf\xe9\ntwo\n").name
    'utf-8'
    """
    if sample.isascii():
        return UTF_8
    telling = [line for line in sample.split(b"\n")[:-1] or [sample] if not line.isascii()]
    others = [line for line in telling if _is_other(line)]
    if len(others) < _FEWEST or len(others) <= len(telling) - len(others):
        return UTF_8
    found = decode(b"\n".join(others)[:_ENOUGH])
    if found.how != "detected" or found.charset.startswith("utf"):
        return UTF_8
    return Charset(found.charset, found.how, found.certainty)


def _is_other(line: bytes) -> bool:
    """Whether the bytes beyond ASCII are rather no UTF-8: of short lines in GBK half of them look like it."""
    with suppress(UnicodeDecodeError):
        line.decode("utf-8")
        return False
    beyond = len(line.translate(None, _ASCII))
    sound = len(line.decode("utf-8", "ignore").encode().translate(None, _ASCII))
    return sound < _PREVAIL * (beyond - sound)


def as_utf_8(stream: io.BufferedReader, charset: str) -> Generator[bytes, None, None]:
    """The lines of a stream in UTF-8; those that are not are read in `charset`, and bytes that mean nothing stay."""
    with stream:
        while line := stream.readline(_PIECE):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                line = line.decode(charset, "surrogateescape").encode("utf-8", "surrogateescape")
            yield line

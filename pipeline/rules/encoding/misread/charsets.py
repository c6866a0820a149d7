"""Characters back to the bytes that they were read from, and those bytes read as they were meant."""

from __future__ import annotations

import codecs
from functools import cache

import ftfy.bad_codecs  # noqa: F401 - the sloppy encodings, which have no holes

# Charsets of one byte a character, by Python's name, in the order in which they are worth trying.
_ONE_BYTE = (
    "sloppy-windows-1252 sloppy-windows-1251 mac-roman cp437 sloppy-windows-1250 iso8859-2 latin-1 cp850 cp866 koi8-r "
    "iso8859-15 cp852 cp857 cp737 sloppy-windows-1253 sloppy-windows-1254 sloppy-windows-1255 sloppy-windows-1256 "
    "sloppy-windows-1257 mac-cyrillic koi8-u cp855 iso8859-5 iso8859-7 iso8859-9 cp858 cp862 mac-greek mac-turkish "
    "mac-latin2 sloppy-windows-1258"
)
ONE_BYTE = tuple(_ONE_BYTE.split())
TWO_BYTES = ("gbk", "cp932", "big5hkscs", "cp949")


@cache
def _byte_of(charset: str) -> dict[int, int]:
    """The byte that each character was read from, in a charset of one byte a character.

    Bytes that mean nothing there are taken for C1 controls, as Latin-1 reads them.
    """
    table = {byte: byte for byte in range(0xA0)}
    for byte in range(0x80, 0x100):
        char = bytes([byte]).decode(charset, "ignore")
        if char:
            table[ord(char)] = byte
    return table


def as_bytes(text: str, charset: str) -> bytes | None:
    """The bytes that were read as `text` in `charset`; None if no bytes are.

    >>> as_bytes("caf├⌐", "cp437"), as_bytes("café", "cp866")
    (b'caf\xc3\xa9', None)
    """
    try:
        if charset in TWO_BYTES:
            return text.encode(charset)
        return codecs.charmap_encode(text, "strict", _byte_of(charset))[0]
    except UnicodeEncodeError:
        return None

"""Bytes that a charset has no character for and that became U+FFFD: they come back where only one can have been.

Guessing by n-grams which of several letters of a language it was is wrong once in ten times (`prète` is likelier than
`prête`), so that it is not done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from pipeline.rules.encoding.misread import fluency
from pipeline.rules.encoding.misread.charsets import as_bytes

LOST = "\ufffd"


@cache
def undefined(charset: str) -> tuple[int, ...]:
    """The bytes above 127 that mean nothing in a charset of one byte a character.

    >>> [hex(byte) for byte in undefined("sloppy-windows-1252")]
    ['0x81', '0x8d', '0x8f', '0x90', '0x9d']
    """
    codec = charset.replace("sloppy-windows-", "cp")
    return tuple(byte for byte in range(0x80, 0x100) if not bytes([byte]).decode(codec, "ignore"))


def lost_marks(line: str, run: re.Match[str], charset: str) -> bytes | None:
    r"""The bytes of UTF-8 that `run` was read from, with the last bytes of its marks that the charset could not read.

    Of three bytes that begin as a quotation mark does the last one tells which it was; here the blanks beside it do. A
    mark whose last byte the charset could have read is not among those that were lost. None if anything else was.

    >>> line = "β€\ufffdnot overβ€\ufffd"
    >>> [lost_marks(line, run, "sloppy-windows-1253") for run in re.finditer("[^\x00-\x7f]+", line)]
    [b'\xe2\x80\x9c', b'\xe2\x80\x9d']
    """
    content = b""
    pieces = run[0].split(LOST)
    at = run.start()
    for number, piece in enumerate(pieces):
        read = as_bytes(piece, charset)
        if read is None:
            return None
        content += read
        at += len(piece) + 1
        if number + 1 < len(pieces):
            last = _last_byte(content, line, at, charset)
            if last is None:
                return None
            content += last
    return content


_MARK, _CURRENCY = b"\xe2\x80", b"\xe2\x82"
_EURO, _DASH, _OPENING, _CLOSING = b"\xac", b"\x94", b"\x9c", b"\x9d"


def _last_byte(content: bytes, line: str, at: int, charset: str) -> bytes | None:
    """The byte before `line[at]`, at which what was read so far is `content`."""
    after = line[at : at + 1]
    if content.endswith(_CURRENCY):
        last = _EURO
    elif content.endswith(_MARK):
        start = at - 1 - len(content[-2:].decode(charset, "ignore"))
        opens, closes = not line[:start].strip() or line[start - 1] in " ([", not after.isalnum()
        last = _DASH if opens and closes else _OPENING if opens else _CLOSING if closes else b""
    else:
        return None
    try:
        (last + after.encode("ascii", "ignore")).decode(charset.replace("sloppy-windows-", "cp"))
    except UnicodeDecodeError:
        return last or None
    return None


def restored(text: str, options: Mapping[int, Sequence[str]]) -> str:
    """The text with the letters that its lost characters were, if its language has but one of the `options` there.

    >>> restored("Cały ten list jest \\ufffdle napisany.", {19: ["Ť", "ź", "ť"]})
    'Cały ten list jest źle napisany.'
    """
    known = sorted({char.lower() for choice in options.values() for char in choice})
    if not known:
        return text
    scores = fluency.nats([text, *known])
    language = int(scores[0].argmax())
    written = {char for char, score in zip(known, scores[1:, language], strict=True) if score > 0}
    chars = list(text)
    for at, choice in options.items():
        left = [char for char in choice if char.lower() in written]
        if text[at - 1 : at].islower():  # no capital amid a word
            left = [char for char in left if not char.isupper()] or left
        if len(left) == 1:
            chars[at] = left[0]
    return "".join(chars)

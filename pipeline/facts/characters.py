"""What Python says of characters, as tables for the loops in C: filled in for those that occur, when they first do.

That is a memo of Python's own answers, which never change; every loop that reads texts needs it, and is loaded here.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline import compiled

_IN_C = compiled.load("pipeline.facts._characters")
_CODES = 0x110000


def load(name: str) -> Any:
    """The compiled module of that name, which needs the tables; None where it, or what fills them in, was not built."""
    return compiled.load(name) if _IN_C else None


_AT_ONCE = 4096  # new characters that are learned in one go

# The bits of a character, as in `characters.h`: that it is known, and what Python says of it
_KNOWN, _WORD, _SPACE, _ALPHA, _UPPER, _LOWER, _DIGIT, _TITLE = (1 << bit for bit in range(8))


class Characters(NamedTuple):
    """Texts in UTF-8, where each starts and the last one ends, and the bits and the small letter of each character."""

    content: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    bits: NDArray[np.uint8]
    small: NDArray[np.int32]


# zeros take no memory before they are written to
_BITS = np.zeros(_CODES, np.uint8)
_SMALL = np.zeros(_CODES, np.int32)


def characters(texts: pa.StringArray) -> Characters:
    """The texts with tables that hold every character in them, for a module that `load` has found."""
    content, bounds = flat(texts)
    return Characters(content, bounds, *tables(content[bounds[0] : bounds[-1]]))


def tables(content: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """The bits and the small letter of each character, with all that are in the content, which is UTF-8."""
    if not _BITS[0]:
        _learn(range(128))
    while len(new := _unknown(content)):
        _learn(new)
    return _BITS, _SMALL


def flat(texts: pa.StringArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of all texts, and where each starts; none of them is null."""
    _, offsets, content = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1] if offsets else np.zeros(1)
    return np.frombuffer(content or b"", np.uint8), bounds.astype(np.int64)


def lowered(token: str) -> str:
    """The token in small letters, one for one: no letter's small one depends on where it stands.

    >>> lowered("ΟΔΟΣ İ")
    'οδοσ İ'
    """
    return token.lower() if token.isascii() else "".join(map(_lowered, token))


def _lowered(character: str) -> str:
    small = character.lower()
    return small if len(small) == 1 else character


def _unknown(content: NDArray[np.uint8]) -> Any:
    found = np.empty(_AT_ONCE, np.int32)
    return set(found[: _IN_C.unknown(content, _BITS, found)].tolist())


def _learn(codes: Any) -> None:
    for code in codes:
        character = chr(code)
        _SMALL[code] = ord(_lowered(character))
        _BITS[code] = (
            _KNOWN
            | _WORD * bool(re.match(r"\w", character))
            | _SPACE * character.isspace()
            | _ALPHA * character.isalpha()
            | _UPPER * character.isupper()
            | _LOWER * character.islower()
            | _DIGIT * character.isdigit()
            | _TITLE * (character.istitle() and not character.isupper())
        )

"""What the text of each block looks like, letter by letter: how long, how many words, commas, capitals, which cues.

All blocks of a page are looked at at once: their texts stand in one row of code points, and what is asked of each is
counted between its first and its last.
"""

from __future__ import annotations

import sys
from collections import Counter
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.page.blocks import Block
from pipeline.sources.page.cues import APPEAL, CREDIT, DATE, PHRASES, POINTER, cues_of

Floats = NDArray[np.float64]

_COUNTED = ("log_chars", "log_words", "link_share", "bold_share", "commas", "stops", "ends_well", "digits", "capitals",
            "word_length", "code", "bar", "upper_start", "colon", "broken", "cell", "repeated")  # fmt: skip
LETTERS = (*_COUNTED, "pointer", "credit", "appeal", "dated")
_START = 300  # characters of a block that a date is looked for in
_FIRST_WORDS = 60  # and words that are cues

# Kinds of characters, a bit each.
_WORD, _SINGLE, _UPPER, _DIGIT, _COMMA, _STOP, _FULL_STOP, _END, _CLOSING, _CODE, _BAR, _COLON = (
    1 << bit for bit in range(12)
)
_SETS = {
    _DIGIT: "0123456789",
    _COMMA: ",，、",
    _STOP: ".!?…",
    _FULL_STOP: "。！？",
    _END: ".!?…。！？:;\"”»)’'",
    _CLOSING: "\"”»)’' \n",
    _CODE: "{}();=<>$_",
    _BAR: "|»©@",
    _COLON: ":：",
}


@cache
def _kinds() -> NDArray[np.uint16]:
    """What each character is; those beyond the first plane are words (most are Chinese)."""
    kinds = np.zeros(sys.maxunicode + 1, np.uint16)
    for code in range(0x10000):
        letter = chr(code)
        kinds[code] = _WORD * letter.isalnum() | _UPPER * letter.isupper()
    kinds[0x10000:] = _WORD
    for first, last in ((0x3040, 0x30FF), (0x3400, 0x9FFF)):  # Chinese and Japanese characters are words one by one
        kinds[first : last + 1] |= _SINGLE
    for kind, letters in _SETS.items():
        kinds[[ord(letter) for letter in letters]] |= kind
    return kinds


def letters(blocks: list[Block], found: list[list[str]]) -> Floats:
    """One row for each block, one column for each of `LETTERS`; `found` are the words of each, in lower case."""
    texts = [block.text for block in blocks]
    joined = "\n".join(texts) + "\n"  # the line break ends a block as a space ends a word
    kinds = _kinds()[np.frombuffer(joined.encode("utf-32-le"), np.uint32)]
    chars = np.array([len(text) for text in texts], dtype=np.float64)
    ends = np.cumsum(chars + 1).astype(np.int64) - 2  # the last character of each block
    starts = ends + 1 - chars.astype(np.int64)

    def count(where: NDArray[np.bool_]) -> Floats:
        counted: Floats = np.add.reduceat(where, starts, dtype=np.int64).astype(np.float64)
        return counted

    def has(kind: int) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = (kinds & kind) != 0
        return found

    word, single = has(_WORD), has(_SINGLE)
    begins = word & (single | ~np.roll(word & ~single, 1))
    words = count(begins)
    stops = count(has(_FULL_STOP) | has(_STOP) & np.roll(has(_CLOSING), -1))
    times = Counter(texts)
    columns = (
        np.log1p(chars),
        np.log1p(words),
        np.minimum([block.linked for block in blocks] / chars, 1),
        np.minimum([block.bold for block in blocks] / chars, 1),
        np.minimum(count(has(_COMMA)) / chars * 50, 2),
        np.minimum(stops, 6),
        has(_END)[ends],
        count(has(_DIGIT)) / chars,
        count(has(_UPPER)) / chars,
        chars / np.maximum(words, 0.5),
        np.minimum(count(has(_CODE)) / chars * 10, 2),
        np.minimum(count(has(_BAR)), 1),
        has(_UPPER)[starts],
        has(_COLON)[ends],
        [block.broken for block in blocks],
        [block.cell for block in blocks],
        [min(times[text], 4) for text in texts],
    )
    return np.concatenate([np.stack(columns, axis=1), _cues(texts, found, starts, joined)], axis=1, dtype=np.float64)


def _cues(texts: list[str], found: list[list[str]], starts: NDArray[np.int64], joined: str) -> Floats:
    """Which cues each text holds; what stands at its start counts for the words and the date."""
    masks = _masks(found)
    lowered = joined.lower()
    joined = lowered if len(lowered) == len(joined) else joined  # a few letters become two
    for phrase, bit in PHRASES.items():
        at = joined.find(phrase)
        while at >= 0:
            masks[np.searchsorted(starts, at, "right") - 1] |= bit
            at = joined.find(phrase, at + 1)
    columns = (
        [POINTER.match(text) is not None for text in texts],
        masks & CREDIT != 0,
        masks & APPEAL != 0,
        [DATE.search(text, 0, _START) is not None for text in texts],
    )
    return np.stack(columns, axis=1).astype(np.float64)


def _masks(found: list[list[str]]) -> NDArray[np.int64]:
    """The bits of what the first words of each block are cues of."""
    starts = [own[:_FIRST_WORDS] for own in found]
    bits = {word: bit for word in set().union(*starts) if (bit := cues_of(word))}
    masks = np.zeros(len(found), np.int64)
    for block, start in enumerate(starts):
        for word in bits.keys() & start:
            masks[block] |= bits[word]
    return masks

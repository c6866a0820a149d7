"""What the text of each block looks like, letter by letter: how long, how many words, commas, capitals, which cues.

All blocks of a page are looked at at once: their texts stand in one row of code points, and what is asked of each is
counted between its first and its last, in C where that was compiled (`letters.c`), else in NumPy.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline import compiled
from pipeline.sources.page.automaton import Automaton
from pipeline.sources.page.blocks import Block
from pipeline.sources.page.cues import APPEAL, CREDIT, DATE, PHRASES, POINTER

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

_IN_C = compiled.load("pipeline.sources.page._letters")

_COUNTED = ("log_chars", "log_words", "link_share", "bold_share", "commas", "stops", "ends_well", "digits", "capitals",
            "word_length", "code", "bar", "upper_start", "colon", "broken", "cell", "repeated")  # fmt: skip
LETTERS = (*_COUNTED, "pointer", "credit", "appeal", "dated")
_START = 300  # characters of a block that a date is looked for in
_LEAST_OF_DATE = 3  # digits

# Kinds of characters, a bit each.
_WORD, _SINGLE, _UPPER, _DIGIT, _COMMA, _STOP, _FULL_STOP, _END, _CLOSING, _CODE, _BAR, _COLON, _ALNUM, _DECIMAL = (
    1 << bit for bit in range(14)
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
def kinds() -> NDArray[np.uint16]:
    """What each character is; those beyond the first plane count as words (most are Chinese)."""
    kinds = np.zeros(sys.maxunicode + 1, np.uint16)
    every = np.arange(len(kinds), dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    for kind, pattern in ((_ALNUM, r"[^\W_]+"), (_DECIMAL, r"\d+")):
        for match in re.finditer(pattern, every):
            kinds[match.start() : match.end()] |= kind
    kinds[:0x10000] |= np.where(kinds[:0x10000] & _ALNUM, np.uint16(_WORD), np.uint16(0))
    kinds[0x10000:] |= _WORD
    kinds[[code for code in range(0x10000) if every[code].isupper()]] |= _UPPER
    for first, last in ((0x3040, 0x30FF), (0x3400, 0x9FFF)):  # Chinese and Japanese characters are words one by one
        kinds[first : last + 1] |= _SINGLE
    for kind, letters in _SETS.items():
        kinds[[ord(letter) for letter in letters]] |= kind
    return kinds


class Counts(NamedTuple):
    """How many of a kind there are in each block, or 1 and 0 for whether there is one."""

    words: Numbers
    commas: Numbers
    stops: Numbers
    digits: Numbers
    capitals: Numbers
    code: Numbers
    bars: Numbers
    ends_well: Numbers
    colon: Numbers  # at its end
    upper_start: Numbers
    decimals: Numbers  # digits of any script


def counts(joined: str, sizes: NDArray[np.int64]) -> Counts:
    """What is counted in blocks of so many characters, each with a line break after it, which is in none of them."""
    return in_numpy(joined, sizes) if _IN_C is None else in_c(joined, sizes)


def in_c(joined: str, sizes: NDArray[np.int64]) -> Counts:
    """By `letters.c`."""
    rows = np.zeros((len(sizes), len(Counts._fields)), np.int64)
    _IN_C.count(kinds(), joined.encode("utf-32-le"), rows)
    return Counts(*rows.T)


def in_numpy(joined: str, sizes: NDArray[np.int64]) -> Counts:
    """By array operations over all characters."""
    kind = kinds()[np.frombuffer(joined.encode("utf-32-le"), np.uint32)]
    ends = np.cumsum(sizes + 1) - 2  # the last character of each block
    starts = ends + 1 - sizes

    def count(where: NDArray[np.bool_]) -> Numbers:
        counted: Numbers = np.add.reduceat(where, starts, dtype=np.int64)
        return counted

    def has(wanted: int) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = (kind & wanted) != 0
        return found

    word, single = has(_WORD), has(_SINGLE)
    return Counts(
        words=count(word & (single | ~np.roll(word & ~single, 1))),
        commas=count(has(_COMMA)),
        stops=count(has(_FULL_STOP) | has(_STOP) & np.roll(has(_CLOSING), -1)),
        digits=count(has(_DIGIT)),
        capitals=count(has(_UPPER)),
        code=count(has(_CODE)),
        bars=count(has(_BAR)),
        ends_well=has(_END)[ends].astype(np.int64),
        colon=has(_COLON)[ends].astype(np.int64),
        upper_start=has(_UPPER)[starts].astype(np.int64),
        decimals=count(has(_DECIMAL)),
    )


def letters(blocks: list[Block], joined: str, lowered: str, cues: Numbers) -> Floats:
    """A row for each of `LETTERS`, in it a number for each block.

    `joined` are the texts of the blocks, a line break after each; `lowered` is the same in lower case; `cues` is what
    the first words of each are cues of.
    """
    texts, _, linked, bold, _, broken, cell, _ = zip(*blocks, strict=True)
    sizes = np.array(list(map(len, texts)))
    found = counts(joined, sizes)
    chars = sizes.astype(np.float64)
    times = Counter(texts)
    # a few letters become two in lower case, and then capitals are left
    masks = cues | phrases(lowered if len(lowered) == len(joined) else joined, len(blocks))
    columns = (
        np.log1p(chars),
        np.log1p(found.words),
        np.minimum(np.array(linked) / chars, 1),
        np.minimum(np.array(bold) / chars, 1),
        np.minimum(found.commas / chars * 50, 2),
        np.minimum(found.stops, 6),
        found.ends_well,
        found.digits / chars,
        found.capitals / chars,
        chars / np.maximum(found.words, 0.5),
        np.minimum(found.code / chars * 10, 2),
        np.minimum(found.bars, 1),
        found.upper_start,
        found.colon,
        broken,
        cell,
        [min(times[text], 4) for text in texts],
        [POINTER.match(text) is not None for text in texts],
        masks & CREDIT != 0,
        masks & APPEAL != 0,
        [
            decimals >= _LEAST_OF_DATE and DATE.search(text, 0, _START) is not None
            for text, decimals in zip(texts, found.decimals.tolist(), strict=True)
        ],
    )
    return stacked(columns)


def stacked(columns: Sequence[ArrayLike]) -> Floats:
    """Columns of one length, a row of the matrix each."""
    matrix = np.empty((len(columns), len(np.asarray(columns[0]))))
    for number, column in enumerate(columns):
        matrix[number] = column
    return matrix


def phrases(joined: str, blocks: int) -> Numbers:
    """What the phrases in each of so many blocks, a line break after each, are cues of."""
    return phrases_in_python(joined, blocks) if _IN_C is None else phrases_in_c(joined, blocks)


def phrases_in_c(joined: str, blocks: int) -> Numbers:
    """By `letters.c`."""
    masks = np.zeros(blocks, np.int32)
    _IN_C.mentioned(ord("\n"), *_automaton(), joined.encode(), masks)
    return masks.astype(np.int64)


@cache
def _automaton() -> Automaton:
    return Automaton.of(PHRASES)


def phrases_in_python(joined: str, blocks: int) -> Numbers:
    """By looking for each phrase in all blocks."""
    masks = np.zeros(blocks, np.int64)
    starts = list(accumulate((len(text) + 1 for text in joined.split("\n")), initial=0))
    for phrase, bit in PHRASES.items():
        at = joined.find(phrase)
        while at >= 0:
            masks[bisect_right(starts, at) - 1] |= bit
            at = joined.find(phrase, at + 1)
    return masks

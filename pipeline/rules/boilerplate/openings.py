"""Which lines of many texts may be phrases, by the words that they open with or hold, all looked at in one pass in C.

A line that is passed over is no phrase; one that is not may be (`openings.c`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.facts.characters import characters, load

_IN_C = load("pipeline.rules.boilerplate._openings")
COMPILED = _IN_C is not None

Hashes = npt.NDArray[np.uint64]

_NAMED = {"": 0, "#": 1, "*": 2}  # as in `openings.c`: the end of the line, any number, anything
_SPANS = 4  # numbers that are told of a line
_ARROW = 1 << 30


class Looked(NamedTuple):
    """What was seen of texts."""

    lines: Sequence[tuple[int, str]]  # that may be phrases: the number of the text, and the line, texts in order
    shorts: npt.NDArray[np.int32]  # how many short lines each text has
    arrows: npt.NDArray[np.bool_]  # which texts may have an arrow


class Openings:
    """What phrases open with, as hashes; phrases are read when a line first opens with their first word."""

    def __init__(
        self, firsts: Collection[str], telling: Collection[str], read: Callable[[str], Collection[str]]
    ) -> None:
        """`firsts` are the first words of phrases, and `read` says which second words follow one.

        Of the words `telling` a line must hold one to be a phrase that opens with anything.
        """
        self._read_one = read
        self._telling = _slots(_hashes(list(telling)))
        unread: dict[int, list[str]] = {}
        for number, word in zip(_hashes(list(firsts)).tolist(), firsts, strict=True):
            unread.setdefault(number, []).append(word)
        self._known = _Known.of(unread, frozenset())

    def look(self, texts: pa.StringArray, longest: int, short: int) -> Looked:
        """Look at the lines of the texts, none of which is null: at those of up to `longest` characters for phrases.

        Lines that are blank count as none, short ones have up to `short` characters.
        """
        table = characters(texts)
        breaks = np.count_nonzero(table.content[table.bounds[0] : table.bounds[-1]] == ord("\n"))
        shorts = np.empty(len(texts), np.int32)
        lines = np.empty((breaks + len(texts), _SPANS), np.int64)
        known = self._known
        while True:
            slots = (known.unread_slots, known.pair_slots, self._telling)
            found = lines[: _IN_C.find(longest, short, *table, *slots, shorts, lines)]
            unread = np.unique(found[:, 3])
            if not unread.any():
                break
            # whole or not at all: of two threads that read at once the last one is believed, and nothing is hidden
            known = self._known = self._read(known, unread[unread != 0].view(np.uint64).tolist())
        told = [(text, table.content[start:end].tobytes().decode()) for text, start, end, _ in found.tolist()]
        return Looked(told, shorts & (_ARROW - 1), shorts >= _ARROW)

    def _read(self, known: _Known, numbers: Sequence[int]) -> _Known:
        """What is known when the phrases have been read whose first words have these hashes."""
        words = [word for number in numbers for word in known.unread[number]]
        both = [(word, second) for word in words for second in self._read_one(word)]
        made = np.empty(len(both), np.uint64)
        _IN_C.pairs(_hashes([first for first, _ in both]), _hashes([second for _, second in both]), made)
        read = set(numbers)
        left = {number: words for number, words in known.unread.items() if number not in read}
        return _Known.of(left, known.pairs.union(made.tolist()))


class _Known(NamedTuple):
    """First words of phrases that nobody has read, by their hashes; the first two words of the others, as hashes."""

    unread: Mapping[int, Sequence[str]]
    pairs: frozenset[int]
    unread_slots: Hashes
    pair_slots: Hashes

    @classmethod
    def of(cls, unread: Mapping[int, Sequence[str]], pairs: frozenset[int]) -> _Known:
        """The same with slots to look them up in."""
        return cls(unread, pairs, *(_slots(np.fromiter(hashes, np.uint64)) for hashes in (unread, pairs)))


def _hashes(words: Sequence[str]) -> Hashes:
    """The hash of each word; those of what is no word are its name's."""
    made = np.empty(len(words), np.uint64)
    _IN_C.hashes(*characters(pa.array(words, pa.string())), made)
    for number, word in enumerate(words):
        if word in _NAMED:
            made[number] = _NAMED[word]
    return made


def _slots(hashes: Hashes) -> Hashes:
    """The hashes as `openings.c` looks for them; half of the slots stay free."""
    slots = np.zeros(2 << len(hashes).bit_length(), np.uint64)
    _IN_C.fill(hashes, slots)
    return slots

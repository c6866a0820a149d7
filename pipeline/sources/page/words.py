"""What the words of each block are: how many, how many of them the page says of itself, and what they are cues of.

In C where that was compiled (`letters.c`), else with Python's sets: the same numbers.
"""

from __future__ import annotations

import re
from functools import cache, reduce
from itertools import accumulate
from operator import or_
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline import compiled
from pipeline.sources.page.cues import APPEAL, BEGINNINGS, WORDS, cues_of
from pipeline.sources.page.letters import kinds

Numbers = NDArray[np.int64]

FIRST_WORDS = 60  # of a block, that count as cues
_IN_C = compiled.load("pipeline.sources.page._letters")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")


class Words(NamedTuple):
    """One number for each block."""

    all: Numbers
    singles: Numbers  # words of one letter
    different: Numbers
    of_title: Numbers  # different ones
    of_description: Numbers
    of_body: Numbers  # every three words that follow each other
    cues: Numbers  # bits


class Said(NamedTuple):
    """What a page says of itself: how many different words there are, and every three that follow each other."""

    title: int
    description: int
    body: int


def words(lowered: str, blocks: int, title: str, description: str, body: str) -> tuple[Words, Said]:
    """What the words of each block are, and of what the page says of itself.

    `lowered` are the texts of so many blocks in lower case, a line break after each, which is in none of them.
    """
    look = in_python if _IN_C is None else in_c
    return look(lowered, blocks, title.lower(), description.lower(), body.lower())


def in_c(lowered: str, blocks: int, title: str, description: str, body: str) -> tuple[Words, Said]:
    """By `letters.c`."""
    rows, said = np.empty((blocks, len(Words._fields)), np.int64), np.empty(len(Said._fields), np.int64)
    # structured data may hold half of a pair of surrogates
    texts = [text.encode("utf-32-le", "surrogatepass") for text in (title, description, body, lowered)]
    _IN_C.words(len(WORDS), FIRST_WORDS, kinds(), *_cues(), *texts, said, rows)
    return Words(*rows.T), Said(*said.tolist())


@cache
def _cues() -> tuple[Any, ...]:
    """What `letters.c` is told: the letters of all cues, where each begins and the last one ends, and their bits."""
    cues = [*WORDS, *BEGINNINGS]
    bounds = np.array(list(accumulate(map(len, cues), initial=0)), np.int64)
    bits = np.array([*WORDS.values(), *(APPEAL for _ in BEGINNINGS)], np.int64)
    return "".join(cues).encode("utf-32-le"), bounds, bits


def in_python(lowered: str, blocks: int, title: str, description: str, body: str) -> tuple[Words, Said]:
    """With a list and a set of words for each block."""
    of_title, of_description = set(_WORD.findall(title)), set(_WORD.findall(description))
    of_body = _threes(_WORD.findall(body))
    body_set = set(of_body)
    found = [_WORD.findall(text) for text in lowered.split("\n")[:blocks]]
    cues = {word: cues_of(word) for word in set().union(*(own[:FIRST_WORDS] for own in found))}
    rows = np.zeros((blocks, len(Words._fields)), np.int64)
    for row, own in zip(rows, found, strict=True):
        different = set(own)
        row[:] = (
            len(own),
            sum(len(word) == 1 for word in own),
            len(different),
            len(different & of_title),
            len(different & of_description),
            sum(three in body_set for three in _threes(own)) if body_set else 0,
            reduce(or_, (cues[word] for word in own[:FIRST_WORDS]), 0),
        )
    return Words(*rows.T), Said(len(of_title), len(of_description), len(of_body))


def _threes(found: list[str]) -> list[tuple[str, str, str]]:
    """Every three words that follow each other."""
    return list(zip(found, found[1:], found[2:], strict=False))

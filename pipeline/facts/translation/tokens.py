"""Texts to numbers: the tokens of many texts at once, and the hashed n-grams that the model knows.

Everything downstream works on the distinct tokens or on NumPy arrays over all tokens, so that a document costs one
regular expression, one dictionary look-up a token and a few array passes.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.facts.characters import lowered

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

# A word, a number, or one sign; a line break counts where the line does not end in a sentence mark (headlines, and
# sentences cut off), so that wrapped and unwrapped copies of a text read the same.
TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]|(?<![.!?:;\"”'’)\n])\n")

WORD_BUCKETS = 1 << 17
LETTER_BUCKETS = 1 << 16
LONGEST = 32  # letters of a token that are looked at: a hostile text may be one "word" of a megabyte
_LONGEST_GRAM = 5  # UTF-8 bytes of a letter n-gram; the shortest has 2
_START = 7  # stands before the first token of a document
_MIX = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


class Tokens(NamedTuple):
    """The tokens of all documents: number `i` holds those with the ids `ids[ends[i - 1] : ends[i]]` in `distinct`."""

    distinct: list[str]
    ids: Ints
    ends: Ints


def tokenise(texts: Sequence[str]) -> Tokens:
    """All tokens of all texts, numbered in the order in which they first stand there.

    >>> tokenise(["Yes, yes", "Yes."])
    Tokens(distinct=['Yes', ',', 'yes', '.'], ids=array([0, 1, 2, 0, 3]), ends=array([3, 5]))
    """
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    ids: list[int] = []
    ends: list[int] = []
    for text in texts:
        ids.extend(map(numbers.__getitem__, TOKEN.findall(text)))
        ends.append(len(ids))
    return Tokens(list(numbers), np.array(ids, np.int64), np.array(ends, np.int64))


def key(token: str) -> int:
    """A token's hash: case does not count, nor does which number it is."""
    if token[0].isdigit():
        return 1
    return zlib.crc32(lowered(token[:LONGEST]).replace("’", "'").encode("utf-8", "surrogatepass"))


def stem(word: str) -> str:
    """A word without the `'s` of its owner, which no list holds."""
    return word[:-2] if word.endswith(("'s", "’s")) else word


def keys(distinct: Sequence[str]) -> Hashes:
    """The hash of each token."""
    return np.array([key(token) for token in distinct], np.uint64)


def run_grams(tokens: Tokens, keys: Hashes) -> Iterator[Ints]:
    """The buckets of all runs of two and of three tokens, by the token they end with.

    A run that would start before its document takes a start mark in place of what is missing.
    """
    own = keys[tokens.ids]
    starts = np.concatenate(([0], tokens.ends[:-1])).astype(np.int64)
    starts = starts[starts < len(own)]
    before = _shift(own, starts)
    pair = own * np.uint64(_MIX[1]) ^ before
    yield bucket(pair + np.uint64(2), WORD_BUCKETS)
    yield bucket(pair * np.uint64(_MIX[2]) ^ _shift(before, starts), WORD_BUCKETS)


def single_gram(keys: Hashes) -> Ints:
    """The bucket of each token as a run of one."""
    return bucket(keys + np.uint64(1), WORD_BUCKETS)


def letter_grams(distinct: Sequence[str]) -> tuple[Ints, Ints]:
    """The buckets of the letter n-grams of each distinct token, and the number of the token each belongs to."""
    padded = [f" {token[:LONGEST]} ".encode("utf-8", "surrogatepass") for token in distinct]
    if not padded:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    letters = np.frombuffer(b"".join(padded), np.uint8).astype(np.uint64)
    owner = np.repeat(np.arange(len(padded)), [len(token) for token in padded])
    buckets, owners = [], []
    hashes = letters + np.uint64(1)
    for size in range(2, _LONGEST_GRAM + 1):
        hashes = hashes[:-1] * np.uint64(_MIX[2]) + letters[size - 1 :] + np.uint64(1)
        inside = owner[: len(hashes)] == owner[size - 1 :]  # no n-gram crosses into the next token
        buckets.append(bucket(hashes[inside] + np.uint64(size), LETTER_BUCKETS))
        owners.append(owner[: len(hashes)][inside])
    return np.concatenate(buckets), np.concatenate(owners)


def _shift(keys: Hashes, starts: Ints) -> Hashes:
    """The key before each key, a start mark at the start of each document."""
    before = np.empty_like(keys)
    before[1:] = keys[:-1]
    before[starts] = _START
    return before


def bucket(hashes: Hashes, buckets: int) -> Ints:
    """Spread hashes over `buckets`, a power of two."""
    mixed: Hashes = (hashes * np.uint64(_MIX[0])) >> np.uint64(64 - buckets.bit_length() + 1)
    return mixed.astype(np.int64)

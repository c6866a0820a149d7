"""What a text alone gives to its signature (`signature.py`): hashes of it, of its shingles, and its folded words.

In C where that was compiled (`sign.c`), else in NumPy over all texts at once: the same to the last bit.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from pipeline import compiled
from pipeline.facts.duplicates import words as folding
from pipeline.facts.duplicates.words import Bytes, Hashes, Ints, Words, flat, mix, shingles, words

SHINGLE, SHINGLE_SPACELESS = 3, 5
ANCHOR, ANCHOR_SPACELESS = 7, 16
ANCHOR_REACH = 5
BANDS, ROWS = 16, 4

_IN_C = compiled.load("pipeline.facts.duplicates._sign")
# Bytes of text worked on at a time. NumPy takes a third of the time for what fits into the processor's cache.
CHUNK = 1 << 17 if _IN_C is None else 1 << 22

_GENERATOR = np.random.default_rng(20)
_MULTIPLIERS = _GENERATOR.integers(0, 1 << 32, BANDS * ROWS, dtype=np.uint32) | np.uint32(1)
_ADDENDS = _GENERATOR.integers(0, 1 << 32, BANDS * ROWS, dtype=np.uint32)
_BAND_SALTS = _GENERATOR.integers(0, 1 << 63, BANDS, dtype=np.uint64)


class Signs(NamedTuple):
    """A row for each text; `bands` and `anchors` are lists of 64-bit numbers, `words` the folded words."""

    letters: Ints  # bytes of its words
    shingles: Ints  # how many it has
    exact_high: Ints
    exact_low: Ints
    bands: pa.ListArray
    anchors: pa.ListArray
    words: pa.Array
    anything: npt.NDArray[np.bool_]  # whether there is anything to compare


def chunks(texts: pa.Array) -> list[tuple[int, int]]:
    """Consecutive texts, first and count, of about `CHUNK` bytes together."""
    bounds = flat(texts)[1]
    cuts = [0]
    while cuts[-1] < len(texts):
        after = int(np.searchsorted(bounds, bounds[cuts[-1]] + CHUNK, side="right")) - 1
        cuts.append(min(max(after, cuts[-1] + 1), len(texts)))
    return [(first, last - first) for first, last in itertools.pairwise(cuts)]


def signs(texts: pa.Array, min_words: int) -> Signs:
    """The signs of each text; those of fewer than `min_words` words have neither bands nor anchors."""
    return in_numpy(texts, min_words) if _IN_C is None else in_c(texts, min_words)


def in_c(texts: pa.Array, min_words: int) -> Signs:
    """By `sign.c`."""
    content, bounds = flat(texts)
    bounds = np.ascontiguousarray(bounds)
    sizes = np.empty((len(texts), 6), np.int64)
    bands = np.empty(len(texts) * BANDS, np.uint64)
    anchors = np.empty(len(content) // 2 + 1, np.uint64)
    folded, exact = np.empty(len(content), np.uint8), np.empty(len(content), np.uint8)
    _IN_C.sign(min_words, content, bounds, *tables(), sizes, bands, anchors, folded, exact)
    letters, runs, keys, chosen, of_words, of_exact = sizes.T
    return Signs(
        letters,
        runs,
        *_digests(exact, of_exact),
        _lists(bands, keys),
        _lists(anchors, chosen),
        _strings(folded, of_words),
        of_exact > 0,
    )


def tables() -> tuple[Any, ...]:
    """What `sign.c` is told: which bytes are letters, how they are folded, and what hashes are made with."""
    return (
        *(folding.CLASSES, folding.EXCEPTIONS, folding.LOWER_PAIRS, folding.simplified()),
        *(folding.VALUES, folding.POWERS, _MULTIPLIERS, _ADDENDS, _BAND_SALTS, _EXACT),
    )


def in_numpy(texts: pa.Array, min_words: int) -> Signs:
    """By array operations over all bytes of all texts."""
    content, bounds = flat(texts)
    found = words(texts)
    runs, _, offsets = shingles(found, SHINGLE, SHINGLE_SPACELESS)
    enough = np.diff(found.offsets) >= min_words
    kept = _EXACT[content]
    of_exact = _within(kept > 0, bounds)
    return Signs(
        _within(found.kinds > 0, found.bytes),
        np.diff(offsets),
        *_digests(kept[kept > 0], of_exact),
        _bands(runs, offsets, enough),
        _anchors(found, enough),
        _folded(found),
        of_exact > 0,
    )


def _digests(letters: Bytes, sizes: Ints) -> tuple[Ints, Ints]:
    """The 128-bit hash of so many letters of each text, in two halves."""
    content, ends = letters.tobytes(), np.concatenate([[0], np.cumsum(sizes)]).tolist()
    digests = [xxhash.xxh3_128_digest(content[start:end]) for start, end in itertools.pairwise(ends)]
    halves = np.frombuffer(b"".join(digests), ">i8").astype(np.int64).reshape(-1, 2)
    return halves[:, 0], halves[:, 1]


def _within(marked: npt.NDArray[np.bool_], bounds: Ints) -> Ints:
    """How many bytes of each document are marked."""
    counts = [np.count_nonzero(marked[start:end]) for start, end in itertools.pairwise(bounds.tolist())]
    return np.array(counts, np.int64)


def _exact_table() -> Any:
    table = np.zeros(256, np.uint8)
    table[0x80:] = np.arange(0x80, 256)
    for byte in b"abcdefghijklmnopqrstuvwxyz0123456789":
        table[byte] = byte
        table[ord(chr(byte).upper())] = byte
    return table


_EXACT = _exact_table()


def _bands(runs: Hashes, offsets: Ints, enough: Any) -> pa.ListArray:
    """Band keys of each document; none for a document with too few words."""
    counts = np.diff(offsets)
    signed = np.flatnonzero(enough & (counts > 0))
    starts = offsets[signed]
    keys = np.empty((len(signed), BANDS), np.uint64)
    if len(signed):
        # documents that are not signed fall to the document before them: cut them out
        wanted = np.repeat(enough & (counts > 0), counts)
        short = (runs >> np.uint64(32)).astype(np.uint32)[wanted]
        starts = np.concatenate([[0], np.cumsum(counts[signed])[:-1]])
        for band in range(BANDS):
            key = np.full(len(signed), _BAND_SALTS[band])
            for row in range(band * ROWS, band * ROWS + ROWS):
                least = np.minimum.reduceat(short * _MULTIPLIERS[row] + _ADDENDS[row], starts)
                key = mix(key * _MULTIPLIERS[0] + least)
            keys[:, band] = key
    return _lists(keys.ravel(), np.where(enough & (counts > 0), BANDS, 0))


def _anchors(found: Words, enough: Any) -> pa.ListArray:
    """The anchors of each document."""
    hashes, _, offsets = shingles(found, ANCHOR, ANCHOR_SPACELESS)
    counts = np.diff(offsets)
    owner = np.repeat(np.arange(len(counts)), counts)
    least = np.repeat(enough, counts)
    for step in range(1, ANCHOR_REACH + 1):
        same = owner[:-step] == owner[step:]
        first = hashes[:-step] <= hashes[step:]
        least[:-step] &= first | ~same
        least[step:] &= ~(first & same)
    pairs = np.unique(np.stack([owner[least].astype(np.uint64), hashes[least]], axis=1), axis=0)
    return _lists(pairs[:, 1].copy(), np.diff(np.searchsorted(pairs[:, 0], np.arange(len(counts) + 1))))


def _lists(values: Hashes, sizes: Ints) -> pa.ListArray:
    """Lists of so many values each."""
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values[: offsets[-1]].view(np.int64)))


def _folded(found: Words) -> pa.Array:
    """The words of each document, a space between them; characters that are words stand together."""
    content = found.folded
    inside = found.kinds > 0
    spaces = np.zeros(len(content), bool)
    if len(content):
        spaces[1:] = inside[:-1] & ~inside[1:]
        spaces[found.bytes[:-1][found.bytes[:-1] < len(content)]] = False  # the letter before is another document's
    kept = inside | spaces
    content = np.where(spaces, np.uint8(ord(" ")), content)[kept]
    return _strings(content, _within(kept, found.bytes))


def _strings(content: Bytes, sizes: Ints) -> pa.Array:
    """Texts of so many bytes each."""
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    letters = pa.py_buffer(content[: offsets[-1]].tobytes())
    return pa.LargeStringArray.from_buffers(len(sizes), pa.py_buffer(offsets), letters)

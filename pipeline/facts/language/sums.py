"""What lines say of each language: the rows of the profiles' table for their letters, added up.

A line is read in blocks of one size, in C (`sums.c`) or as arrays. Of long lines a sample of the blocks may be enough.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline import compiled
from pipeline.facts.language.ngrams import Stream
from pipeline.facts.language.profiles import Profiles, rows_at

_IN_C = compiled.load("pipeline.facts.language._sums")

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BLOCK = 32  # letters whose rows are added up first
SAMPLE_OF = 8  # blocks: a sample is the first few of each eight
_AT_ONCE = 128  # blocks whose rows are looked up at once: what fits in the processor's cache


def of_lines(
    profiles: Profiles, run: Stream, lines: Integers, sampled: NDArray[np.bool_] | None = None, sample: int = SAMPLE_OF
) -> Floats:
    """The sums of the rows of the table over each of the lines: a row a line, the columns as in the table.

    Of lines that are `sampled` (one answer a line) only the first `sample` of each `SAMPLE_OF` blocks are read.
    """
    if not len(lines):
        return np.zeros((0, profiles.table.shape[1]))
    line, starts = _blocks(run, lines, sampled, sample)
    read = in_numpy if _IN_C is None else in_c
    of_blocks = read(profiles, run, starts, run.stop[lines][line])
    return folded(of_blocks, np.bincount(line, minlength=len(lines))).astype(np.float64)


def in_c(profiles: Profiles, run: Stream, starts: Integers, stops: Integers) -> NDArray[np.float32]:
    """The sums over blocks that begin at the starts, none of which goes further than its stop, by `sums.c`."""
    sums = np.empty((len(starts), profiles.table.shape[1]), np.float32)
    table = (profiles.alphabet.codes, profiles.slots, profiles.keys, profiles.table)
    _IN_C.blocks(run.points, run.last, *table, starts, stops, sums)
    return sums


def in_numpy(profiles: Profiles, run: Stream, starts: Integers, stops: Integers) -> NDArray[np.float32]:
    """The same by array operations."""
    places = starts[:, None] + np.arange(-2, BLOCK)  # of the letters, after the two before them
    rows = rows_at(profiles, run, places)
    points = run.points.take(places, mode="wrap")
    same = points[:, 1:] == points[:, :-1]
    beyond = places[:, 2:] > stops[:, None]
    rows[(same[:, 1:] & same[:, :-1]) | beyond] = 0  # "Aaaaah" is no Somali
    return _of_blocks(profiles, rows)


def _blocks(run: Stream, lines: Integers, sampled: NDArray[np.bool_] | None, sample: int) -> tuple[Integers, Integers]:
    """The blocks to read: the line of each, and where it begins in the run."""
    start, stop = run.start[lines], run.stop[lines]
    blocks = (stop - start) // BLOCK + 1
    line = np.repeat(np.arange(len(lines)), blocks)
    number = np.arange(len(line)) - (np.cumsum(blocks) - blocks)[line]  # of the block in its line
    if sampled is not None:
        read = np.flatnonzero(~sampled[line] | (number % SAMPLE_OF < sample))
        line, number = line[read], number[read]
    return line, start[line] + number * BLOCK


def _of_blocks(profiles: Profiles, rows: NDArray[np.int32]) -> NDArray[np.float32]:
    """The sums of the rows of the table that each block asks for, a row a block.

    A product with ones adds faster than `sum`, and is exact here: see `Profiles.table`.
    """
    wanted, width = rows.ravel(), profiles.table.shape[1]
    sums = np.empty((len(rows), width), np.float32)
    room = np.empty((_AT_ONCE * BLOCK, width), np.float32)
    ones = np.ones((1, BLOCK), np.float32)
    for first in range(0, len(sums), _AT_ONCE):
        some = wanted[first * BLOCK : (first + _AT_ONCE) * BLOCK]
        taken = np.take(profiles.table, some, axis=0, out=room[: len(some)], mode="clip").reshape(-1, BLOCK, width)
        np.matmul(ones, taken, out=sums[first : first + _AT_ONCE, None])
    return sums


def folded(rows: NDArray[np.float32], counts: Integers) -> NDArray[np.float32]:
    """The sums of the first `counts[0]` rows, of the next `counts[1]` and so on; counts are at least 1.

    Neighbours are added in pairs until one row is left of each: exact enough in single precision for a million rows,
    and much faster than `np.add.reduceat`.

    >>> folded(np.array([[1], [2], [3], [4], [5]], np.float32), np.array([2, 3])).ravel().tolist()
    [3.0, 12.0]
    """
    while counts.max(initial=1) > 1:
        halves = (counts + 1) // 2
        group = np.repeat(np.arange(len(counts)), halves)
        left = 2 * (np.arange(len(group)) - (np.cumsum(halves) - halves)[group])
        first = (np.cumsum(counts) - counts)[group] + left
        paired = np.flatnonzero(left + 1 < counts[group])
        pairs = rows[first]
        pairs[paired] += rows[first[paired] + 1]
        rows, counts = pairs, halves
    return rows


def of_texts(lines: Floats, first: Integers) -> Floats:
    """The sums over each text from those over its lines: text `i` has lines `first[i]` to before `first[i + 1]`."""
    sums = np.zeros((len(first) - 1, lines.shape[1]))
    filled = np.flatnonzero(np.diff(first))
    if len(filled):
        sums[filled] = np.add.reduceat(lines, first[filled], axis=0)
    return sums

"""The boxes of a page: how much text each one holds, what it and those around it are called, which one is the article.

Sums of a box take in all boxes inside it. Good text is what reads like a paragraph of an article (see `good_text`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline import compiled
from pipeline.sources.page.blocks import Box

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

HOLDERS = ("article", "main", "aside", "nav", "header", "footer", "form", "table", "ul", "figure", "blockquote")
_HOLDER_BIT = {tag: 1 << bit for bit, tag in enumerate(HOLDERS)} | {"ol": 1 << HOLDERS.index("ul")}
# What a paragraph is worth to the box that it stands in, to the one around that, and so on outwards.
_WORTH = np.array([1.0, 1.0, 0.7, 0.5, 0.3])


def good_text(chars: Floats, link_share: Floats, stops: Floats) -> Floats:
    """The characters of each block that reads like a paragraph: long, hardly linked, with a sentence's end; else 0."""
    good: Floats = chars * ((chars >= 60) & (link_share < 0.3) & (stops > 0))
    return good


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """One number for each box."""

    chars: Floats
    linked: Floats  # characters inside links
    good: Floats  # characters of good text
    blocks: Floats


def sums(parent: Numbers, at: Numbers, chars: Floats, link_share: Floats, good: Floats) -> Sums:
    """Sums over the blocks in each box; `at` is the box of each block, `parent` the box around each box."""
    own = (chars, chars * link_share, good, np.ones(len(at)))
    return Sums(*handed_up(parent, np.array([np.bincount(at, values, len(parent)) for values in own])))


@dataclass(frozen=True, slots=True)
class Kinds:
    """What each box is, as bits."""

    topics: Numbers  # `TOPICS` of its names
    all_topics: Numbers  # and of those of the boxes around it
    holders: Numbers  # `HOLDERS`: its tag, and those around it


def kinds(boxes: list[Box], parent: Numbers, topics_of_names: Mapping[str, int]) -> Kinds:
    """What the boxes are called, each with what they stand in."""
    topics = np.array([topics_of_names.get(box.names, 0) for box in boxes])
    holders = np.array([_HOLDER_BIT.get(box.tag, 0) for box in boxes])
    # what the body is called says nothing
    return Kinds(topics, handed_down(parent, topics, 1), handed_down(parent, holders, 0))


def inside(parent: Numbers, main: int) -> NDArray[np.bool_]:
    """Which boxes are `main` or stand in it."""
    bits = np.zeros(len(parent), np.int64)
    bits[main] = 1
    return handed_down(parent, bits, 0) > 0


def main_box(parent: Numbers, at: Numbers, good: Floats) -> int:
    """The box that the article likely is: the one in which, and near which, most good text stands."""
    return int(np.argmax(scores(parent, np.bincount(at, good, len(parent)).astype(np.float64))))


def outwards(parent: Numbers, blocks: Floats, at: Numbers, levels: int) -> list[Numbers]:
    """The box of each block, then, level by level, the next box outwards that holds more blocks than it."""
    next_box = larger(parent, blocks)
    found = [at]
    while len(found) < levels:
        found.append(next_box[found[-1]])
    return found


# --- from box to box, in C where that was compiled (`boxes.c`); parents come before their children ----------------

_IN_C = compiled.load("pipeline.sources.page._boxes")


def handed_up(parent: Numbers, own: Floats) -> Floats:
    """Sums (any number of rows x boxes): what each box holds of its `own`, and those in it."""
    if _IN_C is None:
        return handed_up_in_python(parent, own)
    held = own.copy()
    _IN_C.up(parent, held)
    return held


def handed_up_in_python(parent: Numbers, own: Floats) -> Floats:
    """The last box first, a row after the other."""
    held, around = own.tolist(), parent.tolist()
    for row in held:
        for box in range(len(row) - 1, 0, -1):
            row[around[box]] += row[box]
    return np.array(held).reshape(own.shape)


def handed_down(parent: Numbers, own: Numbers, least: int) -> Numbers:
    """Bits: those of each box's `own`, and of the boxes around it, but for boxes before `least`."""
    if _IN_C is None:
        return handed_down_in_python(parent, own, least)
    bits = own.copy()
    _IN_C.down(least, parent, bits)
    return bits


def handed_down_in_python(parent: Numbers, own: Numbers, least: int) -> Numbers:
    """Box by box, parents first."""
    bits = own.tolist()
    for box, around in enumerate(parent.tolist()):
        if around >= least:
            bits[box] |= bits[around]
    return np.array(bits)


def larger(parent: Numbers, held: Floats) -> Numbers:
    """The next box outwards of each that holds more; of the body, itself."""
    if _IN_C is None:
        return larger_in_python(parent, held)
    outer = np.zeros(len(parent), np.int64)
    _IN_C.outwards(parent, held, outer)
    return outer


def larger_in_python(parent: Numbers, held: Floats) -> Numbers:
    """Box by box, parents first."""
    outer, around, holds = [0] * len(parent), parent.tolist(), held.tolist()
    for box in range(1, len(outer)):
        up = around[box]
        outer[box] = up if up == 0 or holds[up] > holds[box] else outer[up]
    return np.array(outer)


def scores(parent: Numbers, held: Floats) -> Floats:
    """What each box is worth by what it holds, and what those in it hold."""
    if _IN_C is None:
        return scores_in_python(parent, held)
    score = np.zeros(len(parent))
    _IN_C.score(parent, _WORTH, held, score)
    return score


def scores_in_python(parent: Numbers, held: Floats) -> Floats:
    """Box by box that holds anything, from each outwards."""
    score, around = [0.0] * len(parent), parent.tolist()
    for number in np.flatnonzero(held):
        box, size = int(number), float(held[number])
        for worth in _WORTH.tolist():
            score[box] += size * worth
            box = around[box]
            if box < 0:
                break
    return np.array(score)

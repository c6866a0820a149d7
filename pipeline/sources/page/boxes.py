"""The boxes of a page: how much text each one holds, what it and those around it are called, which one is the article.

Sums of a box take in all boxes inside it. Good text is what reads like a paragraph of an article (see `good_text`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.page.blocks import Box

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

HOLDERS = ("article", "main", "aside", "nav", "header", "footer", "form", "table", "ul", "figure", "blockquote")
_HOLDER_BIT = {tag: 1 << bit for bit, tag in enumerate(HOLDERS)} | {"ol": 1 << HOLDERS.index("ul")}
# What a paragraph is worth to the box that it stands in, to the one around that, and so on outwards.
_WORTH = (1.0, 1.0, 0.7, 0.5, 0.3)


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


def sums(parent: list[int], at: Numbers, chars: Floats, link_share: Floats, good: Floats) -> Sums:
    """Sums over the blocks in each box; `at` is the box of each block, `parent` the box around each box."""
    chars_, linked_, good_, blocks_ = (
        np.bincount(at, values, len(parent)).tolist() for values in (chars, chars * link_share, good, np.ones(len(at)))
    )
    for box in range(len(parent) - 1, 0, -1):  # children come after their parents
        if blocks_[box]:
            outer = parent[box]
            chars_[outer] += chars_[box]
            linked_[outer] += linked_[box]
            good_[outer] += good_[box]
            blocks_[outer] += blocks_[box]
    return Sums(*map(np.array, (chars_, linked_, good_, blocks_)))


@dataclass(frozen=True, slots=True)
class Kinds:
    """What each box is, as bits."""

    topics: list[int]  # `TOPICS` of its names
    all_topics: list[int]  # and of those of the boxes around it
    holders: list[int]  # `HOLDERS`: its tag, and those around it


def kinds(boxes: list[Box], topics_of_names: Mapping[str, int]) -> Kinds:
    """What the boxes are called, each with what they stand in."""
    topics: list[int] = []
    all_topics: list[int] = []
    holders: list[int] = []
    for box in boxes:  # parents come before their children
        own, outer = topics_of_names.get(box.names, 0), box.parent
        topics.append(own)
        all_topics.append(own | (all_topics[outer] if outer > 0 else 0))  # what the body is called says nothing
        holders.append(_HOLDER_BIT.get(box.tag, 0) | (holders[outer] if outer >= 0 else 0))
    return Kinds(topics, all_topics, holders)


def main_box(parent: list[int], at: Numbers, good: Floats) -> int:
    """The box that the article likely is: the one in which, and near which, most good text stands."""
    score = [0.0] * len(parent)
    held = np.zeros(len(parent))
    np.add.at(held, at, good)
    for number in np.flatnonzero(held):
        box, size = int(number), float(held[number])
        for worth in _WORTH:
            score[box] += size * worth
            box = parent[box]
            if box < 0:
                break
    return int(np.argmax(score))


def outwards(parent: list[int], blocks: Floats, at: Numbers, levels: int) -> list[Numbers]:
    """The box of each block, then, level by level, the next box outwards that holds more blocks than it."""
    outer = [0] * len(parent)
    held = blocks.tolist()
    for box in range(1, len(outer)):  # parents come before their children
        up = parent[box]
        outer[box] = up if up == 0 or held[up] > held[box] else outer[up]
    next_box = np.array(outer)
    found = [at]
    while len(found) < levels:
        found.append(next_box[found[-1]])
    return found

"""What can be told of a block: its words, its place in the layout, its neighbours, and what the page says of itself.

Each block becomes one row of numbers; `NAMES` gives the columns in order. They come in groups, a function each, listed
in `_GROUPS`, which gives them as the rows of a matrix. None of them knows a site: class names are read for the handful
of words that developers everywhere use, texts for length, punctuation and a few phrases of ten languages (`cues.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.page.blocks import Layout
from pipeline.sources.page.boxes import (
    HOLDERS,
    Floats,
    Numbers,
    Sums,
    good_text,
    inside,
    kinds,
    main_box,
    outwards,
    sums,
)
from pipeline.sources.page.cues import TOPICS, topics_of
from pipeline.sources.page.letters import LETTERS, letters, stacked
from pipeline.sources.page.words import Said, Words, words

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Clues:
    """What a page says of itself: headline, description, and the text in its structured data, "" if it says nothing."""

    title: str = ""
    description: str = ""
    body: str = ""
    declared: bool = False  # in structured data or OpenGraph, as pages do since about 2012


def features(page: Layout, clues: Clues) -> Matrix:
    """One row for each block of `page`, one column for each of `NAMES`; each column lies in one piece."""
    look = _look(page, clues)
    columns = [group(look) for _, group in _GROUPS]
    return np.concatenate(columns, axis=0, dtype=np.float32).T


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What all groups start from: the page, and for each of its blocks and boxes what is asked for more than once."""

    page: Layout
    clues: Clues
    words: Words  # of each block
    said: Said
    text: Floats  # `LETTERS` x blocks
    chars: Floats  # of each block
    good: Floats  # of each block: its characters, if it is good text
    at: Numbers  # the box of each block
    tags: Numbers  # of each block: the place of its box's tag in `_TAGS`
    kind: Numbers  # of each block: see `_kind_numbers`
    parent: Numbers  # the box around each box
    sums: Sums  # of each box

    def of_text(self, name: str) -> Floats:
        """One of the columns of `LETTERS`."""
        column: Floats = self.text[LETTERS.index(name)]
        return column

    def around(self) -> Numbers:
        """The box around the box of each block; for the body, itself."""
        around: Numbers = np.maximum(self.parent, 0)[self.at]
        return around


def _look(page: Layout, clues: Clues) -> _Look:
    blocks = page.blocks
    texts = [block.text for block in blocks]
    joined = "\n".join([*texts, ""])
    lowered = joined.lower()
    found, said = words(lowered, len(blocks), clues.title, clues.description, clues.body)
    text = letters(blocks, joined, lowered, found.cues)
    chars = np.array(list(map(len, texts)), dtype=np.float64)
    links, stops = text[LETTERS.index("link_share")], text[LETTERS.index("stops")]
    good = good_text(chars, links, stops)
    at = np.array([block.box for block in blocks])
    parent = np.array([box.parent for box in page.boxes])
    tags = np.array([_TAG_OF.get(page.boxes[block.box].tag, _DIV) for block in blocks])
    held = sums(parent, at, chars, links, good)
    return _Look(page, clues, found, said, text, chars, good, at, tags, _kind_numbers(page), parent, held)


# --- the text of the block ---------------------------------------------------------------------------------------


def _text(look: _Look) -> Floats:
    return look.text


# --- what its box and the boxes around it are called -------------------------------------------------------------

_TAGS = ("p", "h1", "h2", "h3", "hx", "li", "cell", "div", "quote", "pre", "figcaption", "dd", "label")
_DIV = _TAGS.index("div")
_TAG_OF = {
    "p": 0, "h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 4, "h6": 4, "li": 5, "td": 6, "th": 6, "div": 7, "body": 7,
    "section": 7, "article": 7, "main": 7, "center": 7, "blockquote": 8, "pre": 9, "code": 9, "figcaption": 10,
    "caption": 10, "dd": 11, "dt": 11, "label": 12, "button": 12, "legend": 12, "summary": 12, "address": 12,
}  # fmt: skip
_CALLED = (
    *(f"tag_{tag}" for tag in _TAGS),
    *(f"in_{tag}" for tag in HOLDERS),
    *(f"{whose}_{topic}" for whose in ("own", "up", "any", "inline") for topic in TOPICS),
)


def _called(look: _Look) -> NDArray[np.uint8]:
    """Tags and topics: of its box, of the two boxes around that, of all of them, of the inline elements in it."""
    blocks, at, up = look.page.blocks, look.at, look.around()
    tags = np.eye(len(_TAGS), dtype=np.uint8)[:, look.tags]
    called = topics_of({box.names: None for box in look.page.boxes} | {block.names: None for block in blocks})
    box_kinds = kinds(look.page.boxes, look.parent, called)
    topics, upper = box_kinds.topics, np.maximum(look.parent, 0)[up]
    inline = np.array([called.get(block.names, 0) for block in blocks])
    masks = (topics[at], topics[up] | topics[upper], box_kinds.all_topics[at], inline)
    holders = _bits(box_kinds.holders[at], len(HOLDERS))
    return np.concatenate([tags, holders, *(_bits(mask, len(TOPICS)) for mask in masks)])


def _bits(masks: Numbers, count: int) -> NDArray[np.uint8]:
    """The lowest bits of each mask, a row each."""
    octets = masks.astype("<u4").view(np.uint8).reshape(-1, 4)
    return np.unpackbits(octets, axis=1, count=count, bitorder="little").T


# --- what the boxes around it hold besides -----------------------------------------------------------------------

_LEVELS = 5
_HELD = tuple(
    f"{name}_{level}"
    for level in range(_LEVELS)
    for name in ("good_of_page", "link_share", "good_share", "log_chars", "log_blocks")
)


def _held(look: _Look) -> Floats:
    """For the box of each block and the boxes around it that hold more: how much text, how many links."""
    held = look.sums
    page_good = max(held.good[0], 1.0)
    columns = []
    for box in outwards(look.parent, held.blocks, look.at, _LEVELS):
        chars = np.maximum(held.chars[box], 1)
        columns += [
            held.good[box] / page_good,
            held.linked[box] / chars,
            held.good[box] / chars,
            np.log1p(chars),
            np.log1p(held.blocks[box]),
        ]
    return stacked(columns)


# --- blocks of the same kind -------------------------------------------------------------------------------------

_KIN = ("kin_count", "kin_chars", "kin_good", "kin_links")


def _kin(look: _Look) -> Floats:
    """All blocks that stand in boxes of the same names: how many, how long, how linked.

    The paragraphs of an article are alike, and so are the teasers in a list of them.
    """
    kind = look.kind
    chars = look.chars
    count = np.bincount(kind).astype(np.float64)[kind]
    linked = np.bincount(kind, chars * look.of_text("link_share"))[kind]
    total = np.bincount(kind, chars)[kind]
    good = np.bincount(kind, look.good)[kind]
    page_good = max(look.sums.good[0], 1.0)
    return stacked([np.log1p(count), np.log1p(total / count), good / page_good, linked / np.maximum(total, 1)])


def _kind_numbers(page: Layout) -> Numbers:
    """A number for each kind of block: the tag and the names of its box and of the box around that."""
    number: dict[tuple[str, ...], int] = {}
    kinds = []
    for block in page.blocks:
        box = page.boxes[block.box]
        up = page.boxes[box.parent] if box.parent >= 0 else box
        kinds.append(number.setdefault((box.tag, box.names, up.tag, up.names), len(number)))
    return np.array(kinds)


# --- where it stands ---------------------------------------------------------------------------------------------

_POSITION = ("position", "chars_before", "inside_main", "main_depth", "from_main_start", "to_main_end", "good_around",
             "depth", "elements_before")  # fmt: skip


def _position(look: _Look) -> Floats:
    """On the page, and as seen from the box that the article likely is."""
    page, at = look.page, look.at
    count = len(page.blocks)
    order = np.arange(count)
    main = main_box(look.parent, at, look.good)
    in_main = inside(look.parent, main)[at]
    good_in_main = np.flatnonzero(in_main & (look.good > 0))
    first, last = (good_in_main[0], good_in_main[-1]) if len(good_in_main) else (0, count - 1)
    chars = look.chars
    before = np.cumsum(chars) - chars
    nearby = np.convolve(look.good, np.ones(11), "same")[:count] if count >= 11 else np.zeros(count)
    depth = np.array([page.boxes[block.box].depth for block in page.blocks], dtype=np.float64)
    elements = np.array([block.elements for block in page.blocks], dtype=np.float64)
    columns = [
        order / count,
        before / max(chars.sum(), 1),
        in_main,
        np.where(in_main, depth - page.boxes[main].depth, -1),
        _signed_log(order - first),
        _signed_log(last - order),
        np.log1p(nearby),
        depth,
        np.log1p(np.diff(elements, prepend=0)),
    ]
    return stacked(columns)


def _signed_log(blocks: Numbers) -> Floats:
    return np.sign(blocks) * np.log1p(np.abs(blocks))


# --- what the page says of itself --------------------------------------------------------------------------------

_SAID = ("of_title", "title_of", "of_description", "of_body", "has_body", "from_headline", "has_headline")


def _said(look: _Look) -> Floats:
    """How much of each block stands in what the page says of itself, and how far it is from the headline."""
    found, said = look.words, look.said
    count = len(found.all)
    different, threes = np.maximum(found.different, 1), np.maximum(found.all - 2, 1)
    of_title, title_of = found.of_title / different, found.of_title / max(said.title, 1)
    of_description, of_body = found.of_description / different, found.of_body / threes
    is_heading = (look.tags == _TAGS.index("h1")) | (look.tags == _TAGS.index("h2"))
    likeness = np.minimum(of_title, title_of) + 0.3 * is_heading
    headline = int(np.argmax(likeness))
    shown = likeness[headline] >= 0.5
    from_headline = _signed_log(np.arange(count) - headline) if shown else np.zeros(count)
    has_body, has_headline = np.full((2, count), [[said.body > 0], [shown]])
    return stacked([of_title, title_of, of_description, of_body, has_body, from_headline, has_headline])


# --- the blocks before and after ---------------------------------------------------------------------------------

_OFFSETS = (-3, -2, -1, 1, 2, 3)
_OF_NEIGHBOUR = ("log_chars", "link_share", "stops", "ends_well", "commas")
_BESIDE = tuple(f"{name}_{offset:+d}" for offset in _OFFSETS for name in (*_OF_NEIGHBOUR, "same_box"))


def _beside(look: _Look) -> Floats:
    """What they look like, and whether they stand in a box beside its own."""
    theirs = look.text[[LETTERS.index(name) for name in _OF_NEIGHBOUR]]
    around: Floats = look.around().astype(np.float64)[None] + 1  # 0 stands for no block
    columns = []
    for offset in _OFFSETS:
        columns += [_shifted(theirs, offset), _shifted(around, offset) == around]
    return np.concatenate(columns)


def _shifted(columns: Floats, by: int) -> Floats:
    """What stands `by` places further on; zeros beyond either end."""
    moved = np.zeros_like(columns)
    if abs(by) < columns.shape[1]:
        if by > 0:
            moved[:, :-by] = columns[:, by:]
        else:
            moved[:, -by:] = columns[:, :by]
    return moved


# --- the heading above it, and the paragraphs on either side ------------------------------------------------------

_ABOVE = ("from_heading", "heading_pointer", "heading_appeal", "heading_linked", "from_good", "to_good",
          "chars_to_good", "good_before", "same_kind_around", "linked_before", "linked_after")  # fmt: skip
_IS_HEADING = np.array([tag in ("h1", "h2", "h3", "hx") for tag in _TAGS])
_NEAR = 4  # blocks


def _above(look: _Look) -> Floats:
    """What the last heading says, and how far the nearest paragraphs are: what stands between two is theirs."""
    count = len(look.chars)
    order = np.arange(count)
    heading = _last(_IS_HEADING[look.tags])
    under = (heading >= 0).astype(np.float64)
    before = _last(look.good > 0)
    after = count - 1 - _last(look.good[::-1] > 0)[::-1]  # `count` where none follows
    is_between = (before >= 0) & (after < count)
    kind = look.kind
    total = np.cumsum(look.chars)
    linked = look.chars * look.of_text("link_share")
    window = np.ones(_NEAR)
    sums_linked, sums_chars = np.convolve(linked, window), np.convolve(look.chars, window)
    columns = [
        np.where(heading >= 0, np.log1p(order - heading), -1),
        *(under * look.of_text(name)[heading] for name in ("pointer", "appeal", "link_share")),
        np.where(before >= 0, np.log1p(order - before), -1),
        np.where(after < count, np.log1p(after - order), -1),
        np.where(after < count, np.log1p(total[np.minimum(after, count - 1)] - total), -1),
        np.cumsum(look.good) / max(look.good.sum(), 1),
        is_between & (kind[before] == kind[np.minimum(after, count - 1)]),
        sums_linked[:count] / sums_chars[:count],
        sums_linked[_NEAR - 1 :] / sums_chars[_NEAR - 1 :],
    ]
    return stacked(columns)


def _last(where: NDArray[np.bool_]) -> Numbers:
    """For each place the last one up to it that is marked; -1 where there is none."""
    last: Numbers = np.maximum.accumulate(np.where(where, np.arange(len(where)), -1))
    return last


# --- the page as a whole -----------------------------------------------------------------------------------------

_PAGE = ("page_blocks", "page_good", "page_links", "page_cjk", "page_declared", "page_articles", "page_h1")


def _page(look: _Look) -> Floats:
    """The same for all blocks: what kind of page this is."""
    held = look.sums
    tags = [box.tag for box in look.page.boxes]
    row = (
        math.log1p(len(look.page.blocks)),
        math.log1p(held.good[0]),
        held.linked[0] / max(held.chars[0], 1),
        look.words.singles.sum() > 0.3 * look.words.all.sum(),
        look.clues.declared,
        min(tags.count("article"), 5),
        min(tags.count("h1"), 3),
    )
    return np.tile(np.array(row, dtype=np.float64)[:, None], (1, len(look.chars)))


_GROUPS: tuple[tuple[tuple[str, ...], Callable[[_Look], Floats | NDArray[np.uint8]]], ...] = (
    (LETTERS, _text),
    (_CALLED, _called),
    (_HELD, _held),
    (_KIN, _kin),
    (_POSITION, _position),
    (_SAID, _said),
    (_BESIDE, _beside),
    (_ABOVE, _above),
    (_PAGE, _page),
)
NAMES = tuple(name for names, _ in _GROUPS for name in names)

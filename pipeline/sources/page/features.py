"""What can be told of a block: its words, its place in the layout, its neighbours, and what the page says of itself.

Each block becomes one row of numbers; `NAMES` gives the columns in order. None of them knows a site: class names are
read for the handful of words that developers everywhere use, texts for length, punctuation and a few phrases of ten
languages (`cues.py`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.page.blocks import Block, Layout
from pipeline.sources.page.cues import APPEAL, CREDIT, MAX_NAMES, POINTER, TOPICS, topics_of

Matrix = NDArray[np.float32]

_TAGS = ("p", "h1", "h2", "h3", "hx", "li", "cell", "div", "quote", "pre", "figcaption", "dd", "label")
_TAG_OF = {
    "p": 0, "h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 4, "h6": 4, "li": 5, "td": 6, "th": 6, "div": 7, "body": 7,
    "section": 7, "article": 7, "main": 7, "center": 7, "blockquote": 8, "pre": 9, "code": 9, "figcaption": 10,
    "caption": 10, "dd": 11, "dt": 11, "label": 12, "button": 12, "legend": 12, "summary": 12, "address": 12,
}  # fmt: skip
_HOLDERS = ("article", "main", "aside", "nav", "header", "footer", "form", "table", "ul", "figure", "blockquote")
_HOLDER_BIT = {tag: 1 << bit for bit, tag in enumerate(_HOLDERS)} | {"ol": 1 << _HOLDERS.index("ul")}

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_DATE = re.compile(r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b(?:19|20)\d\d\b|\b\d{1,2}:\d\d\b")
_ENDS = tuple(".!?…。！？:;\"”»)’'")
_STOPS = re.compile(r"[.!?…。！？](?=\s|$|[\"”»)’])|[。！？]")


@dataclass(frozen=True, slots=True)
class Clues:
    """What a page says of itself: headline, description, and the text in its structured data, "" if it says nothing."""

    title: str = ""
    description: str = ""
    body: str = ""
    declared: bool = False  # in structured data or OpenGraph, as pages do since about 2012


def words(text: str) -> list[str]:
    """Runs of letters and digits; Chinese and Japanese characters one by one."""
    return _WORD.findall(text.lower())


def _bits(masks: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    return ((masks[:, None] >> np.arange(count)) & 1).astype(np.float64)


_OWN = ("log_chars", "log_words", "link_share", "bold_share", "commas", "stops", "ends_well", "digits", "capitals",
        "word_length", "dated", "broken", "cell", "bar", "upper_start", "repeated", "pointer", "credit", "appeal",
        "colon")  # fmt: skip


def _own(blocks: list[Block]) -> tuple[NDArray[np.float64], list[list[str]]]:
    """Numbers that come from the block's text alone, and its words."""
    rows, all_words = [], []
    times = Counter(b.text for b in blocks)
    for block in blocks:
        text = block.text
        size = len(text)
        found = words(text)
        all_words.append(found)
        rows.append((
            math.log1p(size), math.log1p(len(found)), min(block.linked / size, 1), min(block.bold / size, 1),
            min((text.count(",") + text.count("，") + text.count("、")) / size * 50, 2),
            min(len(_STOPS.findall(text)), 6), text.endswith(_ENDS),
            sum(map(text.count, "0123456789")) / size, sum(map(str.isupper, text[:200])) / min(size, 200),
            size / (len(found) or 0.5), bool(_DATE.search(text[:300])), block.broken, block.cell,
            "|" in text or "»" in text or "©" in text or "@" in text, text[0].isupper(), min(times[text], 4),
            bool(POINTER.match(text)), bool(CREDIT.search(text[:400])), bool(APPEAL.search(text[:400])),
            text.endswith((":", "：")),
        ))  # fmt: skip
    return np.array(rows, dtype=np.float64), all_words


class _Boxes:
    """Sums over every box and all boxes inside it, and what its ancestors are."""

    def __init__(self, page: Layout, own: NDArray[np.float64]) -> None:
        boxes, blocks = page.boxes, page.blocks
        self.parent = [box.parent for box in boxes]
        count = len(boxes)
        chars = np.array([len(b.text) for b in blocks], dtype=np.float64)
        links = own[:, _OWN.index("link_share")]
        good = chars * ((chars >= 60) & (links < 0.3) & (own[:, _OWN.index("stops")] > 0))
        self.chars, self.linked, self.good = np.zeros(count), np.zeros(count), np.zeros(count)
        self.blocks = np.zeros(count)
        index = np.array([b.box for b in blocks])
        np.add.at(self.chars, index, chars)
        np.add.at(self.linked, index, chars * links)
        np.add.at(self.good, index, good)
        np.add.at(self.blocks, index, 1)
        self.own_good = self.good.copy()
        sums = np.stack([self.chars, self.linked, self.good, self.blocks], axis=1).tolist()
        for i in range(count - 1, 0, -1):  # children come after their parents
            row, up = sums[i], sums[self.parent[i]]
            for k in range(4):
                up[k] += row[k]
        self.chars, self.linked, self.good, self.blocks = np.array(sums).T
        self.block_good = good
        self._inherit(page)

    def _inherit(self, page: Layout) -> None:
        seen: dict[str, int] = {}
        near: list[int] = []
        far: list[int] = []
        holders: list[int] = []
        for box in page.boxes:
            if box.names not in seen:
                seen[box.names] = topics_of(box.names) if len(seen) < MAX_NAMES else 0
            own, up = seen[box.names], box.parent
            holder = _HOLDER_BIT.get(box.tag, 0)
            near.append(own)
            far.append(own | (far[up] if up > 0 else 0))  # what the body is called says nothing
            holders.append(holder | (holders[up] if up >= 0 else 0))
        self.topics, self.all_topics, self.holders = near, far, holders

    def main(self) -> int:
        """The box that most text stands in: a paragraph counts for its box, its parent, and less for those above."""
        score = [0.0] * len(self.parent)
        for i in np.flatnonzero(self.own_good):
            box, worth = int(i), float(self.own_good[i])
            for share in (1.0, 1.0, 0.7, 0.5, 0.3):
                score[box] += worth * share
                box = self.parent[box]
                if box < 0:
                    break
        return int(np.argmax(score))


_LEVELS = 5
_LEVEL = ("good_of_page", "link_share", "good_share", "log_chars", "log_blocks")


def _around(boxes: _Boxes, at: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The box of each block, then, level by level, the next box outwards that holds more blocks than it."""
    outer = [0] * len(boxes.parent)
    held = boxes.blocks.tolist()
    for i in range(1, len(outer)):  # parents come before their children
        up = boxes.parent[i]
        outer[i] = up if up == 0 or held[up] > held[i] else outer[up]
    step = np.array(outer)
    levels = [at]
    while len(levels) < _LEVELS:
        levels.append(step[levels[-1]])
    return levels


def _levels(boxes: _Boxes, levels: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """For the box of each block and the boxes around it that hold more: how much text, how many links."""
    total = max(boxes.good[0], 1.0)
    columns = []
    for current in levels:
        chars = np.maximum(boxes.chars[current], 1)
        columns += [
            boxes.good[current] / total,
            boxes.linked[current] / chars,
            boxes.good[current] / chars,
            np.log1p(chars),
            np.log1p(boxes.blocks[current]),
        ]
    return np.stack(columns, axis=1)


_KIN = ("kin_count", "kin_chars", "kin_good", "kin_links")


def _kinds(page: Layout) -> NDArray[np.int64]:
    """A number for each kind of block: the tag and the names of its box and of the box around that."""
    keys = []
    for block in page.blocks:
        box = page.boxes[block.box]
        up = page.boxes[box.parent] if box.parent >= 0 else box
        keys.append((box.tag, box.names, up.tag, up.names))
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return np.array([number[key] for key in keys])


def _kin(index: NDArray[np.int64], boxes: _Boxes, own: NDArray[np.float64]) -> NDArray[np.float64]:
    """All blocks of the same kind: how many, how long, how linked."""
    count = np.bincount(index).astype(np.float64)
    chars = np.expm1(own[:, 0])
    links = np.bincount(index, chars * own[:, 2])[index]
    total = np.bincount(index, chars)[index]
    good = np.bincount(index, boxes.block_good)[index]
    count = count[index]
    page_good = max(boxes.good[0], 1.0)
    return np.stack([np.log1p(count), np.log1p(total / count), good / page_good, links / np.maximum(total, 1)], axis=1)


def _signed_log(steps: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.sign(steps) * np.log1p(np.abs(steps))


_PLACE = ("position", "chars_before", "inside_main", "main_depth", "from_main_start", "to_main_end", "good_around",
          "depth", "elements_before")  # fmt: skip


def _place(page: Layout, boxes: _Boxes, own: NDArray[np.float64], at: NDArray[np.int64]) -> NDArray[np.float64]:
    count = len(page.blocks)
    order = np.arange(count)
    main = boxes.main()
    inside = np.zeros(len(page.boxes), dtype=bool)
    inside[main] = True
    for i, box in enumerate(page.boxes):
        if box.parent >= 0 and inside[box.parent]:
            inside[i] = True
    in_main = inside[at]
    good_in_main = np.flatnonzero(in_main & (boxes.block_good > 0))
    first, last = (good_in_main[0], good_in_main[-1]) if len(good_in_main) else (0, count - 1)
    chars = np.expm1(own[:, 0])
    before = np.cumsum(chars) - chars
    around = np.convolve(boxes.block_good, np.ones(11), "same")[:count] if count >= 11 else np.full(count, 0.0)
    depth = np.array([box.depth for box in page.boxes], dtype=np.float64)
    elements = np.array([b.elements for b in page.blocks], dtype=np.float64)
    gaps = np.diff(elements, prepend=0)
    return np.stack([
        order / count, before / max(chars.sum(), 1), in_main, np.where(in_main, depth[at] - depth[main], -1),
        _signed_log(order - first), _signed_log(last - order),
        np.log1p(around), depth[at], np.log1p(gaps),
    ], axis=1)  # fmt: skip


_SAID = ("of_title", "title_of", "of_description", "of_body", "has_body", "from_headline", "has_headline")


def _said(
    all_words: list[list[str]], own: NDArray[np.float64], heads: NDArray[np.bool_], clues: Clues
) -> NDArray[np.float64]:
    """How much of each block stands in what the page says of itself, and how far it is from the headline."""
    title, description = set(words(clues.title)), set(words(clues.description))
    body_words = words(clues.body)
    body = {tuple(body_words[i : i + 3]) for i in range(len(body_words) - 2)}
    columns = np.zeros((len(all_words), len(_SAID)))
    for i, found in enumerate(all_words):
        if not found:
            continue
        own_words = set(found)
        if title:
            common = len(own_words & title)
            columns[i, 0], columns[i, 1] = common / len(own_words), common / len(title)
        if description:
            columns[i, 2] = len(own_words & description) / len(own_words)
        if body and len(found) >= 3:
            columns[i, 3] = sum(tuple(found[k : k + 3]) in body for k in range(len(found) - 2)) / (len(found) - 2)
    columns[:, 4] = bool(body)
    likeness = np.minimum(columns[:, 0], columns[:, 1]) + 0.3 * heads
    best = int(np.argmax(likeness))
    order = np.arange(len(all_words))
    if likeness[best] >= 0.5:
        columns[:, 5] = _signed_log(order - best)
        columns[:, 6] = 1
    return columns


_NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
_OF_NEIGHBOUR = ("log_chars", "link_share", "stops", "ends_well", "commas")
_PAGE = ("page_blocks", "page_good", "page_links", "page_cjk", "page_declared", "page_articles", "page_h1")


def shifted(columns: NDArray[np.float64], by: int) -> NDArray[np.float64]:
    """The row `by` places further on; zeros beyond either end."""
    moved = np.zeros_like(columns)
    if abs(by) < len(columns):
        if by > 0:
            moved[:-by] = columns[by:]
        else:
            moved[-by:] = columns[:by]
    return moved


def _names() -> tuple[str, ...]:
    names = [*_OWN, *(f"tag_{t}" for t in _TAGS), *(f"in_{t}" for t in _HOLDERS)]
    for prefix in ("own", "up", "any", "inline"):
        names += [f"{prefix}_{topic}" for topic in TOPICS]
    names += [f"{name}_{level}" for level in range(_LEVELS) for name in _LEVEL]
    names += [*_KIN, *_PLACE, *_SAID]
    names += [f"{name}_{by:+d}" for by in _NEIGHBOURS for name in (*_OF_NEIGHBOUR, "same_box")]
    return (*names, *_PAGE)


NAMES = _names()


def features(page: Layout, clues: Clues) -> Matrix:
    """One row for each block of `page`, one column for each of `NAMES`."""
    blocks = page.blocks
    own, all_words = _own(blocks)
    boxes = _Boxes(page, own)
    at = np.array([b.box for b in blocks])
    levels, kinds = _around(boxes, at), _kinds(page)
    tag = [_TAG_OF.get(page.boxes[b.box].tag, 7) for b in blocks]
    tags = np.zeros((len(blocks), len(_TAGS)))
    tags[np.arange(len(blocks)), tag] = 1
    up = np.maximum(np.array(boxes.parent), 0)[at]
    beside = []
    neighbour = own[:, [_OWN.index(name) for name in _OF_NEIGHBOUR]]
    box_number = (up + 1.0)[:, None]
    for by in _NEIGHBOURS:
        beside += [shifted(neighbour, by), shifted(box_number, by) == box_number]
    return np.concatenate([
        own, tags, _bits(np.array(boxes.holders)[at], len(_HOLDERS)), *_topic_columns(blocks, boxes, at, up),
        _levels(boxes, levels), _kin(kinds, boxes, own), _place(page, boxes, own, at),
        _said(all_words, own, np.isin(tag, (1, 2)), clues), *beside, _whole(page, boxes, all_words, clues),
    ], axis=1, dtype=np.float64).astype(np.float32)  # fmt: skip


def _topic_columns(
    blocks: list[Block], boxes: _Boxes, at: NDArray[np.int64], up: NDArray[np.int64]
) -> list[NDArray[np.float64]]:
    topics = np.array(boxes.topics)
    upper = np.maximum(np.array(boxes.parent), 0)[up]
    inline = np.array([topics_of(b.names) for b in blocks])
    masks = (topics[at], topics[up] | topics[upper], np.array(boxes.all_topics)[at], inline)
    return [_bits(mask, len(TOPICS)) for mask in masks]


def _whole(page: Layout, boxes: _Boxes, all_words: list[list[str]], clues: Clues) -> NDArray[np.float64]:
    """The same for all blocks: what kind of page this is."""
    single = sum(len(w) == 1 for found in all_words for w in found)
    tags = [box.tag for box in page.boxes]
    whole = [
        math.log1p(len(page.blocks)), math.log1p(boxes.good[0]), boxes.linked[0] / max(boxes.chars[0], 1),
        single > 0.3 * sum(map(len, all_words)), clues.declared, min(tags.count("article"), 5),
        min(tags.count("h1"), 3),
    ]  # fmt: skip
    return np.tile(np.array(whole, dtype=np.float64), (len(page.blocks), 1))

"""Which blocks of a page are its article: those that the model finds likely, and what stands between them.

The model looks at one block at a time, and is unsure of short ones: an item of a list, a cell, a paragraph of one link.
What stands between two paragraphs of the article belongs to it, unless it is a widget.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.page.blocks import Layout, boxes_around
from pipeline.sources.page.cues import TOPICS, topics_of
from pipeline.sources.page.features import NAMES

KEEP = 0.55  # swept 0.45-0.7 on held-out sites: within 0.2 points of F1 from 0.5 to 0.6
KEEP_HEADLINE = 0.9  # swept 0.55-0.9: gains on news what it loses on press
LEAST = 150  # characters: less is a caption or a notice, not an article
DOUBTFUL = 0.1  # where nothing reaches KEEP, blocks down to this are taken until there are LEAST characters
# Between two kept blocks: swept on held-out sites, of 100 blocks that are added 63 are the article's.
LEAST_BETWEEN, MEAN_BETWEEN = 0.05, 0.2
MAX_BETWEEN = 30  # blocks
MAX_LINKED = 0.5  # share of links, mean over the blocks
OPINION = 0.75  # share of what is kept, in one box of comments: then it is no comment

# The script of an advertiser that lost its element: a call that begins a line or the text, among the signs of code.
MUCH_CODE = 0.4  # the feature: four in a hundred characters
_SCRIPT = re.compile(
    r"(?:^|[;}\n]\s*)(?:var \w+ ?=|let \w+ ?=|const \w+ ?=|window\.\w+|document\.\w+\(|googletag\.|\(?\w*adsbygoogle\b|"
    r"[!(]?\(?function ?\w*\(|_gaq\.push|gtag\(|fbq\(|dataLayer\b|\$\(document\)|jQuery\()"
)

Mask = NDArray[np.bool_]
Rows = NDArray[np.float32]
Chances = NDArray[np.float64]

_OF_TITLE, _TITLE_OF, _H1, _DECLARED, _LOG_WORDS, _LOG_CHARS, _LINK_SHARE, _CODE, _PRE = map(
    NAMES.index,
    ("of_title", "title_of", "tag_h1", "page_declared", "log_words", "log_chars", "link_share", "code", "tag_pre"),
)
_CALLED = ("related", "share", "advert", "sign", "nav", "comment", "hidden", "foot", "meta", "caption")
_HOLDERS = ("in_aside", "in_nav", "in_footer", "in_form", "in_figure", "pointer", "appeal")
_OF_WIDGETS = [NAMES.index(f"{whose}_{topic}") for whose in ("own", "up", "inline") for topic in _CALLED]
_OF_WIDGETS += [NAMES.index(name) for name in _HOLDERS]
_COMMENT = 1 << TOPICS.index("comment")
_OF_COMMENTS = [NAMES.index("own_comment"), NAMES.index("up_comment")]


class Choice(NamedTuple):
    """The blocks to keep, and those that are not kept for another reason than their chance, by its name."""

    kept: Mask
    left_out: Mapping[str, Mask]


def chosen(page: Layout, rows: Rows, chance: Chances) -> Choice:
    """Which blocks to keep; `rows` are their features, `chance` is what the model says of each."""
    headline = _headline(rows) & (chance < KEEP_HEADLINE)
    chance = np.where(headline, 0, chance)
    kept = _likely(rows, chance)
    at = np.flatnonzero(kept)
    for before, after in zip(at.tolist(), at[1:].tolist(), strict=False):
        between = slice(before + 1, after)
        if 1 < after - before <= MAX_BETWEEN + 1 and _is_of_article(rows[between], chance[between]):
            kept[between] = _stand_together(page, before, after)
    script = _script(page, rows)
    kept &= ~script
    comments = _comments(page, rows, kept)
    return Choice(kept & ~comments, {"headline": headline, "script": script, "comments": comments})


def _comments(page: Layout, rows: Rows, kept: Mask) -> Mask:
    """What readers said after the article: it reads like prose, but its boxes are called so.

    An opinion piece may stand in a box of that name, too; then one box holds most of what is kept.
    """
    said = kept & rows[:, _OF_COMMENTS].any(axis=1)
    article = np.flatnonzero(kept & ~said)
    if not said.any() or np.expm1(rows[article, _LOG_CHARS]).sum() < LEAST:  # a forum holds nothing else
        return np.zeros_like(kept)
    called = topics_of(box.names for box in page.boxes)
    chars = np.expm1(rows[:, _LOG_CHARS])
    sizes: Counter[int] = Counter()
    for block in np.flatnonzero(said).tolist():
        around = boxes_around(page, page.blocks[block].box)
        sizes[next(box for box in around if called.get(page.boxes[box].names, 0) & _COMMENT)] += chars[block]
    if max(sizes.values()) > OPINION * chars[kept].sum():
        return np.zeros_like(kept)
    said[: article[-1]] = False
    return said


def _script(page: Layout, rows: Rows) -> Mask:
    """Blocks that are the script of an advertiser."""
    found: Mask = (rows[:, _CODE] > MUCH_CODE) & (rows[:, _PRE] == 0)
    for block in np.flatnonzero(found).tolist():
        found[block] = _SCRIPT.search(page.blocks[block].text) is not None
    return found


def _likely(rows: Rows, chance: Chances) -> Mask:
    """The likely blocks, or the least unlikely if those are too few to be an article."""
    chars = np.expm1(rows[:, _LOG_CHARS])
    limit = KEEP
    while chars[chance >= limit].sum() < LEAST and limit > DOUBTFUL:
        limit -= 0.05
    return chance >= limit


def _headline(rows: Rows) -> Mask:
    """The headline, on pages that declare it for machines: it is the article's title, and no part of its text."""
    is_title = (rows[:, _OF_TITLE] > 0.6) & (rows[:, _TITLE_OF] > 0.5) | (rows[:, _H1] > 0)
    short: Mask = rows[:, _LOG_WORDS] < np.log1p(40)
    return short & is_title & (rows[:, _DECLARED] > 0)


def _is_of_article(rows: Rows, chance: Chances) -> bool:
    """Whether blocks between two of the article are its own: not all too unlikely, and no widget by name or links."""
    if chance.min() < LEAST_BETWEEN or chance.mean() < MEAN_BETWEEN or rows[:, _LINK_SHARE].mean() > MAX_LINKED:
        return False
    return not rows[:, _OF_WIDGETS].any()


def _stand_together(page: Layout, before: int, after: int) -> bool:
    """Whether all blocks from `before` to `after` stand in the box that holds these two and nothing larger."""
    outer = set(boxes_around(page, page.blocks[before].box))
    inner = next(box for box in boxes_around(page, page.blocks[after].box) if box in outer)
    return all(inner in boxes_around(page, page.blocks[block].box) for block in range(before + 1, after))

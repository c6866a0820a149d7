"""What of a page did not go into its article: in pieces, by kind, with where each stood and how unsure that was.

A reader of a clean text who misses a paragraph finds it here, and so does whoever wonders why one is left. Blocks that
follow each other and are of one kind are one piece, unless they read like prose: such a block is a piece of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.page.blocks import Layout
from pipeline.sources.page.choice import Choice, Mask
from pipeline.sources.page.features import NAMES
from pipeline.sources.records import Remark

MAX_PIECES = 50  # of a page: those that were likeliest the article's
MAX_TEXT = 300  # characters of a piece that are shown
PROSE = 100  # characters of a block that ends as a sentence does
_MAX_LINKED = 0.3

# By what its box, the two around that, or the elements in it are called; the first that holds is the block's kind.
_KINDS = {
    "hidden": ("own_hidden", "up_hidden"),
    "advertisement": ("own_advert", "up_advert"),
    "comments": ("any_comment",),
    "navigation": ("in_nav", "own_nav", "up_nav"),
    "newsletter": ("in_form", "own_sign", "up_sign", "inline_sign"),
    "share": ("own_share", "up_share"),
    "related": ("own_related", "up_related", "pointer"),
    "caption": ("in_figure", "own_caption", "up_caption", "credit"),
    "footer": ("in_footer", "own_foot", "up_foot"),
    "byline": ("own_meta", "up_meta", "inline_meta"),
    "sidebar": ("in_aside", "own_side", "up_side"),
    "header": ("in_header", "own_top", "up_top"),
}
OTHER = "other"
KINDS = ("headline", "script", *_KINDS, OTHER)
_COLUMNS = [NAMES.index(name) for names in _KINDS.values() for name in names]
_FIRST = [0, *accumulate(map(len, _KINDS.values()))][:-1]  # column of each kind
_STOPS, _ENDS_WELL, _LINK_SHARE = map(NAMES.index, ("stops", "ends_well", "link_share"))


class Lost(NamedTuple):
    """A piece of a page that is not in its article.

    `at` is the offset in the article's text that it stood at, `text` how it begins, `chance` the greatest that the
    model gave to one of its blocks: 0 is surely not the article, 1 surely is.
    """

    kind: str
    at: int
    text: str
    blocks: int
    characters: int
    chance: float

    @property
    def remark(self) -> Remark:
        """The same as it is remarked upon the record: `page/navigation`, how much it is, and how likely."""
        size = f"{self.blocks:,} block{'s' * (self.blocks > 1)}, {self.characters:,} characters"
        return Remark(f"page/{self.kind}", f"{size}; at most {self.chance:.2f} likely", self.at, self.text)


def lost(
    page: Layout, rows: NDArray[np.float32], chance: NDArray[np.float64], choice: Choice, ends: list[int]
) -> tuple[Lost, ...]:
    """The pieces of `page` whose blocks are not kept, in reading order.

    `rows` are the features of its blocks, `ends` the offsets in the article at which each block ends, or the last one
    kept before it did. Why a block was left out, where that is known, is its kind.
    """
    left = np.flatnonzero(~choice.kept)
    if not len(left):
        return ()
    kinds, at = _kinds(rows, choice.left_out)[left], np.array(ends)[left]
    is_prose = (rows[:, _ENDS_WELL] > 0) & (rows[:, _STOPS] > 0) & (rows[:, _LINK_SHARE] < _MAX_LINKED)
    texts = [page.blocks[i].text for i in left.tolist()]
    alone = is_prose[left] & (np.array([len(text) for text in texts]) >= PROSE)
    begins = alone.copy()
    begins[0] = True
    begins[1:] |= (kinds[1:] != kinds[:-1]) | (at[1:] != at[:-1]) | alone[:-1]
    starts = np.flatnonzero(begins)
    greatest = [round(chance, 2) for chance in np.maximum.reduceat(chance[left], starts).tolist()]
    likeliest = sorted(range(len(starts)), key=lambda i: -greatest[i])[:MAX_PIECES]
    bounds = [*starts.tolist(), len(left)]
    return tuple(
        _piece(KINDS[kinds[bounds[i]]], int(at[bounds[i]]), texts[bounds[i] : bounds[i + 1]], greatest[i])
        for i in sorted(likeliest)
    )


def _kinds(rows: NDArray[np.float32], told: Mapping[str, Mask]) -> NDArray[np.int64]:
    """The kind of each block, by its place in `KINDS`."""
    named = np.logical_or.reduceat(rows[:, _COLUMNS] > 0, _FIRST, axis=1)
    kinds = np.where(named.any(axis=1), named.argmax(axis=1) + KINDS.index(next(iter(_KINDS))), KINDS.index(OTHER))
    for name, mask in reversed(list(told.items())):
        kinds[mask] = KINDS.index(name)
    return kinds


def _piece(kind: str, at: int, texts: list[str], chance: float) -> Lost:
    return Lost(kind, at, " | ".join(texts[:MAX_TEXT])[:MAX_TEXT], len(texts), sum(map(len, texts)), chance)

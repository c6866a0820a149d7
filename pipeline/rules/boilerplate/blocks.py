"""What the line model sees of the block that a line stands in: a bar of titles, readers' comments, a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.rules.boilerplate.view import MAX_TITLE, Line

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

MIN_HEADLINE = 25  # characters of a title of an article; menus have shorter lines
NEAR = 10  # lines
FAR = 60  # lines since a heading; more is as good as none
AROUND = 3  # lines before and after of which shapes are compared
# Kinds of lines that tell what block it is, by the rules that cut them: readers' comments have a prompt before them,
# names and dates between them; a list of stories has buttons and links.
BLOCKS = (
    ("comment_prompt",),
    ("date_stamp", "byline"),
    ("related_links", "continued", "video_remains"),
    ("share_prompt", "newsletter_pitch", "app_pitch"),
)
KIND_OF = {rule: number for number, rules in enumerate(BLOCKS, 1) for rule in rules}


def blocks(found: Sequence[Line], sizes: Floats, sentences: Flags, prose: Flags, shares: Floats) -> Floats:
    """Columns for the lines of a text, a row for each line.

    `sizes` are logarithms of lengths, `shares` (lines x n) what of the characters are capitals, digits and the like.
    """
    lengths = np.array([len(line.text) for line in found])
    title = ~sentences & (lengths >= MIN_HEADLINE) & (lengths <= MAX_TITLE)
    columns = [*_run(~prose), *_run(title), *_run(sentences)]
    for rules in BLOCKS:
        there = np.array([(line.rule or line.doubtful) in rules for line in found])
        columns += _near(there)
    around = _means(np.concatenate([sizes[:, None], sizes[:, None] ** 2, shares], axis=1), AROUND)
    columns += [around[:, 0], np.maximum(around[:, 1] - around[:, 0] ** 2, 0), *around[:, 2:].T]
    columns += [np.array([line.pages for line in found]), np.array([line.of for line in found])]
    return np.array(columns, np.float32).T


def _run(flags: Flags) -> list[Floats]:
    """How many lines of the kind stand before and after each without a gap; 0 both for lines of another kind."""
    index = np.arange(len(flags))
    before = index - np.maximum.accumulate(np.where(flags, -1, index))
    after = np.minimum.accumulate(np.where(flags, len(flags), index)[::-1])[::-1] - index
    return [np.log1p(np.where(flags, before, 0)), np.log1p(np.where(flags, after, 0))]


def _near(there: Flags) -> list[Floats]:
    """Lines since the last one of the kind, and how many of them are near, before and after."""
    number = len(there)
    index = np.arange(number)
    last = np.maximum.accumulate(np.where(there, index, -FAR))
    count = np.concatenate([[0], np.cumsum(there)])
    before = count[index] - count[np.maximum(index - NEAR, 0)]
    after = count[np.minimum(index + 1 + NEAR, number)] - count[index + 1]
    return [np.minimum(index - last, FAR), before, after, count[:-1]]


def _means(rows: Floats, width: int) -> Floats:
    """The mean of each column over the lines around, `width` to each side, and the line itself."""
    number = len(rows)
    total = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    index = np.arange(number)
    first, last = np.maximum(index - width, 0), np.minimum(index + width + 1, number)
    means: Floats = ((total[last] - total[first]) / (last - first)[:, None]).astype(np.float32)
    return means

"""A page to its article: the text a reader came for, and what the page says of itself.

The page becomes a row of blocks (`blocks.py`), each block a row of numbers (`features.py`), and decision trees trained
on hand-made articles (`page.npz`, by `benchmarks/train_extraction.py`) say how likely it is part of the article. Here
stands what follows from that: which blocks are kept, and how they are put together again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from lxml import etree  # type: ignore[import-untyped]  # it ships no types
from numpy.typing import NDArray

from pipeline.errors import RecordError
from pipeline.sources.charset.decode import decode
from pipeline.sources.page import bounds, fragment
from pipeline.sources.page.blocks import Block, layout
from pipeline.sources.page.features import NAMES, Clues, features
from pipeline.sources.page.metadata import Metadata, metadata
from pipeline.sources.page.model import PageModel

KEEP = 0.55  # swept 0.3-0.7 on held-out hosts of extraction_news, _press and _web
KEEP_HEADLINE = 0.9  # swept 0.55-0.9: gains on news what it loses on press
LEAST = 150  # characters: less is a caption or a notice, not an article
DOUBTFUL = 0.1  # where nothing reaches KEEP, blocks down to this are taken until there are LEAST characters


@dataclass(frozen=True, slots=True)
class Article:
    """What a page is about. `date` is ISO 8601, as precise as the page is; `language` is what the page declares."""

    text: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    date: str | None = None
    language: str | None = None
    charset: str = "utf-8"


def extract(page: bytes | str, url: str | None = None) -> Article | None:
    """The article on a page, or None when the page has none.

    Paragraphs are separated by a blank line, lines within one by a line break, cells of a table row by a tab;
    headings, lists, quotes and tables stay in reading order. The headline is in `title`; the text begins with it only
    on pages that do not declare it for machines. `url` helps with the date. Never raises for what a page holds.
    """
    charset = "utf-8"
    if isinstance(page, bytes):
        decoded = decode(page)
        page, charset = decoded.text, decoded.charset
    try:
        return article_of(page, url, charset)
    except RecordError:
        return None


def article_of(page: str, url: str | None = None, charset: str = "utf-8") -> Article | None:
    """The same, of a page that is decoded.

    Raises:
        RecordError: the page holds more than is read (see `bounds`).
    """
    root = parse(page)
    if root is None:
        return None
    said = metadata(root, url)
    text = _text(root, said)
    if len(text) < LEAST and len(said.body) >= 2 * LEAST:  # the page is drawn by a script; its text is only declared
        text = fragment.text_of(said.body) if fragment.is_markup(said.body) else said.body
    if not text:
        return None
    return Article(text, said.title, said.authors, said.date, said.language, charset)


def parse(text: str) -> Any:
    """The tree of a page, however broken its markup; None when there is nothing in it.

    Raises:
        RecordError: the page holds more than is read.
    """
    bounds.check(text)
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    content = text.replace("\0", "").encode("utf-8", "replace")
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log):
        raise RecordError(f"elements nested deeper than {bounds.MAX_DEPTH:,} levels: its parser stops there")
    return root


def clues(said: Metadata) -> Clues:
    """What of the metadata helps to tell the article from what stands around it."""
    return Clues(said.title or "", said.description, said.body, said.declared)


@cache
def _model() -> PageModel:
    model = PageModel.read(Path(__file__).with_name("page.npz"))
    if model.names != NAMES:
        raise RuntimeError(
            "pipeline/sources/page/page.npz was trained on other features; run benchmarks/train_extraction.py"
        )
    return model


def _text(root: Any, said: Metadata) -> str:
    page = layout(root)
    if not page.blocks:
        return ""
    rows = features(page, clues(said))
    kept = chosen(_model().probability(rows), rows, np.array([len(b.text) for b in page.blocks]))
    return joined([b for b, keep in zip(page.blocks, kept, strict=True) if keep])


def chosen(chance: NDArray[np.float64], rows: NDArray[np.float32], chars: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The blocks to keep: the likely ones, or the least unlikely if those are too few to be an article."""
    chance = np.where(_headline(rows) & (chance < KEEP_HEADLINE), 0, chance)
    limit = KEEP
    while chars[chance >= limit].sum() < LEAST and limit > DOUBTFUL:
        limit -= 0.05
    return chance >= limit


def _headline(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The headline, on pages that declare it for machines: it is the article's title, and no part of its text."""
    is_title = (rows[:, _OF_TITLE] > 0.6) & (rows[:, _TITLE_OF] > 0.5) | (rows[:, _H1] > 0)
    short: NDArray[np.bool_] = rows[:, _LOG_WORDS] < np.log1p(40)
    return short & is_title & (rows[:, _DECLARED] > 0)


_OF_TITLE, _TITLE_OF, _H1, _DECLARED, _LOG_WORDS = map(
    NAMES.index, ("of_title", "title_of", "tag_h1", "page_declared", "log_words")
)


_CELL = 80  # characters: a longer cell is a column of the layout, and its text a paragraph


def joined(blocks: list[Block]) -> str:
    """Blocks as text: a blank line between paragraphs, a line break where the page has one, a tab between cells."""
    pieces: list[str] = []
    for block in blocks:
        if pieces:
            in_row = block.cell and max(len(block.text), len(pieces[-1])) <= _CELL
            pieces.append("\t" if in_row else "\n" if block.broken else "\n\n")
        pieces.append(block.text)
    return "".join(pieces)

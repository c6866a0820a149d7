"""A page to its article: the text a reader came for, and what the page says of itself.

The page becomes a row of blocks (`blocks.py`), each block a row of numbers (`features.py`), and decision trees trained
on hand-made articles (`page.npz`, by `benchmarks/train_extraction.py`) say how likely it is part of the article. Which
of them are kept stands in `choice.py`; here, how they are put together again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # it ships no types

from pipeline.errors import RecordError
from pipeline.sources.charset.decode import decode
from pipeline.sources.page import absent, bounds, fragment
from pipeline.sources.page.blocks import Block, Layout, layout
from pipeline.sources.page.choice import LEAST, chosen
from pipeline.sources.page.features import NAMES, Clues, features
from pipeline.sources.page.lost import Lost, lost
from pipeline.sources.page.metadata import Metadata, metadata
from pipeline.sources.page.model import PageModel


@dataclass(frozen=True, slots=True)
class Article:
    """What a page is about. `date` is ISO 8601, as precise as the page is; `language` and `url` are as it says."""

    text: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    date: str | None = None
    language: str | None = None
    charset: str = "utf-8"
    url: str | None = None
    lost: tuple[Lost, ...] = ()  # what of the page is not in the text


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


def article_of(page: str, url: str | None = None, charset: str = "utf-8") -> Article:
    """The same, of a page that is decoded.

    Raises:
        RecordError: there is none, and why; or the page holds more than is read (see `bounds`).
    """
    root = parse(page)
    if root is None:
        raise RecordError(absent.NONE)
    said = metadata(root, url)
    blocks = layout(root)
    text, kept, pieces = _text(blocks, said)
    if len(text) < LEAST and len(said.body) >= 2 * LEAST:  # the page is drawn by a script; its text is only declared
        text, pieces = fragment.text_of(said.body) if fragment.is_markup(said.body) else said.body, ()
    has_script = not text and root.find(".//script") is not None
    if reason := absent.why_absent(said, blocks, kept, text, url, has_script=has_script):
        raise RecordError(reason)
    return Article(text, said.title, said.authors, said.date, said.language, charset, said.url, pieces)


def parse(text: str) -> Any:
    """The tree of a page, however broken its markup; None when there is nothing in it.

    Raises:
        RecordError: the page holds more than is read.
    """
    content = bounds.check(text).replace(b"\0", b"")
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
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


def _text(page: Layout, said: Metadata) -> tuple[str, list[bool], tuple[Lost, ...]]:
    """The article's text, which blocks it is made of, and what of the page is not in it."""
    if not page.blocks:
        return "", [], ()
    rows = features(page, clues(said))
    chance = _model().probability(rows)
    choice = chosen(page, rows, chance)
    kept: list[bool] = choice.kept.tolist()
    text, ends = together(page.blocks, kept)
    return text, kept, lost(page, rows, chance, choice, ends)


_CELL = 80  # characters: a longer cell is a column of the layout, and its text a paragraph


def joined(blocks: Sequence[Block]) -> str:
    """Blocks as text: a blank line between paragraphs, a line break where the page has one, a tab between cells."""
    return together(blocks, [True] * len(blocks))[0]


def together(blocks: Sequence[Block], kept: Sequence[bool]) -> tuple[str, list[int]]:
    """The kept blocks as text, and for each block where in it the last one ends that was kept so far."""
    pieces: list[str] = []
    ends: list[int] = []
    end = 0
    for block, keep in zip(blocks, kept, strict=True):
        if keep:
            if pieces:
                in_row = block.cell and max(len(block.text), len(pieces[-1])) <= _CELL
                pieces.append("\t" if in_row else "\n" if block.broken else "\n\n")
                end += len(pieces[-1])
            pieces.append(block.text)
            end += len(block.text)
        ends.append(end)
    return "".join(pieces), ends

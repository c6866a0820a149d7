"""A page to its article: the text a reader came for, and what the page says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]  # it ships no types

from pipeline.sources.blocks import Block, Layout, layout
from pipeline.sources.charset import decode

MAX_CHARACTERS = 20_000_000  # more than any page of news; what follows is not read


@dataclass(frozen=True, slots=True)
class Article:
    """What a page is about. `date` is ISO 8601, as precise as the page is; `language` is what the page declares."""

    text: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    date: str | None = None
    language: str | None = None
    charset: str = "utf-8"


def parse(text: str) -> etree._Element | None:
    """The tree of a page, however broken its markup; None when there is nothing in it."""
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    content = text[:MAX_CHARACTERS].replace("\0", "").encode("utf-8", "replace")
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def extract(page: bytes | str, url: str | None = None) -> Article | None:
    """The article on a page, or None when the page has none."""
    charset = "utf-8"
    if isinstance(page, bytes):
        decoded = decode(page)
        page, charset = decoded.text, decoded.charset
    root = parse(page)
    if root is None:
        return None
    body = root.find("body")
    found = layout(root if body is None else body)
    text = _joined(_chosen(found))
    if not text:
        return None
    title = root.findtext("head/title")
    return Article(text, title.strip() if title else None, charset=charset, language=root.get("lang"))


def _joined(blocks: list[Block]) -> str:
    pieces: list[str] = []
    for block in blocks:
        if pieces:
            pieces.append("\t" if block.cell else "\n" if block.broken else "\n\n")
        pieces.append(block.text)
    return "".join(pieces)


_AWAY = re.compile(
    r"nav|menu|sidebar|comment|related|share|social|promo|footer|widget|subscribe|newsletter|cookie|breadcrumb|banner|"
    r"popular|recommend|copyright|x-hidden"
)
_AWAY_TAGS = frozenset({"nav", "aside", "footer", "form", "figure", "button"})


def _chosen(page: Layout) -> list[Block]:
    """The blocks of the box whose paragraphs hold most text."""
    away = [False] * len(page.boxes)
    for index, box in enumerate(page.boxes):
        away[index] = (
            (box.parent >= 0 and away[box.parent])
            or box.tag in _AWAY_TAGS
            or bool(box.depth > 1 and _AWAY.search(box.names))
        )
    score = [0.0] * len(page.boxes)
    for block in page.blocks:
        if away[block.box] or len(block.text) < 25 or block.linked * 2 > len(block.text):
            continue
        worth = 1 + block.text.count(",") + min(len(block.text) // 100, 3)
        index = block.box
        for share in (1.0, 1.0, 0.6, 0.4):
            score[index] += worth * share
            index = page.boxes[index].parent
            if index < 0:
                break
    best = max(range(len(score)), key=score.__getitem__)
    if not score[best]:
        return []
    inside = [False] * len(page.boxes)
    for index, box in enumerate(page.boxes):
        inside[index] = index == best or (box.parent >= 0 and inside[box.parent])
    return [b for b in page.blocks if inside[b.box] and not away[b.box] and b.linked * 2 <= len(b.text)]

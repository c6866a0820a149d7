"""A page as a row of blocks: stretches of text that stand in one piece of the layout, in reading order.

A block is what a reader sees as one line or paragraph: text between two boundaries of block-level elements or line
breaks. Each knows the box (block-level element) it stands in, and boxes know their parents: what decides on a block
is mostly what its boxes hold besides.

The walk goes from element to element in reading order and looks at each once. It keeps a stack of its own: a page may
nest elements deeper than Python nests calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from lxml import etree  # type: ignore[import-untyped]  # it ships no types

from pipeline import compiled


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Elements that hold nothing to read.
_SKIPPED = _tags(
    "script style noscript template svg math iframe object embed applet select option optgroup datalist textarea input "
    "canvas audio video map area head title meta link frameset noframes progress meter dialog"
)
# Elements inside a line; all others begin and end a block.
_INLINE = _tags(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr output q rp rt ruby s samp "
    "small span strike strong sub sup time tt u var wbr img"
)
# What `blocks.c` is told of them: bits.
_SKIP, _IN_LINE, _LINK, _BOLD, _CELL, _BREAK = (1 << bit for bit in range(6))
_KINDS = {
    **dict.fromkeys(_INLINE, _IN_LINE),
    "a": _IN_LINE | _LINK,
    **dict.fromkeys(("b", "strong"), _IN_LINE | _BOLD),
    **dict.fromkeys(("td", "th"), _CELL),
    "br": _BREAK,
    "body": 0,
    **dict.fromkeys(_SKIPPED, _SKIP),
}
_IN_C = compiled.load("pipeline.sources.page._blocks")
_SPACE = re.compile(r"[ \t\r\n\f\v\xa0]+")
_NAMING = frozenset((
    "class", "id", "role", "itemprop", "data-testid", "data-test-id", "data-component", "data-component-name",
    "data-block", "data-module", "data-type", "data-name", "aria-label",
))  # fmt: skip
_HIDDEN = re.compile(r"display\s*:\s*none", re.ASCII)
MAX_BLOCKS = 10_000  # what follows is not read
_MAX_NAMES = 300  # characters of what an element is called


class Box(NamedTuple):
    """A block-level element. Boxes come in the order of the page: parents before their children."""

    tag: str
    parent: int  # index of the box around it; -1 for the body
    names: str  # what it is called (`_NAMING`), lower case
    depth: int


class Block(NamedTuple):
    """One stretch of text. `linked` counts its characters inside links, `bold` those in bold."""

    text: str
    box: int  # index of the box that it stands in
    linked: int
    bold: int
    names: str  # those of the inline elements in it, as a box's
    broken: bool  # it begins after a line break, not at an element's boundary
    cell: bool = False  # it continues a table row
    elements: int = 0  # read on the page before its end


@dataclass(slots=True)
class Layout:
    """The blocks of a page and the boxes they stand in; box 0 is the body."""

    blocks: list[Block] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)


def boxes_around(page: Layout, box: int) -> Iterator[int]:
    """The box and those around it, the innermost first."""
    while box >= 0:
        yield box
        box = page.boxes[box].parent


def layout(root: etree._Element) -> Layout:
    """The blocks of a page, or of a piece of one that has no body, and their boxes.

    Where a page does not say that its head ends, its parser leaves what follows in the head.
    """
    found = Layout()
    for place in (root.find("body"), root.find("head"), root):
        if place is not None and not found.blocks:
            found = in_python(place) if _IN_C is None else in_c(place)
    return found


def in_c(place: etree._Element) -> Layout:
    """By `blocks.c`, over the markup as XML; written as XHTML, where the page says it is, it would have names more."""
    place.getroottree().docinfo.clear()
    markup = etree.tostring(place, encoding="utf-8", with_tail=False)
    most = markup.count(b"<") + 1
    boxes, blocks, found = np.empty((most, 4), np.int32), np.empty((most, 7), np.int32), np.empty(4, np.int64)
    text, strings = np.empty(len(markup), np.uint8), np.empty(2 * len(markup) + 4096, np.uint8)
    _IN_C.walk(MAX_BLOCKS, _MAX_NAMES, _KNOWN.index("body"), markup, *_TOLD, boxes, blocks, text, strings, found)
    of_boxes, of_blocks, of_text, of_strings = found.tolist()
    if not of_boxes:  # there are control characters in it, which XML has no way to write
        return in_python(place)
    told = strings[:of_strings].tobytes().decode().split("\0")
    names = [string.lower() for string in told]
    texts = text[:of_text].tobytes().decode().split("\n")[:-1]
    tag, parent, called, depth = boxes[:of_boxes].T.tolist()
    box, linked, bold, inline, broken, cell, elements = blocks[:of_blocks].T.tolist()
    inside = [names[number] for number in inline]
    of_each = zip(texts, box, linked, bold, inside, map(bool, broken), map(bool, cell), elements, strict=True)
    around = zip([told[number] for number in tag], parent, [names[number] for number in called], depth, strict=True)
    return Layout(list(map(_block, of_each)), list(map(_box, around)))


_KNOWN = list(_KINDS)
_TOLD = ("".join(f"{tag}\0" for tag in _KNOWN).encode(), bytes(_KINDS.values()), "\0".join((*_NAMING, "", "")).encode())
# As `_make` does, in half of the time.
_block: Callable[[Iterable[Any]], Block] = partial(tuple.__new__, Block)
_box: Callable[[Iterable[Any]], Box] = partial(tuple.__new__, Box)


def in_python(place: etree._Element) -> Layout:
    """By a walk from element to element."""
    return _Walk().over(place)


class _Walk:
    """The walk over one page: where it stands, and the text that it has collected since the last boundary."""

    def __init__(self) -> None:
        self.layout = Layout()
        # where it stands
        self.box = 0
        self.links = self.bolds = 0  # around it: links, elements in bold
        self.elements = 0  # seen so far
        # the block that is being collected
        self.pieces: list[str] = []
        self.linked = self.bold = 0
        self.names = ""
        self.broken = self.cell = False

    def over(self, body: etree._Element) -> Layout:
        """Walk over the body, as far as the limits go."""
        self.layout.boxes.append(Box("body", -1, _names(body).lower(), 0))
        self.collect(body.text)
        # Elements to enter; below the children of each one itself once more, to be left, with where the walk stood.
        stack: list[tuple[etree._Element, tuple[int, int, int] | None]] = [(child, None) for child in reversed(body)]
        while stack:
            element, before = stack.pop()
            tag = element.tag
            if before is not None:
                self.leave(tag, before)
            elif isinstance(tag, str) and tag not in _SKIPPED:  # a comment's tag is a function
                self.elements += 1
                if len(self.layout.blocks) >= MAX_BLOCKS:
                    break
                if tag != "br":
                    stack.append((element, (self.box, self.links, self.bolds)))
                    self.enter(element, tag)
                    stack.extend([(child, None) for child in reversed(element)])
                    continue
                self.end_block(broken=True)
            self.collect(element.tail)
        self.end_block()
        return self.layout

    def enter(self, element: etree._Element, tag: str) -> None:
        """An inline element goes on with the block; any other is a box, and begins a block of its own."""
        names = _names(element)
        if tag in _INLINE:
            self.links += tag == "a"
            self.bolds += tag in ("b", "strong")
            self.collect(element.text, names)
            return
        self.end_block()
        boxes = self.layout.boxes
        boxes.append(Box(tag, self.box, names.lower(), boxes[self.box].depth + 1))
        self.box = len(boxes) - 1
        self.cell = tag in ("td", "th") and element.getprevious() is not None
        self.collect(element.text)

    def leave(self, tag: str, before: tuple[int, int, int]) -> None:
        """Go back to where the walk stood before the element."""
        if tag not in _INLINE:
            self.end_block()
        self.box, self.links, self.bolds = before

    def collect(self, text: str | None, names: str = "") -> None:
        """Add text to the block; `names` are those of the inline element that it begins."""
        if not text:
            return
        self.pieces.append(text)
        size = len(text.strip())
        if self.links:
            self.linked += size
        if self.bolds:
            self.bold += size
        if names and size:
            self.names = f"{self.names} {names}"[:_MAX_NAMES]

    def end_block(self, *, broken: bool = False) -> None:
        """End the block, if there is text in it; the next one begins after a line break if `broken`."""
        if self.pieces:
            text = _SPACE.sub(" ", "".join(self.pieces)).strip(" ")
            if text:
                names = self.names.lower()
                block = Block(text, self.box, self.linked, self.bold, names, self.broken, self.cell, self.elements)
                self.layout.blocks.append(block)
                self.cell = False
            self.pieces = []
            self.linked = self.bold = 0
            self.names = ""
        self.broken = broken and bool(self.layout.blocks)


def _names(element: etree._Element) -> str:
    """What an element is called by those who made the page: its class, id and the like, and a tag of their own."""
    parts = [element.tag] if "-" in element.tag else []
    for name, value in element.items():
        if name in _NAMING:
            parts.append(value)
        elif name == "hidden" or (name == "style" and _HIDDEN.search(value)):
            parts.append("x-hidden")
    return " ".join(parts)[:_MAX_NAMES]

"""A page as a row of blocks: stretches of text that stand in one piece of the layout, in reading order.

A block is what a reader sees as one line or paragraph: text between two boundaries of block-level elements or line
breaks. Each knows the box (block-level element) it stands in, and boxes know their parents: what decides on a block
is mostly what its boxes hold besides. Everything here is iterative and visits each element once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]  # it ships no types


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
_SPACE = re.compile(r"[ \t\r\n\f\v\xa0]+")
MAX_ELEMENTS = 300_000  # a page of 10 MB has some 200,000; what follows is not read
MAX_BLOCKS = 10_000


@dataclass(slots=True)
class Box:
    """A block-level element: its tag, its parent's index, and its own names (class, id, role), lower case."""

    tag: str
    parent: int
    names: str
    depth: int


@dataclass(slots=True)
class Block:
    """One stretch of text. `linked` counts its characters inside links, `bold` those in bold or headings."""

    text: str
    box: int
    linked: int
    bold: int
    names: str  # of the inline elements around the text
    broken: bool  # it begins after a line break, not at an element's boundary
    cell: bool = False  # it continues a table row
    elements: int = 0  # elements before it


@dataclass(slots=True)
class Layout:
    """The blocks of a page and the boxes they stand in; box 0 is the body."""

    blocks: list[Block] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)


def _names(element: etree._Element) -> str:
    get = element.get
    parts = [get("class") or "", get("id") or "", get("role") or "", get("itemprop") or ""]
    names = " ".join(p for p in parts if p)[:300]
    style = get("style")
    if (style and "none" in style and "display" in style) or get("hidden") is not None:
        names += " x-hidden"
    return names.lower()


class _Walk:
    """The walk over one page: the text collected since the last boundary, and where it stands."""

    def __init__(self) -> None:
        self.layout = Layout()
        self.pieces: list[str] = []
        self.linked = self.bold = 0
        self.names = ""
        self.links = self.bolds = 0
        self.box = -1
        self.broken = self.cell = False
        self.elements = 0

    def add(self, text: str | None, names: str = "") -> None:
        if not text:
            return
        self.pieces.append(text)
        size = len(text.strip())
        if self.links:
            self.linked += size
        if self.bolds:
            self.bold += size
        if names and size:
            self.names = f"{self.names} {names}"[:300]

    def flush(self, *, broken: bool = False) -> None:
        """End the block that is being collected; the next one begins after a line break if `broken`."""
        if self.pieces:
            text = _SPACE.sub(" ", "".join(self.pieces)).strip(" ")
            if text:
                block = Block(text, self.box, self.linked, self.bold, self.names, self.broken, self.cell, self.elements)
                self.layout.blocks.append(block)
                self.cell = False
                self.broken = False
            self.pieces = []
            self.linked = self.bold = 0
            self.names = ""
        self.broken = broken and (self.broken or bool(self.layout.blocks))


def layout(body: etree._Element) -> Layout:
    """Walk over `body` once, in reading order, without recursion."""
    walk = _Walk()
    boxes = walk.layout.boxes
    boxes.append(Box("body", -1, _names(body), 0))
    walk.box = 0
    walk.add(body.text)
    # (element to enter, None) or (element to leave, (box before, links, bolds) as they were)
    stack: list[tuple[etree._Element, tuple[int, int, int] | None]] = [(e, None) for e in reversed(body)]
    while stack:
        element, before = stack.pop()
        tag = element.tag
        if before is not None:
            _leave(walk, tag, before)
            walk.add(element.tail)
            continue
        if not isinstance(tag, str) or tag in _SKIPPED:
            walk.add(element.tail)
            continue
        walk.elements += 1
        if walk.elements > MAX_ELEMENTS or len(walk.layout.blocks) >= MAX_BLOCKS:
            break
        if tag == "br":
            walk.flush(broken=True)
            walk.add(element.tail)
            continue
        stack.append((element, (walk.box, walk.links, walk.bolds)))
        _enter(walk, element, tag)
        stack.extend((child, None) for child in reversed(element))
    walk.flush()
    return walk.layout


def _enter(walk: _Walk, element: etree._Element, tag: str) -> None:
    names = _names(element)
    if tag in _INLINE:
        walk.links += tag == "a"
        walk.bolds += tag in ("b", "strong")
        walk.add(element.text, names)
        return
    walk.flush()
    boxes = walk.layout.boxes
    parent = boxes[walk.box]
    boxes.append(Box(tag, walk.box, names, parent.depth + 1))
    walk.box = len(boxes) - 1
    walk.cell = tag in ("td", "th") and element.getprevious() is not None
    walk.add(element.text)


def _leave(walk: _Walk, tag: str, before: tuple[int, int, int]) -> None:
    if tag not in _INLINE:
        walk.flush()
    walk.box, walk.links, walk.bolds = before

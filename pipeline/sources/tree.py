"""One element of XML or SGML as a tree, and that as fields by name. Whatever is written is read: nothing is malformed.

A tag that is not closed ends where its parent does, one that closes nothing is none. Of entities only those of XML and
HTML are read, once; none is declared, so none can grow.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import RecordError

MAX_DEPTH = 100  # elements in each other
MAX_ELEMENTS = 50_000  # of one record: as of a field of HTML
# Names of what is no field but a part of a text.
PARTS = frozenset((
    "a", "abbr", "b", "blockquote", "block", "br", "code", "div", "em", "figure", "h1", "h2", "h3", "h4", "h5", "h6",
    "hl1", "hl2", "hr", "i", "img", "lb", "li", "line", "ol", "p", "para", "paragraph", "pre", "q", "s", "sent",
    "sentence", "span", "strong", "sub", "sup", "table", "td", "tr", "u", "ul",
))  # fmt: skip

_NAME = r"[A-Za-z_][\w.:-]*+"
_REST = r"(?:[^<>\"'/]++|\"[^\"<]*+\"|'[^'<]*+'|/(?!>)|[\"'])*+"
TOKEN = re.compile(
    r"<!--(?:[^-]++|-(?!->))*+(?:-->|\Z)"
    r"|<!\[CDATA\[(?P<cdata>(?:[^\]]++|\](?!\]>))*+)(?:\]\]>|\Z)"
    r"|<!(?i:doctype)\b[^<>\[]*+(?:\[[^\]]*+\]?+\s*+)?+>?+|<[!?][^<>]*+>?+"
    rf"|</(?P<end>{_NAME})\s*+>"
    rf"|<(?P<start>{_NAME})(?P<rest>{_REST})(?P<empty>/?)>"
)
_CDATA = re.compile(r"<!\[CDATA\[((?:[^\]]++|\](?!\]>))*+)(?:\]\]>|\Z)")
_ATTRIBUTE = re.compile(rf"(?<![\w.:-])({_NAME})\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>]++))")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


@dataclass
class Element:
    """An element: its name in lower case, what it holds, and that as it is written."""

    name: str
    attributes: dict[str, str]
    start: int = 0  # where its content begins in the markup
    inner: str = ""
    parts: list[str | Element] = field(default_factory=list)

    @property
    def children(self) -> list[Element]:
        return [part for part in self.parts if isinstance(part, Element)]

    @property
    def own_text(self) -> str:
        """Its text but for that of its children."""
        return "".join(part for part in self.parts if isinstance(part, str))

    def text(self) -> str:
        """All its text; where there are elements in it, as that of a piece of HTML."""
        if not self.children:
            return self.own_text.strip()
        from pipeline.sources.page.fragment import text_of  # the parser takes 0.2 s to load

        return text_of(_CDATA.sub(lambda match: html.escape(match[1]), self.inner))


def parse(markup: str) -> Element:
    """The element that a piece of markup is.

    Raises:
        RecordError: it has more than `MAX_ELEMENTS`, or they are nested deeper than `MAX_DEPTH`.
    """
    top = Element("", {})
    stack = [top]
    at = number = 0
    for token in TOKEN.finditer(markup):
        stack[-1].parts.append(unescaped(markup[at : token.start()]))
        at = token.end()
        if token["cdata"] is not None:
            stack[-1].parts.append(token["cdata"])
        elif token["end"]:
            _close(stack, token["end"].lower(), markup, token.start())
        elif token["start"]:
            number += 1
            element = Element(token["start"].lower(), attributes(token["rest"]), at)
            stack[-1].parts.append(element)
            if not token["empty"]:
                stack.append(element)
            if len(stack) > MAX_DEPTH or number > MAX_ELEMENTS:
                limit = f"deeper than {MAX_DEPTH} levels" if len(stack) > MAX_DEPTH else f"more than {MAX_ELEMENTS:,}"
                raise RecordError(f"elements in one record: {limit}")
    stack[-1].parts.append(unescaped(markup[at:]))
    _close(stack, "", markup, len(markup))
    children = top.children
    return children[0] if children else top


def _close(stack: list[Element], name: str, markup: str, at: int) -> None:
    """Close the innermost element of that name, with those that are open in it; "": all of them."""
    if name and all(element.name != name for element in stack):
        return
    while len(stack) > 1:
        element = stack.pop()
        element.inner = markup[element.start : at]
        if element.name == name:
            return


def attributes(rest: str) -> dict[str, str]:
    """The attributes in a tag by their names in lower case; of one that comes twice the first."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(rest):
        found.setdefault(match[1].lower(), unescaped(match[2] or match[3] or match[4] or ""))
    return found


def unescaped(text: str) -> str:
    """The text with the entities of XML and HTML read, once.

    >>> unescaped("R&amp;D &amp;lt; &eacute; &bomb; AT&T &#3;")
    'R&D &lt; é &bomb; AT&T '
    """
    return _REFERENCE.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


# --- fields ----------------------------------------------------------------------------------------------------------


def fields(record: Element) -> dict[str, Any]:
    """What a record holds, by the names of its attributes and elements without their prefix, in lower case.

    Elements that only hold others are read through. What stands there several times is a list of its values.
    """
    found: dict[str, list[str]] = {}
    for name, value in _pairs(record, ""):
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


def _pairs(element: Element, prefix: str) -> Iterator[tuple[str, str]]:
    yield from ((prefix + local(name), value) for name, value in element.attributes.items() if name != "xmlns")
    for child in element.children:
        name = local(child.name)
        if _holds_fields(child):
            yield from _pairs(child, f"{name}.")
            continue
        if text := child.text():
            yield name, text
        yield from ((f"{name}.{local(key)}", value) for key, value in child.attributes.items())


def _holds_fields(element: Element) -> bool:
    """Whether an element is no field but holds some: no text of its own, and more than parts of one."""
    children = element.children
    if not children or element.own_text.strip():
        return False
    return any(local(child.name) not in PARTS for child in children) or not TOKEN.sub("", element.inner).strip()

"""One walk over the elements of a page, which collects what they say of it: meta tags, dates, bylines, headlines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

Element = Any  # lxml ships no types
MAX_SCRIPTS = 20
MAX_SCRIPT = 1_000_000  # characters

_DATED = re.compile(r"\b(?:date|time|posted|published)\b|(?:publish|post|entry|article)(?:ed)?[-_]?(?:date|time|on)")
_BYLINE = re.compile(r"\b(?:byline|by-line|author|post-author|entry-author|article-author|author-name|contributor)\b")
_SPACE = re.compile(r"\s+")

# How many of each kind are looked at: a page may hold a million of any.
_MAX_NAMES = 500  # of meta tags
_MAX_TIMES = 50
_MAX_HEADLINES = 10
_MAX_BYLINES = 10
_MAX_SHOWN = 5
_MAX_CONTENT = 2000  # characters
_MAX_LINE = 60  # characters of a line under the headline that tells a date
NEAR = 60  # elements after a headline


class Shown(NamedTuple):
    """What stands at a place of the page, counted in the elements that are looked at."""

    place: int
    text: str


@dataclass(slots=True)
class Found:
    """What one walk over the tree collects, each in the order of the page."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    scripts: list[str] = field(default_factory=list)  # JSON-LD
    data: list[Element] = field(default_factory=list)  # other scripts
    properties: list[str] = field(default_factory=list)  # dates that microdata marks
    times: list[Shown] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)  # dates as readers see them, in elements that are named so
    beneath: list[str] = field(default_factory=list)  # short lines with a year, shortly after a headline
    bylines: list[Element] = field(default_factory=list)
    headlines: list[Shown] = field(default_factory=list)
    title: str = ""
    canonical: str = ""  # the address that the page gives for itself
    place: int = 0


def walk(root: Element) -> Found:
    """What the page says of itself, from one walk over its elements.

    >>> from lxml import html
    >>> found = walk(html.fromstring("<h1>A  bridge</h1><p class=byline>By Jane</p><meta name=Author content=Jane>"))
    >>> found.headlines[0].text, found.meta, [element.text for element in found.bylines]
    ('A bridge', {'author': ['Jane']}, ['By Jane'])
    """
    found = Found()
    lines_until = 0
    for place, element in enumerate(root.iter(*_READERS), 1):
        tag = element.tag
        if reader := _READERS[tag]:
            found.place = place
            reader(found, element)
            if tag == "h1":
                lines_until = found.headlines[-1].place + NEAR
            continue
        if place <= lines_until:
            _read_line(found, element)
        if tag != "li":
            get = element.get
            prop, names = get("itemprop"), get("class")
            kind = _kind_of(names) if names else 0
            if kind or prop or get("rel") == "author":
                _read_marked(found, element, prop, kind)
    return found


def clean(text: str) -> str:
    """The text with every stretch of white space as one space, and none around it."""
    return _SPACE.sub(" ", text).strip()


def first(meta: dict[str, list[str]], names: tuple[str, ...]) -> str:
    """What the first of these meta tags that says anything says."""
    for name in names:
        for value in meta.get(name, ()):
            if value:
                return value
    return ""


def inner(element: Element, most: int = _MAX_CONTENT) -> str:
    """The text inside an element, cut to so many characters."""
    pieces: list[str] = []
    size = 0
    for piece in element.itertext():
        pieces.append(piece)
        size += len(piece)
        if size > most:
            break
    return clean("".join(pieces)[:most])


def _read_meta(found: Found, element: Element) -> None:
    get = element.get
    name = get("property") or get("name") or get("itemprop") or get("http-equiv")
    content = get("content")
    if name and content and len(found.meta) < _MAX_NAMES:
        found.meta.setdefault(name.lower(), []).append(clean(content[:_MAX_CONTENT]))


def _read_script(found: Found, element: Element) -> None:
    if "ld+json" not in (element.get("type") or ""):
        found.data.append(element)
    elif len(found.scripts) < MAX_SCRIPTS:
        found.scripts.append((element.text or "")[:MAX_SCRIPT])


def _read_time(found: Found, element: Element) -> None:
    if len(found.times) < _MAX_TIMES:
        found.times += [Shown(found.place, value) for value in (element.get("datetime"), element.text) if value]


def _read_headline(found: Found, element: Element) -> None:
    if len(found.headlines) < _MAX_HEADLINES:
        found.headlines.append(Shown(found.place, inner(element)))


def _read_title(found: Found, element: Element) -> None:
    found.title = found.title or inner(element)


def _read_link(found: Found, element: Element) -> None:
    if (element.get("rel") or "").lower() == "canonical":
        found.canonical = found.canonical or element.get("href") or ""


_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def _read_line(found: Found, element: Element) -> None:
    """A short line of its own under the headline may tell the date without a name that says so."""
    if len(found.beneath) >= _MAX_SHOWN:
        return
    for text in (element.text, element.tail):
        if text and _YEAR.search(text[:1000]) and len(line := clean(text[:1000])) <= _MAX_LINE:
            found.beneath.append(line)


_SHOWS_DATE, _IS_BYLINE = 1, 2


def _read_marked(found: Found, element: Element, prop: str | None, kind: int) -> None:
    """An element that its attributes may mark as the date or the byline; `kind` is what its class says."""
    if len(found.bylines) >= _MAX_BYLINES:
        return
    if prop == "datePublished" and len(found.properties) < _MAX_TIMES:
        found.properties.append(element.get("content") or element.get("datetime") or inner(element))
    if kind & _SHOWS_DATE and len(found.shown) < _MAX_SHOWN:
        found.shown.append(inner(element, 100))
    if prop == "author" or kind & _IS_BYLINE or element.get("rel") == "author":
        found.bylines.append(element)


@lru_cache(maxsize=10_000)
def _kind_of(names: str) -> int:
    """What an element that is called so is, as bits."""
    names = names.lower()
    return _SHOWS_DATE * bool(_DATED.search(names)) | _IS_BYLINE * bool(_BYLINE.search(names))


_READERS: dict[str, Callable[[Found, Element], None] | None] = {
    "meta": _read_meta,
    "script": _read_script,
    "time": _read_time,
    "h1": _read_headline,
    "title": _read_title,
    "link": _read_link,
    **dict.fromkeys(("li", "a", "span", "div", "p", "address")),  # what they are their attributes and their text say
}

"""What a page says of itself: headline, authors, date, language; and the text in its structured data.

All of it is untrusted. JSON-LD is parsed as JSON and never run, within bounds on its size, its depth and the number of
values looked at; whatever is broken or of another shape is passed over. What a page declares for machines goes before
what it shows: JSON-LD, OpenGraph, meta tags, then `<time>`, bylines, `<h1>` and `<title>`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.sources.page.dates import iso_date

Element = Any  # lxml ships no types
MAX_SCRIPTS = 20
MAX_SCRIPT = 1_000_000  # characters
MAX_VALUES = 20_000  # looked at in all structured data of a page
MAX_AUTHORS = 20
MAX_TITLE = 500

_ARTICLE_TYPE = re.compile(r"(?:Article|Posting|Report|Review|Recipe)$")
_META_TITLE = ("og:title", "twitter:title", "dc.title", "sailthru.title", "parsely-title")
_META_DATE = (
    "article:published_time", "og:published_time", "datepublished", "date", "pubdate", "publishdate", "publish-date",
    "parsely-pub-date", "sailthru.date", "dc.date", "dc.date.issued", "dcterms.created", "dcterms.date",
    "article.created", "published_at", "article_date_original", "ptime", "pdate", "cxenseparse:recs:publishtime",
    "rnews:datepublished",
)  # fmt: skip
_META_AUTHOR = ("author", "article:author", "byl", "dc.creator", "parsely-author", "sailthru.author", "dcterms.creator")
_META_DESCRIPTION = ("og:description", "description", "twitter:description", "dc.description")


@dataclass(slots=True)
class Metadata:
    """`body` is the text that structured data holds; `declared`: the page names its headline for machines."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    date: str | None = None
    language: str | None = None
    description: str = ""
    body: str = ""
    declared: bool = False


@dataclass(slots=True)
class _Found:
    """What one walk over the tree collects, each in the order of the page."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    scripts: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)  # dates as readers see them
    bylines: list[Element] = field(default_factory=list)
    headlines: list[str] = field(default_factory=list)
    title: str = ""
    canonical: str = ""  # the address that the page gives for itself


_DATED = re.compile(r"\b(?:date|time|posted|published)\b|(?:publish|post|entry|article)(?:ed)?[-_]?(?:date|time|on)")
_BYLINE = re.compile(r"\b(?:byline|by-line|author|post-author|entry-author|article-author|author-name|contributor)\b")
_SPACE = re.compile(r"\s+")


def metadata(root: Element, url: str | None = None) -> Metadata:
    """What the page says of itself; `url` helps with the date when the page has none."""
    found = _walk(root)
    structured = list(_structured(found.scripts))
    article = _article(structured)
    result = Metadata()
    named = _text(article.get("headline")) or _first(found.meta, _META_TITLE)
    result.declared = bool(named)
    site = _first(found.meta, ("og:site_name", "application-name"))
    result.title = _title(named, found, site)
    result.authors = _authors(article, found)
    result.date = _date(article, found, url)
    result.language = _language(root, found, article)
    result.description = _first(found.meta, _META_DESCRIPTION) or _text(article.get("description"))
    bodies = (_text(value.get("articleBody"))[:MAX_SCRIPT] for value in structured)
    result.body = max(bodies, key=len, default="")
    return result


def _clean(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


# How many of each kind are looked at: a page may hold a million of any.
_MAX_NAMES = 500  # of meta tags
_MAX_TIMES = 50
_MAX_HEADLINES = 10
_MAX_BYLINES = 10
_MAX_SHOWN = 5
_MAX_CONTENT = 2000  # characters


def _walk(root: Element) -> _Found:
    """What the page says of itself, from one walk over its elements.

    >>> from lxml import html
    >>> found = _walk(html.fromstring("<h1>A  bridge</h1><p class=byline>By Jane</p><meta name=Author content=Jane>"))
    >>> found.headlines, found.meta, [element.text for element in found.bylines]
    (['A bridge'], {'author': ['Jane']}, ['By Jane'])
    """
    found = _Found()
    for element in root.iter(*_READERS):
        _READERS[element.tag](found, element)
    return found


def _read_meta(found: _Found, element: Element) -> None:
    name = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
    content = element.get("content")
    if name and content and len(found.meta) < _MAX_NAMES:
        found.meta.setdefault(name.lower(), []).append(_clean(content[:_MAX_CONTENT]))


def _read_script(found: _Found, element: Element) -> None:
    if "ld+json" in (element.get("type") or "") and len(found.scripts) < MAX_SCRIPTS:
        found.scripts.append((element.text or "")[:MAX_SCRIPT])


def _read_time(found: _Found, element: Element) -> None:
    if len(found.times) < _MAX_TIMES:
        found.times += [value for value in (element.get("datetime"), element.text) if value]


def _read_headline(found: _Found, element: Element) -> None:
    if len(found.headlines) < _MAX_HEADLINES:
        found.headlines.append(_inner(element))


def _read_title(found: _Found, element: Element) -> None:
    found.title = found.title or _inner(element)


def _read_link(found: _Found, element: Element) -> None:
    if element.get("rel") == "canonical":
        found.canonical = element.get("href") or ""


def _read_marked(found: _Found, element: Element) -> None:
    """An element that its attributes may mark as the date or the byline."""
    if len(found.bylines) >= _MAX_BYLINES:
        return
    prop = element.get("itemprop")
    if prop == "datePublished" and len(found.times) < _MAX_TIMES:
        found.times.insert(0, element.get("content") or element.get("datetime") or _inner(element))
    names = (element.get("class") or "").lower()
    if names and len(found.shown) < _MAX_SHOWN and _DATED.search(names):
        found.shown.append(_inner(element, 100))
    if prop == "author" or element.get("rel") == "author" or (names and _BYLINE.search(names)):
        found.bylines.append(element)


_READERS: dict[str, Callable[[_Found, Element], None]] = {
    "meta": _read_meta,
    "script": _read_script,
    "time": _read_time,
    "h1": _read_headline,
    "title": _read_title,
    "link": _read_link,
    **dict.fromkeys(("a", "span", "div", "p", "address"), _read_marked),
}


def _inner(element: Element, most: int = _MAX_CONTENT) -> str:
    """The text inside an element, cut to so many characters."""
    pieces: list[str] = []
    size = 0
    for piece in element.itertext():
        pieces.append(piece)
        size += len(piece)
        if size > most:
            break
    return _clean("".join(pieces)[:most])


# --- Structured data ----------------------------------------------------------------------------------------------

_WRAPPED = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?:-->|//\s*\]\]>|\]\]>)\s*$")


def _structured(scripts: list[str]) -> Iterator[dict[str, Any]]:
    """Every object in the page's JSON-LD, outermost first; nearly so where there are very many."""
    left = MAX_VALUES
    for script in scripts:
        try:
            value = json.loads(_WRAPPED.sub("", script).strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        queue = [value]
        while queue and left > 0:
            left -= 1
            value = queue.pop(0) if len(queue) < 100 else queue.pop()  # the first of a long list is dear to take
            if isinstance(value, dict):
                yield value
                queue += [inner for inner in value.values() if isinstance(inner, dict | list)]
            elif isinstance(value, list):
                queue += [inner for inner in value[:200] if isinstance(inner, dict | list)]


def _article(structured: list[dict[str, Any]]) -> dict[str, Any]:
    """The object that is the article; an empty one when there is none."""
    for value in structured:
        kinds = value.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if any(isinstance(kind, str) and _ARTICLE_TYPE.search(kind) for kind in kinds) and _text(value.get("headline")):
            return value
    return {}


def _text(value: Any) -> str:
    """A string in structured data, or the first of several; "" for anything else."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value")
    return value.strip() if isinstance(value, str) else ""


def _first(meta: dict[str, list[str]], names: tuple[str, ...]) -> str:
    """What the first of these meta tags that says anything says."""
    for name in names:
        for value in meta.get(name, ()):
            if value:
                return value
    return ""


# --- Title --------------------------------------------------------------------------------------------------------

_SEPARATOR = re.compile(r"\s+(?:[|·•»«:›~]|[-–—]{1,2}|::|\\|/)\s+|\s*[|»]\s*")


def _title(named: str, found: _Found, site: str) -> str | None:
    headlines = [headline for headline in found.headlines if headline]
    title = _clean(_unescaped(named)) or found.title
    likely = max(headlines, key=lambda headline: _likeness(headline, title), default="")
    if likely and _likeness(likely, title) >= 0.5:  # what readers see, if it says the same as what machines are told
        return likely[:MAX_TITLE]
    if not title:
        return headlines[0][:MAX_TITLE] if headlines else None
    return (_without_site(title, site) if site or not named else title)[:MAX_TITLE]


def _likeness(headline: str, title: str) -> float:
    """The share of common words in the shorter of both: titles for machines are trimmed, or end in the site's name."""
    if len(headline) < 10:
        return float(headline == title)
    shown, told = set(_WORD.findall(headline.lower())), set(_WORD.findall(title.lower()))
    return 1.0 if headline in title else len(shown & told) / max(min(len(shown), len(told)), 4)


_WORD = re.compile(r"\w+")


def _without_site(title: str, site: str) -> str:
    """The title without the name of the site at its end; without a known name, the longest part of two or more."""
    parts = list(_SEPARATOR.finditer(title))
    if not parts:
        return title
    last = parts[-1]
    tail = title[last.end() :]
    if site:
        return title[: last.start()] if tail.lower() == site.lower() else title
    head = title[: last.start()]
    return head if len(head.split()) >= 3 and len(tail.split()) <= 5 else title


def _unescaped(text: str) -> str:
    return html.unescape(text) if "&" in text else text


# --- Authors ------------------------------------------------------------------------------------------------------

_BY = re.compile(r"^(?:written\s+by|posted\s+by|by|von|par|por|di|автор|autor|author)\b[:\s]+", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:,|;|\||\band\b|&|\bund\b|\bet\b)\s*")
_NO_NAME = re.compile(
    r"[()<>{}]|https?:|www\.|@|\d{3}|^(?:admin|staff|editor|guest|null|none|undefined|author)$", re.IGNORECASE
)


def _authors(article: dict[str, Any], found: _Found) -> tuple[str, ...]:
    declared = article.get("author") or article.get("creator")
    people = declared if isinstance(declared, list) else [declared]
    names = [name for person in people[:MAX_AUTHORS] for name in _names(_text(person))]
    for key in _META_AUTHOR:
        if names:
            break
        names = [name for value in found.meta.get(key, ()) for name in _names(value)]
    for element in found.bylines:
        if names:
            break
        line = _inner(element, 200)
        if len(line.split()) <= 8:
            names = _names(line)
    return tuple(dict.fromkeys(names))[:MAX_AUTHORS]


def _names(line: str) -> list[str]:
    """The names in a byline; nothing in what looks like an address, a number or a role."""
    line = _BY.sub("", _clean(_unescaped(line[:500])))
    names = [part.strip(" .:-–—") for part in _BETWEEN.split(line)]
    return [name for name in names if 2 < len(name) <= 80 and not _NO_NAME.search(name) and len(name.split()) <= 6]


# --- Date and language --------------------------------------------------------------------------------------------

_URL_DATE = re.compile(r"/((?:19|20)\d\d)[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?:/|-|_|\.|$)")


def _date(article: dict[str, Any], found: _Found, url: str | None) -> str | None:
    candidates = [_text(article.get("datePublished")), _text(article.get("dateCreated"))]
    candidates += [value for name in _META_DATE for value in found.meta.get(name, ())]
    candidates += found.times
    for value in candidates:
        if date := iso_date(value):
            return date
    for address in (url or "", found.canonical, _first(found.meta, ("og:url",))):
        if match := _URL_DATE.search(address):
            return iso_date("-".join(match.groups()))
    return next((date for value in found.shown if (date := iso_date(value))), None)


_LANGUAGE = re.compile(r"^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$")


def _language(root: Element, found: _Found, article: dict[str, Any]) -> str | None:
    body = root.find("body")
    candidates = [root.get("lang"), root.get("{http://www.w3.org/XML/1998/namespace}lang"), root.get("xml:lang")]
    candidates += [] if body is None else [body.get("lang")]
    candidates += [_first(found.meta, (name,)) for name in ("content-language", "language", "dc.language", "og:locale")]
    candidates.append(_text(article.get("inLanguage")))
    for value in candidates:
        code = (value or "").split(",")[0].strip().replace("_", "-").lower()
        if _LANGUAGE.match(code):
            return code
    return None

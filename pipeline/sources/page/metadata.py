"""What a page says of itself: headline, authors, date, language, address; and the text in its structured data.

All of it is untrusted: what is broken or of another shape is passed over. What a page declares for machines goes before
what it shows: JSON-LD, OpenGraph, meta tags, then `<time>`, bylines, `<h1>` and `<title>`.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.sources.page.published import published
from pipeline.sources.page.structured import Object, article_in, objects, string
from pipeline.sources.page.walk import MAX_SCRIPT, Element, Found, clean, first, inner, walk

MAX_AUTHORS = 20
MAX_TITLE = 500
MAX_ADDRESS = 2_000  # characters

_META_TITLE = ("og:title", "twitter:title", "dc.title", "sailthru.title", "parsely-title")
_META_AUTHOR = ("author", "article:author", "byl", "dc.creator", "parsely-author", "sailthru.author", "dcterms.creator")
_META_DESCRIPTION = ("og:description", "description", "twitter:description", "dc.description")


@dataclass(slots=True)
class Metadata:
    """`body` is the text that structured data holds; `declared`: the page names its headline for machines; `is_paid`:

    it says that not all of the article is free to read.
    """

    title: str | None = None
    authors: tuple[str, ...] = ()
    date: str | None = None
    language: str | None = None
    url: str | None = None
    description: str = ""
    body: str = ""
    declared: bool = False
    is_paid: bool = False


def metadata(root: Element, url: str | None = None) -> Metadata:
    """What the page says of itself; `url` helps with the date when the page has none."""
    found = walk(root)
    structured = list(objects(found.scripts))
    article = article_in(structured)
    named = string(article.get("headline")) or first(found.meta, _META_TITLE)
    site = first(found.meta, ("og:site_name", "application-name"))
    bodies = (string(value.get("articleBody"))[:MAX_SCRIPT] for value in structured)
    return Metadata(
        title=_title(named, found, site),
        authors=_authors(article, found),
        date=published(article, structured, found, url),
        language=_language(root, found, article),
        url=_address(article, found),
        description=first(found.meta, _META_DESCRIPTION) or string(article.get("description")),
        body=max(bodies, key=len, default=""),
        declared=bool(named),
        is_paid=any(str(value.get("isAccessibleForFree")).lower() == "false" for value in structured),
    )


# --- Address ------------------------------------------------------------------------------------------------------


def _address(article: Object, found: Found) -> str | None:
    """The address that the page gives for itself; where one leads to the home page alone, the next that says more.

    OpenGraph goes first: the canonical address of a story that papers share is that of the paper that had it first.
    """
    entity = article.get("mainEntityOfPage")
    entity = entity.get("@id") or entity.get("url") if isinstance(entity, dict) else entity
    told = (first(found.meta, ("og:url",)), found.canonical, string(article.get("url")), string(entity))
    addresses = [address for text in told if _is_address(address := clean(text))]
    return next((address for address in addresses if len(urlsplit(address).path) > 1), next(iter(addresses), None))


def _is_address(text: str) -> bool:
    """Whether it is one on the web, with a host."""
    if len(text) > MAX_ADDRESS or not text.lower().startswith(("http://", "https://")):
        return False
    try:
        return "." in (urlsplit(text).hostname or "")
    except ValueError:
        return False


# --- Title --------------------------------------------------------------------------------------------------------

_SEPARATOR = re.compile(r"\s+(?:[|·•»«:›~]|[-–—]{1,2}|::|\\|/)\s+|\s*[|»]\s*")


def _title(named: str, found: Found, site: str) -> str | None:
    headlines = [shown.text for shown in found.headlines if shown.text]
    title = clean(_unescaped(named)) or found.title
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


def _authors(article: Object, found: Found) -> tuple[str, ...]:
    declared = article.get("author") or article.get("creator")
    people = declared if isinstance(declared, list) else [declared]
    names = [name for person in people[:MAX_AUTHORS] for name in _names(string(person))]
    for key in _META_AUTHOR:
        if names:
            break
        names = [name for value in found.meta.get(key, ()) for name in _names(value)]
    for element in found.bylines:
        if names:
            break
        line = inner(element, 200)
        if len(line.split()) <= 8:
            names = _names(line)
    return tuple(dict.fromkeys(names))[:MAX_AUTHORS]


def _names(line: str) -> list[str]:
    """The names in a byline; nothing in what looks like an address, a number or a role."""
    line = _BY.sub("", clean(_unescaped(line[:500])))
    names = [part.strip(" .:-–—") for part in _BETWEEN.split(line)]
    return [name for name in names if 2 < len(name) <= 80 and not _NO_NAME.search(name) and len(name.split()) <= 6]


# --- Language -----------------------------------------------------------------------------------------------------

_LANGUAGE = re.compile(r"^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$")


def _language(root: Element, found: Found, article: Object) -> str | None:
    body = root.find("body")
    candidates = [root.get("lang"), root.get("{http://www.w3.org/XML/1998/namespace}lang"), root.get("xml:lang")]
    candidates += [] if body is None else [body.get("lang")]
    candidates += [first(found.meta, (name,)) for name in ("content-language", "language", "dc.language", "og:locale")]
    candidates.append(string(article.get("inLanguage")))
    for value in candidates:
        code = (value or "").split(",")[0].strip().replace("_", "-").lower()
        if _LANGUAGE.match(code):
            return code
    return None

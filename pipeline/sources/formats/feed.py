"""Feeds: an item of RSS, an entry of Atom, an address of a news sitemap, each as the record that it is."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.errors import RecordError
from pipeline.sources.charset.decode import Decoded
from pipeline.sources.page.dates import iso_date
from pipeline.sources.records import File, Record, charset_columns, checked, site_of
from pipeline.sources.tree import Element, local

# By the name of the root: the tag of what is a record.
ENTRIES = {"rss": "item", "rdf": "item", "feed": "entry", "urlset": "url"}
_TEXTS = ("content:encoded", "encoded", "content", "description", "summary", "fulltext", "full-text")
_DATES = ("pubdate", "published", "date", "issued", "created", "updated", "modified", "publication_date")
_IDS = ("guid", "id")
_SHOWN = 200  # characters of a title that a reason shows


def record_of(entry: Element, page: Decoded, file: File, number: int) -> Record:
    """The article that an entry holds.

    Raises:
        RecordError: it holds none.
    """
    url = _address(entry)
    title = _first(entry, ("title",))
    text = max((_text(child) for child in _children(entry, _TEXTS)), key=len, default="")
    if not text.strip():
        where = f" at {url}" if url else ""
        raise RecordError(f'no text: the feed names the article "{title[:_SHOWN]}"{where} and does not hold it')
    told = _first(entry, _DATES)
    authors = [author for child in _children(entry, ("creator", "author")) if (author := _author(child))]
    categories = [name for child in _children(entry, ("category", "subject")) if (name := _category(child))]
    return checked(
        Record(
            _first(entry, _IDS) or f"{file.stem}:{number}",
            text,
            file.name,
            number,
            site=site_of(url),
            url=url,
            title=title or None,
            published=iso_date(told) or told or None,
            meta={key: value for key, value in (("authors", authors), ("categories", categories)) if value},
            **charset_columns(page),
        )
    )


def sitemap_entry(entry: Element) -> RecordError:
    """Why an address of a sitemap is no record."""
    url, title, date = (_first_below(entry, name) for name in ("loc", "title", "publication_date"))
    told = f' the article "{title[:_SHOWN]}"' if title else " a page"
    return RecordError(f"no text: a sitemap names{told}{f' of {date}' if date else ''} at {url} and does not hold it")


def _children(entry: Element, names: tuple[str, ...]) -> list[Element]:
    """The elements of these names, in the order of the names. Of those with a prefix, what media say is no article."""
    found = [child for child in entry.children if child.name.partition(":")[0] not in ("media", "itunes")]
    return [child for name in names for child in found if name in (child.name, local(child.name))]


def _first(entry: Element, names: tuple[str, ...]) -> str:
    return next((text for child in _children(entry, names) if (text := _plain(child))), "")


def _first_below(entry: Element, name: str) -> str:
    return next((_plain(element) for element in _all(entry) if local(element.name) == name), "")


def _all(element: Element) -> Iterator[Element]:
    for child in element.children:
        yield child
        yield from _all(child)


def _plain(element: Element) -> str:
    """A title or a name on one line; some feeds put markup into it."""
    return " ".join(_text(element).split())


def _text(element: Element) -> str:
    """The text of an element, which may be XHTML, or hold markup as text; in HTML alone a reference is read twice."""
    from pipeline.sources.page.fragment import is_markup, text_of  # the parser takes 0.2 s to load

    text = element.text()
    is_html = element.attributes.get("type", "").lower() in ("html", "text/html")
    return text_of(text) if not element.children and (is_html or is_markup(text)) else text


def _address(entry: Element) -> str:
    """Where the article stands: what a service that counts clicks has replaced comes first."""
    links = [child for child in _children(entry, ("link",)) if child.attributes.get("rel", "alternate") == "alternate"]
    found = [child.attributes.get("href", "") or child.text() for child in links]
    return next(filter(None, [_first(entry, ("origlink",)), *found, entry.attributes.get("rdf:about", "")]), "")


def _author(element: Element) -> str:
    """A name: of Atom a field of its own, of RSS what stands in brackets after an address."""
    name = _first(element, ("name",)) or _plain(element)
    address, _, rest = name.partition(" (")
    return rest[:-1] if "@" in address and rest.endswith(")") else name


def _category(element: Element) -> str:
    return element.attributes.get("label") or element.attributes.get("term") or _plain(element)

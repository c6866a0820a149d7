"""Which fields of a file's records hold what, where no setting says so: told by their names and by what stands in them.

Only what is certain is taken: of two fields that may both be the text, with nothing to decide between them, neither
is, and both are named. Records with a field `text` are read by the default names alone.

The guess is made from the first records of a file, so that it is the same whoever reads whichever part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from pipeline.config import Read
from pipeline.sources.columns import URL, Column, Nested, plain
from pipeline.sources.page.dates import iso_date
from pipeline.sources.records import MAX_NAME, shown_names

SAMPLE_RECORDS = 100
SAMPLE_CHARACTERS = 1 << 20  # of values; at least one record is looked at
WIDEST = 20_000  # characters of a value that count
LONGER = 2.0  # the text is at least that much longer than another field that is called like a text
FAR_LONGER = 3.0  # and than one that may be the text, when neither is called so

# What fields are called, as `plain` writes names; the likeliest first. Those that have a default are called so, too.
TEXT = (
    *("text", "body", "articlebody", "article", "articletext", "maintext", "bodytext", "fulltext", "content"),
    *("articlecontent", "contenttext", "textcontent", "storytext", "newstext", "story", "document", "documenttext"),
    *("plaintext", "cleantext", "cleanedtext", "textclean", "rawtext", "bodyhtml", "contenthtml", "articlehtml"),
    *("texte", "texto", "testo", "tekst", "contenu", "contenido", "conteudo", "contenuto", "inhalt", "текст", "正文"),
)
# What stands beside a text, and is one only where there is no other.
BESIDE = frozenset((
    "abstract", "answer", "answers", "bio", "caption", "captions", "comment", "comments", "description", "excerpt",
    "highlights", "html", "keywords", "lead", "metadescription", "note", "notes", "page", "quote",
    "rawhtml", "reply", "replies", "snippet", "standfirst", "subtitle", "summary", "tags", "teaser",
    "translation",
))  # fmt: skip
NAMES: Mapping[str, Sequence[str]] = {
    "id": (
        *("id", "articleid", "docid", "documentid", "bodyid", "newsid", "storyid", "textid", "postid", "itemid"),
        *("recordid", "docno", "uuid", "guid", "uid", "identifier"),
    ),
    "url": (
        *("url", "articleurl", "link", "articlelink", "pageurl", "weburl", "newsurl", "storyurl", "sourceurl"),
        *("canonicalurl", "canonicallink", "originalurl", "permalink", "uri", "href"),
    ),
    "title": ("title", "headline", "articletitle", "newstitle", "storytitle", "heading", "webtitle", "titel", "titre"),
    "published": (
        *("published", "publishedat", "publisheddate", "publishdate", "publicationdate", "datepublished", "pubdate"),
        *("publishedon", "publishtime", "publishedtime", "datepublish", "firstpublished", "articledate", "newsdate"),
        *("postdate", "dateposted", "webpublicationdate", "date", "datetime"),
    ),
    "site": (
        *("site", "domain", "host", "hostname", "sourcedomain", "sitename", "outlet", "publisher", "newspaper"),
        *("publication", "source"),
    ),
}
_HOSTS = ("site", "domain", "host", "hostname", "sourcedomain")  # the others only where no address tells the host
_NO_PAGE = re.compile(r"image|img|photo|picture|thumb|video|media|icon|logo|avatar|author|profile|api", re.IGNORECASE)


class Choice(NamedTuple):
    """The field that holds something: "" if none does. `guessed`: neither a setting nor the default name says so."""

    name: str = ""
    why: str = ""
    guessed: bool = False


class Fields(NamedTuple):
    """Which field holds what; `doubt` says why none is taken for the text where several might be it.

    `numbered`: the guessed ids are numbers, which count within their file.
    """

    text: Choice = Choice()
    id: Choice = Choice()
    url: Choice = Choice()
    site: Choice = Choice()
    title: Choice = Choice()
    published: Choice = Choice()
    doubt: str = ""
    numbered: bool = False

    @property
    def choices(self) -> dict[str, Choice]:
        """By what they hold: `text`, `id`, ..."""
        return {what: getattr(self, what) for what in WHAT}

    @property
    def guessed(self) -> dict[str, Choice]:
        """Those that were guessed."""
        return {what: choice for what, choice in self.choices.items() if choice.guessed}

    def settle(self, settings: Read) -> Read:
        """The settings with names for all fields: the default ones where there is nothing better."""
        names: dict[str, Any] = {f"{what}_field": choice.name or what for what, choice in self.choices.items()}
        return replace(settings, **names)


WHAT = ("text", "id", "url", "site", "title", "published")


def unsettled(settings: Read) -> Read:
    """The settings under which records are read for a guess: all that they hold is metadata."""
    no_names: dict[str, Any] = {f"{what}_field": "" for what in WHAT}
    return replace(settings, **no_names)


def settled(settings: Read) -> Fields | None:
    """What holds what if no record has to be looked at: every field is named, or the text's by its default name."""
    named = _named(settings)
    if len(named) < len(WHAT) and named.get("text") != "text":
        return None
    return _by_default(named)


def by_default(settings: Read) -> Fields:
    """What holds what by the settings and the default names alone."""
    return _by_default(_named(settings))


def is_called_text(name: str) -> bool:
    """Whether a field is called as texts are."""
    return plain(name) in TEXT


def _named(settings: Read) -> dict[str, str]:
    return {what: name for what in WHAT if (name := getattr(settings, f"{what}_field"))}


def _by_default(named: Mapping[str, str]) -> Fields:
    return _fields(
        {what: Choice(named[what], "set") if what in named else Choice(what, "the default") for what in WHAT}
    )


def _fields(chosen: Mapping[str, Choice], doubt: str = "", *, numbered: bool = False) -> Fields:
    return Fields._make((*(chosen.get(what, Choice()) for what in WHAT), doubt, numbered))


def sample(records: Iterable[Mapping[str, Any]], settings: Read) -> list[dict[str, Any]]:
    """The first records, their values cut: as many as a guess takes, which is one if that has a field `text`."""
    taken: list[dict[str, Any]] = []
    size = 0
    for record in records:
        taken.append({name: _cut(value) for name, value in record.items()})
        size += sum(len(name) + (len(value) if isinstance(value, str) else 8) for name, value in taken[-1].items())
        is_plain = not settings.text_field and _has_text(taken[-1])
        if is_plain or len(taken) >= SAMPLE_RECORDS or size >= SAMPLE_CHARACTERS:
            break
    return taken


def _has_text(record: Mapping[str, Any]) -> bool:
    """Whether anything stands in its field `text`: crawlers leave one that is always empty beside their own."""
    text = record.get("text")
    return "text" in record and text is not None and (not isinstance(text, str) or bool(text.strip()))


def _cut(value: Any) -> Any:
    if isinstance(value, list | dict):
        inner = value.values() if isinstance(value, dict) else value
        return Nested(sum(len(part) for part in inner if isinstance(part, str)))
    return value[:WIDEST] if isinstance(value, str | bytes) else value


def guess(records: Sequence[Mapping[str, Any]], settings: Read) -> Fields:
    """Which fields of these records hold what; what the settings name, they hold."""
    named = _named(settings)
    if named.get("text", "text") == "text" and any(map(_has_text, records)):
        return _by_default(named)
    names = list(dict.fromkeys(name for record in records for name in record))
    chosen = {what: Choice(name, "set") for what, name in named.items()}
    defaults = [what for what in WHAT if what not in named and what in names and what != "text"]
    chosen |= {what: Choice(what, "the default") for what in defaults}
    taken = {choice.name for choice in chosen.values()}
    columns = [Column(name, [record.get(name) for record in records]) for name in names if name and name not in taken]
    doubt = ""
    if "text" not in chosen:
        found = text_among(columns)
        doubt = found if isinstance(found, str) else ""
        chosen["text"] = found if isinstance(found, Choice) else Choice()
    for what in ("id", "url", "title", "published", "site"):
        if what not in chosen and chosen["text"].name:
            left = [column for column in columns if column.name not in {choice.name for choice in chosen.values()}]
            chosen[what] = _named_among(left, what, has_url=bool(chosen.get("url", Choice()).name))
    numbered = next((c.is_numbers for c in columns if c.name == chosen.get("id", Choice()).name), False)
    return _fields(chosen, doubt, numbered=numbered)


# --- which of them ------------------------------------------------------------------------------------------------


def text_among(columns: Sequence[Column]) -> Choice | str:
    """The field that holds the text, an empty choice if none looks like it, or why that cannot be told."""
    ranks: dict[int, list[Column]] = {}
    for column in columns:
        if column.is_prose and column.plain not in NAMES["title"]:
            ranks.setdefault(_rank(column), []).append(column)
    if not ranks:
        called = [column for column in columns if column.plain in TEXT and column.is_words]
        return _only(called, "it is called so") if len(called) < 2 else _doubt(called)
    rank = min(ranks)
    best = sorted(ranks[rank], key=lambda column: -column.length)
    if rank <= _CALLED_MARKUP:
        return _called(best, ranks.get(_OTHER, []), 1 / LONGER if rank == _CALLED_MARKUP else LONGER)
    nested = [column for column in columns if column.nested > best[0].length]
    if nested:  # the text may stand there in pieces
        return _doubt([best[0], *nested])
    if len(best) == 1:
        return Choice(best[0].name, "no other field holds sentences", guessed=True)
    if best[0].length >= FAR_LONGER * best[1].length:
        return Choice(best[0].name, "it is by far the longest with sentences", guessed=True)
    return _doubt(best)


_CALLED, _CALLED_MARKUP, _OTHER, _LAST = range(4)


def _rank(column: Column) -> int:
    """How near a field with sentences is to being the text by its name; 0 is nearest."""
    if column.plain in BESIDE or column.is_page:
        return _LAST
    if column.plain in TEXT:
        return _CALLED_MARKUP if column.is_markup else _CALLED
    return _LAST if column.is_markup else _OTHER


def _called(best: Sequence[Column], others: Sequence[Column], limit: float) -> Choice | str:
    """Of fields that are called like a text, the longest first, the one that is it; `others` are called otherwise."""
    first, *less = best
    longest = max(others, key=lambda column: column.length, default=None)
    if longest and longest.length > limit * first.length:
        return _doubt([first, longest])
    if not less:
        return _only(best, "it is called so, and holds sentences")
    if all(_are_alike(first, other) for other in less):
        return _only(sorted(best, key=lambda column: TEXT.index(column.plain))[:1], "others say the same")
    if first.length >= LONGER * less[0].length:
        return _only(best[:1], "it is called so, and the longest")
    return _doubt(best)


def _are_alike(one: Column, other: Column) -> bool:
    same: int = sum(a == b for a, b in zip(one.values, other.values, strict=True))
    return same >= 0.9 * len(one.values)


def _only(columns: Sequence[Column], why: str) -> Choice:
    return Choice(columns[0].name, why, guessed=True) if columns else Choice()


def _doubt(columns: Sequence[Column]) -> str:
    one, other = sorted(column.name for column in columns[:2])
    return f"{shown_names([one])} and {shown_names([other])} may both be it"


def _named_among(columns: Sequence[Column], what: str, *, has_url: bool) -> Choice:
    """The field that holds an id, an address, ...: one that is called so, and in which such things stand."""
    names = _HOSTS if what == "site" and has_url else NAMES[what]
    for name in names:
        for column in columns:
            if column.plain == name and _holds(column, what):
                return Choice(column.name, "it is called so", guessed=True)
    if what == "url":
        pages = [c for c in columns if _holds(c, what) and c.is_unique and not _NO_PAGE.search(c.name)]
        if len(pages) == 1 and len(pages[0].written) > 1:
            return Choice(pages[0].name, "no other field holds addresses", guessed=True)
    return Choice()


def _holds(column: Column, what: str) -> bool:
    """Whether what stands in a field can be what its name says."""
    if what == "id":
        return column.filled == 1 and column.is_unique and all(len(value) <= MAX_NAME for value in column.written)
    if what == "url":
        return column.all_but_few(URL.fullmatch)
    if what == "published":
        return column.all_but_few(iso_date)
    if what == "site":
        return column.all_but_few(lambda value: len(value) <= MAX_NAME and not value.isdecimal() and "\n" not in value)
    return column.all_but_few(lambda value: len(value) <= 500 and "\n" not in value.strip())

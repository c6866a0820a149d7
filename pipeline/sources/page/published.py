"""When a page was published: what it declares for machines, then what readers see, then when it was changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from pipeline.sources.page.dates import iso_date
from pipeline.sources.page.structured import Object, kinds_of, string
from pipeline.sources.page.walk import MAX_SCRIPT, MAX_SCRIPTS, NEAR, Found, first

_META = (
    "article:published_time", "og:published_time", "datepublished", "date", "pubdate", "publishdate", "publish-date",
    "parsely-pub-date", "sailthru.date", "dc.date", "dc.date.issued", "dcterms.created", "dcterms.date",
    "article.created", "published_at", "article_date_original", "ptime", "pdate", "cxenseparse:recs:publishtime",
    "rnews:datepublished", "published",
)  # fmt: skip
_META_CHANGED = ("article:modified_time", "og:updated_time", "datemodified", "last-modified", "updated", "updated date")
_PAGE_TYPE = re.compile(r"(?:Page|Article|Posting)$")
_IN_ADDRESS = re.compile(r"/((?:19|20)\d\d)[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?:/|-|_|\.|$)")
# As applications write it into the scripts that draw their pages.
_IN_SCRIPT = re.compile(
    r"\\?[\"']?\b(?:datePublished|published_?[aA]t|published_?[oO]n|publish(?:ed)?_?[dD]ate)\\?[\"']?\s{0,5}:\s{0,5}"
    r"\\?[\"']([^\"'\\]{8,40})"
)
_LENGTH_OF_DAY = 10


def published(article: Object, objects: list[Object], found: Found, url: str | None) -> str | None:
    """ISO 8601, as precise as the page is: of several that name the first one's day, the first with a time of day."""
    dates = (date for text in _told(article, objects, found, url) if (date := iso_date(text)))
    if (told := next(dates, None)) is None:
        return next((date for text in _unsure(article, found) if (date := iso_date(text))), None)
    if len(told) > _LENGTH_OF_DAY:
        return told
    return next((date for date in dates if date.startswith(told) and len(date) > _LENGTH_OF_DAY), told)


def _told(article: Object, objects: list[Object], found: Found, url: str | None) -> Iterator[str]:
    yield from (string(article.get("datePublished")), string(article.get("dateCreated")))
    for name in _META:
        yield from found.meta.get(name, ())
    yield from (string(value.get("datePublished")) for value in objects if any(map(_PAGE_TYPE.search, kinds_of(value))))
    yield from found.properties
    yield from _times(found)[0]
    for address in (url or "", found.canonical, first(found.meta, ("og:url",))):
        if match := _IN_ADDRESS.search(address):
            yield "-".join(match.groups())


def _times(found: Found) -> tuple[list[str], list[str]]:
    """The `<time>` elements near a headline, the nearest first; and the others, which may be of teasers."""
    if not found.headlines:
        return [shown.text for shown in found.times], []
    places = [shown.place for shown in found.headlines]
    away = {shown: min(abs(shown.place - place) for place in places) for shown in found.times}
    ordered = sorted(found.times, key=away.__getitem__)
    return (
        [shown.text for shown in ordered if away[shown] <= NEAR],
        [shown.text for shown in ordered if away[shown] > NEAR],
    )


def telling_scripts(found: Found) -> Iterator[str]:
    """The scripts that may tell when the page was published, as many and as much of each as is looked at."""
    telling = (text[:MAX_SCRIPT] for script in found.data if "ublish" in (text := script.text or ""))
    return islice(telling, MAX_SCRIPTS)


def _unsure(article: Object, found: Found) -> Iterator[str]:
    """Where a page declares nothing: what stands beneath its headline, or in its scripts, or when it was changed."""
    yield from found.shown
    yield from found.beneath
    for text in telling_scripts(found):
        yield from (match[1] for match in _IN_SCRIPT.finditer(text))
    yield from _times(found)[1]
    yield string(article.get("dateModified"))
    for name in _META_CHANGED:
        yield from found.meta.get(name, ())

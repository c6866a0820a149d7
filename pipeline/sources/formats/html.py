"""HTML: the file is a page, and the article on it is the record."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.charset.decode import Decoded, decode
from pipeline.sources.records import Failure, File, Format, Record, attempt, charset_columns, checked, site_of
from pipeline.sources.streams import whole


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The article on the page.

    Raises:
        RecordError: the page is too large.
    """
    content = whole(file.path, settings.max_record_bytes)
    yield attempt(lambda: on_page(decode(content), file.stem, file.name), file, 0)


# What no page has many of: noise has one in ten.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def on_page(page: Decoded, identity: str, name: str, line: int = 0, url: str = "") -> Record:
    """The article on a page as the record `identity` of the file `name`; without a `url`, the page's own word counts.

    Raises:
        RecordError: there is none, or the page is binary, or holds more than is read.
    """
    controls = len(_CONTROLS.findall(page.text))
    if controls > max(20, 0.01 * len(page.text)):
        raise RecordError(f"binary, not a page: {controls:,} control characters in {len(page.text):,}")
    from pipeline.sources.page.article import article_of  # the parser takes 0.2 s to load

    article = article_of(page.text, url or None)
    url = url or article.url or ""
    meta = {"authors": list(article.authors), "page_language": article.language}
    record = Record(
        identity,
        article.text,
        name,
        line,
        site=site_of(url),
        url=url,
        title=article.title,
        published=article.date,
        meta={key: value for key, value in meta.items() if value},
        remarks=tuple(piece.remark for piece in article.lost),
        **charset_columns(page),
    )
    return checked(record)


FORMAT = Format((".html", ".htm", ".xhtml"), read, is_one=True)

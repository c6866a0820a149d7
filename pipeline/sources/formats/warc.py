"""WARC, the web archive: each HTML page that a server sent is a record. Other entries are no documents."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from pipeline.config import Read
from pipeline.sources.charset.decode import decode
from pipeline.sources.formats.html import on_page
from pipeline.sources.records import Failure, File, Format, Record, attempt, first_line
from pipeline.sources.streams import within

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The articles on the pages of a web archive; `line` counts its pages."""
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    number = 0
    with file.path.open("rb") as stream:  # it unpacks gzip itself, entry by entry
        try:
            for entry in ArchiveIterator(stream):
                kind = _content_type(entry)
                if entry.rec_type != "response" or "html" not in kind:
                    continue
                number += 1
                url = entry.rec_headers.get_header("WARC-Target-URI") or ""
                content = entry.content_stream().read(settings.max_record_bytes + 1)
                make = partial(_from_page, content, kind, url, file, number, settings)
                yield attempt(make, file.name, number, url)
        except (ArchiveLoadFailed, EOFError, zlib.error) as error:
            yield Failure(file.name, number + 1, f"broken archive: {first_line(error)}")


def _content_type(entry: Any) -> str:
    return (entry.http_headers.get_header("Content-Type") or "") if entry.http_headers else ""


def _from_page(content: bytes, kind: str, url: str, file: File, number: int, settings: Read) -> Record:
    declared = _CHARSET.search(kind)
    page = decode(within(content, settings.max_record_bytes), declared[1] if declared else None)
    return on_page(page, f"{file.stem}:{number}", file.name, number, url)


FORMAT = Format((".warc",), read)

"""MHTML: a page as a browser has saved it, in a message of several parts. The page alone is the record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.charset.decode import decode
from pipeline.sources.formats.html import on_page
from pipeline.sources.records import Failure, File, Format, Record, attempt
from pipeline.sources.streams import whole

MAX_BOUNDARIES = 50  # parts in each other: the parser goes down on the stack, and asks each line whether one ends
_BOUNDARY = re.compile(rb"\bboundary\*?\d*\*?\s*=", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The article on the page.

    Raises:
        RecordError: the file is too large.
    """
    content = whole(file.path, settings.max_record_bytes)
    yield attempt(lambda: _from_bytes(content, file), file, 0)


def _from_bytes(content: bytes, file: File) -> Record:
    boundaries = sum(1 for _ in _BOUNDARY.finditer(content))
    if boundaries > MAX_BOUNDARIES:
        raise RecordError(f"{boundaries:,} boundaries of parts, the limit is {MAX_BOUNDARIES}")
    from email import message_from_bytes  # only who reads such a file needs the parser

    message = message_from_bytes(content)
    page = next((part for part in message.walk() if part.get_content_type() == "text/html"), None)
    if page is None:
        raise RecordError("no page: none of its parts is HTML")
    body = page.get_payload(decode=True)
    told = page.get_content_charset()
    return on_page(decode(body if isinstance(body, bytes) else b"", told), file.stem, file.name, 0, _url(message, page))


def _url(message: Message, page: Message) -> str:
    """Where the page was; a part of it may have a name that is none."""
    told = (page["Content-Location"], message["Snapshot-Content-Location"], message["Content-Location"])
    return next((str(url).strip() for url in told if url and _ADDRESS.match(str(url).strip())), "")


FORMAT = Format((".mhtml", ".mht"), read, is_one=True)

"""WARC, the web archive: each HTML page that a server sent is a record. Other entries are no documents.

Each entry says how many bytes it has. One that has fewer is cut off, and so is whatever came after it: half a page
would make half an article, so it is set aside, as are the pages that the crawler itself says it has cut.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.body import body_of
from pipeline.sources.charset.decode import decode
from pipeline.sources.formats.html import on_page
from pipeline.sources.records import Failure, File, Format, Record, attempt
from pipeline.sources.streams import Stream, cut, open_file, too_large

MAX_HEAD = 1 << 20  # bytes of an entry's head, and of the server's
_CHUNK = 1 << 16
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(rb"^warc-target-uri[ \t]*:[ \t]*[^ \t\r\n]", re.IGNORECASE | re.MULTILINE)
_RESPONSE = re.compile(rb"^warc-type[ \t]*:[ \t]*response[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The articles on the pages of a web archive, packed or not; `line` counts its pages."""
    number = 0
    try:
        with open_file(file.path) as stream:
            for entry in _entries(stream, settings.max_record_bytes):
                answer = attempt(partial(_answer, entry), file, number + 1)
                if answer is not None:
                    number += 1
                    yield answer if isinstance(answer, Failure) else _on_page(answer, file, number, settings)
            if stream.fault:
                raise RecordError(cut(stream.fault))
    except (RecordError, OSError) as error:
        yield Failure(file.name, number + 1, f"broken archive: {error}")


class _Entry(NamedTuple):
    """What a server answered: the entry's head and its block, which may be longer than what is held of it."""

    head: bytes
    block: bytes
    length: int


def _entries(stream: Stream, most: int) -> Iterator[_Entry]:
    """The answers of servers; other entries are read past.

    Raises:
        RecordError: what comes next is no entry, or not all of one.
    """
    while head := _head(stream):
        told = _LENGTH.search(head)
        if not told:
            raise RecordError("an entry that does not tell its length")
        length = int(told[1])
        is_answer = _RESPONSE.search(head) is not None
        block = stream.read(min(length, most + MAX_HEAD)) if is_answer else b""
        came = len(block) + _read_past(stream, length - len(block))
        if came < length:
            raise RecordError(f"cut off: {came:,} of the {length:,} bytes of an entry")
        if is_answer:
            yield _Entry(head, block, length)


def _head(stream: Stream) -> bytes:
    """The lines that an entry begins with, up to the blank one; b"" at the end of the archive."""
    line = b"\n"
    while line and not line.strip():
        line = stream.readline(MAX_HEAD)
    if not b"WARC/".startswith(line[:5]):
        raise RecordError(f"no entry begins with {line[:40]!r}")
    head = bytearray()
    while line.strip():
        head += line
        if len(head) > MAX_HEAD:
            raise RecordError(f"an entry with a head of more than {MAX_HEAD:,} bytes")
        line = stream.readline(MAX_HEAD)
    if head and not line:
        raise RecordError("cut off in the head of an entry")
    return bytes(head) + line


def _read_past(stream: Stream, length: int) -> int:
    """Read so many bytes, and forget them; returns how many came."""
    left = length
    while left and (piece := stream.read(min(left, _CHUNK))):
        left -= len(piece)
    return length - left


class _Answer(NamedTuple):
    """An HTML page as a server sent it; `record` is warcio's."""

    record: Any
    kind: str  # the content type
    is_whole: bool


def _answer(entry: _Entry) -> _Answer | None:
    """What the server answered; None when it is no page.

    Raises:
        RecordError: the entry does not tell its address, without which it cannot be parsed.
    """
    from warcio.recordloader import ArcWarcRecordLoader

    if not _ADDRESS.search(entry.head):
        raise RecordError("an entry that does not tell its address (WARC-Target-URI)")
    loader = ArcWarcRecordLoader(verify_http=False, arc2warc=False)
    record = loader.parse_record_stream(io.BytesIO(entry.head + entry.block), known_format="warc")
    kind = (record.http_headers.get_header("Content-Type") or "") if record.http_headers else ""
    return _Answer(record, kind, len(entry.block) == entry.length) if "html" in kind else None


def _on_page(answer: _Answer, file: File, number: int, settings: Read) -> Record | Failure:
    url = answer.record.rec_headers.get_header("WARC-Target-URI") or ""
    return attempt(partial(_from_page, answer, url, file, number, settings), file, number, url)


def _from_page(answer: _Answer, url: str, file: File, number: int, settings: Read) -> Record:
    told = answer.record.rec_headers.get_header("WARC-Truncated")
    if told:
        raise RecordError(f"cut off by the crawler: WARC-Truncated: {told}")
    most = settings.max_record_bytes
    if not answer.is_whole:
        raise RecordError(too_large(most))
    content = body_of(answer.record.raw_stream.read(), answer.record.http_headers.get_header, most)
    declared = _CHARSET.search(answer.kind)
    return on_page(decode(content, declared[1] if declared else None), f"{file.stem}:{number}", file.name, number, url)


FORMAT = Format((".warc",), read)

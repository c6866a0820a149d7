"""Plain text: the file is one article."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.charset.decode import decode
from pipeline.sources.lists import why_list
from pipeline.sources.records import Failure, File, Format, Record, attempt, charset_columns, checked
from pipeline.sources.streams import whole


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The article.

    Raises:
        RecordError: it is too large.
    """
    content = whole(file.path, settings.max_record_bytes)
    yield attempt(lambda: _from_bytes(content, file), file, 0)


def _from_bytes(content: bytes, file: File) -> Record:
    decoded = decode(content)
    if "\0" in decoded.text:
        raise RecordError("binary, not text: it holds NUL bytes")
    if why := why_list(decoded.text):
        raise RecordError(why)
    return checked(Record(file.stem, decoded.text, file.name, **charset_columns(decoded)))


FORMAT = Format((".txt",), read, is_one=True)

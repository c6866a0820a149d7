"""Plain text: the file is one article."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.charset.decode import decode
from pipeline.sources.records import Failure, File, Format, Record, charset_columns, checked
from pipeline.sources.streams import whole


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The article.

    Raises:
        RecordError: it is too large, binary or blank.
    """
    decoded = decode(whole(file.path, settings.max_record_bytes))
    if "\0" in decoded.text:
        raise RecordError("binary, not text: it holds NUL bytes")
    yield checked(Record(file.stem, decoded.text, file.name, **charset_columns(decoded)))


FORMAT = Format((".txt",), read)

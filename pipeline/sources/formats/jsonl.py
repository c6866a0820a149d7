"""JSON Lines: each line is a JSON object in UTF-8, and a record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.records import Failure, File, Format, Record, attempt, from_fields
from pipeline.sources.streams import lines, open_file, too_long


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The records, one a line; blank lines are none."""
    most = settings.max_record_bytes
    with open_file(file.path) as stream:
        for number, line, _ in lines(stream, most):
            if line is None:
                yield Failure(file.name, number, too_long(most))
            elif line.strip():
                make = partial(_from_line, line, file, number, settings)
                yield attempt(make, file.name, number, line[:200].decode("utf-8", "replace"))


def _from_line(line: bytes, file: File, number: int, settings: Read) -> Record:
    return from_fields(_parse(line), file, number, settings)


def _parse(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        bad = error.object[error.start]
        raise RecordError(f"not UTF-8: byte 0x{bad:02x} at column {error.start + 1}") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise RecordError(f"not a JSON object but {type(value).__name__}")
    return value


FORMAT = Format((".jsonl", ".ndjson"), read)

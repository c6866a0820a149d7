"""JSON Lines: each line is a JSON object, and a record; in UTF-8, or in what a byte order mark says.

How deep a line is nested and how much stands in it is looked at before it is parsed: the parser goes down on a stack of
its own, and an object of three bytes takes some ninety of memory.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.charset.of_lines import Charset
from pipeline.sources.meta import MAX_DEPTH
from pipeline.sources.records import MAX_NAME, Failure, File, Format, Record, attempt, from_fields, start_of
from pipeline.sources.streams import Line, lines, open_text, too_long

MAX_NESTS = 100_000  # objects and lists of a record: some 25 MB of memory
MAX_VALUES = 1_000_000  # of all of them together: some 150 MB if each has a name


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The records, one a line; blank lines are none."""
    with open_text(file.path, file.span) as stream:
        for line in lines(stream, settings.max_record_bytes):
            found = _on_line(line, file, settings, stream.charset)
            is_record = isinstance(found, Record)
            if found and (is_record or not line.cut):
                yield found
            if line.cut:  # an object is whole if it is one at all: it ends with a bracket
                yield Failure(file.name, line.number + is_record, line.cut, "" if is_record else start_of(line.content))


def _on_line(line: Line, file: File, settings: Read, charset: Charset) -> Record | Failure | None:
    if line.content is None:
        return Failure(file.name, line.number, too_long(settings.max_record_bytes))
    if not line.content.strip():
        return None
    make = partial(_from_line, line.content, file, line.number, settings, charset)
    return attempt(make, file, line.number, line.content)


def _from_line(line: bytes, file: File, number: int, settings: Read, charset: Charset) -> Record:
    return from_fields(parse(line), file, number, settings, charset)


_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)  # nothing in it backtracks
_STEPS = np.zeros(256, np.int8)
_STEPS[list(b"[{")], _STEPS[list(b"]}")] = 1, -1


def _check(line: bytes) -> None:
    """Make sure that a parser can be given this line.

    Raises:
        RecordError: it is nested too deep, or holds too many values.
    """
    if line.count(b"[") + line.count(b"{") <= MAX_DEPTH and line.count(b",") < MAX_VALUES:
        return
    marks = np.frombuffer(_STRING.sub(b"", line), np.uint8)
    steps = _STEPS[marks]
    depth = int(np.cumsum(steps, dtype=np.int32).max(initial=0))
    if depth > MAX_DEPTH:
        raise RecordError(f"nested {depth:,} levels deep, the limit is {MAX_DEPTH}")
    nests, values = int((steps > 0).sum()), int((marks == ord(",")).sum()) + 1
    if nests > MAX_NESTS:
        raise RecordError(f"{nests:,} objects and lists in one record, the limit is {MAX_NESTS:,}")
    if values > MAX_VALUES:
        raise RecordError(f"{values:,} values in one record, the limit is {MAX_VALUES:,}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs: of a key that comes twice Python would keep the last value, and say nothing."""
    value = dict(pairs)
    if len(value) < len(pairs):
        [(key, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise RecordError(f'a key twice in one object: "{key[:MAX_NAME]}"')
    return value


_decode = json.JSONDecoder(object_pairs_hook=_once).decode


def parse(line: bytes) -> dict[str, Any]:
    """The object that a line holds.

    Raises:
        RecordError: it holds none, or one that is nested too deep or holds too much.
    """
    _check(line)
    try:
        value = _decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        bad = error.object[error.start]
        raise RecordError(f"not UTF-8: byte 0x{bad:02x} at column {error.start + 1}") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise RecordError(f"not a JSON object but {type(value).__name__}")
    return value


FORMAT = Format((".jsonl", ".ndjson"), read, by_lines=True, has_fields=True)

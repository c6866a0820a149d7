"""JSON that is one value: a list of records, one record, or an object in which a list of records stands.

The file is cut into its records as it is read, and each of them is read as a line of JSON Lines would be. Where in an
object they stand is looked up beforehand: what makes most of it holds them. JSON Lines of this name are read as such.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from functools import partial
from typing import NamedTuple

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.charset.of_lines import Charset
from pipeline.sources.fields import is_called_text
from pipeline.sources.formats import jsonl
from pipeline.sources.json_values import Cursor, Value
from pipeline.sources.records import Failure, File, Format, Record, attempt, beside, from_fields
from pipeline.sources.streams import lines, open_text, too_large

_DEEPEST = 4  # objects around the records, as answers of APIs have them
_MOST = 0.5  # of an object: what holds its records
_TEXT = 200  # bytes of a text: what is called so and is shorter may be anything
_LONG = 1_000  # bytes of a string: it is the text of a record, and no word about a list of some
_NEARLY_ALL = 0.9  # of an object of objects: a head of its own stands beside what holds the records


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The records; `line` counts them, and is 0 for the only one of a file that is an object."""
    if _is_lines(file, settings.max_record_bytes):
        yield from jsonl.read(file, settings)
        return
    path, layout, unread, size = _found(file, settings)
    number = 0
    try:
        with open_text(file.path) as stream:
            cursor = Cursor(stream, settings.max_record_bytes)
            for key in path:
                _go_to(cursor, key)
            for number, (key, value) in enumerate(_values(cursor, layout), layout != _Layout.ONE):
                yield _record(value, key, file, number, settings, stream.charset)
            yield from beside(file, size, unread, "beside its list of records")
            if not path and (rest := cursor.peek()):
                raise RecordError(f'not JSON: it goes on with "{rest.decode("utf-8", "replace")}" after its end')
    except RecordError as error:
        yield Failure(file.name, number + 1 if number or layout != _Layout.ONE else 0, str(error))


def _is_lines(file: File, most: int) -> bool:
    """Whether the first two lines are objects, or begin as such: what is indented is one that goes on."""
    with open_text(file.path) as stream:
        first = (line.content for line in lines(stream, most) if line.content is None or line.content.strip())
        begins = [content[:1] for _, content in zip(range(2), first, strict=False) if content]
    return begins == [b"{", b"{"]


def _record(value: Value, key: str, file: File, number: int, settings: Read, charset: Charset) -> Record | Failure:
    if value.content is None:
        return Failure(file.name, number, too_large(settings.max_record_bytes))
    make = partial(_from_value, value.content, key, file, number, settings, charset)
    return attempt(make, file, number, value.content)


def _from_value(content: bytes, key: str, file: File, number: int, settings: Read, charset: Charset) -> Record:
    if content.startswith(b'"'):
        content = b"{%s: %s}" % (json.dumps(settings.text_field).encode(), content)
    fields = jsonl.parse(content)
    if key:
        fields.setdefault(settings.id_field, key)
    return from_fields(fields, file, number, settings, charset)


# --- where the records stand -----------------------------------------------------------------------------------------


class _Layout(Enum):
    """What holds the records."""

    ONE = "an object that is one"
    SEVERAL = "objects, one after the other"
    LIST = "a list of them"
    LISTS = "lists of them in an object"
    BY_KEY = "an object of them, each under its id"


class _Shape(NamedTuple):
    """An object from outside: its members, how many of them are objects, and how large they are; if it holds a text."""

    members: int = 0
    size: int = 0
    objects: int = 0
    in_lists: int = 0  # bytes of lists of objects
    largest: tuple[int, str, bytes] = (0, "", b"")  # the size, key and first byte of a value
    has_text: bool = False
    is_whole: bool = False


def _values(cursor: Cursor, layout: _Layout) -> Iterator[tuple[str, Value]]:
    """The records that are next, each with the key that is its id."""
    if layout == _Layout.ONE:
        yield "", cursor.value()
    elif layout == _Layout.SEVERAL:
        while cursor.peek():
            yield "", cursor.value()
    elif layout == _Layout.LIST:
        yield from (("", value) for value in cursor.elements())
    elif layout == _Layout.BY_KEY:
        yield from ((_name(key), cursor.value()) for key in cursor.members())
    else:
        for _ in cursor.members():
            if cursor.peek() == b"[":
                yield from (("", value) for value in cursor.elements() if value.begin == b"{")
            else:
                cursor.value()


class _Place(NamedTuple):
    """Where the records stand: the keys that lead to them, what holds them there, and what is beside that, in bytes."""

    path: list[str]
    layout: _Layout
    unread: int = 0
    size: int = 0


def _found(file: File, settings: Read) -> _Place:
    """Where the records stand."""
    path: list[str] = []
    unread = total = 0
    while len(path) < _DEEPEST:
        with open_text(file.path) as stream:
            cursor = Cursor(stream, settings.max_record_bytes)
            for key in path:
                _go_to(cursor, key)
            if cursor.peek() != b"{":
                return _Place(path, _Layout.LIST if cursor.peek() == b"[" else _Layout.ONE, unread, total)
            shape = _shape(cursor, settings.text_field or "text")
            if not path and shape.is_whole and cursor.peek() == b"{":
                return _Place(path, _Layout.SEVERAL)
        size, key, begin = shape.largest
        total = total or shape.size
        if shape.has_text:
            return _Place(path, _Layout.ONE, unread, total)
        if shape.in_lists >= _MOST * shape.size > 0:
            return _Place(path, _Layout.LISTS, unread + shape.size - shape.in_lists, total)
        if 1 < shape.members == shape.objects and size < _NEARLY_ALL * shape.size:
            return _Place(path, _Layout.BY_KEY, unread, total)
        if begin != b"{" or size < _MOST * shape.size:
            break
        path.append(key)
        unread += shape.size - size
    return _Place([], _Layout.ONE)


def _go_to(cursor: Cursor, wanted: str) -> None:
    """Go on to the value of that key, in the object that is next."""
    for key in cursor.members():
        if _name(key) == wanted:
            return
        cursor.value()


def _shape(cursor: Cursor, text_field: str) -> _Shape:
    """How the object that is next looks, as far as it can be read."""
    shape = _Shape()
    with suppress(RecordError):  # it breaks off: whoever reads it says so
        for key in cursor.members():
            name, begin = _name(key), cursor.peek()
            size, inner = _list(cursor) if begin == b"[" else (cursor.size(), b"")
            shape = _Shape(
                shape.members + 1,
                shape.size + size,
                shape.objects + (begin == b"{"),
                shape.in_lists + (size if inner == b"{" else 0),
                max(shape.largest, (size, name, begin)),
                shape.has_text or name == text_field or (begin == b'"' and _is_text(name, size)),
            )
        shape = shape._replace(is_whole=True)
    return shape


def _is_text(name: str, size: int) -> bool:
    return size >= _LONG or (size >= _TEXT and is_called_text(name))


def _list(cursor: Cursor) -> tuple[int, bytes]:
    """The size of the elements of the list that is next, as far as it can be read, and how the first begins."""
    size, begin = 0, b""
    with suppress(RecordError):
        for value in cursor.elements():
            size, begin = size + value.size, begin or value.begin
    return size, begin


def _name(key: bytes) -> str:
    """The name that a key spells; as it stands there if it is none."""
    try:
        return str(json.loads(key))
    except ValueError:
        return key.decode("utf-8", "replace")


FORMAT = Format((".json",), read, has_fields=True)

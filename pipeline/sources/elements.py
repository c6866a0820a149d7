"""XML and SGML as a stream of elements of one name, cut out as they stand there, without a grammar.

Feeds and corpora are often no XML: several roots, a bare ampersand, a tag that is not closed. So each element is cut
out and read by itself (`tree`), and what is broken costs its own element. Nothing is expanded or fetched: a document
type is read past, and an entity that it declares stays as it is written. No expression here backtracks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.sources.packed import ENDS_EARLY
from pipeline.sources.streams import Stream, cut, too_large

_CHUNK = 1 << 20
_SHOWN = 200  # bytes of an element that is broken
# The rest of a tag, up to its end or that of what has been read. Quotes that nothing closes are none.
_REST = rb"(?:[^<>\"'/]++|\"[^\"<]*+(?:\"|\Z)|'[^'<]*+(?:'|\Z)|/(?!>)|[\"'])*+(?:(?P<empty>/)?>|(?P<begun>\Z))"
_COMMENT = rb"<!--(?:[^-]++|-(?!->))*+(?:-->|(?P<comment>\Z))"
_CDATA = rb"<!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>|(?P<cdata>\Z))"


class Piece(NamedTuple):
    """An element as it stands in the file; or how it begins, and why no more of it can be had."""

    content: bytes
    fault: str = ""


class Elements:
    """The elements of a name, an expression, in a stream; whether in capitals is all the same, as in SGML.

    They do not stand in each other: one that begins in another shows that the other is not closed. Of what is larger
    than `most` bytes no more is held. `size` is the number of bytes that have been read so far.
    """

    def __init__(self, stream: Stream, name: str, most: int) -> None:
        self._stream, self._most = stream, most
        self._tag = rb"<(?P<end>/?)(?i:%s)(?=[\s/>])" % name.encode() + _REST
        self._mark = re.compile(b"|".join((self._tag, _COMMENT, _CDATA)))
        self._unread = len(name) + 200  # of a tag's name, where there may be more of it
        self._data = b""
        self._at = self.size = 0
        self._start: int | None = None  # where the element begins that is open
        self._lost = b""  # how one began that has become too large

    def __iter__(self) -> Iterator[Piece]:
        while mark := self._next():
            if self._lost:
                yield Piece(self._lost, too_large(self._most))
                self._lost = b""
            if not mark["end"]:
                if self._start is not None:
                    yield Piece(self._data[self._start : mark.start()][:_SHOWN], "not closed before the next begins")
                self._start = mark.start()
            if self._start is not None and (mark["end"] or mark["empty"]):
                content = self._data[self._start : mark.end()]
                is_small = len(content) <= self._most
                yield Piece(content) if is_small else Piece(content[:_SHOWN], too_large(self._most))
                self._start = None
        if self._lost or self._start is not None or self._stream.fault:
            begin = self._lost or (b"" if self._start is None else self._data[self._start :][:_SHOWN])
            yield Piece(begin, cut(self._stream.fault or ENDS_EARLY))

    def _next(self) -> re.Match[bytes] | None:
        """The next tag of the name; None at the end of the stream."""
        while True:
            match = self._mark.search(self._data, self._at)
            if match and not _goes_on(match):
                self._at = match.end()
                if match["end"] is not None:
                    return match
                continue
            at = match.start() if match else max(self._at, len(self._data) - self._unread)
            if match is None or len(self._data) - at <= self._most:
                if self._read_on(at):
                    continue
                if match is None:
                    return None
            else:
                self._at = at
            self._at += 1  # what has no end is no mark
            if match["end"] is None:
                self._mark = re.compile(self._tag)

    def _read_on(self, at: int) -> bool:
        """Read more, and go on at this place; what is before it and before the open element is forgotten."""
        begin = at if self._start is None else self._start
        if at - begin > self._most:
            self._lost, self._start = self._data[begin:][:_SHOWN], None
            begin = at
        piece = self._stream.read(_CHUNK)
        self.size += len(piece)
        self._data = self._data[begin:] + piece
        self._at = at - begin
        self._start = None if self._start is None else 0
        return bool(piece)


def _goes_on(match: re.Match[bytes]) -> bool:
    """Whether a mark has no end in what has been read."""
    found = match.groupdict()
    return any(found.get(name) is not None for name in ("begun", "comment", "cdata"))

"""JSON as a stream of values: cut out one by one, none of them parsed, so that a file may be larger than the memory.

What is cut out ends where its brackets do; whether it is JSON is for a parser to say.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.errors import RecordError
from pipeline.sources.packed import ENDS_EARLY
from pipeline.sources.streams import Stream, cut

_CHUNK = 1 << 20
_SPACE = re.compile(rb"\s*+")
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{}]', re.DOTALL)  # nothing in it backtracks
_IN_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_END_OF_SCALAR = re.compile(rb'[\s,:"\[\]{}]')


class Value(NamedTuple):
    """A value as it stands there. `content` is None when it is too long; it has then been read past."""

    content: bytes | None
    size: int
    begin: bytes  # its first byte, which tells its kind


class Cursor:
    """A place in a stream of JSON that goes on from value to value; of one longer than `most` it holds no more."""

    def __init__(self, stream: Stream, most: int) -> None:
        self._stream, self._most = stream, most
        self._data = stream.read(_CHUNK).removeprefix(codecs.BOM_UTF8)
        self._at = 0
        self._held: int | None = None  # where in the data the value begins that is being read
        self._dropped = 0  # bytes of it that are no longer there, since it is too long

    def peek(self) -> bytes:
        """The next byte that is no white space; b"" at the end of the stream."""
        self._at = self._end_of(_SPACE)
        while self._at == len(self._data) and self._more():
            self._at = self._end_of(_SPACE)
        return self._data[self._at : self._at + 1]

    def value(self) -> Value:
        """The next value.

        Raises:
            RecordError: there is none, or not all of one.
        """
        begin = self.peek()
        self._held, self._dropped = self._at, 0
        if begin in (b"[", b"{"):
            self._go_past_nest()
        elif begin == b'"':
            self._go_past_string()
        else:
            self._go_past_scalar()
        size = self._dropped + self._at - self._held
        content = None if size > self._most else self._data[self._held : self._at]
        self._held = None
        if not size:
            raise self._broken("no value")
        return Value(content, size, begin)

    def size(self) -> int:
        """The size of the next value, or of what there is of it if it breaks off."""
        try:
            return self.value().size
        except RecordError:
            return self._dropped + self._at - (self._held or 0)

    def members(self) -> Iterator[bytes]:
        """The keys of the object that is next, as they stand there; the value of each is next, and to be taken.

        Raises:
            RecordError: the object breaks off.
        """
        self._expect(b"{")
        while self.peek() == b'"':
            key = self.value().content
            self._expect(b":")
            yield key or b'""'
            if not self._take(b","):
                break
        self._expect(b"}")

    def elements(self) -> Iterator[Value]:
        """The values of the list that is next.

        Raises:
            RecordError: the list breaks off.
        """
        self._expect(b"[")
        while self.peek() != b"]":
            yield self.value()
            if not self._take(b","):
                break
        self._expect(b"]")

    def _take(self, mark: bytes) -> bool:
        found = self.peek() == mark
        self._at += found
        return found

    def _expect(self, mark: bytes) -> None:
        if not self._take(mark):
            raise self._broken(f'no "{mark.decode()}"')

    def _broken(self, why: str) -> RecordError:
        begin = self._data[self._at : self._at + 20].decode("utf-8", "replace")
        if begin:
            return RecordError(f'not JSON from here on: {why} where it goes on with "{begin}"')
        return RecordError(cut(self._stream.fault or ENDS_EARLY))

    # --- in a value -----------------------------------------------------------------------------------------------

    def _go_past_nest(self) -> None:
        depth = 0
        while True:
            match = _TOKEN.search(self._data, self._at)
            if match is None:
                self._go_on(len(self._data))
            elif match[0] == b'"':  # of a string that ends in what has not been read
                self._at = match.start()
                self._go_past_string()
            else:
                self._at = match.end()
                depth += (match[0] in (b"[", b"{")) - (match[0] in (b"]", b"}"))
                if not depth:
                    return

    def _go_past_string(self) -> None:
        self._at += 1
        self._at = self._end_of(_IN_STRING)
        while self._data[self._at : self._at + 1] != b'"':
            self._go_on(self._at)
            self._at = self._end_of(_IN_STRING)
        self._at += 1

    def _go_past_scalar(self) -> None:
        while not (match := _END_OF_SCALAR.search(self._data, self._at)):
            self._at = len(self._data)
            if not self._more():
                return
        self._at = match.start()

    def _end_of(self, pattern: re.Pattern[bytes]) -> int:
        match = pattern.match(self._data, self._at)
        return match.end() if match else self._at

    def _go_on(self, at: int) -> None:
        self._at = at
        if not self._more():
            self._at = len(self._data)
            raise self._broken("it breaks off")

    def _more(self) -> bool:
        """Read on; what is before the value, or too much of it, is forgotten."""
        begin = self._at if self._held is None else self._held
        if self._at - begin > self._most:
            self._dropped += self._at - begin
            begin = self._at
        piece = self._stream.read(_CHUNK)
        self._data = self._data[begin:] + piece
        self._at -= begin
        self._held = None if self._held is None else 0
        return bool(piece)

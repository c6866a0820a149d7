"""Files as streams of bytes: unpacked, whole or line by line, and never more of them in memory than is allowed.

Files are read as bytes, so that a bad byte costs its own record at most.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Generator, Iterator
from typing import NamedTuple

from pipeline.engine.stores.file import Place, unbuffered
from pipeline.errors import RecordError
from pipeline.sources.charset.decode import WIDE_BOMS
from pipeline.sources.charset.of_lines import LOOKED_AT, UTF_8, Charset, as_utf_8, charset_of
from pipeline.sources.packed import ENDS_EARLY, PACKED, Pieces

_CHUNK = 1 << 20  # bytes


class Span(NamedTuple):
    """Some lines of a file, as bytes of it, and how many lines stand before them."""

    start: int
    end: int
    lines_before: int = 0


def spans(path: Place, size: int) -> Iterator[Span]:
    """A file of lines cut into spans of about `size` bytes, none within a line; it is read once, a piece at a time.

    One in UTF-16 or UTF-32 is not cut, since its line breaks are no single bytes; nor is one in another charset, which
    is told from how it begins.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        if stream.peek(4).startswith(tuple(mark for mark, _ in WIDE_BOMS)) or _charset_of(path) != UTF_8:
            yield Span(0, path.stat().st_size)
            return
        start = lines_before = 0
        while piece := stream.read(size):
            line_ends = piece.count(b"\n")
            while piece and not piece.endswith(b"\n"):
                piece = stream.readline(_CHUNK)
                line_ends += piece.endswith(b"\n")
            yield Span(start, stream.tell(), lines_before)
            start, lines_before = stream.tell(), lines_before + line_ends


class Stream(io.BufferedReader):
    """The bytes of a file, and what became of them on the way: `charset` is the one that it is written in."""

    charset = UTF_8
    lines_before = 0  # where it is a span of a file

    @property
    def fault(self) -> str:
        """At the end: why nothing more can be read, although the file goes on or should have; "" if that was all."""
        return self.raw.fault if isinstance(self.raw, Pieces) else ""


def open_file(path: Place, suffix: str | None = None) -> Stream:
    """The file's bytes, unpacked if its name says that it is packed, or the `suffix` that stands for that of its name.

    Raises:
        OSError: it cannot be opened, or is not packed as its name says.
    """
    unpacked = PACKED.get(path.suffix.lower() if suffix is None else suffix)
    return Stream(Pieces(unpacked(path)) if unpacked else unbuffered(path), _CHUNK)


def open_text(path: Place, span: Span | None = None) -> Stream:
    """The same for a file of lines in UTF-8; one that is in another charset by its mark, or how it begins, becomes it.

    Of a file that is not packed a span can be had alone.
    """
    if span and span.lines_before:
        stream = Stream(Pieces(_between(path, span)), _CHUNK)
        stream.lines_before = span.lines_before
        return stream
    stream = open_marked(path, span)
    if stream.charset == UTF_8 and (charset := _charset_of(path)) != UTF_8:
        stream = Stream(Pieces(_of_charset(stream, charset.name)), _CHUNK)
        stream.charset = charset
    return stream


def open_marked(path: Place, span: Span | None = None) -> Stream:
    """The file's bytes, in UTF-8 if a byte order mark says that they are in UTF-16 or UTF-32."""
    stream = Stream(Pieces(_between(path, span)), _CHUNK) if span else open_file(path)
    begin = stream.peek(4)
    for mark, codec in WIDE_BOMS:
        if begin.startswith(mark):
            stream.read(len(mark))
            stream = Stream(Pieces(_as_utf_8(stream, codec)), _CHUNK)
            stream.charset = Charset(codec, "bom")
            break
    return stream


def _charset_of(path: Place) -> Charset:
    """The charset that a file of lines without a mark is in, which is one for all its spans."""
    with open_file(path) as stream:
        return charset_of(stream.read(LOOKED_AT))


def _of_charset(stream: Stream, charset: str) -> Generator[bytes, None, None]:
    yield from as_utf_8(stream, charset)
    if stream.fault:
        raise OSError(stream.fault)


def _between(path: Place, span: Span) -> Generator[bytes, None, None]:
    with unbuffered(path) as stream:
        stream.seek(span.start)
        left = span.end - span.start
        while left and (piece := stream.read(min(left, _CHUNK))):
            left -= len(piece)
            yield piece


def _as_utf_8(stream: Stream, codec: str) -> Generator[bytes, None, None]:
    """The stream in UTF-8; half a surrogate pair becomes bytes that are none, and cost their record."""
    decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
    with stream:
        more = True
        while more:
            piece = stream.read(_CHUNK)
            more = bool(piece)
            try:
                yield decoder.decode(piece, not more).encode("utf-8", "surrogatepass")
            except UnicodeDecodeError as error:
                yield error.object[: error.start].decode(codec, "surrogatepass").encode("utf-8", "surrogatepass")
                raise OSError(ENDS_EARLY if not more else f"not {codec}: {error.reason}") from error
        if stream.fault:
            raise OSError(stream.fault)


def whole(path: Place, most: int) -> bytes:
    """All bytes of a file.

    Raises:
        RecordError: it is larger than `most` bytes, or cannot be read to its end.
    """
    with open_file(path) as stream:
        content = within(stream.read(most + 1), most)
        if stream.fault:
            raise RecordError(cut(stream.fault))
    return content


def within(content: bytes, most: int) -> bytes:
    """The bytes, if they are not more than `most`.

    Raises:
        RecordError: they are.
    """
    if len(content) > most:
        raise RecordError(too_large(most))
    return content


def too_large(most: int) -> str:
    """Why a file or a page is not read."""
    return f"larger than max_record_bytes = {most:,} bytes"


class Line(NamedTuple):
    """A line with its ending. `content` is None when it is too long; it has then been read past."""

    number: int  # from 1
    content: bytes | None
    quotes: int = 0  # quotation marks in a line read past: whether a CSV field begins or ends in it
    cut: str = ""  # why the stream ends here before its end: in this line, which may still be whole, or before it


def lines(stream: Stream, most: int) -> Iterator[Line]:
    """The lines of at most `most` bytes, and which ones are longer; the last one tells if the stream is cut there.

    The byte order mark that some programs put before UTF-8 is no part of the first one.
    """
    number = stream.lines_before + 1
    line = stream.readline(most + 1)
    line = line if stream.lines_before else line.removeprefix(codecs.BOM_UTF8)
    while line.endswith(b"\n") or len(line) > most:
        if line.endswith(b"\n"):
            yield Line(number, line)
        else:
            quotes, ended = _read_past(stream)
            yield Line(number, None, line.count(b'"') + quotes, "" if ended else _cut(stream))
            if not ended:
                return
        number += 1
        line = stream.readline(most + 1)
    if line or stream.fault:
        yield Line(number, line, cut=_cut(stream))


def _read_past(stream: Stream) -> tuple[int, bool]:
    """Go on to the next line; returns the quotation marks on the way, and whether the line has an end."""
    quotes = 0
    while rest := stream.readline(_CHUNK):
        quotes += rest.count(b'"')
        if rest.endswith(b"\n"):
            return quotes, True
    return quotes, False


def _cut(stream: Stream) -> str:
    return cut(stream.fault) if stream.fault else ""


def cut(fault: str) -> str:
    """Why the rest of a file is not there."""
    return f"cannot be read from here on: {fault}"


def too_long(most: int) -> str:
    """Why a line was read past."""
    return f"line longer than max_record_bytes = {most:,} bytes"

"""Packed files: all that can be unpacked of them, and why it ends there if that is before the end.

What a download broke off, or a disk has damaged, still holds whole records. So the bytes before the fault are handed
out first, and only then is the fault told.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Generator
from functools import partial

import pyarrow as pa

from pipeline.engine.stores.file import Place

_PIECE = 1 << 16  # bytes handed out at once, packed ones read at once
_GZIP = 16 + zlib.MAX_WBITS
ENDS_EARLY = "it ends too early"
_XZ_MEMORY = 128 << 20  # what `xz -9` needs is 65 MB; a file may ask for 4 GB


class Pieces(io.RawIOBase):
    """A stream of bytes that come in pieces, up to where there are no more.

    `fault` is what an `OSError` amid them said, once they have all been read; before the first of them it is raised.
    """

    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")
        self._begun = False
        self.fault = ""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants any buffer at all
        while not self._left:
            piece = self._next()
            if piece is None:
                return 0
            self._begun = self._begun or bool(piece)
            self._left = memoryview(piece)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def _next(self) -> bytes | None:
        try:
            return next(self._pieces, None)
        except OSError as error:
            if not self._begun:
                raise
            self.fault = str(error)
            return None

    def close(self) -> None:
        self._left = memoryview(b"")
        self._pieces.close()
        super().close()


def gunzipped(path: Place) -> Generator[bytes, None, None]:
    """The bytes of a gzip file, member after member; zeros between and behind them are padding.

    Raises:
        OSError: from here on it cannot be unpacked.
    """
    with path.open("rb") as packed:
        member = None
        begun = False
        waiting = b""
        while waiting or (waiting := packed.read(_PIECE)):
            if member is None:
                waiting = waiting.lstrip(b"\0") if begun else waiting
                member = zlib.decompressobj(_GZIP) if waiting else None
                continue
            before = member.copy()
            try:
                yield member.decompress(waiting, _PIECE)
            except zlib.error as error:
                yield from _up_to_fault(before, waiting)
                raise OSError(str(error)) from error
            waiting = member.unused_data if member.eof else member.unconsumed_tail
            member = None if member.eof else member
            begun = True
        if member is not None:
            yield member.flush()
            raise OSError(ENDS_EARLY)


def _up_to_fault(member: zlib._Decompress, waiting: bytes) -> Generator[bytes, None, None]:
    """What can be unpacked of bytes with a fault among them: zlib itself hands out none of what is before it."""
    for number in range(len(waiting)):
        try:
            yield member.decompress(waiting[number : number + 1])
        except zlib.error:
            return


def unzstd(path: Place) -> Generator[bytes, None, None]:
    """The bytes of a Zstandard file, frame after frame.

    Raises:
        OSError: from here on it cannot be unpacked.
    """
    done = 0
    with path.open("rb") as file, pa.CompressedInputStream(file, "zstd") as stream:
        try:
            while piece := stream.read(_PIECE):
                yield piece
                done += len(piece)
            return
        except OSError as error:
            fault = error
    yield from _bytes_after(path, done)
    raise fault


def _bytes_after(path: Place, done: int) -> Generator[bytes, None, None]:
    """What can be unpacked of a Zstandard file after so many bytes: Arrow loses the piece in which the fault is."""
    with path.open("rb") as file, pa.CompressedInputStream(file, "zstd") as stream:
        while done:
            done -= len(stream.read(min(done, _PIECE)))
        try:
            while byte := stream.read(1):
                yield byte
        except OSError:
            return


def streams_of(
    begin: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor], path: Place
) -> Generator[bytes, None, None]:
    """The bytes of a bzip2 or xz file, stream after stream; zeros between and behind them are padding.

    Raises:
        OSError: from here on it cannot be unpacked.
    """
    with path.open("rb") as packed:
        waiting = packed.read(_PIECE)
        while waiting:
            member = begin()
            while not member.eof:
                waiting = waiting or (packed.read(_PIECE) if member.needs_input else b"")
                if not waiting and member.needs_input:
                    raise OSError(ENDS_EARLY)
                try:
                    piece = member.decompress(waiting, _PIECE)
                except (lzma.LZMAError, EOFError) as error:
                    raise OSError(str(error)) from error
                waiting = b""
                yield piece
            waiting = member.unused_data.lstrip(b"\0")
            while not waiting and (piece := packed.read(_PIECE)):
                waiting = piece.lstrip(b"\0")


PACKED: dict[str, Callable[[Place], Generator[bytes, None, None]]] = {
    ".gz": gunzipped,
    ".zst": unzstd,
    ".bz2": partial(streams_of, bz2.BZ2Decompressor),
    ".xz": partial(streams_of, partial(lzma.LZMADecompressor, memlimit=_XZ_MEMORY)),
}  # by the suffix of the name

"""An object of a store to be read as a file: whole, from any place in it, and never all of it in memory."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pipeline.engine import stores
from pipeline.engine.stores.store import Object, Store

BLOCK = 4 << 20  # bytes asked for at once: most articles' files are one answer


class _Size(NamedTuple):
    """Of what `Path.stat` tells the part that an object has, too."""

    st_size: int


class StoredFile:
    """An object as files are read: `open`, `stat`, and what its name tells of its kind."""

    __slots__ = ("_first", "name", "size", "tag", "url")

    def __init__(self, url: str, size: int, tag: str) -> None:
        self.url, self.size, self.tag = url, size, tag
        self.name = url.rpartition("/")[2]
        self._first: bytes | None = None

    def __str__(self) -> str:
        return self.url

    @property
    def suffix(self) -> str:
        """The last suffix of its name."""
        return PurePosixPath(self.name).suffix

    @property
    def suffixes(self) -> list[str]:
        """All suffixes of its name."""
        return PurePosixPath(self.name).suffixes

    def stat(self) -> _Size:
        """Its size."""
        return _Size(self.size)

    def open(self, mode: str = "rb") -> io.BufferedReader:
        """Its bytes.

        Raises:
            OSError: while they are read: the object has gone, has changed, or may not be read.
            StoreError: the store does not answer.
        """
        return io.BufferedReader(_Blocks(self), BLOCK)

    @property
    def digest(self) -> str:
        """Its content, in short: of its tag and its size."""
        return hashlib.sha256(f"{self.tag}\0{self.size}".encode()).hexdigest()

    def fetch(self, store: Store, key: str, number: int) -> bytes:
        """The block of that number. The first is kept: a file is opened several times, to be told and to be read."""
        if number or self._first is None:
            block = store.fetch(Object(key, self.size, self.tag), number * BLOCK, BLOCK)
            self._first = self._first if number else block
            return block
        return self._first


Place = Path | StoredFile  # where a file lies


def unbuffered(place: Place) -> io.RawIOBase:
    """The bytes of a file, for whoever buffers them; raises as `StoredFile.open` does."""
    return _Blocks(place) if isinstance(place, StoredFile) else place.open("rb", 0)


class _Blocks(io.RawIOBase):
    """The bytes of an object, fetched block by block."""

    def __init__(self, file: StoredFile) -> None:
        address = stores.address_of(file.url)
        self._file, self._key, self._store = file, address.key, stores.opened(address)
        self._at = 0
        self._number, self._block = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants any buffer at all
        if self._at >= self._file.size:
            return 0
        number, start = divmod(self._at, BLOCK)
        if number != self._number:
            self._block = self._file.fetch(self._store, self._key, number)
            self._number = number
        piece = self._block[start : start + len(buffer)]
        if not piece:
            raise OSError(f"{self._file.url}: ends too early")
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

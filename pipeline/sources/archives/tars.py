"""Tar, packed or not: read from one end to the other, as it is unpacked."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from pipeline.errors import RecordError
from pipeline.sources.archives.member import CHUNK, Member
from pipeline.sources.packed import ENDS_EARLY
from pipeline.sources.records import File
from pipeline.sources.streams import Stream, cut, open_file

MAX_HEAD = 1 << 20  # bytes that are said of one member: its name, and what else
PACKED_TAR = {".tgz": ".gz", ".tbz2": ".bz2", ".txz": ".xz"}


class _Forward:
    """A stream that only goes forward, as a file that tarfile can read heads from; what is passed over is forgotten."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._at = 0
        self.last = b""  # what was read last: zeros, where an archive ends
        self.is_told = False  # that it breaks off

    def tell(self) -> int:
        return self._at

    def seek(self, place: int) -> None:
        if place < self._at:
            raise RecordError("a member of less than no bytes")
        while self._at < place and self.read(min(CHUNK, place - self._at)):
            pass

    def read(self, size: int) -> bytes:
        if size > MAX_HEAD:
            raise RecordError(f"a head of {size:,} bytes, the limit is {MAX_HEAD:,}")
        self.last = self._stream.read(size)
        self._at += len(self.last)
        return self.last


def members(file: File, most: int) -> Iterator[Member]:
    """The members of a tar file.

    Raises:
        RecordError: from here on it cannot be read, or it is none.
    """
    suffix = PACKED_TAR.get(file.path.suffix.lower(), file.path.suffix.lower())
    with open_file(file.path, suffix) as stream:
        forward = _Forward(stream)
        for info in _heads(forward):
            if not info.isdir():
                yield Member(info.name, _reason(info), partial(_pieces, forward, info, stream))
        if not forward.is_told and (stream.fault or forward.last.strip(b"\0") or not forward.last):
            raise RecordError(cut(stream.fault or ENDS_EARLY))


def _heads(forward: _Forward) -> Iterator[tarfile.TarInfo]:
    try:
        archive: Any = tarfile.TarFile(fileobj=cast(Any, forward))
        while info := archive.next():
            archive.members.clear()  # it would keep all of them
            yield info
    except (tarfile.TarError, RecursionError) as error:
        if not forward.is_told:
            raise RecordError(f"broken archive: {error}") from error


def _reason(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "a link in an archive, which is not followed"
    if info.issparse():
        return "a file with holes, which is not read"
    return "" if info.isreg() else "a device or a pipe, not a file"


def _pieces(forward: _Forward, info: tarfile.TarInfo, stream: Stream) -> Iterator[bytes]:
    forward.seek(info.offset_data)
    end = info.offset_data + info.size
    while forward.tell() < end:
        piece = forward.read(min(CHUNK, end - forward.tell()))
        if not piece:
            forward.is_told = True
            raise RecordError(cut(stream.fault or ENDS_EARLY))
        yield piece

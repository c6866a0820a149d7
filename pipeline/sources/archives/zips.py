"""Zip: what the list at its end names."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from functools import partial

from pipeline.engine.stores.file import unbuffered
from pipeline.errors import RecordError
from pipeline.sources.archives.member import CHUNK, MAX_RATIO, Member
from pipeline.sources.packed import PACKED
from pipeline.sources.records import File

MAX_LIST = 256 << 20  # bytes of the list: a million members take some 100 MB of it, and ten times that of memory
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)  # that of LZMA may ask for any memory
_ENCRYPTED = 1  # a member's flag


class _Careful(io.BufferedReader):
    """A file of which no more is read at once than a list may be long: zipfile reads that as long as it says it is."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_LIST:
            raise RecordError(f"a list of members of {size:,} bytes, the limit is {MAX_LIST:,}")
        return super().read(size)


def members(file: File, most: int) -> Iterator[Member]:
    """The members of a zip file; a large one that says it is as large as no text packs to is a bomb.

    Raises:
        RecordError: it is packed once more, or its list is too long.
        zipfile.BadZipFile: it is none, or not all of one.
    """
    if file.path.suffix.lower() in PACKED:
        raise RecordError("a zip that is packed once more, which is not read")
    with _Careful(unbuffered(file.path)) as stream, zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield Member(info.filename, _reason(info, most), partial(_pieces, archive, info))


def _reason(info: zipfile.ZipInfo, most: int) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link in an archive, which is not followed"
    if info.compress_type not in _METHODS:
        return f"packed in a way that is not read: method {info.compress_type} of zip"
    if info.file_size > MAX_RATIO * info.compress_size + most:
        return f"unpacks from {info.compress_size:,} to {info.file_size:,} bytes, the limit is {MAX_RATIO} times"
    return ""


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as stream:
        while piece := stream.read(CHUNK):
            yield piece

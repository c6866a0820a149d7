"""Archives: each file in a zip or tar that is of a known kind is read as a file of its own, `news.zip/monday/one.txt`.

Members are unpacked one after the other into a folder of their own, under a name that the archive has no say in, and
are gone when they have been read. How much an archive may unpack to is bounded by its size, whatever it says of itself.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.config import Read
from pipeline.engine.stores.file import Place
from pipeline.errors import RecordError, StoreError
from pipeline.records import Verdict
from pipeline.sources import formats
from pipeline.sources.archives import tars, zips
from pipeline.sources.archives.member import MAX_RATIO, Member
from pipeline.sources.names import name_of, tells_of_others
from pipeline.sources.packed import PACKED
from pipeline.sources.records import Failure, File, Format, first_line
from pipeline.sources.streams import too_large

Members = Callable[[File, int], Iterator[Member]]

ARCHIVES: dict[str, Members] = {
    ".zip": zips.members,
    ".tar": tars.members,
    **dict.fromkeys(tars.PACKED_TAR, tars.members),
}
_SHOWN = 20  # kinds of members that a reason names
_OUT_OF_IT = re.compile(r"[/\\]|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|\Z)", re.DOTALL)


def is_archive(path: Place) -> bool:
    """Whether a file is one by its name."""
    return formats.suffix_of(path) in ARCHIVES


def hint() -> str:
    """Which kinds of files there are, for whoever has named something else."""
    return f"{formats.hint()}, or {', '.join(ARCHIVES)} of them"


def members(file: File, settings: Read) -> Iterator[File | Failure]:
    """The files in an archive, each to be read before the next; those that cannot be; and what is left out, counted.

    Raises:
        OSError: it cannot be read at all, or the disk has no room for a member.
    """
    others: Counter[str] = Counter()
    try:
        with tempfile.TemporaryDirectory(prefix="copydesk-") as folder:
            yield from _members(file, settings, Path(folder), others)
    except RecordError as error:
        yield Failure(file.name, 0, str(error))
    if others:
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in others.most_common(_SHOWN))
        reason = f"{others.total():,} members of no known kind: {kinds}"
        yield Failure(file.name, 0, reason, verdict=Verdict.DROP)


def _members(file: File, settings: Read, folder: Path, others: Counter[str]) -> Iterator[File | Failure]:
    most = settings.max_record_bytes
    left = MAX_RATIO * file.path.stat().st_size + most
    seen: set[str] = set()
    for member in ARCHIVES[formats.suffix_of(file.path)](file, most):
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        if not parts or any(part.startswith(".") and part != ".." for part in parts):
            continue  # as hidden names are everywhere
        name = f"{file.name}/{name_of(os.fsencode('/'.join(parts)))}"
        path = Path(parts[-1])
        kind = formats.format_of(path)
        if tells_of_others(path.name) or not (kind or is_archive(path)):
            others[path.name if kind else path.suffix.lower() or "no suffix"] += 1
        elif reason := member.reason or _reason(member.name, kind, name in seen):
            yield Failure(name, 0, reason)
        else:
            seen.add(name)
            packed = path.suffix.lower() if path.suffix.lower() in PACKED else ""
            copy = folder / f"member{formats.suffix_of(path)}{packed}"
            is_small = kind is not None and kind.is_one
            size, fault = _unpack(member, copy, most if is_small else left)
            left -= size
            if left < 0:
                raise RecordError(f"it unpacks to more than {MAX_RATIO} times its size: {name} is not read any more")
            yield Failure(name, 0, fault) if fault else File(copy, name, formats.stem(name), file.clock)


def _reason(name: str, kind: Format | None, is_seen: bool) -> str:
    """Why a member is not read, whatever it holds; "" if it is."""
    if _OUT_OF_IT.match(name):
        return "a path that leads out of the archive"
    if kind is None:
        return "an archive in an archive, which is not read"
    return "another member of this name comes before it" if is_seen else ""


def _unpack(member: Member, copy: Path, most: int) -> tuple[int, str]:
    """Write what a member holds into a file; returns how many bytes came, and why that is not all of it."""
    size = 0
    pieces = member.pieces()
    with copy.open("wb") as target:
        while size <= most:
            try:
                piece = next(pieces, b"")
            except RecordError as error:
                return size, str(error)
            except StoreError:
                raise
            except Exception as error:  # a library may break on a member in any way
                return size, f"broken member: {type(error).__name__}: {first_line(error)}"
            if not piece:
                return size, ""
            size += len(piece)
            target.write(piece)
    return size, too_large(most)

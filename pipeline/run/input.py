"""What the input of a batch holds: its files, and a digest of their content."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from stat import S_ISREG, filemode
from typing import Any

from pipeline.engine import whole
from pipeline.sources import find
from pipeline.sources.names import name_of

SETTLED = 2.0  # seconds: a file changed later than that before its digest was taken may change again unseen


class Input:
    """The folder or file that a batch reads, but for the folder `output`, should that lie in it.

    It is looked at once: a run works on the input as it found it.
    """

    def __init__(self, root: Path, cache: Path, output: Path) -> None:
        self.root, self._cache, self._output = root, cache, output

    @cached_property
    def found(self) -> find.Found:
        """What it holds: files to read and what cannot be read, and what is left out.

        Raises:
            InputError: the input is not there, or holds nothing that can be read.
        """
        return find.find_files(str(self.root), str(self._output))

    @cached_property
    def digest(self) -> str:
        """What the files to read hold, and what they are called."""
        return digest_of([entry.path for entry in self.found.files], self.root, self._cache)

    @cached_property
    def state(self) -> str:
        """A digest of the sizes and times of the files: it differs when one was another for a while."""
        digest = hashlib.sha256()
        for entry in self.found.files:
            with suppress(OSError):
                stat = entry.path.stat()
                digest.update(f"{stat.st_size} {stat.st_ino} {stat.st_mtime_ns} {stat.st_ctime_ns}\n".encode())
        return digest.hexdigest()[:12]

    def has_changed(self) -> bool:
        """Whether it is another one than it was when this object looked at it."""
        return Input(self.root, self._cache, self._output).digest != self.digest


def digest_of(paths: Iterable[Path], root: Path, cache: Path) -> str:
    """One digest over the names and bytes of the input's files.

    Digests are remembered in the file `cache` by size, place and times of change, so that a large input is hashed once.
    The time of the last change of the inode is one that nobody can set back.
    """
    remembered = whole.read_json(cache) or {}
    fresh: dict[str, list[Any]] = {}
    digest = hashlib.sha256()
    now = time.time()
    for file in paths:
        name = file.relative_to(root).as_posix() if root.is_dir() else file.name
        place = name_of(os.fsencode(file))
        of_file, entry = _file_digest(file, remembered.get(place), now)
        if entry:
            fresh[place] = entry
        digest.update(os.fsencode(name) + f"\0{of_file}\0".encode())
    if fresh != remembered:
        whole.write_json(cache, fresh)
    return digest.hexdigest()[:16]


def _file_digest(file: Path, remembered: list[Any] | None, now: float) -> tuple[str, list[Any] | None]:
    try:
        stat = file.stat()
        if not S_ISREG(stat.st_mode):  # never opened: a pipe that nobody writes to has no end
            return f"not a file: {filemode(stat.st_mode)[0]}", None
        state = [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]
        if remembered and remembered[:-1] == state:
            return remembered[-1], remembered
        digest = whole.file_digest(file)
    except OSError as error:  # unreadable: the reader will quarantine it; readable again is another content
        return f"unreadable: {error.errno}", None
    settled = now - max(stat.st_mtime, stat.st_ctime) > SETTLED
    return digest, [*state, digest] if settled else None

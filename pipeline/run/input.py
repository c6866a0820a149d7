"""What the input of a batch holds: its files, and a digest of their content."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from stat import S_ISREG, filemode
from typing import Any

from pipeline.engine import whole
from pipeline.engine.stores.file import Place, StoredFile
from pipeline.sources import find, objects
from pipeline.sources.names import name_of

SETTLED = 2.0  # seconds: a file changed later than that before its digest was taken may change again unseen


class Input:
    """What a batch reads: a folder, a file, or what matches a pattern, here or in a store; `output` is no part of it.

    It is looked at once: a run works on the input as it found it.
    """

    def __init__(self, where: str, cache: Path, output: str) -> None:
        self.root, self._pattern = find.split_pattern(where)
        self._where, self._cache, self._output = where, cache, output

    def again(self) -> Input:
        """The same, to be looked at once more."""
        return Input(self._where, self._cache, self._output)

    @cached_property
    def listed(self) -> find.Found:
        """All that it holds: files that are wanted, readable or not, and what is left out.

        Raises:
            InputError: the input is not there, or holds nothing that can be read.
        """
        return objects.find_input(self.root, self._output, self._pattern)

    @property
    def found(self) -> find.Found:
        """What is to be read of it, and what is left out.

        Raises:
            InputError: there is nothing to read.
        """
        return self.listed

    @property
    def read_before(self) -> list[find.Entry]:
        """What is left out since another batch has read it; no part of what the batch is made of."""
        return []

    @cached_property
    def digests(self) -> dict[Place, str]:
        """The content of each file that is wanted, in short."""
        return digests_of([entry.path for entry in self.listed.files], self._cache)

    @cached_property
    def files(self) -> dict[str, str]:
        """The content of each file to be read, in short, by its name below the input."""
        return {self.name_of(entry.path): self.digests[entry.path] for entry in self.found.files}

    @cached_property
    def name_of(self) -> Callable[[Place], str]:
        """What a file is called below the input."""
        return objects.below(self.root)

    @cached_property
    def digest(self) -> str:
        """What the files to read hold, and what they are called."""
        return digest_of(self.files)

    @property
    def size(self) -> int:
        """Bytes of the files to be read."""
        size = 0
        for entry in self.found.files:
            with suppress(OSError):
                size += 0 if entry.reason else entry.path.stat().st_size
        return size

    @cached_property
    def state(self) -> str:
        """A digest of the sizes and times of the files: it differs when one was another for a while."""
        digest = hashlib.sha256()
        for entry in self.found.files:
            if isinstance(entry.path, StoredFile):
                digest.update(entry.path.digest.encode())
                continue
            with suppress(OSError):
                stat = entry.path.stat()
                digest.update(f"{stat.st_size} {stat.st_ino} {stat.st_mtime_ns} {stat.st_ctime_ns}\n".encode())
        return digest.hexdigest()[:12]

    def has_changed(self) -> bool:
        """Whether it is another one than it was when this object looked at it."""
        return self.again().digest != self.digest


def in_tables(name: str) -> str:
    """The name of a file as tables have it: in UTF-8."""
    return name_of(os.fsencode(name))


def digest_of(files: Mapping[str, str]) -> str:
    """One digest over the names of files and the digests of their bytes."""
    digest = hashlib.sha256()
    for name, of_file in files.items():
        digest.update(os.fsencode(name) + f"\0{of_file}\0".encode())
    return digest.hexdigest()[:16]


def digests_of(paths: Iterable[Place], cache: Path) -> dict[Place, str]:
    """Digests of the bytes of files; of an object that of what its store calls it by, and its size.

    They are remembered in the file `cache` by size, place and times of change, so that a large input is hashed once.
    The time of the last change of the inode is one that nobody can set back.
    """
    remembered = whole.read_json(cache) or {}
    fresh: dict[str, list[Any]] = {}
    found: dict[Place, str] = {}
    now = time.time()
    for file in paths:
        if isinstance(file, StoredFile):
            found[file] = file.digest
            continue
        place = name_of(os.fsencode(file))
        found[file], entry = _file_digest(file, remembered.get(place), now)
        if entry:
            fresh[place] = entry
    if fresh != remembered:
        whole.write_json(cache, fresh)
    return found


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

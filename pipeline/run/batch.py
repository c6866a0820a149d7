"""A batch: one named run of the pipeline over one input. What its input holds, and where its outputs lie."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.config import Settings
from pipeline.engine import whole
from pipeline.output import corpus
from pipeline.run.history import History
from pipeline.sources import files

LAST = "last.json"  # what the batch was last made of and with, so that it can be asked about by its name alone
SETTLED = 2.0  # seconds: a file changed later than that before its digest was taken may change again unseen


class Batch:
    """One batch under its settings. Its input is looked at once: a run works on the input as it found it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = settings.run.batch
        output = Path(settings.run.output)
        self.folder = output / "runs" / self.name
        self.corpus = output / "corpus" / corpus.folder_of(self.name)
        self.history = History(output / "history", self.name)
        self.report = self.folder / "report.html"

    @property
    def input(self) -> Path:
        """The folder or file that is read."""
        return Path(self.settings.run.input)

    @cached_property
    def files(self) -> tuple[list[Path], list[Path]]:
        """The input's files: those to read, and those of no known kind.

        Raises:
            InputError: the input is not there, or holds nothing that can be read.
        """
        return files.find_files(self.settings.run.input)

    @cached_property
    def input_digest(self) -> str:
        """What the files to read hold."""
        return input_digest(self.files[0], self.input, self.folder / ".inputs.json")

    def input_has_changed(self) -> bool:
        """Whether the input is another one than it was when this batch looked at it."""
        return Batch(self.settings).input_digest != self.input_digest

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else works on the batch meanwhile: whoever does is waited for. What killed runs left is removed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            whole.remove_leftovers(self.folder)
            whole.remove_leftovers(self.corpus.parent, self.corpus.name)
            whole.write_json(self.folder / LAST, {"input": self.settings.run.input, "config": self.settings.file})
            yield


# --- what the input holds ----------------------------------------------------------------------------------------


def input_digest(paths: Iterable[Path], root: Path, cache_file: Path) -> str:
    """One digest over the names and bytes of the input's files.

    Digests are remembered in `cache_file` by size and time of change, so that a large input is hashed once.
    """
    remembered = _read_cache(cache_file)
    fresh: dict[str, list[Any]] = {}
    digest = hashlib.sha256()
    now = time.time()
    for file in paths:
        name = file.relative_to(root).as_posix() if root.is_dir() else file.name
        of_file, entry = _file_digest(file, remembered.get(str(file)), now)
        if entry:
            fresh[str(file)] = entry
        digest.update(os.fsencode(name) + f"\0{of_file}\0".encode())
    if fresh != remembered:
        whole.write_text(cache_file, json.dumps(fresh))
    return digest.hexdigest()[:16]


def _file_digest(file: Path, known: list[Any] | None, now: float) -> tuple[str, list[Any] | None]:
    try:
        stat = file.stat()
        if known and known[:2] == [stat.st_size, stat.st_mtime_ns]:
            return known[2], known
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:  # unreadable: the reader will quarantine it; readable again is another content
        return f"unreadable: {error.errno}", None
    entry = [stat.st_size, stat.st_mtime_ns, digest]
    return digest, entry if now - stat.st_mtime > SETTLED else None


def _read_cache(file: Path) -> dict[str, list[Any]]:
    return whole.read_json(file) or {}

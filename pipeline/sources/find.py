"""Which files an input holds. What lies there is read, set aside or left out, and accounted for; but for hidden names.

Links to files are read as files. Links to folders are not followed: they may lead round in circles, or anywhere. The
folder that outputs go to is never input, wherever in it that lies: a second run would read what the first one wrote.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.engine.stores.file import Place
from pipeline.errors import InputError
from pipeline.sources import archives, formats
from pipeline.sources.names import tells_of_others


class Entry(NamedTuple):
    """Something that lies in the input; `reason` says why it cannot be read, "" when it is a file.

    `wanted`: it is of a known kind by its name, or a folder that may hold such files.
    """

    path: Place
    reason: str
    wanted: bool

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.reason else str(self.path)


class Found(NamedTuple):
    """What an input holds, in the order of names: entries that are wanted, readable or not, and the others."""

    files: list[Entry]
    left_out: list[Entry]

    @property
    def unread(self) -> int:
        """How many entries may hold articles that nobody reads: files of no known kind, folders that are not listed."""
        left_out = sum(entry.reason not in (OUTPUT, _TO_OUTPUT) for entry in self.left_out)
        return left_out + sum(entry.reason.startswith(_UNREADABLE_FOLDER) for entry in self.files)


def split_pattern(where: str) -> tuple[str, str]:
    """The folder before the first wildcard of an input, and the pattern behind it; "" where there is no wildcard.

    What lies there by the very name has no wildcard.

    >>> split_pattern("inbox/2026/*/*.jsonl.gz"), split_pattern("*.txt"), split_pattern("inbox")
    (('inbox/2026', '*/*.jsonl.gz'), ('.', '*.txt'), ('inbox', ''))
    """
    parts = where.split("/")
    first = next((number for number, part in enumerate(parts) if re.search(r"[*?]", part)), len(parts))
    if first == len(parts) or os.path.lexists(where):
        return where, ""
    return "/".join(parts[:first]) or ("/" if first else "."), "/".join(parts[first:])


_ANYWHERE = "**"  # folders at any depth


class Pattern:
    """Which paths below a folder a pattern names, and which folders may hold such paths."""

    def __init__(self, pattern: str) -> None:
        parts = [_part(part) for part in (pattern or _ANYWHERE).split("/")]
        self._named = re.compile("".join(parts) + ".*", re.DOTALL)
        way = ".*"
        for part in reversed(parts):
            way = ".*" if part == _part(_ANYWHERE) else f"(?:{part}{way})?"
        self._way = re.compile(way, re.DOTALL)

    def names(self, path: str) -> bool:
        """Whether it names the path, or a folder that it lies in."""
        return self._named.fullmatch(f"{path}/") is not None

    def leads_into(self, folder: str) -> bool:
        """Whether a path that it names may lie in the folder: no other one is looked into."""
        return self._way.fullmatch(f"{folder}/") is not None


def _part(part: str) -> str:
    """A part of a pattern, and the slash behind it, as a regular expression."""
    wild = {"*": "[^/]*", "?": "[^/]"}
    return "(?:[^/]+/)*" if part == _ANYWHERE else "".join(wild.get(c) or re.escape(c) for c in part) + "/"


def find_files(root: str, output: str = "", pattern: str = "") -> Found:
    """What the input `root` holds: a folder, looked into at any depth but for hidden names, or one file.

    The folder `output` is left out, be it there already or not. With a pattern only what matches it below the folder
    is input; the rest has nothing to do with it.

    Raises:
        InputError: nothing is there, or nothing that is wanted; or it lies in the folder `output`.
    """
    path = Path(root)
    named = f"{root}/{pattern}" if pattern else root
    if not os.path.lexists(path):
        raise InputError(f"{named}: no such file or folder; name the articles' folder: copydesk run FOLDER")
    outputs = Path(os.path.realpath(output)) if output else None
    if outputs and _within(path, outputs):
        raise InputError(f"{root}: lies in the output folder; name the articles' folder, or another --output")
    listed = _inside(path, outputs, Pattern(pattern)) if path.is_dir() else [] if pattern else [_entry(path)]
    entries = sorted(listed, key=lambda entry: str(entry.path))
    if pattern and not entries:
        raise InputError(f"{named}: no such file; see what lies in {root}")
    if entries and entries[0].path == path and entries[0].reason:
        raise InputError(str(entries[0]))
    return sorted_out(named, entries)


def sorted_out(named: str, entries: Sequence[Entry]) -> Found:
    """What is wanted of all that lies in the input that is `named` so, and what is not.

    Raises:
        InputError: nothing is wanted.
    """
    found = Found([entry for entry in entries if entry.wanted], [entry for entry in entries if not entry.wanted])
    if not found.files:
        others = sum(entry.reason not in (OUTPUT, _TO_OUTPUT) for entry in entries)
        held = f"holds {others} files, none of a known kind" if others else "is empty"
        raise InputError(f"{named}: {held}; {archives.hint()}")
    return found


_UNREADABLE_FOLDER = "unreadable folder"
OUTPUT = "the output folder"
_TO_OUTPUT = "a link into the output folder"
OF_OTHERS = "about the files beside it"


def _within(path: Path, outputs: Path | None) -> bool:
    """Whether a path leads into the folder `outputs`, which has no links in it."""
    return outputs is not None and Path(os.path.realpath(path)).is_relative_to(outputs)


def _output_in(root: Path, outputs: Path | None) -> Path | None:
    """The folder `outputs` as a walk from `root` comes upon it; None if it does not."""
    above = Path(os.path.realpath(root))
    return root / outputs.relative_to(above) if outputs and outputs.is_relative_to(above) else None


def _inside(root: Path, outputs: Path | None, pattern: Pattern) -> Iterator[Entry]:
    """What a pattern names in a folder: whatever is no folder, and folders on the way that cannot be listed."""
    own = _output_in(root, outputs)
    below = own.relative_to(root) if own else None
    if own and below and not any(name.startswith(".") for name in below.parts) and pattern.names(below.as_posix()):
        yield Entry(own, OUTPUT, wanted=False)  # said before it is there, so that a second run finds the same input
    waiting = [(root, "")]
    while waiting:
        folder, before = waiting.pop()
        try:
            with os.scandir(folder) as children:
                listed = [(c.name, c.is_dir(follow_symlinks=False), c.is_file(follow_symlinks=False)) for c in children]
        except OSError as error:
            yield Entry(folder, f"{_UNREADABLE_FOLDER}: {error.strerror}", wanted=True)
            continue
        for name, is_folder, is_file in listed:
            path, below_root = folder / name, f"{before}{name}"
            if name.startswith("."):
                continue
            if is_folder:
                if path != own and pattern.leads_into(below_root):
                    waiting.append((path, f"{below_root}/"))
            elif pattern.names(below_root):
                yield _lying(path, is_file, outputs)


def _lying(path: Path, is_file: bool, outputs: Path | None) -> Entry:
    """What lies in a folder and is none."""
    if not is_file and _within(path, outputs):
        return Entry(path, _TO_OUTPUT, wanted=False)
    return Entry(path, OF_OTHERS, wanted=False) if tells_of_others(path.name) else _entry(path, is_file)


def _entry(path: Path, is_file: bool = False) -> Entry:
    return Entry(path, "" if is_file else _why_no_file(path), is_known(path))


def is_known(place: Place) -> bool:
    """Whether a file is of a known kind by its name."""
    return formats.format_of(place) is not None or archives.is_archive(place)


# What can have the name of a file and is none. Such a thing is never opened: a pipe that nobody writes to has no end.
_NO_FILES = (
    (stat.S_ISDIR, "a link to a folder, which is not followed"),
    (stat.S_ISFIFO, "a named pipe, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
    (stat.S_ISCHR, "a device, not a file"),
    (stat.S_ISBLK, "a device, not a file"),
)


def _why_no_file(path: Path) -> str:
    """What stands there, or where a link leads, in place of a file; "" if it is one."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "a link that leads to itself"
        if error.errno in (errno.ENOENT, errno.ENOTDIR) and path.is_symlink():
            return "a link that leads nowhere"
        return f"unreadable file: {error.strerror}"
    return next((words for is_one, words in _NO_FILES if is_one(mode)), "")

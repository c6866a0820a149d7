"""Which files an input holds: those of a known kind, and those left out."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import InputError
from pipeline.sources import formats


def find_files(root: str) -> tuple[list[Path], list[Path]]:
    """The files of an input in the order of their names: those that can be read, and those of no known kind.

    `root` is a folder, read at any depth but for hidden names, or one file.

    Raises:
        InputError: nothing is there, or nothing that can be read.
    """
    path = Path(root)
    if path.is_file():
        found = [path]
    elif path.is_dir():
        inside = (p for p in path.rglob("*") if not any(n[0] == "." for n in p.relative_to(path).parts))
        found = sorted((p for p in inside if p.is_file()), key=lambda p: p.relative_to(path).as_posix())
    else:
        raise InputError(f"{root}: no such file or folder; name the articles' folder: copydesk run FOLDER")
    known = [p for p in found if formats.format_of(p)]
    if not known:
        held = "is empty" if not found else f"holds {len(found)} files, none of a known kind"
        raise InputError(f"{root}: {held}; {formats.hint()}")
    return known, [p for p in found if not formats.format_of(p)]

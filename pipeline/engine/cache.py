"""What takes time to make, and can be made again at any time: kept under `$XDG_CACHE_HOME/copydesk`.

It may be lost, be of another version, or belong to nobody; that it cannot be written costs time alone.
"""

from __future__ import annotations

import contextlib
import os
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


def folder() -> Path:
    """Where all of it lies."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "copydesk"


def arrays(name: str, made_of: Iterable[Path], make: Callable[[], Arrays]) -> Arrays:
    """Arrays that `make` makes of these files, or has made before of the same bytes with this Python and NumPy."""
    digest = xxhash.xxh3_64(f"{sys.version}\0{np.__version__}".encode())
    for path in made_of:
        digest.update(path.read_bytes())
    file = folder() / f"{name}-{digest.hexdigest()}.npz"
    try:
        with file.open("rb") as stream, np.load(stream) as stored:  # each array has a checksum
            return dict(stored)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        made = make()
    with contextlib.suppress(OSError):
        _write(file, made)
    return made


def _write(file: Path, made: Arrays) -> None:
    """In one step; those of other versions go."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            np.savez(stream, **dict(made))  # type: ignore[arg-type]  # no array is called allow_pickle
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    for other in file.parent.glob(f"{file.name.rpartition('-')[0]}-*.npz"):
        if other != file:
            other.unlink(missing_ok=True)

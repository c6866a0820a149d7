"""What takes time to make, and can be made again at any time: kept under `$XDG_CACHE_HOME/copydesk`.

It may be lost, be of another version, or belong to nobody; that it cannot be written costs time alone.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
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
    with contextlib.suppress(OSError):
        content = file.read_bytes()
        if content[-_SEAL:] == _seal(content[:-_SEAL]):
            with np.load(io.BytesIO(content[:-_SEAL])) as stored:
                return dict(stored)
    made = make()
    with contextlib.suppress(OSError):
        _write(file, made)
    return made


_SEAL = 8  # bytes at the end of a file: a hash of the rest


def _seal(content: bytes) -> bytes:
    return xxhash.xxh3_64_digest(content)


def _write(file: Path, made: Arrays) -> None:
    """In one step; those of other versions go."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        stream = io.BytesIO()
        np.savez(stream, **dict(made))  # type: ignore[arg-type]  # no array is called allow_pickle
        temporary.write_bytes(stream.getvalue() + _seal(stream.getvalue()))
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    for other in file.parent.glob(f"{file.name.rpartition('-')[0]}-*.npz"):
        if other != file:
            other.unlink(missing_ok=True)

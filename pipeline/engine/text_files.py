"""Files of text, written as fast as they come: lines that Arrow holds one behind the other, and texts by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa


def write_lines(target: Path, lines: Iterable[pa.Array], *, head: str = "", packed: bool = False) -> None:
    """Strings into one file as they are, behind a head; packed with zstd or not."""
    with pa.output_stream(str(target), compression="zstd" if packed else None) as stream:
        stream.write(head.encode())
        for some in lines:
            stream.write(bytes_of(some))


def write_texts(folder: Path, names: pa.Array, texts: pa.Array) -> None:
    """Each text into a file of its own, of that name below the folder.

    Raises:
        FileExistsError: two of them have the same name.
    """
    for name, text in zip(names.to_pylist(), texts, strict=True):
        with (folder / name).open("xb") as stream:
            stream.write(text.as_buffer() or b"")


def bytes_of(strings: pa.Array) -> memoryview:
    """All strings, one behind the other and none of them null: that is how Arrow keeps them, so nothing is copied."""
    _, offsets, content = strings.buffers()
    width = np.dtype(np.int64 if pa.types.is_large_string(strings.type) else np.int32)
    ends = np.frombuffer(offsets, width, len(strings) + 1, strings.offset * width.itemsize)
    return memoryview(content or b"")[int(ends[0]) : int(ends[-1])]

"""Files and folders that appear whole or not at all, Parquet parts, and digests of what they hold."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.engine.protocol import Dataset
from pipeline.errors import CopydeskError

MANIFEST = "manifest.json"
# A part: large enough to compress well, small enough that a few thousand documents keep two cores busy.
PART_BYTES = 8 << 20
PART_ROWS = 2_000
ROW_GROUP = 5_000  # rows of wide text that DuckDB can still spill (measured at a 300 MB limit)
COMPRESSION: Final = "zstd"


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to write into; it becomes `target` when the block ends well, and is removed when it does not."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        put_in_place(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def put_in_place(new: Path, target: Path) -> None:
    """Let `new` stand as `target`; what stood there before is never half there, and is removed afterwards."""
    if not target.exists():
        new.rename(target)
        return
    if not _exchange(new, target):  # a file system without the exchange: the target is missing for an instant
        old = target.with_name(f".{target.name}.{os.getpid()}.old")
        target.rename(old)
        new.rename(target)
        new = old
    shutil.rmtree(new)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two paths in one step (Linux `renameat2`); False where that is not to be had."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)


def remove_leftovers(folder: Path, name: str = "") -> None:
    """Remove what killed runs left in `folder`, of the output `name` or of all; the caller holds the batch's lock."""
    leftover = re.compile(rf"\.{re.escape(name) or '.*'}\.\d+\.(?:tmp|old)")
    for path in folder.iterdir() if folder.is_dir() else ():
        if not leftover.fullmatch(path.name):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write a small file in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(target)


def write_json(target: Path, value: Any) -> None:
    write_text(target, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest in `folder`, or None when there is none that can be read (the output is not whole)."""
    return read_json(folder / MANIFEST)


def read_json(file: Path) -> dict[str, Any] | None:
    """A JSON object that was written by `write_json`; None when it is not there or not whole."""
    try:
        value: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value


def parts(dataset: Dataset) -> list[Path]:
    """The Parquet files of a dataset, in order; hidden files and folders are no part of it.

    Raises:
        CopydeskError: there is none.
    """
    found: list[Path] = []
    for path in map(Path, [dataset] if isinstance(dataset, str) else dataset):
        if path.is_file():
            found.append(path)
        else:
            inside = (p for p in path.rglob("*.parquet") if not any(n[0] == "." for n in p.relative_to(path).parts))
            found += sorted(inside, key=lambda p: p.as_posix())
    if not found:
        raise CopydeskError(f"{dataset}: no Parquet files there; remove the folder and run again")
    return found


def count_rows(dataset: Dataset) -> int:
    """Rows as the files' own footers tell, not as whoever wrote them counted."""
    return sum(pq.read_metadata(part).num_rows for part in parts(dataset))


def read_rows(dataset: Dataset, columns: list[str] | None = None, rows: int = 1_000) -> Iterator[pa.RecordBatch]:
    """All batches of a dataset in order, of at most `rows` rows."""
    for part in parts(dataset):
        with pq.ParquetFile(part) as file:
            yield from file.iter_batches(batch_size=rows, columns=columns)


def read_table(dataset: Dataset, columns: list[str] | None = None) -> pa.Table:
    """A dataset that is known to be small, whole."""
    return pa.concat_tables(pq.read_table(part, columns=columns) for part in parts(dataset))


def digest_of(dataset: Dataset) -> str:
    """SHA-256 over names and bytes of the parts, 16 hex digits: equal bytes, equal digest."""
    whole = hashlib.sha256()
    for part in parts(dataset):
        whole.update(part.name.encode() + b"\0")
        with part.open("rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()[:16]


class PartWriter:
    """Writes batches into `folder` as `<stem>-000.parquet`, `<stem>-001.parquet`, ... each of about `PART_BYTES`.

    The names and bytes depend on the batches alone. Files get their names when they are complete.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self.folder, self.stem = folder, stem
        self._waiting: list[pa.RecordBatch] = []
        self._rows = self._bytes = self._number = 0

    def write(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows == 0:
            return
        self._waiting.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._bytes >= PART_BYTES or self._rows >= PART_ROWS:
            self.close()

    def close(self) -> None:
        if self._waiting:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_part(self.folder / f"{self.stem}-{self._number:03d}.parquet", pa.Table.from_batches(self._waiting))
            self._number += 1
        self._waiting, self._rows, self._bytes = [], 0, 0


def write_part(target: Path, table: pa.Table) -> None:
    """One Parquet file, in one step."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    pq.write_table(table, temporary, compression=COMPRESSION, row_group_size=ROW_GROUP)
    temporary.replace(target)


def add_parts(source: Path, target: Path) -> None:
    """Move the parts of a dataset into another one, behind those that it has."""
    for number, part in enumerate(parts(str(source))):
        part.rename(target / f"part-more-{number:05d}.parquet")


def remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)

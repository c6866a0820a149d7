"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import itertools
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import xxhash

MANIFEST = "manifest.json"
SEAL = "seal"


@contextlib.contextmanager
def whole_folder(target: Path, spare: Callable[[Path], bool] = lambda path: False) -> Iterator[Path]:
    """A folder to write into; it becomes `target` when the block ends well.

    When it does not, the folder is removed, or left as a killed run leaves it if it is to be spared.
    """
    names = (target.with_name(f".{target.name}.{number}.tmp") for number in itertools.count(os.getpid()))
    temporary = next(path for path in names if not path.exists())  # a killed run may have had the same number
    temporary.mkdir(parents=True)
    try:
        yield temporary
        put_in_place(temporary, target)
    finally:
        if not spare(temporary):
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


def remove_leftovers(folder: Path, name: str = "", spare: Callable[[Path], bool] = lambda path: False) -> None:
    """Remove what killed runs left in `folder`, of the output `name` or of all; the caller holds the batch's lock."""
    leftover = re.compile(rf"\.{re.escape(name) or '.*'}\.\d+\.(?:tmp|old)")
    for path in folder.iterdir() if folder.is_dir() else ():
        if not leftover.fullmatch(path.name) or spare(path):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def is_in_use(leftover: Path) -> bool:
    """Whether the process that has named a temporary folder is still there: what it leaves is nothing left over."""
    number = int(leftover.name.split(".")[-2])
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def remove_leftovers_below(folder: Path) -> None:
    """Remove what killed workers left at any depth of a folder."""
    for path in folder.rglob(".*.tmp"):
        path.unlink(missing_ok=True)


def remove(*folders: Path) -> None:
    """Remove folders with all they hold; one that is not there is no error."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def link_tree(folder: Path, target: Path) -> None:
    """Let the files of a folder lie in `target` as well, by links that cost no space; copies, where there are none.

    For files that are written once: who replaces one in either place leaves the other as it was.
    """
    shutil.copytree(folder, target, copy_function=link, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)


def link(file: Path | str, target: Path | str) -> None:
    """Let a file stand at a second place; it is copied where the file system has no links.

    A file that is missing stays so, and one that stands there already.
    """
    try:
        os.link(file, target)
    except (FileNotFoundError, FileExistsError):
        return
    except OSError:
        shutil.copyfile(file, target)


def unfinished(target: Path) -> Path:
    """What `target` is called until it is whole: as nobody else calls it, on whichever machine."""
    return target.with_name(f".{target.name}.{uuid.uuid4().int >> 64}.tmp")


def write_text(target: Path, text: str) -> None:
    """Write a small file in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = unfinished(target)
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(target)


def write_json(target: Path, value: Mapping[str, Any]) -> None:
    """Write a small JSON object in one step, with a seal by which `read_json` tells that it is as it was written."""
    sealed = {**value, SEAL: _seal(value)}
    try:
        write_text(target, json.dumps(sealed, ensure_ascii=False, indent=1) + "\n")
    except UnicodeEncodeError:  # a path that is not UTF-8: escaped it can be written, and read again as it was
        write_text(target, json.dumps(sealed, indent=1) + "\n")


def read_json(file: Path) -> dict[str, Any] | None:
    """An object that `write_json` wrote; None when there is none, or one that is not as it was written."""
    try:
        return sealed(file.read_bytes())
    except OSError:
        return None


def sealed(content: bytes) -> dict[str, Any] | None:
    """The same of the bytes of such a file."""
    try:
        value = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    seal = value.pop(SEAL, None)
    return value if seal == _seal(value) else None


def _seal(value: Mapping[str, Any]) -> str:
    return xxhash.xxh3_64_hexdigest(json.dumps(value, sort_keys=True, default=str).encode())


# --- what a folder holds, and whether it still does --------------------------------------------------------------

Inventory = Mapping[str, Sequence[Any]]  # a file's path below the folder to its size in bytes and the hash of them


def inventory(folder: Path) -> dict[str, tuple[int, str]]:
    """All files below a folder but its manifest, with their sizes and hashes (XXH3, 64 bits)."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {path.relative_to(folder).as_posix(): (path.stat().st_size, file_hash(path)) for path in files}


def damage(folder: Path, files: Inventory, below: str = "", *, content: bool = False) -> list[str]:
    """What is wrong with the files of an inventory whose paths start with `below`: "part-0.parquet is missing".

    Sizes are looked at, and with `content` the bytes.
    """
    found = []
    for name, (size, digest) in files.items():
        if not name.startswith(below):
            continue
        file = folder / name
        try:
            now = file.stat().st_size
        except OSError:
            found.append(f"{name} is missing")
            continue
        if now != size:
            found.append(f"{name} has {now:,} bytes where {size:,} were written")
        elif content and file_hash(file) != digest:
            found.append(f"{name} holds other bytes than were written")
    return found


def file_hash(file: Path) -> str:
    """A fast hash of a file's bytes, to notice damage by: 64 bits, in hex."""
    digest = xxhash.xxh3_64()
    with file.open("rb") as stream:
        while some := stream.read(1 << 20):
            digest.update(some)
    return digest.hexdigest()


def file_digest(file: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(content: bytes, kind: str) -> str:
    """The same two of bytes that are in memory; `kind` is "sha256" or "xxh3"."""
    return hashlib.sha256(content).hexdigest() if kind == "sha256" else xxhash.xxh3_64_hexdigest(content)

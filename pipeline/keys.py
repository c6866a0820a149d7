"""Keys: what made an output, as a dictionary that can be compared, and its hash, which names the output.

Code counts by its source: a stage depends on its own modules and on whatever they import inside the package, and on
no others, so that a changed rule makes its stage stale and leaves the rest alone.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import os
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG, filemode
from typing import Any

PACKAGE = Path(__file__).parent
DATA_SUFFIXES = (".toml", ".npz", ".json", ".css")  # phrases and weights count as code of the module beside them


def key_of(made_of: Mapping[str, Any]) -> str:
    """12 hex digits that differ when anything in `made_of` does."""
    return hashlib.sha256(json.dumps(made_of, sort_keys=True, default=str).encode()).hexdigest()[:12]


def brief(value: Any) -> Any:
    """The value, or for a whole file's text its digest."""
    if isinstance(value, str) and len(value) > 60:
        return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:16]}"
    return value


def differences(old: Mapping[str, Any], new: Mapping[str, Any], path: str = "") -> list[str]:
    """What changed, in words: `rules.translation/low_score.min_score: 0.5 -> 0.6`."""
    found: list[str] = []
    for name in sorted({*old, *new}):
        place = f"{path}.{name}" if path else name
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            found += differences(before, after, place)
        elif before != after:
            found.append(f"{place}: {_short(before)} -> {_short(after)}")
    return found


def _short(value: Any) -> str:
    return "nothing" if value is None else str(value)[:60]


# Modules that import all rules: a stage depends on them as they stand, not on the rules of other stages.
SHAPE = ("stages", "batches", "config")


@lru_cache
def code_digest(modules: tuple[str, ...]) -> str:
    """A digest of the source of the modules (`rules.encoding`, ...) and of all they import inside the package."""
    digest = hashlib.sha256()
    shape = [file for module in ("stages", "batches") for file in _files_of(module)]
    for file in sorted(_closure(modules).union(shape)):
        digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _closure(modules: tuple[str, ...]) -> frozenset[Path]:
    waiting = [file for module in modules for file in _files_of(module)]
    seen: set[Path] = set()
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        if file.suffix == ".py":
            waiting += [f for module in imports_of(file) if module not in SHAPE for f in _files_of(module)]
    return frozenset(seen)


def _files_of(module: str) -> list[Path]:
    """The files of a module of the package; for a package of modules, all of them with the data beside them."""
    path = PACKAGE.joinpath(*module.split("."))
    if path.with_suffix(".py").is_file():
        data = [p for p in path.parent.glob(f"{path.name}*") if p.suffix in DATA_SUFFIXES]
        return [path.with_suffix(".py"), *data]
    if module in ("", "facts", "rules", "engine", "sources", "report"):
        return [path / "__init__.py"]  # what they import from it is named in full
    return [p for p in sorted(path.rglob("*")) if p.suffix in (".py", *DATA_SUFFIXES)]


@lru_cache
def imports_of(file: Path) -> tuple[str, ...]:
    """The modules of the package that a file imports, without the leading `pipeline.`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    prefix = PACKAGE.name + "."
    inside = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
    return tuple(sorted(name for name in inside if _exists(name)))


def _exists(module: str) -> bool:
    path = PACKAGE.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@lru_cache
def version(distribution: str) -> str:
    """The installed version of a package: another one may repair another way."""
    return importlib.metadata.version(distribution)


# --- what the input holds ----------------------------------------------------------------------------------------

SETTLED = 2.0  # seconds: a file changed later than that before its digest was taken may change again unseen


def input_digest(files: Iterable[Path], root: Path, cache_file: Path) -> str:
    """One digest over the names and bytes of the input's files.

    Digests are remembered in `cache_file` by size and time of change, so that a large input is hashed once.
    """
    remembered = _read_cache(cache_file)
    fresh: dict[str, list[Any]] = {}
    whole = hashlib.sha256()
    now = time.time()
    for file in files:
        name = file.relative_to(root).as_posix() if root.is_dir() else file.name
        digest, entry = _file_digest(file, remembered.get(str(file)), now)
        if entry:
            fresh[str(file)] = entry
        whole.update(os.fsencode(name) + f"\0{digest}\0".encode())
    if fresh != remembered:
        cache_file.parent.mkdir(parents=True, exist_ok=True)
        temporary = cache_file.with_name(f"{cache_file.name}.{os.getpid()}.tmp")
        temporary.write_text(json.dumps(fresh), encoding="utf-8")
        temporary.replace(cache_file)
    return whole.hexdigest()[:16]


def _file_digest(file: Path, known: list[Any] | None, now: float) -> tuple[str, list[Any] | None]:
    try:
        stat = file.stat()
        if not S_ISREG(stat.st_mode):  # never opened: a pipe that nobody writes to has no end
            return f"not a file: {filemode(stat.st_mode)[0]}", None
        if known and known[:2] == [stat.st_size, stat.st_mtime_ns]:
            return known[2], known
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:  # unreadable: the reader will quarantine it; readable again is another content
        return f"unreadable: {error.errno}", None
    entry = [stat.st_size, stat.st_mtime_ns, digest]
    return digest, entry if now - stat.st_mtime > SETTLED else None


def _read_cache(file: Path) -> dict[str, list[Any]]:
    try:
        found: dict[str, list[Any]] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found

"""Keys: what made an output, as a dictionary that can be compared, and its hash, which names the output.

Code counts as it is reached: from the module where a step is written down, along the imports that run, to the last
file, with the data that lies beside those modules. So a changed rule makes its own stage stale and no other, and no
list has to be kept. A comment or a docstring makes no difference.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.engine import cache, whole
from pipeline.output.manifest import MadeOf

PACKAGE = Path(__file__).parents[1]


def key_of(made_of: MadeOf) -> str:
    """12 hex digits that differ when anything in `made_of` does."""
    return hashlib.sha256(json.dumps(made_of, sort_keys=True, default=str).encode()).hexdigest()[:12]


def brief(value: Any) -> Any:
    """The value, or for a whole file's text its digest."""
    if isinstance(value, str) and len(value) > 60:
        return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:16]}"
    return value


def differences(old: MadeOf, new: MadeOf, path: str = "") -> list[str]:
    """What changed, in words: `rules.translation/low_score.min_score: 0.5 -> 0.6`."""
    old, new = as_kept(old), as_kept(new)
    found: list[str] = []
    for name in sorted({*old, *new}):
        place = f"{path}.{name}" if path else name
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            found += differences(before, after, place)
        elif before != after:
            found.append(f"{place}: {_short(before)} -> {_short(after)}")
    return found


def as_kept(made_of: MadeOf) -> MadeOf:
    """As it would come back from a manifest: a tuple is a list, at any depth."""
    plain: MadeOf = json.loads(json.dumps(made_of, default=str))
    return plain


def _short(value: Any) -> str:
    return "nothing" if value is None else str(value)[:60]


# --- code --------------------------------------------------------------------------------------------------------


class Code(NamedTuple):
    """All that is reached from some modules: files of the package, and libraries outside it by their import names."""

    files: frozenset[Path]
    libraries: frozenset[str]


def code_of(modules: Iterable[str]) -> MadeOf:
    """The digest of the code that the modules (`pipeline.stages.encoding`, ...) reach, and versions of libraries."""
    code = reached(frozenset(modules))
    # text is what this Python's Unicode tables say
    libraries = {"python": ".".join(platform.python_version_tuple()[:2])}
    libraries |= {name: version(name) for name in sorted(code.libraries)}
    _parsed().keep()
    return {"code": _digest_of(code.files), "libraries": libraries}


@lru_cache
def _digest_of(files: frozenset[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + _read(file).meaning)
    return digest.hexdigest()[:12]


@lru_cache
def reached(modules: frozenset[str]) -> Code:
    """Follow the imports from these modules to the end."""
    waiting = [file for module in modules for file in _files_of(module)]
    files: set[Path] = set()
    libraries: set[str] = set()
    while waiting:
        file = waiting.pop()
        if file in files:
            continue
        files.add(file)
        for name in imports_of(file):
            if name.partition(".")[0] == PACKAGE.name:
                waiting += _files_of(name)
            else:
                libraries.add(name)
    return Code(frozenset(files), frozenset(libraries))


def _files_of(module: str) -> Sequence[Path]:
    """The file of a module, those of the packages around it, which run when it is imported, and the data beside it.

    The package's own face is left out: it imports what it is asked for when it is called, and nobody inside asks it.
    """
    return _modules().get(module, ())


@lru_cache
def _modules() -> Mapping[str, Sequence[Path]]:
    """All modules of the package, with their files; the folders are listed once, which is most of the work."""
    found: dict[str, Sequence[Path]] = {}
    around: dict[Path, list[Path]] = {PACKAGE.parent: [], PACKAGE: []}
    for name, folders, names in os.walk(PACKAGE):
        folder, folders[:] = Path(name), [inside for inside in folders if inside != "__pycache__"]
        files = [folder / inside for inside in sorted(names)]
        if folder != PACKAGE:
            around[folder] = [*around[folder.parent], *(file for file in files if file.name == "__init__.py")]
        beside = [] if folder == PACKAGE else [file for file in files if _is_data(file)]
        for file in files:
            if file.suffix == ".py" and file != PACKAGE / "__init__.py":
                parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
                module = ".".join(parts[:-1] if file.name == "__init__.py" else parts)
                found[module] = [*around[folder], *(() if file.name == "__init__.py" else [file]), *beside]
    return found


def _is_data(path: Path) -> bool:
    return path.suffix not in (".py", ".pyc", ".pyi", ".so", ".tmp") and path.name[0] != "."


def imports_of(file: Path) -> frozenset[str]:
    """What a file imports when it runs: modules of the package in full, other libraries by their first name.

    Imports inside functions count, those for the type checker alone do not; the standard library is Python's.
    """
    return _read(file).imports


class _Read(NamedTuple):
    imports: frozenset[str]
    meaning: bytes  # a digest of what it says to Python, without comments and docstrings; of a data file, of its bytes


@lru_cache
def _read(file: Path) -> _Read:
    content = file.read_bytes()
    if file.suffix != ".py":
        return _Read(frozenset(), hashlib.sha256(content).digest())
    names, meaning = _parsed().of(content)
    inside = {name for name in names if name in _modules()}
    outside = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {PACKAGE.name}
    return _Read(frozenset(inside | outside), bytes.fromhex(meaning))


def _parse(source: bytes) -> tuple[list[str], str]:
    """The names that a module imports, whatever they turn out to be, and the digest of what it means."""
    tree = ast.parse(source)
    names: set[str] = set()
    for node in _running(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body[0] = ast.Pass()
    return sorted(names), hashlib.sha256(ast.dump(tree).encode()).hexdigest()


_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """All statements but those under `if TYPE_CHECKING:`."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        yield node
        if isinstance(node, ast.stmt | ast.Module | ast.ExceptHandler | ast.match_case):  # no import in an expression
            waiting += ast.iter_child_nodes(node)


# --- what has been parsed, kept between runs ---------------------------------------------------------------------

MOST_PARSED = 2_000  # files; more are of other versions of the package


class _Parsed:
    """What `_parse` says of sources, by the hash of their bytes: to parse 140 of them takes 0.7 s, to read them 0.01 s.

    What is kept is of this Python and of this module as it is. The file may be lost at any time, or belong to nobody.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known = whole.read_json(file) or {}
        self._new: dict[str, tuple[list[str], str]] = {}

    def of(self, source: bytes) -> tuple[Sequence[str], str]:
        """The names that are imported, and the digest of the meaning in hex."""
        name = hashlib.sha256(source).hexdigest()
        if name not in self._known:
            self._known[name] = self._new[name] = _parse(source)
        names, meaning = self._known[name]
        return names, meaning

    def keep(self) -> None:
        """Write what is new for the next run; that it cannot be written costs time alone."""
        if self._new:
            kept = self._known if len(self._known) <= MOST_PARSED else self._new
            self._new = {}
            with contextlib.suppress(OSError):
                whole.write_json(self._file, kept)


@lru_cache
def _parsed() -> _Parsed:
    mine = hashlib.sha256(Path(__file__).read_bytes() + sys.version.encode()).hexdigest()
    return _Parsed(cache.folder() / f"sources-{mine[:12]}.json")


@lru_cache
def version(library: str) -> str:
    """The installed version of a library, by its import name: another one may repair another way."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:  # imported under another name than it is installed by
        names = {found.name for found in importlib.metadata.distributions() if _holds(found, library)}
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in sorted(names)) or "not installed"


def _holds(distribution: importlib.metadata.Distribution, library: str) -> bool:
    """Whether a module or package of that name was installed with it: its list of files is asked, not parsed."""
    if library in (distribution.read_text("top_level.txt") or "").split():
        return True
    listed = distribution.read_text("RECORD") or ""
    return bool(re.search(rf"^{re.escape(library)}(?:/|\.py,|\.[^/\n]*\.so,)", listed, re.MULTILINE))

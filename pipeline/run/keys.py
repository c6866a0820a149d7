"""Keys: what made an output, as a dictionary that can be compared, and its hash, which names the output.

Code counts as it is reached: from the module where a step is written down, along the imports that run, to the last
file, with the data that lies beside those modules. So a changed rule makes its own stage stale and no other, and no
list has to be kept. A comment or a docstring makes no difference.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

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
    old, new = _plain(old), _plain(new)
    found: list[str] = []
    for name in sorted({*old, *new}):
        place = f"{path}.{name}" if path else name
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            found += differences(before, after, place)
        elif before != after:
            found.append(f"{place}: {_short(before)} -> {_short(after)}")
    return found


def _plain(made_of: MadeOf) -> MadeOf:
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
    digest = hashlib.sha256()
    for file in sorted(code.files):
        digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + _read(file).meaning)
    # text is what this Python's Unicode tables say
    libraries = {"python": ".".join(platform.python_version_tuple()[:2])}
    libraries |= {name: version(name) for name in sorted(code.libraries)}
    return {"code": digest.hexdigest()[:12], "libraries": libraries}


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


def _files_of(module: str) -> list[Path]:
    """The file of a module, those of the packages around it, which run when it is imported, and the data beside it.

    The package's own face is left out: it imports what it is asked for when it is called, and nobody inside asks it.
    """
    names = module.split(".")[1:]
    file = PACKAGE.joinpath(*names).with_suffix(".py")
    if not file.is_file():
        file = PACKAGE.joinpath(*names, "__init__.py")
    around = [folder / "__init__.py" for folder in file.parents if PACKAGE in folder.parents]
    beside = [] if file.parent == PACKAGE else [path for path in file.parent.iterdir() if _is_data(path)]
    return [path for path in (file, *around, *beside) if path.is_file() and path != PACKAGE / "__init__.py"]


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
    if file.suffix != ".py":
        return _Read(frozenset(), hashlib.sha256(file.read_bytes()).digest())
    tree = ast.parse(file.read_bytes())
    names: set[str] = set()
    for node in _running(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body[0] = ast.Pass()
    inside = {name for name in names if name.partition(".")[0] == PACKAGE.name and _is_module(name)}
    outside = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {PACKAGE.name}
    return _Read(frozenset(inside | outside), hashlib.sha256(ast.dump(tree).encode()).digest())


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


def _is_module(name: str) -> bool:
    path = PACKAGE.joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@lru_cache
def version(library: str) -> str:
    """The installed version of a library, by its import name: another one may repair another way."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:  # imported under another name than it is installed by
        names = importlib.metadata.packages_distributions().get(library, [])
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in sorted(set(names))) or "not installed"

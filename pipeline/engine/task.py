"""What a task of Spark does: with one part of a dataset the same as a worker of the local engine.

A task gets names, not rows. What it writes it writes under names that hold the number of its part, each file in one
step, and the bytes depend on the part alone: tried again, or run twice at once, it leaves the same files.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pipeline.engine import storage, worker
from pipeline.engine.worker import Split
from pipeline.errors import CopydeskError
from pipeline.spared import spare_pandas

WITH_CARE = 2  # attempts at a part before this one have failed: likely one of its rows kills whoever works on it
# what decides over bytes besides the code, which Spark hands over; Spark itself compares the versions of Python
LIBRARIES = ("beautifulsoup4", "chardet", "ftfy", "langdetect", "lxml", "numpy", "pyarrow", "xxhash")


class Place(NamedTuple):
    """Where the run goes on: its working directory, and what is installed there."""

    folder: str
    versions: Mapping[str, str]


class Slice(NamedTuple):
    """Some rows of a dataset in their order: those of parts from a first row on, so many of each."""

    number: int
    pieces: tuple[tuple[str, int, int], ...]  # part, first row, rows


def here() -> Place:
    """The place of this process."""
    return Place(str(Path.cwd()), {name: _version(name) for name in LIBRARIES})


def work(place: Place, split: Split, attempt: int, part: tuple[int, str]) -> int:
    """Write the outputs of one part; returns its number.

    Raises:
        CopydeskError: the function has failed; it names the part.
    """
    enter(place)
    number, name = part
    try:
        if split.give_up is not None and attempt >= WITH_CARE:
            worker.work_with_care(split, split.give_up, Path(name), number)
        else:
            worker.work_through(split, Path(name), number)
    except CopydeskError:  # which says where, and with which exit code the run is to end
        raise
    except Exception as error:
        raise CopydeskError(f"{name}: {type(error).__name__}: {error}".partition("\n")[0]) from error
    return number


def write_slice(place: Place, folder: str, attempt: int, some: Slice) -> int:
    """Write one part of what is ordered; returns its number."""
    enter(place)
    storage.write_ordered(
        Path(folder), storage.read_pieces(some.pieces), storage.schema_of(some.pieces[0][0]), some.number
    )
    return some.number


def enter(place: Place) -> None:
    """Work where the run does.

    Raises:
        CopydeskError: its folder is not here, or other versions of libraries are, which would make other bytes.
    """
    spare_pandas()
    mine = {name: _version(name) for name in place.versions}
    for name, version in place.versions.items():
        if mine[name] != version:
            raise CopydeskError(
                f"{platform.node()} has {name} {mine[name]}, where the run has {version}; use one environment"
            )
    try:
        os.chdir(place.folder)
    except OSError as error:
        raise CopydeskError(
            f"{platform.node()}: {error.strerror}: {place.folder}; run where all machines see the same folder"
        ) from error


@lru_cache
def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def each(function: object, items: Iterable[object]) -> Iterable[object]:
    """`function(attempt, item)` for the items of a Spark partition."""
    from pyspark import TaskContext

    context = TaskContext.get()
    attempt = context.attemptNumber() if context else 0
    return [function(attempt, item) for item in items]  # type: ignore[operator]

"""What of the output folder nobody needs any more: old outputs, leftovers of killed runs, batches never published.

What is published stays, and so does what it was published from, which a rerun needs; and the newest output of each
step, from which the next run goes on.
"""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pipeline.output import manifest as manifests
from pipeline.output import release
from pipeline.output.layout import Layout, published_names
from pipeline.output.manifest import Manifest
from pipeline.stages import tables

HOUR, DAY = 3_600.0, 86_400.0
_LEFTOVER = re.compile(r"\..+\.\d+\.(?:tmp|old)")


class Waste(NamedTuple):
    """A file or folder that nobody needs, why, and its size in bytes."""

    path: Path | str  # a URL, of an object
    why: str
    size: int


def batches(output: Path) -> list[str]:
    """All batches that have left anything."""
    runs = {path.name for path in output.glob("runs/*/")}
    left = {path.parent.name for path in output.glob("history/*/*/*/")}
    return sorted(runs | left | set(published_names(output)))


@contextmanager
def not_in_use(layout: Layout) -> Iterator[bool]:
    """Hold the batch's lock; False where somebody else does."""
    if not layout.runs.is_dir():
        yield True
        return
    with (layout.runs / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def waste_of(layout: Layout, keep: int = 0, older_than: float | None = None) -> list[Waste]:
    """What of a batch nobody needs; `keep` old outputs of each step stay.

    Of a published batch whose last step was made more than `older_than` days ago no step is kept.
    """
    published = manifests.read(layout.published)
    if release.is_away(layout):  # whatever was published looks as if it never was
        return []
    found = [(path, "left by a killed run") for path in _leftovers(layout)]
    if layout.published.exists() and published is None:  # damaged: nothing is known of it, and all of it stays
        return _sized(found)
    current = published["key"] if published else ""
    history = (folder for folder in layout.history.glob(f"*/{layout.batch}/*/") if folder.name != current)
    found += [(folder, "history of nothing published") for folder in history]
    if published is None:
        touched = max((path.stat().st_mtime for path in layout.runs.glob("*")), default=0.0)
        found += [(layout.runs, "never published")] if layout.runs.is_dir() and time.time() - touched > HOUR else []
        return _sized(found)
    outputs = {path: m for path in layout.runs.glob("[0-9]*-*/") if (m := manifests.read(path))}
    made = max((path.stat().st_mtime for path in outputs), default=0.0)
    if older_than is not None and time.time() - made > older_than * DAY:
        return _sized(found + [(path, f"older than {older_than:g} days") for path in layout.runs.glob("[0-9]*-*/")])
    spared = _published_from(outputs, published) | _newest(outputs, 1 + keep)
    return _sized(found + [(path, "old output") for path in layout.runs.glob("[0-9]*-*/") if path not in spared])


def _leftovers(layout: Layout) -> list[Path]:
    inside = [path for path in layout.runs.glob(".*") if _LEFTOVER.fullmatch(path.name)]
    beside = re.compile(rf"\.{re.escape(layout.next_corpus)}\.\d+\.tmp")
    return inside + [path for path in layout.output.glob(".*") if beside.fullmatch(path.name)]


def _published_from(outputs: Mapping[Path, Manifest], published: Manifest) -> set[Path]:
    """The outputs that a batch was published from, from the last step to the first: each was made of what is before."""
    found: set[Path] = set()
    wanted = published["made_of"].get("input")
    for number in sorted({_number(path) for path in outputs}, reverse=True):
        mine = {p: m for p, m in outputs.items() if _number(p) == number and m["digests"].get(tables.KEPT) == wanted}
        if mine:
            found |= mine.keys()
            wanted = mine[max(mine, key=_made_at)]["made_of"].get("input")
    return found


def _newest(outputs: Mapping[Path, Manifest], count: int) -> set[Path]:
    """The newest outputs of each step."""
    steps: dict[int, list[Path]] = {}
    for path in sorted(outputs, key=_made_at, reverse=True):
        steps.setdefault(_number(path), []).append(path)
    return {path for paths in steps.values() for path in paths[:count]}


def _number(output: Path) -> int:
    return int(output.name.partition("-")[0])


def _made_at(output: Path) -> int:
    return output.stat().st_mtime_ns


def _sized(found: list[tuple[Path, str]]) -> list[Waste]:
    return [Waste(path, why, _size(path)) for path, why in sorted(found)]


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)

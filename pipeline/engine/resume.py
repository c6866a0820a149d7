"""Parts that a killed run has finished: the run after it need not make them again.

Beside the outputs of a split lies a folder of notes, one for each part of the input that is finished: which files it
became, with their sizes and hashes. A file that is not as it was noted is made again.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.engine import storage, whole

NOTES = ".finished"


def note(out: Path, number: int, files: Sequence[Path]) -> None:
    """Note that the part of that number is finished, and became these files below `out`."""
    (out / NOTES).mkdir(parents=True, exist_ok=True)
    noted = {file.relative_to(out).as_posix(): (file.stat().st_size, whole.file_hash(file)) for file in files}
    whole.write_json(out / NOTES / f"{number:05d}.json", {"files": noted})


def finished(out: Path) -> set[int]:
    """The numbers of the parts that are."""
    return {int(name.stem) for name in (out / NOTES).glob("[0-9]*.json")}


def adopt(target: Path, work: Path) -> None:
    """Move into the folder `work` all finished parts that killed runs left where they were making `target`."""
    name = re.compile(rf"\.{re.escape(target.name)}\.\d+\.tmp")
    left_over = [path for path in target.parent.iterdir() if name.fullmatch(path.name) and path != work]
    for left in left_over:
        for notes in sorted(left.rglob(NOTES)):
            out = work / notes.parent.relative_to(left)
            for noted in sorted(notes.glob("[0-9]*.json")):
                found = whole.read_json(noted)
                if found and not whole.damage(notes.parent, found["files"], content=True):
                    for name in found["files"]:
                        _move(notes.parent / name, out / name)
                    _move(noted, out / NOTES / noted.name)
        whole.remove(left)


def take_over(output: Path, out: Path, datasets: Sequence[str], numbers: Iterable[int]) -> None:
    """Copy what the parts of these numbers became in an earlier output, and note that they are finished."""
    for number in numbers:
        copied = []
        for dataset in datasets:
            for file in sorted((output / dataset).glob(f"part-{number:05d}-*{storage.SUFFIX}")):
                if storage.count_rows(str(file)):  # one without rows only stands for the columns of its dataset
                    (out / dataset).mkdir(parents=True, exist_ok=True)
                    copied.append(Path(shutil.copyfile(file, out / dataset / file.name)))
        note(out, number, copied)


def forget(work: Path) -> None:
    """Remove the notes: what lies in `work` is whole."""
    for notes in list(work.rglob(NOTES)):
        whole.remove(notes)


def has_finished(left: Path) -> bool:
    """Whether a folder that a killed run left holds finished parts."""
    return any(left.rglob(NOTES))


def _move(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    file.replace(target)

"""How the search for duplicates grows: `python -m benchmarks.duplicates_scale 100000 1000000 10000000 --folder DIR`.

Documents of about 60 words are made here, with known copies among them: 5 % exact, 2.5 % near, 2 % cut, half a per
cent of one page that many sites copied (half of them with their own last line), and 30 % that end in one of a
thousand sites' footers. The local engine searches them with two workers and 2 GB for DuckDB. Then a batch of 10,000
new documents, half of them copies, is judged against all of them as history.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from pipeline.engine.local import LocalEngine
from pipeline.facts.duplicates import Policy, search, steps

WORDS, ROWS, NEW, NEW_ROWS = 60, 50_000, 10_000, 1_000
LETTERS = np.array(list("aeiobcdfghklmnprstuvw"))


def vocabulary() -> list[str]:
    chance = np.random.default_rng(1)
    return ["".join(chance.choice(LETTERS, chance.integers(3, 10))) for _ in range(30_000)]


def documents(start: int, stop: int, copies: int, words: list[str]) -> Iterator[tuple[str, str]]:
    """Id and text of the documents `start` to `stop`; one in `copies` is the page that many sites copied."""
    chance = np.random.default_rng(start + 7)
    skewed = (chance.random((stop - start, WORDS)) ** 2 * len(words)).astype(int)
    texts: list[str] = []
    page = " ".join(words[i] for i in np.random.default_rng(99).integers(0, len(words), 150))
    for number, row in enumerate(skewed, start):
        text = " ".join([words[i] for i in row])
        if number % copies == 0:
            text = page if number % (2 * copies) else f"{page} {words[number % 29_989]} {words[number % 7_919]}"
        elif number % 20 == 19:
            text = texts[-10].upper()
        elif number % 40 == 18:
            text = " ".join(texts[-9].split()[2:])
        elif number % 50 == 17:
            text = " ".join(texts[-8].split()[:30])
        elif number % 10 < 3:
            footer = np.random.default_rng(number % 1_000)
            text += " " + " ".join(words[i] for i in footer.integers(0, len(words), 12))
        texts.append(text)
        yield f"d{number:08d}", text


def planted(size: int, copies: int) -> int:
    numbers = np.arange(size)
    page = numbers % copies == 0
    rest = (numbers % 20 == 19) | (numbers % 40 == 18) | (numbers % 50 == 17)
    return int((page | rest).sum()) - 1


def write(folder: Path, size: int, words: list[str]) -> str:
    folder.mkdir(parents=True)
    for number, start in enumerate(range(0, size, ROWS)):
        rows = list(documents(start, min(start + ROWS, size), 200, words))
        table = pa.table({"id": [row[0] for row in rows], "text": [row[1] for row in rows]})
        pq.write_table(table, folder / f"part-{number:05d}.parquet", compression="zstd", row_group_size=5_000)
    return str(folder)


def remembered(batch: pa.RecordBatch, name: str) -> Iterator[Mapping[str, pa.RecordBatch]]:
    yield steps.of_signatures(batch, name)


class Clock:
    """CPU and wall seconds, and the largest resident set, of this process and all below it, sampled from /proc."""

    def __init__(self) -> None:
        self.before = _times(_tree())
        self.last: dict[str, float] = {}
        self.peak, self.wall, self.done = 0.0, time.monotonic(), threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def _watch(self) -> None:
        while not self.done.wait(0.2):
            self._look()

    def _look(self) -> None:
        tree = _tree()
        self.last.update(_times(tree))
        self.peak = max(self.peak, sum(int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e9 for fields in tree.values()))

    def stop(self) -> Clock:
        self.done.set()
        self.watcher.join()
        self._look()
        self.cpu = sum(time - self.before.get(pid, 0.0) for pid, time in self.last.items())
        self.wall = time.monotonic() - self.wall
        return self

    def __str__(self) -> str:
        return f"{self.cpu:7.0f} s CPU {self.wall:7.0f} s wall   peak {self.peak:.2f} GB"


def _tree() -> dict[str, list[str]]:
    """The fields of /proc/PID/stat after the name, for this process and its descendants."""
    every: dict[str, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                every[entry.name] = (entry / "stat").read_text().rpartition(")")[2].split()
    mine = {str(os.getpid())}
    while more := {pid for pid, fields in every.items() if fields[1] in mine} - mine:
        mine |= more
    return {pid: every[pid] for pid in mine if pid in every}


def _times(tree: Mapping[str, list[str]]) -> dict[str, float]:
    return {pid: (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") for pid, fields in tree.items()}


class Told(LocalEngine):
    """The local engine, telling how long each step took."""

    def map_batches(self, function, dataset, out):  # type: ignore[no-untyped-def]
        clock = Clock()
        result = super().map_batches(function, dataset, out)
        if clock.stop().wall > 1:
            print(f"    {Path(out).name:<16} {clock}", flush=True)
        return result

    def sql(self, query, out, **datasets):  # type: ignore[no-untyped-def]
        clock = Clock()
        result = super().sql(query, out, **datasets)
        if clock.stop().wall > 1:
            print(f"    {Path(out).name:<16} {clock}", flush=True)
        return result


def measure(size: int, folder: Path, memory: str, verbose: bool) -> None:
    words = vocabulary()
    engine = (Told if verbose else LocalEngine)(workers=2, memory_limit=memory)
    shutil.rmtree(folder, ignore_errors=True)
    source = write(folder / "documents", size, words)
    clock = Clock()
    found = search(engine, source, {}, "1", Policy(), str(folder / "work"))
    print(
        f"{size:>10,} documents   search          {clock.stop()}   {_count(found):,} of {planted(size, 200):,} copies",
        flush=True,
    )
    (signed,) = (folder / "work" / "steps").glob("*-signed")
    clock = Clock()
    history = engine.split_batches(partial(remembered, name="1"), str(signed), str(folder / "history"))
    print(
        f"{size:>10,} documents   history         {clock.stop()}   {_bytes(folder / 'history') / 1e9:.2f} GB",
        flush=True,
    )
    shutil.rmtree(folder / "work")
    new = folder / "new"
    new.mkdir()
    old = list(documents(0, NEW // 2, 200, words))
    fresh = [
        (f"n{number}", text)
        for number, (_, text) in enumerate(documents(1 << 30, (1 << 30) + NEW // 2, 1 << 29, words))
    ]
    rows = [(f"o{name}", text + " extra") for name, text in old] + fresh
    table = pa.table({"id": [row[0] for row in rows], "text": [row[1] for row in rows]})
    pq.write_table(table, new / "part-0.parquet", row_group_size=NEW_ROWS)
    clock = Clock()
    found = search(engine, str(new), {"1": history}, "2", Policy(), str(folder / "work"))
    print(f"{size:>10,} in history  batch of {NEW:,} {clock.stop()}   {_count(found):,} copies", flush=True)
    shutil.rmtree(folder)


def _count(folder: str) -> int:
    return int(pads.dataset(folder, format="parquet").count_rows())


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*.parquet"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", type=int, nargs="+")
    parser.add_argument("--folder", type=Path, required=True, help="where to work; about 2 GB a million documents")
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    for size in options.sizes:
        measure(size, options.folder / f"scale-{size}", options.memory, options.verbose)


if __name__ == "__main__":
    main()

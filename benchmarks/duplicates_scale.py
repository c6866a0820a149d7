"""How the search for duplicates grows: `python -m benchmarks.duplicates_scale 100000 1000000 10000000 --folder DIR`.

Documents of about 60 words are made here, with known copies among them: 5 % exact, 2.5 % near, 2 % cut, half a per
cent of one page that many sites copied (half of them with their own last line), and 30 % that end in one of a
thousand sites' footers. The local engine searches them with two workers and 2 GB for DuckDB. Then a batch of 10,000
new documents, half of them copies, is judged against all of them as history. With `--made` the first step, signing,
writes made-up keys, which copies share; its cost is known and the same for each document, all other steps are real.
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
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from pipeline.engine.local import LocalEngine
from pipeline.facts.duplicates import Policy, rows, search
from pipeline.facts.duplicates.signature import SCHEMA, VERSION
from pipeline.facts.duplicates.words import mix

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


def made_signatures(documents: pa.RecordBatch) -> pa.RecordBatch:
    """What signing these documents comes to, without the work: keys from their numbers, shared as copies share them."""
    ids, text = documents.column("id"), pc.utf8_lower(documents.column("text"))
    number = np.array([int(name[1:]) for name in ids.to_pylist()], np.uint64)
    page, exact, near, cut = _made_as(number)
    footed = ~(page | exact | near | cut) & (number % 10 < 3)
    base = np.where(exact, number - 10, np.where(near, number - 9, np.where(cut, number - 8, number)))
    base = np.where(base % 20 == 19, base - 10, base)
    base = np.where(page, 0, base)
    same = exact | (page & (number % 400 != 0))
    bands, anchors = np.arange(16, dtype=np.uint64), np.arange(6, dtype=np.uint64)
    foreign = np.where(same[:, None], 16, np.where((near | page)[:, None], 12, 0)) > bands
    band_keys = _key(np.where(foreign, base[:, None], number[:, None]), bands)
    foreign = np.where(same[:, None], 5, np.where((near | page)[:, None], 4, np.where(cut[:, None], 2, 0))) > anchors
    anchor_keys = _key(np.where(foreign, base[:, None], number[:, None]), anchors + np.uint64(16))
    anchor_keys[footed, 5] = _key(number[footed] % 1_000 + np.uint64(1 << 40), anchors[5])
    counts = np.where(footed, 6, np.where(cut, 3, 5))
    hashes = mix(np.where(same, base, number + np.uint64(1 << 41)))
    spaces = pc.count_substring(text, " ")
    letters = pc.cast(pc.subtract(pc.binary_length(text), spaces), pa.int32())
    ranks = [
        f"0000/~/~/0000000/{9_999_999_999 - size:010d}/{name}"
        for size, name in zip(letters.to_pylist(), ids.to_pylist(), strict=True)
    ]
    bulks = [f"{999_999_999 - size:09d}/{rank}" for size, rank in zip(spaces.to_pylist(), ranks, strict=True)]
    columns = {
        "doc": mix(number).view(np.int64), "id": ids, "letters": letters, "rank": ranks, "bulk": bulks,
        "exact_high": hashes.view(np.int64), "exact_low": hashes.view(np.int64),
        "words": pc.cast(text, pa.large_string()),
        "bands": _lists(band_keys, np.full(len(number), 16)), "anchors": _lists(anchor_keys, counts),
        "version": np.full(len(number), VERSION, np.int32),
    }  # fmt: skip
    return pa.RecordBatch.from_arrays(
        [pa.array(columns[f.name], f.type) if f.name in columns else pa.nulls(len(number), f.type) for f in SCHEMA],
        schema=SCHEMA,
    )


def _made_as(number: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.bool_], ...]:
    page = number % 200 == 0
    exact = ~page & (number % 20 == 19)
    near = ~page & ~exact & (number % 40 == 18)
    return page, exact, near, ~page & ~exact & ~near & (number % 50 == 17)


def _key(number: npt.NDArray[np.uint64], place: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    return mix(number * np.uint64(64) + place)


def _lists(keys: npt.NDArray[np.uint64], counts: npt.NDArray[np.int64]) -> pa.ListArray:
    inside = np.arange(keys.shape[1]) < counts[:, None]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(keys[inside].view(np.int64)))


def remembered(signed: pa.RecordBatch, name: str) -> Iterator[Mapping[str, pa.RecordBatch]]:
    yield rows.of_signatures(signed, name)


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
    """The local engine, telling how long each step took; with `made`, signatures come from `made_signatures`."""

    made = False

    def map_rows(self, function, dataset, out):  # type: ignore[no-untyped-def]
        clock = Clock()
        if self.made and out.endswith("-signed"):
            function = made_signatures
        result = super().map_rows(function, dataset, out)
        if clock.stop().wall > 1:
            print(f"    {Path(out).name:<16} {clock}", flush=True)
        return result

    def sql(self, query, out, **datasets):  # type: ignore[no-untyped-def]
        clock = Clock()
        result = super().sql(query, out, **datasets)
        if clock.stop().wall > 1:
            print(f"    {Path(out).name:<16} {clock}", flush=True)
        return result

    def table(self, query, name, **datasets):  # type: ignore[no-untyped-def]
        clock = Clock()
        result = super().table(query, name, **datasets)
        if clock.stop().wall > 1:
            print(f"    {Path(name).name:<16} {clock}", flush=True)
        return result


def measure(size: int, folder: Path, memory: str, made: bool) -> None:
    words = vocabulary()
    engine = Told(workers=2, memory_limit=memory)
    engine.made = made
    shutil.rmtree(folder, ignore_errors=True)
    source = write(folder / "documents", size, words)
    clock = Clock()
    found = search(engine, source, {}, "1", Policy(), str(folder / "work"))
    print(
        f"{size:>10,} documents   search          {clock.stop()}   {_count(found):,} of {planted(size, 200):,} copies",
        flush=True,
    )
    signed = folder / "work" / "tables" / "signatures"
    clock = Clock()
    history = engine.split_rows(partial(remembered, name="1"), str(signed), str(folder / "history"))
    print(
        f"{size:>10,} documents   history         {clock.stop()}   {_bytes(folder / 'history') / 1e9:.2f} GB",
        flush=True,
    )
    shutil.rmtree(folder / "work")
    new = folder / "new"
    new.mkdir()
    old = list(documents(0, NEW // 2, 200, words))
    fresh = [(f"n{name[1:]}", text) for name, text in documents(1 << 30, (1 << 30) + NEW // 2, 1 << 29, words)]
    rows = [(f"o{name[1:]}", text + " extra") for name, text in old] + fresh
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
    parser.add_argument("--made", action="store_true", help="make the signatures from the documents' numbers")
    options = parser.parse_args()
    for size in options.sizes:
        measure(size, options.folder / f"scale-{size}", options.memory, options.made)


if __name__ == "__main__":
    main()

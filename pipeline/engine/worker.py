"""What a worker does with one part of a dataset, a process of this machine or a task of Spark."""

from __future__ import annotations

import gc
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from pipeline.engine import resume, storage
from pipeline.engine.protocol import RowsFunction, SplitFunction
from pipeline.errors import CopydeskError

ROWS_AT_ONCE = 1_000
SELDOM = 50_000  # objects between two searches for garbage, as in the process that starts workers

Outputs = Mapping[str, pa.RecordBatch]


class Split(NamedTuple):
    """What is done to each part, and where its outputs go; see `pipeline.engine.protocol.Engine.split_rows`."""

    function: SplitFunction
    out: Path
    give_up: SplitFunction | None = None
    resumable: bool = False


def work_on(split: Split, part: Path, number: int) -> Iterator[int]:
    """Write the outputs of one part; yields how many rows were read, again and again."""
    written = _PartOutputs(split, number)
    for rows in storage.read_rows(str(part), rows=ROWS_AT_ONCE):
        for outputs in split.function(rows):
            written.add(outputs)
        yield rows.num_rows
    written.close()


def work_through(split: Split, part: Path, number: int) -> None:
    """The same at one go."""
    for _rows in work_on(split, part, number):
        pass


def work_with_care(split: Split, give_up: SplitFunction, part: Path, number: int) -> None:
    """Work on a part some rows of which kill their worker: these are found by halving, and given up.

    Raises:
        CopydeskError: workers die before they have any work.
    """
    written = _PartOutputs(split, number)
    for rows in storage.read_rows(str(part), rows=ROWS_AT_ONCE):
        for outputs in _by_halves(split.function, rows, give_up):
            written.add(outputs)
    written.close()


def one_output(function: RowsFunction, rows: pa.RecordBatch) -> Iterator[Outputs]:
    """A function that makes one set of rows, as one that makes several."""
    yield {"": function(rows)}


def write_empty_outputs(split: Split, schema: pa.Schema) -> None:
    """An output without rows still is a dataset with a schema; `schema` is that of what was split."""
    for outputs in split.function(pa.RecordBatch.from_pylist([], schema=schema)):
        for name, rows in outputs.items():
            if not storage.holds_parts(split.out / name):
                storage.write_rows(split.out / name, [], rows.schema, "part-00000")


class _PartOutputs:
    """What is made of one part: each output in files of its own, which bear the number of the part."""

    def __init__(self, split: Split, number: int) -> None:
        self._split, self._number = split, number
        self._writers: dict[str, storage.PartWriter] = {}

    def add(self, outputs: Outputs) -> None:
        for name, made in outputs.items():
            if name not in self._writers:
                self._writers[name] = storage.PartWriter(self._split.out / name, f"part-{self._number:05d}")
            self._writers[name].write(made)

    def close(self) -> None:
        writers = self._writers.values()
        for writer in writers:
            writer.close()
        if self._split.resumable:
            resume.note(self._split.out, self._number, [file for writer in writers for file in writer.files])


def _by_halves(function: SplitFunction, rows: pa.RecordBatch, give_up: SplitFunction) -> Iterator[Outputs]:
    made = _in_a_child(function, rows)
    if made is not None:
        yield from made
    elif rows.num_rows == 1:
        yield from give_up(rows)
    else:
        half = rows.num_rows // 2
        yield from _by_halves(function, rows.slice(0, half), give_up)
        yield from _by_halves(function, rows.slice(half), give_up)


def _in_a_child(function: SplitFunction, rows: pa.RecordBatch) -> list[Outputs] | None:
    """What the function makes of the rows in a process of its own; None if that died on the way."""
    with pool(1) as child:
        try:
            child.submit(os.getpid).result()
        except BrokenProcessPool as error:  # not the rows' fault
            why = "workers die before they have any work; what they say stands above. hint: --workers 1"
            raise CopydeskError(why) from error
        try:
            return child.submit(_all_of, function, rows).result()
        except BrokenProcessPool:
            return None


def _all_of(function: SplitFunction, rows: pa.RecordBatch) -> list[Outputs]:
    return list(function(rows))


def pool(workers: int, preload: Sequence[str] = ()) -> ProcessPoolExecutor:
    """So many processes; modules `preload` are imported once, in the process that they are forked from.

    That one starts with the first pool, and keeps the environment of that moment: what was set since, as the
    credentials of a store may be, is told to each worker.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return ProcessPoolExecutor(workers, context, initializer=_start, initargs=(dict(os.environ),))


def copies(workers: int) -> ProcessPoolExecutor:
    """So many processes that are copies of this one, with all that it has loaded; they are there at once.

    To be asked for only where `can_be_copied`.
    """
    made = ProcessPoolExecutor(
        workers, multiprocessing.get_context("fork"), initializer=_start, initargs=(dict(os.environ),)
    )
    with warnings.catch_warnings():  # Python 3.12 warns of all threads, also of those of jemalloc, which takes care
        warnings.simplefilter("ignore", DeprecationWarning)
        made.submit(os.getpid)  # the first work starts them
    return made


def can_be_copied() -> bool:
    """Whether copies of this process would work: a thread that holds a lock just then would hold it in them for good.

    DuckDB has threads from the moment that it is loaded; those of Arrow and jemalloc take care.
    """
    return sys.platform == "linux" and threading.active_count() == 1 and "duckdb" not in sys.modules


def _start(environment: Mapping[str, str]) -> None:
    """A killed driver leaves no orphans: each worker watches the process that started it, and leaves Ctrl-C to it."""
    gc.set_threshold(SELDOM)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)

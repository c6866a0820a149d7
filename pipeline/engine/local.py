"""The engine of one machine: a process pool over Parquet parts, and DuckDB with a memory limit for SQL.

What is written depends on the dataset and the function alone, never on the number of workers: each part of the input
becomes parts of the output that bear its number.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import re
import shutil
import signal
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.engine import storage, whole
from pipeline.engine.protocol import Dataset, Progress, RowsFunction, SplitFunction
from pipeline.errors import CopydeskError, SettingsError

if TYPE_CHECKING:
    import duckdb

ROWS_AT_ONCE = 1_000
DUCKDB_SHARE = 0.75  # grouping 200 M keys, a process held to 2 GB came to 2.8 GB, one held to 1.5 GB to 2.0 GB
MAX_DEATHS = 3  # a part during which this many workers died is likely what kills them
MOST_WORKERS = 256  # more would take the machine's processes and gain nothing: an engine of several machines does
IN_PROCESS_BYTES = 2 << 20  # less input than this is done sooner than a pool of processes starts (about 1 s)


class LocalEngine:
    """`workers` processes (0: one for each core); DuckDB is held to `memory_limit` and spills to `scratch`."""

    def __init__(
        self, workers: int = 0, memory_limit: str = "2GB", scratch: str | None = None, progress: Progress | None = None
    ) -> None:
        self.workers = min(workers or len(os.sched_getaffinity(0)), MOST_WORKERS)
        self.memory_limit = memory_limit
        self._duckdb_limit = _share_of(memory_limit)
        self.scratch = scratch
        self.progress = progress

    def map_rows(self, function: RowsFunction, dataset: Dataset, out: str) -> str:
        """`function` over all rows; see `pipeline.engine.protocol.Engine`."""
        self._split(partial(_one_output, function), dataset, Path(out))
        return out

    def split_rows(
        self, function: SplitFunction, dataset: Dataset, out: str, give_up: SplitFunction | None = None
    ) -> str:
        """The same with several named outputs; see `pipeline.engine.protocol.Engine`."""
        self._split(function, dataset, Path(out), give_up)
        return out

    def sql(self, query: str, out: str, **datasets: Dataset) -> str:
        """The rows of `query`; see `pipeline.engine.protocol.Engine`.

        Raises:
            CopydeskError: the query fails, or needs more than the memory limit and spilling give.
        """
        import duckdb

        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for name, dataset in datasets.items():
                self._duckdb.read_parquet([str(p) for p in storage.parts(dataset)]).create_view(name)
            rows = self._duckdb.sql(query)
            rows.write_parquet(
                str(folder / "part-00000-000.parquet"),
                compression=storage.COMPRESSION,
                row_group_size=storage.ROW_GROUP,
            )
        except duckdb.Error as error:
            first_line = str(error).partition("\n")[0]
            where = f"memory limit {self.memory_limit}, spilling to {self._spill}"
            raise CopydeskError(f"DuckDB: {first_line} ({where})") from error
        return out

    def close(self) -> None:
        """Close the database and remove what it has spilled."""
        if "_duckdb" in self.__dict__:
            self._duckdb.close()
            shutil.rmtree(self._spill, ignore_errors=True)

    @cached_property
    def _duckdb(self) -> duckdb.DuckDBPyConnection:
        """One connection for all queries: opening it costs more than a small query (9 ms against 3 ms of CPU time)."""
        import duckdb

        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self._duckdb_limit,
            "threads": self.workers,
            "temp_directory": self._spill,
            "preserve_insertion_order": False,  # an ORDER BY still holds
            "enable_external_file_cache": False,  # outside the limit: 0.4 GB of it in a join over 10 M documents
        }
        return duckdb.connect(config=settings)

    @property
    def _spill(self) -> str:
        return str(Path(self.scratch or tempfile.gettempdir()) / f".copydesk-spill.{os.getpid()}.tmp")

    def _split(
        self, function: SplitFunction, dataset: Dataset, out: Path, give_up: SplitFunction | None = None
    ) -> None:
        out.mkdir(parents=True, exist_ok=True)
        parts = storage.parts(dataset)
        sizes = [pq.read_metadata(part).num_rows for part in parts]
        if self.workers == 1 or len(parts) == 1 or sum(p.stat().st_size for p in parts) < IN_PROCESS_BYTES:
            done = 0
            for number, part in enumerate(parts):
                for rows in _work_on(function, part, number, out):
                    done += rows
                    self._tell(done, sum(sizes))
        else:
            self._in_pool(function, parts, sizes, out, give_up)
            whole.remove_leftovers_below(out)
        _write_empty_outputs(function, pq.read_schema(parts[0]), out)

    def _tell(self, done: int, total: int) -> None:
        if self.progress:
            self.progress(done, total)

    def _in_pool(
        self,
        function: SplitFunction,
        parts: list[Path],
        sizes: list[int],
        out: Path,
        give_up: SplitFunction | None,
    ) -> None:
        """Work on all parts; those that kill their workers again and again are worked on with care in the end."""
        left = dict(enumerate(parts))
        deaths: Counter[int] = Counter()
        while left:
            running: dict[Future[None], int] = {}
            try:
                self._through_pool(function, left, sizes, out, running)
            except BrokenProcessPool as error:
                deaths.update(running.values())  # one of these was it
                deadly = sorted(number for number in left if deaths[number] >= MAX_DEATHS)
                if deadly and give_up is None:
                    raise CopydeskError(
                        f"{left[deadly[0]]}: a worker died {MAX_DEATHS} times near this part, likely out of memory; "
                        "run with fewer --workers"
                    ) from error
                for number in deadly if give_up else ():
                    _with_care(function, left.pop(number), number, out, give_up or function)

    def _through_pool(
        self,
        function: SplitFunction,
        left: dict[int, Path],
        sizes: list[int],
        out: Path,
        running: dict[Future[None], int],
    ) -> None:
        """Work on the parts in `left`, removing each one that is done; `running` are those being worked on."""
        total = sum(sizes)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([_module_of(function)])  # imported once, for this pool and those after it
        pool = ProcessPoolExecutor(min(self.workers, len(left)), context, initializer=_die_with_parent)
        try:
            # no more waiting than workers: a part that is being done is known when a worker dies
            waiting = iter(sorted(left.items()))

            def start_one() -> None:
                for number, part in waiting:
                    running[pool.submit(_work_through, function, part, number, out)] = number
                    return

            for _ in range(self.workers + 1):
                start_one()
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    future.result()
                    del left[running.pop(future)]
                    start_one()
                    self._tell(total - sum(sizes[number] for number in left), total)
        finally:
            pool.shutdown(cancel_futures=True)  # what is being worked on is waited for, a few seconds at most


def _share_of(limit: str) -> str:
    """DuckDB's part of a memory limit: its limit leaves out what it reads and writes files with.

    Raises:
        SettingsError: the limit is not a number and a unit.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]i?B)", limit)
    if not match:
        raise SettingsError(f'[run] memory_limit must be a number and KB, MB, GB or TB, as "2GB"; got {limit!r}')
    return f"{float(match[1]) * DUCKDB_SHARE:g}{match[2]}"


def _one_output(function: RowsFunction, rows: pa.RecordBatch) -> Iterator[Mapping[str, pa.RecordBatch]]:
    yield {"": function(rows)}


def _work_through(function: SplitFunction, part: Path, number: int, out: Path) -> None:
    for _rows in _work_on(function, part, number, out):
        pass


def _work_on(function: SplitFunction, part: Path, number: int, out: Path) -> Iterator[int]:
    """Write the outputs of one part; yields how many rows were read, again and again."""
    writers: dict[str, storage.PartWriter] = {}
    for rows in storage.read_rows(str(part), rows=ROWS_AT_ONCE):
        for outputs in function(rows):
            _write(outputs, writers, out, number)
        yield rows.num_rows
    for writer in writers.values():
        writer.close()


def _with_care(function: SplitFunction, part: Path, number: int, out: Path, give_up: SplitFunction) -> None:
    """Work on a part some rows of which kill their worker: these are found by halving, and given up."""
    writers: dict[str, storage.PartWriter] = {}
    for rows in storage.read_rows(str(part), rows=ROWS_AT_ONCE):
        for outputs in _by_halves(function, rows, give_up):
            _write(outputs, writers, out, number)
    for writer in writers.values():
        writer.close()


def _by_halves(
    function: SplitFunction, rows: pa.RecordBatch, give_up: SplitFunction
) -> Iterator[Mapping[str, pa.RecordBatch]]:
    made = _in_a_child(function, rows)
    if made is not None:
        yield from made
    elif rows.num_rows == 1:
        yield from give_up(rows)
    else:
        half = rows.num_rows // 2
        yield from _by_halves(function, rows.slice(0, half), give_up)
        yield from _by_halves(function, rows.slice(half), give_up)


def _in_a_child(function: SplitFunction, rows: pa.RecordBatch) -> list[Mapping[str, pa.RecordBatch]] | None:
    """What the function makes of the rows in a process of its own; None if that died on the way."""
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(1, context, initializer=_die_with_parent) as pool:
        try:
            return pool.submit(_all_of, function, rows).result()
        except BrokenProcessPool:
            return None


def _all_of(function: SplitFunction, rows: pa.RecordBatch) -> list[Mapping[str, pa.RecordBatch]]:
    return list(function(rows))


def _write(
    outputs: Mapping[str, pa.RecordBatch], writers: dict[str, storage.PartWriter], out: Path, number: int
) -> None:
    """Add rows to the output of each name."""
    for name, made in outputs.items():
        if name not in writers:
            writers[name] = storage.PartWriter(out / name, f"part-{number:05d}")
        writers[name].write(made)


def _write_empty_outputs(function: SplitFunction, schema: pa.Schema, out: Path) -> None:
    """An output without rows still is a dataset with a schema."""
    for outputs in function(pa.RecordBatch.from_pylist([], schema=schema)):
        for name, rows in outputs.items():
            if not storage.holds_parts(out / name):
                storage.write_rows(out / name, [], rows.schema, "part-00000")


def _module_of(function: object) -> str:
    while isinstance(function, partial):
        function = function.args[0] if function.func is _one_output else function.func
    return str(getattr(function, "__module__", __name__))


def _die_with_parent() -> None:
    """A killed driver leaves no orphans: each worker watches the process that started it, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)

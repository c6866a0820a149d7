"""The engine of one machine: a process pool over Parquet parts, and DuckDB with a memory limit for SQL.

What is written depends on the dataset and the function alone, never on the number of workers: each part of the input
becomes parts of the output that bear its number.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.engine import resume, storage, whole, worker
from pipeline.engine.database import Database
from pipeline.engine.protocol import Dataset, Progress, RowsFunction, SplitFunction, T, is_ordered
from pipeline.engine.worker import Split
from pipeline.errors import CopydeskError, SettingsError

if TYPE_CHECKING:
    import duckdb

DUCKDB_SHARE = 0.75  # grouping 200 M keys, a process held to 2 GB came to 2.8 GB, one held to 1.5 GB to 2.0 GB
MAX_DEATHS = 3  # a part during which this many workers died is likely what kills them
MOST_WORKERS = 256  # more would take the machine's processes and gain nothing: an engine of several machines does
IN_PROCESS_BYTES = 2 << 20  # less input than this is done sooner than processes start that load all by themselves (1 s)


class LocalEngine:
    """`workers` processes (0: one for each core); DuckDB is held to `memory_limit` and spills to `scratch`."""

    def __init__(
        self,
        workers: int = 0,
        memory_limit: str = "2GB",
        scratch: str | None = None,
        progress: Progress | None = None,
        preload: Sequence[str] = (),
    ) -> None:
        """`preload` are modules that workers begin with, besides those that this process has loaded."""
        self.workers = min(workers or len(os.sched_getaffinity(0)), MOST_WORKERS)
        self.memory_limit = memory_limit
        self._duckdb_limit = _share_of(memory_limit)
        self.scratch = scratch
        self.progress = progress
        self._preload = preload
        self._database = Database(self._connect, self.workers)
        self._workers: ProcessPoolExecutor | None = None  # started when there is work for them

    def map_rows(self, function: RowsFunction, dataset: Dataset, out: str) -> str:
        """`function` over all rows; see `pipeline.engine.protocol.Engine`."""
        self._split(Split(partial(worker.one_output, function), Path(out)), dataset)
        return out

    def split_rows(
        self,
        function: SplitFunction,
        dataset: Dataset,
        out: str,
        *,
        give_up: SplitFunction | None = None,
        bytes_named: int = 0,
        resumable: bool = False,
    ) -> str:
        """The same with several named outputs; see `pipeline.engine.protocol.Engine`."""
        self._split(Split(function, Path(out), give_up, resumable), dataset, bytes_named)
        return out

    def sql(self, query: str, out: str, **datasets: Dataset) -> str:
        """The rows of `query`; see `pipeline.engine.protocol.Engine`.

        Raises:
            CopydeskError: the query fails, or needs more than the memory limit and spilling give.
        """
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        with self._errors_named():
            if is_ordered(query):
                rows = self._database.rows(query, datasets, storage.ROW_GROUP)
                storage.write_ordered(folder, rows, rows.schema)
            else:
                options = {"compression": storage.COMPRESSION, "row_group_size": storage.ROW_GROUP}
                self._database.write(query, str(folder / "part-00000-000.parquet"), datasets, **options)
        return out

    def table(self, query: str, name: str, **datasets: Dataset) -> str:
        """The rows of `query` as a table; see `pipeline.engine.protocol.Engine`.

        Raises:
            CopydeskError: as for `sql`.
        """
        with self._errors_named():
            return self._database.keep(query, name, datasets)

    def count(self, dataset: str) -> int:
        """How many rows a dataset has."""
        return self._database.count(dataset)

    def drop(self) -> None:
        """Let the tables go."""
        self._database.drop()

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        import duckdb

        try:
            yield
        except (duckdb.Error, pa.ArrowException, OSError) as error:  # the last two: while rows are fetched
            if isinstance(error, OSError) and error.errno:
                raise
            first_line = str(error).partition("\n")[0]
            where = f"memory limit {self.memory_limit}, spilling to {self._spill}"
            raise CopydeskError(f"DuckDB: {first_line} ({where})") from error

    def expect(self, size: int) -> None:
        """Start the workers; see `pipeline.engine.protocol.Closable`.

        As copies of this process, while that can be copied: they have loaded all that it has (decision 28).
        """
        if self._workers is None and self.workers > 1 and size >= IN_PROCESS_BYTES and worker.can_be_copied():
            for name in self._preload:
                importlib.import_module(name)
            self._workers = worker.copies(self.workers)

    def beside(self, function: Callable[[], T]) -> Callable[[], T | None]:
        """Begin with a function, in a worker if there are any; see `pipeline.engine.protocol.Closable`."""
        if self._workers is None:
            made = function()
            return lambda: made
        try:
            future = self._workers.submit(function)
        except BrokenProcessPool:  # one has died since there was work for it
            self._end_workers(at_once=True)
            return self.beside(function)

        def result() -> T | None:
            try:
                return future.result()
            except BrokenProcessPool:
                self._end_workers(at_once=True)
                return None

        return result

    def rest(self) -> None:
        """Close the database and remove what it has spilled; the workers stay."""
        self._database.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def close(self) -> None:
        """Let the workers go, too."""
        self.rest()
        self._end_workers()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self._duckdb_limit,
            "threads": 1,
            "temp_directory": self._spill,
            "default_null_order": "nulls_first",  # as Spark has it
            "preserve_insertion_order": False,  # an ORDER BY still holds
            "enable_external_file_cache": False,  # outside the limit: 0.4 GB of it in a join over 10 M documents
        }
        return duckdb.connect(config=settings)

    @property
    def _spill(self) -> str:
        return str(Path(self.scratch or tempfile.gettempdir()) / f".copydesk-spill.{os.getpid()}.tmp")

    def _split(self, split: Split, dataset: Dataset, bytes_named: int = 0) -> None:
        split.out.mkdir(parents=True, exist_ok=True)
        parts = dict(enumerate(storage.parts(dataset)))
        schema = pq.read_schema(parts[0])
        progress = _Progress({number: pq.read_metadata(part).num_rows for number, part in parts.items()}, self.progress)
        for number in resume.finished(split.out) & parts.keys() if split.resumable else ():
            del parts[number]
            progress.finish(number)
        size = bytes_named + sum(part.stat().st_size for part in parts.values())
        if self.workers == 1 or len(parts) <= 1 or size < IN_PROCESS_BYTES:
            for number, part in parts.items():
                for rows in worker.work_on(split, part, number):
                    progress.add(rows)
        else:
            self._in_pool(split, parts, progress)
            whole.remove_leftovers_below(split.out)
        worker.write_empty_outputs(split, schema)

    def _in_pool(self, split: Split, left: dict[int, Path], progress: _Progress) -> None:
        """Work on all parts; those that kill their workers again and again are worked on with care in the end."""
        deaths: Counter[int] = Counter()
        while left:
            running: dict[Future[None], int] = {}
            try:
                self._through_pool(split, left, running, progress)
            except BrokenProcessPool as error:
                deaths.update(running.values() or left)  # one of these was it; or no worker starts at all
                deadly = sorted(number for number in left if deaths[number] >= MAX_DEATHS)
                if not deadly:
                    continue
                if split.give_up is None:
                    raise CopydeskError(
                        f"{left[deadly[0]]}: a worker died {MAX_DEATHS} times near this part, likely out of memory; "
                        "run with fewer --workers"
                    ) from error
                for number in deadly:
                    worker.work_with_care(split, split.give_up, left.pop(number), number)
                    progress.finish(number)

    def _through_pool(
        self, split: Split, left: dict[int, Path], running: dict[Future[None], int], progress: _Progress
    ) -> None:
        """Work on the parts in `left`, removing each one that is done; `running` are those being worked on."""
        # no more waiting than workers: a part that is being done is known when a worker dies
        waiting = iter(sorted(left.items()))

        def start_one() -> None:
            for number, part in waiting:
                running[self._submit(split, part, number)] = number
                return

        try:
            for _ in range(self.workers + 1):
                start_one()
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    future.result()
                    number = running.pop(future)
                    del left[number]
                    start_one()
                    progress.finish(number)
        except BrokenProcessPool:
            self._end_workers(at_once=True)
            raise
        except BaseException:
            self._end_workers()  # nobody works on for a split that has failed
            raise

    def _submit(self, split: Split, part: Path, number: int) -> Future[None]:
        """Give a part to the workers.

        Raises:
            BrokenProcessPool: one of them has died.
        """
        try:
            return self._pool(split).submit(worker.work_through, split, part, number)
        except OSError as error:  # a pool that breaks closes the pipes that a new worker is just being handed
            raise BrokenProcessPool(f"a worker could not be started: {error}") from error

    def _pool(self, split: Split) -> ProcessPoolExecutor:
        """The workers, which live as long as the engine: what they have loaded serves all that comes."""
        if self._workers is None:
            self._workers = worker.pool(self.workers, [*_preloaded(split), *self._preload])
        return self._workers

    def _end_workers(self, at_once: bool = False) -> None:
        """Let them go; what is being worked on is waited for, a few seconds at most, unless it is to end `at_once`."""
        pool, self._workers = self._workers, None
        if pool is None:
            return
        if at_once:  # a worker that started while the pool broke waits for work, and the pool for its end, for good
            for process in list(pool._processes.values()):
                process.kill()
        pool.shutdown(cancel_futures=True)


class _Progress:
    """How many of all rows are done, told to whoever listens."""

    def __init__(self, rows: Mapping[int, int], tell: Progress | None) -> None:
        """`rows` of each part, by its number."""
        self._rows, self._tell = rows, tell
        self._total = sum(rows.values())
        self._done = 0

    def add(self, rows: int) -> None:
        self._done += rows
        if self._tell:
            self._tell(self._done, self._total)

    def finish(self, number: int) -> None:
        """All rows of a part are done."""
        self.add(self._rows[number])


def _share_of(limit: str) -> str:
    """DuckDB's part of a memory limit: its limit leaves out what it reads and writes files with.

    Raises:
        SettingsError: the limit is not a number and a unit.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]i?B)", limit)
    if not match:
        raise SettingsError(f'[run] memory_limit must be a number and KB, MB, GB or TB, as "2GB"; got {limit!r}')
    return f"{float(match[1]) * DUCKDB_SHARE:g}{match[2]}"


_ABOVE_STEPS = ("pipeline.console", "pipeline.tasks")  # with Luigi, which no worker needs


def _preloaded(split: Split) -> list[str]:
    """What workers begin with: the modules that this process has loaded of the package, and that of the function."""
    package = __name__.partition(".")[0]
    loaded = [name for name in sys.modules if name.startswith(f"{package}.") and not name.startswith(_ABOVE_STEPS)]
    return [*loaded, _module_of(split.function)]


def _module_of(function: object) -> str:
    while isinstance(function, partial):
        function = function.args[0] if function.func is worker.one_output else function.func
    return str(getattr(function, "__module__", __name__))

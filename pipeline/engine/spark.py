"""The engine of many machines: a Spark cluster that works on storage which all of them see.

A task gets the name of a part and its number, reads it and writes what becomes of it by itself (`task`): no row passes
through Spark, and the files are those of the local engine. Queries are Spark's, on the files, and write files.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import errors
from pipeline.engine import resume, session, storage, task, whole, worker
from pipeline.engine.cluster import Spark
from pipeline.engine.protocol import Dataset, Progress, RowsFunction, SplitFunction, T, is_ordered
from pipeline.engine.session import Session
from pipeline.engine.task import Slice
from pipeline.engine.worker import Split
from pipeline.errors import CopydeskError, InputError, SettingsError, StoreError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

LOOK_EVERY = 0.3  # seconds, at how far the tasks are
KEPT = ".table"  # ends the name of a dataset that only queries ask for
SORTED = ".sorted"  # in a dataset that is ordered: its rows as Spark has sorted them


class SparkEngine:
    """Opens its session when it is first asked for something."""

    def __init__(self, settings: Spark = Spark(), scratch: str = ".", progress: Progress | None = None) -> None:
        """`scratch` is a folder for what Java says."""
        self.settings, self.scratch, self.progress = settings, scratch, progress
        self._session: Session | None = None
        self._kept: list[Path] = []

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
        self._split(Split(function, Path(out), give_up, resumable), dataset)
        return out

    def sql(self, query: str, out: str, **datasets: Dataset) -> str:
        """The rows of `query`; see `pipeline.engine.protocol.Engine`.

        Raises:
            CopydeskError: the query fails.
        """
        folder = Path(out)
        if is_ordered(query):
            self._write(query, folder / SORTED, datasets)
            self._write_ordered(folder / SORTED, folder)
            whole.remove(folder / SORTED)
        else:
            self._write(query, folder, datasets)
        return out

    def table(self, query: str, name: str, **datasets: Dataset) -> str:
        """The same for queries alone: written as well, so that a lost executor takes nothing along."""
        folder = Path(name + KEPT)
        self._write(query, folder, datasets)
        self._kept.append(folder)
        return str(folder)

    def count(self, dataset: str) -> int:
        """How many rows a dataset has."""
        return storage.count_rows(dataset)

    def drop(self) -> None:
        """Let the tables go."""
        whole.remove(*self._kept)
        self._kept.clear()

    def expect(self, size: int) -> None:
        """Nothing starts before there is work for it; see `pipeline.engine.protocol.Closable`."""

    def beside(self, function: Callable[[], T]) -> Callable[[], T | None]:
        """Be done with a function of this machine; see `pipeline.engine.protocol.Closable`."""
        made = function()
        return lambda: made

    def rest(self) -> None:
        """Let the tables go; the session stays."""
        self.drop()

    def close(self) -> None:
        """Let the session go, too."""
        self.rest()
        opened, self._session = self._session, None
        if opened is not None:
            opened.close()

    @property
    def _opened(self) -> Session:
        if self._session is None:
            self._session = session.opened(self.settings, self.scratch)
        return self._session

    # --- queries ---

    def _write(self, query: str, folder: Path, datasets: Mapping[str, Dataset]) -> None:
        spark = self._opened.spark
        with _errors_named():
            for name, dataset in datasets.items():
                self._frame(dataset).createOrReplaceTempView(name)
            spark.sql(query).write.mode("overwrite").parquet(_escaped(folder))

    def _frame(self, dataset: Dataset) -> DataFrame:
        """A dataset as Spark's; its columns are told by its first part, or Spark would start a job to look."""
        from pyspark.sql.pandas.types import from_arrow_schema

        parts = storage.parts(dataset)
        schema = from_arrow_schema(storage.plain(storage.schema_of(str(parts[0]))))
        return self._opened.spark.read.schema(schema).parquet(*map(_escaped, parts))

    def _write_ordered(self, sorted_rows: Path, folder: Path) -> None:
        """What Spark has sorted, again as every engine writes it; a part is done here, many by as many tasks."""
        cut = storage.pieces(str(sorted_rows.absolute()), itertools.repeat(storage.ORDERED_ROWS))
        slices = [Slice(number, tuple(pieces)) for number, pieces in enumerate(cut)]
        if len(slices) > 1:
            self._run(partial(task.write_slice, task.here(), str(folder.absolute())), slices)
        else:
            storage.write_ordered(folder, storage.read_rows(str(sorted_rows)), storage.schema_of(str(sorted_rows)))

    # --- functions over rows ---

    def _split(self, split: Split, dataset: Dataset) -> None:
        split.out.mkdir(parents=True, exist_ok=True)
        parts = dict(enumerate(storage.parts(dataset)))
        schema = storage.schema_of(str(parts[0]))
        rows = {number: storage.count_rows(str(part)) for number, part in parts.items()}
        total, left = sum(rows.values()), dict(parts)
        for number in resume.finished(split.out) & parts.keys() if split.resumable else ():
            del left[number]
        before = total - sum(rows[number] for number in left)

        def tell(share: float) -> None:
            if self.progress:
                self.progress(before + round(share * (total - before)), total)

        self._run(partial(task.work, task.here(), split), [(n, str(part)) for n, part in left.items()], tell)
        tell(1)
        whole.remove_leftovers_below(split.out)
        worker.write_empty_outputs(split, schema)

    def _run(
        self, function: Callable[..., int], items: Sequence[Any], tell: Callable[[float], None] = lambda share: None
    ) -> None:
        """A task for each of the items, waited for.

        Raises:
            CopydeskError: one of them has failed for good.
        """
        if not items:
            return
        context = self._opened.spark.sparkContext
        group = f"copydesk-{id(items)}-{threading.get_ident()}"
        failed: list[BaseException] = []

        def run() -> None:
            context.setJobGroup(group, "copydesk", interruptOnCancel=True)
            try:
                context.parallelize(items, len(items)).mapPartitions(partial(task.each, function)).count()
            except BaseException as error:
                failed.append(error)

        from pyspark import InheritableThread

        thread = InheritableThread(target=run, daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(LOOK_EVERY)
                tell(_done(context, group) / len(items))
        except BaseException:  # nobody works on for a split that has failed
            context.cancelJobGroup(group)
            raise
        if failed:
            raise _named(failed[0], [str(item[1]) for item in items]) from failed[0]


def _done(context: Any, group: str) -> int:
    """How many tasks of a group of jobs are done."""
    tracker = context.statusTracker()
    jobs = [tracker.getJobInfo(number) for number in tracker.getJobIdsForGroup(group)]
    stages = [tracker.getStageInfo(number) for job in jobs if job for number in job.stageIds]
    return sum(stage.numCompletedTasks for stage in stages if stage)


def _escaped(path: Path) -> str:
    """A path as Spark takes it, to which some characters mean several paths."""
    return re.sub(r"([\\*?\[\]{}^,])", r"\\\1", str(path.absolute()))


@contextmanager
def _errors_named() -> Iterator[None]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as error:
        raise _named(error, ()) from error


_TOLD = re.compile(rf"^{re.escape(errors.__name__)}\.(\w+): (.+)$", re.MULTILINE)  # as Python's tracebacks end
_KINDS = (SettingsError, InputError, StoreError)  # that end a run with an exit code of their own, or are waited out
_RAISED = re.compile(r"^Traceback \(most recent call last\):\n(?:[ \t].*\n)*(\S.*)$", re.MULTILINE)
_TASK = re.compile(r"Task (\d+) in stage")


def _named(error: BaseException, items: Sequence[str]) -> CopydeskError:
    """What Spark says of a failure, in a line: what a task has said of it, or which part it was about."""
    said = str(error)
    if told := _TOLD.findall(said):
        name, message = told[-1]
        return {kind.__name__: kind for kind in _KINDS}.get(name, CopydeskError)(f"Spark: {message}")
    at = _TASK.search(said)
    where = f"{items[int(at[1])]}: " if at and int(at[1]) < len(items) else ""
    if "Python worker exited unexpectedly" in said or "ExecutorLostFailure" in said:
        why = "workers died near this part again and again, likely out of memory; give them more, or fewer cores"
        return CopydeskError(f"Spark: {where}{why}")
    raised = _RAISED.findall(said)  # outside of what a task does: before it began, say
    line = raised[-1] if raised else next((line for line in said.splitlines() if line.strip()), type(error).__name__)
    return CopydeskError(f"Spark: {where}{line[:500]}")

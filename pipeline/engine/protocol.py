"""What an engine must offer: a few operations that a process pool with DuckDB and a Spark cluster both have.

Stages and facts of the whole corpus are written against `Engine` alone, so a second engine is a new file here and a
line where engines are opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

import pyarrow as pa

# a Parquet file, a folder of them (read at any depth), a table that the engine keeps, or several of these
Dataset = str | Sequence[str]
RowsFunction = Callable[[pa.RecordBatch], pa.RecordBatch]
SplitFunction = Callable[[pa.RecordBatch], Iterator[Mapping[str, pa.RecordBatch]]]
T = TypeVar("T")
Progress = Callable[[int, int], None]  # rows done, rows in all


def is_ordered(query: str) -> bool:
    """Whether the order of its rows must repeat: then so do the bytes of what is written of it."""
    return "ORDER BY" in query


class Engine(Protocol):
    """What a stage, or a fact of the whole corpus, may ask for. Each operation writes Parquet and returns its dataset.

    A function handed in is pure, can be pickled (a module-level function or a `partial` of one), and shows its schema
    by what it makes of no rows.
    """

    def map_rows(self, function: RowsFunction, dataset: Dataset, out: str) -> str:
        """`function` over all rows of `dataset`, some at a time; it may return more or fewer rows than it got."""
        ...

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
        """The same for a function that yields several named sets of rows: each name becomes a folder in `out`.

        Rows that kill whoever works on them, again and again, are handed to `give_up`, one by one; without it that is
        an error. Rows may be small and name what is large, as files do: `bytes_named` of it. `resumable`: parts that
        a killed run has finished in the same place are not made again, since they would come out the same.
        """
        ...

    def sql(self, query: str, out: str, **datasets: Dataset) -> str:
        """The rows of `query`, in which each dataset is a table of its name.

        `query` is written in the SQL that DuckDB and Spark share (equi-joins, GROUP BY / HAVING, UNION ALL, DISTINCT,
        count / sum / min / max) and ends in ORDER BY where the order of rows must repeat: then so do the files, on any
        engine. Nulls come first. An empty result still has its schema.
        """
        ...

    def table(self, query: str, name: str, **datasets: Dataset) -> str:
        """The same as a table under `name`, a path where nothing is, which the engine keeps for further queries alone,
        until `drop`.

        It is a dataset for `sql`, `table` and `count`, and no file. What is large is spilled.
        """
        ...

    def count(self, dataset: str) -> int:
        """How many rows a dataset has."""
        ...

    def drop(self) -> None:
        """Let the tables go."""
        ...


class Closable(Engine, Protocol):
    """An engine with something to let go of: processes, a database, a session."""

    progress: Progress | None  # who is told how far an operation is

    def expect(self, size: int) -> None:
        """So many bytes are to be worked on: what takes time to start may start now.

        Best called before this process has threads.
        """
        ...

    def beside(self, function: Callable[[], T]) -> Callable[[], T | None]:
        """Begin with a function of this machine, in a worker if there are any, else be done with it at once.

        What is returned gives its result; None where a worker died on it. The function can be pickled.
        """
        ...

    def rest(self) -> None:
        """Nothing is asked for a while: let go of what is held for one step, and remove what was spilled."""

    def close(self) -> None:
        """Let go of it, and remove what was spilled."""
        ...

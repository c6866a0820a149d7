"""DuckDB, as the engines of one machine use it: queries over datasets and over tables that it keeps itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.engine import storage
from pipeline.engine.protocol import Dataset

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# of a query's input: with less, two threads took as long as one and 1.2 times its CPU time (grouping 4 MB of Parquet)
THREADED_BYTES = 16 << 20
ROW_BYTES = 64  # of a row of a table that is kept, about
KEPT = "table:"  # what the name of a dataset begins with that is a table kept here, and no file


class Database:
    """One connection for all queries, made by `connect` when it is first asked for.

    Opening it costs more than a small query does (9 ms against 3 ms of CPU time), and so do a Parquet file written and
    read again, which is why tables that only other queries ask for are kept.
    """

    def __init__(self, connect: Callable[[], duckdb.DuckDBPyConnection], threads: int = 1) -> None:
        """`threads` work on what is large; the connection is made with one."""
        self._connect, self._most_threads = connect, threads
        self._threads = 1
        self._rows: dict[str, int] = {}  # of each table

    def write(self, query: str, file: str, datasets: Mapping[str, Dataset], **options: Any) -> None:
        """The rows of `query` into a Parquet file; `options` as DuckDB has them.

        Raises:
            duckdb.Error: the query fails.
        """
        self._use_threads(datasets)
        self._connection.sql(_with(query, datasets)).write_parquet(file, **options)

    def rows(self, query: str, datasets: Mapping[str, Dataset], rows: int) -> pa.RecordBatchReader:
        """The rows of `query`, so many at a time, as they come.

        Raises:
            duckdb.Error: the query fails.
        """
        self._use_threads(datasets)
        return self._connection.sql(_with(query, datasets)).to_arrow_reader(rows)

    def keep(self, query: str, name: str, datasets: Mapping[str, Dataset]) -> str:
        """The rows of `query` as a table; returns what other queries name as dataset.

        Raises:
            duckdb.Error: the query fails.
        """
        self._use_threads(datasets)
        table = KEPT + name
        made = self._connection.execute(
            f"CREATE OR REPLACE TABLE {_quoted(table)} AS {_with(query, datasets)}"
        ).fetchone()
        self._rows[table] = int(made[0]) if made else 0
        return table

    def count(self, dataset: str) -> int:
        """How many rows a dataset has, a table or files."""
        return self._rows[dataset] if dataset.startswith(KEPT) else storage.count_rows(dataset)

    def drop(self) -> None:
        """Let all tables go."""
        for table in self._rows:
            self._connection.execute(f"DROP TABLE {_quoted(table)}")
        self._rows.clear()

    def close(self) -> None:
        """Close the connection, if there is one; the next query makes another."""
        if "_connection" in self.__dict__:
            self.__dict__.pop("_connection").close()
        self._rows.clear()
        self._threads = 1

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return self._connect()

    def _use_threads(self, datasets: Mapping[str, Dataset]) -> None:
        """Take one thread for little input: more of them wait for each other longer than they work."""
        size = sum(self._size(member) for dataset in datasets.values() for member in _members(dataset))
        threads = 1 if size < THREADED_BYTES else self._most_threads
        if threads != self._threads:
            self._connection.execute(f"SET threads = {threads}")
            self._threads = threads

    def _size(self, dataset: str) -> int:
        if dataset.startswith(KEPT):
            return self._rows[dataset] * ROW_BYTES
        return sum(part.stat().st_size for part in storage.parts(dataset))


def _with(query: str, datasets: Mapping[str, Dataset]) -> str:
    """The query with its datasets defined before it: a view would read the head of each file three times."""
    defined = [f"{name} AS NOT MATERIALIZED ({_rows_of(dataset)})" for name, dataset in datasets.items()]
    return f"WITH {', '.join(defined)} {query}" if defined else query


def _members(dataset: Dataset) -> list[str]:
    return [dataset] if isinstance(dataset, str) else list(dataset)


def _rows_of(dataset: Dataset) -> str:
    members = _members(dataset)
    kept = [f"SELECT * FROM {_quoted(member)}" for member in members if member.startswith(KEPT)]
    files = [member for member in members if not member.startswith(KEPT)]
    if files:
        paths = ", ".join("'" + str(part).replace("'", "''") + "'" for part in storage.parts(files))
        kept.append(f"SELECT * FROM read_parquet([{paths}])")
    return " UNION ALL ".join(kept)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

"""DuckDB, as the engines of one machine use it: queries over datasets and over tables that it keeps itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.engine import storage
from pipeline.engine.protocol import Dataset

if TYPE_CHECKING:
    import duckdb

KEPT = "table:"  # what the name of a dataset begins with that is a table kept here, and no file


class Database:
    """One connection for all queries, made by `connect` when it is first asked for.

    Opening it costs more than a small query does (9 ms against 3 ms of CPU time), and so do a Parquet file written and
    read again, which is why tables that only other queries ask for are kept.
    """

    def __init__(self, connect: Callable[[], duckdb.DuckDBPyConnection]) -> None:
        self._connect = connect

    def write(self, query: str, file: str, datasets: Mapping[str, Dataset], **options: Any) -> None:
        """The rows of `query` into a Parquet file; `options` as DuckDB has them.

        Raises:
            duckdb.Error: the query fails.
        """
        self._connection.sql(_with(query, datasets)).write_parquet(file, **options)

    def keep(self, query: str, name: str, datasets: Mapping[str, Dataset]) -> str:
        """The rows of `query` as a table; returns what other queries name as dataset.

        Raises:
            duckdb.Error: the query fails.
        """
        self._connection.execute(f"CREATE OR REPLACE TABLE {_quoted(KEPT + name)} AS {_with(query, datasets)}")
        return KEPT + name

    def count(self, dataset: str) -> int:
        """How many rows a dataset has, a table or files."""
        if not dataset.startswith(KEPT):
            return storage.count_rows(dataset)
        row = self._connection.execute(f"SELECT count(*) FROM {_quoted(dataset)}").fetchone()
        return int(row[0]) if row else 0

    def drop(self) -> None:
        """Let all tables go."""
        if self._is_open:
            for (name,) in self._connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                self._connection.execute(f"DROP TABLE {_quoted(name)}")

    def close(self) -> None:
        """Close the connection, if it was ever made."""
        if self._is_open:
            self._connection.close()

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return self._connect()

    @property
    def _is_open(self) -> bool:
        return "_connection" in self.__dict__


def _with(query: str, datasets: Mapping[str, Dataset]) -> str:
    """The query with its datasets defined before it: a view would read the head of each file three times."""
    defined = [f"{name} AS NOT MATERIALIZED ({_rows_of(dataset)})" for name, dataset in datasets.items()]
    return f"WITH {', '.join(defined)} {query}" if defined else query


def _rows_of(dataset: Dataset) -> str:
    members = [dataset] if isinstance(dataset, str) else list(dataset)
    kept = [f"SELECT * FROM {_quoted(member)}" for member in members if member.startswith(KEPT)]
    files = [member for member in members if not member.startswith(KEPT)]
    if files:
        paths = ", ".join("'" + str(part).replace("'", "''") + "'" for part in storage.parts(files))
        kept.append(f"SELECT * FROM read_parquet([{paths}])")
    return " UNION ALL ".join(kept)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

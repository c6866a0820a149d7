"""The least engine: this process alone and one connection to DuckDB, for documents that are at hand.

It starts no processes, holds DuckDB to no limit and shows no progress: what `local.py` spends on each operation would
be a good part of a search among a handful of documents, which takes fifty of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.engine import storage
from pipeline.engine.database import Database
from pipeline.engine.protocol import Dataset, RowsFunction, SplitFunction

if TYPE_CHECKING:
    import duckdb


class InProcessEngine:
    """Each output is one Parquet file that bears the name asked for: a folder takes longer to remove than to write.

    `close` it when all is done; `contextlib.closing` does.
    """

    def __init__(self) -> None:
        self._database = Database(_connect)

    def map_rows(self, function: RowsFunction, dataset: Dataset, out: str) -> str:
        """`function` over all rows; see `pipeline.engine.protocol.Engine`."""
        return self.split_rows(partial(_one_output, function), dataset, out)

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
        writers: dict[str, pq.ParquetWriter] = {}
        with ExitStack() as files:
            for rows in itertools.chain([_no_rows(dataset)], storage.read_rows(dataset)):
                for name, made in _outputs(function, rows):
                    if name not in writers:
                        writers[name] = files.enter_context(pq.ParquetWriter(_file(out, name), made.schema))
                    if made.num_rows:
                        writers[name].write_batch(made)
        return out

    def sql(self, query: str, out: str, **datasets: Dataset) -> str:
        """The rows of `query`; see `pipeline.engine.protocol.Engine`.

        Raises:
            duckdb.Error: the query fails.
        """
        self._database.write(query, str(_file(out)), datasets)
        return out

    def table(self, query: str, name: str, **datasets: Dataset) -> str:
        """The rows of `query` as a table; see `pipeline.engine.protocol.Engine`.

        Raises:
            duckdb.Error: the query fails.
        """
        return self._database.keep(query, name, datasets)

    def count(self, dataset: str) -> int:
        """How many rows a dataset has."""
        return self._database.count(dataset)

    def drop(self) -> None:
        """Let the tables go."""
        self._database.drop()

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def _connect() -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(config={"threads": 1, "default_null_order": "nulls_first"})


def _outputs(function: SplitFunction, rows: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    for outputs in function(rows):
        yield from outputs.items()


def _one_output(function: RowsFunction, rows: pa.RecordBatch) -> Iterator[Mapping[str, pa.RecordBatch]]:
    yield {"": function(rows)}


def _no_rows(dataset: Dataset) -> pa.RecordBatch:
    """No rows, of which a function shows the schemas of its outputs."""
    return pa.RecordBatch.from_pylist([], schema=pq.read_schema(storage.parts(dataset)[0]))


def _file(out: str, name: str = "") -> Path:
    file = Path(out, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file

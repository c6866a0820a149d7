"""Which documents say again what another says: exact, near and contained copies, and which copy is kept.

`find` is for documents at hand; `search` is the same for a whole batch on any engine, against all earlier batches.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.engine.protocol import Dataset, RowsFunction, SplitFunction
from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.search import remember, search
from pipeline.facts.duplicates.signature import VERSION, signatures
from pipeline.records import Duplicate

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["VERSION", "Policy", "find", "remember", "search", "signatures"]

_ROWS = 10_000


def find(documents: Iterable[tuple[str, str]], policy: Policy = Policy()) -> Iterator[Duplicate]:  # noqa: B008 - frozen
    """The copies among `documents`, pairs of id and text, in their order; the copy that is kept is not among them.

    >>> story = "The council voted on Monday to close the old bridge for repairs until the end of the year, and asked "
    >>> story += "drivers to take the ferry, which will run every twenty minutes from six in the morning."
    >>> [(d.id, d.of, d.kind) for d in find([("a", story), ("b", "Unlike it."), ("c", story.upper())])]
    [('c', 'a', 'exact')]

    Raises:
        InputError: two documents have one id.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="copydesk-") as work, duckdb.connect(config={"threads": 1}) as connection:
        ids: list[str] = []
        parts = []
        for number, rows in enumerate(_batches(documents)):
            ids += rows.column("id").to_pylist()
            parts.append(f"{work}/documents-{number:05d}.parquet")
            pq.write_table(rows, parts[-1])
        if not ids:
            return
        table = pq.read_table(search(_InProcess(connection), parts, {}, "", policy, work))
        found = {row["id"]: row for row in table.to_pylist()}
    for name in ids:
        if name in found:
            row = found[name]
            yield Duplicate(name, row["of"], row["similarity"], row["kind"], row["of_batch"], row["why"])


def _batches(documents: Iterable[tuple[str, str]]) -> Iterator[pa.Table]:
    waiting: list[tuple[str, str]] = []
    for document in documents:
        waiting.append(document)
        if len(waiting) == _ROWS:
            yield _table(waiting)
            waiting = []
    if waiting:
        yield _table(waiting)


def _table(rows: Sequence[tuple[str, str]]) -> pa.Table:
    return pa.table({"id": [row[0] for row in rows], "text": [row[1] for row in rows]})


class _InProcess:
    """The least engine: one process, one connection; each dataset is one file (a folder takes longer to remove)."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self.connection = connection

    def map_rows(self, function: RowsFunction, dataset: Dataset, out: str) -> str:
        with pq.ParquetWriter(_file(out), function(_no_rows(dataset)).schema) as writer:
            for batch in _read(dataset):
                writer.write_batch(function(batch))
        return str(_file(out))

    def split_rows(self, function: SplitFunction, dataset: Dataset, out: str) -> str:
        raise NotImplementedError  # a search asks for none

    def sql(self, query: str, out: str, **datasets: Dataset) -> str:
        for name, dataset in datasets.items():
            files = [dataset] if isinstance(dataset, str) else list(dataset)
            self.connection.read_parquet(files).create_view(name, replace=True)
        self.connection.sql(query).write_parquet(str(_file(out)))
        return str(_file(out))


def _file(out: str) -> Path:
    Path(out).parent.mkdir(exist_ok=True)
    return Path(f"{out}.parquet")


def _no_rows(dataset: Dataset) -> pa.RecordBatch:
    """A batch without rows, which shows the schema."""
    first = dataset if isinstance(dataset, str) else dataset[0]
    return pa.RecordBatch.from_pylist([], schema=pq.read_schema(first))


def _read(dataset: Dataset) -> Iterator[pa.RecordBatch]:
    for file in [dataset] if isinstance(dataset, str) else dataset:
        with pq.ParquetFile(file) as stream:
            yield from stream.iter_batches(batch_size=1_000)

"""Which documents say again what another says: exact, near and contained copies, and which copy is kept.

`find` is for documents at hand; `search` is the same for a whole batch on any engine, against all earlier batches.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.facts import BatchFunction, Dataset, SplitFunction
from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.search import remember, search
from pipeline.facts.duplicates.signature import VERSION, signatures
from pipeline.records import Duplicate

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
    with tempfile.TemporaryDirectory(prefix="copydesk-") as work:
        ids = []
        engine = _InProcess()
        folder = Path(work) / "documents"
        folder.mkdir()
        for number, rows in enumerate(_batches(documents)):
            ids += rows.column("id").to_pylist()
            pq.write_table(rows, folder / f"part-{number:05d}.parquet")
        if not ids:
            return
        table = pq.read_table(search(engine, str(folder), {}, "", policy, work))
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
    """The least engine: one process, DuckDB in memory, Parquet in a temporary folder."""

    def map_batches(self, function: BatchFunction, dataset: Dataset, out: str) -> str:
        self.split_batches(lambda batch: iter([{"": function(batch)}]), dataset, out)
        return out

    def split_batches(self, function: SplitFunction, dataset: Dataset, out: str) -> str:
        writers: dict[str, pq.ParquetWriter] = {}
        try:
            for batch in self._read(dataset):
                for outputs in function(batch):
                    self._write(outputs, out, writers)
        finally:
            for writer in writers.values():
                writer.close()
        return out

    def sql(self, query: str, out: str, **datasets: Dataset) -> str:
        import duckdb

        Path(out).mkdir(parents=True, exist_ok=True)
        with duckdb.connect(config={"threads": 1}) as connection:
            for name, dataset in datasets.items():
                connection.read_parquet([str(file) for file in _files(dataset)]).create_view(name)
            connection.sql(query).write_parquet(str(Path(out) / "part-00000.parquet"))
        return out

    def _read(self, dataset: Dataset) -> Iterator[pa.RecordBatch]:
        """All batches, and one without rows, which shows the schema."""
        files = _files(dataset)
        yield pa.RecordBatch.from_pylist([], schema=pq.read_schema(files[0]))
        for file in files:
            with pq.ParquetFile(file) as stream:
                yield from stream.iter_batches(batch_size=1_000)

    def _write(self, outputs: Mapping[str, pa.RecordBatch], out: str, writers: dict[str, pq.ParquetWriter]) -> None:
        for name, rows in outputs.items():
            if name not in writers:
                folder = Path(out) / name
                folder.mkdir(parents=True, exist_ok=True)
                writers[name] = pq.ParquetWriter(folder / "part-00000.parquet", rows.schema)
            writers[name].write_batch(rows)


def _files(dataset: Dataset) -> list[Path]:
    folders = [dataset] if isinstance(dataset, str) else dataset
    return [file for folder in folders for file in sorted(Path(folder).rglob("*.parquet"))]

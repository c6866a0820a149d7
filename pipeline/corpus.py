"""The published corpus: written whole by the pipeline, read by downstream tools.

output/corpus/batch=<batch>/part-*.parquet   the clean articles
output/corpus/batch=<batch>/manifest.json    counts, digests, what made it
output/corpus/batch=<batch>/README.md        the same for people
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline import batches
from pipeline.engine import storage
from pipeline.errors import InputError
from pipeline.records import Document

if TYPE_CHECKING:
    import pyarrow.dataset

PREFIX = "batch="


class Corpus:
    """The documents of the published batches, in the order of batches and parts; iterate over it, or take `dataset`."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    @property
    def batches(self) -> tuple[str, ...]:
        """The names of the batches."""
        return tuple(folder.name.removeprefix(PREFIX) for folder in self.folders)

    @property
    def dataset(self) -> pyarrow.dataset.Dataset:
        """An Arrow dataset with the columns of `pipeline.batches.DOCUMENTS`."""
        import pyarrow.dataset as ds

        return ds.dataset([str(part) for part in self._parts()], schema=batches.DOCUMENTS, format="parquet")

    def __iter__(self) -> Iterator[Document]:
        for batch in storage.read_rows([str(part) for part in self._parts()]):
            yield from batches.to_documents(batch)

    def __len__(self) -> int:
        return storage.count_rows([str(part) for part in self._parts()])

    def _parts(self) -> list[Path]:
        return [part for folder in self.folders for part in storage.parts(str(folder))]


def read_corpus(path: str | Path, since: str | None = None) -> Corpus:
    """The corpus at `path` (`output/corpus`); `since` leaves out that batch and those with names before it.

    Raises:
        InputError: there is no corpus, or no batch in it.
    """
    folders = sorted(f for f in Path(path).glob(f"{PREFIX}*") if storage.read_manifest(f))
    if not folders:
        raise InputError(f"{path}: no published batch; run `copydesk run` first, or name the folder output/corpus")
    return Corpus([f for f in folders if since is None or f.name.removeprefix(PREFIX) > since])


def write(folder: Path, kept: str, batch: str, manifests: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Write the parts and the dataset card of a batch into `folder`; returns what its manifest says of it."""
    writer = storage.PartWriter(folder, "part")
    for rows in storage.read_rows(kept):
        writer.write(rows)
    writer.close()
    if not list(folder.glob("*.parquet")):
        storage.write_part(folder / "part-000.parquet", batches.table([], batches.DOCUMENTS))
    parts = storage.parts(str(folder))
    published = {
        "counts": {"published": storage.count_rows(str(folder))},
        "steps": {m["step"]: {"key": m["key"], **m["counts"]} for m in manifests},
        "parts": {p.name: {"rows": storage.count_rows(str(p)), "sha256": _sha256(p)} for p in parts},
        "digests": {batches.KEPT: storage.digest_of(str(folder))},
        "columns": {f.name: str(f.type) for f in batches.DOCUMENTS},
    }
    storage.write_text(folder / "README.md", _card(batch, published))
    return published


def _sha256(part: Path) -> str:
    with part.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _card(batch: str, published: dict[str, Any]) -> str:
    steps = "\n".join(
        f"| {name} | {c['read']:,} | {c['kept']:,} | {c['dropped']:,} | {c['quarantined']:,} |"
        for name, c in published["steps"].items()
    )
    columns = "\n".join(f"| `{name}` | {kind} |" for name, kind in published["columns"].items())
    return f"""# Clean articles: batch {batch}

{published["counts"]["published"]:,} articles, UTF-8, one a row, zstd Parquet. Read them with
`pipeline.read_corpus("output/corpus")`, DuckDB, pandas, Polars or Spark.

| step | read | kept | dropped | quarantined |
|---|---:|---:|---:|---:|
{steps}

Each change to a text is a row in `output/runs/{batch}/*/findings/`; `copydesk explain ID` tells an
article's whole life.

| column | type |
|---|---|
{columns}
"""


def find(dataset: str, identity: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
    """The rows of one document in a dataset."""
    import pyarrow.parquet as pq

    filters = [("id", "=", identity)]
    tables = [pq.read_table(part, columns=columns, filters=filters) for part in storage.parts(dataset)]
    rows: list[dict[str, Any]] = pa.concat_tables(tables).to_pylist()
    return rows

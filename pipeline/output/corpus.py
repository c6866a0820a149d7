"""The published corpus: written whole by the pipeline, read by downstream tools.

output/corpus/batch=<batch>/part-*.parquet   the clean articles
output/corpus/batch=<batch>/manifest.json    counts, digests, what made it
output/corpus/batch=<batch>/README.md        the same for people
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.engine import storage, whole
from pipeline.errors import InputError
from pipeline.output import manifest as manifests
from pipeline.output.layout import PREFIX
from pipeline.output.manifest import Counts, Manifest
from pipeline.records import Document
from pipeline.stages import tables

if TYPE_CHECKING:
    import pyarrow.dataset


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
        """An Arrow dataset with the columns that any of the batches has."""
        return storage.as_arrow([str(folder) for folder in self.folders])

    def __iter__(self) -> Iterator[Document]:
        for folder in self.folders:
            for rows in storage.read_rows(str(folder)):
                yield from tables.to_documents(rows)

    def __len__(self) -> int:
        return sum(storage.count_rows(str(folder)) for folder in self.folders)


def read_corpus(path: str | Path, since: str | None = None) -> Corpus:
    """The corpus at `path` (`output/corpus`); `since` leaves out that batch and those with names before it.

    Raises:
        InputError: there is no corpus, or no batch in it.
    """
    folders = sorted(f for f in Path(path).glob(f"{PREFIX}*") if manifests.read(f))
    if not folders:
        raise InputError(f"{path}: no published batch; run `copydesk run` first, or name the folder output/corpus")
    return Corpus([f for f in folders if since is None or f.name.removeprefix(PREFIX) > since])


def write(folder: Path, kept: str, batch: str, steps: Mapping[str, Counts]) -> Manifest:
    """Write the parts and the dataset card of a batch into `folder`; returns what its manifest says of it.

    `kept` is the dataset of its documents, `steps` the documents by place of each step that led to them.
    """
    schema = storage.schema_of(kept)
    storage.write_rows(folder, storage.read_rows(kept), schema)
    parts = storage.parts(str(folder))
    published: Manifest = {
        "counts": {"published": storage.count_rows(str(folder))},
        "steps": dict(steps),
        "parts": {
            part.name: {"rows": storage.count_rows(str(part)), "sha256": whole.file_digest(part)} for part in parts
        },
        "digests": {tables.KEPT: storage.digest_of(str(folder))},
        "columns": {field.name: str(field.type) for field in schema},
    }
    whole.write_text(folder / "README.md", _card(batch, published))
    return published


def _card(batch: str, published: Manifest) -> str:
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

"""Reading the published corpus in Python."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.engine import storage
from pipeline.errors import CopydeskError, InputError
from pipeline.output import release
from pipeline.output.columns import COLUMNS
from pipeline.output.layout import DATA
from pipeline.output.release import Release
from pipeline.records import Document
from pipeline.stages import tables

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset


class Corpus:
    """A release of the corpus; iterate over its documents, or take `dataset`.

    It is what the release was when it was asked for: of a batch that is published again meanwhile, its files are gone,
    and who reads on gets an `InputError`.
    """

    def __init__(self, folder: Path, found: Release) -> None:
        self.folder = folder
        self.release = found["release"]
        self._batches = found["batches"]

    def __repr__(self) -> str:
        names = list(self._batches)
        told = ", ".join(names if len(names) <= _MOST_NAMES else [*names[:2], "...", names[-1]])
        batches = f"{len(names):,} batch{'' if len(names) == 1 else 'es'}"
        return f"<Corpus {self.folder}: release {self.release}, {len(self):,} documents in {batches} ({told})>"

    @property
    def batches(self) -> tuple[str, ...]:
        """The names of the batches."""
        return tuple(self._batches)

    @property
    def files(self) -> tuple[Path, ...]:
        """The Parquet files, in the order of batches and parts."""
        return tuple(file for batch in self._batches for file in self._files_of(batch))

    @property
    def dataset(self) -> pyarrow.dataset.Dataset:
        """An Arrow dataset with the columns that any of the batches has.

        Raises:
            InputError: a batch was published again meanwhile; Arrow itself raises FileNotFoundError.
        """
        with self._listed():
            found = storage.as_arrow([str(file) for file in self.files])
            if len(found.files) < len(self.files):  # storage passes over what is not there
                raise FileNotFoundError
            return found

    def to_pandas(self) -> Any:
        """All documents as a `pandas.DataFrame`, in memory.

        Raises:
            CopydeskError: pandas is not installed.
        """
        _installed("pandas")
        return self._table().to_pandas()

    def to_polars(self) -> Any:
        """All documents as a `polars.DataFrame`, in memory.

        Raises:
            CopydeskError: Polars is not installed.
        """
        return _installed("polars").from_arrow(self._table())

    def pick(self, batch: str, ids: Iterator[str]) -> Iterator[pa.RecordBatch]:
        """The rows of a batch with these ids, which come in order.

        Raises:
            InputError: the batch was published again meanwhile.
        """
        with self._listed():
            yield from storage.pick_rows(self._files_of(batch), "id", ids)

    def _files_of(self, batch: str) -> list[Path]:
        return [self.folder / name for name in self._batches[batch]["files"]]

    def _table(self) -> Any:
        with self._listed():
            return self.dataset.to_table() if self._batches else COLUMNS.empty_table()

    def __iter__(self) -> Iterator[Document]:
        for file in self.files:
            with self._listed():
                for rows in storage.read_rows(str(file)):
                    yield from tables.to_documents(rows)

    @contextmanager
    def _listed(self) -> Iterator[None]:
        """What fails since a file is gone is said so: another release stands there now."""
        try:
            yield
        except (FileNotFoundError, CopydeskError) as error:
            gone = [file for file in self.files if not file.exists()]
            if not gone:
                raise
            raise InputError(f"{gone[0]}: published again meanwhile; call read_corpus again") from error

    def __len__(self) -> int:
        return sum(batch["rows"] for batch in self._batches.values())


_MOST_NAMES = 4  # of batches, shown


def read_corpus(path: str | Path) -> Corpus:
    """The corpus at `path` (`output/corpus`, or `data` in it).

    Raises:
        InputError: there is no corpus there.
    """
    folder = Path(path)
    if folder.name == DATA and not (folder / DATA).is_dir():
        folder = folder.parent
    found = release.read(folder)
    if found is None:
        release.refuse_older(folder.parent)
        raise InputError(f"{path}: no published batch; run `copydesk run` first, or name the folder output/corpus")
    return Corpus(folder, found)


def _installed(library: str) -> Any:
    """A library that the package itself does without; named so, it is no part of what an output was made by."""
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise CopydeskError(f"{library} is not installed here; pip install {library}") from error

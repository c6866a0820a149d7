"""Reading the published corpus in Python."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.engine import storage, stores
from pipeline.errors import CopydeskError, InputError
from pipeline.output import release
from pipeline.output.columns import COLUMNS
from pipeline.output.layout import DATA
from pipeline.output.release import Release
from pipeline.records import Document
from pipeline.stages import tables

if TYPE_CHECKING:
    import pyarrow.dataset

    from pipeline.engine.stores.arrow import Folder


class Corpus:
    """A release of the corpus, or the later of its batches; iterate over its documents, or take `dataset`.

    It is what the release was when it was asked for: of a batch that is published again meanwhile, its files are gone,
    and who reads on gets an `InputError`.
    """

    def __init__(self, folder: Path | Folder, found: Release, since: str | None = None) -> None:
        self.folder = folder
        self.release = found["release"]
        self._batches = {name: b for name, b in found["batches"].items() if since is None or name > since}

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
    def files(self) -> tuple[Any, ...]:
        """The Parquet files, in the order of batches and parts: paths, or the URLs of a corpus in a store."""
        here = self.folder
        return tuple(here / name if isinstance(here, Path) else f"{here}/{name}" for name in self._names)

    @property
    def _names(self) -> list[str]:
        return [name for batch in self._batches.values() for name in batch["files"]]

    @property
    def dataset(self) -> pyarrow.dataset.Dataset:
        """An Arrow dataset with the columns that any of the batches has.

        Raises:
            InputError: a batch was published again meanwhile; Arrow itself raises FileNotFoundError.
        """
        with self._listed():
            if not isinstance(self.folder, Path):
                return self.folder.dataset(self._names)
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

    def _table(self) -> Any:
        with self._listed():
            return self.dataset.to_table() if self._batches else COLUMNS.empty_table()

    def __iter__(self) -> Iterator[Document]:
        here = self.folder
        for name in self._names:
            with self._listed():
                found = storage.read_rows(str(here / name)) if isinstance(here, Path) else here.rows(name, _ROWS)
                for rows in found:
                    yield from tables.to_documents(rows)

    @contextmanager
    def _listed(self) -> Iterator[None]:
        """What fails since a file is gone is said so: another release stands there now."""
        try:
            yield
        except (FileNotFoundError, CopydeskError) as error:
            here = self.folder
            gone = [n for n in self._names if not ((here / n).exists() if isinstance(here, Path) else here.has(n))]
            if not gone:
                raise
            raise InputError(f"{here}/{gone[0]}: published again meanwhile; call read_corpus again") from error

    def __len__(self) -> int:
        return sum(batch["rows"] for batch in self._batches.values())


_MOST_NAMES = 4  # of batches, shown
_ROWS = 1_000  # at a time


def read_corpus(path: str | Path, since: str | None = None) -> Corpus:
    """The corpus at `path` (`output/corpus`, or `data` in it); `since` leaves out that batch and those before it.

    Raises:
        InputError: there is no corpus there.
    """
    if stores.is_url(where := stores.as_path(str(path))):
        return _read_far(where.rstrip("/").removesuffix(f"/{DATA}"), since)
    path = where
    folder = Path(path)
    if folder.name == DATA and not (folder / DATA).is_dir():
        folder = folder.parent
    found = release.read(folder)
    if found is None:
        release.refuse_older(folder.parent)
        raise InputError(f"{path}: no published batch; run `copydesk run` first, or name the folder output/corpus")
    return Corpus(folder, found, since)


def _read_far(url: str, since: str | None) -> Corpus:
    from pipeline.engine.stores.arrow import Folder  # it takes 0.3 s to load

    folder = Folder(url)
    content = folder.read(release.MANIFEST)
    found = release.told_by(content) if content is not None else None
    if found is None:
        raise InputError(f"{url}: no published batch; name what is above data/, as s3://bucket/prefix/corpus")
    return Corpus(folder, found, since)


def _installed(library: str) -> Any:
    """A library that the package itself does without; named so, it is no part of what an output was made by."""
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise CopydeskError(f"{library} is not installed here; pip install {library}") from error

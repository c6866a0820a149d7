"""Reading the published corpus in Python."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.config import closest
from pipeline.diff import visible
from pipeline.engine import storage, stores
from pipeline.errors import CopydeskError, InputError
from pipeline.output import release
from pipeline.output.columns import COLUMNS, with_columns
from pipeline.output.layout import DATA
from pipeline.output.release import Release
from pipeline.records import Document
from pipeline.stages import tables

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.dataset

    from pipeline.engine.stores.arrow import Folder


class Corpus:
    """A release of the corpus; iterate over its documents, or take `dataset`.

    It is what the release was when it was asked for: of a batch that is published again meanwhile, its files are gone,
    and who reads on gets an `InputError`.
    """

    def __init__(self, folder: Path | Folder, found: Release) -> None:
        self.folder = folder
        self.release = found["release"]
        self.manifest = found
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

    def to_arrow(self, columns: Sequence[str] | None = None) -> pyarrow.Table:
        """All documents as an Arrow table, in memory; of the `columns` alone where they are named.

        Raises:
            InputError: there is no such column; or a batch was published again meanwhile.
        """
        names = self._wanted(columns)
        if not self._batches:
            return COLUMNS.empty_table().select(names or COLUMNS.names)
        with self._listed():
            return self.dataset.to_table(names)

    def to_pandas(self, columns: Sequence[str] | None = None) -> Any:
        """The same as a `pandas.DataFrame`: `published` is a time in UTC, a score that is not there is NaN.

        Raises:
            CopydeskError: pandas is not installed.
            InputError: as for `to_arrow`.
        """
        _installed("pandas")
        # what is turned into a column of pandas is let go at once: never is all of it there twice
        return self.to_arrow(columns).to_pandas(split_blocks=True, self_destruct=True)

    def to_polars(self, columns: Sequence[str] | None = None) -> Any:
        """The same as a `polars.DataFrame`.

        Raises:
            CopydeskError: Polars is not installed.
            InputError: as for `to_arrow`.
        """
        return _installed("polars").from_arrow(self.to_arrow(columns))

    def pick(self, batch: str, ids: Iterator[str]) -> Iterator[pa.RecordBatch]:
        """The rows of a batch with these ids, which come in order; of a corpus on this machine.

        Raises:
            InputError: the batch was published again meanwhile.
        """
        assert isinstance(self.folder, Path)
        files = [self.folder / name for name in self._batches[batch]["files"]]
        with self._listed():
            yield from storage.pick_rows(files, "id", ids)

    def _wanted(self, columns: Sequence[str] | None) -> list[str] | None:
        """The names of columns, which are there."""
        names = [columns] if isinstance(columns, str) else columns
        for name in names or ():
            if name not in COLUMNS.names:
                raise InputError(f"{self.folder}: no column {name!r}; {closest(name, COLUMNS.names)}")
        return None if names is None else list(names)

    def _repr_html_(self) -> str:
        """For notebooks: its batches, the newest last."""
        left_out = len(self._batches) - _MOST_ROWS
        rows = "".join(
            f"<tr><th>{visible(name)}<td>{batch['rows']:,}</tr>"
            for name, batch in list(self._batches.items())[-_MOST_ROWS:]
        )
        return (
            f"<p><b>Corpus</b> {visible(str(self.folder))}: release {self.release}, {len(self):,} documents</p>\n"
            f"<table><thead><tr><th>batch<th>documents</tr></thead><tbody>"
            f"{f'<tr><th>{left_out:,} before<td>…</tr>' if left_out > 0 else ''}{rows}</tbody></table>"
        )

    def __iter__(self) -> Iterator[Document]:
        for rows in self._rows():
            yield from tables.to_documents(rows)

    def rows(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows with these columns, some at a time, in the order of batches and ids."""
        schema = pa.schema([COLUMNS.field(name) for name in columns])
        return (with_columns(rows, schema, {}) for rows in self._rows(columns))

    def _rows(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        here = self.folder
        for name in self._names:
            with self._listed():
                if isinstance(here, Path):
                    yield from storage.read_rows(str(here / name), columns)
                else:
                    yield from here.rows(name, _ROWS, columns)

    @contextmanager
    def _listed(self) -> Iterator[None]:
        """What fails since a file is gone is said so: another release stands there now."""
        try:
            yield
        except (OSError, CopydeskError) as error:
            here = self.folder
            gone = [n for n in self._names if not ((here / n).exists() if isinstance(here, Path) else here.has(n))]
            if not gone:
                raise
            raise InputError(f"{here}/{gone[0]}: published again meanwhile; call read_corpus again") from error

    def __len__(self) -> int:
        return sum(batch["rows"] for batch in self._batches.values())


_MOST_NAMES = 4  # of batches, shown in a line
_MOST_ROWS = 20  # in a table
_ROWS = 1_000  # of a store, at a time


def read_corpus(path: str | Path) -> Corpus:
    """The corpus at `path` (`output/corpus`, or `data` in it).

    Raises:
        InputError: there is no corpus there.
    """
    if stores.is_url(where := stores.as_path(str(path))):
        return _read_far(where.rstrip("/").removesuffix(f"/{DATA}"))
    path = where
    folder = Path(path)
    if folder.name == DATA and not (folder / DATA).is_dir():
        folder = folder.parent
    found = release.read(folder)
    if found is None:
        release.refuse_older(folder.parent)
        raise InputError(f"{path}: no published batch; run `copydesk run` first, or name the folder output/corpus")
    return Corpus(folder, found)


def _read_far(url: str) -> Corpus:
    from pipeline.engine.stores.arrow import Folder  # it takes 0.3 s to load

    folder = Folder(url)
    content = folder.read(release.MANIFEST)
    found = release.told_by(content) if content is not None else None
    if found is None:
        raise InputError(f"{url}: no published batch; name what is above data/, as s3://bucket/prefix/corpus")
    return Corpus(folder, found)


def _installed(library: str) -> Any:
    """A library that the package itself does without; named so, it is no part of what an output was made by."""
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise CopydeskError(f"{library} is not installed here; pip install {library}") from error

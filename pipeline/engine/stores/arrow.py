"""Parquet in a store, as Arrow reads it by itself: for readers, who need no library besides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from pipeline.engine.stores.address import address_of
from pipeline.errors import InputError

if TYPE_CHECKING:
    import pyarrow.dataset


class Folder:
    """What lies in a store below a URL."""

    def __init__(self, url: str) -> None:
        """Know of it; nothing is read.

        Raises:
            SettingsError: the URL names no bucket, or holds credentials.
            InputError: Arrow knows no such store.
        """
        self.url = url
        address = address_of(url)
        try:
            self._files, _ = pa.fs.FileSystem.from_uri(address.root)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{url}: {str(error).partition(chr(10))[0]}") from error
        self._root = f"{address.bucket}/{address.key}".rstrip("/")

    def __str__(self) -> str:
        return self.url

    def read(self, name: str) -> bytes | None:
        """The bytes of a small object; None when there is none.

        Raises:
            InputError: it cannot be read.
        """
        try:
            with self._files.open_input_stream(f"{self._root}/{name}") as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"{self.url}/{name}: {str(error).partition(chr(10))[0]}") from error

    def has(self, name: str) -> bool:
        """Whether there is such an object."""
        found = self._files.get_file_info(f"{self._root}/{name}")
        return bool(found.type == pa.fs.FileType.File)

    def rows(self, name: str, size: int, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of a file of Parquet in order, at most `size` at a time."""
        with self._files.open_input_file(f"{self._root}/{name}") as stream, pq.ParquetFile(stream) as file:
            yield from file.iter_batches(batch_size=size, columns=columns)

    def dataset(self, names: Sequence[str]) -> pyarrow.dataset.Dataset:
        """Files of Parquet as one dataset; a column that one of them has not is null there."""
        import pyarrow.dataset as ds

        paths = [f"{self._root}/{name}" for name in names]
        schema = pa.unify_schemas([pq.read_schema(path, filesystem=self._files) for path in paths])
        return ds.dataset(paths, schema=schema, format="parquet", filesystem=self._files)

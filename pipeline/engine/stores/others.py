"""Stores that fsspec speaks to, each by a library of its own: `gs://`, `abfs://`, `memory://`. They are read only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.engine.stores.address import Address
from pipeline.engine.stores.store import Object, library
from pipeline.errors import SettingsError, StoreError

# What stores call that which is another one whenever the content is; a time is none of these.
_TAGS = ("ETag", "etag", "md5Hash", "md5", "crc32c", "content_md5", "generation")
_PIECE = 4 << 20  # bytes


class Other:
    """A bucket, container or host, as fsspec has it."""

    def __init__(self, address: Address) -> None:
        self._root = address.root
        fsspec = library("fsspec", f"pip install fsspec, and what it needs for {address.scheme}://")
        try:
            # what was listed before is asked for again; its own cache knows of processes that were forked
            self._files = fsspec.filesystem(address.scheme, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise SettingsError(f"{address.root}: {error}") from error
        self._start = self._files._strip_protocol(address.root).rstrip("/") + "/"

    def objects(self, prefix: str) -> Iterator[Object]:
        """All objects whose keys begin so, in the order of keys; see `Store`."""
        folder = prefix.rpartition("/")[0]
        try:
            found = self._files.find(f"{self._start}{folder}", detail=True, withdirs=False)
        except FileNotFoundError:
            return
        except PermissionError as error:
            raise SettingsError(f"{self._root}{prefix}: access is refused; look at the credentials") from error
        except Exception as error:  # libraries of many stores: each has errors of its own
            raise StoreError(f"{self._root}{prefix}: cannot be listed: {type(error).__name__}") from error
        for path, told in sorted(found.items()):
            key = path.removeprefix(self._start)
            if key.startswith(prefix):
                yield Object(key, told["size"], self._tag(path, told))

    def fetch(self, found: Object, start: int, size: int) -> bytes:
        """At most so many bytes of an object from `start` on; see `Store`."""
        end = min(start + size, found.size)
        return self._read(f"{self._start}{found.key}", start, end) if start < end else b""

    def _read(self, path: str, start: int, end: int) -> bytes:
        try:
            return bytes(self._files.cat_file(path, start, end))
        except (FileNotFoundError, PermissionError):
            raise
        except Exception as error:  # libraries of many stores: each has errors of its own
            raise StoreError(f"{self._root}{path.removeprefix(self._start)}: {type(error).__name__}") from error

    def _tag(self, path: str, told: Mapping[str, Any]) -> str:
        """What the store gives, or else a hash of all its bytes, which are read for it."""
        given = next((f"{name} {told[name]}" for name in _TAGS if told.get(name)), "")
        if given:
            return given
        digest = hashlib.sha256()
        try:
            for start in range(0, told["size"], _PIECE):
                digest.update(self._read(path, start, min(start + _PIECE, told["size"])))
        except (FileNotFoundError, PermissionError) as error:
            return f"unreadable: {type(error).__name__}"
        return f"sha256 {digest.hexdigest()}"

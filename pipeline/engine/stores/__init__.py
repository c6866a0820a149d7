"""Stores: what lies under a URL, `s3://bucket/key`, in the place of a file. The one place that speaks to them.

A key is a name and nothing else: it is never a path on this machine, and `//`, `..` and control characters in it stay
what they are. Credentials are what the library of a store finds in the environment; they are no part of a URL.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from pipeline.errors import CopydeskError, SettingsError

_URL = re.compile(r"([a-z][a-z0-9+.\-]*)://", re.IGNORECASE)
_OF_THE_WEB = ("http", "https", "ftp")


class Object(NamedTuple):
    """What lies in a store under a key; its `tag` is another one whenever its content is, "" where there is none."""

    key: str
    size: int  # bytes
    tag: str
    written: float = 0.0  # seconds since 1970, 0 where nobody asks


class ChangedError(CopydeskError):
    """What lies there is not what a write was to replace."""


class Store(Protocol):
    """What is read of a store."""

    def objects(self, prefix: str) -> Iterator[Object]:
        """All objects whose keys begin so, in the order of keys.

        Raises:
            SettingsError: there is no such bucket, or it may not be read.
            StoreError: the store does not answer.
        """

    def fetch(self, found: Object, start: int, size: int) -> bytes:
        """At most so many bytes of an object from `start` on.

        Raises:
            OSError: it has gone, has changed, or may not be read.
            StoreError: the store does not answer.
        """


def is_url(where: str) -> bool:
    """Whether it is an address in a store.

    >>> is_url("s3://bucket/inbox"), is_url("inbox/2026"), is_url("C:/inbox")
    (True, False, False)
    """
    return _URL.match(where) is not None


def as_path(where: str) -> str:
    """The path that a `file://` URL names; anything else as it is.

    >>> as_path("file:///srv/inbox/a%20b"), as_path("inbox"), as_path("s3://bucket/a%20b")
    ('/srv/inbox/a b', 'inbox', 's3://bucket/a%20b')
    """
    return unquote(urlsplit(where).path) if where[:7].lower() == "file://" else where


class Address(NamedTuple):
    """The parts of a URL: `s3://bucket/a/b` is scheme `s3`, bucket `bucket` and key `a/b`."""

    scheme: str
    bucket: str
    key: str

    @property
    def root(self) -> str:
        """The URL before the key."""
        return f"{self.scheme}://{self.bucket}/"


def address_of(url: str) -> Address:
    """The parts of a URL; in a key nothing is decoded.

    Raises:
        SettingsError: it is of the web, names no bucket, or holds credentials, which are not repeated.

    >>> address_of("s3://bucket/a%20b//c")
    Address(scheme='s3', bucket='bucket', key='a%20b//c')
    """
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    scheme = scheme.lower()
    if "@" in bucket:
        raise SettingsError(
            f"{scheme}://...@{bucket.rpartition('@')[2]}: credentials are no part of a URL, it is shown and written "
            "down; give them by the environment or a profile, see docs/storage.md"
        )
    if scheme in _OF_THE_WEB:
        raise SettingsError(
            f"{scheme}://{bucket}: nothing is read off the web; fetch it into a folder or a store first"
        )
    if scheme == "s3" and not re.fullmatch(r"[A-Za-z0-9._\-]+", bucket):
        raise SettingsError(f"{scheme}://{bucket!r}: names no bucket; a URL is as s3://bucket/prefix")
    return Address(scheme, bucket, key)


def opened(address: Address) -> Store:
    """The store that an address lies in.

    Raises:
        SettingsError: it is of no known kind, or the library that speaks to it is not installed.
    """
    if address.scheme == "s3":
        from pipeline.engine.stores.s3 import S3

        return S3(address.bucket)
    from pipeline.engine.stores.others import Other

    return Other(address)


def library(name: str, hint: str) -> Any:
    """A library that the package itself does without; named so, it is no part of what an output was made by.

    Raises:
        SettingsError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise SettingsError(f"{name} is not installed here; {hint}") from error

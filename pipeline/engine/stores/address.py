"""URLs of stores: text alone, nothing is asked."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from pipeline.errors import SettingsError

_URL = re.compile(r"([a-z][a-z0-9+.\-]*)://", re.IGNORECASE)
_OF_THE_WEB = ("http", "https", "ftp")


def is_url(where: str) -> bool:
    """Whether it is an address in a store.

    >>> is_url("s3://bucket/inbox"), is_url("inbox/2026"), is_url("C:/inbox")
    (True, False, False)
    """
    return _URL.match(where) is not None


def as_path(where: str) -> str:
    """The path that a `file://` URL names; anything else as it is.

    Raises:
        SettingsError: it names another machine.

    >>> as_path("file:///srv/inbox/a%20b"), as_path("inbox"), as_path("s3://bucket/a%20b")
    ('/srv/inbox/a b', 'inbox', 's3://bucket/a%20b')
    """
    if where[:7].lower() != "file://":
        return where
    host, slash, path = where[7:].partition("/")
    if not slash or host not in ("", "localhost"):
        raise SettingsError(f"{where}: names no path of this machine; a URL is as file:///srv/inbox")
    return unquote(f"/{path}")


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

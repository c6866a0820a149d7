"""What is asked of a store, whichever it is."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from pipeline.errors import CopydeskError, SettingsError


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


def library(name: str, hint: str) -> Any:
    """A library that the package itself does without; named so, it is no part of what an output was made by.

    Raises:
        SettingsError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise SettingsError(f"{name} is not installed here; {hint}") from error

"""What the face takes, for type checkers alone: they need none of the libraries."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any, Protocol, TypeAlias


class Series(Protocol):
    """A pandas or Polars Series."""

    @property
    def name(self) -> Any: ...
    @property
    def dtype(self) -> Any: ...


class Array(Protocol):
    """An Arrow array, chunked or not."""

    def to_pylist(self) -> list[Any]: ...


Column: TypeAlias = Series | Array
Settings: TypeAlias = str | PathLike[str] | Mapping[str, Any]

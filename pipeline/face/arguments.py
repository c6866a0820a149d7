"""What the face was given, looked at before anything is done with it: errors say what was got, and what is wanted."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def text(given: object, name: str = "text") -> str:
    """A text.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(given, str):
        raise TypeError(f"{name} must be a string; got {described(given)}{hint(given)}")
    return given


def page(given: object) -> str | bytes:
    """A page.

    Raises:
        TypeError: it is neither text nor bytes.
    """
    if not isinstance(given, str | bytes):
        raise TypeError(f"page must be bytes or a string; got {described(given)}")
    return given


def path(given: object, name: str = "path") -> str:
    """A path, or a URL, which a `pathlib.Path` would not stay.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(given, str | os.PathLike):
        raise TypeError(f"{name} must be a path, as a string or a pathlib.Path; got {described(given)}")
    return os.fsdecode(given)


def number_of_workers(given: object) -> int:
    """A number of processes; 0 is one for each core.

    Raises:
        TypeError, ValueError: it is none.
    """
    if not isinstance(given, int) or isinstance(given, bool):
        raise TypeError(f"workers must be a whole number, 0 for one for each core; got {described(given)}")
    if given < 0:
        raise ValueError(f"workers must be at least 0, which is one for each core; got {given}")
    return given


def pairs(given: object) -> Iterator[tuple[str, str]]:
    """Pairs of id and text, each looked at when its turn comes.

    Raises:
        TypeError: at once, where these can be no pairs; at a pair, where it is none.
    """
    if isinstance(given, Mapping):
        raise TypeError("documents must be pairs of id and text; got a mapping: call it with .items()")
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"documents must be pairs of id and text; got {described(given)}")
    return (_pair(each, number) for number, each in enumerate(given))


def _pair(given: Any, number: int) -> tuple[str, str]:
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise TypeError(f"documents[{number}] must be a pair of id and text; got {described(given)}")
    return text(given[0], f"documents[{number}][0], the id,"), readable(
        text(given[1], f"documents[{number}][1], the text,")
    )


def readable(text: str) -> str:
    """A lone surrogate is no text that Arrow knows; for a comparison it is like any other sign."""
    return text.encode("utf-8", "replace").decode("utf-8")


def hint(given: object) -> str:
    """What to do with it instead, where that is plain."""
    return "; decode it, or call extract where it is a page" if isinstance(given, bytes | bytearray) else ""


def described(given: object) -> str:
    """A value in a few words.

    >>> described(None), described(3), described("x" * 90)
    ('None', 'int 3', "str 'xxxxxxxxxxxx...xxxxxxxxxxxxx'")
    """
    return "None" if given is None else f"{type(given).__name__} {reprlib.repr(given)}"

"""What stands in a field of many records: sentences, addresses, numbers, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

LOOKED_AT = 2_000  # characters of a value that are searched
FEW_WORDS = 12  # headlines seldom have as many, and end with no full stop
URL = re.compile(r"https?://(?=[^\s/?#]*\.)[^\s/?#]++\S*+")  # nothing in it backtracks
_NUMBER = re.compile(r"\d{1,12}")  # an id that another file may have, too; longer ones are of a whole system
_SENTENCE_END = re.compile(r"[.!?…।؟۔።][\"'”’»)\]]*(?:\s|\Z)|[。！？]")
_UNSPACED = re.compile(r"[。！？]")
_TAG = re.compile(r"</(?:p|div|span|a|b|i|em|strong|li|h[1-6]|blockquote)>|<(?:p|br)\s?/?>", re.IGNORECASE)
_PAGE = re.compile(r"\s*<(?:!doctype|html|\?xml)\b", re.IGNORECASE)


def plain(name: str) -> str:
    """A name without case, blanks and marks.

    >>> plain("Body ID"), plain("article_body"), plain("articleBody")
    ('bodyid', 'articlebody', 'articlebody')
    """
    return "".join(c for c in name.lower() if c.isalnum())


def is_words(value: str) -> bool:
    """Whether a value is several words, in a script with blanks between them or without.

    >>> is_words("The bridge is old"), is_words("https://a.example/the bridge"), is_words("0f3a" * 10)
    (True, False, False)
    """
    value = value[:LOOKED_AT]
    return not URL.match(value) and (len(value.split()) >= 4 or (len(value) >= 20 and not value.isascii()))


class Nested(int):
    """In the place of a list or an object: how many characters the strings in it have."""


@dataclass(frozen=True)
class Column:
    """A field with its values, one for each record; None where a record has none."""

    name: str
    values: Sequence[Any]

    @cached_property
    def plain(self) -> str:
        """Its name without case and marks."""
        return plain(self.name)

    @cached_property
    def written(self) -> list[str]:
        """Its values as a record would have them, blank ones left out."""
        no_values = (type(None), bool, bytes, Nested)
        strings = (str(value) for value in self.values if not isinstance(value, no_values))
        return [value for value in strings if value and not value.isspace()]

    @cached_property
    def filled(self) -> float:
        """The share of records in which something stands there."""
        return len(self.written) / len(self.values)

    @cached_property
    def length(self) -> float:
        """The characters of its values, in the middle."""
        return median(map(len, self.written)) if self.written else 0

    @cached_property
    def nested(self) -> float:
        """The characters in its lists or objects, in the middle."""
        return median(value if isinstance(value, Nested) else 0 for value in self.values)

    @cached_property
    def is_numbers(self) -> bool:
        """Whether its values are numbers of few digits."""
        return bool(self.written) and all(_NUMBER.fullmatch(value) for value in self.written)

    @cached_property
    def is_prose(self) -> bool:
        """Whether sentences stand there, in most records."""
        return self._share(is_prose) * self.filled >= 0.5

    @cached_property
    def is_words(self) -> bool:
        """Whether it holds at least several words, as the text of a very short article does."""
        return self._share(is_words) * self.filled >= 0.5

    @cached_property
    def is_markup(self) -> bool:
        """Whether there are tags in most of its values."""
        return self._share(lambda value: _TAG.search(value, 0, LOOKED_AT) is not None) >= 0.5

    @cached_property
    def is_page(self) -> bool:
        """Whether most of its values are whole pages."""
        return self._share(lambda value: _PAGE.match(value) is not None) >= 0.5

    @cached_property
    def is_unique(self) -> bool:
        """Whether no value stands there twice."""
        return len(set(self.written)) == len(self.written)

    def all_but_few(self, is_so: Callable[[str], object]) -> bool:
        """Whether that is so of nearly all values, and most records have one."""
        return self.filled >= 0.5 and self._share(is_so) >= 0.9

    def _share(self, is_so: Callable[[str], object]) -> float:
        return sum(map(bool, map(is_so, self.written))) / max(1, len(self.written))


def is_prose(value: str) -> bool:
    """Whether sentences stand in a value: more words than a headline has, and the end of a sentence.

    >>> is_prose("Old bridge to be closed"), is_prose("['a. b', 'c']"), is_prose("The bridge is old. " * 4)
    (False, False, True)
    """
    value = value[:LOOKED_AT]
    if value.lstrip()[:1] in ("[", "{") or not _SENTENCE_END.search(value):
        return False
    return len(value.split()) >= FEW_WORDS or (len(value) >= 40 and _UNSPACED.search(value) is not None)

"""Text of strangers in Markdown: it is shown as it is, and can neither be formatted, nor link, nor be HTML."""

from __future__ import annotations

import string
from typing import Final

_ESCAPES: Final = str.maketrans({mark: f"&#{ord(mark)};" for mark in string.punctuation if mark not in "',;"})


def shown(text: str, most: int) -> str:
    r"""At most so many characters of a text, in one line, with all that could steer a page or a terminal by its code.

    >>> shown("*[x](http://a)*\n<b>\u202e", 40)
    '&#42;&#91;x&#93;&#40;http&#58;&#47;&#47;a&#41;&#42; &#60;b&#62;&#92;u202e'
    """
    line = " ".join(text[: 4 * most].split())
    short = line if len(line) <= most else f"{line[: most - 1]}…"
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in short)
    return plain.translate(_ESCAPES)


def table(*columns: str) -> list[str]:
    """The head of a table; columns whose names begin with ">" stand to the right."""
    names = " | ".join(column.removeprefix(">") for column in columns)
    rules = "|".join("---:" if column.startswith(">") else "---" for column in columns)
    return [f"| {names} |", f"|{rules}|"]


def row(*cells: object) -> str:
    """A row of a table; numbers are cut into thousands. Text of strangers is to be `shown` before."""
    return f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in cells)} |"

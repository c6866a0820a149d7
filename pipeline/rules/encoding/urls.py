"""Whether a place in a text lies inside an address on the web, whose `?` and `&` are no damage."""

from __future__ import annotations

import re


def in_url(text: str, at: int, signs: re.Pattern[str], longest: int) -> bool:
    """Whether what stands before `at`, back to a space or a line end, holds one of the `signs` of an address.

    No more than `longest` characters are looked at, so that a megabyte without a space costs no more than an address.

    >>> signs = re.compile("://")
    >>> in_url("see http://a.org/?x=1&copy=2", 21, signs, 200), in_url("see http://a.org/ &copy; 2", 18, signs, 200)
    (True, False)
    """
    first = max(0, at - longest)
    start = max(text.rfind(" ", first, at), text.rfind("\n", first, at), first - 1) + 1
    return bool(signs.search(text, start, at))

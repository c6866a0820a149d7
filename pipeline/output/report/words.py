"""How the report says things: numbers, shares, names of strangers, and the places that links lead to."""

from __future__ import annotations

import re

import xxhash

from pipeline.diff import shown
from pipeline.output.report.compared import Change
from pipeline.output.report.figures import Material

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST_PLACE = 60  # characters of an id in the name of a place


def number_of(count: int, noun: str, plural: str = "") -> str:
    """A number and what it counts: "1 document", "2 documents"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {plural or noun + 's'}"


def percent(share: float) -> str:
    """A share, in as many places as tell something: "0.04%", "3.1%", "100%".

    >>> [percent(share) for share in (0, 0.0004, 0.031, 0.9996, 1)]
    ['0%', '0.04%', '3.1%', '99.96%', '100%']
    """
    if share in (0, 1):
        return f"{share:.0%}"
    return f"{share:.2%}" if min(share, 1 - share) < 0.00095 else f"{share:.1%}"


def brief(text: str, width: int = 100) -> str:
    """HTML of the text in one line, or of the beginning of a long one."""
    return shown(text if len(text) <= width else f"{text[:width]} …")


def place_of(kind: str, name: str) -> str:
    """The name of a place on the page, which nobody's id can be broken out of: "doc-a17", "rule-encoding-mojibake"."""
    safe = _UNSAFE.sub("-", name)
    if kind == "rule" or (safe == name and len(name) <= _LONGEST_PLACE):
        return f"{kind}-{safe}"
    return f"{kind}-{safe[:_LONGEST_PLACE]}-{xxhash.xxh3_64_hexdigest(name.encode('utf-8', 'surrogatepass'))[:8]}"


def cell(value: int, label: str) -> str:
    """A number in a table; `label` stands before it where the screen has no room for columns."""
    return f'<td class="n{"" if value else " zero"}" data-l="{label}">{value:,}'


def change_of(tag: str, change: Change | None, material: Material) -> str:
    """How a share has changed, in points of a hundred."""
    if material.before is None:
        return "" if tag == "td" else f"<{tag}></{tag}>"
    closing = "" if tag == "td" else f"</{tag}>"
    if change is None:
        return f'<{tag} class="n soft" data-l="change">–{closing}'
    points = 100 * change.difference
    kind = " told" if change.is_told else " soft"
    said = "±0" if abs(points) < 0.05 else f"{points:+.1f}".replace("-", "−")
    title = f"{percent(change.was)} in the batch before, {percent(change.now)} now"
    return f'<{tag} class="n{kind}" data-l="change" title="{title}">{said}{closing}'

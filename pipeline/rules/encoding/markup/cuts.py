"""Cutting out of a text what a reader never saw, and the white space that stays where it stood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from pipeline.records import Hit


class Cut(NamedTuple):
    r"""`text[start:end]` is to go; `gap` is what parts its neighbours where no white space does: "", " " or "\n"."""

    start: int
    end: int
    gap: str = ""


_BLANKS = re.compile(r"[^\S\r\n]+")
_FARTHEST = 1000  # characters of white space beside a cut that are looked at


def hits(text: str, cuts: Iterable[Cut]) -> Iterator[Hit]:
    r"""One hit for each run of cuts with nothing but white space between them; a cut inside another goes with it.

    A text that would be empty then is left as it is.

    >>> text = "One <b> two </b> three.<p>Four.\n<!-- x -->\nFive"
    >>> cuts = [Cut(4, 7), Cut(12, 16), Cut(23, 26, "\n"), Cut(32, 42)]
    >>> [(text[hit.start : hit.end], hit.text) for hit in hits(text, cuts)]
    [('<b> ', ''), ('</b> ', ''), ('<p>', '\n'), ('<!-- x -->\n', '')]
    """
    cuts = sorted(cuts, key=lambda cut: (cut.start, -cut.end))
    if not outside(text, cuts).strip():
        return
    run: list[Cut] = []
    for cut in cuts:
        if run and cut.start < run[-1].end:
            continue
        if run and not _is_blank(text, run[-1].end, cut.start):
            yield _hit(text, run)
            run = []
        run.append(cut)
    if run:
        yield _hit(text, run)


def outside(text: str, cuts: Iterable[Cut]) -> str:
    """The text with a space for each cut; they come in order, and some may lie inside others."""
    pieces: list[str] = []
    done = 0
    for start, end, _ in cuts:
        if start >= done:
            pieces += (text[done:start], " ")
        done = max(done, end)
    return "".join([*pieces, text[done:]])


def _is_blank(text: str, start: int, end: int) -> bool:
    return start == end or (end - start <= _FARTHEST and text[start:end].isspace())


def _hit(text: str, run: list[Cut]) -> Hit:
    """The run with the white space around it, for what stays of that, as short as can be."""
    start, end = first, last = run[0].start, run[-1].end
    while first and text[first - 1].isspace() and start - first < _FARTHEST:
        first -= 1
    while last < len(text) and text[last].isspace() and last - end < _FARTHEST:
        last += 1
    if len(run) == 1 and start == first > 0 and end == last < len(text):  # amid the text
        return Hit(start, end, run[0].gap)
    spaces = [text[first:start], *(text[a.end : b.start] for a, b in pairwise(run)), text[end:last]]
    return _shortest(text, first, last, _left(spaces, [cut.gap for cut in run], first == 0, last == len(text)))


def _left(spaces: list[str], gaps: list[str], begins: bool, ends: bool) -> str:
    """What stays: the longest line break, or else what the cuts say, or a space if there was one."""
    if begins:
        return ""
    if ends:
        return _BLANKS.sub("", spaces[-1])
    longest = max(spaces, key=lambda space: space.count("\n"))
    if "\n" in longest:
        return _BLANKS.sub("", longest)
    return "\n" if "\n" in gaps else " " if " " in gaps or any(spaces) else ""


def _shortest(text: str, first: int, last: int, left: str) -> Hit:
    while left and first < last and text[first] == left[0]:
        first, left = first + 1, left[1:]
    while left and first < last and text[last - 1] == left[-1]:
        last, left = last - 1, left[:-1]
    return Hit(first, last, left)

"""Plain quotation marks that stand on the wrong side of a blank, apart from both their neighbours, or alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.edits import disjoint
from pipeline.records import Facts, Hit
from pipeline.rules.encoding.quotes import REACH, Mark, Reading, is_speech, read
from pipeline.rules.encoding.spared import Spared
from pipeline.text import lines

_OPENS_AFTER = frozenset(" \t\xa0([{—–-/“‘'…")
_CLOSES_BEFORE = frozenset(" \t\xa0)]}.,;:!?…—–-/”’'")
# A mark apart from both its neighbours; one behind a stop that no other closes; two that close, one after the other.
_LETTER = r"[A-Za-z\x{80}-\x{10ffff}]"  # and what is no letter beyond ASCII: a simpler automaton
QUOTE_TRIGGER = (
    r"[^\s] \"(?:[\s.,;:!?)]|$)|(?:^|[\s(])\" [^\s]|[.,!?\x{2026}] \"[^\s\"]"
    rf"|{_LETTER}\" {_LETTER}[^\"\n]*[^\s\"]\"(?:[\s)\]}}.,;:!?\x{{2026}}\x{{2013}}\x{{2014}}/'-]|$)"
)

MOST = 2000  # marks of a line that are read together; a line with more of them is no prose
CLEAR = 1.5  # a side that is cheaper by less than this cannot be told


def find_misplaced_quote(text: str, facts: Facts) -> Iterator[Hit]:
    """A quotation mark on the wrong side of a blank, or with one on both sides: the blank moves, or goes.

    `accidental. "` becomes `accidental."`, `" word "` becomes `"word"`, `warm clothes, "the charity said` becomes
    `warm clothes," the charity said`: all marks of the line, read together, tell which of them close. A mark without a
    partner in its line follows where the text has several such quotations. Spared: marks that could as well be as they
    should be, inches, code, lines with marks of other languages besides, and texts that have a blank before their
    colons and question marks, as French has, for which blanks inside quotations are a style.
    """
    read_lines = list(_read_lines(text))
    if not read_lines:
        return
    spared = Spared(text)
    pairs = [list(_pairs(text, line, spared)) for line in read_lines]
    evident = sum(map(len, pairs)) >= _EVIDENCE
    found: list[Hit] = []
    for line, of_line in zip(read_lines, pairs, strict=True):
        for hit_pair in of_line:
            found += hit_pair
        if evident:
            found += _lone(text, line, spared)
    yield from disjoint(found)


_EVIDENCE = 2  # quotations that must have stood apart for a mark without a partner to follow them
_OTHERS = re.compile("[„«»‹›]")
_MARK = re.compile('["“”]')


class _Line(NamedTuple):
    """The marks of a line and how they read."""

    marks: list[_Shape]
    readings: list[Reading]


def _read_lines(text: str) -> Iterator[_Line]:
    habits: _Habits | None = None
    for span in lines(text):
        marks = _marks(text, span.start, span.end)
        if not any(mark.is_doubtful for mark in marks) or len(marks) > MOST:
            continue
        if _OTHERS.search(text, span.start, span.end):
            continue
        habits = habits or _habits(text)
        yield _Line(marks, _readings(text, span.start, span.end, marks, habits))


class _Shape(NamedTuple):
    """A mark, and whether a blank (or what may stand there in its place) is on each side."""

    at: int
    left: bool
    right: bool
    before: str  # a character: what stands before the mark and its blank
    after: str

    @property
    def is_doubtful(self) -> bool:
        """Might it have another side than its blanks say?"""
        if self.left == self.right:
            return self.left
        return (self.before in _STOPS and self.after.isalnum()) if self.left else self.before.isalpha()


_STOPS = frozenset(".,!?…")


def _marks(text: str, first: int, last: int) -> list[_Shape]:
    found = []
    for match in _MARK.finditer(text, first, last):
        at = match.start()
        left = at == first or text[at - 1] in _OPENS_AFTER
        right = at + 1 == last or text[at + 1] in _CLOSES_BEFORE
        before = "" if at == first else text[at - 1] if text[at - 1] != " " else text[at - 2] if at - 1 > first else ""
        after = "" if at + 1 == last else text[at + 1] if text[at + 1] != " " else text[at + 2 : min(at + 3, last)]
        found.append(_Shape(at, left, right, before, after))
    return found


class _Habits(NamedTuple):
    """What a text does elsewhere."""

    moves: bool  # its closing marks stand before the next word as a rule
    parts: bool  # blanks inside quotations are its style


_MOVED = re.compile(r'[a-z)][.,!?…] ["”](?=\w)')
_CLOSED = re.compile(r'[.,!?…]["”] (?=\w)')
_FRENCH = re.compile(r"[^\W\d_] [;:!?](?=\s)")
_ENGLISH = re.compile(r"[^\W\d_][;:!?](?=\s)")


def _habits(text: str) -> _Habits:
    moved, closed = len(_MOVED.findall(text)), len(_CLOSED.findall(text))
    french = len(_FRENCH.findall(text))
    return _Habits(moved > 0 and closed * 4 <= moved, french > 0 and french >= len(_ENGLISH.findall(text)))


_NO = 8.0


def _readings(text: str, first: int, last: int, marks: Sequence[_Shape], habits: _Habits) -> list[Reading]:
    built = []
    for mark in marks:
        before = text[max(first, mark.at - REACH) : mark.at].rstrip(" ")
        after = text[mark.at + 1 : min(last, mark.at + 1 + REACH)].lstrip(" ")
        built.append(Mark(text[mark.at], before, after, (*_prices(text, mark, habits), _NO, 2.0)))
    following = text[last : last + 8].lstrip()[:1]
    return read(built, runs_on=following in tuple('"“'))


def _prices(text: str, mark: _Shape, habits: _Habits) -> tuple[float, float]:
    """What the blanks around a mark say against its opening and its closing a quotation."""
    at, left, right, before, after = mark
    if left and right:
        if habits.parts:
            return _NO, _NO
        opens = 1.0 if text.startswith(" ", at + 1) and after and not after.isspace() else _NO
        closes = 1.0 if text.startswith(" ", at - 1) and before and not before.isspace() else _NO
        return opens, closes
    if left:
        movable = text.startswith(" ", at - 1) and before in _STOPS and after.isalnum()
        surely = before == "," and (after.islower() or is_speech(text[at + 1 : at + 1 + REACH]))
        return 0.0, 2.0 if movable and (surely or habits.moves) else _NO
    if right:
        movable = text.startswith(" ", at + 1) and before.isalpha() and after.isalpha()
        return 2.0 if movable else _NO, 0.0
    return 1.0, 1.0


def _pairs(text: str, line: _Line, spared: Spared) -> Iterator[list[Hit]]:
    """What the reading of a line changes, for each quotation that it opens and closes."""
    opened: _Shape | None = None
    sure = False
    for mark, reading in zip(*line, strict=True):
        if reading.side == "opens":
            opened, sure = mark, reading.margin >= CLEAR
        elif reading.side == "closes":
            if opened and sure and reading.margin >= CLEAR and _is_prose(text, opened, mark, spared):
                hits = [*_opening(opened), *_closing(mark)]
                if hits and not (mark.before in _INNER and hits[0].start == mark.at - 1):
                    yield hits
            opened = None


_INNER = frozenset("'’")  # a thin space between two closing marks is a style


def _lone(text: str, line: _Line, spared: Spared) -> Iterator[Hit]:
    """Marks that stand apart and have no partner in the line, or stand behind an inner quotation."""
    for mark, reading in zip(*line, strict=True):
        if mark.left and mark.right and reading.margin >= CLEAR and not spared.is_code(mark.at, mark.at + 1):
            yield from _opening(mark) if reading.side == "opens" else _closing(mark) if reading.side == "closes" else ()


def _is_prose(text: str, first: _Shape, last: _Shape, spared: Spared) -> bool:
    if first.before.isdigit() and last.before.isdigit():  # inches
        return False
    return any(map(str.isalpha, text[first.at + 1 : last.at])) and not spared.is_code(first.at, last.at)


def _opening(mark: _Shape) -> Iterator[Hit]:
    if mark.right and mark.left:
        yield Hit(mark.at + 1, mark.at + 2, "", "opens a quotation")
    elif mark.right:
        yield Hit(mark.at, mark.at + 2, ' "', "opens a quotation")


def _closing(mark: _Shape) -> Iterator[Hit]:
    if mark.left and mark.right:
        yield Hit(mark.at - 1, mark.at, "", "closes a quotation")
    elif mark.left:
        yield Hit(mark.at - 1, mark.at + 1, '" ', "closes a quotation")


# --- Marks without a partner ---------------------------------------------------------------------------------------

UNBALANCED_TRIGGER = r"(?:^|\n)[^\"\n]*[^\s\"0-9([{\x{2014}-]\"(?:[\s.,;:!?)]|$)"


def find_unbalanced_quote(text: str, facts: Facts) -> Iterator[Hit]:
    """A quotation mark that closes what was never opened: remarked, since nothing tells where the other one belongs.

    Spared: quotations that began in the line before, inches and minutes (`5' 10"`), typographic quotes.
    """
    at = text.find('"')
    while at >= 0:
        end = _line_end(text, at)
        if _closes(text, at) and text.count('"', at, end) % 2:
            before = text.rfind('"', max(0, at - 5000), at)
            if before < 0 or not _opens(text, before):
                yield Hit(at, at + 1, None, "closes what was never opened")
        at = text.find('"', end)


def _closes(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return (
        bool(before)
        and not (before.isspace() or before in '"0123456789([{—-')
        and (not after or after in " \n\t.,;:!?)")
    )


def _opens(text: str, at: int) -> bool:
    return (at == 0 or text[at - 1].isspace() or text[at - 1] in "([") and not text[at + 1 : at + 2].isspace()


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return end if end >= 0 else len(text)

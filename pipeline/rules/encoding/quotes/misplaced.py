"""Plain quotation marks that stand on the wrong side of a blank, apart from both their neighbours, or alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.edits import disjoint
from pipeline.records import Facts, Hit
from pipeline.rules.encoding.quotes.roles import REACH, Mark, is_speech
from pipeline.rules.encoding.quotes.sides import Reading, read
from pipeline.rules.encoding.spared import Spared

_OPENS_AFTER = frozenset(" \t\xa0([{—–-/“‘'…")
_BEFORE_APART = frozenset(" \t\n([{—–")
_CLOSES_BEFORE = frozenset(" \t\xa0)]}.,;:!?…—–-/”’'")
# A mark apart from both its neighbours; one behind a stop that no other closes; two that close, one after the other.
_LETTER = r"[A-Za-z\x{80}-\x{10ffff}]"  # and what is no letter beyond ASCII: a simpler automaton
QUOTE_TRIGGER = (
    r"[^\s] [\"\x{201d}](?:[\s.,;:!?)]|$)|(?:^|[\s(\[{\x{2013}\x{2014}])[\"\x{201c}\x{201d}] [^\s]"
    r"|[^\s] \x{201c}(?:[\s.,;:!?)]|$)|[.,!?\x{2026}] \x{201d}[^\s]"
    r"|[.,!?\x{2026}] \"[^\s\"][^\"\n]*(?:\n|$| \")"
    rf"|{_LETTER}\" {_LETTER}[^\"\n]*[^\s\"]\"(?:[\s)\]}}.,;:!?\x{{2026}}\x{{2013}}\x{{2014}}/'-]|$)"
)

_MANY, _SPARSE = 200, 10
MOST = 2000  # marks of a line that are read together; a line with more of them is no prose
CLEAR = 1.5  # a side that is cheaper by less than this cannot be told


def find_misplaced_quote(text: str, facts: Facts) -> Iterator[Hit]:
    """A quotation mark on the wrong side of a blank, or with one on both sides: the blank moves, or goes.

    `accidental. "` becomes `accidental."`, `" word "` becomes `"word"`, `warm clothes, "the charity said` becomes
    `warm clothes," the charity said`: all marks of the line, read together, tell which of them close. Where a text has
    it so as a rule, and hardly a mark as it should be, those without a partner in their line follow. Spared: marks
    that could as well be as they should be, inches, code, lines with marks of other languages besides, and texts that
    have a blank before their colons and question marks, as French has, for which blanks inside quotations are a style.
    """
    read_lines = list(_read_lines(text))
    if not read_lines:
        return
    quotations = [quotation for line in read_lines for quotation in _quotations(text, line)]
    lone = [mark for line in read_lines for mark in _alone(line)]
    if not quotations and not lone:
        return
    spared, customs = Spared(text), _customs(text, lone)
    found: list[Hit] = []
    for opening, closing in quotations:
        if customs.allow(text, opening, closing) and not spared.is_code(opening.at, closing.at):
            found += (*_opening(text, opening), *_closing(text, closing))
    for mark, side in lone:
        if customs.allow_alone(side) and not spared.is_code(mark.at, mark.at + 1):
            found += _opening(text, mark) if side == "opens" else _closing(text, mark)
    yield from disjoint(found)


# --- Marks and what stands beside them -----------------------------------------------------------------------------

_OTHERS = re.compile("[„«»‹›]|''|``|[\"“”]{2}")
_MARK = re.compile('["“”]')
_STOPS = frozenset(".,!?…")


class _Shape(NamedTuple):
    """A mark, and whether a blank (or what may stand there in its place) is on each side."""

    at: int
    left: bool
    right: bool
    before: str  # a character: what stands before the mark and its blank
    after: str

    @property
    def is_apart(self) -> bool:
        return self.left and self.right


class _Habits(NamedTuple):
    """What a text does elsewhere."""

    moves: bool  # its closing marks stand before the next word as a rule ...
    surely: bool  # ... and one of them cannot open
    parts: bool  # blanks inside quotations are its style


class _Line(NamedTuple):
    """The marks of a line and how they read, in a text of some habits."""

    marks: list[_Shape]
    readings: list[Reading]
    habits: _Habits


def _read_lines(text: str) -> Iterator[_Line]:
    habits: _Habits | None = None
    if _is_no_prose(text):
        return
    for first, last, marks in _marked_lines(text):
        if len(marks) > MOST or _is_in_order(marks) or _OTHERS.search(text, first, last):
            continue
        habits = habits or _habits(text)
        yield _Line(marks, _readings(text, first, last, marks, habits), habits)


def _marked_lines(text: str) -> Iterator[tuple[int, int, list[_Shape]]]:
    """The start and end of each line that holds marks, with them."""
    first = last = -1
    marks: list[_Shape] = []
    for match in _MARK.finditer(text):
        at = match.start()
        if at >= last:
            if marks:
                yield first, last, marks
            marks, first, last = [], text.rfind("\n", max(0, last), at) + 1 or max(0, last), text.find("\n", at)
            last = len(text) if last < 0 else last - (text[last - 1] == "\r")
        marks.append(_shape(text, at, first, last))
    if marks:
        yield first, last, marks


def _is_no_prose(text: str) -> bool:
    """Is every tenth character a mark? Lists of strings are like that, and texts made to cost time."""
    number = sum(map(text.count, '"“”'))
    return number > _MANY and number * _SPARSE > len(text)


def _is_in_order(marks: Sequence[_Shape]) -> bool:
    """Do the marks open and close in turn? One that opens may be left at the end."""
    return all(mark.left != mark.right and mark.left == (at % 2 == 0) for at, mark in enumerate(marks))


def _shape(text: str, at: int, first: int, last: int) -> _Shape:
    before = "" if at == first else text[at - 1] if text[at - 1] != " " else text[at - 2] if at - 1 > first else ""
    after = "" if at + 1 == last else text[at + 1] if text[at + 1] != " " else text[at + 2 : min(at + 3, last)]
    return _Shape(at, _is_free_before(text, first, at), _is_free_after(text, at, last), before, after)


def _is_free_before(text: str, first: int, at: int) -> bool:
    """Does nothing stand before a mark that it could close?"""
    if at == first or text[at - 1] not in _INNER:
        return at == first or text[at - 1] in _OPENS_AFTER
    return at - 1 == first or text[at - 2] in _OPENS_AFTER  # behind an inner mark that opens


def _is_free_after(text: str, at: int, last: int) -> bool:
    """Does nothing stand behind a mark that it could open?"""
    if at + 1 == last:
        return True
    after = text[at + 1 : at + 3]
    if after == ".." or (after[0] in _INNER and after[1:].isalnum()):
        return False
    return after[0] in _CLOSES_BEFORE


_INNER = frozenset("'‘’")


# --- Reading ---------------------------------------------------------------------------------------------------------


_MOVED = re.compile(r'[\w)][,!?…] ["”](?=\w)')
_CLOSED = re.compile(r'[.,!?…]["”] (?=\w)')
_FRENCH = re.compile(r"[^\W\d_] [;:!?](?=\s)")
_FRENCH_STOPS = (" ;", " :", " !", " ?")
_ENGLISH = re.compile(r"[^\W\d_][;:!?](?=\s)")
_NO = 8.0


def _habits(text: str) -> _Habits:
    moved = sum(_surely_closes(text, match.end() - 1) for match in _MOVED.finditer(text))
    french = len(_FRENCH.findall(text)) if any(map(text.__contains__, _FRENCH_STOPS)) else 0
    return _Habits(
        len(_CLOSED.findall(text)) <= moved // 4,
        moved > 0,
        french > 0 and french >= len(_ENGLISH.findall(text)),
    )


def _surely_closes(text: str, at: int) -> bool:
    """Does a mark before a word close: after a comma, and the word goes on or says who spoke?"""
    after = text[at + 1 : at + 1 + REACH]
    return text[at - 2 : at - 1] in tuple(",!?…") and (after[:1].islower() or is_speech(after))


def _readings(text: str, first: int, last: int, marks: Sequence[_Shape], habits: _Habits) -> list[Reading]:
    built = []
    for mark in marks:
        before = text[max(first, mark.at - REACH) : mark.at].rstrip(" ")
        after = text[mark.at + 1 : min(last, mark.at + 1 + REACH)].lstrip(" ")
        built.append(Mark(text[mark.at], before, after, (*_prices(text, mark, habits), _NO, 4.0)))
    return read(built, runs_on=text[last : last + 8].lstrip()[:1] in tuple('"“'))


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
        movable = text.startswith(" ", at - 1) and before in _STOPS and after.isalnum() and text[at] != "“"
        return 0.0, 2.0 if movable and (habits.moves or _surely_closes(text, at)) else _NO
    if right:
        movable = text.startswith(" ", at + 1) and before.isalpha() and after.isalpha() and text[at] != "”"
        return 2.0 if movable else _NO, 0.0
    return 1.0, 1.0


# --- What is changed -------------------------------------------------------------------------------------------------


def _quotations(text: str, line: _Line) -> Iterator[tuple[_Shape, _Shape]]:
    """The marks that a line opens and closes a quotation with, where it is clear that they do and one is misplaced."""
    opened: _Shape | None = None
    for mark, reading in zip(line.marks, line.readings, strict=True):
        if reading.side == "opens":
            opened = mark if reading.margin >= CLEAR else None
        elif reading.side == "closes":
            clear = opened is not None and reading.margin >= CLEAR
            misplaced = clear and opened is not None and (opened.right or mark.left)
            if opened and misplaced and _is_sound(text, opened, mark, line.habits):
                yield opened, mark
            opened = None


def _may_run_on(text: str, first: _Shape, last: _Shape) -> bool:
    """Could both marks of a line open: two paragraphs of one quotation, put into a line?"""
    return not first.before and last.left and not last.right and not _surely_closes(text, last.at)


def _is_sound(text: str, first: _Shape, last: _Shape, habits: _Habits) -> bool:
    """Is it a quotation: words, no inches, no two paragraphs of one that was never closed?"""
    if not habits.surely and _may_run_on(text, first, last):
        return False
    if (first.before.isdigit() and last.before.isdigit()) or first.before == "=":  # inches, a program
        return False
    return any(map(str.isalpha, text[first.at + 1 : last.at]))


def _alone(line: _Line) -> Iterator[tuple[_Shape, str]]:
    """Marks that stand apart, and the side they have."""
    for mark, reading in zip(line.marks, line.readings, strict=True):
        if mark.is_apart and reading.margin >= CLEAR / 2 and reading.side in ("opens", "closes") and mark.before != "=":
            yield mark, reading.side


_WHOLE_OPENING = re.compile(r'(?:^|[\s(\[—–-])["“](?=\w)')
_WHOLE_CLOSING = re.compile(r'[.,!?…]["”](?=[\s.,;:!?)]|$)')


_SEVERAL = 3


class _Customs(NamedTuple):
    """How many of the marks of a text that open, and of those that close, stand apart and how many as they should."""

    apart_opening: int
    whole_opening: int
    apart_closing: int
    whole_closing: int

    def opens(self) -> bool:
        """Do the marks that open stand apart as a rule?"""
        return self.apart_opening > 0 and self.whole_opening * 3 <= self.apart_opening

    def closes(self) -> bool:
        return self.apart_closing > 0 and self.whole_closing * 3 <= self.apart_closing

    def allow(self, text: str, opening: _Shape, closing: _Shape) -> bool:
        """May a quotation be mended: a plain one of which one mark is right, or one as all others in the text are?"""
        plain = text[opening.at] == text[closing.at] == '"'
        # a thin space between two marks is a style
        inner = (closing.before in _INNER and closing.is_apart) or (opening.after in _INNER and opening.is_apart)
        if inner and self.apart_closing + self.apart_opening < _SEVERAL:
            return False
        if plain and opening.is_apart != closing.is_apart and not inner:
            return True
        if not opening.is_apart and not closing.is_apart:  # one of them moves
            return plain or (text[opening.at], text[closing.at]) == ("“", "”")
        several = not opening.is_apart or self.apart_opening + self.apart_closing > 1
        return several and (not opening.is_apart or self.opens()) and (not closing.is_apart or self.closes())

    def allow_alone(self, side: str) -> bool:
        return self.apart_opening + self.apart_closing > 1 and (self.opens() if side == "opens" else self.closes())


def _customs(text: str, lone: Sequence[tuple[_Shape, str]]) -> _Customs:
    return _Customs(
        sum(side == "opens" for _, side in lone),
        len(_WHOLE_OPENING.findall(text)),
        sum(side == "closes" for _, side in lone),
        len(_WHOLE_CLOSING.findall(text)),
    )


def _opening(text: str, mark: _Shape) -> Iterator[Hit]:
    if mark.right and text.startswith(" ", mark.at + 1):
        if mark.left:
            if mark.at and text[mark.at - 1] not in _BEFORE_APART:
                return
            yield Hit(mark.at + 1, mark.at + 2, "", "opens a quotation")
        else:
            yield Hit(mark.at, mark.at + 2, " " + text[mark.at], "opens a quotation")


def _closing(text: str, mark: _Shape) -> Iterator[Hit]:
    if mark.left and text.startswith(" ", mark.at - 1):
        if mark.right:
            yield Hit(mark.at - 1, mark.at, "", "closes a quotation")
        else:
            yield Hit(mark.at - 1, mark.at + 1, text[mark.at] + " ", "closes a quotation")


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

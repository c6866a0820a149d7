"""The blanks that a damaged reference left around a quotation mark or an apostrophe, and which of them go.

Some programs put a blank for each "&", some translators one on each side of a reference; others put none. What a text
does with all its references tells most: a mark glued to the word before it proves that no blank was put there, and two
blanks in a row that one of them is the author's. Where neither tells, the marks of the line are read together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.records import Hit
from pipeline.rules.encoding.quotes.roles import DOUBLE, REACH, SINGLE, Mark
from pipeline.rules.encoding.quotes.sides import Reading, read
from pipeline.rules.encoding.references.readers import Reference

_QUOTES = frozenset(SINGLE + DOUBLE)
_TWO = "''"  # a double mark of two single ones
_MANY, _SPARSE = 200, 10  # a text of many references with fewer characters for each is no prose
MOST = 2000  # marks of a line that are read together; a line with more of them is no prose
_FEW = 5  # one in so many references may stand otherwise than all others
CLEAR = 0.5  # a side that is cheaper by less than this cannot be told


def hits(text: str, references: Sequence[Reference]) -> Iterator[Hit]:
    """What the references stand for, with the blanks around it as they should be; they come in order."""
    references = _paired(text, references)
    padding = _padding(text, references)
    found: list[Hit] = []
    prose = len(references) < _MANY or len(references) * _SPARSE < len(text)
    for start, end, line in _lines(text, references):
        found += _line_hits(text, start, end, line, padding, prose)
    yield from _apart(found)


def _paired(text: str, references: Sequence[Reference]) -> Sequence[Reference]:
    """Two apostrophes in a row are one double mark, as some papers type it, if the text has them so again."""
    paired: list[Reference] = []
    pairs = 0
    for reference in references:
        last = paired[-1] if paired else None
        if last and last.value == reference.value == "'" and not text[last.end : reference.start].strip(" "):
            paired[-1] = Reference(last.start, reference.end, _TWO)
            pairs += 1
        else:
            paired.append(reference)
    return paired if pairs > 1 else references


class _Padding(NamedTuple):
    """Whether the text has a blank more on each side of its references: None is not known."""

    left: bool | None
    right: bool | None


class _Blanks(NamedTuple):
    """How many blanks stand on each side of a reference, and whether the author wrote one there: None is not known."""

    before: int
    after: int
    left: bool | None
    right: bool | None


def _padding(text: str, references: Iterable[Reference]) -> _Padding:
    marks = [r for r in references if r.value in _QUOTES]
    glued_left = glued_right = doubled_left = doubled_right = between = 0
    for start, end, value in marks:
        before, after = text[max(0, start - 3) : start], text[end : end + 3]
        glued_left += before[-1:].isalnum() or before[-1:] in tuple(".,!?")
        glued_right += after[:1].isalnum()
        doubled_left += before[-2:] == "  "
        doubled_right += after[:2] == "  "
        if value in DOUBLE and before[-1:] == after[:1] == " ":  # one blank each, where no mark stands inside a word
            between += after[1:2].isalnum() and before[-2:-1] not in ("", " ", "\n", "(", "—", "-")
    if text.count("  ") >= 4 * (doubled_left + doubled_right):  # the author doubles blanks elsewhere, too
        doubled_left = doubled_right = 0
    glued_left, glued_right = (count if count * _FEW >= len(marks) else 0 for count in (glued_left, glued_right))
    if glued_left or glued_right:
        left = False if glued_left > doubled_left else True if doubled_left else None
        right = False if glued_right > doubled_right else True if doubled_right else None
        return _Padding(left, right)
    doubled = True if doubled_left + doubled_right > 2 * between else None
    return _Padding(doubled, doubled)


def _lines(text: str, references: Sequence[Reference]) -> Iterator[tuple[int, int, list[Reference]]]:
    """The lines that hold references, with them."""
    line: list[Reference] = []
    start = end = -1
    for reference in references:
        if reference.start >= end:
            if line:
                yield start, end, line
            line = []
            start = text.rfind("\n", max(0, end), reference.start) + 1 or max(0, end)
            end = text.find("\n", reference.end)
            end = len(text) if end < 0 else end
            end -= text.endswith("\r", reference.end, end)
        line.append(reference)
    if line:
        yield start, end, line


def _line_hits(text: str, start: int, end: int, line: list[Reference], padding: _Padding, prose: bool) -> list[Hit]:
    blanks = {r.start: _blanks(text, start, end, r, padding) for r in line if r.value in _QUOTES}
    unknown = any(b.left is None or b.right is None or (b.left and b.before == 1) for b in blanks.values())
    sides: dict[int, Reading] = {}
    if unknown and prose:
        sides = _read(text, start, end, line, blanks)
    return [
        _mark_hit(text, reference, blanks[reference.start], padding, sides.get(reference.start))
        if reference.value in _QUOTES
        else _sign_hit(text, reference)
        for reference in line
    ]


def _blanks(text: str, first: int, last: int, reference: Reference, padding: _Padding) -> _Blanks:
    start, end, _ = reference
    before = (
        0 if start == first or text[start - 1] != " " else 1 + text.startswith(" ", max(first, start - 2), start - 1)
    )
    if before == 2 and start - 2 < first:
        before = 1
    after = 0 if end == last or text[end] != " " else 1 + (end + 1 < last and text[end + 1] == " ")
    left = _authors(before, padding.left, edge=start - before == first)
    right = _authors(after, padding.right, edge=end + after == last)
    if after == 1 and reference.value in SINGLE and start > first and _GREEK.match(text, start - 1):
        right = True
    return _Blanks(before, after, left, right)


_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")  # elides before a blank: "τ’ άπλυτα"


def _authors(blanks: int, padded: bool | None, *, edge: bool) -> bool | None:
    """Did the author write a blank here? There is none at the edge of a line."""
    if not blanks:
        return False
    if edge and padded is not False:
        return False
    if blanks > 1 or padded is False:
        return True
    return None if padded is None else False


# --- A line of marks --------------------------------------------------------------------------------------------------

_PLAIN = re.compile(f"[{''.join(SINGLE + DOUBLE)}]")
_STRAIGHT = ("'", '"', _TWO)  # typographic marks have a side of their own
_IMPOSSIBLE = 8.0


def _read(text: str, first: int, last: int, line: list[Reference], blanks: dict[int, _Blanks]) -> dict[int, Reading]:
    """The sides of the references, read together with the plain marks between them."""
    done = first
    marks: list[Reference] = []
    for reference in [*line, Reference(last, last, "")]:
        marks += (
            Reference(*match.span(), match[0])
            for match in _PLAIN.finditer(text, done, reference.start)
            if not (text[match.start() - 1 : match.start()].isalnum() and text[match.end() : match.end() + 1].isalnum())
        )
        if reference.value in _QUOTES:
            marks.append(reference)
        done = reference.end
    if len(marks) > MOST:
        return {}
    signs = {reference.start: reference.value for reference in line}
    built = [_mark(text, first, last, marks, at, blanks.get(mark.start), signs) for at, mark in enumerate(marks)]
    following = text[last : last + 8].lstrip()[:1]
    readings = read(built, runs_on=following in _QUOTES | set("&＆"))
    return {mark.start: reading for mark, reading in zip(marks, readings, strict=True)}


def _mark(
    text: str,
    first: int,
    last: int,
    marks: list[Reference],
    at: int,
    blanks: _Blanks | None,
    signs: dict[int, str],
) -> Mark:
    start, end, value = marks[at]
    left, right = (marks[at - 1] if at else None), (marks[at + 1] if at + 1 < len(marks) else None)
    before = text[max(left.end if left else first, start - REACH) : start].rstrip(" ")
    if left and len(before) < REACH - 2:
        before = left.value + before.lstrip(" ")
    after = text[end : min(right.start if right else last, end + REACH)].lstrip(" ")
    if right and not after:
        after = right.value
    after = signs.get(end + (blanks.after if blanks else 0), after)
    if blanks is None:
        spaced: tuple[bool | None, bool | None] = (
            text[start - 1 : start].isspace() or start == first,
            text[end : end + 1].isspace() or end == last,
        )
    else:
        spaced = blanks.left, blanks.right
    near = _is_near(text, left, marks[at]), _is_near(text, marks[at], right)
    return Mark(value, before, after, _prices(value, before, after, *spaced), *near)


_CLAUSE = re.compile(r"[.,;:!?\n]")
_NEAR = 45  # characters of a few words


def _is_near(text: str, left: Reference | None, right: Reference | None) -> bool:
    """Are both single marks, or both double ones, with a few words of one clause between them?"""
    if left is None or right is None or (left.value in SINGLE) != (right.value in SINGLE):
        return False
    return 2 < right.start - left.end < _NEAR and not _CLAUSE.search(text, left.end, right.start)


def _prices(
    value: str, before: str, after: str, left: bool | None, right: bool | None
) -> tuple[float, float, float, float]:
    """What the blanks that the author wrote say against each side."""
    opens = closes = inside = 0.0
    if left is False and (before[-1:].isalnum() or before[-1:] in tuple(".,!?;:")):
        opens += _IMPOSSIBLE
    if right is False and after[:1].isalnum():
        closes += _IMPOSSIBLE
    if left:
        closes += 4.0 if before else 0.0
        inside += 3.0
    if right:
        opens += 4.0 if after else 0.0
        inside += 3.0
    return opens, closes, inside, 7.5 if value in _STRAIGHT else _IMPOSSIBLE


def _mark_hit(text: str, reference: Reference, blanks: _Blanks, padding: _Padding, reading: Reading | None) -> Hit:
    start, end, value = reference
    before, after, left, right = blanks
    detail = ""
    if reading and reading.side == "inside" and reading.margin >= CLEAR:
        left = right = False
    elif left is None or right is None:
        told = reading is not None and reading.margin >= CLEAR
        side = reading.side if reading and told else "apart"
        if side == "apart":
            detail = "opens or closes: cannot be told"
        if left is None:
            left = side == "opens" and not _joins_before(text, start - before)
            left = left or side == "apart"
        if right is None:
            right = side == "closes" and not _joins_after(text, end + after)
            right = right or side == "apart"
    return Hit(
        start - before + _kept(before, left, padding.left),
        end + after - _kept(after, right, padding.right),
        value,
        detail,
    )


def _kept(blanks: int, wanted: bool | None, padded: bool | None) -> int:
    """How many of the blanks stay: of two the author wrote one, unless none was put there."""
    return (min(blanks, 1) if padded is not False else blanks) if wanted else 0


def _joins_before(text: str, at: int) -> bool:
    """Does what stands before a quotation join it without a blank: a bracket, a dash without one before itself?"""
    before = text[max(0, at - 3) : at]
    if before.endswith("--"):
        return not before.startswith(" ")
    return before[-1:] in tuple("([{¡¿\xa0") or (before[-1:] in tuple("—–/") and before[-2:-1] != " ")


def _joins_after(text: str, at: int) -> bool:
    """Does what stands behind a quotation join it: a stop, a bracket, a dash without a blank behind itself?"""
    after = text[at : at + 3]
    if after.startswith(".."):
        return False
    if after[:1] in tuple("—–-/"):
        return not after[1:].lstrip("—–-").startswith(" ")
    return after[:1] in tuple(".,)]}…;:!?\xa0")


# --- Other signs ---------------------------------------------------------------------------------------------------


def _sign_hit(text: str, reference: Reference) -> Hit:
    """Where one scraper wrote a blank for each "&", it goes, but not the one before an amount or between words."""
    start, end, value = reference
    before, after = text[start - 1 : start] == " ", text[end : end + 1] == " "
    if text[start] in "&＆":
        if " " not in text[start:end]:
            return Hit(start, end, value)
        if value == "\xa0":
            return Hit(start - before, end + after, value)
        if value == "$" and text[end + 1 : end + 2].isdigit():
            return Hit(start, end + after, value)
        return Hit(start, end, value)
    if not before:
        return Hit(start, end, value)
    if text[start - 2 : start - 1] in tuple(" \n([“‘") or start == 1:
        return Hit(start - 1, end, value)
    apart = (value in "&<>" and after) or value == "$"
    return Hit(start if apart else start - 1, end, value)


def _apart(found: Iterable[Hit]) -> Iterator[Hit]:
    """Two neighbours may both claim the space between them: the first one has it."""
    done = 0
    for hit in found:
        yield hit if hit.start >= done else hit._replace(start=done)
        done = hit.end

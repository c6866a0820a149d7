"""Punctuation that a translator or a tokeniser moved, doubled or split off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.edits import disjoint
from pipeline.records import Count, Facts, Hit
from pipeline.text import lines

_DOUBLED = re.compile(
    r"\.(\.)(?<=[^\W_][^\W\d_]\.\.)(?=[\"'”’»)]{0,2}(?:[ \t]*$|[ \t]+[\"“«(]?[^\W\d_a-zß-öø-ÿ]))", re.MULTILINE
)
DOUBLED_TRIGGER = r"\pL\.\.(?:[\s\"'”’»)]|$)"


def find_doubled_full_stop(text: str, facts: Facts, *, most: Count = 2) -> Iterator[Hit]:
    """A sentence that ends in two full stops: one of them goes.

    `civil infrastructure..` comes from translators that add the stop which was there already. Spared: three dots and
    more, two dots inside a sentence (a pause), and a text with more than `most` of them, which has them as a habit.
    """
    found = [match for match in _DOUBLED.finditer(text) if _ends_sentence(text, match.start())]
    if text.count("..") - 2 * text.count("...") > most + len(found) or len(found) > most:
        return
    for match in found:
        yield Hit(match.start(1), match.end(1), "")


_STOP = re.compile(r"[.!?…\n]")


def _ends_sentence(text: str, stop: int) -> bool:
    """Does a whole sentence, four words or more, stand before the stop, or a whole paragraph? "Well.." is a pause."""
    before = text[max(0, stop - 200) : stop]
    if text[stop + 2 : stop + 3] in ("", "\n", "\r"):
        return len(before[before.rfind("\n") + 1 :].split()) > 2
    return len(_STOP.split(before)[-1].split()) > 3


# --- Quotation marks on the wrong side ---------------------------------------------------------------------------

_OPENS_AFTER = " \t\xa0([{—–-/“‘'…"
_CLOSES_BEFORE = " \t\xa0)]}.,;:!?…—–-/”’'"
# A mark apart from both its neighbours; one behind a comma that no other closes; two that close, one after the other.
_LETTER = r"[A-Za-z\x{80}-\x{10ffff}]"  # and what is no letter beyond ASCII: a simpler automaton
QUOTE_TRIGGER = (
    r"[.,!?A-Za-z\x{80}-\x{10ffff}] \"(?:\s|$)|(?:^|[\s(])\" [^\s]|, \"[^\s\"A-Z0-9][^\"\n]*(?:\n|$| \"[^\s])"
    rf"|{_LETTER}\" {_LETTER}[^\"\n]*[^\s\"]\"(?:[\s)\]}}.,;:!?\x{{2026}}\x{{2013}}\x{{2014}}/'-]|$)"
)


_CURLY = re.compile("[“”„]")


class _Mark(NamedTuple):
    """A straight quotation mark, and by its neighbours: "opening", "closing", "apart" from both, or "inside" a word."""

    at: int
    shape: str


_SHAPES = {(True, False): "opening", (False, True): "closing", (True, True): "apart", (False, False): "inside"}


def find_misplaced_quote(text: str, facts: Facts) -> Iterator[Hit]:
    """A quotation mark on the wrong side of a space: the space moves to the other side, or goes.

    `accidental. "` becomes `accidental."`, `warm clothes, "the charity said` becomes `warm clothes," the charity
    said`: the partner of the mark proves that it closes the quotation. Spared: marks whose neighbours are not as they
    should be, lines with typographic marks besides, inches, and quotations with a space on both sides, a style.
    """
    if text.count('"') < 2:
        return
    for span in lines(text):
        if text.count('"', span.start, span.end) > 1:
            hits = list(_misplaced(text, _marks(text, span.start, span.end)))
            if hits and not _CURLY.search(text, span.start, span.end):
                yield from hits


def _marks(text: str, start: int, end: int) -> list[_Mark]:
    found = []
    at = text.find('"', start, end)
    while at >= 0:
        opens = at == start or text[at - 1] in _OPENS_AFTER
        closes = at + 1 == end or text[at + 1] in _CLOSES_BEFORE
        found.append(_Mark(at, _SHAPES[opens, closes]))
        at = text.find('"', at + 1, end)
    return found


def _misplaced(text: str, marks: list[_Mark]) -> Iterator[Hit]:
    """Pairs of marks, of which one stands on the wrong side, between neighbours that are as they should be.

    A pair that is mended is as it should be for its neighbours: so a whole line of them is mended at once, from its end
    to its beginning, then the other way round.
    """
    marks = list(marks)
    found: list[Hit] = []
    indices = range(len(marks) - 1)
    mended_before = -1
    while mended_before < len(found):
        mended_before = len(found)
        for index in (*reversed(indices), *indices):
            before = marks[index - 1].shape if index else "closing"
            after = marks[index + 2].shape if index + 2 < len(marks) else "opening"
            hits = list(_pair(text, *marks[index : index + 2])) if (before, after) == ("closing", "opening") else []
            if hits:
                found += hits
                marks[index], marks[index + 1] = (
                    _Mark(marks[index].at, "opening"),
                    _Mark(marks[index + 1].at, "closing"),
                )
    yield from disjoint(found)


def _pair(text: str, first: _Mark, last: _Mark) -> Iterator[Hit]:
    shapes = (first.shape, last.shape)
    if shapes == ("opening", "apart"):
        if text[last.at - 1] == " " and (text[last.at - 2] in ".,!?…" or text[last.at - 2].isalpha()):
            yield Hit(last.at - 1, last.at, "", "closes a quotation")
    elif shapes == ("opening", "opening"):
        if text[last.at - 2 : last.at] == ", " and text[last.at + 1].islower():
            yield Hit(last.at - 1, last.at + 1, '" ', "closes a quotation")
    elif shapes == ("apart", "closing"):
        if text[first.at + 1] == " " and first.at + 2 < last.at and text[first.at + 2].isalpha():
            yield Hit(first.at + 1, first.at + 2, "", "opens a quotation")
    elif shapes == ("closing", "closing"):
        letters = text[first.at - 1].isalpha() and text[first.at + 2].isalpha()
        if letters and text[first.at + 1] == " ":
            yield Hit(first.at, first.at + 2, ' "', "opens a quotation")


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

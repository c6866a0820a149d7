"""Punctuation that a translator or a tokeniser moved, doubled or split off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

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
    """Does a whole sentence, four words or more, stand before the stop? "Well.." is a pause."""
    before = text[max(0, stop - 200) : stop]
    return len(_STOP.split(before)[-1].split()) > 3


# --- Quotation marks on the wrong side ---------------------------------------------------------------------------

_OPENS_AFTER = " \t\xa0([{—–-/“‘'…"
_CLOSES_BEFORE = " \t\xa0)]}.,;:!?…—–-/”’'"
# A mark apart from both its neighbours; one behind a comma that no other closes; two that close, one after the other.
QUOTE_TRIGGER = (
    r"[^\s] \"(?:\s|$)|(?:^|[\s(])\" [^\s]|, \"[^\s\"][^\"\n]*(?:\n|$| \"[^\s])"
    r"|[^\s\d]\" [^\s\"][^\"\n]*[^\s\"]\"(?:[\s)\]}.,;:!?\x{2026}\x{2013}\x{2014}/'-]|$)"
)


_CURLY = re.compile("[“”„]")


class _Mark(NamedTuple):
    """A straight quotation mark: does what stands around it make it open or close a quotation?"""

    at: int
    opens: bool
    closes: bool

    @property
    def shape(self) -> str:
        if self.opens and self.closes:
            return "apart"
        return "opening" if self.opens else "closing" if self.closes else "inside"


def find_misplaced_quote(text: str, facts: Facts) -> Iterator[Hit]:
    """A quotation mark on the wrong side of a space: the space moves to the other side, or goes.

    `accidental. "` becomes `accidental."`, `warm clothes, "the charity said` becomes `warm clothes," the charity
    said`: the partner of the mark proves that it closes the quotation. Spared: lines with an odd number of marks
    (a quotation that runs on) or with curly ones besides, inches, and quotations with a space on
    both sides, which are a style.
    """
    for span in lines(text):
        if text.count('"', span.start, span.end) % 2 == 0 and not _CURLY.search(text, span.start, span.end):
            yield from _misplaced(text, _marks(text, span.start, span.end))


def _marks(text: str, start: int, end: int) -> list[_Mark]:
    found = []
    at = text.find('"', start, end)
    while at >= 0:
        opens = at == start or text[at - 1] in _OPENS_AFTER
        closes = at + 1 == end or text[at + 1] in _CLOSES_BEFORE
        found.append(_Mark(at, opens, closes))
        at = text.find('"', at + 1, end)
    return found


def _misplaced(text: str, marks: list[_Mark]) -> Iterator[Hit]:
    for index in range(0, len(marks), 2):
        first, last = marks[index], marks[index + 1]
        following = marks[index + 2] if index + 2 < len(marks) else None
        if following and following.shape != "opening":
            return  # the marks do not pair up as they stand: nothing is proved from here on
        if first.shape == "opening" and last.shape == "apart" and text[last.at - 1] == " ":
            if text[last.at - 2] in ".,!?…" or text[last.at - 2].isalpha():
                yield Hit(last.at - 1, last.at, "", "closes a quotation")
        elif first.shape == "opening" and last.shape == "opening":
            if text[last.at - 2 : last.at] == ", " and text[last.at + 1].islower():
                yield Hit(last.at - 1, last.at + 1, '" ', "closes a quotation")
        elif first.shape == "apart" and last.shape == "closing" and text[first.at + 1] == " ":
            if first.at + 2 < last.at and text[first.at + 2].isalpha():
                yield Hit(first.at + 1, first.at + 2, "", "opens a quotation")
        elif (
            first.shape == "closing"
            and last.shape == "closing"
            and text[first.at + 1 : first.at + 2] == " "
            and text[first.at - 1].isalpha()
            and text[first.at + 2].isalpha()
        ):
            yield Hit(first.at, first.at + 2, ' "', "opens a quotation")
        elif first.shape != "opening" or last.shape != "closing":
            return


UNBALANCED_TRIGGER = r"(?:^|\n)[^\"\n]*[^\s\"0-9([{\x{2014}-]\"(?:[\s.,;:!?)]|$)"
_CLOSES_FIRST = re.compile(r"^[^\"\n]*[^\s\"0-9(\[{—-](\")(?=[\s.,;:!?)]|$)", re.MULTILINE)


def find_unbalanced_quote(text: str, facts: Facts) -> Iterator[Hit]:
    """A quotation mark that closes what was never opened: remarked, since nothing tells where the other one belongs.

    Spared: quotations that began in the line before, inches and minutes (`5' 10"`), typographic quotes.
    """
    for match in _CLOSES_FIRST.finditer(text):
        before = text.rfind('"', max(0, match.start() - 5000), match.start())
        runs_on = before >= 0 and _opens(text, before)
        if not runs_on and text.count('"', match.start(), _line_end(text, match.end())) % 2:
            yield Hit(*match.span(1), None, "closes what was never opened")


def _opens(text: str, at: int) -> bool:
    return (at == 0 or text[at - 1].isspace() or text[at - 1] in "([") and not text[at + 1 : at + 2].isspace()


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return end if end >= 0 else len(text)

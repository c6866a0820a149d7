"""Characters that a scraper lost: typographic quotes and apostrophes turned to "?" or dropped, U+FFFD."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.records import Count, Facts, Hit
from pipeline.rules.encoding.lost.elisions import LONGEST_URL, URL, is_english, loses_letters, lost_apostrophes
from pipeline.rules.encoding.urls import in_url

# "O?Brien", "l?homme" need a text with other losses.
_ELIDED = re.compile(r"(?<![^\W\d_])(?:O|D|[ldnjcmst]|qu|jusqu|dell|all|nell|sull)([?\ufffd])(?=[^\W\d_]{2})")
_BEFORE_LETTER = re.compile(r"[?\ufffd](?=[\w$@#'\[…])")
_LETTERS_LOST = re.compile(r"\ufffd{3}")
_MARK_LOST = re.compile(r"[.,!]\ufffd(?=\s|$)")
_MARKS = re.compile(r"[?\ufffd]+")

LOST_TRIGGER = r"(?:^|[\pL.\s(\[\x{2014}-])[?\x{fffd}]{1,2}[\pL\pN$@#]"


class _Lost(NamedTuple):
    """One "?" (or U+FFFD), the characters around it, and by them what it may have been: "open", "close", "dash".

    The role "" is a question mark's: it stands where neither quotation marks nor dashes do.
    """

    at: int
    role: str
    before: str
    after: str


def find_lost_quote(text: str, facts: Facts, *, evidence: Count = 2) -> Iterator[Hit]:
    """Typographic quotation marks and apostrophes that became `?`: they come back where the context proves them.

    `don?t` is `don’t`; `he said, ?Why not?? and left` is `he said, “Why not?” and left`: a question mark never stands
    before a word, so that it opened a quotation, and what closes it is told by the punctuation and by the next word.
    `evidence` such impossible question marks must stand in the text, and no typographic quote. `Donâ??t` lost two of
    the three bytes of a mark. Spared: real questions, addresses on the web, French spacing (`Pourquoi ?`), lone dashes
    (which one was it?).
    """
    if not _BEFORE_LETTER.search(text):
        return
    yield from _lost_bytes(text)
    apostrophes = lost_apostrophes(text)
    hits = dict.fromkeys(apostrophes, "’")
    if not any(map(text.__contains__, "“”„«")):
        quotes = _proved(text, evidence - len(apostrophes), bool(apostrophes))
        if quotes:
            hits = quotes | dict.fromkeys(lost_apostrophes(text, quotes_lost=True), "’")
    for at in sorted(hits):
        yield Hit(at, at + 1, hits[at])


# The first byte of a typographic mark in UTF-8, and two that were lost.
_TAILED = re.compile(r"(?<=[^\W\d_])â\?\?(?=(?:s|t|re|ve|ll|d|m)\b)")
_QUOTED = re.compile(r"(?<![^\s(\[—–-])(â\?\?)(?=\w)[^\nâ]{1,400}?[\w.,!?…)](?P<closing>â\?\?)(?!\w)")


def _lost_bytes(text: str) -> Iterator[Hit]:
    """Apostrophes, and quotations in a text that has such apostrophes, of which only the first byte is left."""
    if "â??" not in text:
        return
    tails = [match.span() for match in _TAILED.finditer(text)]
    quoted = list(_QUOTED.finditer(text)) if tails else []
    found = dict.fromkeys(tails, "’")
    found |= {match.span(1): "“" for match in quoted} | {match.span("closing"): "”" for match in quoted}
    for (start, end), mark in sorted(found.items()):
        yield Hit(start, end, mark)


def _proved(text: str, evidence: int, apostrophes: bool) -> dict[int, str]:
    """Quotation marks, and apostrophes without a tail, if there are enough proofs that any were lost."""
    marks = _lost_marks(text)
    opened = sum(mark.role == "open" and mark.before != "?" for mark in marks)
    if not opened:
        return {}
    found = _paired(text, marks)
    closed = sum(found.get(mark.at) in ("”", "’") and mark.role == "close" and _is_sure(text, mark) for mark in marks)
    if not (closed or apostrophes) or opened + closed < evidence:
        return {}
    return {match.start(1): "’" for match in _ELIDED.finditer(text)} | found


_BEFORE_WORD = " \n\t([{—–-/"
_AFTER_WORD = " \n\t)]}.,;:!—–-"
_MOST = 2  # marks in a row; more are meant: "What???"


def _lost_marks(text: str) -> list[_Lost]:
    """Each mark that may stand for a lost one, with the role that its neighbours leave it; in order.

    >>> [(mark.at, mark.role) for mark in _lost_marks("He said, ?Why not?? and left ? at last.")]
    [(9, 'open'), (17, 'close'), (18, 'close'), (29, 'dash')]
    """
    found: list[_Lost] = []
    letters_lost = _letters_lost(text)
    for match in _MARKS.finditer(text):
        start, end = match.span()
        before, after = text[start - 1 : start] if start else "\n", text[end : end + 1] or "\n"
        if end - start > _MOST or match[0][0] in letters_lost or match[0][-1] in letters_lost:
            continue
        if not before.isspace() and after.isalnum() and in_url(text, start, URL, LONGEST_URL):
            continue
        role = _role(before, after)
        if end - start == 1:
            found.append(_Lost(start, role, before, after))
        else:  # each is the other's neighbour
            found += [_Lost(start, role, before, "?"), _Lost(start + 1, role, "?", after)]
    return found


def _letters_lost(text: str) -> str:
    """Those of the two signs that stand for letters in this text: each of them may be one anywhere."""
    lost = ""
    if "\ufffd" in text:
        marks = _MARK_LOST.search(text) or lost_apostrophes(text)
        if not marks or _LETTERS_LOST.search(text) or loses_letters(text, "\ufffd"):
            lost += "\ufffd"
    if loses_letters(text, "?") and not is_english(text):
        lost += "?"
    return lost


def _role(before: str, after: str) -> str:
    """What a mark may have been by the characters on its two sides.

    >>> _role(" ", "W"), _role(" ", " "), _role("t", " "), _role("t", "a")
    ('open', 'dash', 'close', '')
    """
    if before in _BEFORE_WORD:
        return "open" if after.isalnum() or after in "$@#'[…" else "dash"
    if after in _AFTER_WORD or (after.isalpha() and before in ".,!"):
        return "close"
    return ""


def _paired(text: str, marks: list[_Lost]) -> dict[int, str]:
    """The quotation marks that can be told: position to character.

    >>> text = "he said, ?Why not?? and left"
    >>> _paired(text, _lost_marks(text))
    {9: '“', 18: '”'}
    """
    found: dict[int, str] = {}
    open_marks: list[str] = []  # what will close the quotations that are open: "”", and "’" inside one
    for index, mark in enumerate(marks):
        if mark.role == "open":
            if mark.before == "?" and open_marks:  # "??Lyin": one inside the other
                found[mark.at], open_marks = "‘", ["”", "’"]
            elif _YEARS.match(text, mark.at + 1):
                found[mark.at] = "’"
            elif open_marks == ["”"] and _is_nested(text, marks, index):
                found[mark.at], open_marks = "‘", ["”", "’"]
            else:
                found[mark.at], open_marks = "“", ["”"]
        elif mark.role == "close":
            if open_marks and mark.before == "s" and _is_lower(text, mark.at + 1) and _closes_later(marks, index):
                found[mark.at] = "’"  # "two of our embeds? tweets" inside a quotation that ends further on
            elif open_marks and _closes(text, marks, index):
                found[mark.at] = open_marks.pop()
            elif not open_marks and mark.before in ",." and text[mark.at - 2 : mark.at - 1].isalpha():
                found[mark.at] = "”"  # what opened the quotation was dropped, or stands paragraphs before
            elif not open_marks and mark.before == "s" and _is_lower(text, mark.at + 1):
                found[mark.at] = "’"
    return found


_YEARS = re.compile(r"(?:\d0s|em|til)\b")


def _is_lower(text: str, at: int) -> bool:
    """Does a word in small letters follow, after one space?"""
    return text[at : at + 1] == " " and text[at + 1 : at + 2].islower()


def _is_sure(text: str, mark: _Lost) -> bool:
    """A closing mark that is no question mark: other punctuation before it, or what no question has after it."""
    return mark.before in "?.,!…" or mark.after in ".,;:)" or _is_lower(text, mark.at + 1)


def _is_nested(text: str, marks: list[_Lost], index: int) -> bool:
    """Do two marks close before the next quotation opens? Then this one opened inside another."""
    closing: list[_Lost] = []
    for later in marks[index + 1 : index + 8]:
        if later.role == "open":
            break
        if later.role == "close" and (_is_sure(text, later) or not closing):
            closing.append(later)
    return len(closing) > 1 and closing[0].at - marks[index].at < 200


def _closes_later(marks: list[_Lost], index: int) -> bool:
    """Does a mark that nothing but a quotation can end in follow, before the next quotation opens?"""
    for later in marks[index + 1 :]:
        if later.role == "open":
            return False
        if later.role == "close" and later.before in ".,!…":
            return True
    return False


def _closes(text: str, marks: list[_Lost], index: int) -> bool:
    """Does this mark close the open quotation, or is it a question inside it?"""
    mark = marks[index]
    if mark.after == "?" and mark.before not in ",.!":  # "Donald??": the question first, then the quotation mark
        return False
    if _is_sure(text, mark):
        return True
    if text[mark.at + 1 : mark.at + 3] == " ?" and marks[index + 1].role == "open":  # a paragraph ends in a question
        return False
    for later in marks[index + 1 :]:  # a question if something surer closes before the next quotation opens
        if later.role == "open":
            return True
        if later.role == "close" and _is_sure(text, later):
            return False
    return True


REPLACEMENT_TRIGGER = r"\x{fffd}"


def find_replacement_character(text: str, facts: Facts) -> Iterator[Hit]:
    """A character that could not be decoded and stands as U+FFFD: remarked, since nothing tells what it was."""
    for match in re.finditer("\ufffd+", text) if "\ufffd" in text else ():
        yield Hit(*match.span(), None, f"{len(match[0])} lost")


LOST_LETTER_TRIGGER = r"\p{Ll}\?\p{Ll}"


def find_lost_letter(text: str, facts: Facts) -> Iterator[Hit]:
    """A question mark inside a word, where a letter was lost (`tr?s`): remarked, since nothing tells which it was.

    Spared: addresses on the web, and what `encoding/lost_quote` knows for apostrophes.
    """
    marks = (match.start() for match in re.finditer(r"\?", text))
    found = [at for at in marks if text[at - 1 : at].islower() and text[at + 1 : at + 2].islower()]
    urls = found and URL.search(text)
    for at in found:
        if not (urls and in_url(text, at, URL, LONGEST_URL)):
            yield Hit(at, at + 1, None, "a letter or a sign lost")


LOST_DASH_TRIGGER = r"\pL \? \p{Ll}"


def find_lost_dash(text: str, facts: Facts) -> Iterator[Hit]:
    """A question mark alone inside a sentence, where a dash was lost: remarked, since it may have been any dash.

    Spared: texts that put a space before every question mark, as French does.
    """
    if " ? " in text and re.search(r"[^\W\d_]\?(?:\s|$)", text):
        for match in re.finditer(r"(?<=[^\W\d_] )\?(?= [^\W\d_])", text):
            if text[match.end() + 1].islower():
                yield Hit(*match.span(), None, "a dash or three dots")

"""Letters as langdetect's profiles see them: codes for the code points of many texts.

Many code points count as one: anything but letters in ASCII is a space, all Hangul syllables are one letter, all
hiragana another. What langdetect does to one character after another is done here to many texts at once.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SPACE, UNKNOWN = 0, 1  # codes; from 2 on come the letters of the profiles
UPPER = 1 << 15  # set in a code: an upper-case letter
ABSENT = 4095  # no letter has this code: it stands in for the first letter of a bigram
POINTS = 0x20000  # upper-case letters and letters of profiles all lie below

_LINK = re.compile(r"https?://[-_.?&~;+=/#0-9A-Za-z]{1,2076}")
_MAIL_LETTERS = "-_.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MAIL = re.compile(r"[-_.0-9A-Za-z]{1,64}@[-_0-9A-Za-z]{1,255}[-_.0-9A-Za-z]{1,255}")

# Inclusive ranges whose letters all count as one: Unicode blocks, or the part of them that langdetect folds.
_FOLDED = (
    (0x0000, 0x0040, " "),
    (0x005B, 0x0060, " "),
    (0x007B, 0x007F, " "),
    (0x1EA0, 0x1EFF, "ể"),
    (0x2000, 0x206F, " "),
    (0x3040, 0x309F, "あ"),
    (0x30A0, 0x30FF, "ア"),
    (0x3100, 0x312F, "ㄅ"),
    (0x31A0, 0x31BF, "ㄅ"),
    (0xAC00, 0xD7AF, "가"),
)
_SINGLE = {"\u0219": "\u015f", "\u021b": "\u0163", "\u06cc": "\u064a"}  # Romanian commas, Farsi yeh


@cache
def properties(package: Path) -> dict[str, str]:
    """langdetect's own tables of characters, by name."""
    text = (package / "utils" / "messages.properties").read_text(encoding="ascii")
    pairs = (line.strip().partition("=") for line in text.split("\n"))
    return {name: codecs.decode(value, "unicode_escape") for name, _, value in pairs}


def normalized(package: Path) -> NDArray[np.uint32]:
    """For each code point below `POINTS` the one that stands for it in the profiles."""
    table = np.arange(POINTS, dtype=np.uint32)
    for first, last, letter in _FOLDED:
        table[first : last + 1] = ord(letter)
    for name, letters in properties(package).items():
        if name.startswith("NGram.KANJI_"):
            table[[ord(letter) for letter in letters]] = ord(letters[0])
        elif name == "NGram.LATIN1_EXCLUDE":
            table[[ord(letter) for letter in letters]] = ord(" ")
    for letter, stands_for in _SINGLE.items():
        table[ord(letter)] = ord(stands_for)
    return table


class Alphabet(NamedTuple):
    """What every code point counts as. The tables are small: 256 kB for the codes."""

    letters: NDArray[np.uint32]  # code to code point
    codes: NDArray[np.uint16]  # code point to code, with `UPPER`
    composed: dict[int, dict[int, int]]  # combining mark to letter to the letter with that mark, for Vietnamese


def alphabet(package: Path, letters: NDArray[np.uint32]) -> Alphabet:
    """`letters` are the code points that occur in the profiles, in order of their codes: the first two are not used."""
    standing_for = normalized(package)
    plain = np.full(POINTS, UNKNOWN, np.uint16)
    plain[letters[2:]] = np.arange(2, len(letters), dtype=np.uint16)
    plain[ord(" ")] = SPACE
    upper = np.fromiter((chr(point).isupper() for point in range(POINTS)), bool, POINTS)
    codes = plain[standing_for] | np.where(upper[standing_for], UPPER, 0).astype(np.uint16)
    names = properties(package)
    bases = [ord(letter) for letter in names["TO_NORMALIZE_VI_CHARS"]]
    composed = {
        ord(mark): dict(zip(bases, map(ord, names[f"NORMALIZED_VI_CHARS_{ord(mark):04X}"]), strict=True))
        for mark in names["DMARK_CLASS"]
    }
    return Alphabet(letters, codes, composed)


class Stream(NamedTuple):
    """Texts as one run of code points, cut into segments: the lines that hold anything.

    Segment `i` is `points[start[i] : stop[i]]` and what the line ending after it adds; it belongs to the text
    `owner[i]`, in which it begins at `offset[i]` and is `size[i]` code points long. `last` are the ends of texts.
    """

    points: NDArray[np.uint32]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    owner: NDArray[np.int64]
    offset: NDArray[np.int64]
    size: NDArray[np.int64]
    last: NDArray[np.bool_]


def stream(texts: Sequence[str], letters: Alphabet, *, by_line: bool = True) -> Stream:
    """The texts as one run, without links, tags, mail addresses, and without Latin letters in lines of another script.

    Texts in capitals count as if they were in small letters: the profiles were made of words without them.

    `by_line=False` makes each text one segment, as langdetect reads it.
    """
    joined = _blank_mail(_blank_links("\n" + "\n".join(map(_blank_tags, texts)) + "\n"))
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    shouted = [at for at, text in enumerate(texts) if is_shouted(text)]
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    if shouted:
        points = points.copy()
        for at in shouted:
            own = points[ends[at] - len(texts[at]) : ends[at]]
            own[own < POINTS] = _small_letters()[own[own < POINTS]]
    breaks = np.flatnonzero(points == ord("\n")) if by_line else np.concatenate([np.zeros(1, np.int64), ends])
    start, stop = breaks[:-1] + 1, breaks[1:]
    filled = np.flatnonzero(stop > start)
    start, stop = start[filled], stop[filled]
    owner = np.searchsorted(ends, start)
    offset = start - np.concatenate([np.ones(1, np.int64), ends + 1])[owner]
    size = stop - start
    points, keep = _clean(points, start, stop, letters)
    if keep is not None:
        moved: NDArray[np.int64] = np.cumsum(keep) - keep
        points = points[keep]
        start, stop, ends = moved[start], moved[stop], moved[ends]
    last = np.zeros(len(points), bool)
    last[ends] = True
    return Stream(points, start, stop, owner, offset, size, last)


_BEGINNING = 50  # characters that show whether a text is in capitals
_ONE_IN = 60  # characters: "iPHONE"
_SHOUTED = 0.8  # of its letters; an article may begin with a name or a headline in capitals


def is_shouted(text: str) -> bool:
    """Whether a text is written in capitals.

    >>> is_shouted("PRESIDENT SAYS McBRIDE WILL STAY"), is_shouted("NATO and the EU met."), is_shouted("東京")
    (True, False, False)
    """
    if not _are_capitals(text[:_BEGINNING]):
        return False
    return len(text) <= _BEGINNING or _are_capitals(text)


def _are_capitals(text: str) -> bool:
    capitals, small = sum(map(str.isupper, text)), sum(map(str.islower, text))
    if not capitals or capitals < _SHOUTED * (capitals + small):
        return False
    # "рТЕЪЙДЕОФ" is no shouting but a wrong charset, which must not pass for a language
    turned = sum(word[0].islower() and word[1:2].isupper() for word in text.split()) if small else 0
    return turned * _ONE_IN <= len(text)


@cache
def _small_letters() -> NDArray[np.uint32]:
    """Code point to its small letter, where that is one."""
    table = np.arange(POINTS, dtype=np.uint32)
    for point in range(POINTS):
        small = chr(point).lower()
        table[point] = ord(small) if len(small) == 1 else ord(small[0])
    return table


def _clean(
    points: NDArray[np.uint32], start: NDArray[np.int64], stop: NDArray[np.int64], letters: Alphabet
) -> tuple[NDArray[np.uint32], NDArray[np.bool_] | None]:
    """The code points with Vietnamese marks composed, and which of them to keep (None: all)."""
    high = np.flatnonzero(points >= 0x300)
    if not len(high):
        return points, None
    keep = np.ones(len(points), bool)
    marks = high[np.isin(points[high], list(letters.composed))]
    if len(marks):
        points = points.copy()
        for mark in marks.tolist():
            letter = letters.composed[int(points[mark])].get(int(points[mark - 1]))
            if letter is not None:
                points[mark - 1], keep[mark] = letter, False
        high = np.flatnonzero((points >= 0x300) & keep)
    others = np.searchsorted(high, stop) - np.searchsorted(high, start)
    latin = ((points - np.uint32(ord("A"))) <= ord("z") - ord("A")) & keep
    before = np.cumsum(latin, dtype=np.int32)  # start[0] is at least 1
    for line in np.flatnonzero(2 * (before[stop - 1] - before[start - 1]) < others).tolist():
        keep[start[line] : stop[line]] &= ~latin[start[line] : stop[line]]
    return points, None if keep.all() else keep


_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,500}>")


def _blank_tags(text: str) -> str:
    """Tags become spaces, as many as they have letters, where any is closed."""
    return _TAG.sub(lambda tag: " " * len(tag[0]), text) if "</" in text else text


def _blank_links(text: str) -> str:
    """Links become spaces, as many as they have letters; looked for around each "://" alone."""
    pieces, done = [], 0
    at = text.find("://")
    while at >= 0:
        first = at - 5 if text.startswith("https", max(at - 5, 0)) else at - 4
        link = _LINK.match(text, first) if first >= done else None
        if link:
            pieces += [text[done:first], " " * len(link[0])]
            done = link.end()
        at = text.find("://", max(done, at + 1))
    return "".join(pieces) + text[done:] if pieces else text


def _blank_mail(text: str) -> str:
    """Mail addresses become spaces; looked for around each "@" alone, since the pattern is slow on plain words."""
    pieces, done = [], 0
    at = text.find("@")
    while at >= 0:
        before = text[max(done, at - 64) : at]
        first = at - (len(before) - len(before.rstrip(_MAIL_LETTERS)))
        address = _MAIL.match(text, first)
        if address:
            pieces += [text[done:first], " " * len(address[0])]
            done = address.end()
        at = text.find("@", max(done, at + 1))
    return "".join(pieces) + text[done:] if pieces else text

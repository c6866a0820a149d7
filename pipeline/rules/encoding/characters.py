"""Characters that do not belong in a text: invisible ones, odd spaces, parts that should be one letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from pipeline.records import Facts, Hit
from pipeline.text import lines

CONTROL_TRIGGER = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{80}-\x{9f}\x{fff9}-\x{fffc}\x{fffe}\x{ffff}]"
_ANY_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufff9-\ufffc\ufffe\uffff]")
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x12\x15-\x17\x1b\x1e\x1f\x7f\ufff9-\ufffc\ufffe\uffff]+"
    "|[\x13\x14\x18-\x1a\x1c\x1d\x80-\x9f]"
)


def find_control_character(text: str, facts: Facts) -> Iterator[Hit]:
    """Control characters and the marks of objects that are not there: they go.

    Form feeds and vertical tabs become a line end if none is beside them, 0x1E a hyphen (a word processor's
    non-breaking one). Tabs and line ends stay. 0x1A stands for a character that was lost, and what is left of
    0x80-0x9F after `encoding/mojibake` has read it as Windows-1252 means nothing: both are remarked. 0x13, 0x14 and
    0x18-0x1D are what is left of U+2013 and the like where a program kept one byte of two: dashes and quotation marks
    come back where they can stand.
    """
    for match in _CONTROL.finditer(text) if _ANY_CONTROL.search(text) else ():
        start, end = match.span()
        around = text[start - 1 : start] + text[end : end + 1]
        if match[0] in "\x1a" or (match[0] >= "\x80" and match[0] <= "\x9f"):
            yield Hit(start, end, None, f"U+{ord(match[0]):04X}")
        elif match[0] in _HALVES and _fits(_HALVES[match[0]], text[start - 1 : start], text[end : end + 1]):
            yield Hit(start, end, _HALVES[match[0]])
        elif match[0][0] in "\x0b\x0c" and around and "\n" not in around:
            yield Hit(start, end, "\n")
        elif match[0] == "\x1e" and around.isalpha() and len(around) == 2:
            yield Hit(start, end, "-")
        else:
            yield Hit(start, end, "")


_HALVES = {"\x13": "–", "\x14": "—", "\x18": "‘", "\x19": "’", "\x1c": "“", "\x1d": "”"}


def _fits(mark: str, before: str, after: str) -> bool:
    """Can the mark stand between the two characters: an opening one before a word, a closing one behind it?"""
    if mark in "–—":
        return before == after == " "
    if mark in "‘“":
        return (not before or before.isspace() or before in "(—–“") and after.isalnum()
    inside = mark == "’" and before.isalpha() and after.isalpha()
    behind = bool(before) and not before.isspace() and (not after or after.isspace() or after in ".,;:!?)")
    return inside or behind


# --- Invisible characters -------------------------------------------------------------------------------------------

ZERO_WIDTH_TRIGGER = r"[\x{200b}-\x{200d}\x{2060}-\x{2064}\x{feff}\x{206a}-\x{206f}\x{e0020}-\x{e007f}\x{180e}]"
_WITHOUT_WIDTH = tuple(
    "\u200b\u200c\u200d\ufeff\u2060\u2061\u2062\u2063\u2064\u180e\u206a\u206b\u206c\u206d\u206e\u206f"
)
_WITHOUT_WIDTH += tuple(map(chr, range(0xE0020, 0xE0080)))
_ZERO_WIDTH = re.compile("[\u200b-\u200d\u2060-\u2064\ufeff\u206a-\u206f\U000e0020-\U000e007f\u180e]+")
# Scripts written without spaces, where U+200B says that a line may be broken: Thai, Lao, Tibetan, Myanmar, Khmer,
# and the scripts of Java and Bali.
_NO_SPACES = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\u1b00-\u1b7f\ua980-\ua9df]")
# Scripts in which U+200C and U+200D shape letters: Arabic (Persian, Urdu), Syriac, N'Ko, the Indic ones, Mongolian.
_JOINING = re.compile(
    "[\u0600-\u07ff\u0840-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc]"
)


def find_zero_width(text: str, facts: Facts) -> Iterator[Hit]:
    """Characters without width, byte order marks among them, where they do nothing: they go.

    Spared: joiners and non-joiners in Arabic (Persian), Syriac, Indic and Mongolian writing, joiners and tags in
    emoji, and the break marks of scripts without spaces (Thai, Khmer, Lao, Myanmar, Tibetan).
    """
    if text.isascii() or not any(map(text.__contains__, _WITHOUT_WIDTH)):
        return
    for match in _ZERO_WIDTH.finditer(text):
        start, end = match.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        if _is_at_work(match[0][0], before, after if len(match[0]) == 1 else match[0][1]):
            start += 1
            if start == end:
                continue
        if match[0][-1] == "\U000e007f" and before == "\U0001f3f4":  # the flag of a region
            continue
        yield Hit(start, end, "", ", ".join(f"U+{ord(char):04X}" for char in sorted(set(text[start:end]))))


def _is_at_work(char: str, before: str, after: str) -> bool:
    if char == "\u200b":
        return bool(_NO_SPACES.match(before) or _NO_SPACES.match(after))
    if char == "\u200c":
        return bool(_JOINING.match(before))
    if char == "\u200d":
        emoji = (
            before and (unicodedata.category(before) in ("So", "Sk") or before in "\ufe0f\u20e3") and after > "\u2000"
        )
        return bool(emoji or _JOINING.match(before) or _JOINING.match(after))
    return char == "\u180e" and "\u1820" <= after <= "\u18aa"


SOFT_HYPHEN_TRIGGER = r"\x{ad}"


# With the line end behind it, and then the one before it; a soft hyphen that begins a line stands for a dash.
_SOFT_HYPHEN = re.compile("(?:\r?\n)?\u00ad+\r?\n|\u00ad+")


def find_soft_hyphen(text: str, facts: Facts) -> Iterator[Hit]:
    """Soft hyphens, which only said where a line may be broken: they go, with the line ends that stand beside one."""
    if "\u00ad" not in text:
        return
    for match in _SOFT_HYPHEN.finditer(text):
        start, end = match.span()
        if text[start - 1 : start].isalpha() and text[end : end + 1].islower():
            yield Hit(start, end, "")
        else:
            yield from (Hit(at, at + 1, "") for at in range(start, end) if text[at] == "\u00ad")


BIDI_TRIGGER = r"[\x{200e}\x{200f}\x{061c}\x{202a}-\x{202e}\x{2066}-\x{2069}]"
_DIRECTIONS = tuple("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BIDI = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]+")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")


def find_bidi_mark(text: str, facts: Facts) -> Iterator[Hit]:
    """Marks of writing direction in a line without any letter written from right to left: they go.

    Spared: lines with Arabic, Hebrew and the like, whose order depends on them.
    """
    if text.isascii():
        return
    if not any(map(text.__contains__, _DIRECTIONS)):
        return
    for span in lines(text):
        found = list(_BIDI.finditer(text, span.start, span.end))
        if found and not _RIGHT_TO_LEFT.search(text, span.start, span.end):
            for match in found:
                yield Hit(*match.span(), "")


PRIVATE_USE_TRIGGER = r"[\x{e000}-\x{f8ff}\x{f0000}-\x{10fffd}]"
# Bullets of the fonts Symbol and Wingdings, as word processors paste them.
_SYMBOLS = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0fc": "✓", "\uf02d": "-", "\uf020": " "}
_HIGH = re.compile("[\ue000-\U0010fffd]")
_PRIVATE_USE = re.compile(
    "[\uf0b7\uf0a7\uf0d8\uf0fc\uf02d\uf020]"
    "|[\ue000-\uf01f\uf021-\uf02c\uf02e-\uf0a6\uf0a8-\uf0b6\uf0b8-\uf0d7\uf0d9-\uf0fb\uf0fd-\uf8ff\U000f0000-\U0010fffd]+"
)


def find_private_use(text: str, facts: Facts) -> Iterator[Hit]:
    """Characters that mean something in one font alone: bullets of Symbol and Wingdings become bullets.

    All others are remarked.
    """
    if text.isascii() or not _HIGH.search(text):
        return
    for match in _PRIVATE_USE.finditer(text):
        yield Hit(*match.span(), _SYMBOLS.get(match[0]), f"U+{ord(match[0][0]):04X}")


# --- Spaces and line ends ---------------------------------------------------------------------------------------------

_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fff\u3001-\u30ff\u3105-\u318f\u31a0-\u9fff\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_ODD_SPACES = tuple("\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u205f\u3000")
ODD_SPACE_TRIGGER = r"[\x{1680}\x{2000}-\x{2008}\x{205f}\x{3000}]"


def find_odd_space(text: str, facts: Facts) -> Iterator[Hit]:
    """Spaces of a width of their own, U+2003 and the like, between words: they become plain spaces.

    Spared: no-break and thin spaces (French, numbers and units need them), figure spaces in numbers, the
    ideographic space in a line of Chinese, Japanese or Korean.
    """
    if text.isascii() or not any(map(text.__contains__, _ODD_SPACES)):
        return
    for match in re.finditer("[\u1680\u2000-\u2008\u205f\u3000]+", text):
        start, end = match.span()
        if match[0][0] == "\u2007" and text[start - 1 : start].isdigit():
            continue
        if "\u3000" in match[0] and _CJK.search(_line_at(text, start, end)):
            continue
        yield Hit(start, end, " " * len(match[0]))


def _line_at(text: str, start: int, end: int) -> str:
    """The line around a span, at most 200 characters to each side."""
    first = max(text.rfind("\n", max(0, start - 200), start) + 1, start - 200, 0)
    last = text.find("\n", end, end + 200)
    return text[first : last if last >= 0 else end + 200]


LINE_SEPARATOR_TRIGGER = r"[\x{2028}\x{2029}]|\r(?:[^\n]|$)"


def find_line_separator(text: str, facts: Facts) -> Iterator[Hit]:
    r"""Line ends that no tool agrees on, U+2028, U+2029 and a lone carriage return: they become `\n`.

    Next to a line end they go. `\r\n` stays as it is.
    """
    lone = text.count("\r") != text.count("\r\n")
    if not lone and "\u2028" not in text and "\u2029" not in text:
        return
    for match in re.finditer("[\u2028\u2029]|\r(?!\n)", text):
        start, end = match.span()
        beside = text[start - 1 : start] == "\n" or text[end : end + 1] == "\n" or text[end : end + 2] == "\r\n"
        inside = match[0] == "\u2028" and text[start - 1 : start] in (" ", "-") and text[end : end + 1].islower()
        yield Hit(start, end, "" if beside or inside else "\n")


# --- One letter in several parts --------------------------------------------------------------------------------------

# Marks that join the letter before them, and characters whose canonical form is another one.
DECOMPOSED_TRIGGER = (
    r"[\pM\x{0340}\x{0341}\x{0374}\x{037e}\x{0387}\x{0958}-\x{095f}\x{09dc}-\x{09df}\x{0a33}-\x{0a5e}\x{0b5c}\x{0b5d}"
    r"\x{0f43}-\x{0fb9}\x{1100}-\x{11ff}\x{1f71}-\x{1fff}\x{2126}\x{212a}\x{212b}\x{2329}\x{232a}\x{2adc}"
    r"\x{fb1d}-\x{fb4e}\x{1d15e}-\x{1d1c0}\x{11000}-\x{11fff}\x{16000}-\x{16fff}]"
)
_COMPATIBILITY = re.compile("[\uf900-\ufaff\U0002f800-\U0002fa1f]+")


def find_decomposed(text: str, facts: Facts) -> Iterator[Hit]:
    """Letters written as a base and a combining mark, or by a second code: they become the one character (NFC).

    Spared: CJK compatibility ideographs, whose shape would change.
    """
    if text.isascii():
        return
    if unicodedata.is_normalized("NFC", text):
        return
    for match in re.finditer(r"\S+", text):
        if not match[0].isascii() and not unicodedata.is_normalized("NFC", match[0]):
            done = match.start()
            for kept in [*_COMPATIBILITY.finditer(text, *match.span()), None]:
                until = kept.start() if kept else match.end()
                yield from _composed(text, done, until)
                done = kept.end() if kept else until


def _composed(text: str, start: int, end: int) -> Iterator[Hit]:
    """One hit for what differs from its canonical form between two positions."""
    part = text[start:end]
    after = unicodedata.normalize("NFC", part)
    if part == after:
        return
    head = 0
    while head < min(len(part), len(after)) and part[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(part), len(after)) - head and part[-1 - tail] == after[-1 - tail]:
        tail += 1
    yield Hit(start + head, end - tail, after[head : len(after) - tail])


FULL_WIDTH_TRIGGER = r"[\x{ff01}-\x{ff5e}]"
_FULL_WIDTH = re.compile("[\uff01-\uff5e]+")


def find_full_width(text: str, facts: Facts) -> Iterator[Hit]:
    """Full-width letters, digits and signs in a line without any Chinese, Japanese or Korean: they become plain ones.

    Spared: lines with such writing, lines without a letter (kaomoji), and a mark that is alone in its line.
    """
    if text.isascii():
        return
    if not _FULL_WIDTH.search(text):
        return
    for span in lines(text):
        found = list(_FULL_WIDTH.finditer(text, span.start, span.end))
        if not found or (len(found) == 1 and len(found[0][0]) == 1 and not found[0][0].isalnum()):
            continue
        if _CJK.search(text, span.start, span.end):
            continue
        if not re.search("[A-Za-zＡ-Ｚａ-ｚ０-９\u00c0-\u04ff]", text[span.start : span.end]):
            continue
        for match in found:
            yield Hit(*match.span(), "".join(chr(ord(char) - 0xFEE0) for char in match[0]))

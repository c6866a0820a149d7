r"""Escapes of programming languages and of JSON left in the text: `\u2019`, `\xc3\xa9`, `\'`, `\n`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from pipeline.edits import disjoint
from pipeline.records import Count, Facts, Hit
from pipeline.rules.encoding.subject import is_spoken_of

CHARACTER_TRIGGER = r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|['\"/$&]|r?\\?n|t)"

_HEX = "[0-9A-Fa-f]"
_CODE_POINT = re.compile(
    rf"(?<!\\)(\\{{1,4}})(?:u(?:([dD][89abAB]{_HEX}{{2}})\\{{1,4}}u([dD][c-fC-F]{_HEX}{{2}})|({_HEX}{{4}}))|U({_HEX}{{8}}))"
)
# Bytes one by one: as Python writes them, and as JSON does where each byte was taken for a character.
_BYTES = re.compile(rf"(?<!\\)(?:(?:\\{{1,2}}x{_HEX}{{2}})+|(?:\\{{1,2}}u00{_HEX}{{2}})+)")
_BYTE = re.compile(rf"\\(?:x|u00)({_HEX}{{2}})")
_QUOTE = re.compile(r"(?<!\\)\\{1,3}([\"'])")
_SLASH = re.compile(r"(?<=[\w:>.])\\/(?:\\/)?(?=[\w<])|(?<=<)\\/(?=\w)")
_DOLLAR = re.compile(r"(?<=[\s(A-Z])\\([$&])(?=[A-Z]{0,3}\d|\s)")
_NEW_LINE = re.compile(r"(?:(?:\\r)?\\n)+(?=\s|[A-Z\"“‘'«\u0080-\uffff0-9•*-]|$)|(?:(?:\\r)?\\n){2,}")
# A regular expression, a path of Windows, TeX: backslashes that the author wrote.
_MEANT = re.compile(
    r"\\(?:[dwsbDWSB][+*?{\]]|[\[\]().*+?^|{}])|\b[A-Za-z]:\\|^\\\\\w|\\(?:begin|frac|alpha|textbf|emph|cite)\b"
    rf"|\[\^?\\[xu]{_HEX}|\\[xu]{_HEX}+-\\[xu]",
    re.MULTILINE,
)


def find_escaped_character(text: str, facts: Facts) -> Iterator[Hit]:
    r"""Characters left in their escaped form: they become the character, `\n` a line end.

    `don\u2019t`, `\ud83d\ude00`, `\U0001F606`, `caf\xe9`, `it\'s`, `\"yes\"`, `http:\/\/`, `\$75`; bytes of UTF-8, each
    for itself, `caf\xc3\xa9` and `caf\u00c3\u00a9`. Spared: paths, regular expressions and TeX (one of them in the text
    spares all its escapes but `\u2019`), `\n` before a small letter, and texts about escapes.
    """
    if "\\" not in text:
        return
    meant = _MEANT.search(text)
    hits = {hit.start: hit for hit in _code_points(text, bool(meant))}
    if not meant:
        json = bool(hits)
        for match in _QUOTE.finditer(text):
            if not _is_accent(text, match):
                hits[match.start()] = Hit(*match.span(), match[1])
        for match in _SLASH.finditer(text):
            hits[match.start()] = Hit(*match.span(), match[0].replace("\\", ""))
        for match in _DOLLAR.finditer(text):
            hits[match.start()] = Hit(*match.span(), match[1])
        for match in _NEW_LINE.finditer(text):
            after_end = text[match.start() - 1 : match.start()] in tuple(".!?\"”’':;)\n \u3002")
            if (json or after_end) and not is_spoken_of(text, *match.span()):
                hits[match.start()] = Hit(*match.span(), "\n" * match[0].count("n"))
    yield from disjoint(hits.values())


def _code_points(text: str, meant: bool) -> Iterator[Hit]:
    found = {}
    for match in _CODE_POINT.finditer(text):
        hit = _code_point(text, match)
        if hit:
            found[hit.start] = hit
    for match in _BYTES.finditer(text):
        again = _of_bytes(text, match, meant)
        if again is not None:
            found = {at: hit for at, hit in found.items() if not match.start() <= at < match.end()}
            found[match.start()] = Hit(*match.span(), again)
    for hit in found.values():
        if not is_spoken_of(text, hit.start, hit.end):
            yield hit


def _code_point(text: str, match: re.Match[str]) -> Hit | None:
    if re.search(r"[A-Za-z]:\\\S*$", text[max(0, match.start() - 80) : match.start()]):  # C:\users\u2019
        return None
    if match[2]:
        high, low = int(match[2], 16), int(match[3], 16)
        return Hit(*match.span(), chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)))
    number = int(match[4] or match[5], 16)
    if 0x80 <= number < 0xA0:
        number = ord(bytes([number]).decode("cp1252", "replace"))
    if number < 0x20 or number == 0x7F or 0xD800 <= number < 0xE000 or 0xFFF0 <= number < 0x10000 or number > 0x10FFFF:
        return None
    return Hit(*match.span(), chr(number))


# What bytes of Windows-1252 stand for in prose; others are a program's.
_IN_PROSE = re.compile(r"[^\W\d_]|['\"\u00a0&‘-„–—…•€£§©®°«»¿¡½¼]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _of_bytes(text: str, match: re.Match[str], meant: bool) -> str | None:
    """What the escaped bytes are as UTF-8, or as Windows-1252 beside a letter; None if they are neither."""
    content = bytes(int(number, 16) for number in _BYTE.findall(match[0]))
    single = "x" in match[0]
    if single and meant:
        return None
    if not content.isascii():
        try:
            again = content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return None if _CONTROL.search(again) else again
    beside_letter = text[match.start() - 1 : match.start()].isalpha() or text[match.end() : match.end() + 1].isalpha()
    if not single or not beside_letter:
        return None
    again = content.decode("cp1252", "replace")
    return again if all(map(_IN_PROSE.match, again)) else None


def _is_accent(text: str, match: re.Match[str]) -> bool:
    r"""TeX: `caf\'e`, `na\"ive`; an apostrophe has its tail (`it\'s`) or a space beside it."""
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    tail = re.match(r"(?:s|t|re|ve|ll|d|m|n)\b", text[match.end() : match.end() + 3])
    return before.isalpha() and after.isalpha() and after in "aeiouycnszAEIOUYCNSZ" and not tail


LINE_BREAK_TRIGGER = r"\\[\pL\pN\"'$(]"
_BREAK = re.compile(r"(?<=[\w,.;:)\"'])\\(?=[^\W_]|[\"'$(])")
_SHORTEST, _LONGEST = 40, 85  # characters between two line ends of a text that was set in lines
_EVEN = 2  # such distances in a row are no accident
_LITTLE_WORD = (
    r"(?:a|an|the|and|of|to|in|on|at|for|by|with|from|as|is|was|were|are|be|been|it|its|that|which|who|has|had|have|will"
    r"|would|but|after|than|into|over|their|his|this|up|out|about|more|said|not)"
)
_NATURAL = re.compile(rf"(?<=[,.;:)])\\|\b{_LITTLE_WORD}\\|\\{_LITTLE_WORD}\b")
_EITHER = re.compile(
    r"\b(?:and\\or|or\\and|s?he\\s?he|his\\hers?|her\\his|him\\her|yes\\no|on\\off|in\\out|to\\from|I\\O|w\\o|is\\are)\b",
    re.IGNORECASE,
)


def find_escaped_line_break(text: str, facts: Facts, *, least: Count = 2) -> Iterator[Hit]:
    r"""Line ends inside sentences that became a backslash: each becomes a space.

    `its yearly\fair and two halls for\markets`, at least `least` in the text, as far from each other as lines are
    long; two alone also need a comma or a little word beside them, where no sign for an alternative stands. Spared:
    `and\or`, `News\Sport`, paths, regular expressions, TeX, escapes.
    """
    found = list(_BREAK.finditer(text)) if text.count("\\") >= least else []
    if len(found) < least or _MEANT.search(text) or _EITHER.search(text) or "\\\\" in text:
        return
    places = [match.start() for match in found]
    widths = [after - before for before, after in pairwise(places)]
    if not all(_SHORTEST <= width <= _LONGEST for width in widths):
        return
    if len(widths) >= _EVEN or any(_NATURAL.search(text, max(0, at - 8), at + 9) for at in places):
        for at in places:
            yield Hit(at, at + 1, " ")

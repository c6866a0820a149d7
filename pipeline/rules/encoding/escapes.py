r"""Escapes of programming languages and of JSON left in the text: `\u2019`, `\'`, `\n`, a backslash for a line end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.edits import disjoint
from pipeline.records import Count, Facts, Hit

CHARACTER_TRIGGER = r"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|['\"/$&]|r?\\?n|t)"

_CODE_POINT = re.compile(
    r"(?<!\\)(\\{1,4})u(?:([dD][89abAB][0-9A-Fa-f]{2})\\{1,4}u([dD][c-fC-F][0-9A-Fa-f]{2})|([0-9A-Fa-f]{4}))"
)
_QUOTE = re.compile(r"(?<!\\)\\{1,3}([\"'])")
_SLASH = re.compile(r"(?<=[\w:>.])\\/(?:\\/)?(?=[\w<])")
_DOLLAR = re.compile(r"(?<=[\s(A-Z])\\([$&])(?=[A-Z]{0,3}\d|\s)")
_NEW_LINE = re.compile(r"(?:(?:\\r)?\\n)+(?=\s|[A-Z\"“‘'«\u0080-\uffff0-9•*-]|$)")
# A regular expression, a path of Windows, TeX: backslashes that the author wrote.
_MEANT = re.compile(
    r"\\(?:[dwsbDWSB][+*?{\]]|[\[\]().*+?^|{}])|\b[A-Za-z]:\\|^\\\\\w|\\(?:begin|frac|alpha|textbf|emph|cite)\b",
    re.MULTILINE,
)


def find_escaped_character(text: str, facts: Facts) -> Iterator[Hit]:
    r"""Characters left in their escaped form: they become the character, `\n` a line end.

    `don\u2019t`, `\ud83d\ude00`, `it\'s`, `\"yes\"`, `http:\/\/`, `\$75`. Spared: paths, regular expressions and TeX
    (one of them in the text spares all its escapes but `\u2019`), and `\n` before a small letter.
    """
    if "\\" not in text:
        return
    meant = _MEANT.search(text)
    hits = {}
    for match in _CODE_POINT.finditer(text):
        hit = _code_point(text, match)
        if hit:
            hits[hit.start] = hit
    if not meant:
        for match in _QUOTE.finditer(text):
            if not _is_accent(text, match):
                hits[match.start()] = Hit(*match.span(), match[1])
        for match in _SLASH.finditer(text):
            hits[match.start()] = Hit(*match.span(), match[0].replace("\\", ""))
        for match in _DOLLAR.finditer(text):
            hits[match.start()] = Hit(*match.span(), match[1])
        for match in _NEW_LINE.finditer(text):
            if text[match.start() - 1 : match.start()] in tuple(".!?\"”’':;)\n \u3002"):
                hits[match.start()] = Hit(*match.span(), "\n" * match[0].count("n"))
    yield from disjoint(hits.values())


def _code_point(text: str, match: re.Match[str]) -> Hit | None:
    if re.search(r"[A-Za-z]:\\\S*$", text[max(0, match.start() - 80) : match.start()]):  # C:\users\u2019
        return None
    if match[2]:
        high, low = int(match[2], 16), int(match[3], 16)
        return Hit(*match.span(), chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)))
    number = int(match[4], 16)
    if number < 0x20 or 0x7F <= number < 0xA0 or 0xD800 <= number < 0xE000 or number >= 0xFFF0:
        return None
    return Hit(*match.span(), chr(number))


def _is_accent(text: str, match: re.Match[str]) -> bool:
    r"""TeX: `caf\'e`, `na\"ive`; an apostrophe has its tail (`it\'s`) or a space beside it."""
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    tail = re.match(r"(?:s|t|re|ve|ll|d|m|n)\b", text[match.end() : match.end() + 3])
    return before.isalpha() and after.isalpha() and after in "aeiouycnszAEIOUYCNSZ" and not tail


LINE_BREAK_TRIGGER = r"\\[\pL\pN\"'$(]"
_BREAK = re.compile(r"(?<=[^\W\d_][^\W_]|[^\W_][,.;:)\"'])\\(?=[^\W_]|[\"'$(])")


def find_escaped_line_break(text: str, facts: Facts, *, least: Count = 2) -> Iterator[Hit]:
    r"""Line ends inside sentences that became a backslash: each becomes a space.

    `quarterly\dividend by 10 percent and\shares`, at least `least` in the text. Spared: paths, regular expressions,
    TeX, and a lone `and\or`.
    """
    found = list(_BREAK.finditer(text)) if text.count("\\") >= least else []
    if len(found) < least or _MEANT.search(text) or "\\\\" in text:
        return
    for match in found:
        yield Hit(match.start(), match.end(), " ")

"""Bytes of one charset that were read in another: Russian in KOI8-R as Windows-1252, Polish in Latin 2 as Latin 1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from pipeline.facts import language
from pipeline.records import Facts, Hit
from pipeline.rules.encoding.misread import fluency
from pipeline.rules.encoding.misread.charsets import as_bytes
from pipeline.rules.encoding.misread.lost_bytes import LOST, restored, undefined
from pipeline.rules.encoding.misread.mojibake import mended_whole
from pipeline.text import Span, lines

_CYRILLIC = "cp1251 koi8-r cp866 iso8859-5 mac-cyrillic koi8-u cp855"
_CENTRAL = "cp1250 iso8859-2 cp852 mac-latin2"
_WESTERN = "cp1252 mac-roman cp850 cp437 cp1254 cp1257 iso8859-15"
_OTHERS = "cp1253 iso8859-7 cp737 cp1255 iso8859-8 cp862 cp1256 iso8859-6 cp874 cp857 cp1258 iso8859-13"
# Python's codec of what chardet names: charsets of two bytes a character, of which a wrong one soon meets a bad pair.
_OF_EAST_ASIA = {
    "gb18030": "gb18030",
    "big5hkscs": "big5hkscs",
    "cp932": "cp932",
    "shift_jis_2004": "cp932",
    "euc_jis_2004": "euc_jp",
    "cp949": "cp949",
    "euc_kr": "cp949",
}
# What a text was read in: what it may have been. Windows-1252 is what is taken when nobody says anything.
_MEANT = {
    "sloppy-windows-1252": f"{_CENTRAL} {_CYRILLIC} {_WESTERN} {_OTHERS}",
    "latin-1": f"{_CENTRAL} {_CYRILLIC} {_WESTERN} {_OTHERS}",
    "sloppy-windows-1251": f"{_CYRILLIC} cp1252 cp1250 cp1253 cp1254",
    "sloppy-windows-1250": f"{_CENTRAL} {_WESTERN}",
    "iso8859-2": f"{_CENTRAL} {_WESTERN}",
    "koi8-r": f"{_CYRILLIC} cp1252",
    "cp866": f"{_CYRILLIC} cp1252",
    "mac-roman": f"cp1252 cp1250 cp1251 cp1254 {_CENTRAL}",
    "cp437": "cp1252 cp1250 cp1251 cp1254",
    "cp850": f"cp1252 cp1250 cp1251 cp1254 {_CENTRAL}",
    "cp852": "cp1252 cp1250 iso8859-2",
}

# Signs inside words, capitals behind small letters: what no language writes and a wrong charset does.
_SMALL = "a-z\u00df-\u00f6\u00f8-\u00ff\u0430-\u045f"
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u0400-\u045f"
_INSIDE = (
    "\u00a1-\u00a9\u00ac\u00ae-\u00b1\u00b3\u00b5\u00b6\u00b8-\u00ba\u00bc-\u00bf\u00d7\u00f7\u0192\u201a\u201e\u2020\u2021"
    "\u02c6\u02dc\u2030\u203a\u2219\u221a"
)
# "Joan‘s" has the wrong apostrophe, and no more
_NO_TAIL = "abcefghijknopquwxyz\u00df-\u00f6\u00f8-\u00ff\u0430-\u045f"
_CAPITALS = "\u0152\u0160\u017d\u0178\u00c0-\u00d6\u00d8-\u00de\u0393-\u03c9\u207f\u2248-\u2265\u2229\u0410-\u044f"
_HIGH = (  # the upper half of Windows-1252
    "\x80-\xff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2026\u2030\u2039\u203a\u20ac\u2122"
)
_LETTERS_HIGH = _HIGH.replace("\u2013-\u2026", "\u2018-\u2022")  # without dashes and dots, which come in rows
ODD = "|".join(
    (
        f"[{_LETTER}](?:[{_INSIDE}][{_SMALL}]|\u2018[{_NO_TAIL}])",
        f"[a-z][{_CAPITALS}][a-z]",
        f"[\u00a1-\u00ff]{{4}}|[{_LETTERS_HIGH}]{{5}}",
        "[A-Za-z\u00df-\u017f][\x80-\x9f]|[\x80-\x9f][a-z\u00df-\u017f]{2}|[a-z][\u02c6\u02dc]",
        "[\u0430-\u044f][\u0410-\u042f]{3}",
        "\u201a[^\\s]\u201a|\u00a4[\u00a1-\u00ff]\u00a4",
    )
)
# Letters that only stand together where the charset was wrong: Czech, Hungarian, Croatian, Baltic, Turkish; French.
_APART = (
    ("\u00f8", "\u00ec\u00e8\u00f9"),
    ("\u00f5", "\u00fb"),
    ("\u00e8", "\u00e6\u017e\u0161"),
    ("\u00f0\u00fe", "\u00eb\u00e2\u00e3\u00ee\u00fb"),
    ("\u0105\u013e", "\u011b\u0159\u016f"),
    ("\u0119", "\u010d\u0155"),
    ("\u0159", "\u013a"),
)
_MIXED_CASE = "[\u0430-\u044f][\u0410-\u042f][\u0430-\u044f]"
SUSPECT = "|".join(
    (
        ODD,
        *(f"[{one}][^\\n]*[{other}]|[{other}][^\\n]*[{one}]" for one, other in _APART),
        f"{_MIXED_CASE}[^\\n]*{_MIXED_CASE}",
        "\u00f0\u00fd|\u00fd\u00f0|[aiou]\u00fe[tlm]|[\u00f0l]\u00fd[kn]|\u00e7[\u0103\u0151]|[aeiou]\u0144[aeo]|\u00e3[cdlprtvz]",
        "(?:^|[ '\u2019])\u0155(?:[ ,.]|$)|[pmgrfs]\u013a[rntls ]",
    )
)
_DENSE = re.compile(f"[{_HIGH}]{{5}}")
_BEYOND = re.compile("[^\x00-\x7f\xa0\u2013\u2014\u2019\u201c\u201d\u2022\u2026]")
_ODD, _SUSPECT = re.compile(ODD), re.compile(SUSPECT, re.MULTILINE)

_CONTROL = re.compile("[\x80-\x9f]")
_PER_SIGN = 6.0  # nats for each sign inside a word that is gone: less than a letter in its place brings
# Of 5,400 sentences in 74 languages with letters beyond ASCII none that is in order gains 25 nats or six a letter in
# any of 400 readings; of what was damaged on purpose nearly all do from three letters on.
_LEAST_LETTERS, _LEAST_GAIN, _LEAST_EACH = 3, 25.0, 5.0
_CLEARLY = 3.0  # nats by which the best reading must gain more than the next one
_NOT_OURS = (  # what other rules mend
    ("sloppy-windows-1252", "cp1252"),
    ("latin-1", "cp1252"),
    *((read, "utf-8") for read in _MEANT),
)
_LEAST_SHARE = 0.01  # of the characters; fewer are a few signs in English
_SURE = 0.9
# UTF-8 of which bytes were lost.
_UTF8_LEFT = re.compile("[\u00c2\u00c3]\\?\u00c2|\u00e2\\?[\u00ac\u00a2]|\u00e2\u20ac[\u0153\u2122]")


def find_wrong_charset(text: str, facts: Facts) -> Iterator[Hit]:
    """A text in one charset that was read in another: it is read again in its own, where that is surely a language.

    `zebra³a siê` is `zebrała się`, `ðÒÅÚÉÄÅÎÔ` is `Президент`. One charset is sought for all lines together, or for all
    that are suspect. The reading must speak more of a language than the text as it stands, by far more than clean text
    in any language gains by any reading, and more than every other reading. Spared: lines that gain nothing by it.
    """
    if text.isascii():
        return
    spans = [span for span in lines(text) if not text[span.start : span.end].isascii()]
    if not any(_is_suspect(text, span) for span in spans):  # of most texts few lines are looked at
        return
    spans = [span for span in spans if not _is_mojibake(text[span.start : span.end])]
    charsets = _charsets(text, spans) or _charsets(text, [span for span in spans if _is_suspect(text, span)])
    if charsets:
        for span in spans:
            yield from _mended(text, span, *charsets)


class _Reading(NamedTuple):
    read: str
    meant: str
    text: str


def again(text: str, read: str, meant: str) -> str | None:
    """The text that was read in one charset, read in another; characters that were lost stay lost."""
    pieces = []
    for piece in text.split(LOST):
        content = as_bytes(piece, read)
        if content is None or (meant in _OF_EAST_ASIA.values() and LOST in text):
            return None
        try:
            pieces.append(content.decode(meant))
        except UnicodeDecodeError:
            return None
    found = LOST.join(pieces)
    return None if _CONTROL.search(found) else found


def _is_mojibake(line: str) -> bool:
    """Does ftfy make a line of it in which nothing is odd?"""
    whole = mended_whole(line)
    return whole is not None and not _ODD.search(whole)


def _is_suspect(text: str, span: Span) -> bool:
    return may_be_odd(text, span.start, span.end) and bool(_SUSPECT.search(text, span.start, span.end))


def may_be_odd(text: str, start: int = 0, end: int | None = None) -> bool:
    """Is there any character beyond ASCII but those that typography puts into English? A quick look."""
    return bool(_BEYOND.search(text, start, len(text) if end is None else end))


def _charsets(text: str, spans: list[Span]) -> tuple[str, str] | None:
    """What the lines were read in, and what they were; None unless one reading, and not they, is surely a language."""
    return _charsets_of("\n".join(text[span.start : span.end] for span in spans)[: fluency.MOST])


@lru_cache(maxsize=4)  # the rules run over a text again and again, and these lines stay
def _charsets_of(sample: str) -> tuple[str, str] | None:
    if sum(not char.isascii() for char in sample) < max(_LEAST_LETTERS, _LEAST_SHARE * len(sample)):
        return None
    if _UTF8_LEFT.search(sample):
        return None
    east_asian = _east_asian(sample)
    if east_asian:
        return east_asian
    readings = {sample: _Reading("", "", sample)}
    for reading in _readings(sample):
        readings.setdefault(reading.text, reading)
    texts = list(readings)
    if len(texts) == 1:
        return None
    scores = fluency.nats(texts).max(axis=1) - [_PER_SIGN * len(_ODD.findall(found)) for found in texts]
    first, second = (-scores).argsort(kind="stable")[:2].tolist()
    best = readings[texts[first]]
    gain, letters = scores[first] - scores[0], _changed(sample, best.text)
    if (best.read, best.meant) in _NOT_OURS or letters < _LEAST_LETTERS or scores[first] - scores[second] < _CLEARLY:
        return None
    if gain < max(_LEAST_GAIN, _LEAST_EACH * letters) or _is_odd(best.text):
        return None
    return (best.read, best.meant) if language.detect(best.text).probability >= _SURE else None


_SIGN = re.compile(
    r"[^\W_][^\w\s\x00-\x7f\u2010-\u201f\u2026\xa0\xab\xbb][^\W_]|[a-z\u0430-\u044f][\u0410-\u042f\u00c0-\u00de]"
)
_MOST_ODD = 0.05  # of the letters beyond ASCII


def _is_odd(found: str) -> bool:
    """Are there signs inside words and capitals behind small letters still? Then it is UTF-8 that lost bytes."""
    return len(_SIGN.findall(found)) > _MOST_ODD * sum(char.isalpha() and not char.isascii() for char in found)


def _readings(sample: str) -> Iterator[_Reading]:
    for read, candidates in _MEANT.items():
        for meant in ("utf-8", "cp1252", *candidates.split()):
            found = again(sample, read, meant)
            if found is not None:
                yield _Reading(read, meant, found)


# Ideographs, kana, Hangul, and the punctuation between them.
_IDEOGRAPHS = re.compile("[\u2014-\u2026\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uffe5\u00b7]")
_LEAST_IDEOGRAPHS, _MOST_OTHERS = 6, 0.05


def _east_asian(sample: str) -> tuple[str, str] | None:
    """The charset of two bytes a character that the sample was in, if all of it can be read and is such a language."""
    import chardet  # takes 30 ms, and few texts come here

    if not _DENSE.search(sample):
        return None
    for read in ("sloppy-windows-1252", "latin-1"):
        content = as_bytes(sample, read)
        if content is None:
            continue
        named = chardet.detect(content, compat_names=False, include_encodings=[*_OF_EAST_ASIA, "cp1252"])["encoding"]
        charset = _OF_EAST_ASIA.get(named or "", "")
        found = again(sample, read, charset) if charset else None
        if found is None:
            continue
        beyond = sum(not char.isascii() for char in found)
        ideographs = len(_IDEOGRAPHS.findall(found))
        if ideographs < _LEAST_IDEOGRAPHS or beyond - ideographs > _MOST_OTHERS * beyond:
            continue
        guess = language.detect(found)
        if guess.code[:2] in ("zh", "ja", "ko") and guess.probability >= _SURE:
            return read, charset
    return None


def _changed(text: str, again: str) -> int:
    """How many characters are others."""
    if len(text) != len(again):
        return sum(not char.isascii() for char in again)
    return sum(one != other for one, other in zip(text, again, strict=True))


def _mended(text: str, span: Span, read: str, meant: str) -> Iterator[Hit]:
    """The changes of a line, unless it is less of a language in the other charset."""
    line = text[span.start : span.end]
    found = again(line, read, meant)
    if found is None or found == line:
        return
    if meant not in _OF_EAST_ASIA.values():
        before, after = fluency.nats([line, found]).max(axis=1)
        if after + _PER_SIGN * len(_ODD.findall(line)) <= before:
            return
    yield from _hits(line, _with_lost(found, read, meant), meant, span.start)


def _with_lost(found: str, read: str, meant: str) -> str:
    """The line with what its lost characters surely were."""
    if LOST not in found:
        return found
    chars = [bytes([byte]).decode(meant, "ignore") for byte in undefined(read)]
    letters = [char for char in chars if char.isalpha()]
    return restored(found, {at: letters for at, char in enumerate(found) if char == LOST})


def _hits(line: str, found: str, meant: str, offset: int) -> Iterator[Hit]:
    """The stretches that differ; each character of `found` was read as one a byte."""
    start = at = 0
    written = ""
    for char in found:
        size = 1 if char == LOST else len(char.encode(meant))
        if line[at : at + size] == char:
            if written:
                yield Hit(offset + start, offset + at, written)
            start, written = at + size, ""
        else:
            written += char
        at += size
    if written:
        yield Hit(offset + start, offset + at, written)

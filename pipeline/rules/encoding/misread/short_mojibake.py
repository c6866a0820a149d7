"""Mojibake too short for ftfy to be sure of, proved by the letters around it or by other damage in the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

from ftfy import fix_encoding
from ftfy.badness import is_bad

from pipeline.edits import disjoint
from pipeline.records import Facts, Hit
from pipeline.rules.encoding.misread.mojibake import mended_whole
from pipeline.text import lines

# The Windows-1252 readings of the bytes 0x80-0xBF that are no letters; behind "Ã" they make an accented letter.
_CONTINUATION = "".join(
    char
    for byte in range(0x80, 0xC0)
    if len(char := bytes([byte]).decode("cp1252", "ignore")) == 1 and not char.isspace()
)
_CAPITALS = "".join(char for byte in range(0x80, 0xA0) if (char := bytes([byte]).decode("cp1252", "ignore")))
_LOWER = "a-zà-öø-ÿ"

# "Ã…lesund", "Ã‰cole", "Ã˜ystein": a capital at the start of a word, three small letters after it.
_AT_START = re.compile(rf"(?<![\w’'])Ã[{_CAPITALS}](?=[a-z]{{3}})")
# "DrÃ¥ber": by itself it may be a name; other damage of the kind in the text proves it.
_INSIDE = re.compile(rf"Ã[{_CONTINUATION}](?=[{_LOWER}])|(?<=[{_LOWER}])Ã[{_CONTINUATION}](?![\w])")
# "mГ©dicament": a Cyrillic capital in the middle of a Latin word; "Г " is "à" beside such a word.
_CYRILLIC = re.compile(r"(?<=[A-Za-z])[ГВ][\u0402-\u040f\u0452-\u045f\u00a0-\u00bb‘-”•–—†‡‰‹›€™№ЁёҐґ](?=[a-z]{2}|\b)")
_CYRILLIC_A = re.compile(r"(?<=[a-z] )Г(?= [a-z])")
# "piu√π presto", "citt√†": MacRoman; a root sign behind small letters, and no formula.
_MACROMAN = re.compile(r"(?<=[a-z][a-z])√[†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩ](?=[a-z]|[ ,.;:!?\n][ \na-z]|$)")
# "┬┐que diferencia hay?": code page 437; what comes back must have its partner.
_BOXED = re.compile(r"(?<!\S)┬(?:┐(?=\w[^\n?]{0,300}\?)|í(?=\w[^\n!]{0,300}!))|(?<=[a-z])├[í│║⌐▒®▓ñ¡╝╗█](?=[a-z ])")
# "Coatl\x87n": MacRoman letters that were read as Latin-1; an apostrophe would have an elision before it or a tail.
_MACROMAN_C1 = re.compile(r"(?<=[a-z]{3})[\x87\x88\x89\x8a\x8b\x8d\x8e\x8f\x92\x9d\x9f]{1,3}(?=([a-z]?))")
_SURE_C1 = re.compile(r"[a-z]{3}[\x87\x88\x89\x8a\x8b\x8d\x8e\x8f\x9d\x9f][a-z]")
# A trade mark and an apostrophe, of whose three characters one was a typographic mark and became a plain one.
_STRAIGHTENED = (
    (re.compile('(?<=\\w)â[„"]¢'), "™"),
    (re.compile(r"(?<=[^\W\d_])â€'(?=(?:s|t|re|ve|ll|d|m)\b)"), "’"),
)
_TAIL = re.compile(r"(?:s|t|re|ve|ll|d|m|n|em|er|il|all|clock)\b")
_RARE = re.compile(r"[ÃГВ√┬├\x80-\x9f]|â[„\"€]")
SHORT_TRIGGER = (
    rf"Ã[{_CONTINUATION}]|[A-Za-z][ГВ]|[a-z]√[^\x00-\x7f]|┬[┐í]|[a-z]├[^\x00-\x7f]|[a-z]{{3}}[\x{{80}}-\x{{9f}}]"
    rf"|â(?:[„\"]¢|€')"
)


def find_short_mojibake(text: str, facts: Facts) -> Iterator[Hit]:
    """A single damaged letter: it becomes the letter again where its neighbours or the rest of the text prove it.

    `Ã…lesund`, `mГ©dicament` (Windows-1251), `pi√π presto` (MacRoman), `┬┐que?` (code page 437), `Coatl\\x87n`,
    `Acmeâ"¢`. Spared: `DrÃ¥ber` in a text without other damage (it is a name), formulas (`= √π`), kaomoji,
    apostrophes; and every line that `encoding/mojibake` can mend whole, since it could no more after one letter of it
    was mended.
    """
    if not _RARE.search(text):
        return
    whole = [span for span in lines(text) if mended_whole(text[span.start : span.end])]
    starts = [span.start for span in whole]
    hits = []
    for hit in (*_certain(text), *_proved(text)):
        line = bisect_right(starts, hit.start) - 1
        if line < 0 or hit.start >= whole[line].end:
            hits.append(hit)
    yield from disjoint([*hits, *_macroman(text)])


def _again(encoding: str) -> Callable[[str], str | None]:
    def read(damaged: str) -> str | None:
        try:
            return damaged.encode(encoding).decode("utf-8")
        except UnicodeError:
            return None

    return read


_READINGS = (
    (_AT_START, _again("cp1252")),
    (_CYRILLIC, _again("cp1251")),
    (_MACROMAN, _again("mac-roman")),
    (_BOXED, _again("cp437")),
)


def _certain(text: str) -> Iterator[Hit]:
    for pattern, read in _READINGS:
        for match in pattern.finditer(text):
            char = read(match[0])
            if char is not None and len(char) == 1:
                yield Hit(*match.span(), char)
    for pattern, char in _STRAIGHTENED:
        yield from (Hit(*match.span(), char) for match in pattern.finditer(text))
    if _CYRILLIC.search(text):
        for match in _CYRILLIC_A.finditer(text):
            yield Hit(*match.span(), "à")


def _macroman(text: str) -> Iterator[Hit]:
    """Letters of MacRoman between small letters; 0x92 may be an apostrophe, but not before a consonant."""
    proved = _SURE_C1.search(text)
    for match in _MACROMAN_C1.finditer(text):
        start, end = match.span()
        after = match[1]
        if not after and not (proved and "\x92" not in match[0]):
            continue
        if "\x92" in match[0] and (_TAIL.match(text, end) or after in ("h", "") or (after in "aeiou" and not proved)):
            continue
        letters = match[0].encode("latin-1").decode("mac-roman")
        if letters.isalpha():
            yield Hit(start, end, letters)


def _proved(text: str) -> Iterator[Hit]:
    """Letters inside words, if ftfy mends another line of the text that has the same kind of damage."""
    if not _INSIDE.search(text):
        return
    doubtful = []
    proved = False
    for span in lines(text):
        line = text[span.start : span.end]
        if "Ã" not in line:
            continue
        if is_bad(line) and fix_encoding(line).count("Ã") < line.count("Ã"):
            proved = True
        else:
            doubtful += [(span.start, match) for match in _INSIDE.finditer(line)]
    for offset, match in doubtful if proved else ():
        char = _again("cp1252")(match[0])
        if char is not None and char.isalpha():
            yield Hit(offset + match.start(), offset + match.end(), char)

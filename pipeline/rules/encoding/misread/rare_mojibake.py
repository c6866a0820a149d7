"""UTF-8 that was read in a charset that ftfy does not know, or where ftfy is not sure enough."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.records import Facts, Hit
from pipeline.rules.encoding.misread import fluency
from pipeline.rules.encoding.misread.charsets import ONE_BYTE, TWO_BYTES, as_bytes
from pipeline.rules.encoding.misread.lost_bytes import LOST, lost_marks
from pipeline.rules.encoding.misread.mojibake import is_suspect, mended_whole
from pipeline.rules.encoding.subject import are_spoken_of
from pipeline.text import Span, lines


def _starts(charset: str, first: int, last: int) -> str:
    """What the beginnings of UTF-8's characters from `first` to `last` look like in a charset of two bytes."""
    found = set()
    for point in range(first, last + 1):
        found.add(chr(point).encode()[:2].decode(charset, "ignore"))
    return "".join(sorted(char for char in found if len(char) == 1 and char > "\x80"))


# Bytes of UTF-8 side by side look like this, and hardly anything else does. A line of the table a charset or two.
_LATIN = "".join(sorted({char for charset in TWO_BYTES for char in _starts(charset, 0xC0, 0x17F)}))
_IN_GBK = [_starts("gbk", *block) for block in ((0x391, 0x3CE), (0x410, 0x44F), (0x5D0, 0x5EA), (0x621, 0x64A))]
_SIGN = (
    "\u00a0-\u00a9\u00ab-\u00bf\u0152\u0153\u0160\u0161\u017d\u017e\u0192\u02c6\u02dc"
    "\u2020-\u2022\u2030\u2039\u203a\u20ac\u2122"
)
_DASHED = "[\u2013\u2014][\u0400-\u04ff\u2020\u00b0\u00a2-\u00bb\u2248-\u2265]{1,2}"
SUSPECT = "|".join(
    (
        "[A-Za-z\u00a1-\u04ff\u2500-\u2593][\u2500-\u2593]|[\u2500-\u2593][A-Za-z\u00a1-\u04ff]",  # DOS, KOI8: boxes
        "\u00d4\u00c7[\u00a0-\u00ff]|\u0102[\u0104-\u017f]|[a-z]\u0102[^\x00-\x7f]",  # code page 850, Latin 2
        f"[\u0412\u0413\u0392\u0393\u039e\u039f\u03b2][{_SIGN}]",  # Windows-1251, 1253
        f"[a-z][\u0412-\u0415][^\x00-\x7f]|(?:[\u0412-\u0429][{_SIGN}\u0402-\u040f\u0452-\u045f]){{3}}",
        f"{_DASHED}{_DASHED}|[a-z]\u221a|[\u221a\u2248\u0192][\u0400-\u045f]",  # the Mac
        "(?:[\u040e\u045c\u045e\u0455][^\x00-\x7f]){3}|[\u0433-\u043c][\u0402-\u042f][^\x00-\x7f][\u0433-\u043c][\u0402-\u042f]",
        f"(?:[\u0637\u0638][^\x00-\x7f]){{3}}|(?:[\u0622-\u0638][{_SIGN}\u060c\u061b\u061f]){{2}}",  # Windows-1256
        "\u05f3[^\\s\u05d0-\u05ea]",  # Windows-1255
        "[A-Za-z][\u05b0-\u05c3\u0622-\u064a\uff61-\uff9f]|[\uff83-\uff85\uff90\uff91][\uff61-\uff9f]",
        f"[a-z][{_LATIN}]|" + "|".join(f"[{block}]{{3}}" for block in _IN_GBK),
        "[\u9225\u951b\u9286\u9428\u6d93\u5697\u929d\u7ab6\u7e3a\u7e67]",  # GBK, Big5, Shift_JIS: quotes, kana, Chinese
    )
)

_SUSPECT = re.compile(SUSPECT)
# One of these is in all that is suspect: a look for them costs next to nothing.
_FOREIGN = re.compile(
    "[\u00d4\u0102\u0192\u0391-\u05c3\u05f3\u0622-\u064a\u221a\u2248\u2500-\u2593\u3400-\ud7a3\uff61-\uff9f]"
)
_RUN = re.compile(r"[^\x00-\x7f]+")
# What is written in prose. Not among it: letters of phonetics, which two accented capitals would make ("É®" is "ɮ").
_PROSE = re.compile(
    "[\x00-\x7f\u00a0-\u017e\u0192\u01a0\u01a1\u01af\u01b0\u0218-\u021b\u02c6\u02dc\u0300-\u0323\u0370-\u0590\u05b0-\u06ff"
    "\u0900-\u0e7f\u10a0-\u10ff\u1200-\u139f\u1e00-\u1fff\u200b-\u2044\u20a0-\u20bf\u2100-\u27ff\u3000-\u30ff\u3400-\u9fff"
    "\ua960-\ud7ff\uf900-\ufaff\ufe0f\uff00-\uffef\U0001f000-\U0001faff\U00020000-\U0002ffff]+"
)
_TYPOGRAPHIC = re.compile("[‘-„–—…€™•]")
_ENOUGH = 3  # characters of several bytes; fewer prove nothing alone


_MOST_LINES = 200  # of which every charset is tried; those after them are read as one of these was
_SURER = 4.0  # nats by which a reading must speak more of a language than that of ftfy


def find_rare_mojibake(text: str, facts: Facts) -> Iterator[Hit]:
    """UTF-8 that was read as KOI8-R, a code page of DOS or the Mac, GBK, Big5, Shift_JIS or the like: it is read again.

    A line is mended as a whole or not at all, and left to `encoding/mojibake` where that does as well: all its bytes
    must be UTF-8, three characters of it at least, or a quotation mark or a letter amid a word, where nothing else
    makes sense. Of several readings the one is taken that is most like a language.
    """
    if text.isascii() or not ((_FOREIGN.search(text) and _SUSPECT.search(text)) or is_suspect(text)):
        return
    found: dict[Span, _Reading] = {}
    doubtful = []
    tried = 0
    for span in lines(text):
        line = text[span.start : span.end]
        if line.isascii():
            continue
        reading = None
        if tried < _MOST_LINES and (_SUSPECT.search(line) or is_suspect(line)):
            tried += 1
            reading = _best(line)
        if reading:
            found[span] = reading
        elif not mended_whole(line):
            doubtful.append(span)
    proved = sorted({reading.charset for reading in found.values()})
    for span in doubtful if proved else ():
        again = (_Reading(charset, _again(text[span.start : span.end], charset)) for charset in proved)
        reading = next((reading for reading in again if reading.hits), None)
        if reading:
            found[span] = reading
    for span in sorted(found):
        for hit in found[span].hits:
            yield hit._replace(start=span.start + hit.start, end=span.start + hit.end)


class _Reading(NamedTuple):
    charset: str
    hits: tuple[Hit, ...]


def _best(line: str) -> _Reading | None:
    """The reading of a line that is most like a language; None if there is none, or ftfy's is as good."""
    usual = mended_whole(line)
    readings = {usual: _Reading("", ())} if usual else {}
    for charset in (*ONE_BYTE, *TWO_BYTES):
        hits = _again(line, charset)
        if hits and _is_proof(line, hits) and not are_spoken_of(line, hits):
            readings.setdefault(_with(line, hits), _Reading(charset, hits))
    texts = list(readings)
    if not texts:
        return None
    first, margin = fluency.best(texts) if len(texts) > 1 else (0, 0.0)
    best = readings[texts[first]]
    return best if best.hits and not (usual and margin < _SURER) else None


def _again(line: str, charset: str) -> tuple[Hit, ...]:
    """Each run of characters beyond ASCII, read again; none if one of them cannot be."""
    hits = []
    for run in _RUN.finditer(line):
        content = as_bytes(run[0], charset) if LOST not in run[0] else lost_marks(line, run, charset)
        if content is None:
            return ()
        try:
            again = content.decode("utf-8")
        except UnicodeDecodeError:
            return ()
        if not _PROSE.fullmatch(again):
            return ()
        hits.append(Hit(*run.span(), again))
    return tuple(hits)


def _is_proof(line: str, hits: tuple[Hit, ...]) -> bool:
    """Can it be no accident that the bytes of all hits are UTF-8?"""
    mended = "".join(hit.text or "" for hit in hits)
    if sum(not char.isascii() for char in mended) >= _ENOUGH or _TYPOGRAPHIC.search(mended):
        return True
    return mended.isalpha() and all(_is_in_word(line, hit) for hit in hits)


def _is_in_word(line: str, hit: Hit) -> bool:
    """Does the letter stand in a word? A lone ideograph before one may be Chinese, "x√π" is a formula."""
    before, after = line[max(0, hit.start - 2) : hit.start], line[hit.end : hit.end + 2]
    if len(before) == 2 and before.isalpha() and before[1].islower():
        return True
    return hit.end - hit.start > 1 and len(after) == 2 and after.isalpha() and after.islower()


def _with(line: str, hits: tuple[Hit, ...]) -> str:
    pieces, done = [], 0
    for hit in hits:
        pieces += [line[done : hit.start], hit.text or ""]
        done = hit.end
    return "".join(pieces) + line[done:]

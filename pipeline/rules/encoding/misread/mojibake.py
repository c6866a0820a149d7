"""Mojibake: UTF-8 that was read as if it were a single-byte encoding ("Ã©" for "é")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ftfy import fix_encoding
from ftfy.badness import BADNESS_RE, is_bad
from ftfy.chardata import CHARMAP_ENCODINGS

from pipeline.records import Facts, Hit
from pipeline.rules.encoding.subject import are_spoken_of
from pipeline.text import lines


def _as_re2(pattern: str) -> str:
    """ftfy's verbose pattern for what looks like mojibake, written for RE2, which has no verbose mode."""
    pieces, in_class, at = [], False, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            pieces.append(pattern[at : at + 2])
            at += 2
            continue
        if char == "#" and not in_class:
            at = pattern.index("\n", at)
            continue
        if in_class or not char.isspace():
            pieces.append(char)
        in_class = char == "[" or (in_class and char != "]")
        at += 1
    spaces = r"[\s\x0b\x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"
    return "(?m)" + "".join(pieces).replace(r"\w", r"[\pL\pN_]").replace(r"\s", spaces)


def _possible() -> re.Pattern[str]:
    """A lead byte of UTF-8 and what may follow it, read in any of the encodings that ftfy reads; or a C1 control.

    ftfy changes no line without one of them, but takes long to find out.
    """
    lead = {encoding: bytes(range(0xC0, 0xF8)).decode(encoding) for encoding in CHARMAP_ENCODINGS}
    follow = "".join(bytes(range(0x80, 0xC0)).decode(encoding) for encoding in CHARMAP_ENCODINGS)
    # where a byte was lost or 0xA0 became a space; not in MacRoman, whose lead bytes are quotation marks
    lossy = "".join(chars for encoding, chars in lead.items() if encoding != "macroman")
    return re.compile(
        f"[{re.escape(''.join(lead.values()))}\x80-\x9f]"
        f"(?:(?<=[\x80-\x9f])|[{re.escape(follow)}]|(?<=[{re.escape(lossy)}])[ ?\ufffd\x1a])"
    )


_POSSIBLE = _possible()
MOJIBAKE_TRIGGER = f"(?:{_as_re2(BADNESS_RE.pattern)})"


def is_suspect(text: str) -> bool:
    """Does ftfy take the text for mojibake, and is there anything in it that it could mend?"""
    return not text.isascii() and bool(_POSSIBLE.search(text)) and is_bad(text)


_ENOUGH = 3  # characters of several bytes; fewer are no proof of the one that lost its last


@lru_cache(maxsize=8)
def _fixed(line: str) -> str:
    """What ftfy makes of a line; where it fails, of the line with the last byte that was stripped off as a blank."""
    fixed = fix_encoding(line)
    if is_bad(fixed):
        whole = fix_encoding(line.rstrip(" ") + "\xa0")
        beyond = sum(not char.isascii() for char in whole)
        if beyond >= _ENOUGH and not is_bad(whole) and not whole.endswith(("\xa0", " ")):
            return whole
    return fixed


def mended_whole(line: str) -> str | None:
    """What ftfy makes of a line, if it leaves nothing that looks damaged; else None.

    >>> mended_whole("dÃ©jÃ\xa0 vu"), mended_whole("déjà vu")
    ('déjà vu', None)
    """
    if not is_suspect(line):
        return None
    fixed = _fixed(line)
    return None if fixed == line or is_bad(fixed) else fixed


def find_mojibake(text: str, facts: Facts) -> Iterator[Hit]:
    """UTF-8 that was read as Windows-1252, Latin-1, Windows-1251, MacRoman or the like: it is read again as UTF-8.

    What ftfy decides for each line on its own is what is done, layer by layer ("ÃƒÂ©" is "é"). Characters that stand
    for themselves are spared, whatever they look like: "4288×…", "( o¬ô )", "VOCÊ…"; and lines that speak of such
    damage: `showed "Ã©" instead of "é"`.
    """
    if text.isascii():
        return
    for span in lines(text):
        line = text[span.start : span.end]
        if is_suspect(line):
            fixed = _fixed(line)
            hits = list(_differences(line, fixed, span.start)) if fixed != line else []
            if not are_spoken_of(text, hits):
                yield from hits


def _differences(line: str, fixed: str, offset: int) -> Iterator[Hit]:
    """The spans of `line` that differ from `fixed`: ASCII characters are the same in both, so they are anchors."""
    at = fixed_at = 0
    while True:
        same = _common(line, at, fixed, fixed_at)
        at, fixed_at = at + same, fixed_at + same
        if at == len(line) and fixed_at == len(fixed):
            return
        end, fixed_end = _next_anchor(line, at, fixed, fixed_at)
        yield Hit(offset + at, offset + end, fixed[fixed_at:fixed_end])
        at, fixed_at = end, fixed_end


def _common(line: str, at: int, fixed: str, fixed_at: int) -> int:
    """How many characters agree from there on."""
    size, most = 0, min(len(line) - at, len(fixed) - fixed_at)
    while size < most and line[at + size] == fixed[fixed_at + size]:
        size += 1
    return size


_DAMAGE = re.compile(r"[^\x00-\x7f]+[ ?\x1a]?")
_ASCII = re.compile(r"[\x00-\x7f]*")
_ANCHOR = 6  # ASCII characters that must agree after a mended stretch for both to be in step again


def _next_anchor(line: str, at: int, fixed: str, fixed_at: int) -> tuple[int, int]:
    """Where `line` and `fixed` agree again; their ends if they never do."""
    end = at
    for _ in range(4):
        damage = _DAMAGE.match(line, end)
        end = damage.end() if damage else end + 1
        for candidate in (end - 1, end):  # the space after the damage may be a lost byte of it, or not
            anchor = _ASCII.match(line, candidate, candidate + _ANCHOR)[0]  # type: ignore[index]
            if candidate <= at or not anchor:
                continue
            fixed_end = fixed.find(anchor, fixed_at, fixed_at + (end - at) + 2 * _ANCHOR)
            if fixed_end >= 0:
                return candidate, fixed_end
        if end >= len(line):
            break
    return len(line), len(fixed)

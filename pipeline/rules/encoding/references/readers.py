"""Readers of character references: whole (`&quot;`), broken (`quot;`) and torn apart (`& quot ;`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from pipeline.rules.encoding.references import ranks
from pipeline.rules.encoding.references.names import is_word, named, numbered
from pipeline.rules.encoding.spared import Spared


class Reference(NamedTuple):
    """`text[start:end]` stands for `value`."""

    start: int
    end: int
    value: str


Reader = Callable[[str, Spared], Iterable[Reference]]


def references(text: str, read: Reader) -> Iterator[Reference]:
    """What the reader finds, in order and without overlap, but for references that the text speaks about."""
    if "&" not in text and "#" not in text and ";" not in text and "＆" not in text:
        return
    done = 0
    spared = Spared(text)
    for reference in read(text, spared):
        if reference.start >= done and not spared.is_subject(reference.start, reference.end):
            yield reference
            done = reference.end


# --- Whole ---------------------------------------------------------------------------------------------------------

_WHOLE = re.compile(
    r"&(?P<layers>(?:amp;|AMP;|#0*38;|#[xX]0*26;)*)"
    r"(?:(?P<name>[A-Za-z][A-Za-z0-9]{1,30})|#0*(?P<number>[0-9]{1,8})|#[xX]0*(?P<hex>[0-9A-Fa-f]{1,6}));"
)
_PAIR = re.compile(r"&(?:amp;)*#(5[5-9]\d{3});&(?:amp;)*#(5[5-9]\d{3});")

WHOLE_TRIGGER = r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[xX]?[0-9A-Fa-f]{1,16});"


def read_whole(text: str, spared: Spared) -> Iterator[Reference]:
    """References that were never decoded, through all layers of escaping; two surrogates are one."""
    pairs = {match.start(): match for match in _PAIR.finditer(text)} if "#5" in text else {}
    for match in _WHOLE.finditer(text):
        start, end = match.span()
        if start in pairs:
            high, low = (int(number) for number in pairs[start].groups())
            if 0xD800 <= high < 0xDC00 <= low < 0xE000:
                value = chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
                yield Reference(start, pairs[start].end(), value)
                continue
        char = _value(match)
        if char == "\n" and text.startswith("\n", end):  # "&#13;" before a real line end
            char = ""
        if char is None or (match["name"] and is_word(match["name"]) and spared.is_code(start, end)):
            if match["layers"]:  # "AT&amp;T;": what follows is no name, but "&amp;" is one
                yield Reference(start, match.end("layers"), "&")
            continue
        yield Reference(start, end, char)


def _value(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    name = groups.get("name") or groups.get("glued")
    if name:
        return named(name)
    number = groups.get("number") or groups.get("digits") or groups.get("bare")
    return numbered(int(number)) if number else numbered(int(groups["hex"], 16))


# --- Broken --------------------------------------------------------------------------------------------------------

# Names that are no word of any language, so that they tell a reference even without "&" or ";".
_LETTERS = (
    r"[aeiouyAEIOUY](?:acute|grave|circ|uml)|[anoANO]tilde|[cC]cedil|szlig|[aA]ring|[oO]slash|[aA][eE]lig|[oO][eE]lig"
    r"|[scznrdteSCZNRDTE]caron|[csnzCSNZ]acute|[csztCSZT]cedil|lstrok|Lstrok"
)
_SIGNS = (
    r"(?i:quot|apos|nbsp|[lr]dquo|[lr]squo|[sb]bquo|bdquo|[lr]aquo|[lr]saquo|[mn]dash|hellip|middot|iexcl|iquest)"
    r"|thinsp|ensp|emsp|frac1[24]|frac34|zwnj|zwj"
)
# ASCII characters that feeds escape by number, the Windows-1252 numbers, Latin-1 and general punctuation. Other
# numbers after a lone "#" are ranks and colours: "#1;", "#333;".
_NUMBERS = r"0*(?:3[346-9]|4[0-7]|6[0-4]|9[1-6]|12[3-68]|1[3-9]\d|2[0-4]\d|25[0-5]|82\d\d|8364|8482|9[56]\d\d)"

_NO_SEMICOLON = re.compile(
    rf"&(?:(?P<name>(?:{_LETTERS}|{_SIGNS}|(?i:amp|lt|gt)|copy|reg)(?![A-Za-z0-9;=])|(?:quot|nbsp|amp)(?=[A-Z])"
    rf"|amp(?=#\d)|(?:{_LETTERS})(?=[a-z]))"
    rf"|#(?P<number>{_NUMBERS})(?![\d;=]))"
)
_NO_NUMBER_SIGN = re.compile(r"&(?P<number>0?3[49]|82(?:11|12|16|17|20|21|30)|160);")
# Searched in a few characters up to a semicolon, which is rarer than what may stand before it.
_NO_AMPERSAND = re.compile(
    rf"(?:(?<![A-Za-z&＆;#])(?<![&＆] )|(?<=;)(?<!&amp;))(?:amp;)*(?:(?P<name>{_LETTERS}|{_SIGNS}|amp|lt|gt)"
    rf"|(?<![&＆/=])#(?:(?P<number>{_NUMBERS})|[xX](?P<hex>(?:2[0-9A-Fa-f]|3[CcEe]|[Aa]0|20[0-9A-Fa-f]{{2}}))));$"
    rf"|(?<=[A-Za-z])(?:(?P<glued>quot|nbsp|rsquo|rdquo|[aeiou](?:acute|uml))|#(?P<digits>0?3[49]|82\d\d));$"
)
_LONGEST = 10  # characters up to a semicolon
_GOES_ON = re.compile(r"(?:amp|#\d{2,5}|[a-z]{2,8});")

# The ends of the names are enough to see them.
BROKEN_TRIGGER = (
    rf"&(?:{_LETTERS}|{_SIGNS}|(?i:amp|lt|gt)|copy|reg|#?\d{{2}})"
    r"|(?:(?i:quot|apos|nbsp|dquo|squo|aquo|dash|hellip|middot|iexcl|iquest)|thinsp|[ne]m?sp|frac\d\d|zwn?j"
    r"|acute|grave|circ|uml|tilde|cedil|szlig|ring|slash|[lL]ig|caron|strok"
    r"|(?:^|[^A-Za-z])(?:amp|lt|gt)|#[xX]?[0-9A-Fa-f]{2,8});"
)


def read_broken(text: str, spared: Spared) -> Iterator[Reference]:
    """References that lost their `&`, `#` or `;`."""
    found = [*(_read_no_semicolon(text, spared) if "&" in text else ()), *_read_no_ampersand(text, spared)]
    found.sort()
    yield from found


def _read_no_semicolon(text: str, spared: Spared) -> Iterator[Reference]:
    for match in _NO_SEMICOLON.finditer(text):
        start, end = match.span()
        if spared.is_url(start) or spared.is_code(start, end):
            continue
        name = match["name"]
        if name in ("copy", "reg") and not (name == "copy" and re.match(r" ?(?:19|20)\d\d", text[end : end + 5])):
            continue
        value = _value(match)
        if value is not None:
            yield Reference(start, end, value)
    for match in _NO_NUMBER_SIGN.finditer(text):
        value = numbered(int(match["number"]))
        if value is not None and not spared.is_url(match.start()):
            yield Reference(*match.span(), value)


def _read_no_ampersand(text: str, spared: Spared) -> list[Reference]:
    """Those without `&`. A number that stands apart is a rank, unless another reference proves the damage.

    So is what stands in code a name, unless several outside of it do.
    """
    found: list[Reference] = []
    doubtful: list[Reference] = []
    in_code: list[Reference] = []
    end = text.find(";") + 1
    while end:
        match = _NO_AMPERSAND.search(text, max(0, end - _LONGEST), end)
        if match and text.endswith("amp;", 0, match.start()):  # "amp;amp;#39;"
            match = _NO_AMPERSAND.search(text, max(0, end - 3 * _LONGEST), end)
        if match and not (match["name"] == "amp" and _GOES_ON.match(text, end)):
            value = _value(match)
            if value is not None and not _is_spared(text, match, spared, found):
                reference = Reference(match.start(), end, value)
                if spared.is_code(match.start(), end):
                    in_code.append(reference)
                else:
                    (doubtful if match["number"] and ranks.could_be(text, *match.span()) else found).append(reference)
        end = text.find(";", end) + 1
    if not found:
        counted = not doubtful or ranks.are_counted(text)
        return [] if counted else [reference for reference in doubtful if ranks.is_none(text, *reference)]
    return [*found, *doubtful, *(in_code if len(found) > _FEW else ())]


_FEW = 2


def _is_spared(text: str, match: re.Match[str], spared: Spared, found: list[Reference]) -> bool:
    start, end, name = match.start(), match.end(), match["name"]
    if name in ("amp", "lt", "gt") and not _is_sign(text, start, end, name, found):
        return True
    if match["glued"] == "quot" and text.endswith("ali", 0, start):  # "aliquot;"
        return True
    if match["number"] and text[start - 1 : start] in ("", " ", ":") and not text[end : end + 1].isalpha():
        dollars = match["number"] == "36" and text[end : end + 1].isdigit()
        if not dollars and ranks.is_one(text, start):
            return True
    return spared.is_url(start)


def _is_sign(text: str, start: int, end: int, name: str, found: list[Reference]) -> bool:
    """Is `amp;`, `lt;` or `gt;` the rest of a sign, and not a word ("his amp; the crowd")?"""
    if text[max(0, start - 2) : start] == "  ":  # the space for the lost "&" stands beside the author's own
        return True
    if found and not text[found[-1].end : start].strip(" "):  # "quot; gt;": one after the other
        return True
    if name == "amp":  # "AT amp;T", "Johnson amp; Johnson", "amp;#39;"
        before, after = text[max(0, start - 2) : start].strip(), text[end : end + 2]
        glued = bool(after[:1].isalnum())
        capitals = before[-1:].isupper() or bool(re.search(r"\b[A-Z]\w+ $", text[max(0, start - 30) : start]))
        return (before[-1:].isdigit() and after[:1].isdigit()) or (capitals and (glued or after.strip()[:1].isupper()))
    if name == "lt":  # "lt;b gt;", "lt;/a"
        return bool(re.match(r"/?[A-Za-z]{1,10}[ >&/]", text[end : end + 13]))
    return bool(re.search(r"(?:<|lt;)/?[A-Za-z][^<>\n]{0,200}$", text[max(0, start - 203) : start]))


# --- Torn apart ----------------------------------------------------------------------------------------------------

_TORN = re.compile(
    r"[&＆](?:[ ]?[#＃][ ]?(?:(?P<number>[0-9]{2,6})|[xX][ ]?(?P<hex>[0-9A-Fa-f]{2,5}))"
    r"|[ ]?(?P<name>[A-Za-z]{2,8}[0-9]{0,2})|[ ](?P<bare>0?3[49]|82(?:16|17|20|21)))[ ]?[;；]"
)
_TORN_APOSTROPHE = re.compile(r"#(?: (?P<number>39) ?| ?(?P<bare>39) );(?<![&＆].{4})(?<![&＆] .{5})")
_QUOTES = "'\"“”‘’"
_ANY_TAIL = re.compile(r" ?(?:s|t|re|ve|ll|d|m|S|T|RE|VE|LL|D|M)\b(?! ?['’])")

TORN_TRIGGER = r"[&＆] ?(?:[#＃]? ?[xX]? ?[0-9A-Fa-f]{2,6}|[A-Za-z]{2,8}[0-9]{0,2}) ?[;；]|# ?39 ?;"


def read_torn(text: str, spared: Spared) -> Iterator[Reference]:
    """References with spaces inside, and with full-width signs."""
    found: list[re.Match[str]] = list(_TORN.finditer(text)) if "&" in text or "＆" in text else []
    if "#" in text:  # "Syria # 39; s": a rank if nothing but an apostrophe's tail can prove it
        bare = (match for match in _TORN_APOSTROPHE.finditer(text) if _ANY_TAIL.match(text, match.end()))
        found = sorted([*found, *bare], key=lambda match: match.start())
    for match in found:
        start, end = match.span()
        if _WHOLE.fullmatch(match[0]):
            continue
        value = _value(match)
        name = match.groupdict().get("name")
        if value is None or (name and (is_word(name) or (value not in _QUOTES and spared.is_code(start, end)))):
            continue
        yield Reference(start, end, value)

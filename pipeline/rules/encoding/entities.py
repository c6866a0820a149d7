"""Character references that a scraper, a feed or a translator left in the text, whole or broken.

There are three kinds, each with a reader and a rule of its own: whole (`&quot;`), broken (`quot;`) and spaced
(`& quot ;`). Where a quotation mark comes back, the spaces that translators put around it are mended too, since only
the reference tells on which side they belong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from pipeline.records import Facts, Hit
from pipeline.rules.encoding.references import is_word, named, numbered
from pipeline.rules.encoding.urls import in_url


class Reference(NamedTuple):
    """`text[start:end]` stands for `value`."""

    start: int
    end: int
    value: str


Reader = Callable[[str], Iterable[Reference]]


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

_WHOLE = re.compile(
    r"&(?P<layers>(?:amp;|AMP;|#0*38;|#[xX]0*26;)*)"
    r"(?:(?P<name>[A-Za-z][A-Za-z0-9]{1,30})|#0*(?P<number>[0-9]{1,8})|#[xX]0*(?P<hex>[0-9A-Fa-f]{1,6}));"
)
_PAIR = re.compile(r"&(?:amp;)*#(5[5-9]\d{3});&(?:amp;)*#(5[5-9]\d{3});")

_NO_SEMICOLON = re.compile(
    rf"&(?:(?P<name>(?:{_LETTERS}|{_SIGNS}|(?i:amp|lt|gt)|copy|reg)(?![A-Za-z0-9;=])|(?:quot|nbsp|amp)(?=[A-Z])"
    rf"|amp(?=#\d)|(?:{_LETTERS})(?=[a-z]))"
    rf"|#(?P<number>{_NUMBERS})(?![\d;=]))"
)
_NO_NUMBER_SIGN = re.compile(r"&(?P<number>0?3[49]|82(?:11|12|16|17|20|21|30)|160);")
# Searched in a few characters up to a semicolon, which is rarer than what may stand before it.
_NO_AMPERSAND = re.compile(
    rf"(?:(?<![A-Za-z&＆;#])|(?<=;)(?<!&amp;))(?:amp;)*(?:(?P<name>{_LETTERS}|{_SIGNS}|amp|lt|gt)"
    rf"|(?<![&＆/=])#(?:(?P<number>{_NUMBERS})|[xX](?P<hex>(?:2[0-9A-Fa-f]|3[CcEe]|[Aa]0|20[0-9A-Fa-f]{{2}}))));$"
    rf"|(?<=[A-Za-z])(?:(?P<glued>quot|nbsp|rsquo|rdquo|[aeiou](?:acute|uml))|#(?P<digits>0?3[49]|82\d\d));$"
)
_GOES_ON = re.compile(r"(?:amp|#\d{2,5}|[a-z]{2,8});")
_SPACED = re.compile(
    r"[&＆](?:[ ]?[#＃][ ]?(?:(?P<number>[0-9]{2,6})|[xX][ ]?(?P<hex>[0-9A-Fa-f]{2,5}))"
    r"|[ ]?(?P<name>[A-Za-z]{2,8}[0-9]{0,2}))[ ]?[;；]"
)
_SPACED_APOSTROPHE = re.compile(r"#(?: (?P<number>39) ?| ?(?P<late>39) );(?<![&＆].{4})(?<![&＆] .{5})")

ESCAPED_TRIGGER = r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[xX]?[0-9A-Fa-f]{1,16});"
# The ends of the names are enough to see them.
BROKEN_TRIGGER = (
    rf"&(?:{_LETTERS}|{_SIGNS}|(?i:amp|lt|gt)|copy|reg|#?\d{{2}})"
    r"|(?:(?i:quot|apos|nbsp|dquo|squo|aquo|dash|hellip|middot|iexcl|iquest)|thinsp|[ne]m?sp|frac\d\d|zwn?j"
    r"|acute|grave|circ|uml|tilde|cedil|szlig|ring|slash|[lL]ig|caron|strok"
    r"|(?:^|[^A-Za-z])(?:amp|lt|gt)|#[xX]?[0-9A-Fa-f]{2,8});"
)
SPACED_TRIGGER = r"[&＆] ?(?:[#＃] ?[xX]? ?[0-9A-Fa-f]{2,6}|[A-Za-z]{2,8}[0-9]{0,2}) ?[;；]|# ?39 ?;"


def find_escaped(text: str, facts: Facts) -> Iterator[Hit]:
    """Character references that were never decoded: they become the characters they stand for, through all layers.

    `&eacute;`, `&#8217;`, `&#x27;`, `&QUOT;`, and escaped again and again: `&amp;amp;#39;`. A `<` elsewhere in the
    text does not matter. Numbers 128-159 are read as Windows-1252, as browsers do; two surrogates make one emoji.
    Spared: names that stand for nothing (`R&D;`), variables in code (`f(&sum);`), a reference that is itself the
    subject ("the entity &amp; means").
    """
    for reference in _references(text, _read_escaped):
        yield Hit(reference.start, reference.end, reference.value)


def find_broken(text: str, facts: Facts) -> Iterator[Hit]:
    """Character references that lost their `&`, `#` or `;`: they become the characters they stand for.

    `horrified,quot;`, `#39;s`, ` #36;10 million` (one scraper puts a space for the `&`, so that space goes too),
    `AT amp;T`, `&nbsp `, `caf&eacute `, `&039;`. Spared: URLs (`&copy=1`), ranks and colours (`#1;`, `#333;`), `amp;`
    between plain words, and a reference that is itself the subject ("the word quot; means").
    """
    yield from _apart(_broken_hit(text, reference) for reference in _references(text, _read_broken))


def find_spaced(text: str, facts: Facts) -> Iterator[Hit]:
    """Character references torn apart by a translator: they become the character, and the spaces go where they belong.

    `& # 39; Liberation & # 39;` is `'Liberation'`, `Syria & # 39; s` is `Syria's`, `l & # 39; homme` is `l'homme`.
    Full-width signs count too (`＆quot；`). Spared: names that stand for nothing (`Q & A;`), and code.
    """
    references = list(_references(text, _read_spaced))
    sides = _sides(text, references)
    yield from _apart(_spaced_hit(text, reference, sides.get(reference.start, "")) for reference in references)


# --- Reading -------------------------------------------------------------------------------------------------------


def _references(text: str, read: Reader) -> Iterator[Reference]:
    """What the reader finds, in order and without overlap, but for references that the text speaks about."""
    if "&" not in text and "#" not in text and ";" not in text and "＆" not in text:
        return
    done = 0
    for reference in read(text):
        if reference.start < done or _is_subject(text, reference):
            continue
        yield reference
        done = reference.end


def _value(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    name = groups.get("name") or groups.get("glued")
    if name:
        return named(name)
    number = groups.get("number") or groups.get("digits") or groups.get("late")
    return numbered(int(number)) if number else numbered(int(groups["hex"], 16))


def _read_escaped(text: str) -> Iterator[Reference]:
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
        if char is None or (match["name"] and is_word(match["name"]) and _is_code(text, start, end)):
            if match["layers"]:  # "AT&amp;T;": what follows is no name, but "&amp;" is one
                yield Reference(start, match.end("layers"), "&")
            continue
        yield Reference(start, end, char)


def _read_broken(text: str) -> Iterator[Reference]:
    found = [*(_read_no_semicolon(text) if "&" in text else ()), *_read_no_ampersand(text)]
    found.sort()
    yield from found


def _read_no_semicolon(text: str) -> Iterator[Reference]:
    for match in _NO_SEMICOLON.finditer(text):
        start, end = match.span()
        if in_url(text, start, _URL, _LONGEST_URL) or _is_code(text, start, end):
            continue
        name = match["name"]
        if name in ("copy", "reg") and not (name == "copy" and re.match(r" ?(?:19|20)\d\d", text[end : end + 5])):
            continue
        value = _value(match)
        if value is not None:
            yield Reference(start, end, value)
    for match in _NO_NUMBER_SIGN.finditer(text):
        value = numbered(int(match["number"]))
        if value is not None and not in_url(text, match.start(), _URL, _LONGEST_URL):
            yield Reference(*match.span(), value)


_RANK = re.compile(
    r"(?:\b(?i:rank(?:ed|s)?|number|no\.|seeds?|picks?|jersey|shirt|w(?:ear|ears|earing|ore)|at|channel|colou?r)|:)\s?$"
)


def _read_no_ampersand(text: str) -> Iterator[Reference]:
    end = text.find(";") + 1
    while end:
        match = _NO_AMPERSAND.search(text, max(0, end - 24), end)
        if match and not (match["name"] == "amp" and _GOES_ON.match(text, end)):
            value = _value(match)
            if value is not None and not _is_spared(text, match):
                yield Reference(match.start(), end, value)
        end = text.find(";", end) + 1


def _is_spared(text: str, match: re.Match[str]) -> bool:
    start, end, name = match.start(), match.end(), match["name"]
    if name in ("amp", "lt", "gt") and not _is_sign(text, start, end, name):
        return True
    if match["glued"] == "quot" and text.endswith("ali", 0, start):  # "aliquot;"
        return True
    dollars = match["number"] == "36" and text[end : end + 1].isdigit()
    if match["number"] and not dollars and _RANK.search(text, max(0, start - 12), start):
        return True
    return in_url(text, start, _URL, _LONGEST_URL) or _is_code(text, start, end)


def _is_sign(text: str, start: int, end: int, name: str) -> bool:
    """Is `amp;`, `lt;` or `gt;` the rest of a sign, and not a word ("his amp; the crowd")?"""
    if text[max(0, start - 2) : start] == "  ":  # the space for the lost "&" stands beside the author's own
        return True
    if name == "amp":  # "AT amp;T", "Johnson amp; Johnson", "amp;#39;"
        before, after = text[max(0, start - 2) : start].strip(), text[end : end + 2]
        glued = bool(after[:1].isalnum())
        capitals = before[-1:].isupper() or bool(re.search(r"\b[A-Z]\w+ $", text[max(0, start - 30) : start]))
        return (before[-1:].isdigit() and after[:1].isdigit()) or (capitals and (glued or after.strip()[:1].isupper()))
    if name == "lt":  # "lt;b gt;", "lt;/a"
        return bool(re.match(r"/?[A-Za-z]{1,10}[ >&/]", text[end : end + 13]))
    return bool(re.search(r"(?:<|lt;)/?[A-Za-z][^<>\n]{0,200}$", text[max(0, start - 203) : start]))


def _read_spaced(text: str) -> Iterator[Reference]:
    found: list[re.Match[str]] = list(_SPACED.finditer(text)) if "&" in text or "＆" in text else []
    if "#" in text:  # "Syria # 39; s": a rank if nothing but an apostrophe's tail can prove it
        bare = (match for match in _SPACED_APOSTROPHE.finditer(text) if _SUFFIX.match(text, match.end()))
        found = sorted([*found, *bare], key=lambda match: match.start())
    for match in found:
        start, end = match.span()
        if _WHOLE.fullmatch(match[0]):
            continue
        value = _value(match)
        name = match.groupdict().get("name")
        if value is None or (name and (is_word(name) or _is_code(text, start, end))):
            continue
        yield Reference(start, end, value)


# --- What is spared ------------------------------------------------------------------------------------------------

_LONGEST_URL = 500
_URL = re.compile(r"://|www\.|\w\.(?:com|org|net|php|aspx?|html?)[/?]|\?\w+=", re.IGNORECASE)
_CODE = re.compile(r"[{}]|[=!]=|::|\w->\w|&&|\|\||\w\([^()\n]{0,80}\) *;|\b(?:int|void|char|const \w+|auto) ?[*&]")
_DECLARES = re.compile(r"\b(?:int|void|char|auto|float|double|string|const [\w:<>]+|typename \w+) $")
_SUBJECT = re.compile(
    r"\b(?i:word|entity|string|code|symbol|sequence|escape|literal|character|tag|html|type|write|written as|spelled"
    r"|wort|zeichen|palabra|mot|parola|palavra|слово|символ)\s+[\"'“‘`«]?$"
)


def _is_code(text: str, start: int, end: int) -> bool:
    """Does the line around a reference look like a program? The reference itself does not count."""
    first = max(0, start - 200)
    first = max(text.rfind("\n", first, start) + 1, first)
    last = text.find("\n", end, end + 200)
    last = min(end + 200, len(text)) if last < 0 else last
    around = text[first:start] + " " + text[end:last]
    return bool(_CODE.search(around) or _DECLARES.search(text, first, start))


def _is_subject(text: str, reference: Reference) -> bool:
    """Does the text speak about the reference: "the word quot; means"? It stands apart then, after such a word.

    Or between the marks of code: `&quot;`.
    """
    before, after = text[reference.start - 1 : reference.start], text[reference.end : reference.end + 1]
    if before == after == "`":
        return True
    if after.isalnum():
        return False
    first = max(0, reference.start - 300)
    line = text[max(text.rfind("\n", first, reference.start) + 1, first) : reference.start]
    if reference.value in _DOUBLE and (line.count('"') + line.count("quot;")) % 2:  # it closes a quotation
        return False
    return bool(_SUBJECT.search(text, max(0, reference.start - 25), reference.start))


# --- Spaces around what comes back -----------------------------------------------------------------------------------

_SUFFIX = re.compile(r" ?(?:s|t|re|ve|ll|d|m|S|T|RE|VE|LL|D|M)\b(?! ?['’])")
_ELISION = re.compile(
    r"(?:^|[^\w'’])(?i:l|d|j|qu|n|c|m|t|s|jusqu|lorsqu|puisqu|quelqu|aujourd|dell|all|nell|sull|dall|un|quest|gl|o) ?$"
)
_SINGLE, _DOUBLE = "'‘’", '"“”'


def _is_apostrophe(text: str, start: int, end: int) -> bool:
    """Does the mark stand inside a word: "Syria & # 39; s", "l & # 39; homme"?"""
    before = start - 2 if text[start - 1 : start] == " " else start - 1
    if before < 0 or not text[before].isalnum():
        return False
    return bool(_SUFFIX.match(text, end) or _ELISION.search(text, max(0, start - 12), start))


def _apart(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Two neighbours may both claim the space between them: the first one has it."""
    done = 0
    for hit in hits:
        yield hit._replace(start=max(hit.start, done))
        done = hit.end


def _broken_hit(text: str, reference: Reference) -> Hit:
    """One scraper wrote a space for each "&": that space goes, but not the one that opens a quotation or an amount."""
    start, end, value = reference
    if text[start] == "&" or start < 1 or text[start - 1] != " ":
        return Hit(start, end, value)
    before, after = text[start - 2 : start - 1] if start > 1 else "\n", text[end : end + 1]
    if before in " \n([“‘":
        return Hit(start - 1, end, value)
    opens = after.isalnum() and value in _DOUBLE
    apart = value in "&<>" and after == " "
    return Hit(start if opens or apart or value == "$" else start - 1, end, value)


def _spaced_hit(text: str, reference: Reference, side: str) -> Hit:
    """Translators put spaces around a reference: those inside a word or a quotation go."""
    start, end, value = reference
    space_before, space_after = text[start - 1 : start] == " ", text[end : end + 1] == " "
    if value == "\xa0" or (value in _SINGLE and _is_apostrophe(text, start, end)):
        return Hit(start - space_before, end + space_after, value)
    if side == "closes":
        return Hit(start - space_before, end, value)
    if side == "opens" or (value == "$" and text[end + 1 : end + 2].isdigit()):
        return Hit(start, end + space_after, value)
    return Hit(start, end, value)


def _sides(text: str, references: list[Reference]) -> dict[int, str]:
    """For each quotation mark that comes back, by its start: "opens" or "closes" a quotation. Missing: cannot be told.

    >>> text = "& quot; Yes & quot; , said the players & # 39; union"
    >>> _sides(text, list(_references(text, _read_spaced)))
    {39: 'closes', 0: 'opens', 12: 'closes'}
    """
    sides: dict[int, str] = {}
    for kind in (_SINGLE, _DOUBLE):
        marks = [r for r in references if r.value in kind and not _is_apostrophe(text, r.start, r.end)]
        sides |= _sides_of_kind(text, marks, kind)
    return sides


def _sides_of_kind(text: str, marks: list[Reference], kind: str) -> dict[int, str]:
    """The sides of single or of double marks: within a line they open and close in turn.

    One that would open and has no partner further on closes after an "s" (`players & # 39; union`), and is left where
    it stands otherwise.
    """
    sides: dict[int, str] = {}
    opened, done = False, 0  # whether a quotation is open at `done`
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        line = text.rfind("\n", done, mark.start) + 1
        if line:  # no quotation goes on in the next line
            opened, done = False, line
        if kind is _DOUBLE:  # plain marks between the references open and close, too
            opened = _is_open(text, done, mark.start, opened)
        done = mark.end
        if opened:
            sides[mark.start] = "closes"
        elif _has_partner(text, mark, following, kind):
            sides[mark.start] = "opens"
        elif kind is _SINGLE and re.search(r"s ?$", text[max(0, mark.start - 2) : mark.start]):
            sides[mark.start] = "closes"
            continue  # it is the end of a word, and no quotation was open
        opened = not opened
    return sides


def _is_open(text: str, start: int, end: int, opened: bool) -> bool:
    """Is a quotation open at `end`, if one is `opened` at `start`?

    The last plain mark between tells by its neighbours, or else by how many there are.
    """
    at = max(text.rfind(mark, start, end) for mark in _DOUBLE)
    if at < 0:
        return opened
    space_before, space_after = at == 0 or text[at - 1].isspace(), text[at + 1 : at + 2].isspace()
    if space_before != space_after:
        return space_before
    return opened != bool(sum(text.count(mark, start, end) for mark in _DOUBLE) % 2)


def _has_partner(text: str, mark: Reference, following: Reference | None, kind: str) -> bool:
    """Does a mark that could close the quotation stand further on in the line: a reference, or a plain double mark?"""
    last = following.start if following else len(text)
    between = text[mark.end : min(last, mark.end + 2000)]
    line, newline, _ = between.partition("\n")
    return (following is not None and not newline and mark.end + len(line) == last) or (
        kind is _DOUBLE and any(double in line for double in _DOUBLE)
    )

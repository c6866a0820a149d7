"""Synthetic damage: every kind that the encoding rules mend, put into clean texts, with a seed.

`damage(text, seed)` returns the damaged text and the places; the clean text is what must come out again. A kind is a
pattern for where it can happen and what becomes of it there. Kinds that damage a whole line (mojibake) take the line
for themselves.

`STYLES` damage a whole article, as one scraper or translator does: every quotation mark and apostrophe of it.
"""

from __future__ import annotations

import html.entities
import random
import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

import ftfy.bad_codecs  # noqa: F401 - the sloppy encodings, which have no holes


class Injection(NamedTuple):
    """`clean[start:end]` was replaced by `damaged`."""

    start: int
    end: int
    kind: str
    damaged: str


Replace = Callable[[random.Random, re.Match[str]], str]

_INVISIBLE = ("\u200b", "\u2060", "\ufeff", "\u200d")
_TORN = (" & # 39; ", " &# 39; ", " & #39; ", "& # 39 ; ")
_TAIL = r"(?=(?:s|t|re|ve|ll|d|m)\b)"


def _named(_rng: random.Random, match: re.Match[str]) -> str:
    name = html.entities.codepoint2name.get(ord(match[0]))
    return f"&{name};" if name else f"&#{ord(match[0])};"


def _windows(_rng: random.Random, match: re.Match[str]) -> str:
    return f"&#{match[0].encode('cp1252')[0]};"


def _wide(_rng: random.Random, match: re.Match[str]) -> str:
    return "".join(chr(ord(char) + 0xFEE0) for char in match[0])


KINDS: dict[str, tuple[str, Replace]] = {
    "escaped entity": (r"[\"'&<>“”‘’–—…]|[\u00a0-\u04ff]", _named),
    "entity by number": (r"[\"'“”’–…]|[\u00a0-\uffff]", lambda _r, m: f"&#{ord(m[0])};"),
    "entity in hexadecimal": (r"[\"'“”’–…]|[\u00a0-\uffff]", lambda _r, m: f"&#x{ord(m[0]):x};"),
    "entity of Windows-1252": (r"[“”‘’–—…€™]", _windows),
    "entity in capitals": (r"\"", lambda _r, _m: "&QUOT;"),
    "entity escaped twice": (r"[\"']", lambda r, m: f"&amp;{'amp;' * r.randint(0, 2)}#{ord(m[0])};"),
    "entity without semicolon": (rf"(?<=\w)'{_TAIL}", lambda _r, _m: "&#39"),
    "entity without ampersand": (rf"(?<=\w)'{_TAIL}", lambda r, _m: r.choice(("#39;", " #39;"))),
    "quotation mark without ampersand": (r"(?<=\w,)\"(?= )", lambda _r, _m: "quot;"),
    "amount without ampersand": (r"(?<=[a-z] )\$(?=\d)", lambda r, _m: r.choice(("#36;", " #36;"))),
    "entity without number sign": (rf"(?<=\w)'{_TAIL}", lambda _r, _m: "&039;"),
    "spaced apostrophe": (
        rf"(?<=\w)'{_TAIL}",
        lambda r, _m: r.choice(_TORN),
    ),
    "spaced quotation": (
        r"(?<=[a-z] )\"(?=[A-Za-z])([^\"\n]{3,60})\"(?= )",
        lambda r, m: r.choice(("& quot; {} & quot;", "& quot ; {} & quot ;", "& Quot; {} & Quot;")).format(m[1]),
    ),
    "apostrophe as question mark": (rf"(?<=\w)’{_TAIL}", lambda _r, _m: "?"),
    "escape of JSON": (r"[’“”–…]|[\u00a1-\u04ff]", lambda _r, m: f"\\u{ord(m[0]):04x}"),
    "escaped apostrophe": (rf"(?<=\w)'{_TAIL}", lambda _r, _m: "\\'"),
    "control character": (r"(?<=[^\W\d_])(?=[^\W\d_])", lambda r, _m: chr(r.choice((1, 2, 3, 5, 7, 8, 20, 31, 127)))),
    "zero width": (r"(?<=[A-Za-zа-я])(?=[A-Za-zа-я])", lambda r, _m: r.choice(_INVISIBLE)),
    "soft hyphen": (r"(?<=[a-zа-я]{2})(?=[a-zа-я]{2})", lambda _r, _m: "\u00ad"),
    "bidi mark": (r"(?<=[a-z]) (?=[a-z])", lambda r, _m: r.choice((" \u200e", "\u200f ", " \u202a"))),
    "odd space": (r"(?<=[a-z]) (?=[a-z])", lambda r, _m: r.choice(("\u2003", "\u2002", "\u205f", "\u3000"))),
    "line separator": (r"(?<=[^\r\n])\n(?=[^\r\n])", lambda r, _m: r.choice(("\u2028", "\u2029", "\r"))),
    "decomposed": (r"[à-ýÀ-Ýά-ώйё]", lambda _r, m: unicodedata.normalize("NFD", m[0])),
    "full width": (r"(?<=[a-z] )\d{2,}(?= [a-z])", _wide),
    "split word": (r"(?<=[a-z])n't\b", lambda _r, _m: " n't"),
    "split suffix": (r"(?<=[a-z])'(?:s|re|ve|ll)\b(?!')", lambda _r, m: " " + m[0]),
    "split number": (r"(?<=\d),(?=\d{3}\b)", lambda _r, _m: " ,"),
    "doubled full stop": (r"(?<=[a-z]{3})\.(?=\n|$)", lambda _r, _m: ".."),
    "closing mark on the next word": (r"(?<=[a-z],)\" (?=[a-z])", lambda _r, _m: ' "'),
    "space before the closing mark": (r"(?<=[a-z][.,])\"(?=\n|$| )", lambda _r, _m: ' "'),
}

# Read as these by mistake, and how often on top of each other.
MOJIBAKE = (("sloppy-windows-1252", 1), ("sloppy-windows-1252", 1), ("sloppy-windows-1252", 2), ("latin-1", 1))
_MOJIBAKE_LETTERS = re.compile("[à-ÿÀ-Ý“”’–—\u0400-\u04ff\u0370-\u03ff]")


def damage(text: str, seed: int, most: int = 8) -> tuple[str, list[Injection]]:
    """The text with up to `most` injuries of different kinds, and where they are, in ascending order."""
    rng = random.Random(seed)
    chosen: list[Injection] = []
    for kind in rng.sample(["mojibake", *KINDS], len(KINDS) + 1):
        if len(chosen) == most:
            break
        found = _mojibake(rng, text) if kind == "mojibake" else _one(rng, kind, text)
        if found and all(_apart(text, found, other) for other in chosen):
            chosen.append(found)
    chosen.sort()
    pieces: list[str] = []
    done = 0
    for start, end, _kind, damaged in chosen:
        pieces += (text[done:start], damaged)
        done = end
    return "".join([*pieces, text[done:]]), chosen


def _one(rng: random.Random, kind: str, text: str) -> Injection | None:
    pattern, replace = KINDS[kind]
    places = list(re.finditer(pattern, text))
    if not places:
        return None
    match = rng.choice(places)
    return Injection(*match.span(), kind, replace(rng, match))


def _mojibake(rng: random.Random, text: str) -> Injection | None:
    """A whole line, as a program damages it."""
    places = [match for match in re.finditer(r"[^\n]+", text) if _MOJIBAKE_LETTERS.search(match[0])]
    if not places:
        return None
    match, (encoding, layers) = rng.choice(places), rng.choice(MOJIBAKE)
    damaged = match[0]
    for _ in range(layers):
        damaged = damaged.encode("utf-8").decode(encoding)
    return Injection(*match.span(), "mojibake", damaged)


def _apart(text: str, one: Injection, other: Injection) -> bool:
    """Not in the same line as mojibake or as another quotation mark; 30 characters between the others."""
    marks = sum("mark" in i.kind or "quotation" in i.kind for i in (one, other))
    line = "mojibake" in (one.kind, other.kind) or marks == 2
    first, last = min(one, other), max(one, other)
    between = text[first.end : last.start]
    return "\n" in between if line else last.start - first.end >= 30


# --- Whole articles in one style -----------------------------------------------------------------------------------

_MARK = re.compile("['\"“”‘’]")
_NAMES = {'"': "quot", "“": "ldquo", "”": "rdquo", "‘": "lsquo", "’": "rsquo"}


def _spaced(mark: str) -> str:
    return "& # 39;" if mark == "'" else f"& {_NAMES[mark]};"


def _broken(mark: str) -> str:
    return "#39;" if mark == "'" else f"{_NAMES[mark]};"


def _sides_lost(text: str) -> str:
    """One blank on each side of each reference, none doubled, none at the edges of a line."""
    text = re.sub(f" ?({_MARK.pattern}) ?", lambda match: f" {_spaced(match[1])} ", text)
    return re.sub(r"(?m)(?<=;)( ) +(?=& )|^ (?=& )|(?<=;) $", r"\1", text)


def _apart_inside(text: str) -> str:
    text = re.sub(r"(?m)(?:^|(?<=[\s(\[—–-]))([\"“])(?=[^\s\"”])", r"\1 ", text)
    return re.sub(r"(?m)(?<=[^\s\"“])([\"”])(?=[\s.,;:!?)\]—–-]|$)", r" \1", text)


STYLES: dict[str, Callable[[str], str]] = {
    "spaced references": lambda text: _MARK.sub(lambda match: _spaced(match[0]), text),
    "references without ampersand": lambda text: _MARK.sub(lambda match: _broken(match[0]), text),
    "references with their sides lost": _sides_lost,
    "references between blanks": lambda text: _MARK.sub(lambda match: f" {_spaced(match[0])} ", text),
    "closing marks on the next word": lambda text: re.sub(r"([,.?!])([\"”]) (?=\w)", r"\1 \2", text),
    "marks apart inside": _apart_inside,
    "closing marks apart": lambda text: re.sub(r"(?m)(?<=[.,!?])([\"”])(?=\s|$)", r" \1", text),
    "a blank for the ampersand": lambda text: re.sub("['\"]", lambda match: f" {_broken(match[0])}", text),
    "escaped twice": lambda text: re.sub("['\"]", lambda match: f"&amp;{_broken(match[0])}", text),
}

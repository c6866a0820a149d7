"""Phrases that only a site says, never an article: read from TOML, matched against whole lines.

A phrase is written as words. Case and punctuation do not count, but for `:`, `|`, `@` and `©`. Besides words there are

    *         one to twelve words              **        any number of words, or none
    #         a number                         {a|b|}    either of these (here, perhaps neither)
    <month>   one of the words of a set

and a phrase matches a line only as a whole. The format is that of `phrases.toml` beside this module:

    [[phrases]]
    rule = "related_links"
    language = "en"
    opens = true             # the lines that follow and look like titles belong to it
    doubtful = true          # cut only beside other boilerplate
    lines = ["related stories", "read more : *"]

A file of the user's adds to it, and may hold `off = ["phrase", ...]`: default phrases that no rule is to cut.
Rules get the text of that file as their setting `additions`, so that a change in it is a change of settings.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import SettingsError

DEFAULTS = Path(__file__).with_name("phrases.toml")
MAX_LINE = 600  # characters; the longest copyright notices have about 500

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[:|@©]")
_GAP = r"[^\w:|@©]*+(?:_[^\w:|@©]*+)*+"
_OPENING = re.compile(rf"{_GAP}({_TOKEN.pattern})(?:{_GAP}({_TOKEN.pattern}))?")  # the first two words of a line
_FOLD = (("İ", "i"), ("’", "'"), ("‘", "'"), ("：", ":"), ("｜", "|"), ("ⓒ", "©"))  # one for one: offsets hold
_PARTS = re.compile(r"\*\*|\*|#|<[a-z]+>|[{}]|[^\W_]+(?:'[^\W_]+)*|[:|@©]")
_GLUED = re.compile(r"(?<=[^\W_])\{([^{}]*)\}|\{([^{}]*)\}(?=[^\W_{])")
_FIELDS = {"rule", "language", "opens", "doubtful", "lines"}

KEPT = "kept"  # the kind of a phrase that the user has switched off: no rule cuts it

Sets = Mapping[str, list[str]]


class Kind(NamedTuple):
    """What a line that matches a phrase is."""

    rule: str
    opens: bool = False
    doubtful: bool = False


class Pattern(NamedTuple):
    regex: str  # for a folded line with a space before it
    kind: Kind


@cache
def _compiled(regex: str) -> re.Pattern[str]:
    """Compiled when a line first asks for it: all two thousand take half a second, which most runs need not spend."""
    return re.compile(regex)


def flatten(text: str) -> str:
    """The text in lower case, with one spelling for each sign that counts, every character in its place."""
    if text.isascii():
        return text.lower()
    for spelling, sign in _FOLD:
        text = text.replace(spelling, sign)
    return text.lower()


def fold(line: str) -> str:
    """The words of a line in lower case, one space between; what phrases are compared with.

    >>> fold("» Read More:  Ben’s story …")
    "read more : ben's story"
    """
    return " ".join(_TOKEN.findall(flatten(line)))


@dataclass(frozen=True, eq=False)
class Phrases:
    """All phrases in force: those of words alone, the others by their first word, or by a word that they must hold."""

    exact: Mapping[str, Kind]
    first: Mapping[str, Mapping[str, tuple[Pattern, ...]]]  # by first and second word ("*": any); exact ones, too
    anywhere: Mapping[str, tuple[Pattern, ...]]  # by a word that they hold, wherever
    gates: Mapping[str, re.Pattern[str]]  # by a letter: together they find each line that `anywhere` could match

    def kinds(self, text: str, spans: Sequence[tuple[int, int]]) -> dict[int, Kind]:
        """What the lines `spans` of the text are that are phrases: by their number, in order."""
        flat = flatten(text)
        held = self._held(flat, spans)
        kinds = {}
        for number, (start, end) in enumerate(spans):
            opening = _OPENING.match(flat, start, end) if end - start <= MAX_LINE else None
            if opening is None:
                continue
            begins = self.first.get(_key(opening[1]))
            found = begins.get(_key(opening[2] or ""), begins.get("*")) if begins else None
            if found is not None or number in held:
                kind = self._kind(flat[start:end], found, number in held)
                if kind is not None:
                    kinds[number] = kind
        return kinds

    def _held(self, flat: str, spans: Sequence[tuple[int, int]]) -> set[int]:
        """The numbers of the lines that a phrase of `anywhere` could match."""
        gates = [gate for letter, gate in self.gates.items() if letter in flat and gate.search(flat)]
        starts = [start for start, _ in spans] if gates else []
        return {bisect_right(starts, hit.start()) - 1 for gate in gates for hit in gate.finditer(flat)}

    def _kind(self, line: str, begins: Sequence[Pattern] | None, held: bool) -> Kind | None:
        """What a flat line is, if a phrase; `begins` are the phrases that begin as it does."""
        words = _TOKEN.findall(line)
        found = list(begins or ())
        if held:
            present = set(words)
            found += (pattern for word in self.anywhere if word in present for pattern in self.anywhere[word])
        if begins is None and not found:
            return None
        folded = " ".join(words)
        kind = self.exact.get(folded)
        if kind is not None:
            return kind
        spaced = " " + folded
        return next((pattern.kind for pattern in found if _compiled(pattern.regex).fullmatch(spaced)), None)

    def kind(self, line: str) -> Kind | None:
        """What a line is, if a phrase."""
        return self.kinds(line, [(0, len(line))]).get(0)


@lru_cache(maxsize=2)
def phrases_of(additions: str) -> Phrases:
    """The default phrases, and before them those of the user's file whose text is `additions`.

    Raises:
        SettingsError: it is not as described above.
    """
    default = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    try:
        mine = tomllib.loads(additions)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    off = set(mine.get("off", ()))
    unknown = off - {line for group in default["phrases"] for line in group["lines"]}
    if unknown:
        raise SettingsError(f"off: {min(unknown)!r} is none of the default phrases")
    sets: Sets = {**default["sets"], **mine.get("sets", {})}
    kept = Kind(KEPT)
    exact: dict[str, Kind] = {}
    first: dict[str, dict[str, list[Pattern]]] = {}
    anywhere: dict[str, list[Pattern]] = {}
    telling: set[str] = set()
    for number, group in enumerate((*mine.get("phrases", ()), *default["phrases"]), 1):
        if set(group) - _FIELDS or not {"rule", "lines"} <= set(group):
            raise SettingsError(f"phrases {number}: needs rule and lines, may have language, opens, doubtful")
        kind = Kind(group["rule"], group.get("opens", False), group.get("doubtful", False))
        for written, line in ((glued, plain) for glued in group["lines"] for plain in _choices(glued)):
            phrase = _parse(line, sets)
            words = _anchors(phrase)
            if not words:
                raise SettingsError(f"phrases {number}: {line!r} would match a line without a word of its own")
            if all(isinstance(part, str) and part[0] not in "*#" for part in phrase):
                exact.setdefault(" ".join(map(str, phrase)), kept if written in off else kind)
                first.setdefault(_key(str(phrase[0])), {}).setdefault(_key(str(phrase[1])) if phrase[1:] else "", [])
                continue
            pattern = Pattern(_regex(phrase), kept if written in off else kind)
            begins = _begins(phrase)
            if any(one == "*" for one, _ in begins):
                for word in words:
                    anywhere.setdefault(word, []).append(pattern)
                telling |= _anchors(phrase, _rarity) or set()
                continue
            for one, two in begins:
                first.setdefault(one, {}).setdefault(two, []).append(pattern)
    return Phrases(
        exact,
        {one: _with_any(seconds) for one, seconds in first.items()},
        {word: tuple(found) for word, found in anywhere.items()},
        _gates(telling),
    )


def _with_any(seconds: Mapping[str, list[Pattern]]) -> dict[str, tuple[Pattern, ...]]:
    """The patterns by second word, those for any word among each of them."""
    any_word = seconds.get("*", [])
    return {two: tuple(found if two == "*" else found + any_word) for two, found in seconds.items()}


def _key(word: str) -> str:
    return "#" if word.isdecimal() else word


# --- a phrase as a sequence of words, wildcards and choices -------------------------------------------------------

Phrase = tuple["str | Choice", ...]


class Choice(NamedTuple):
    branches: tuple[Phrase, ...]


def _choices(line: str) -> Iterator[str]:
    """The phrase with each choice of braces that are glued to a word.

    >>> list(_choices("meistgelesen{|e} {a|b}"))
    ['meistgelesen {a|b}', 'meistgelesene {a|b}']
    """
    choice = _GLUED.search(line)
    if choice is None:
        yield line
        return
    for one in (choice[1] if choice[2] is None else choice[2]).split("|"):
        yield from _choices(line[: choice.start()] + one + line[choice.end() :])


def _parse(line: str, sets: Sets) -> Phrase:
    parts = _PARTS.findall(flatten(line))
    phrase, rest = _sequence(parts, sets, inside=False)
    if rest:
        raise SettingsError(f"phrases: {line!r}: a brace too many")
    return phrase


def _sequence(parts: list[str], sets: Sets, *, inside: bool) -> tuple[Phrase, list[str]]:
    made: list[str | Choice] = []
    while parts:
        part = parts[0]
        if part == "}" or (inside and part == "|"):
            break
        parts = parts[1:]
        if part == "{":
            choice, parts = _choice(parts, sets)
            made.append(choice)
        elif part[0] == "<":
            if part[1:-1] not in sets:
                raise SettingsError(f"phrases: there is no set {part}")
            made.append(Choice(tuple(tuple(fold(word).split(" ")) for word in sets[part[1:-1]])))
        else:
            made.append(part)
    return tuple(made), parts


def _choice(parts: list[str], sets: Sets) -> tuple[Choice, list[str]]:
    branches = []
    while parts:
        branch, parts = _sequence(parts, sets, inside=True)
        branches.append(branch)
        if parts and parts.pop(0) == "}":
            break
    return Choice(tuple(dict.fromkeys(branches))), parts


def _regex(phrase: Phrase) -> str:
    """Every word brings the space before it along; `++`, since no part of a word matches by itself."""
    made = []
    for part in phrase:
        if isinstance(part, Choice):
            made.append("(?:" + "|".join(map(_regex, part.branches)) + ")")
        elif part == "**":
            made.append(r"(?: \S++){0,80}")
        else:
            made.append({"*": r"(?: \S++){1,12}", "#": r" \d+"}.get(part) or " " + re.escape(part))
    return "".join(made)


def _begins(phrase: Phrase) -> set[tuple[str, str]]:
    """The first and second words of lines that match; "*" is anything, "#" a number, and "" the end of the line."""
    found: set[tuple[str, ...]] = {()}
    for part in phrase:
        ends: set[tuple[str, ...]] = {("*",)} if part in ("*", "**") else {(_key(str(part)),)}
        if isinstance(part, Choice):
            ends = {tuple(word for word in begin if word) for branch in part.branches for begin in _begins(branch)}
        found = {one if "*" in one else (*one, *end)[:2] for one in found for end in ends}
        if all("*" in one or len(one) == 2 for one in found):
            break
    return {(one[0] if one else "", one[1] if len(one) > 1 else "*" if one == ("*",) else "") for one in found}


Rank = tuple[int | bool | list[str], ...]


def _brevity(words: Collection[str]) -> Rank:
    return min(map(len, words)) < 4, len(words), sorted(words)


def _anchors(phrase: Phrase, rank: Callable[[Collection[str]], Rank] = _brevity) -> set[str] | None:
    """Words of which a matching line must hold one, the least by `rank`; None when it may hold none of the phrase's."""
    found = [words for part in phrase if (words := _anchors_of(part))]
    return min(found, key=rank, default=None)


def _anchors_of(part: str | Choice) -> set[str] | None:
    if isinstance(part, str):
        return None if part[0] in "*#" else {part}
    branches = [_anchors(branch) for branch in part.branches]
    return set().union(*(words or () for words in branches)) if all(branches) else None


# --- gates: few and fast searches of a whole text for words that most texts lack --------------------------------------

_RARE = "vkypb"  # of the letters that few words of European languages have, as many as the default phrases need


def _rarity(words: Collection[str]) -> Rank:
    return min(map(len, words)) < 4, max((_RARE + rare).index(rare) for rare in map(_rare, words)), *_brevity(words)


def _rare(word: str) -> str:
    """The letter of a word to look for."""
    return next((letter for letter in _RARE if letter in word), word[0])


def _gates(words: Collection[str]) -> dict[str, re.Pattern[str]]:
    """For each rare letter a regex that starts with it, since `re` skips to a letter ten times as fast as to a choice.

    >>> [gate.findall("a story, your story") for gate in _gates({"your", "story"}).values()]
    [['y', 'your', 'y']]
    """
    found: dict[str, list[str]] = {}
    for word in sorted(words):
        rare = _rare(word)
        whole = r"(?![^\W_])" if word.isalnum() else ""  # a sign may have a word right after it
        found.setdefault(rare, []).append(f"{re.escape(word.split(rare, 1)[1])}(?<={re.escape(word)}){whole}")
    return {rare: re.compile(re.escape(rare) + f"(?:{'|'.join(rest)})") for rare, rest in found.items()}

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
    sentences = true         # cut as a sentence, too: see below
    lines = ["related stories", "read more : *"]

A line that ends as a sentence does ("More about the storm is awaited.") may be the article's own, whatever it begins
with: it is doubtful, unless its phrase is one that no article says, "we use cookies **".

A file of the user's adds to it. Its phrases are cut as sentences, too, and it may hold `off = ["phrase", ...]`: default
phrases that no rule is to cut. Rules get the text of that file as their setting `additions`, so that a change in it is
a change of settings.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.errors import SettingsError
from pipeline.rules.boilerplate.grammar import (
    TOKEN,
    Choice,
    Phrase,
    Places,
    Rank,
    Sets,
    anchors,
    beginnings,
    by_brevity,
    flatten,
    fold,
    is_plain,
    matches,
    opening_key,
    parse,
    parts,
    plain_beginning,
    sizes,
    unglued,
)
from pipeline.rules.boilerplate.openings import Openings

DEFAULTS = Path(__file__).with_name("phrases.toml")
MAX_LINE = 600  # characters; the longest copyright notices have about 500

_GAP = r"[^\w:|@©]*+(?:_[^\w:|@©]*+)*+"
_OPENING = re.compile(rf"{_GAP}({TOKEN.pattern})(?:{_GAP}({TOKEN.pattern}))?")  # the first two words of a line
_FIELDS = {"rule", "language", "opens", "doubtful", "sentences", "lines"}

KEPT = "kept"  # the kind of a phrase that the user has switched off: no rule cuts it


class Kind(NamedTuple):
    """What a line that matches a phrase is."""

    rule: str
    opens: bool = False
    doubtful: bool = False
    sentences: bool = False  # certain even where it is a sentence


class Pattern(NamedTuple):
    phrase: Phrase
    kind: Kind
    words: frozenset[str]  # that a line must hold
    least: int  # words of a line that matches
    most: int

    @classmethod
    def of(cls, phrase: Phrase, kind: Kind) -> Pattern:
        """The pattern of a phrase; of a choice no word need be there."""
        words = frozenset(part for part in phrase if is_plain((part,)) and isinstance(part, str))
        return cls(phrase, kind, words, *sizes(phrase))


class _Written:
    """A phrase as it is written, which is parsed when a line is first compared with it."""

    def __init__(self, line: str, sets: Sets, kind: Kind) -> None:
        self.kind = kind
        self._line, self._sets = line, sets

    @cached_property
    def phrase(self) -> Phrase:
        """Its parts."""
        return parse(self._line, self._sets)

    @cached_property
    def pattern(self) -> Pattern:
        """What lines are compared with."""
        return Pattern.of(self.phrase, self.kind)

    @cached_property
    def exact(self) -> str:
        """Its words, if it consists of nothing else."""
        return "" if _NO_WORD.search(self._line) else fold(self._line)

    @cached_property
    def seconds(self) -> Mapping[str, Sequence[str]]:
        """The second words of lines that match, by the first."""
        found: dict[str, list[str]] = {}
        for one, two in plain_beginning(self._line) or beginnings(self.phrase):
            found.setdefault(one, []).append(two)
        return found


_NO_WORD = re.compile(r"[*#<{}]")  # what of a phrase is no word
Seconds = Mapping[str, tuple[_Written, ...]]  # the phrases by their second word, "*": any


class Phrases:
    """All phrases in force: those of words alone, the others by their first word, or by a word that they must hold.

    Most lines begin with no two words that a phrase begins with, and hold no word that the others must hold. Only what
    is left is compared with phrases, one after the other. Phrases are parsed when a line first begins as they
    do: all of them take a third of a second, and most texts need few.
    """

    def __init__(self, index: _Index | None = None) -> None:
        """Those of an index, or the default ones."""
        self._index = index

    @cached_property
    def index(self) -> _Index:
        """How those are found that a line could match; made for the first text, not for who only reads settings."""
        return self._index or _indexed({})

    @cached_property
    def openings(self) -> Openings:
        """How lines open that may be phrases; for many texts at once."""
        return Openings(self.index.first, self.index.telling, lambda word: self._seconds(word) or ())

    def kinds(self, text: str, spans: Sequence[tuple[int, int]]) -> dict[int, Kind]:
        """What the lines `spans` of the text are that are phrases: by their number, in order."""
        flat = flatten(text)
        held = self._held(flat, spans)
        kinds = {}
        for number, (start, end) in enumerate(spans):
            opening = _OPENING.match(flat, start, end) if end - start <= MAX_LINE else None
            if opening is None:
                continue
            seconds = self._seconds(opening_key(opening[1]))
            patterns = seconds.get(opening_key(opening[2] or ""), seconds.get("*")) if seconds else None
            if patterns is not None or number in held:
                kind = self._kind(flat[start:end], patterns, number in held)
                if kind is not None:
                    kinds[number] = kind
        return kinds

    def _seconds(self, word: str) -> Seconds | None:
        """The phrases that begin with a word; None where none does."""
        found = self.index.first.get(word)
        if isinstance(found, list):
            found = self.index.first[word] = _by_second(word, found)
        return found

    def _held(self, flat: str, spans: Sequence[tuple[int, int]]) -> set[int]:
        """The numbers of the lines that a phrase of `anywhere` could match."""
        gates = [gate for letter, gate in self.index.gates.items() if letter in flat and gate.search(flat)]
        starts = [start for start, _ in spans] if gates else []
        return {bisect_right(starts, hit.start()) - 1 for gate in gates for hit in gate.finditer(flat)}

    def _kind(self, line: str, opening: Sequence[_Written] | None, held: bool) -> Kind | None:
        """What a flat line is, if a phrase.

        `opening` are the phrases that begin as it does, None where none does; `held` tells that one of `anywhere` could
        match.
        """
        words = TOKEN.findall(line)
        present = set(words)
        found = list(opening or ())
        if held:
            found += (written for word, those in self.index.anywhere.items() if word in present for written in those)
        whole = " ".join(words)
        for written in found:
            if written.exact == whole:
                return written.kind
        patterns = (written.pattern for written in found if not written.exact)
        could = [p for p in patterns if p.least <= len(words) <= p.most and p.words <= present]
        if not could:
            return None
        places = Places(words)
        return next((pattern.kind for pattern in could if matches(pattern.phrase, places)), None)

    def kind(self, line: str) -> Kind | None:
        """What a line is, if a phrase."""
        return self.kinds(line, [(0, len(line))]).get(0)


@lru_cache(maxsize=2)
def phrases_of(additions: str) -> Phrases:
    """The default phrases, and before them those of the user's file whose text is `additions`.

    Raises:
        SettingsError: it is not as described above.
    """
    try:
        mine = tomllib.loads(additions)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return Phrases(_indexed(mine) if any(mine.values()) else None)  # the default ones are known to be in order


def _indexed(mine: Mapping[str, Any]) -> _Index:
    """The default phrases, and before them those of the user's file, which says `mine`."""
    default = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    off = set(mine.get("off", ()))
    unknown = off - {line for group in default["phrases"] for line in group["lines"]}
    if unknown:
        raise SettingsError(f"off: {min(unknown)!r} is none of the default phrases")
    sets = {**default["sets"], **mine.get("sets", {})}
    index = _Index(sets)
    own = [{"sentences": True, **group} for group in mine.get("phrases", ())]
    for number, group in enumerate((*own, *default["phrases"]), 1):
        kind = _kind_of(group, number)
        for written in group["lines"]:
            for line in unglued(written):
                index.add(line, Kind(KEPT) if written in off else kind, number, checked=number <= len(own))
    index.gates = _gates(index.telling)
    return index


def _kind_of(group: Mapping[str, Any], number: int) -> Kind:
    """What lines are that match a phrase of the group, the `number`-th one."""
    if set(group) - _FIELDS or not {"rule", "lines"} <= set(group):
        raise SettingsError(f"phrases {number}: needs rule and lines, may have language, opens, doubtful, sentences")
    return Kind(group["rule"], *(group.get(name, False) for name in ("opens", "doubtful", "sentences")))


class _Index:
    """Phrases sorted by how lines are found that they could match."""

    def __init__(self, sets: Sets) -> None:
        self.sets = sets
        self.first: dict[str, list[_Written] | Seconds] = {}  # by first word; a list until somebody asks for it
        self.anywhere: dict[str, list[_Written]] = {}  # by a word that they hold, wherever
        self.telling: set[str] = set()  # words of which a line must hold one to match a phrase of `anywhere`
        self.gates: Mapping[str, re.Pattern[str]] = {}  # by a letter: together they find each such line

    def add(self, line: str, kind: Kind, number: int, *, checked: bool) -> None:
        """A phrase of the `number`-th group, found by the words it begins with, or by a word it must hold.

        One that is `checked` is parsed, and so is one that does not begin with words of its own.
        """
        written = _Written(line, self.sets, kind)
        word = _WORD.match(flatten(line))
        if word and not checked:
            opens = {opening_key(word[1])}
        else:
            opens = _first_words(written.phrase if checked else parts(line, self.sets))
        must_hold = opens if opens and not checked and not opens & {"*", "#"} else anchors(written.phrase)
        if not must_hold:
            raise SettingsError(f"phrases {number}: {line!r} would match a line without a word of its own")
        if "*" not in opens:
            for one in opens:
                self._opens(one, written)
            return
        for held in sorted(must_hold):  # a set has another order in each process
            self.anywhere.setdefault(held, []).append(written)
        self.telling |= anchors(written.phrase, _by_rarity)

    def _opens(self, word: str, phrase: _Written) -> None:
        unread = self.first.setdefault(word, [])
        assert isinstance(unread, list)
        unread.append(phrase)


_WORD = re.compile(rf"\s*({TOKEN.pattern})")


def _first_words(phrase: Iterable[str | Choice]) -> set[str]:
    """The words that lines begin with that match; "*" is any.

    >>> sorted(_first_words(parts("{read|see also|} more", {})))
    ['more', 'read', 'see']
    """
    found: set[str] = set()
    for part in phrase:
        if isinstance(part, str):
            return found | {"*" if part == "**" else opening_key(part)}
        branches = [_first_words(branch) for branch in part.branches]
        found = found.union(*branches)
        if all(branches):
            return found
    return found


def _by_second(first: str, phrases: Sequence[_Written]) -> Seconds:
    """Phrases that begin with a word by the second one, those for any word among each of them."""
    found: dict[str, list[_Written]] = {}
    for phrase in phrases:
        for second in phrase.seconds[first]:
            found.setdefault(second, []).append(phrase)
    any_word = found.get("*", [])
    return {two: tuple(those if two == "*" else those + any_word) for two, those in found.items()}


# --- gates: few and fast searches of a whole text for words that most texts lack --------------------------------------

_RARE = "vkypb"  # of the letters that few words of European languages have, as many as the default phrases need


def _by_rarity(words: Collection[str]) -> Rank:
    """The rarer a letter they all have the better, and none of them short."""
    return min(map(len, words)) < 4, max((_RARE + rare).index(rare) for rare in map(_rare, words)), *by_brevity(words)


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

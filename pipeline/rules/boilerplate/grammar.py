"""How a phrase is written, and which lines it matches: words, wildcards and choices, as `phrases.py` describes them.

A phrase is parsed into its parts. From these come the regex that a line must match as a whole, and two things that
spare most lines the regex: the words that a matching line begins with, and words of which it must hold one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from pipeline.errors import SettingsError

TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[:|@©]")
_SPELLINGS = (("İ", "i"), ("’", "'"), ("‘", "'"), ("：", ":"), ("｜", "|"), ("ⓒ", "©"))  # one for one: offsets hold
_PARTS = re.compile(rf"\*\*|\*|#|<[a-z]+>|[{{}}]|{TOKEN.pattern}")
_GLUED = re.compile(r"(?<=[^\W_])\{([^{}]*)\}|\{([^{}]*)\}(?=[^\W_{])")


def flatten(text: str) -> str:
    """The text in lower case, with one spelling for each sign that counts, every character in its place."""
    if text.isascii():
        return text.lower()
    for spelling, sign in _SPELLINGS:
        text = text.replace(spelling, sign)
    return text.lower()


def fold(line: str) -> str:
    """The words of a line in lower case, one space between; what phrases are compared with.

    >>> fold("» Read More:  Ben’s story …")
    "read more : ben's story"
    """
    return " ".join(TOKEN.findall(flatten(line)))


# --- a phrase and its parts -----------------------------------------------------------------------------------------

Phrase = tuple["str | Choice", ...]  # words, wildcards ("*", "**", "#") and choices
Sets = Mapping[str, list[str]]


class Choice(NamedTuple):
    """Any one of these; an empty one may be left out."""

    branches: tuple[Phrase, ...]


def unglued(line: str) -> Iterator[str]:
    """The phrase with each choice of the braces that are glued to a word: its parts are whole words.

    >>> list(unglued("meistgelesen{|e} {a|b}"))
    ['meistgelesen {a|b}', 'meistgelesene {a|b}']
    """
    choice = _GLUED.search(line)
    if choice is None:
        yield line
        return
    for one in (choice[1] if choice[2] is None else choice[2]).split("|"):
        yield from unglued(line[: choice.start()] + one + line[choice.end() :])


def parse(line: str, sets: Sets) -> Phrase:
    """The parts of a phrase; a set becomes a choice of its words.

    >>> parse("Read {more|on} *", {})
    ('read', Choice(branches=(('more',), ('on',))), '*')

    Raises:
        SettingsError: a brace is closed that was not opened, or there is no such set.
    """
    left = deque(_PARTS.findall(flatten(line)))
    phrase = _sequence(left, sets, ends=("}",))
    if left:
        raise SettingsError(f"phrases: {line!r}: a brace too many")
    return phrase


def _sequence(left: deque[str], sets: Sets, ends: tuple[str, ...]) -> Phrase:
    """Take parts from what is `left` up to one of the `ends`."""
    made: list[str | Choice] = []
    while left and left[0] not in ends:
        part = left.popleft()
        if part == "{":
            made.append(_choice(left, sets))
        elif part[0] == "<":
            if part[1:-1] not in sets:
                raise SettingsError(f"phrases: there is no set {part}")
            made.append(Choice(tuple(tuple(fold(words).split(" ")) for words in sets[part[1:-1]])))
        else:
            made.append(part)
    return tuple(made)


def _choice(left: deque[str], sets: Sets) -> Choice:
    """Take the branches of a choice, whose brace is open, with the brace that closes it."""
    branches = []
    while left:
        branches.append(_sequence(left, sets, ends=("|", "}")))
        if left and left.popleft() == "}":
            break
    return Choice(tuple(dict.fromkeys(branches)))


def is_plain(phrase: Phrase) -> bool:
    """Whether the phrase consists of words alone."""
    return all(isinstance(part, str) and part[0] not in "*#" for part in phrase)


def regex_of(phrase: Phrase) -> str:
    r"""What a folded line with a space before it must match. Every word brings the space before it along.

    The repetitions give nothing back (`++`), since no part of a word matches by itself.

    >>> regex_of(parse("read {more|} #", {}))
    ' read(?: more|) \\d+'
    """
    made = []
    for part in phrase:
        if isinstance(part, Choice):
            made.append("(?:" + "|".join(map(regex_of, part.branches)) + ")")
        elif part == "**":
            made.append(r"(?: \S++){0,80}")
        else:
            made.append({"*": r"(?: \S++){1,12}", "#": r" \d+"}.get(part) or " " + re.escape(part))
    return "".join(made)


# --- which lines could match at all ---------------------------------------------------------------------------------


def opening_key(word: str) -> str:
    """What the words that lines begin with are told by: numbers are all one."""
    return "#" if word.isdecimal() else word


def beginnings(phrase: Phrase) -> set[tuple[str, str]]:
    """The first and second words of lines that match; "*" is anything, "#" a number, and "" the end of the line.

    >>> sorted(beginnings(parse("{read|see also} more", {})))
    [('read', 'more'), ('see', 'also')]
    >>> beginnings(parse("photos", {})), beginnings(parse("* photos", {}))
    ({('photos', '')}, {('*', '*')})
    """
    padded = {(): ("", ""), ("*",): ("*", "*")}
    return {padded.get(words) or (words[0], words[1] if words[1:] else "") for words in _openings(phrase)}


def _openings(phrase: Phrase) -> set[tuple[str, ...]]:
    """The first two words of lines that match; fewer where the phrase is shorter, and none after a "*"."""
    found: set[tuple[str, ...]] = {()}
    for part in phrase:
        if all("*" in words or len(words) == 2 for words in found):
            break
        if isinstance(part, Choice):
            following = set().union(*map(_openings, part.branches))
        else:
            following = {("*" if part == "**" else opening_key(part),)}
        found = {words if "*" in words else (*words, *more)[:2] for words in found for more in following}
    return found


Rank = tuple[int | bool | list[str], ...]


def by_brevity(words: Collection[str]) -> Rank:
    """The fewer words the better, and none of them short."""
    return min(map(len, words)) < 4, len(words), sorted(words)


def anchors(phrase: Phrase, rank: Callable[[Collection[str]], Rank] = by_brevity) -> set[str]:
    """Words of which a matching line must hold one, the least set by `rank`; empty when it need hold none.

    >>> anchors(parse("* {read|see} more #", {})), anchors(parse("{photo|} *", {}))
    ({'more'}, set())
    """
    found = [words for part in phrase if (words := _anchors_of(part))]
    return min(found, key=rank, default=set())


def _anchors_of(part: str | Choice) -> set[str]:
    if isinstance(part, str):
        return set() if part[0] in "*#" else {part}
    branches = [anchors(branch) for branch in part.branches]
    return set().union(*branches) if all(branches) else set()

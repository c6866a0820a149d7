"""How a phrase is written, and which lines it matches: words, wildcards and choices, as `phrases.py` describes them.

A phrase is parsed into its parts, which a line must match as a whole. From these come two things that spare most lines
the comparison: the words that a matching line begins with, and words of which it must hold one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

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


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of these; an empty one may be left out."""

    branches: tuple[Phrase, ...]
    words: frozenset[str] = field(init=False, repr=False, compare=False)  # the branches that are one word
    others: tuple[Phrase, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        words = {part for part, *more in filter(None, self.branches) if not more and is_plain((part,))}
        object.__setattr__(self, "words", frozenset(words))
        object.__setattr__(self, "others", tuple(b for b in self.branches if len(b) != 1 or b[0] not in words))


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
    return tuple(parts(line, sets))


def parts(line: str, sets: Sets) -> Iterator[str | Choice]:
    """The parts of a phrase as `parse` tells them, one after the other: who asks for the first waits for no more."""
    left = deque(_PARTS.findall(flatten(line)))
    yield from _sequence(left, sets, ends=("}",))
    if left:
        raise SettingsError(f"phrases: {line!r}: a brace too many")


def _sequence(left: deque[str], sets: Sets, ends: tuple[str, ...]) -> Iterator[str | Choice]:
    """Take parts from what is `left` up to one of the `ends`."""
    while left and left[0] not in ends:
        part = left.popleft()
        if part == "{":
            yield _choice(left, sets)
        elif part[0] == "<":
            if part[1:-1] not in sets:
                raise SettingsError(f"phrases: there is no set {part}")
            yield Choice(tuple(tuple(fold(words).split(" ")) for words in sets[part[1:-1]]))
        else:
            yield part


def _choice(left: deque[str], sets: Sets) -> Choice:
    """Take the branches of a choice, whose brace is open, with the brace that closes it."""
    branches = []
    while left:
        branches.append(tuple(_sequence(left, sets, ends=("|", "}"))))
        if left and left.popleft() == "}":
            break
    return Choice(tuple(dict.fromkeys(branches)))


def is_plain(phrase: Phrase) -> bool:
    """Whether the phrase consists of words alone."""
    return all(isinstance(part, str) and part[0] not in "*#" for part in phrase)


_MOST = {"*": 12, "**": 80}  # words; the least are one and none


def sizes(phrase: Phrase) -> tuple[int, int]:
    """How many words a line has that matches, at least and at most.

    >>> sizes(parse("read {more|all of it|} #", {})), sizes(parse("see * **", {}))
    ((2, 5), (2, 93))
    """
    least = most = 0
    for part in phrase:
        if isinstance(part, Choice):
            of_branches = [sizes(branch) for branch in part.branches] or [(0, 0)]
            least += min(fewest for fewest, _ in of_branches)
            most += max(longest for _, longest in of_branches)
        else:
            least += part != "**"
            most += _MOST.get(part, 1)
    return least, most


class Places:
    """Where the words of a folded line stand, as bits: the lowest for the first word, one more for its end."""

    def __init__(self, words: Sequence[str]) -> None:
        self.of: dict[str, int] = {}
        for number, word in enumerate(words):
            self.of[word] = self.of.get(word, 0) | 1 << number
        self.size = len(words)

    @cached_property
    def numbers(self) -> int:
        """Where numbers stand."""
        return sum(places for word, places in self.of.items() if word.isdecimal())


def matches(phrase: Phrase, line: Places) -> bool:
    """Whether the whole line is the phrase. A step a part, for all ways of reading the line at once: no text is slow.

    >>> phrase = parse("read {more|all of it|} #", {})
    >>> [matches(phrase, Places(said.split())) for said in ("read 3", "read all of it 12", "read all 12", "read more")]
    [True, True, False, False]
    """
    return bool(_after(phrase, line, 1) >> line.size & 1)


def _after(phrase: Phrase, line: Places, at: int) -> int:
    """The places at which the phrase may end that begins at one of the places `at`."""
    for part in phrase:
        if not at:
            return 0
        if isinstance(part, Choice):
            found = 0
            for word in part.words.intersection(line.of):
                found |= (at & line.of[word]) << 1
            for branch in part.others:
                found |= _after(branch, line, at)
            at = found
        elif part == "*":
            at = _further(at << 1, (1, 2, 4, 4), line)  # one to twelve words
        elif part == "**":
            at = _further(at, (1, 2, 4, 8, 16, 32, 17), line)  # up to eighty
        else:
            at = (at & (line.numbers if part == "#" else line.of.get(part, 0))) << 1
    return at


def _further(at: int, steps: Sequence[int], line: Places) -> int:
    """The places that are reached from those by taking each of the steps or not."""
    for step in steps:
        at |= at << step
    return at & ((2 << line.size) - 1)


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


def plain_beginning(line: str) -> set[tuple[str, str]]:
    """What `beginnings` tells of a phrase as it is written whose first two parts are words or numbers; else nothing.

    >>> plain_beginning("read more {about|on} *"), plain_beginning("photos"), plain_beginning("see {also|}")
    ({('read', 'more')}, {('photos', '')}, set())
    """
    first, second = [*(part[0] for part in islice(_PARTS.finditer(flatten(line)), 2)), "", ""][:2]
    return set() if {first[:1], second[:1]} & {*"*<{}"} else {(opening_key(first), opening_key(second))}


def _openings(phrase: Phrase) -> set[tuple[str, ...]]:
    """The first two words of lines that match; fewer where the phrase is shorter, and none after a "*"."""
    found: set[tuple[str, ...]] = set()
    shorter: set[tuple[str, ...]] = {()}  # what the next part goes on with
    for part in phrase:
        if not shorter:
            break
        if isinstance(part, Choice):
            following = set().union(*map(_openings, part.branches))
        else:
            following = {("*" if part == "**" else opening_key(part),)}
        longer = {(*words, *more)[:2] for words in shorter for more in following}
        shorter = {words for words in longer if len(words) < 2 and "*" not in words}
        found |= longer - shorter
    return found | shorter


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

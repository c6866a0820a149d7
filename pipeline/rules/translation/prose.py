"""Remarks on sentences that do not stand: cut off, opened and not closed, begun in the middle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pyarrow as pa

from pipeline import text as text_of
from pipeline.edits import disjoint
from pipeline.facts.translation import marks, screens
from pipeline.facts.translation.segments import Bools
from pipeline.records import Count, Facts, Hit

_CAPTION = 60  # letters of a paragraph; shorter ones may be captions


def may_miss_full_stops(texts: pa.StringArray, facts: Sequence[Facts], *, min_words: int) -> Bools:
    """Which texts `find_missing_full_stops` could hit."""
    return screens.unended_paragraphs(texts, min_letters=_CAPTION, min_words=min_words)


def find_missing_full_stops(text: str, facts: Facts, *, min_words: Count = 15) -> Iterator[Hit]:
    """A paragraph of fifteen words or more ends without a full stop: the end was cut off or lost; remarked.

    Shorter ones may be headlines or captions, which have none, and are spared; so is a line with more capitals than a
    sentence would have (a headline, a list of names). `min_words` is how many words a paragraph must have.
    """
    for mark, small in marks.unended_paragraphs(text, min_letters=_CAPTION, min_words=min_words):
        if small >= 0.5:
            yield Hit(mark.start, mark.end, None, mark.why)


BROKEN_BRACKET = r"[(][^()\n]*(?:[(]|\n|\z)|(?:\A|\n|[)])[^()\n]*[)]|\[[^\[\]\n]*(?:\[|\n|\z)|(?:\A|\n|\])[^\[\]\n]*\]"
_BRACKET = re.compile(r"[()\[\]]")
_PAIRS = {")": "(", "]": "["}
# "a)", "12)" and "iv)" number a list; ":)" smiles
_NUMBERED = re.compile(r"(?:^|[\s(,;])(?:[a-zA-Z]|\d{1,3}|[ivx]{1,5})$|[:;8=]-?$")


def find_broken_brackets(text: str, facts: Facts) -> Iterator[Hit]:
    """A bracket is opened and not closed in its paragraph, or closed and never opened; remarked, several on end once.

    List numbers (`a)`, `2)`) and smileys are spared.
    """
    for start, end, _ in text_of.lines(text):
        opened: dict[str, list[int]] = {"(": [], "[": []}
        lonely: list[int] = []
        for match in _BRACKET.finditer(text, start, end):
            at, sign = match.start(), match[0]
            if sign in opened:
                opened[sign].append(at)
            elif opened[_PAIRS[sign]]:
                opened[_PAIRS[sign]].pop()
            elif not _NUMBERED.search(text, max(start, at - 8), at):
                lonely.append(at)
        lonely += [at for at in opened["("] + opened["["] if not _is_smile(text, at)]
        for first, end_of_run in _runs(sorted(lonely)):
            yield Hit(first, end_of_run, None, "bracket without its partner")


def _runs(positions: list[int]) -> Iterator[tuple[int, int]]:
    """Start and end of each stretch of positions that follow each other.

    >>> list(_runs([3, 4, 5, 9]))
    [(3, 6), (9, 10)]
    """
    starts = [at for number, at in enumerate(positions) if number == 0 or positions[number - 1] != at - 1]
    ends = [at + 1 for number, at in enumerate(positions) if positions[number + 1 : number + 2] != [at + 1]]
    yield from zip(starts, ends, strict=True)


def _is_smile(text: str, at: int) -> bool:
    return text[max(0, at - 1) : at] in (":", ";") or text[max(0, at - 2) : at] in (":-", ";-")


FRAGMENT = r"(?m)^[ \t]*[a-z]{2,} [a-z]+ |[a-z]{3}[.!?] [a-z]{2,} [a-z]+ "
_FRAGMENT = re.compile(r"^[ \t]*([a-z]{2,} [a-z]+) |(?<=[a-z]{3}[.!?]) ([a-z]{2,} [a-z]+) ", re.MULTILINE)
_CONTINUES = re.compile(r"[^.!?:\"”’')\]\s][\r ]*\n\s*$")


def find_fragments(text: str, facts: Facts) -> Iterator[Hit]:
    """A sentence starts in the middle, with a lower-case letter; it is remarked.

    After a full stop, or at the head of a paragraph. A line that goes on with the one before it (wrapped text) is
    spared, and so are addresses and one-word lines.
    """
    for match in _FRAGMENT.finditer(text):
        group = 1 if match[1] else 2
        start = match.start(group)
        if group == 1 and _CONTINUES.search(text, max(0, start - 40), start):
            continue
        yield Hit(start, match.end(group), None, "starts with a lower-case letter")


# The stretch between the two may hold no other person the second word could belong to.
_CLAUSE = r"[^.;:,!?\"“”()\n]{0,40}?"
_AFTER_HE = (
    rf"(?:{_CLAUSE}\b(?:herself|her own)"
    r"| (?:is|was|became) (?:a|the) (?:mother|daughter|sister|wife|widow|queen|actress))\b"
)
_AFTER_SHE = (
    rf"(?:{_CLAUSE}\b(?:himself|his own)| (?:is|was|became) (?:a|the) (?:father|son|brother|husband|widower|king))\b"
)
# RE2 takes four times as long where it has to count
_PERSON_FLIP = rf"\b[Hh]e\b{_AFTER_HE}|\b[Ss]he\b{_AFTER_SHE}".replace("{0,40}?", "*")
PRONOUN_FLIP = f"{_PERSON_FLIP}|{marks.FLIPPED}"
SPEAKER = f"{_PERSON_FLIP}|{marks.SHE_SPEAKS}|{marks.INVERTED}"  # one look for flips and for misplaced speakers
# Python finds the first letter of a pattern faster than the bound of a word
_PRONOUN_FLIP = re.compile(rf"[HhSs](?<!\w.)(?:(?<=[Hh])e\b{_AFTER_HE}|(?<=[Ss])he\b{_AFTER_SHE})")
_OTHER_PERSON = re.compile(r"\b(?:[Ss]he|[Hh]er|[Hh]is|[Hh]im|[Hh]e|who|wife|husband|mother|father|[A-Z]\w+)\b")


def find_pronoun_flips(text: str, facts: Facts) -> Iterator[Hit]:
    """One person is he and she: in one clause, or as the speaker of a passage; remarked.

    `he defended herself`, `she was the son of`; `Smith said ... he said ... She said`. A clause or a passage that names
    another person in between is spared: `he told Anna herself`.
    """
    found = [Hit(mark.start, mark.end, None, mark.why) for mark in marks.flipped_speakers(text)]
    for match in _PRONOUN_FLIP.finditer(text):
        between = match[0].split(" ")[1:-2] if match[0].endswith("own") else match[0].split(" ")[1:-1]
        if not _OTHER_PERSON.search(" ".join(between)):
            found.append(Hit(match.start(), match.end(), None, "one person is he and she"))
    yield from disjoint(found)


def find_misplaced_speakers(text: str, facts: Facts) -> Iterator[Hit]:
    """A speaker's name comes last, after the day, as other languages have it; remarked.

    `the coordinator said on Monday, John Smith`. English puts the name before the verb, or the day after the name.
    """
    for mark in marks.inverted_attributions(text):
        yield Hit(mark.start, mark.end, None, mark.why)

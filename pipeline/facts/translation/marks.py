"""Marks of translation that stand out one by one, where the n-grams of a fluent text see nothing.

Each is rare in English as it is written, so that one lowers the score a little and several together lower it much. They
are found by what is written, not by what is meant: entities torn apart by a translator that took them for words,
attributions in the order of another language, one speaker who is he and she, paragraphs cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.facts.translation import screens


class Mark(NamedTuple):
    """A span of the text, and what is wrong with it."""

    start: int
    end: int
    why: str


# An entity with blanks inside or without its ampersand, as it comes back from a translator that took it for words
ENTITY = r"& ?# ?[0-9]{2,4} ?;|& (?:amp|quot|apos|lt|gt|nbsp) ?;|[a-z,.](?:quot|apos);|[a-z.,]#[0-9]{2};"
_ENTITY = re.compile(ENTITY)


def broken_entities(text: str) -> Iterator[Mark]:
    """`& # 39;`, `horrified,quot;`"""
    for match in _ENTITY.finditer(text):
        if " " in match[0] or "&" not in match[0]:
            yield Mark(match.start(), match.end(), "a torn entity")


# ". .", "..", "word ,", an opening quotation mark that closes nothing: signs set as by a machine
SIGNS = (
    r"[a-z]\.\.(?:[ \t\r\n]|\z)|[a-z] [,;](?:[ \t\r\n]|\z)|[a-z][.!?] [\"”](?:[ \t\r\n]|\z)"
    r"|[a-z], \"[a-z]+ [a-z]+ [^\"”\n]"
)
_SIGNS = re.compile(
    r"[a-z]\.\.(?=[ \t\r\n]|\Z)|[a-z] [,;](?=[ \t\r\n]|\Z)|[a-z][.!?] [\"”](?=[ \t\r\n]|\Z)"
    r"|[a-z], \"(?=[a-z]+ [a-z]+ [^\"”\n]{20,200}(?:\n|\Z))"
)


def misset_signs(text: str) -> Iterator[Mark]:
    """`infrastructure..`, `accidental. "`, `clothes, "the charity said`"""
    for match in _SIGNS.finditer(text):
        yield Mark(match.start(), match.end(), "a sign set as by a machine")


_VERB = (
    r"(?:said|says|added|told|accused|denounced|warned|stressed|explained|noted|insisted|argued|claimed|wrote|asked|replied"
    r"|stated|declared|announced)"
)
# The name comes last, after a comma and the day, and ends the sentence and the paragraph
_SAID_NAME = rf"\b{_VERB}(?: (?:on )?[A-Z][a-z]+day| (?:yesterday|today))?, ([A-Z][a-z]+ [A-Z][a-z]+)"
INVERTED = _SAID_NAME + r"(?:\.?[ \t\r]*\n|\.?[ \t\r\n]*\z)"
_INVERTED = re.compile(_SAID_NAME + r"(?=\.?[ \t\r]*\n|\.?[ \t\r\n]*\Z)")


def inverted_attributions(text: str) -> Iterator[Mark]:
    """`the coordinator said on Monday, John Smith`"""
    for match in _INVERTED.finditer(text):
        yield Mark(match.start(1), match.end(1), "the speaker's name comes after the day")


SHE_SPEAKS = rf"\b[Ss]he {_VERB}\b"  # in one article of ten
FLIPPED = rf"\b[Hh]e {_VERB}\b(?s:.)*{SHE_SPEAKS}|{SHE_SPEAKS}(?s:.)*\b[Hh]e {_VERB}\b"
# a pronoun or a name; Python finds the first letter of a pattern faster than the bound of a word
_SPEAKS = re.compile(rf"([hsA-Z](?<!\w.)(?:(?<=[Hh])e|(?<=[Ss])he|(?<=[A-Z])[\w’'-]+)) {_VERB}\b")
_SOMEBODY = re.compile(
    r"[A-Z][\w’'-]+ (?:[A-Z]\. )?[A-Z]\w|\bM(?:r|s|rs)\b|\b(?:man|woman|mother|father|wife|husband|who)\b"
)
_NEAR = 400  # letters between a speaker's name and the pronoun that takes it up


def flipped_speakers(text: str) -> Iterator[Mark]:
    """`Bachelet said ... he said ... Bachelet denounced ... She said`

    A pronoun belongs to the last speaker named, if nobody else is named in between.
    """
    speaker, last = "", 0
    pronouns: dict[str, str] = {}  # of each speaker, the first one
    for match in _SPEAKS.finditer(text):
        pronoun = match[1].lower() if match[1] in _PRONOUNS else ""
        if not pronoun:
            speaker = "" if match[1] in _NO_NAMES else match[1]
        elif speaker and match.start() - last < _NEAR and not _SOMEBODY.search(text, last, match.start()):
            if pronouns.setdefault(speaker, pronoun) != pronoun:
                yield Mark(match.start(1), match.end(1), f"{speaker} was {pronouns[speaker]} before")
        else:
            speaker = ""
        last = match.end()


_PRONOUNS = frozenset(("He", "he", "She", "she"))
_NO_NAMES = frozenset("They It We You I Who That This Police Officials Sources Authorities".split())  # noqa: SIM905

_LINE = re.compile(r"[^\n]+")
_FIRST = itemgetter(0)
_STOPLESS = 160  # letters
_LINK_ENDS = 80  # letters at the end of a paragraph in which a link may stand


def stopless_paragraphs(text: str) -> Iterator[Mark]:
    """A paragraph that ends without a full stop, too long for a headline or a caption, and not with a link."""
    for mark, small in unended_paragraphs(text, min_letters=_STOPLESS):
        if small > 0.5 and "http" not in text[mark.end - _LINK_ENDS : mark.end]:
            yield mark


def unended_paragraphs(text: str, *, min_letters: int, min_words: int = 1) -> Iterator[tuple[Mark, float]]:
    """The last word of each paragraph of such a length that ends in a letter or a digit.

    Besides it, the share of the paragraph's words that begin with a small letter: a headline and a list of names have
    few of them.

    >>> [(mark.start, small) for mark, small in unended_paragraphs("The end is\\nThat is all.", min_letters=8)]
    [(8, 0.6666666666666666)]
    """
    for line in _LINE.finditer(text):
        paragraph = line[0].rstrip(" \t\r")
        if len(paragraph) < min_letters or not paragraph[-1].isalnum():
            continue
        words = paragraph.split()
        if len(words) >= min_words:
            last = line.start() + len(paragraph)
            small = sum(map(str.islower, map(_FIRST, words))) / len(words)
            yield Mark(last - len(words[-1]), last, f"{len(words)} words and no full stop"), small


_ARTICLE = r"\b(?:[Tt]he|[Aa]n?)"
_SMALL = r"(?:of|to|was|were|with|is|are|has|had|for|from|by|at|and|that|which|who|he|she|they|we|said)"
_NO_NOUN = rf"{_ARTICLE} {_SMALL}\b"
SALAD = rf"{_NO_NOUN}(?s:.)*{_NO_NOUN}"
_SALAD = re.compile(rf"{_NO_NOUN}(?![-’'./])")
_SALAD_WORDS = 12  # of the text, for each; in prose there is one in 50,000, a word that was typed twice apart


def salads(text: str) -> Iterator[Mark]:
    """`Water the of bridge a was`: an article where none can stand, twice at least, and once in a few words."""
    found = list(_SALAD.finditer(text))
    if len(found) > 1 and len(found) * _SALAD_WORDS >= len(text.split()):
        for match in found:
            yield Mark(match.start(), match.end(), "words that do not follow one another")


# What one mark takes off the score, by how rare it is. Share of original English news / of 2,300 articles as scraped
# with one: entities 0 / 0 %, signs 1.6 / 1.6 %, misplaced speakers 0 / 0 %, flips 0 / 0.2 %, no full stop 1.6 / 11 %,
# salads 0 / 0 %.
# The kinds were chosen with the translated seed in view; on labelled machine translation speakers were never hit.
# The first is an RE2 pattern that matches in every text with such a mark.
PATTERNS = (
    (ENTITY, broken_entities, 0.12),
    (SIGNS, misset_signs, 0.05),
    (INVERTED, inverted_attributions, 0.2),
    (FLIPPED, flipped_speakers, 0.2),
    (SALAD, salads, 0.22),
)
# one look for all of them; what must stand there twice is looked for once, which takes two thirds of the time
_ANY = f"{ENTITY}|{SIGNS}|{INVERTED}|{SHE_SPEAKS}|{_NO_NOUN}"
_STOPLESS_COST = 0.04
MOST = 0.6  # the most that marks can take
LONG = 5  # stretches; a longer text has more chances, and each mark counts less


def share_left(marked: Sequence[tuple[Mark, float]], stretches: float) -> float:
    """The share of its score that a text of so many stretches keeps."""
    return 1 - min(sum(cost for _, cost in marked) / max(1.0, stretches / LONG), MOST)


def find(texts: pa.StringArray) -> dict[int, list[tuple[Mark, float]]]:
    """The marks of the texts that have any, by their number, with what each takes, in order.

    All texts are looked at once for all patterns, and those that have one for each.
    """
    found: dict[int, list[tuple[Mark, float]]] = {}
    some = np.flatnonzero(screens.matches(texts, _ANY))
    few = texts.take(pa.array(some))
    seen = [(some[screens.matches(few, pattern)], finder, cost) for pattern, finder, cost in PATTERNS]
    stopless = np.flatnonzero(screens.unended_paragraphs(texts, min_letters=_STOPLESS))
    for numbers, finder, cost in [*seen, (stopless, stopless_paragraphs, _STOPLESS_COST)]:
        for number in numbers.tolist():
            if marks := [(mark, cost) for mark in finder(texts[number].as_py())]:
                found[number] = sorted(found.get(number, []) + marks)
    return found

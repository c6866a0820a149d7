"""Remarks on loops: a decoder that lost its thread says the same word, phrase or sentence again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from operator import eq

import pyarrow as pa

from pipeline.edits import disjoint
from pipeline.facts.translation import screens
from pipeline.facts.translation.segments import Bools
from pipeline.records import Count, Facts, Hit

_WORD = re.compile(r"\S+")
_PERIODS = (1, 2, 3, 4)  # words in the phrase that is repeated


def may_repeat_words(texts: pa.StringArray, facts: Sequence[Facts], *, min_times: int) -> Bools:
    """Which texts `find_repeated_words` could hit."""
    return screens.repeated_words(texts, min_times)


def find_repeated_words(text: str, facts: Facts, *, min_times: Count = 3) -> Iterator[Hit]:
    """A word or a phrase of up to four words stands there three times on end; it is remarked.

    `pride pride pride`, `thousands of thousands of thousands of`. Twice is spared (`had had`, `very very`), and so
    are signs and numbers (`* * *`, columns of figures) and one-letter words (`J J J`). `min_times` is how often it must
    stand there.
    """
    words = text.lower().split()
    times = max(min_times, 2)
    if not any(_runs(words, period, times) for period in _PERIODS):
        return
    spans = [match.span() for match in _WORD.finditer(text)]
    words = [text[start:end].lower() for start, end in spans]
    hits = []
    for period in _PERIODS:
        for first, last in _runs(words, period, times):
            phrase = words[first : first + period]
            if sum(map(len, filter(str.isalpha, (word.strip(",.;:!?\"'") for word in phrase)))) >= 2 * period:
                reason = f"{' '.join(phrase)[:60]!r} {(last - first) // period} times on end"
                hits.append(Hit(spans[first][0], spans[last - 1][1], None, reason))
    yield from disjoint(hits)


def _runs(words: list[str], period: int, times: int) -> list[tuple[int, int]]:
    """Where a phrase of `period` words stands at least `times` times on end: from which word to which."""
    again = bytes(map(eq, words, words[period:]))
    wanted = b"\1" * (period * (times - 1))
    found, at = [], again.find(wanted)
    while at >= 0:
        stop = again.find(b"\0", at)
        last = len(words) if stop < 0 else stop + period
        found.append((at, last))
        at = again.find(wanted, stop) if stop >= 0 else -1
    return found


# the mark is optional, so that a run without one is passed over in one step and not tried from each of its letters
_SENTENCE = re.compile(r"[^.!?…\n]+[.!?…]?")


def may_repeat_sentences(texts: pa.StringArray, facts: Sequence[Facts], *, min_words: int) -> Bools:
    """Which texts `find_repeated_sentences` could hit."""
    return screens.repeated_sentences(texts)


def find_repeated_sentences(text: str, facts: Facts, *, min_words: Count = 6) -> Iterator[Hit]:
    """A sentence of six words or more stands there a second time; the second one is remarked.

    Short sentences, of fewer than `min_words` words, come back in speech and in refrains and are spared.
    """
    seen = set()
    for match in _SENTENCE.finditer(text):
        sentence = match[0].strip()
        if not _whole(sentence):
            continue
        if sentence in seen and len(sentence.split()) >= min_words:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            yield Hit(start, start + len(sentence), None, "the sentence stood there before")
        seen.add(sentence)


def _whole(sentence: str) -> bool:
    return len(sentence) > 20 and sentence[-1] in ".!?…"

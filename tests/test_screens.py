"""What screens look for in many texts at once is never hidden by them, in whatever letters and blanks it is written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import compiled
from pipeline.facts import characters
from pipeline.facts.translation import marks, screens
from pipeline.records import NO_FACTS
from pipeline.rules.translation import loops, prose

BLANKS = [" ", "  ", "\u00a0", "\u3000", "\u2028 ", "\t", "\x1f", "\r"]
ANY_CASE = "the THE the, I i İki i\u0307ki Kelvin kelvin ΟΔΟΣ οδος οδοσ мост 漢語 - 12 internationally INTERNATIONALLY"
WORDS = ANY_CASE.split(" ")
LINES = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(BLANKS)), max_size=24).map(
    lambda pairs: "".join(map("".join, pairs))
)
ENDS = st.sampled_from([".", "!", "…", "", "\n", ".\n", " \r\n", "é\n", "_\n", "²\n"])
TEXTS = st.lists(st.tuples(LINES, ENDS, st.integers(1, 4)), max_size=5).map(
    lambda lines: "".join((line + end) * times for line, end, times in lines)
)
ARROW = st.lists(TEXTS, min_size=1, max_size=4)


def column(texts: Sequence[str]) -> pa.StringArray:
    """The texts as a slice, so that they do not begin where their buffer does."""
    return pa.array(["before them.", *texts, "after"], pa.string()).slice(1, len(texts))


@settings(max_examples=300, deadline=None)
@given(texts=ARROW, times=st.integers(0, 4))
def test_no_word_on_end_is_hidden(texts: list[str], times: int) -> None:
    hit = [bool(list(loops.find_repeated_words(text, NO_FACTS, min_times=times))) for text in texts]
    assert np.flatnonzero(np.array(hit) & ~screens.repeated_words(column(texts), times)).tolist() == []


@settings(max_examples=300, deadline=None)
@given(texts=ARROW, words=st.integers(0, 6))
def test_no_sentence_that_comes_back_is_hidden(texts: list[str], words: int) -> None:
    hit = [bool(list(loops.find_repeated_sentences(text, NO_FACTS, min_words=words))) for text in texts]
    assert np.flatnonzero(np.array(hit) & ~screens.repeated_sentences(column(texts))).tolist() == []


@settings(max_examples=300, deadline=None)
@given(texts=ARROW, words=st.integers(0, 15))
def test_no_paragraph_without_its_end_is_hidden(texts: list[str], words: int) -> None:
    hit = [bool(list(prose.find_missing_full_stops(text, NO_FACTS, min_words=words))) for text in texts]
    seen = screens.unended_paragraphs(column(texts), min_letters=60, min_words=words)
    assert np.flatnonzero(np.array(hit) & ~seen).tolist() == []
    hit = [bool(list(marks.stopless_paragraphs(text))) for text in texts]
    seen = screens.unended_paragraphs(column(texts), min_letters=160)
    assert np.flatnonzero(np.array(hit) & ~seen).tolist() == []


needs_screens = pytest.mark.skipif(
    compiled.load("pipeline.facts.translation._screens") is None, reason="no compiler here"
)
PLAIN = [
    "The bridge was closed on Monday, the mayor said. It will be shut for a year.\n",
    "pride and pride",
    "",
    "* * *",
]


@needs_screens
def test_plain_texts_are_passed_over() -> None:
    texts = column(PLAIN)
    assert screens.repeated_words(texts, 3).tolist() == [False] * 4
    assert screens.repeated_sentences(texts).tolist() == [False] * 4
    assert screens.unended_paragraphs(texts, min_letters=10).tolist() == [False, True, False, False]


def is_title(character: str) -> bool:
    """Python says so of capitals as well."""
    return character.istitle() and not character.isupper()


@needs_screens
def test_characters_are_as_python_has_them() -> None:
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    known = characters.characters(pa.array(["".join(every)], pa.string()))
    codes = np.array([ord(character) for character in every])
    for bit, told in enumerate((str.isspace, str.isalpha, str.isupper, str.islower, str.isdigit, is_title), 2):
        assert ((known.bits[codes] >> bit) & 1).tolist() == [told(character) for character in every]
    assert known.small[codes].tolist() == [ord(characters.lowered(character)) for character in every]
    # what is no longer one letter, or another one by its place, is told apart in `screens.c`
    assert [c for c in every if len(c.lower()) > 1] == ["İ"]
    assert [c for c in every if ("a" + c).lower()[1:] != c.lower()] == ["Σ"]

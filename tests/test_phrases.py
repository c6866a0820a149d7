"""Which lines a phrase matches, held against regular expressions that say the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rules.boilerplate.grammar import Choice, Phrase, Places, matches, parse, sizes

WORDS = st.sampled_from(["read", "more", "12", ":", "it"])
PARTS = WORDS | st.sampled_from(["*", "**", "#"])
CHOICES = st.lists(st.lists(PARTS, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple).map(Choice)
PHRASES = st.lists(PARTS | CHOICES, max_size=5).map(tuple)


def regex_of(phrase: Phrase) -> str:
    """The same in a regular expression, for words with a space before each."""
    known = {"*": r"(?: \S++){1,12}", "**": r"(?: \S++){0,80}", "#": r" \d+"}
    return "".join(
        "(?:" + "|".join(map(regex_of, part.branches)) + ")"
        if isinstance(part, Choice)
        else known.get(part) or " " + re.escape(part)
        for part in phrase
    )


@given(PHRASES, st.lists(WORDS, max_size=20))
def test_a_phrase_matches_what_its_regular_expression_matches(phrase: Phrase, words: list[str]) -> None:
    said = "".join(f" {word}" for word in words)
    is_match = bool(re.fullmatch(regex_of(phrase), said))
    assert matches(phrase, Places(words)) == is_match
    least, most = sizes(phrase)
    assert least <= len(words) <= most or not is_match


@pytest.mark.parametrize(("written", "most"), [("read *", 12), ("read **", 80)])
def test_wildcards_end(written: str, most: int) -> None:
    phrase = parse(written, {})
    assert matches(phrase, Places(["read"] + ["so"] * most))
    assert not matches(phrase, Places(["read"] + ["so"] * (most + 1)))
    assert sizes(phrase)[1] == 1 + most

"""What looks at the lines of many texts at once finds what looking at each text by itself finds."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rules.boilerplate import openings
from pipeline.rules.boilerplate.phrases import DEFAULTS, phrases_of
from pipeline.rules.boilerplate.view import certain, certain_in
from tests import cases

PHRASES = [line for group in tomllib.loads(DEFAULTS.read_text())["phrases"] for line in group["lines"]]
# of phrases as they are written: their words in a row are often lines that match, and always such that open as they do
WRITTEN = st.sampled_from([line.translate(str.maketrans("{}|<>", "     ")) for line in PHRASES])
SPELLINGS = st.sampled_from([str.upper, str.title, str, lambda s: s.replace("'", "\u2019").replace(":", "\uff1a")])
LINES = st.one_of(
    st.builds(lambda line, spell: spell(line), WRITTEN, SPELLINGS),
    st.builds(lambda a, b: f"{a} {b}", WRITTEN, WRITTEN),
    st.sampled_from(["The bridge was closed.", "Home > News", "12 Comments", "_Tags_ : \u0130zmir", "\u0663 min read"]),
    st.sampled_from(["Reply", "12.5.2021 10:31", "\u039f\u0394\u039f\u03a3", "'", "don't", "*** Read more", "\t\x1f"]),
    st.text(max_size=12),
)
ENDS = st.sampled_from(["\n", "\n\n", "\r\n", ""])
TEXTS = st.lists(st.tuples(LINES, ENDS), max_size=6).map(lambda lines: "".join(map("".join, lines)))
MINE = """
[[phrases]]
rule = "related_links"
lines = ["* harbour *", "# {boats|ferries}", "\u03bf\u03b4\u03bf\u03c2"]
"""


def column(texts: Sequence[str]) -> pa.StringArray:
    """The texts as a slice, so that they do not begin where their buffer does."""
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    return pa.array(["before them", *texts, "after"], pa.string()).slice(1, len(texts))


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(TEXTS, max_size=5), additions=st.sampled_from(["", MINE]))
def test_no_phrase_is_hidden(texts: list[str], additions: str) -> None:
    rows = column(texts)
    assert certain_in(rows, additions) == [certain(text, additions) for text in rows.to_pylist()]


def test_what_rules_find_is_found_in_all_texts_at_once() -> None:
    rows = column([case["before"] for case in cases.load()])
    assert certain_in(rows) == [certain(text) for text in rows.to_pylist()]
    assert sum(map(bool, certain_in(rows))) > 50


@pytest.mark.parametrize("line", ["2 ferries", "\u0662 FERRIES", "A harbour wall", "\u039f\u0394\u039f\u03a3"])
def test_phrases_of_the_user_are_found(line: str) -> None:
    assert certain_in(column(["Nothing here.", line]), MINE) == [frozenset(), {"related_links"}]


def test_without_compiled_parts_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "COMPILED", False)
    assert certain_in(column(["Nothing here.", "2 ferries"]), MINE) == [frozenset(), {"related_links"}]


needs_openings = pytest.mark.skipif(not openings.COMPILED, reason="no compiler here")


@needs_openings
def test_two_who_look_at_once_find_what_each_would_find() -> None:
    """The second begins, and is done, while the first one reads phrases."""
    texts = column(["Read more: a story", "Tags: harbour"])
    inner: list[openings.Looked] = []

    def read(word: str) -> list[str]:
        if not inner:
            inner.append(openings.Looked([], np.zeros(0, np.int32), np.zeros(0, np.bool_)))
            inner.append(shared.look(texts, 600, 10))
        return [":", "more"]

    shared = openings.Openings(["read", "tags"], [], read)
    outer = shared.look(texts, 600, 10)
    assert outer.lines == inner[1].lines == [(0, "Read more: a story"), (1, "Tags: harbour")]
    assert shared.look(texts, 600, 10).lines == outer.lines


@needs_openings
def test_words_that_count_as_one_are_all_read() -> None:
    """How a sigma is written depends on its place, so both ways count as one."""
    seconds = {"\u03bf\u03b4\u03bf\u03c2": ["more"], "\u03bf\u03b4\u03bf\u03c3": ["less"]}
    both = openings.Openings(list(seconds), [], seconds.__getitem__)
    lines = ["\u03bf\u03b4\u03bf\u03c2 more", "\u03bf\u03b4\u03bf\u03c3 less"]
    assert [line for _, line in both.look(column(lines), 600, 10).lines] == lines


@needs_openings
def test_few_lines_are_looked_at() -> None:
    looked = phrases_of("").openings.look(column(["The bridge was closed.\n\nRead more: a story", "Yes >"]), 600, 10)
    assert looked.lines == [(0, "Read more: a story")]
    assert (looked.shorts.tolist(), looked.arrows.tolist()) == ([0, 1], [False, True])

"""What the line model looks at is the same to the bit, whether C or NumPy has looked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import compiled
from pipeline.rules.boilerplate import features
from pipeline.rules.boilerplate.blocks import KIND_OF
from pipeline.rules.boilerplate.features import Lexicon
from pipeline.rules.boilerplate.model import default_model
from pipeline.rules.boilerplate.phrases import KEPT
from pipeline.rules.boilerplate.view import Line, view
from tests import cases
from tests.test_compiled import SCRIPTS

pytestmark = pytest.mark.skipif(
    compiled.load("pipeline.rules.boilerplate._features") is None, reason="no compiler here"
)

ODDS = {"share": 250, "on": -30, "said": -300, "日本": 7, "ß": 12, "12": 90, "bridge": -5}
WORDS = st.sampled_from(
    [*ODDS, "Facebook", "read", "more", "@you", "http://a.example", "_b_", "·", "|", " - ", "$", "İzmir"]
)
MARKS = st.sampled_from(
    [" ", ", ", "\t", ".", "?", "…", "...", ":", ".com", '"', "«", "/", "\u3000", "\u00a0", "\ud800"]
)
LINES = st.one_of(
    st.text(alphabet=SCRIPTS + "\ud800", max_size=90),
    st.lists(st.tuples(WORDS, MARKS), max_size=60).map(lambda pairs: "".join(map("".join, pairs))),
)
RULES = st.sampled_from(["", "", "", KEPT, "site_line", *KIND_OF])


@st.composite
def viewed(draw: st.DrawFn) -> tuple[str, list[Line]]:
    """A text and its lines, of which anything may have been found out."""
    lines = draw(st.lists(LINES.map(lambda line: line.replace("\n", " ")), min_size=1, max_size=40))
    text, found = "\n".join(lines), []
    start = 0
    for line in lines:
        if not line.isspace() and line:
            rule, doubtful, title = draw(RULES), draw(RULES), draw(st.booleans())
            pages = draw(st.integers(0, 9))
            end = start + len(line)
            found.append(Line(start, end, line, rule, doubtful, title=title, pages=pages, of=pages + 3))
        start += len(line) + 1
    return text, found


@settings(max_examples=200, deadline=None)
@given(viewed())
def test_columns_of_any_lines_are_those_of_numpy(given_text: tuple[str, list[Line]]) -> None:
    text, found = given_text
    if found:
        one, other = (way(text, found, Lexicon(ODDS)) for way in (features.in_c, features.in_numpy))
        assert one.shape == other.shape == (len(found), features.WIDTH)
        assert (
            np.flatnonzero((one.view(np.uint32) != other.astype(np.float32).view(np.uint32)).any(axis=0)).tolist() == []
        )


def test_columns_of_the_lines_of_all_rules_are_those_of_numpy() -> None:
    lexicon = default_model().lexicon
    seen = 0
    for case in cases.load():
        if found := view(case["before"]):
            one, other = (way(case["before"], found, lexicon) for way in (features.in_c, features.in_numpy))
            assert one.tolist() == other.tolist(), case["before"]
            seen += 1
    assert seen > 300


def test_no_two_words_of_the_lexicon_have_one_hash() -> None:
    hashes, odds = default_model().lexicon.hashed
    assert len(set(hashes.tolist())) == len(odds) == len(default_model().lexicon.odds)

"""What is read off texts in C is what NumPy reads off them, to the last bit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline
from pipeline import compiled
from pipeline.facts.translation import reading, worth
from pipeline.facts.translation.weights import load
from tests import cases
from tests.runs import ARTICLE, SEEDS

# What tokens are made of: words with apostrophes, owners, capitals, letters whose small ones are odd, signs, digits.
LETTERS = "the of THE Mayor mayor’s mayor's don't it's he said İki ΟΔΟΣ ǅ ß é É Kelvin 漢語 мост _x_ 12 1,5 ² ½ Ⅷ"
SIGNS = ". , “ ” ’ ' '' ( ) - … \u0301 \x1f \x85 \u00a0 \u2028 \ufffd 😀"
LONG = ["x" * 40, "é" * 40, "a" * 16 + "b", "a" * 16 + "c"]
WORDS = [*LETTERS.split(" "), *SIGNS.split(" "), *LONG, " ", "\n", ".\n", ". ", ", "]
PROSE = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=80).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=80).map("".join),
    st.lists(st.sampled_from([*ARTICLE.split(". "), "We are sorry. " * 9, "the the the"]), max_size=30).map(". ".join),
    st.text(max_size=60),
)
PROSES = st.lists(PROSE.map(lambda text: text.encode("utf-8", "replace").decode()), max_size=5)
needs_features = pytest.mark.skipif(
    compiled.load("pipeline.facts.translation._features") is None, reason="no compiler here"
)


def same_reading(texts: list[str]) -> None:
    column = pa.array(["before", *texts], pa.string()).slice(1)
    one, other = reading.in_c(column, load()), reading.in_numpy(column, load())
    for name in one._fields:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
    told, same = worth.in_c(column, load()), worth.in_numpy(column, load())
    for name in ("ends", "starts", "stops", "worth"):
        np.testing.assert_array_equal(getattr(told, name), getattr(same, name), name)
    for name in told.kind._fields:
        np.testing.assert_array_equal(getattr(told.kind, name), getattr(same.kind, name), name)


@needs_features
@settings(max_examples=200, deadline=None)
@given(PROSES)
def test_what_is_read_off_any_texts_is_what_numpy_reads(texts: list[str]) -> None:
    same_reading(texts)


@needs_features
def test_what_is_read_off_the_texts_of_all_rules_and_the_seeds_is_what_numpy_reads() -> None:
    stories = [file.read_text(encoding="utf-8") for file in sorted(SEEDS.glob("*.txt"))]
    same_reading([*(case["before"] for case in cases.load()), *stories, "".join(stories) * 3, "", "a" * 100_000])


def test_where_one_of_the_loops_is_missing_those_that_need_its_tables_are_left_aside() -> None:
    code = (
        "import sys; sys.modules['pipeline.facts.translation._screens'] = None\n"  # importing it fails
        "import pipeline; print(pipeline.translation_quality(sys.argv[1]).score)"
    )
    done = subprocess.run([sys.executable, "-c", code, ARTICLE], capture_output=True, text=True, cwd=SEEDS.parent)
    assert (done.stdout, done.returncode) == (f"{pipeline.translation_quality(ARTICLE).score}\n", 0), done.stderr

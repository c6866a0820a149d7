"""What is compiled gives the very same as what is not: on hostile texts, real ones, and where nothing was compiled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import compiled
from pipeline.facts.duplicates import signs
from pipeline.facts.translation import reading, worth
from pipeline.facts.translation.weights import load
from pipeline.facts.trees import Trees
from tests import cases
from tests.runs import ARTICLE, SEEDS

SCRIPTS = "aB zé?Ǆȿ Ωбߐ\u0301ᄀ각ẵ…—\u3000漢语เあ\u3400豈\ufeff\ufffd😀-\n\r\t0９"
TEXTS = st.lists(st.text() | st.text(alphabet=SCRIPTS, min_size=1, max_size=200), max_size=8)

needs_signs = pytest.mark.skipif(compiled.load("pipeline.facts.duplicates._sign") is None, reason="no compiler here")


def same_signs(texts: list[str], min_words: int) -> None:
    column = pa.array(texts, pa.string())
    one, other = signs.in_c(column, min_words), signs.in_numpy(column, min_words)
    for name, mine, theirs in zip(one._fields, one, other, strict=True):
        assert mine.tolist() == theirs.tolist(), name


@needs_signs
@given(TEXTS, st.sampled_from([0, 3, 20]))
def test_signs_of_any_texts_are_those_of_numpy(texts: list[str], min_words: int) -> None:
    same_signs([text.encode("utf-8", "replace").decode() for text in texts], min_words)


@needs_signs
def test_signs_of_the_texts_of_all_rules_are_those_of_numpy() -> None:
    same_signs([case["before"] * 12 for case in cases.load()], 20)


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


@pytest.mark.skipif(compiled.load("pipeline.facts._trees") is None, reason="no compiler here")
@given(st.integers(0, 4), st.integers(0, 300), st.integers(0, 9), st.integers(0, 99))
def test_sums_of_trees_are_those_of_numpy(depth: int, rows: int, trees: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    inner = 2**depth - 1
    limits, leaves = chance.normal(size=(trees, inner)), chance.normal(size=(trees, inner + 1))
    forest = Trees.complete(chance.integers(0, 3, (trees, inner)), limits, leaves)
    features = np.where(chance.random((rows, 3)) < 0.1, np.nan, chance.normal(size=(rows, 3)))
    assert forest.in_c(features).tolist() == forest.in_numpy(features).tolist()


def test_what_is_missing_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "NAMES", ("pipeline.nothing._here",))
    assert compiled.told().startswith("compiled parts: without here (slower, same results)")


def test_a_run_without_compiled_parts_publishes_the_same_bytes(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    published = []
    for switch in ("0", "1"):
        command = [sys.executable, "-m", "pipeline", "run", str(root / "seeds"), "--batch", "b"]
        out = tmp_path / switch
        subprocess.run(
            [*command, "--output", str(out)],
            env={"PYTHONPATH": str(root), "PATH": "", compiled.SWITCH: switch},
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
        published.append({p.name: p.read_bytes() for p in sorted(out.glob("corpus/*/part-*"))})
    assert published[0] == published[1] != {}

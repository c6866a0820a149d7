"""What is compiled gives the very same as what is not: signs, letters, trees, and a run where nothing was compiled."""

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
from pipeline.facts.duplicates import compare, signs
from pipeline.facts.language import sums
from pipeline.facts.language.ngrams import stream
from pipeline.facts.language.profiles import load as load_profiles
from pipeline.facts.trees import SymmetricTrees, Trees
from tests import cases

SCRIPTS = "aB zé?Ǆȿ Ωбߐ\u0301ᄀ각ẵ…—\u3000漢语เあ\u3400豈\ufeff\ufffd😀-\n\r\t0９"
TEXTS = st.lists(st.text() | st.text(alphabet=SCRIPTS, min_size=1, max_size=200), max_size=8)

_sign = compiled.load("pipeline.facts.duplicates._sign")
needs_signs = pytest.mark.skipif(_sign is None, reason="no compiler here")


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


@needs_signs
@given(TEXTS)
def test_texts_are_folded_for_comparison_as_in_numpy(texts: list[str]) -> None:
    same_folded([text.encode("utf-8", "replace").decode() for text in texts])


@needs_signs
def test_the_texts_of_all_rules_are_folded_for_comparison_as_in_numpy() -> None:
    same_folded([case["before"] * 12 for case in cases.load()])


def same_folded(texts: list[str]) -> None:
    column = pa.array(texts, pa.string())
    for mine, theirs in zip(compare.in_c(column), compare.in_numpy(column), strict=True):
        assert mine.words() == theirs.words()
        for name in ("runs", "at", "width", "distinct"):
            assert getattr(mine, name).tolist() == getattr(theirs, name).tolist(), name


@needs_signs
@given(*[st.sets(st.integers(0, 60) | st.integers(0, (1 << 64) - 1), max_size=60)] * 2)
def test_what_two_texts_share_is_counted_as_in_numpy(one: set[int], other: set[int]) -> None:
    lists = [np.array(sorted(numbers), np.uint64) for numbers in (one, other)]
    assert _sign.shared(*lists) == compare.shared_in_numpy(*lists) == len(one & other)


needs_trees = pytest.mark.skipif(compiled.load("pipeline.facts._symmetric_trees") is None, reason="no compiler here")


@needs_trees
@given(st.integers(1, 8), st.integers(1, 40), st.integers(0, 70), st.integers(0, 1 << 32))
def test_sums_of_symmetric_trees_are_those_of_numpy(levels: int, trees: int, rows: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    limits = chance.integers(-3, 4, (trees, levels)) / 2
    forest = SymmetricTrees.of(chance.integers(0, 5, limits.shape), limits, chance.normal(size=(trees, 1 << levels)))
    features = (chance.integers(-4, 5, (rows, 5)) / 2).astype(np.float32)
    features[chance.random(features.shape) < 0.1] = np.nan
    assert forest.sums_in_c(features).tobytes() == forest.sums_in_numpy(features).tobytes()


@pytest.mark.skipif(compiled.load("pipeline.facts._trees") is None, reason="no compiler here")
@given(st.integers(0, 4), st.integers(0, 300), st.integers(0, 9), st.integers(0, 99))
def test_sums_of_trees_are_those_of_numpy(depth: int, rows: int, trees: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    inner = 2**depth - 1
    limits, leaves = chance.normal(size=(trees, inner)), chance.normal(size=(trees, inner + 1))
    forest = Trees.complete(chance.integers(0, 3, (trees, inner)), limits, leaves)
    features = np.where(chance.random((rows, 3)) < 0.1, np.nan, chance.normal(size=(rows, 3)))
    assert forest.in_c(features).tolist() == forest.in_numpy(features).tolist()


@pytest.mark.skipif(compiled.load("pipeline.facts.language._sums") is None, reason="no compiler here")
@settings(deadline=None)  # the profiles are loaded first
@given(st.lists(st.text() | st.text(alphabet=SCRIPTS + "aAeE\ud800", max_size=300), min_size=1, max_size=6))
def test_sums_of_letters_are_those_of_numpy(texts: list[str]) -> None:
    profiles = load_profiles()
    run = stream(["The bridge was closed on Monday.", *texts], profiles.alphabet)
    line, starts = sums._blocks(run, np.arange(len(run.owner)), None, sums.SAMPLE_OF)
    one, other = (read(profiles, run, starts, run.stop[line]) for read in (sums.in_c, sums.in_numpy))
    assert one.tobytes() == other.tobytes()


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
            env={"PYTHONPATH": str(root), "PATH": "", "XDG_CACHE_HOME": str(tmp_path), compiled.SWITCH: switch},
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
        published.append({p.name: p.read_bytes() for p in sorted(out.glob("corpus/data/*.parquet"))})
    assert published[0] == published[1] != {}

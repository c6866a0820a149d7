"""`pipeline.clean` of many texts: the same results as one by one, in whatever they come."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline
from pipeline.errors import CopydeskError, RuleError, SettingsError
from pipeline.face import cleaning, columns
from pipeline.face.results import Results
from pipeline.records import Document, Hit, Result, Rule, Verdict
from pipeline.stages import encoding
from tests.runs import articles

BROKEN = "The battle of & # 39; Liberation & # 39; keep going,quot; it said.\n\nSign up for our newsletter"
ALL_BOILERPLATE = "Sign up for our newsletter\nShare this on Facebook\nAdvertisement"
PARTS = (
    "The council voted on Monday to close the old bridge.", "Sign up for our newsletter", "Advertisement", "Read more:",
    "& # 39;", "schÃ¶n", "caf\ufffd", "&amp;quot;", "\ud83d", "\u202e", "Share this on Facebook", "", "\n\n", "\n", " ",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PARTS) | st.text(max_size=8), max_size=8).map("".join)
COLUMNS: Mapping[str, Callable[[Sequence[str | None]], Any]] = {
    "pandas": lambda texts: pd.Series(texts, index=range(7, 7 + len(texts)), name="body", dtype=object),
    "pandas str": lambda texts: pd.Series(texts, index=[f"a{n % 3}" for n in range(len(texts))], dtype="str"),
    "pandas arrow": lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.string())),
    "pandas category": lambda texts: pd.Series(texts, dtype="category"),
    "polars": lambda texts: pl.Series("body", texts, dtype=pl.String),
    "polars category": lambda texts: pl.Series("body", texts, dtype=pl.Categorical),
    "array": lambda texts: pa.array(texts, pa.string()),
    "large array": lambda texts: pa.array(texts, pa.large_string()),
    "view array": lambda texts: pa.array(texts, pa.string_view()),
    "dictionary array": lambda texts: pa.array(texts, pa.string()).dictionary_encode(),
    "chunked array": lambda texts: pa.chunked_array([texts[:1], texts[1:], []], pa.string()),
}


def one_by_one(texts: Sequence[str | None]) -> list[Result | None]:
    return [None if text is None else pipeline.clean(text) for text in texts]


def values(column: Any) -> list[str | None]:
    """Of a column, with None for null."""
    found = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
    return [value if isinstance(value, str) else None for value in found]


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(TEXTS, max_size=5))
def test_many_texts_have_the_results_that_each_has_by_itself(texts: list[str]) -> None:
    alone = one_by_one(texts)
    assert pipeline.clean(texts) == alone
    assert list(pipeline.clean(pd.Series(texts, dtype=object))) == alone


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.none() | TEXTS.filter(columns.is_encodable), max_size=5), data=st.data())
def test_a_column_gives_the_same_results_and_columns_of_its_kind(texts: list[str | None], data: st.DataObject) -> None:
    column = COLUMNS[data.draw(st.sampled_from(sorted(COLUMNS)))](texts)
    alone, results = one_by_one(texts), pipeline.clean(column)
    assert isinstance(results, Results)
    assert (len(results), list(results)) == (len(texts), alone)
    assert values(results.text) == [result and result.text for result in alone]
    assert values(results.verdict) == [result and result.verdict.name.lower() for result in alone]
    assert values(results.reason) == [None if result is None else result.reason for result in alone]
    assert values(column) == texts
    kind = next(kind for kind in (pd.Series, pl.Series, pa.ChunkedArray, pa.Array) if isinstance(column, kind))
    for made in (results.text, results.verdict, results.reason):
        assert isinstance(made, kind)
        assert kind is not pd.Series or made.index.equals(column.index)  # type: ignore[union-attr]
    table = results.findings
    names = table.column_names if isinstance(table, pa.Table) else list(table.columns)
    found = [(row, *finding) for row, result in enumerate(alone) if result for finding in result.findings]
    columns_of = [table[name].to_pylist() if isinstance(table, pa.Table) else table[name].to_list() for name in names]
    rows = zip(*columns_of, strict=True)
    assert [tuple(None if value != value else value for value in row) for row in rows] == found


def test_a_series_keeps_its_name_and_its_findings_know_its_index() -> None:
    series = pd.Series(["In order.", None, BROKEN], index=["x", "y", "z"], name="body")
    results = pipeline.clean(series)
    assert (results.text.name, results.text.dtype) == ("body", series.dtype)
    assert set(results.findings.index) == {"z"}
    assert results.findings["row"].tolist() == [2] * len(pipeline.clean(BROKEN).findings)
    assert series[results.verdict == "keep"].index.tolist() == ["x", "z"]
    assert results[1] is None
    assert results[-1] == pipeline.clean(BROKEN)
    assert results[:1] == [pipeline.clean("In order.")]
    with pytest.raises(IndexError):
        results[3]


def test_more_texts_than_a_batch_in_a_list_a_tuple_an_array_and_an_iterator() -> None:
    texts = [
        f"{number}: {(BROKEN, ALL_BOILERPLATE, 'In order.')[number % 3]}" for number in range(2 * columns.ROWS + 3)
    ]
    alone = one_by_one(texts)
    assert pipeline.clean(texts) == pipeline.clean(tuple(texts)) == pipeline.clean(np.array(texts)) == alone
    chunks = pa.chunked_array([texts[:7], texts[7:900], texts[900:]])
    assert list(pipeline.clean(chunks)) == alone
    taken: list[int] = []

    def stream() -> Iterator[str]:
        for number, text in enumerate(texts):
            taken.append(number)
            yield text

    results = pipeline.clean(stream())
    assert next(results) == alone[0]
    assert len(taken) <= 2 * columns.ROWS
    assert list(results) == alone[1:]


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_change_nothing(workers: int) -> None:
    texts = [article["text"] + (BROKEN * (number % 5 == 0)) for number, article in enumerate(articles(1100))]
    texts[600] = "\ud83d & # 39;x"
    assert pipeline.clean(texts, workers=workers) == pipeline.clean(texts) == one_by_one(texts)
    series = pd.Series([None, *texts], dtype=object)
    assert list(pipeline.clean(series, workers=workers)) == [None, *one_by_one(texts)]


def test_large_texts_are_halved_until_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_MOST_BYTES", 500)
    texts: list[str | None] = [BROKEN, None, BROKEN * 9, "", ALL_BOILERPLATE, *[BROKEN] * 9]
    batches = list(columns.batches(columns.texts_of(texts), 100))
    assert [row for batch in batches for row in batch.rows] == [100, *range(102, 114)]
    assert len(batches) > 4
    assert list(pipeline.clean(pa.array(texts))) == one_by_one(texts)


UNGUARDED = 'import pipeline\nprint(len(pipeline.clean(["a"] * 1200, workers=2)))\n'


@pytest.mark.parametrize("is_guarded", [True, False])
def test_a_script_that_starts_workers_at_its_top_level_is_told_so(tmp_path: Path, is_guarded: bool) -> None:
    first, _, call = UNGUARDED.partition("\n")
    code = f'{first}\nif __name__ == "__main__":\n    {call}' if is_guarded else UNGUARDED
    (tmp_path / "script.py").write_text(code)
    done = subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True, text=True, timeout=120)
    if is_guarded:
        assert (done.returncode, done.stdout) == (0, "1200\n"), done.stderr
    else:
        assert done.returncode == 1
        assert (
            "CopydeskError: a worker died: memory is short, or a script calls this outside of `if __name__"
            in done.stderr
        )


def test_a_rule_that_breaks_its_contract_names_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Rule("encoding/broken", lambda text, facts: [Hit(0, 99, "")], trigger="X")
    stage = dataclasses.replace(encoding.STAGE, rules=(broken,))
    monkeypatch.setattr(cleaning, "_STAGES", (stage,))
    with pytest.raises(RuleError, match=r"^text\[1\]: encoding/broken: hit 0-99"):
        pipeline.clean(["in order", "X"])


# --- settings ----------------------------------------------------------------------------------------------------

OFF = {"rules": {"encoding/spaced_entity": {"enabled": False}}}


def test_settings_are_a_mapping_or_a_file_and_mean_the_same(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[rules."encoding/spaced_entity"]\nenabled = false\n')
    default = pipeline.clean(BROKEN)
    assert "encoding/spaced_entity" in {finding.rule for finding in default.findings}
    for mine in (OFF, file, str(file)):
        result = pipeline.clean(BROKEN, settings=mine)
        assert "& # 39;" in result.text
        assert "encoding/spaced_entity" not in {finding.rule for finding in result.findings}
        assert pipeline.clean([BROKEN], settings=mine) == [result]
    assert pipeline.clean([BROKEN] * (columns.ROWS + 1), settings=OFF, workers=2)[-1].text == result.text
    verdict = pipeline.clean(BROKEN, settings={"rules": {"boilerplate/newsletter_pitch": {"verdict": "drop"}}}).verdict
    assert verdict is Verdict.DROP


def test_phrases_beside_the_settings_count(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('[boilerplate]\nphrases = "phrases.toml"\n')
    (tmp_path / "phrases.toml").write_text(
        '[[phrases]]\nrule = "advertisement"\nlines = ["zwischenruf der redaktion"]\n'
    )
    text = f"{articles(1)[0]['text']}\nZwischenruf der Redaktion"
    assert pipeline.clean(text).text == text
    assert pipeline.clean(text, settings=mine).text == articles(1)[0]["text"]
    assert pipeline.clean([text], settings=mine) == [pipeline.clean(text, settings=mine)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rules": {"encoding/mojibak": {}}},
         "settings: [rules] has no rule 'encoding/mojibak'; did you mean 'encoding/mojibake'?"),
        ({"rulez": {}}, "settings has no table 'rulez'; did you mean 'rules'?"),
        ({"rules": {"encoding/mojibake": {"enabeld": False}}},
         "settings: [rules.\"encoding/mojibake\"] has no setting 'enabeld'; did you mean 'enabled'?"),
        ({"rules": {"encoding/mojibake": {"enabled": 1}}},
         'settings: [rules."encoding/mojibake"] enabled must be bool; got 1'),
        ("missing.toml", "missing.toml: no such file; name an existing one, or none"),
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_as_those_of_files_are(given: Any, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        pipeline.clean("x", settings=given)
    assert str(error.value) == said


def test_settings_of_other_stages_are_settings_too() -> None:
    assert pipeline.clean("x", settings={"rules": {"translation/low_score": {"min_score": 0.9}}}) == Result(
        Document("", "x")
    )


def test_errors_are_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[rules")
    with pytest.raises(CopydeskError, match=r"bad\.toml: not TOML"):
        pipeline.clean("x", settings=tmp_path / "bad.toml")

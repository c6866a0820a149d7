"""One document, one answer: facts are the same to the last bit alone, among any others, and in any order."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.facts import language, translation
from pipeline.facts.duplicates import signatures
from pipeline.facts.translation import features as of
from pipeline.facts.translation.tokens import tokenise
from pipeline.facts.translation.weights import load
from pipeline.stages import language as language_stage
from pipeline.stages import tables
from pipeline.stages.order import STAGES
from pipeline.stages.rows import run_stage
from tests.runs import ARTICLE, SEEDS

STORIES = [file.read_text(encoding="utf-8") for file in sorted(SEEDS.glob("*.txt"))]
SENTENCES = [
    *ARTICLE.split(". "),
    "bridge",
    "the the the",
    "The bridge",
    "bridge bridge the",
    "Der Bahnhof wird bis zum Jahresende umgebaut, teilte die Stadt mit.",
    "Le maire a déclaré que le pont serait fermé jusqu’à la fin de l’année.",
    "市议会周一投票决定关闭旧桥进行维修。",
    "Мост закроют до конца года, сообщил мэр.",
    "12 345",
    "?!",
    "x",
    "",
]
TEXT = st.one_of(
    st.sampled_from(["", " ", "\n", *STORIES, *(story[:700] for story in STORIES)]),
    st.lists(st.sampled_from(SENTENCES), max_size=8).map(" ".join),
)
TEXTS = st.lists(TEXT, min_size=2, max_size=7)


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS)
def test_scores_and_their_explanations(texts: list[str]) -> None:
    together = translation.qualities(texts, ["en"] * len(texts))
    assert together == [translation.quality(text) for text in texts]
    assert translation.qualities(texts[::-1], ["en"] * len(texts)) == together[::-1]


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS)
def test_features_to_the_last_bit(texts: list[str]) -> None:
    def features(some: Sequence[str]) -> list[bytes]:
        tokens = tokenise(some)
        parts = of.stretches(tokens.ends)
        rows = of.features(tokens, parts, of.types_of(tokens, parts), load())
        return [rows[parts.documents == number].tobytes() for number in range(len(some))]

    assert features(texts) == [features([text])[0] for text in texts]


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS)
def test_languages_and_passages(texts: list[str]) -> None:
    together = language.detect_with_passages(pa.array(texts, pa.string()))
    assert list(together) == [language.detect_with_passages(pa.array([text], pa.string()))[0] for text in texts]


@settings(max_examples=40, deadline=None)
@given(texts=TEXTS)
def test_signatures(texts: list[str]) -> None:
    rows = [{"id": f"d{number}", "text": text} for number, text in enumerate(texts)]
    table = tables.from_dicts(rows, tables.DOCUMENTS)
    alone = [signatures(table.slice(number, 1)).to_pylist() for number in range(len(texts))]
    assert signatures(table).to_pylist() == [row for one in alone for row in one]


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage.survey is None], ids=lambda stage: stage.name)
def test_all_that_a_stage_makes_of_a_document(stage: object) -> None:
    found = next(one for one in STAGES if one is stage)
    texts = [*STORIES, *SENTENCES[:-1], f"{STORIES[0]} {SENTENCES[5]}"]
    rows = tables.from_dicts(
        [{"id": f"d{n}", "text": text, "meta": "{}", "site": ""} for n, text in enumerate(texts)], tables.DOCUMENTS
    )
    if found.name == "translation":
        [judged] = run_stage(rows, stage=language_stage.STAGE)
        rows = pa.Table.from_batches([judged["kept"]]).combine_chunks().to_batches()[0]
    [together] = run_stage(rows, stage=found)
    alone = [next(run_stage(rows.slice(n, 1), stage=found)) for n in range(rows.num_rows)]
    for place in (*tables.PLACES, tables.FOUND):
        assert together[place].to_pylist() == [row for one in alone for row in one[place].to_pylist()]

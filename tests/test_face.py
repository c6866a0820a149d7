"""The library face: the names that downstream scripts call, with the shapes that they are promised."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline
from pipeline import edits
from pipeline.errors import InputError
from pipeline.output.columns import COLUMNS
from pipeline.records import Verdict
from tests.runs import SEEDS, run

STORY = (
    "The council voted on Monday to close the old bridge for repairs until the end of the year, and asked drivers to "
)
STORY += "take the ferry, which will run every twenty minutes from six in the morning."


def test_the_face_is_complete() -> None:
    assert sorted(pipeline.__all__) == [
        "clean", "detect_language", "extract", "find_duplicates", "read_corpus", "translation_quality",
    ]  # fmt: skip
    assert all(getattr(pipeline, name).__doc__ for name in pipeline.__all__)


def test_clean_mends_encoding_and_cuts_boilerplate_and_gives_the_text_back() -> None:
    text = f"{STORY}\nThe mayor said it was &quot;needed&quot;.\n\nSign up for our newsletter"
    result = pipeline.clean(text)
    assert result.text == f'{STORY}\nThe mayor said it was "needed".'
    assert {finding.rule.partition("/")[0] for finding in result.findings} == {"encoding", "boilerplate"}
    assert edits.revert(result.text, result.findings) == text
    assert (result.verdict, result.reason) == (Verdict.KEEP, "")


def test_clean_leaves_a_text_that_would_nearly_all_go() -> None:
    text = "Sign up for our newsletter\nShare this on Facebook\nAdvertisement"
    result = pipeline.clean(text)
    assert (result.text, result.verdict) == (text, Verdict.QUARANTINE)
    assert result.reason.startswith("boilerplate/mostly_boilerplate: ")


def test_the_language_and_the_quality_of_a_text() -> None:
    language = pipeline.detect_language("Der Bahnhof wird bis zum Jahresende umgebaut.")
    assert language.code == "de"
    assert 0.9 < language.probability <= 1
    good = (SEEDS / "000_e7ac5253860ec0da.txt").read_text(encoding="utf-8")
    translated = (SEEDS / "001_2059845ff647bd54.txt").read_text(encoding="utf-8")
    scores = [pipeline.translation_quality(text).score for text in (good, translated)]
    assert scores[0] is not None
    assert scores[1] is not None
    assert 1 >= scores[0] > scores[1] >= 0
    found = pipeline.translation_quality(translated).findings
    assert [translated[f.start : f.end] == f.before and not f.is_edit for f in found] == [True] * len(found)
    assert len(found) > 2
    assert pipeline.translation_quality("Der Bahnhof wird umgebaut.", "de").score is None


def test_duplicates_come_in_the_order_of_the_documents_from_any_iterable() -> None:
    def documents() -> Iterator[tuple[str, str]]:
        yield from [("late", STORY), ("other", "Unlike it."), ("again", STORY.upper()), ("early", f"{STORY} ")]

    found = list(pipeline.find_duplicates(documents()))
    assert [(d.id, d.of, d.kind, d.similarity) for d in found] == [
        ("late", "again", "exact", 1.0),
        ("early", "again", "exact", 1.0),
    ]
    assert list(pipeline.find_duplicates([])) == []


def test_duplicates_in_scripts_without_spaces_or_latin_letters() -> None:
    chinese = "市议会周一投票决定关闭旧桥进行维修直至年底并要求司机改乘渡轮渡轮将从早上六点起每二十分钟开行一班" * 2
    arabic = (
        "صوت المجلس يوم الاثنين على إغلاق الجسر القديم للإصلاح حتى نهاية العام وطلب من السائقين أن يستقلوا العبارة " * 3
    )
    documents = [("zh", chinese), ("ar", arabic), ("zh2", f"{chinese}。"), ("ar2", f"{arabic}!")]
    assert [(d.id, d.of) for d in pipeline.find_duplicates(documents)] == [("zh2", "zh"), ("ar2", "ar")]


def test_an_id_used_twice_is_refused() -> None:
    with pytest.raises(InputError, match='two documents have the id "a"'):
        list(pipeline.find_duplicates([("a", STORY), ("a", "Unlike it.")]))


def test_the_corpus_is_read_by_batch_and_as_arrow(place: Path) -> None:
    with pytest.raises(InputError, match="no published batch"):
        pipeline.read_corpus("output/corpus")
    Path("configs/copydesk.toml").unlink()
    assert run(SEEDS, "--batch", "b1") == 0
    assert run(SEEDS, "--batch", "b2") == 0
    corpus = pipeline.read_corpus("output/corpus")
    assert corpus.batches == ("b1", "b2")
    assert len(corpus) == len(list(corpus)) == corpus.dataset.count_rows() == 3
    assert corpus.dataset.schema.names == COLUMNS.names
    document = next(iter(corpus))
    assert document.source.file == f"{document.id}.txt"
    assert document.meta["language"] == "en"
    changes = pipeline.read_corpus("output/corpus", since=1)
    assert (changes.since, changes.release, len(changes)) == (1, 2, 0)

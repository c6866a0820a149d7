"""The library face: the names that downstream scripts call, with the shapes that they are promised."""
# ruff: noqa: E501 - a wrong call stands in a line with what is said of it

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, assert_type

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import pipeline
from pipeline import edits
from pipeline.errors import InputError
from pipeline.output.columns import COLUMNS
from pipeline.records import Result, Verdict
from tests.runs import SEEDS, run

if TYPE_CHECKING:
    from pipeline.face.results import Cleaned, Results

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


# --- what is no argument -----------------------------------------------------------------------------------------

Wrong = tuple[Callable[[], object], type[Exception], str]
MANY = "text must be a string, a list or other iterable of strings, or a column of a table; got "
WRONG: list[Wrong] = [
    (lambda: pipeline.clean(None), TypeError, f"{MANY}None"),  # type: ignore[call-overload]
    (lambda: pipeline.clean(3), TypeError, f"{MANY}int 3"),  # type: ignore[call-overload]
    (lambda: pipeline.clean(b"x"), TypeError, f"{MANY}bytes b'x'; decode it, or call extract where it is a page"),  # type: ignore[arg-type]
    (lambda: pipeline.clean({"a": "b"}), TypeError, f"{MANY}dict {{'a': 'b'}}"),
    (lambda: pipeline.clean({"a"}), TypeError, f"{MANY}set {{'a'}}"),
    (lambda: pipeline.clean(["a", None]), TypeError, "text[1] must be a string; got None; only a Series or an Arrow array has nulls"),  # type: ignore[list-item]
    (lambda: pipeline.clean(["a", 3]), TypeError, "text[1] must be a string; got int 3"),  # type: ignore[list-item]
    (lambda: pipeline.clean(pd.Series([1, 2])), TypeError, "text must be a column of texts; got one of int64"),
    (lambda: pipeline.clean(pd.Series(["a", 3], dtype=object)), TypeError, "text in row 1 must be a string; got int 3"),
    (lambda: pipeline.clean(pl.Series([1])), TypeError, "text must be a column of texts; got one of Int64"),
    (lambda: pipeline.clean(pa.array([1])), TypeError, "text must be a column of texts; got one of int64"),
    (lambda: pipeline.clean(pd.DataFrame({"a": ["b"]})), TypeError, "text must be one column of texts; got a DataFrame: call it with table['text']"),
    (lambda: pipeline.clean(pa.table({"a": ["b"]})), TypeError, "text must be one column of texts; got a Table: call it with table['text']"),
    (lambda: pipeline.clean("a", settings=3), TypeError, "settings must be a path, as a string or a pathlib.Path; got int 3"),  # type: ignore[call-overload]
    (lambda: pipeline.clean("a", workers=-1), ValueError, "workers must be at least 0, which is one for each core; got -1"),
    (lambda: pipeline.clean("a", workers="2"), TypeError, "workers must be a whole number, 0 for one for each core; got str '2'"),  # type: ignore[call-overload]
    (lambda: pipeline.extract(3), TypeError, "page must be bytes or a string; got int 3"),  # type: ignore[arg-type]
    (lambda: pipeline.extract(None), TypeError, "page must be bytes or a string; got None"),  # type: ignore[arg-type]
    (lambda: pipeline.extract("<p>a</p>", 3), TypeError, "url must be a string; got int 3"),  # type: ignore[arg-type]
    (lambda: pipeline.detect_language(None), TypeError, "text must be a string; got None"),  # type: ignore[arg-type]
    (lambda: pipeline.detect_language(["a"]), TypeError, "text must be a string; got list ['a']"),  # type: ignore[arg-type]
    (lambda: pipeline.translation_quality(b"x"), TypeError, "text must be a string; got bytes b'x'; decode it, or call extract where it is a page"),  # type: ignore[arg-type]
    (lambda: pipeline.translation_quality("x", None), TypeError, "language must be a string; got None"),  # type: ignore[arg-type]
    (lambda: pipeline.find_duplicates(None), TypeError, "documents must be pairs of id and text; got None"),  # type: ignore[arg-type]
    (lambda: pipeline.find_duplicates("ab"), TypeError, "documents must be pairs of id and text; got str 'ab'"),  # type: ignore[arg-type]
    (lambda: pipeline.find_duplicates({"a": "b"}), TypeError, "documents must be pairs of id and text; got a mapping: call it with .items()"),  # type: ignore[dict-item]
    (lambda: list(pipeline.find_duplicates(["ab"])), TypeError, "documents[0] must be a pair of id and text; got str 'ab'"),  # type: ignore[list-item]
    (lambda: list(pipeline.find_duplicates([("a", "b"), (1, "b")])), TypeError, "documents[1][0], the id, must be a string; got int 1"),  # type: ignore[list-item]
    (lambda: pipeline.read_corpus(None), TypeError, "path must be a path, as a string or a pathlib.Path; got None"),  # type: ignore[call-overload]
    (lambda: pipeline.read_corpus("missing"), InputError, "missing: no published batch; run `copydesk run` first, or name the folder output/corpus"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "said"), WRONG, ids=[said for _, _, said in WRONG])
def test_what_is_no_argument_is_said_so_with_what_is_wanted(
    call: Callable[[], object], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind) as error:
        call()
    assert str(error.value) == said


@pytest.mark.parametrize("language", ["und", "de", "en-US"])
def test_a_language_that_is_not_scored_has_no_score(language: str) -> None:
    assert pipeline.translation_quality("The council voted.", language=language).score is None


@pytest.mark.parametrize(
    "call", [pipeline.clean, pipeline.detect_language, pipeline.translation_quality, pipeline.extract]
)
def test_lone_surrogates_are_text(call: Callable[[str], object]) -> None:
    call("A lone surrogate \ud83d in a text is nothing to fail on. " * 3)


def test_copies_with_lone_surrogates_are_found() -> None:
    text = f"{STORY} \ud83d"
    assert [(d.id, d.of) for d in pipeline.find_duplicates([("a", text), ("b", text)])] == [("b", "a")]


# --- types -------------------------------------------------------------------------------------------------------

if TYPE_CHECKING:  # what a type checker says to users, held by `make lint`

    class _Series:
        """As stubs of pandas have it: a column that can be gone through, too."""

        name: str
        dtype: object

        def __iter__(self) -> Iterator[str]: ...

    class _Array:
        def to_pylist(self) -> list[str]: ...

    assert_type(pipeline.clean("a"), Result)
    assert_type(pipeline.clean(["a"], workers=2), list[Result])
    assert_type(pipeline.clean(("a", "b"), settings={"rules": {}}), list[Result])
    assert_type(pipeline.clean(iter(["a"])), Iterator[Result])
    assert_type(pipeline.clean(_Series()), Results)
    assert_type(pipeline.clean(_Array(), settings=Path("a.toml")), Results)
    assert_type(pipeline.clean(_Series())[0], Cleaned | None)

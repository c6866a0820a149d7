"""What a column of the corpus holds, and how it is read in Python."""

from __future__ import annotations

import hashlib
import json
import sys
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import pipeline
from pipeline.engine import storage
from pipeline.errors import CopydeskError, InputError
from pipeline.output import card, columns, publication
from pipeline.output.columns import COLUMNS
from pipeline.output.corpus import Corpus
from pipeline.output.publication import authors_of, to_published
from pipeline.sources.meta import as_json
from pipeline.sources.page.dates import moment_of
from pipeline.stages import tables
from tests.runs import ROOT, articles, made, published_rows, run, write_jsonl

CORPUS = Path("output/corpus")


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-11-20", "2026-11-20T00:00:00+00:00"),
        ("2026-11-20T23:30:00-02:00", "2026-11-21T01:30:00+00:00"),
        ("2026-11-20 10:15", "2026-11-20T10:15:00+00:00"),
        ("Wed, 20 Nov 2019 10:15:00 GMT", "2019-11-20T10:15:00+00:00"),
        ("3 March 2024", "2024-03-03T00:00:00+00:00"),
        ("11/12/2019", None),
        ("yesterday", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("", None),
        (None, None),
    ],
)
def test_a_date_is_a_moment_in_utc_or_none(told: str | None, moment: str | None) -> None:
    found = moment_of(told)
    assert (found.isoformat() if found else None) == moment


@pytest.mark.parametrize(
    ("meta", "authors"),
    [
        ({"authors": ["Ada Bell", "Chi Dao"]}, ["Ada Bell", "Chi Dao"]),
        ({"author": "By Ada Bell"}, ["Ada Bell"]),
        ({"dc:creator": "Ada Bell; Chi Dao"}, ["Ada Bell", "Chi Dao"]),
        ({"Author": {"@type": "Person", "name": "Ada Bell"}}, ["Ada Bell"]),
        ({"author": "Bell, Ada", "byline": "Ada Bell"}, ["Bell, Ada", "Ada Bell"]),
        ({"authors": [None, 3, "", " "], "author_id": "7", "title": "By Ada"}, []),
        ({}, []),
    ],
)
def test_authors_are_those_that_the_record_names(meta: dict[str, Any], authors: list[str]) -> None:
    assert authors_of(meta) == authors


def test_each_column_holds_what_its_page_says(place: Path) -> None:
    page = (ROOT / "docs" / "corpus.md").read_text(encoding="utf-8")
    assert [name for name in COLUMNS.names if f"\n| `{name}` |" not in page] == []
    assert f"The version of this list is {columns.VERSION}." in page
    text = f"{articles(1)[0]['text']}\n\nRead more: Our live blog\n\nIt went on &amp; on."
    row = {"id": "x", "text": text, "title": "Bridge", "published": "Nov. 20, 2026", "author": "Ada Bell"}
    row |= {"url": "https://www.a.example/x", "section": "Roads"}
    write_jsonl(Path("in/a.jsonl"), [row])
    assert run("in", "--batch", "b1") == 0
    [found] = published_rows("b1")
    kept = storage.read_table(made("duplicates", input="in", batch="b1").kept).to_pylist()[0]
    cut = storage.read_table(str(made("boilerplate", input="in", batch="b1").output / "findings"))["after"].to_pylist()
    assert cut.count("") == 1
    assert found["published"].isoformat() == "2026-11-20T00:00:00+00:00"
    meta = {"author": "Ada Bell", "section": "Roads", "published_as_read": "Nov. 20, 2026"}
    assert json.loads(found["meta"]) == meta
    assert found | {"published": None, "meta": None} == {
        **{name: kept[name] for name in ("language", "language_probability", "translation_score", "damage", "repairs")},
        "id": "x",
        "text": kept["text"],
        "title": "Bridge",
        "authors": ["Ada Bell"],
        "published": None,
        "site": "a.example",
        "url": "https://www.a.example/x",
        "charset": "utf-8",
        "batch": "b1",
        "cuts": 1,
        "digest": hashlib.sha256(kept["text"].encode()).hexdigest()[:16],
        "file": "a.jsonl",
        "line": 1,
        "meta": None,
    }
    assert found["repairs"] == 2


@pytest.mark.parametrize("published", ["2026-11-20T00:00:00+00:00", "2026-11-20", "some day", None])
def test_what_the_history_is_made_of_comes_back_from_the_corpus(place: Path, published: str | None) -> None:
    write_jsonl(Path("in/a.jsonl"), [{**articles(1)[0], "published": published, "section": "Roads"}])
    assert run("in") == 0
    mine = made("duplicates", input="in")
    kept = next(storage.read_rows(mine.kept))
    [file] = (CORPUS / "data").iterdir()
    back = columns.to_documents(next(storage.read_rows(str(file))))
    same = [name for name in back.schema.names if name != "meta"]
    assert back.select(same).to_pylist() == kept.select(same).to_pylist()


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
METAS = st.dictionaries(
    st.sampled_from(["author", "authors", "dc:creator", "x"]),
    st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.fixed_dictionaries({"name": inner})),
    max_size=3,
)
DATES = st.none() | st.text(max_size=40) | st.datetimes().map(format_datetime) | st.datetimes().map(str)


@given(meta=METAS, published=DATES, text=st.text())
@example(meta={"author": "\ud800"}, published="Mon, 31 Dec 9999 23:59:59 -1200", text="")
def test_any_document_becomes_a_row_and_the_same_document_again(
    meta: dict[str, Any], published: str | None, text: str
) -> None:
    document = {"id": "x", "text": text, "published": published or None, "meta": as_json(meta), "line": 1, "repairs": 2}
    rows = tables.from_dicts([document], tables.DOCUMENTS).append_column("cuts", pa.array([3]))
    rows = to_published(rows, "b1")
    assert rows.schema == COLUMNS
    [row] = rows.to_pylist()
    assert (row["id"], row["text"], row["batch"], row["language"], row["cuts"]) == ("x", text, "b1", None, 3)
    told = json.loads(row["meta"])
    told.pop(columns.AS_READ, None)
    assert as_json(told) == document["meta"]
    [back] = columns.to_documents(rows).to_pylist()
    assert (back["published"], back["text"]) == (document["published"], text)


# --- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["output/corpus", "output/corpus/", "output/corpus/data"])
def test_the_corpus_is_read_from_its_folder_or_that_of_its_data(two: Path, path: str) -> None:
    corpus = pipeline.read_corpus(path)
    assert repr(corpus) == "<Corpus output/corpus: release 2, 5 documents in 2 batches (b1, b2)>"
    assert [document.id for document in corpus] == ["a0", "a1", "a2", "a3", "a4"]
    assert corpus.dataset.to_table()["id"].to_pylist() == ["a0", "a1", "a2", "a3", "a4"]


def empty_corpus() -> Corpus:
    """A release with no batches."""
    present = pipeline.read_corpus(CORPUS)
    return Corpus(CORPUS, {**present.manifest, "batches": {}})


@pytest.mark.filterwarnings("ignore")  # of the libraries themselves
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_it_comes_as_a_frame(two: Path, library: str) -> None:
    frame = getattr(pipeline.read_corpus(CORPUS), f"to_{library}")()
    assert type(frame).__module__.partition(".")[0] == library
    assert list(frame["id"]) == ["a0", "a1", "a2", "a3", "a4"]


def test_frames_have_the_types_of_the_columns(two: Path) -> None:
    corpus = pipeline.read_corpus(CORPUS)
    frame, empty = corpus.to_pandas(), empty_corpus().to_pandas()
    assert (len(frame), len(empty)) == (5, 0)
    for each in (frame, empty):
        types = {name: str(each[name].dtype) for name in ("published", "translation_score", "damage", "line", "text")}
        text = types.pop("text")
        assert types == {
            "published": "datetime64[us, UTC]",
            "translation_score": "float32",
            "damage": "int32",
            "line": "int64",
        }
        assert text in ("str", "object")  # of pandas 3, and of those before it
    assert corpus.to_polars().schema == empty_corpus().to_polars().schema


def test_columns_are_chosen_by_name(two: Path) -> None:
    for corpus in (pipeline.read_corpus(CORPUS), empty_corpus()):
        assert list(corpus.to_pandas(["text", "id"]).columns) == ["text", "id"]
        assert corpus.to_polars(columns=["id"]).columns == ["id"]
        assert corpus.to_arrow(["batch"]).to_pydict() == {"batch": ["b1", "b1", "b1", "b2", "b2"][: len(corpus)]}
        assert corpus.to_arrow().schema.names == COLUMNS.names
        with pytest.raises(InputError, match=r"^output/corpus: no column 'txt'; did you mean 'text'\?$"):
            corpus.to_pandas(["txt"])


def test_a_corpus_shows_its_batches_in_a_notebook(two: Path) -> None:
    html = pipeline.read_corpus(CORPUS)._repr_html_()
    assert "release 2, 5 documents" in html
    assert "<tr><th>b1<td>3</tr><tr><th>b2<td>2</tr>" in html


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_without_the_library_it_is_said_what_to_install(
    two: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(CopydeskError, match=f"^{library} is not installed here; pip install {library}$"):
        getattr(pipeline.read_corpus(CORPUS), f"to_{library}")()


def test_who_reads_on_by_an_old_listing_is_told_that_it_is_gone(two: Path) -> None:
    old = pipeline.read_corpus(CORPUS)
    write_jsonl(Path("b2/more.jsonl"), articles(7, 5))
    assert run("--batch", "b2") == 0
    documents = iter(old)
    assert [next(documents).id for _ in range(3)] == ["a0", "a1", "a2"]
    gone = r"data/b2\.[0-9a-f]{12}-00000\.parquet: published again meanwhile; call read_corpus again$"
    with pytest.raises(InputError, match=gone):
        next(documents)
    with pytest.raises(InputError, match=gone):
        old.dataset  # noqa: B018 - it is opened
    with pytest.raises(InputError, match=gone):
        old.to_polars()


def test_a_file_that_goes_while_the_others_are_opened_is_not_passed_over(
    two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a batch is published again between two looks at its file."""
    corpus, real = pipeline.read_corpus(CORPUS), storage.schema_of

    def opened_and_gone(dataset: str) -> Any:
        found = real(dataset)
        if "b2." in dataset:
            Path(dataset).unlink()
        return found

    monkeypatch.setattr(storage, "schema_of", opened_and_gone)
    with pytest.raises(InputError, match="published again meanwhile"):
        corpus.dataset  # noqa: B018 - it is opened


@pytest.mark.parametrize("path", ["output", "output/corpus/batches", "nowhere"])
def test_where_there_is_no_corpus_it_is_said(two: Path, path: str) -> None:
    with pytest.raises(InputError, match=f"^{path}: no published batch"):
        pipeline.read_corpus(path)


# --- the card ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "name"), [(0, "n<1K"), (10**9 - 1, "100M<n<1B"), (10**9, "n>1B")])
def test_sizes_are_called_as_the_hub_calls_them(rows: int, name: str) -> None:
    assert card.size_category(rows) == name


def test_a_document_that_gets_lost_on_the_way_into_the_corpus_stops_the_publication(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(3))
    monkeypatch.setattr(
        publication, "_ORDERED", publication._ORDERED.replace("ORDER BY", "WHERE d.id <> 'a1' ORDER BY")
    )
    assert run("in") == 1
    assert "publishing: kept 3, but published 2; nothing is published" in capsys.readouterr().err
    assert not Path("output/corpus").exists()

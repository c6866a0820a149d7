"""Which field holds what, where no setting says so: certain guesses, doubts that are named, and nothing that was read
before is read in another way.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.config import Read
from pipeline.console import cli
from pipeline.output.manifest import FieldsFigures
from pipeline.sources import fields, read, streams
from pipeline.sources.records import Failure, Record
from tests.runs import made, published_files, published_rows, refused, run, tree, write_jsonl

SENTENCE = "The old bridge over the river stays closed until the end of the year, the mayor of the town said on Monday."
COUNT = 12


def body(number: int, sentences: int = 8) -> str:
    return f"Story {number}. " + " ".join([SENTENCE] * sentences)


VALUES: Mapping[str, Any] = {
    "body": body,
    "other body": lambda n: body(n + 100),
    "short body": lambda n: body(n, 1),
    "long body": lambda n: body(n, 40),
    "html": lambda n: f"<p>{body(n)}</p><p>More was said.</p>",
    "page": lambda n: f"<!doctype html><html><body><p>{body(n, 30)}</p></body></html>",
    "headline": lambda n: f"Bridge number {n} stays closed",
    "one line": lambda n: f"Bridge number {n} stays closed, and so does the road",
    "number": lambda n: n,
    "digits": lambda n: str(n),
    "few numbers": lambda n: n // 4,
    "hash": lambda n: f"{n:032x}",
    "address": lambda n: f"https://www.paper.example/2019/story-{n}.html",
    "image": lambda n: f"https://img.paper.example/{n}.jpg",
    "path": lambda n: f"/2019/story-{n}.html",
    "day": lambda n: f"2019-11-{n + 1:02d}",
    "day and time": lambda n: f"Wed, {n + 10} Nov 2019 10:15:00 GMT",
    "either way": lambda n: f"11/{n + 1}/2019",
    "paper": lambda n: ("The Valley Post", "Hill Times")[n % 2],
    "host": lambda n: "paper.example",
    "list": lambda n: [body(n)],
    "object": lambda n: {"first": body(n), "second": body(n)},
    "written list": lambda n: json.dumps([body(n)]),
    "nothing": lambda n: None,
}


def records(**columns: str) -> list[dict[str, Any]]:
    return [{name: VALUES[kind](n) for name, kind in columns.items()} for n in range(COUNT)]


def found_among(columns: Mapping[str, str], **settings: Any) -> fields.Fields:
    return fields.guess(fields.sample(records(**columns), Read(**settings)), Read(**settings))


def guessed(columns: Mapping[str, str], **settings: Any) -> dict[str, str]:
    found = found_among(columns, **settings)
    assert found.doubt == ""
    return {what: choice.name for what, choice in found.guessed.items()}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"body": "body"}, {"text": "body"}),
        ({"Body ID": "number", "articleBody": "body"}, {"text": "articleBody", "id": "Body ID"}),
        ({"article_body": "body", "Doc-Id": "hash"}, {"text": "article_body", "id": "Doc-Id"}),
        ({"Full Text": "body", "LINK": "address", "Headline": "headline"},
         {"text": "Full Text", "url": "LINK", "title": "Headline"}),
        ({"maintext": "body", "date_publish": "day", "source_domain": "host"},
         {"text": "maintext", "published": "date_publish", "site": "source_domain"}),
        ({"content": "body", "pubDate": "day and time", "link": "address", "publisher": "paper"},
         {"text": "content", "published": "pubDate", "url": "link"}),
        ({"content": "body", "publisher": "paper"}, {"text": "content", "site": "publisher"}),
        ({"Text": "body", "Title": "headline"}, {"text": "Text", "title": "Title"}),
        ({"ARTICLE": "one line"}, {"text": "ARTICLE"}),
        # by what stands there
        ({"zeitung_1": "body", "nr": "number"}, {"text": "zeitung_1"}),
        ({"zeitung_1": "body", "where": "address", "top_image": "image"}, {"text": "zeitung_1", "url": "where"}),
        ({"a": "long body", "b": "short body"}, {"text": "a"}),
        ({"class": "few numbers", "Description": "body", "Title": "headline"},
         {"text": "Description", "title": "Title"}),
        ({"raw_html": "page"}, {"text": "raw_html"}),
        # a name decides between fields with sentences
        ({"article": "body", "highlights": "short body"}, {"text": "article"}),
        ({"document": "body", "summary": "short body"}, {"text": "document"}),
        ({"content": "body", "comments": "long body"}, {"text": "content"}),
        ({"body": "body", "notes_of_desk": "short body"}, {"text": "body"}),
        ({"body": "body", "html": "page"}, {"text": "body"}),
        ({"content": "html", "excerpt": "short body"}, {"text": "content"}),
        ({"content_text": "body", "content_html": "html"}, {"text": "content_text"}),
        ({"body": "body", "content": "short body"}, {"text": "body"}),
        ({"content": "body", "body": "body"}, {"text": "body"}),  # they say the same
        # what is called so and is none
        ({"story": "hash", "content": "body"}, {"text": "content"}),
        ({"article": "address", "content": "body"}, {"text": "content", "url": "article"}),
        ({"body": "body", "link": "path"}, {"text": "body"}),
        ({"body": "body", "date": "either way"}, {"text": "body"}),
        ({"body": "body", "doc_id": "few numbers"}, {"text": "body"}),
        ({"body": "body", "image_url": "image"}, {"text": "body"}),
        ({"content": "written list", "plain": "body"}, {"text": "plain"}),
        ({"tokens": "list", "body": "body"}, {"text": "body"}),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else None,
)  # fmt: skip
def test_what_is_certain_is_guessed(columns: Mapping[str, str], expected: Mapping[str, str]) -> None:
    assert guessed(columns) == expected


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"text_en": "body", "text_ar": "other body"}, ("text_ar", "text_en")),
        ({"body": "short body", "dump": "long body"}, ("body", "dump")),
        ({"question": "body", "reply_of_desk": "other body"}, ("question", "reply_of_desk")),
        ({"html_content": "body", "content": "html"}, ("content", "html_content")),
        ({"story": "headline", "article": "one line"}, ("article", "story")),
        ({"abstract": "short body", "body": "list"}, ("abstract", "body")),
        ({"abstract": "short body", "sections": "object"}, ("abstract", "sections")),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else None,
)
def test_of_two_that_may_be_the_text_neither_is_taken_and_both_are_named(
    columns: Mapping[str, str], named: tuple[str, str]
) -> None:
    found = found_among(columns)
    assert found.text.name == ""
    assert found.doubt == f'"{named[0]}" and "{named[1]}" may both be it'


@pytest.mark.parametrize(
    "columns",
    [
        {"title": "headline"},
        {"story": "hash"},
        {"article": "address"},
        {"a": "number"},
        {"Headline": "body"},
        {"body": "nothing"},
    ],
)
def test_where_nothing_looks_like_a_text_nothing_is_guessed(columns: Mapping[str, str]) -> None:
    assert guessed({**columns, "a": "number"}) == {}


def test_a_field_called_text_is_the_text_and_then_nothing_is_guessed() -> None:
    assert guessed({"text": "headline", "body": "body", "link": "address", "doc_id": "hash"}) == {}
    found = fields.guess(records(body="body", link="address")[:5] + records(text="headline")[:1], Read())
    assert found.settle(Read()) == Read("text", "id", "url", "site", "title", "published")


@pytest.mark.parametrize("empty", [None, "", " \n"])
def test_a_field_called_text_in_which_nothing_stands_is_none(empty: str | None) -> None:
    rows = [{**row, "text": empty} for row in records(maintext="body")]
    assert fields.guess(rows, Read()).text.name == "maintext"
    assert fields.guess([*rows, {"text": "One."}], Read()).text == fields.Choice("text", "the default")
    assert fields.guess([*rows, {"text": 5}], Read()).text == fields.Choice("text", "the default")
    assert fields.guess(fields.sample([{"text": [body(1)], "summary": body(1, 1)}], Read()), Read()).doubt == ""
    assert len(fields.sample(iter(rows), Read())) == COUNT
    only = [{"text": empty, "n": 1}]
    assert fields.guess(only, Read()).settle(Read()).text_field == "text"


def test_default_names_come_before_others() -> None:
    columns = {"body": "body", "uuid": "hash", "id": "number", "link": "address", "url": "path", "Title": "headline"}
    assert guessed(columns) == {"text": "body", "title": "Title"}


def test_what_is_set_is_so_and_the_rest_is_guessed() -> None:
    columns = {"body": "body", "b": "short body", "key": "hash", "Doc ID": "number", "link": "address"}
    assert guessed(columns, text_field="b") == {"id": "Doc ID", "url": "link"}
    assert guessed(columns, text_field="b", id_field="key", url_field="nowhere") == {}
    assert guessed({"text": "body", "body": "body", "link": "address"}, text_field="body") == {"url": "link"}
    assert guessed({"text": "body", "link": "address"}, text_field="text") == {}


def test_every_guess_has_its_reason() -> None:
    found = fields.guess(records(**{"articleBody": "body", "Body ID": "number", "where": "address"}), Read())
    assert [choice.why for choice in found.choices.values()] == [
        "it is called so, and holds sentences",
        "it is called so",
        "no other field holds addresses",
        *[""] * 3,
    ]
    assert found.numbered


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_guess_does_not_depend_on_the_order_of_the_fields(size: int) -> None:
    columns = {"content": "body", "summary": "short body", "uuid": "hash", "url2": "address", "pub_date": "day"}
    rows = records(**columns)[:size]
    backwards = [dict(reversed(row.items())) for row in rows]
    assert fields.guess(rows, Read()).choices == fields.guess(backwards, Read()).choices


def test_a_sample_is_bounded() -> None:
    assert len(fields.sample(({"a": n} for n in range(10_000)), Read())) == fields.SAMPLE_RECORDS
    large = fields.sample(({"a": "x" * 3_000_000, "b": "y"} for _ in range(1_000)), Read())
    assert [len(row["a"]) for row in large[:2]] == [fields.WIDEST] * 2
    assert len(large) < 60
    assert len(fields.sample(records(text="body"), Read())) == 1


def test_a_guess_takes_time_linear_in_what_is_looked_at() -> None:
    hostile = ["https://" + "." * 19_000 + " ", '."' * 9_000, "<p" * 9_000, "2019-" * 4_000, " " * 19_999 + "<"]
    rows = [{"a": value, "body": value, "url2": value, "link": value, "date": value} for value in hostile * 4]
    before = process_time()
    fields.guess(fields.sample(rows, Read()), Read())
    many = [{f"c{n}": "x" for n in range(10_000)}] * 5
    fields.guess(fields.sample(many, Read()), Read())
    slow = process_time() - before
    before = process_time()
    for _ in range(100):
        json.loads(json.dumps(rows))
    assert slow < 10 * (process_time() - before)


# --- files ---------------------------------------------------------------------------------------------------------


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jsonl":
        write_jsonl(path, rows)
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), path)
    else:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


def of(path: Path, **settings: Any) -> list[Record | Failure]:
    return list(read.read_file(path, path.name, Read(**settings)))


FNC = {"Body ID": "number", "articleBody": "body", "Headline": "headline", "where": "address", "Date": "day"}


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_file_is_read_by_what_was_guessed(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / f"train.{kind}", records(**FNC))
    [first, *_] = of(path)
    assert isinstance(first, Record)
    assert (first.id, first.text, first.title) == ("train#0", body(0), "Bridge number 0 stays closed")
    assert (first.url, first.site, first.published) == (VALUES["address"](0), "paper.example", "2019-11-01")
    assert first.meta == {}
    assert len(of(path)) == COUNT


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_doubt_is_told_of_each_record_and_a_setting_ends_it(tmp_path: Path, kind: str) -> None:
    rows = [{"one": body(n), "other": body(n + 1)} for n in range(COUNT)]
    path = write(tmp_path / f"a.{kind}", rows)
    [first, *more] = of(path)
    assert isinstance(first, Failure)
    assert first.reason == 'no "text"; "one" and "other" may both be it. hint: --text-field, or [read] text_field'
    assert len(more) == COUNT - 1
    assert [record.text for record in of(path, text_field="other") if isinstance(record, Record)] == [
        row["other"] for row in rows
    ]


def test_each_file_has_its_own_fields_and_numbers_count_within_their_file(place: Path) -> None:
    write(place / "in" / "a.csv", records(**FNC))
    write(
        place / "in" / "b" / "c.jsonl", [{**row, "story": body(50 + n)} for n, row in enumerate(records(uid="digits"))]
    )
    write(place / "in" / "d.jsonl", [{"id": f"d{n}", "text": body(90 + n), "link": "x"} for n in range(COUNT)])
    assert run("in") == 0
    ids = [row["id"] for row in published_rows("demo", ["id"])]
    assert {"a#0", "b/c#0", "d0"} <= set(ids)
    assert len(ids) == 3 * COUNT
    told = [(f["file"], {what: name for what, (name, _) in f["fields"].items()}) for f in guesses("in")]
    assert told == [
        ("a.csv", {"text": "articleBody", "id": "Body ID", "url": "where", "title": "Headline", "published": "Date"}),
        ("b/c.jsonl", {"text": "story", "id": "uid"}),
    ]


def guesses(path: str) -> list[FieldsFigures]:
    return made("reading", input=path).manifest["fields"]


def test_a_part_of_a_large_file_is_read_by_the_guess_of_its_beginning(tmp_path: Path) -> None:
    rows = [{"body": body(n), "more": body(n, 2)} for n in range(300)]
    rows += [{"body": "Short.", "more": body(n, 90)} for n in range(300)]
    path = write(tmp_path / "a.jsonl", rows)
    *_, last = streams.spans(path, 1 << 19)
    assert last.start > 0
    found = list(read.read_file(path, path.name, Read(), last))
    assert {record.text for record in found if isinstance(record, Record)} == {"Short."}


def test_what_has_a_text_is_read_as_before_whatever_else_it_holds(tmp_path: Path) -> None:
    row = {"text": SENTENCE, "body": body(1), "uuid": "u1", "link": "https://a.example/", "headline": "One"}
    path = write(tmp_path / "a.jsonl", [row])
    [record] = of(path)
    assert isinstance(record, Record)
    assert (record.id, record.text, record.url, record.title) == ("a:1", SENTENCE, "", None)
    assert record.meta == {name: value for name, value in row.items() if name != "text"}


def test_a_header_with_names_that_come_twice_is_guessed_from_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f',,body,tag,tag\n1,2,"{SENTENCE}",x,y\n')
    [record] = of(path)
    assert isinstance(record, Record)
    assert record.text == SENTENCE
    assert record.meta == {"": ["1", "2"], "tag": ["x", "y"]}


# --- a run ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def corpus(place: Path) -> Path:
    write(place / "in" / "articles.csv", records(**{"Body ID": "number", "articleBody": "body"}))
    return place


LINE = 'articles.csv: text from "articleBody", id from "Body ID" (guessed; set [read] text_field to change it)'


def test_a_guess_is_said_by_the_run_the_status_and_the_report(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("in") == 0
    assert LINE in capsys.readouterr().out.splitlines()
    assert cli.main(["status"]) == 0
    assert LINE in capsys.readouterr().out.splitlines()
    assert cli.main(["status", "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)["steps"]["reading"]["fields"]
    assert told["fields"]["id"] == ["Body ID", "it is called so"]
    assert "text from <code>articleBody</code>" in report()


def report() -> str:
    [page] = Path("output").rglob("report.html")
    return page.read_text(encoding="utf-8")


def test_nothing_is_said_where_nothing_is_guessed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(place / "in" / "a.jsonl", [{"text": body(n)} for n in range(COUNT)])
    assert run("in") == 0
    assert "guessed" not in capsys.readouterr().out
    assert "guessed" not in report()


def test_the_same_input_is_read_in_the_same_way_by_any_number_of_workers(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "PORTION_BYTES", 20_000)
    write(place / "in" / "a.jsonl", [{"story": body(n), "doc_id": f"{n:032x}"} for n in range(300)])
    assert run("in", "--workers", "1", "--batch", "one") == 0
    assert run("in", "--workers", "3", "--batch", "three") == 0
    one, three = (made("reading", input="in", batch=name) for name in ("one", "three"))
    assert one.manifest["fields"] == three.manifest["fields"]
    assert tree(one.kept) == tree(three.kept)
    before = tree(one.kept)
    assert run("--batch", "one", "--again", "reading") == 0
    assert tree(made("reading", input="in", batch="one").kept) == before


def test_a_doubt_ends_the_run_with_both_named_and_an_option_ends_the_doubt(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"one": body(n), "other": body(n + 50), "no": f"k{n}"} for n in range(COUNT)]
    write(place / "in" / "a.csv", rows)
    said = refused(capsys, "in")
    assert 'no "text"; "one" and "other" may both be it. hint: --text-field, or [read] text_field' in said[1]
    assert run("in", "--text-field", "other", "--id-field", "no") == 0
    assert texts() == {row["no"]: row["other"] for row in rows}


def texts(batch: str = "demo") -> dict[str, str]:
    rows = published_rows(batch, ["id", "text"])
    return {row["id"]: row["text"] for row in rows}


def test_a_batch_keeps_the_options_by_which_its_input_was_read(place: Path) -> None:
    write(place / "in" / "a.csv", [{"one": body(n), "other": body(n + 50), "no": f"k{n}"} for n in range(COUNT)])
    assert run("in", "--batch", "x", "--text-field", "other", "--id-field", "no", "--text-is-html") == 0
    before = published_files("x")
    assert run("--batch", "x") == 0
    assert run("in", "--batch", "x", "--again", "reading") == 0
    assert published_files("x") == before
    assert run("--batch", "x", "--text-field", "one", "--no-text-is-html") == 0
    assert texts("x")["k0"] == body(0)
    assert run("--batch", "x", "--id-field", "") == 0  # as if it had not been given
    assert set(texts("x")) == {f"a:{n + 2}" for n in range(COUNT)}


def test_another_input_is_not_read_by_the_options_of_the_one_before(place: Path) -> None:
    write(place / "in" / "a.csv", [{"one": body(n), "other": body(n + 50)} for n in range(COUNT)])
    write(place / "new" / "a.csv", [{"body": body(n)} for n in range(COUNT)])
    assert run("in", "--batch", "x", "--text-field", "other") == 0
    assert run("new", "--batch", "x", "--replace") == 0
    assert len(texts("x")) == COUNT

"""JSON in all its layouts: lists, objects, answers of APIs; cut into its records as it is read."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config import Read
from pipeline.records import Verdict
from pipeline.sources import json_values, read, streams
from pipeline.sources.records import Failure, Record
from tests.runs import reading

TEXT = "The council met on Monday and closed the old bridge for repairs."
RECORDS: list[dict[str, Any]] = [
    {"id": f"r{n}", "text": f"{TEXT} {n}", "authors": [{"name": "A"}, {"name": "B"}]} for n in range(5)
]
EXPECTED = [(row["id"], row["text"]) for row in RECORDS]


def found(content: str | bytes, name: str = "a.json", **values: Any) -> list[Record | Failure]:
    """What reading makes of a file with this content."""
    return reading(name, content, **values)


def kept(found: list[Record | Failure]) -> list[tuple[str, str]]:
    return [(record.id, record.text) for record in found if isinstance(record, Record)]


def failures(found: list[Record | Failure]) -> list[tuple[int, str]]:
    return [(failure.line, failure.reason) for failure in found if isinstance(failure, Failure)]


def by_key() -> dict[str, Any]:
    return {row["id"]: {"text": row["text"]} for row in RECORDS}


LAYOUTS: dict[str, Any] = {
    "a list": RECORDS,
    "a list in an object": {"status": "ok", "total": 5, "articles": RECORDS, "next": None},
    "lists in an object": {"train": RECORDS[:3], "test": RECORDS[3:], "labels": [1, 2]},
    "an answer": {"response": {"status": "ok", "pages": 3, "results": RECORDS}},
    "a deep answer": {"head": {"took": 3}, "body": {"hits": {"total": {"value": 5}, "hits": RECORDS}}},
    "by key": by_key(),
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_records_are_found_in_any_layout(folder: Path, layout: str, indent: int | None) -> None:
    content = json.dumps(LAYOUTS[layout], indent=indent)
    for entries in (found(content), found(gzip.compress(content.encode()), "b.json.gz")):
        assert (kept(entries), failures(entries)) == (EXPECTED, [])


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_the_list(folder: Path, codec: str) -> None:
    assert kept(found(json.dumps(RECORDS).encode(codec))) == EXPECTED


@pytest.mark.parametrize("glue", ["\n", "\n\n", "\r\n"])
@pytest.mark.parametrize("indent", [None, 1])
def test_objects_one_after_the_other_are_records(folder: Path, glue: str, indent: int | None) -> None:
    content = glue.join(json.dumps(row, indent=indent) for row in RECORDS)
    assert kept(found(content)) == EXPECTED


def test_of_json_lines_a_broken_one_costs_itself(folder: Path) -> None:
    lines = [json.dumps(row) for row in RECORDS]
    lines[0] = '{"text": "not closed'
    entries = found("\n".join(lines))
    assert kept(entries) == EXPECTED[1:]
    assert [line for line, _ in failures(entries)] == [1]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_object_is_a_record_called_as_its_file(folder: Path, indent: int | None) -> None:
    row = {"text": TEXT, "title": "A bridge", "comments": [{"by": "x", "said": "y" * 500}]}
    [record] = found(json.dumps(row, indent=indent))
    assert isinstance(record, Record)
    assert (record.id, record.line, record.text, record.title) == ("a", 0, TEXT, "A bridge")
    assert record.meta == {"comments": row["comments"]}


def test_an_object_with_a_long_text_is_a_record_whatever_it_lists(folder: Path) -> None:
    links = [{"href": f"https://a.example/{n}", "title": TEXT} for n in range(50)]
    [record] = found(json.dumps({"links": links, "corps": TEXT * 20, "meta": {"a": {"b": TEXT * 90}}}))
    assert isinstance(record, Record)
    assert record.text == TEXT * 20


def test_records_without_an_id_are_called_by_file_and_number(folder: Path) -> None:
    assert kept(found(json.dumps([{"text": "one"}, {"text": "two"}]))) == [("a:1", "one"), ("a:2", "two")]


def test_a_list_of_texts_is_one(folder: Path) -> None:
    assert kept(found(json.dumps(["one", 'two "2"']))) == [("a:1", "one"), ("a:2", 'two "2"')]


def test_an_element_that_is_none_costs_itself(folder: Path) -> None:
    rows = [{"text": "one"}, 2, None, [], {"text": 3}, {"body": "x"}, {"text": "y", "m": [[[]] * 3]}, {"text": "last"}]
    content = json.dumps(rows)[:-1] + ', {"text": "a", "text": "b"}, {"text": "half \\ud800"}, {"text": bad}]'
    entries = found(content)
    assert [text for _, text in kept(entries)] == ["one", "y", "last"]
    assert [line for line, _ in failures(entries)] == [2, 3, 4, 5, 6, 9, 10, 11]


def test_what_is_too_large_or_too_deep_costs_itself(folder: Path) -> None:
    deep = '{"text": "x", "m": ' + "[" * 5_000 + "]" * 5_000 + "}"
    long = json.dumps({"text": "x\\" * 2_000_000})
    entries = found(f'[{{"text": "one"}}, {deep}, {long}, {{"text": "two"}}]', max_record_bytes=100_000)
    assert [text for _, text in kept(entries)] == ["one", "two"]
    assert [(line, reason[:20]) for line, reason in failures(entries)] == [
        (2, "nested 5,001 levels "),
        (3, "larger than max_reco"),
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_of_a_file_that_breaks_off_all_before_is_kept(folder: Path, layout: str) -> None:
    content = json.dumps(LAYOUTS[layout])
    at = content.index(EXPECTED[4][1][:-2] + " 4") + 10
    entries = found(content[:at])
    assert kept(entries) == EXPECTED[:4]
    assert failures(entries) == [(5, "cannot be read from here on: it ends too early")]


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("", 0, "cannot be read from here on: it ends too early"),
        ("hello", 0, "not JSON: Expecting value"),
        ("[1, 2} 3", 1, "not a JSON object but int"),
        ('[{"text": "x"}] more', 2, 'not JSON: it goes on with "m"'),
        ('[{"text": "x"} {"text": "y"}]', 2, 'not JSON from here on: no "]" where it goes on with "{"text"'),
        ("{}", 0, 'no "text"; found no fields'),
        ('{"a" 1}', 0, "not JSON: "),
        ("[" * 100_000, 1, "cannot be read from here on: it ends too early"),
        ("{" * 100_000, 0, "cannot be read from here on: it ends too early"),
    ],
)
def test_what_is_no_json_is_told(folder: Path, content: str, line: int, reason: str) -> None:
    entries = failures(found(content))
    assert (entries[0][0], entries[0][1][: len(reason)]) == (line, reason)


def test_an_empty_list_holds_nothing(folder: Path) -> None:
    assert found("[]") == []
    assert found(" [\n] ") == []


# --- the cut ----------------------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text('a"\\[]{},:é\n'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('a"\\{'), inner, max_size=4),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALUES, max_size=5), st.integers(1, 9), st.sampled_from([None, 1]))
def test_values_are_cut_as_they_were_written_however_they_come(
    folder: Path, values: list[Any], size: int, indent: int | None
) -> None:
    Path("a.json").write_text(json.dumps(values, indent=indent))
    with pytest.MonkeyPatch.context() as patch, streams.open_text(Path("a.json")) as stream:
        patch.setattr(json_values, "_CHUNK", size)
        found = list(json_values.Cursor(stream, 1 << 20).elements())
    assert [json.loads(value.content or b"") for value in found] == values
    assert [value.size for value in found] == [len(value.content or b"") for value in found]


@pytest.mark.slow
def test_a_large_list_takes_little_memory(folder: Path) -> None:
    row = json.dumps({"text": TEXT * 40}).encode()
    Path("a.json").write_bytes(b"[" + b",\n".join([row] * 8_000) + b"]")
    assert Path("a.json").stat().st_size > 20_000_000
    tracemalloc.start()
    try:
        assert sum(isinstance(entry, Record) for entry in read.read_file(Path("a.json"), "a.json", Read())) == 8_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12_000_000


def test_what_stands_beside_the_list_of_records_is_said(folder: Path) -> None:
    others = {"more": {"articles": RECORDS[3:]}, "notes": [f"{TEXT} {n}" for n in range(20)]}
    *read, left = found(json.dumps({"answer": {"articles": RECORDS * 10}, **others}))
    assert kept(read) == EXPECTED * 10
    assert isinstance(left, Failure)
    assert (left.line, left.verdict) == (0, Verdict.DROP)
    assert left.reason.endswith(" bytes stand beside its list of records, and are not read")
    assert kept(found(json.dumps({"answer": {"articles": RECORDS * 10}, "note": TEXT}))) == EXPECTED * 10

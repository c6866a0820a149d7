"""What a record may hold: looked at before a parser sees it, in time that grows with its size alone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import extract
from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources import find, read
from pipeline.sources.formats import jsonl, parquet, txt
from pipeline.sources.page import bounds, fragment
from pipeline.sources.page.article import article_of
from pipeline.sources.records import Failure, File, Record
from pipeline.stages import tables

T = TypeVar("T")

TEXT = "The council met on Monday and closed the old bridge for repairs, which will take until the end of March."
PARAGRAPHS = f"<p>{TEXT}</p>" * 3
ATTRIBUTES = " ".join(f"a{number}=1" for number in range(bounds.MAX_ATTRIBUTES))

# --- pages ---------------------------------------------------------------------------------------------------------

TOO_MUCH = {
    "attributes": (f"<div {ATTRIBUTES} b>{PARAGRAPHS}", "1,001 attributes in one tag, the limit is 1,000"),
    "attributes of a script": (f"<script {ATTRIBUTES} b></script>{PARAGRAPHS}", "1,001 attributes in one tag"),
    "attributes without end": (f"{PARAGRAPHS}<div {ATTRIBUTES} b='", "1,001 attributes in one tag"),
    "attributes between slashes": (f"{PARAGRAPHS}<div{'/a' * 5_000}>", "5,000 attributes in one tag"),
    "attributes after brackets in quotes": (f"{PARAGRAPHS}<a x='<>' y=\"<>\" {ATTRIBUTES}>", "1,002 attributes in one"),
    "attributes after a lone quote": (f"{PARAGRAPHS}<a ' {ATTRIBUTES}>", "1,001 attributes in one tag"),
    "elements": (PARAGRAPHS + "<p>" * 300_000, "more than 300,000 elements, which is the limit"),
    "comments": (PARAGRAPHS + "<!---->" * 300_000, "more than 300,000 elements, which is the limit"),
    "depth": ("<div>" * 2_100 + PARAGRAPHS, "elements nested deeper than 2,048 levels: its parser stops there"),
    "depth behind the text": (PARAGRAPHS + "<b>" * 2_100, "elements nested deeper than 2,048 levels"),
    "characters": (PARAGRAPHS + "x" * 20_000_000, "20,000,333 characters of markup, the limit is 20,000,000"),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_page_that_holds_too_much_says_what(name: str) -> None:
    page, reason = TOO_MUCH[name]
    with pytest.raises(RecordError, match=f"^{re.escape(reason)}"):
        article_of(page)
    assert extract(page) is None


@pytest.mark.parametrize(
    "page",
    [
        f"<div {ATTRIBUTES}>{PARAGRAPHS}",
        f"<script>var a = '<div {ATTRIBUTES} b>'</script>{PARAGRAPHS}",
        f"<!-- <div {ATTRIBUTES} b> -->{PARAGRAPHS}",
        f"<textarea><div {ATTRIBUTES} b></TEXTAREA >{PARAGRAPHS}",
        f"<div title='{ATTRIBUTES} b'>{PARAGRAPHS}",
        f'<div title = "{ATTRIBUTES} b">{PARAGRAPHS}',
        f"<p>a < b {ATTRIBUTES} b> c</p>{PARAGRAPHS}",
        f"<!doctype {ATTRIBUTES} b>{PARAGRAPHS}",
        f"<script>{'<p>' * 300_000}</script>{PARAGRAPHS}",
        "<div>" * 2_000 + PARAGRAPHS,
    ],
)
def test_a_page_within_the_bounds_is_read(page: str) -> None:
    article = article_of(page)
    assert article is not None
    assert TEXT in article.text


PIECES = ["<a ", "<!--", "-->", "<script>", "</script>", "'", '"', "=", "/", ">", "<", " ", "x", "<?", "<a b='", "\n"]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join))
def test_looking_through_markup_takes_time_that_grows_with_its_length(piece: str) -> None:
    """What backtracks takes hours for this."""
    with suppress(RecordError):
        bounds.check(piece * (500_000 // len(piece)))


# --- pieces of HTML --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One <b>and</b>\n two<br>three</p><p>four", "One and two\nthree\n\nfour"),
        ("one<!-- two --><script>x()</script> <style>y</style>three", "one three"),
        ("<!DOCTYPE html><p>one<?php two ?></p>", "one"),
        ("<ul><li>a<li>b</ul>c<hr>d", "a\n\nb\n\nc\n\nd"),
        ("<form>a<p>b</p></form><div>c<button>d</button></div>", "c"),
        ("<ruby>漢<rt>kan</rt></ruby>&nbsp;&amp;&lt;", "漢kan\xa0&<"),
        ("https://a.example/b", "https://a.example/b"),
        ("<?xml version='1.0'?><p>one", "one"),
        ("", ""),
        ("<div>" * 5_000 + "x", "x"),
    ],
)
def test_a_piece_of_html_becomes_the_text_that_its_tags_mean(markup: str, text: str) -> None:
    assert fragment.text_of(markup) == text


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("<p>" * 9_000_000, "27,000,000 characters of markup, the limit is 20,000,000"),
        ("<p>" * 6_000_000, "more than 50,000 elements, which is the limit"),
        (f"<p {ATTRIBUTES} b>", "1,001 attributes in one tag, the limit is 1,000"),
    ],
)
def test_a_piece_of_html_that_holds_too_much_says_what(markup: str, reason: str) -> None:
    with pytest.raises(RecordError, match=f"^{reason}$"):
        fragment.text_of(markup)


@pytest.mark.parametrize("markup", ["<p>", "<i>", "<table><tr><td>", "<ul><li>", "</p>", "<a><b>", "<br>", "<form>"])
def test_a_piece_of_html_of_many_elements_takes_time_that_grows_with_their_number(markup: str) -> None:
    """Ten times as many elements take some ten times as long, not a hundred."""
    few, many = (cpu_seconds(markup * (number // markup.count("<"))) for number in (4_900, 49_000))
    assert many < 40 * few


def cpu_seconds(markup: str) -> float:
    start = time.process_time()
    fragment.text_of(markup)
    return time.process_time() - start


# --- Parquet ---------------------------------------------------------------------------------------------------------


def records(path: Path, **values: Any) -> tuple[list[int], list[tuple[int, str]]]:
    """The rows of a file that become records, and those that do not, with the reason."""
    found = list(read.read_file(path, path.name, Read(**values)))
    kept = [record.line for record in found if isinstance(record, Record)]
    return kept, [(failure.line, failure.reason) for failure in found if isinstance(failure, Failure)]


def pointing(indices: list[int | None], values: list[str]) -> pa.DictionaryArray:
    """Rows that point to few values, as a file stores them."""
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(values))


def in_lists(ends: list[int], values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values)


LONG = "x" * 2_000


@pytest.mark.parametrize(
    "columns",
    [
        {"text": [TEXT, LONG, TEXT]},
        {"text": pointing([0, 1, 0], [TEXT, LONG])},
        {"text": pa.array([TEXT, LONG, TEXT], pa.large_string())},
        {"text": pa.array([TEXT, LONG, TEXT], pa.string_view())},
        {"text": [TEXT] * 3, "other": [None, LONG[:-105].encode(), b""]},
        {"text": [TEXT] * 3, "other": [["a"], ["x" * 900, "x" * 995], None]},
        {"text": [TEXT] * 3, "other": in_lists([0, 1, 1896, 1896], pointing([0] * 1896, ["x"]))},
        {"text": [TEXT] * 3, "other": [{"a": 1.5, "b": ""}, {"a": 1.5, "b": "x" * 1887}, None]},
    ],
)
def test_a_row_that_is_too_large_costs_itself_and_says_how_large(tmp_path: Path, columns: dict[str, Any]) -> None:
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    kept, failed = records(tmp_path / "a.parquet", max_record_bytes=1_000)
    assert kept == [1, 3]
    [(line, reason)] = failed
    assert line == 2
    assert re.fullmatch(r"(2,000|1,999|2,007) bytes, larger than max_record_bytes = 1,000 bytes", reason)


KINDS = {
    "plain": pa.array(["", "a", None, "é"]),
    "pointing": pointing([1, 0, None, 1], ["abc", "é"]),
    "bytes": pa.array([b"", b"a", None, b"\xff"]),
    "lists": pa.array([["a", "bc"], [], None, ["d"]]),
    "lists of pointing": in_lists([0, 1, 1, 3, 4], pointing([0, 1, None, 0], ["abc", "é"])),
    "objects": pa.array([{"a": "b", "c": ["d"]}, None, {"a": None, "c": []}, {"a": "", "c": None}]),
    "maps": pa.array([[("a", "bc")], [], None, [("a", None), ("b", "c")]], pa.map_(pa.string(), pa.string())),
    "views": pa.array(["", "a", None, "é" * 20], pa.string_view()),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("start", "count"), [(0, 4), (1, 2), (3, 1), (0, 0)])
def test_the_size_of_a_row_is_that_of_the_strings_in_it(kind: str, start: int, count: int) -> None:
    def size(value: Any) -> int:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list | tuple):
            return sum(map(size, value))
        return len(value.encode() if isinstance(value, str) else value or b"")

    column = KINDS[kind].slice(start, count)
    assert parquet.sizes(column).tolist() == [size(value) for value in column.to_pylist()]


def test_numbers_and_vectors_have_the_size_of_their_kind() -> None:
    assert parquet.sizes(pa.array([1, None, 3])).tolist() == [8, 8, 8]
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(300)), 100)
    assert parquet.sizes(vectors).tolist() == [800] * 3


def test_rows_that_point_to_long_values_are_read_few_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "BYTES_AT_ONCE", 10_000)
    table = pa.table(
        {
            "text": [TEXT] * 100,
            "other": pointing([None] * 50 + [0, 1] * 25, [LONG, "b"]),
            "lists": in_lists([0] * 60 + list(range(0, 82, 2)), pointing([0, 1] * 40, ["y" * 3_000, "z"])),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=80)
    with pq.ParquetFile(tmp_path / "a.parquet") as file:
        name = File(tmp_path / "a.parquet", "a.parquet", "a")
        groups = [parquet._group(name, file, index) for index in range(2)]
    assert [(group.at_once, group.repeated) for group in groups] == [(5, ("lists.list.element",))] * 2
    assert records(tmp_path / "a.parquet") == (list(range(1, 101)), [])


def test_lists_without_end_cost_their_row_group_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "MAX_VALUES", 2)
    table = pa.table({"text": [TEXT] * 3, "n": pa.array([[1], [1] * 2_001, []])})
    pq.write_table(pa.concat_tables([table, table.slice(0, 1)]), tmp_path / "a.parquet", row_group_size=3)
    why = '2,003 values in 3 rows of "n.list.element", the limit is 2 a row'
    assert records(tmp_path / "a.parquet") == ([4], [(1, why), (2, why), (3, why)])


def test_a_large_row_group_is_read_as_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"text": [f"{TEXT} {number}" for number in range(1_100)]}), tmp_path / "a.parquet")
    small = list(read.read_file(tmp_path / "a.parquet", "a", Read()))
    monkeypatch.setattr(parquet, "BYTES_AT_ONCE", 100)
    assert list(read.read_file(tmp_path / "a.parquet", "a", Read())) == small


# --- JSON lines and CSV ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ("[" * 100 + "]" * 100, "nested 101 levels deep, the limit is 100"),
        ("[" * 3_000_000, "nested 3,000,001 levels deep, the limit is 100"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested 100,001 levels deep, the limit is 100"),
        ("[" + "{}," * 100_000 + "1]", "100,002 objects and lists in one record, the limit is 100,000"),
        ("[" + "1," * 1_000_000 + "1]", "1,000,002 values in one record, the limit is 1,000,000"),
    ],
)
def test_a_line_of_json_that_holds_too_much_says_what(tmp_path: Path, rest: str, reason: str) -> None:
    (tmp_path / "a.jsonl").write_text(f'{{"text": "{TEXT}", "m": {rest}}}\n{{"text": "{TEXT}"}}\n')
    assert records(tmp_path / "a.jsonl") == ([2], [(1, reason)])


@pytest.mark.parametrize(
    "rest",
    [
        "[" * 98 + "]" * 98,
        "[" + "[[]]," * 40_000 + "1]",
        '"' + "[{," * 1_000_000 + '"',
        '"\\\\\\"' + "[{," * 1_000_000 + '"',
        '"\\\\", "n": "' + "[" * 1_000 + '"',
        "[" + "1.5," * 900_000 + "1]",
    ],
)
def test_a_line_of_json_within_the_bounds_is_a_record(tmp_path: Path, rest: str) -> None:
    (tmp_path / "a.jsonl").write_text(f'{{"text": "{TEXT}", "m": {rest}}}\n')
    assert records(tmp_path / "a.jsonl") == ([1], [])


@pytest.mark.parametrize("broken", ['"' * 1_000_001, '\\"' * 500_000, '"\\' * 500_000, '"\\"' * 300_000])
def test_looking_through_json_takes_time_that_grows_with_its_length(tmp_path: Path, broken: str) -> None:
    (tmp_path / "a.jsonl").write_text("[" * 101 + broken + "\n")
    [(_, reason)] = records(tmp_path / "a.jsonl")[1]
    assert reason == "nested 101 levels deep, the limit is 100"


def test_a_text_of_lines_without_end_is_set_aside_and_one_of_blank_lines_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\n" * 500_001)
    (tmp_path / "b.txt").write_text("a\n" * 500_000)
    (tmp_path / "c.txt").write_text("a\n \n" * 400_000)
    assert records(tmp_path / "a.txt") == ([], [(0, "500,001 lines of text, the limit is 500,000")])
    assert records(tmp_path / "b.txt") == records(tmp_path / "c.txt") == ([0], [])


@pytest.mark.parametrize(("looked_at", "lost"), [(40_000, 0), (8_000, 100)])
def test_only_the_beginning_of_a_file_has_a_say_in_its_charset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked_at: int, lost: int
) -> None:
    monkeypatch.setattr("pipeline.sources.streams.LOOKED_AT", looked_at)
    plain, other = f'{{"text": "{TEXT}"}}\n', f'{{"text": "Le caf\u00e9 de la pr\u00e9fecture. {TEXT}"}}\n'
    (tmp_path / "a.jsonl").write_bytes((plain * 100 + other * 100).encode("latin-1"))
    read_of_it, aside = records(tmp_path / "a.jsonl")
    assert (len(read_of_it), len(aside)) == (200 - lost, lost)


@pytest.mark.parametrize(("size", "text"), [(20_000, True), (200, False)], ids=["64 KiB hold four", "they hold all"])
def test_only_the_beginning_of_a_table_has_a_say_in_its_delimiter(tmp_path: Path, size: int, text: bool) -> None:
    rows = "".join(f"{number};{TEXT}{'x' * size}\n" for number in range(8))
    (tmp_path / "a.csv").write_text(f"id;text\n{rows}" + "no rows of it\n" * 40)
    assert (len(records(tmp_path / "a.csv")[0]) == 8) == text


def test_a_table_of_too_many_columns_is_set_aside(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(10_001)]
    (tmp_path / "a.csv").write_text(",".join(names) + "\n" + ",".join(names) + "\n")
    pq.write_table(pa.table({name: [1] for name in names}), tmp_path / "a.parquet")
    why = "10,001 columns, the limit is 10,000"
    assert records(tmp_path / "a.csv") == ([], [(0, why)])
    assert records(tmp_path / "a.parquet") == ([], [(0, why)])


# --- time ------------------------------------------------------------------------------------------------------------


def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that hold the word "slow" take a second."""
    parse, from_bytes = jsonl.parse, txt._from_bytes

    def waiting(make: Callable[..., T], content: bytes, *more: File) -> T:
        if b"slow" in content:
            time.sleep(1)
        return make(content, *more)

    monkeypatch.setattr(jsonl, "parse", partial(waiting, parse))
    monkeypatch.setattr(txt, "_from_bytes", partial(waiting, from_bytes))


def test_a_record_that_takes_too_long_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow(monkeypatch)
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/a.jsonl").write_text('{"text": "a"}\n{"text": "slow"}\n{"text": "c"}\n')
    Path("in/b.txt").write_text("slow")
    Path("in/c.txt").write_text("c")
    [portion] = read.portions(find.find_files("in", "").files, Path("in"))
    rows = tables.from_dicts(portion.rows, read.PORTIONS)
    [outputs, _] = read.read_portion(rows, settings=Read(), max_seconds=0.05)
    assert outputs[tables.KEPT]["id"].to_pylist() == ["a:1", "a:3", "c"]
    assert outputs[tables.QUARANTINED]["id"].to_pylist() == ["a.jsonl:2", "b.txt"]
    assert set(outputs[tables.QUARANTINED]["reason"].to_pylist()) == {
        "reading: took more than 0.05 s ([run] max_seconds)"
    }
    assert [found[tables.KEPT].num_rows for found in read.read_portion(rows, settings=Read())] == [5, 0]


def test_files_that_kill_whoever_reads_them_are_set_aside() -> None:
    rows = tables.from_dicts([{"path": b"in/a.txt", "name": "a.txt", "reason": ""}], read.PORTIONS)
    [outputs] = read.give_up(rows)
    assert outputs[tables.QUARANTINED]["id"].to_pylist() == ["a.txt"]
    [usual] = read.read_portion(rows.slice(0, 0), settings=Read())
    assert {name: found.schema for name, found in outputs.items()} == {name: f.schema for name, f in usual.items()}

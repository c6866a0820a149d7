"""CSV that is out of order, and names that come twice: what is broken costs itself, and nothing is lost in silence."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.config import Read
from pipeline.sources import read
from pipeline.sources.formats import csv as csv_format
from pipeline.sources.records import Failure, Record
from tests.runs import reading

TEXT = "The council met on Monday and closed the old bridge for repairs."


def records(content: str | bytes, name: str = "a.csv", **values: Any) -> list[Record | Failure]:
    """What reading makes of a file with this content."""
    return reading(name, content, **values)


def kept(found: list[Record | Failure]) -> list[tuple[str, int, str]]:
    return [(record.id, record.line, record.text) for record in found if isinstance(record, Record)]


def failures(found: list[Record | Failure]) -> list[tuple[int, str, str]]:
    return [(failure.line, failure.reason, failure.start) for failure in found if isinstance(failure, Failure)]


# --- what stands in quotes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r", "\n\r", "\r\n\r\n", "\u2028", "\x85", "\x0b", "\x1c", ""])
def test_line_breaks_in_quotes_stay_as_they_are(folder: Path, ending: str, inside: str) -> None:
    content = ending.join(["id,text", f'1,"a{inside}b"', f'2,"{inside}c"', "3,d", ""])
    texts = {"1": f"a{inside}b", "2": f"{inside}c", "3": "d"}
    assert {identity: text for identity, _, text in kept(records(content))} == texts


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.sampled_from('ab,"\r\n \u2028é'), min_size=1).filter(lambda text: not text.isspace())))
@example(["\rb", '"', '""', ",\n", "a\r"])
def test_what_python_writes_is_read_as_it_was(folder: Path, texts: list[str]) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerows([("id", "text"), *enumerate(texts)])
    found = records(stream.getvalue())
    assert failures(found) == []
    assert [text for _, _, text in kept(found)] == texts


# --- quotes that are not closed ------------------------------------------------------------------------------------

NOT_CLOSED = "not CSV: a quotation mark that is not closed: "


@pytest.mark.parametrize("row", ['b,"never closed', 'b,"never closed\r', '"b,never closed', 'b,"a ""quote""'])
@pytest.mark.parametrize("after", [0, 1, 3, 60])
def test_a_quote_that_is_not_closed_costs_its_line_alone_and_shows_it(folder: Path, row: str, after: int) -> None:
    good = [f"c{n},{TEXT}" for n in range(after)]
    found = records("\n".join(["id,text", f"a,{TEXT}", row, *good, ""]))
    assert [(identity, line) for identity, line, _ in kept(found)] == [
        ("a", 2),
        *((f"c{n}", 4 + n) for n in range(after)),
    ]
    [(line, reason, start)] = failures(found)
    assert (line, start) == (3, row.strip("\r"))
    assert reason.startswith(NOT_CLOSED if after else "not CSV: ")


def test_quoted_neighbours_of_a_quote_that_is_not_closed_are_kept(folder: Path) -> None:
    rows = ["id,text", '1,"one\nand a half"', '2,"never closed', '3,"three"', '4,"four\r\nlines"', "5,five"]
    found = records("\n".join(rows))
    assert kept(found) == [
        ("1", 2, "one\nand a half"),
        ("3", 5, "three"),
        ("4", 6, "four\r\nlines"),
        ("5", 8, "five"),
    ]
    assert failures(found) == [
        (4, f"{NOT_CLOSED}',' expected after '\"' on line 5", '2,"never closed'),
    ]


def test_two_quotes_that_are_not_closed_cost_a_line_each(folder: Path) -> None:
    found = records("\n".join(["id,text", '1,"a', '2,"b', "3,c", '4,"d', "5,e"]))
    assert [identity for identity, _, _ in kept(found)] == ["3", "5"]
    assert [(line, start) for line, _, start in failures(found)] == [(2, '1,"a'), (3, '2,"b'), (5, '4,"d')]


def test_a_row_longer_than_a_record_may_be_is_taken_for_a_quote_that_is_not_closed(folder: Path) -> None:
    good = [f"{n},{TEXT}" for n in range(200)]
    found = records("\n".join(["id,text", 'a,"never closed', *good]), max_record_bytes=1_000)
    assert len(kept(found)) == 200
    [(line, reason, _)] = failures(found)
    assert line == 2
    assert reason.startswith(f"{NOT_CLOSED}longer than 100,000 lines or max_record_bytes = 1,000 bytes on line ")


def test_a_row_of_more_lines_than_are_held_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_format, "MAX_LINES", 10)
    found = records('id,text\n1,"' + "\n" * 8 + f'x"\n2,"{TEXT}' + "\n" * 100 + "3,y\n")
    assert [identity for identity, _, _ in kept(found)] == ["1", "3"]
    assert [line for line, _, _ in failures(found)] == [11]


def test_the_limit_of_the_parser_is_that_of_others_again_afterwards(folder: Path) -> None:
    before = csv.field_size_limit()
    assert len(kept(records(f"text\n{TEXT}\n", max_record_bytes=200))) == 1
    assert csv.field_size_limit() == before


def test_a_line_that_is_too_long_after_a_quote_that_is_not_closed_is_told_as_well(folder: Path) -> None:
    content = "\n".join(["id,text", '1,"open', "2," + "x" * 300, '3,"y"', "4,z"])
    found = records(content, max_record_bytes=200)
    assert [identity for identity, _, _ in kept(found)] == ["3", "4"]
    assert [line for line, _, _ in failures(found)] == [2, 3]
    assert failures(found)[1][1] == "line longer than max_record_bytes = 200 bytes"


@pytest.mark.parametrize("line", ['x","', 'x,"', '"', '","', 'x"",",', 'a,"b""', '"""', "x"])
def test_quotes_without_end_cost_time_in_proportion(folder: Path, line: str) -> None:
    """No line is looked through more than twice, however rows open and close in it."""

    def seconds(count: int) -> float:
        Path("a.csv").write_text("id,text\n" + f"{line}\n" * count)
        spent = []
        for _ in range(3):  # the least of them: other work on the machine only adds
            started = time.process_time()
            found = list(read.read_file(Path("a.csv"), "a.csv", Read()))
            spent.append(time.process_time() - started)
            assert len(found) <= count
        return min(spent)

    assert seconds(40_000) <= 24 * seconds(5_000)  # in proportion it is 8 times, with the square of it 64 times


# --- names that come twice -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["text", "id", "url", "site", "title", "published"])
def test_a_header_that_gives_two_columns_a_name_that_is_asked_for_is_none(folder: Path, name: str) -> None:
    found = records(f"id,text,{name},{name}\n1,a,b,c\n")
    assert failures(found) == [(0, f'several columns are called "{name}"', "")]
    assert kept(found) == []


def test_columns_of_one_name_that_nobody_asks_for_are_kept_together(folder: Path) -> None:
    [record] = records("id,tag,text,tag,,\n1,news,a,sport,,x\n")
    assert isinstance(record, Record)
    assert (record.id, record.text) == ("1", "a")
    assert record.meta == {"tag": ["news", "sport"], "": ["", "x"]}


def test_columns_of_parquet_with_one_name_are_kept_together_or_refused(folder: Path) -> None:
    columns = [pa.array(["a"]), pa.array(["news"]), pa.array([1])]
    pq.write_table(pa.Table.from_arrays(columns, ["text", "tag", "tag"]), "a.parquet")
    [record] = read.read_file(Path("a.parquet"), "a.parquet", Read())
    assert isinstance(record, Record)
    assert record.meta == {"tag": ["news", 1]}
    pq.write_table(pa.Table.from_arrays(columns, ["text", "id", "id"]), "b.parquet")
    found = list(read.read_file(Path("b.parquet"), "b.parquet", Read()))
    assert failures(found) == [(0, 'several columns are called "id"', "")]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('{"text": "a", "text": "b"}', "text"),
        ('{"text": "a", "tag": 1, "tag": 1}', "tag"),
        ('{"text": "a", "m": [{"deep": 1, "deep": 2}]}', "deep"),
        ('{"text": "a", "b": 1, "\\u0062": 2}', "b"),
        ('{"text": "a", "' + "x" * 1000 + '": 1, "' + "x" * 1000 + '": 2}', "x" * 60),
    ],
)
def test_a_key_that_comes_twice_costs_its_record(folder: Path, line: str, key: str) -> None:
    good = json.dumps({"id": "b", "text": "b"})
    found = records(f"{line}\n{good}\n", "a.jsonl")
    assert kept(found) == [("b", 2, "b")]
    [(number, reason, start)] = failures(found)
    assert (number, reason, start) == (1, f'a key twice in one object: "{key}"', line[:200])


def test_the_same_key_in_two_objects_is_no_fault(folder: Path) -> None:
    assert failures(records('{"text": "a", "m": [{"x": 1}, {"x": 2}], "x": 3}\n', "a.jsonl")) == []

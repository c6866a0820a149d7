"""Tables in text as people have them: other delimiters, no quotes, other charsets. One with commas is never misread."""

from __future__ import annotations

import bz2
import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config import Read
from pipeline.sources import read, streams
from pipeline.sources.charset.of_lines import UTF_8
from pipeline.sources.records import Failure, Record
from tests.runs import reading

TEXTS = (
    "The ferry ran late, and nobody knew why; the captain kept silent.",
    'The mayor said: "We open on Monday," and left.',
    "A long line\nof two; or three, lines",
    "Prices | wages\tand rents rose.",
)
FRENCH = ("Le maire a été élu à midi.", "Où est passée la clé du château ?", "Il répète : « jamais ».")
CHINESE = ("市长星期一说大桥将关闭到年底。", "工程师在检查中发现了裂缝，司机必须乘坐渡轮。", "商店老板请求政府帮助。")


def texts(name: str, content: str | bytes, **values: Any) -> list[str]:
    """The texts of all that it holds; what cannot be read shows its reason."""
    return [entry.text if isinstance(entry, Record) else entry.reason for entry in reading(name, content, **values)]


def written(rows: list[tuple[Any, ...]], **dialect: Any) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, **dialect).writerows(rows)
    return stream.getvalue()


HEADERS = [("id", "text"), ("id", "headline", "text"), ("Body ID", "articleBody"), ("", "title", "text")]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_a_table_is_read_with_any_delimiter(folder: Path, header: tuple[str, ...], delimiter: str, name: str) -> None:
    rows = [(*(f"{number}" for _ in header[1:]), text) for number, text in enumerate(TEXTS)]
    content = written([header, *rows], delimiter=delimiter)
    assert texts(name, content, text_field=header[-1]) == list(TEXTS)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text('ab,;|\t"\n', min_size=1).filter(lambda text: not text.isspace()), max_size=6),
    st.sampled_from([("id", "text"), ("a;b", "text"), ("a|b", "c\td", "text"), ("id", "body")]),
)
def test_a_table_with_commas_is_never_taken_for_another(folder: Path, rows: list[str], header: tuple[str, ...]) -> None:
    content = written([header, *((*("x;y|z\tw" for _ in header[1:]), text) for text in rows)])
    assert texts("a.csv", content, text_field=header[-1]) == rows


def test_rows_without_quotes_are_read_with_their_quotation_marks(folder: Path) -> None:
    lines = ["id\ttext", '1\t"We open on Monday," he said.', '2\tThe "old" bridge', '3\t"', "4\tplain"]
    expected = [line.partition("\t")[2] for line in lines[1:]]
    assert texts("a.tsv", "\n".join(lines) + "\n") == expected
    assert texts("b.csv", "\n".join(lines) + "\n") == expected


def test_a_delimiter_in_prose_is_none(folder: Path) -> None:
    content = "body\nOne; two\nThree four\nFive, six\n"
    assert texts("a.csv", content, text_field="body") == ["One; two", "Three four", "2 fields where the header has 1"]
    content = "id;headline\n1,One\n2,Two\n3,Three\n"  # no row has what the header has
    assert texts("a.csv", content, text_field="headline")[0] == "2 fields where the header has 1"


# --- charsets --------------------------------------------------------------------------------------------------------


def as_csv(rows: tuple[str, ...]) -> str:
    return written([("id", "text"), *enumerate(rows)])


def as_jsonl(rows: tuple[str, ...]) -> str:
    return "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in rows)


def as_json(rows: tuple[str, ...]) -> str:
    return json.dumps([{"text": text} for text in rows], ensure_ascii=False, indent=1)


@pytest.mark.parametrize(("rows", "charset"), [(FRENCH, "cp1252"), (CHINESE * 5, "gb18030")])
@pytest.mark.parametrize(("name", "form"), [("a.csv", as_csv), ("a.jsonl", as_jsonl), ("a.json", as_json)])
def test_records_in_another_charset_are_read_in_it(
    folder: Path, rows: tuple[str, ...], charset: str, name: str, form: Any
) -> None:
    for packed, pack in ((name, bytes), (f"{name}.bz2", bz2.compress)):
        records = reading(packed, pack(form(rows).encode(charset)))
        assert [record.text for record in records if isinstance(record, Record)] == list(rows)
        [told] = {(r.charset, r.charset_from) for r in records if isinstance(r, Record)}
        assert told == (charset, "detected")
        assert all(isinstance(record, Record) and record.charset_certainty < 1 for record in records)


def test_a_line_in_utf_8_amid_others_is_read_as_it_is(folder: Path) -> None:
    lines = as_csv((*FRENCH, "Un café crème.")).encode("cp1252").splitlines(keepends=True)
    lines[-1] = lines[-1].decode("cp1252").encode("utf-8")
    assert texts("a.csv", b"".join(lines)) == [*FRENCH, "Un café crème."]


@pytest.mark.parametrize("bad", [1, 2, 3])
def test_bad_bytes_in_utf_8_cost_their_records(folder: Path, bad: int) -> None:
    rows = ("Un café crème.", *FRENCH)
    broken = b"".join(b"%d,caf\xe9\n" % (90 + n) for n in range(bad))
    found = texts("a.csv", as_csv(rows).encode() + broken)
    assert found == [*rows, *["not UTF-8: byte 0xe9 at character 4"] * bad]


def test_a_large_file_in_another_charset_is_not_cut_among_workers(folder: Path) -> None:
    path = Path("a.jsonl")
    path.write_bytes(as_jsonl(FRENCH * 50).encode("cp1252"))
    assert len(list(streams.spans(path, 1000))) == 1
    path.write_bytes(as_jsonl(FRENCH * 50).encode())
    assert len(list(streams.spans(path, 1000))) > 5
    with streams.open_text(path) as stream:
        assert stream.charset == UTF_8


# --- bytes in Parquet ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
def test_a_column_of_bytes_is_read_as_a_text_file_is(folder: Path, kind: pa.DataType) -> None:
    rows = [
        b"The mayor left.",
        "Où est passée la clé ?".encode("cp1252"),
        "Žluťoučký kůň".encode(),
        b"a\0b",
        None,
    ]
    ids = [b"a", b"b", b"c", b"d", b"e"]
    picture = pa.array([b"\x89PNG\0\xff"] * 5, pa.binary())
    pq.write_table(pa.table({"id": ids, "text": pa.array(rows, kind), "picture": picture}), "a.parquet")
    entries = list(read.read_file(Path("a.parquet"), "a.parquet", Read()))
    told = [(entry.id, entry.text, entry.charset) for entry in entries if isinstance(entry, Record)]
    assert told == [
        ("a", "The mayor left.", "utf-8"),
        ("b", "Où est passée la clé ?", "cp1252"),
        ("c", "Žluťoučký kůň", "utf-8"),
    ]
    reasons = [entry.reason for entry in entries if isinstance(entry, Failure)]
    assert reasons == [
        'no "text"; it is bytes, not a string. hint: [read] text_field = "..."',
        'no "text"; found "id", "picture". hint: [read] text_field = "..."',
    ]

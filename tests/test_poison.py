"""What is made to break reading: each poison costs itself alone, says why, and stays within time and memory."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline
from pipeline.config import Read
from pipeline.console import cli
from pipeline.errors import InputError
from pipeline.run import input as batch_input
from pipeline.sources import find, read
from pipeline.sources.records import MAX_ID, MAX_NAME, site_of
from pipeline.stages import tables
from tests.runs import articles, made, quarantined, run, write_jsonl

TEXT = "The council met on Monday and closed the old bridge for repairs."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An input called `in`, in the folder where the test works."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    return Path("in")


def rows_of(root: Path | str, output: str = "output", **values: Any) -> dict[str, list[dict[str, Any]]]:
    """All rows that reading an input makes, by place, and the findings; they have been through Arrow, and are UTF-8."""
    rows: dict[str, list[dict[str, Any]]] = {tables.KEPT: [], tables.QUARANTINED: [], tables.FOUND: []}
    for portion in read.portions(find.find_files(str(root), output).files, Path(root)):
        for outputs in read.read_portion(tables.from_dicts(portion.rows, read.PORTIONS), settings=Read(**values)):
            for place, found in rows.items():
                found += outputs[place].to_pylist()
    return rows


def kept(rows: dict[str, list[dict[str, Any]]]) -> list[tuple[str, str]]:
    return [(row["id"], row["text"]) for row in rows[tables.KEPT]]


def aside(rows: dict[str, list[dict[str, Any]]]) -> list[tuple[str, str]]:
    return [(row["id"], row["reason"].removeprefix("reading: ")) for row in rows[tables.QUARANTINED]]


# --- names and values that cannot be written -----------------------------------------------------------------------

HINT = 'hint: [read] text_field = "..."'
UTF_16_NAMES = f'no "text"; found "i\0d\0", "\0t\0\\udced\0t\0u\0l\0o\0". {HINT}'


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.jsonl", b'{"\\ud800": "x"}', f'no "text"; found "\\ud800". {HINT}'),
        ("a.jsonl", b'{"\\udfff\\u0000": {"\\ud800": 1}}', f'no "text"; found "\\udfff\0". {HINT}'),
        ("a.csv", "id,título\n1,x\n".encode("latin-1"), f'no "text"; found "id", "t\\udcedtulo". {HINT}'),
        ("a.csv", "id,título\n1,x\n".encode("utf-16-le"), UTF_16_NAMES),
    ],
)  # fmt: skip
def test_names_of_fields_that_are_not_utf8_are_told_and_cost_their_record(
    folder: Path, name: str, content: bytes, reason: str
) -> None:
    (folder / name).write_bytes(content)
    (folder / "b.txt").write_text(TEXT)
    rows = rows_of("in")
    assert kept(rows) == [("b", TEXT)]
    assert aside(rows)[0][1] == reason


def test_a_batch_goes_on_past_names_that_cannot_be_written(place: Path) -> None:
    write_jsonl(place / "in" / "good.jsonl", articles(20))
    (place / "in" / "a.jsonl").write_text('{"\\ud800": "x"}\n')
    (place / "in" / "b.csv").write_bytes("id,título\n1,x\n".encode("latin-1"))
    Path(os.fsdecode(b"in/caf\xe9.jpg")).write_text("left out")
    assert run("in") == 0
    assert len(pipeline.read_corpus("output/corpus")) == 20
    assert [row["file"] for row in quarantined()] == ["a.jsonl", "b.csv"]
    assert "caf" in made("reading", input="in").manifest["left_out"][0]


def test_the_digest_of_a_file_is_remembered_by_any_name(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_input, "SETTLED", -1.0)  # files of now count as settled
    write_jsonl(place / "in" / "good.jsonl", articles(20))
    Path(os.fsdecode(b"in/caf\xe9.txt")).write_text(TEXT)
    Path("in/caf\\xe9.txt").write_text(TEXT)
    assert run("in") == 0
    remembered = json.loads(next(Path("output").rglob(".inputs.json")).read_text())
    assert [name for name in remembered if "caf" in name] == [r"in/caf\x5cxe9.txt", r"in/caf\xe9.txt"]


def test_names_of_fields_are_told_as_far_as_they_can_be_read(folder: Path) -> None:
    (folder / "a.jsonl").write_text(json.dumps({"x" * 1_000_000: 1, "b": 2}))
    assert aside(rows_of("in")) == [("a.jsonl:1", f'no "text"; found "{"x" * MAX_NAME}...", "b". {HINT}')]


def test_an_id_without_end_is_refused_since_every_finding_repeats_it(folder: Path) -> None:
    write_jsonl(folder / "a.jsonl", [{"id": "x" * (MAX_ID + 1), "text": TEXT}, {"id": "x" * MAX_ID, "text": TEXT}])
    rows = rows_of("in")
    assert [len(identity) for identity, _ in kept(rows)] == [MAX_ID]
    assert aside(rows) == [("a.jsonl:1", f"its id is longer than {MAX_ID:,} characters")]


def test_no_two_names_of_files_become_one(folder: Path) -> None:
    names = {
        b"caf\xe9.txt": r"caf\xe9",
        rb"caf\xe9.txt": r"caf\x5cxe9",
        rb"caf\x5cxe9.txt": r"caf\x5cx5cxe9",
        rb"a\b.txt": r"a\b",
        rb"caf\xE9.txt": r"caf\xE9",
        "café.txt".encode(): "café",
        b"\\\xe9.txt": r"\\xe9",
    }
    for name in names:
        Path(os.fsdecode(b"in/" + name)).write_text(TEXT)
    rows = rows_of("in")
    assert aside(rows) == []
    assert sorted(identity for identity, _ in kept(rows)) == sorted(names.values())


def test_a_path_over_the_limit_of_the_system_is_set_aside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.txt").write_text(TEXT)
    place = Path.cwd()
    monkeypatch.chdir(folder)
    for _ in range(20):  # 20 folders of 250 characters: longer than the 4,096 that one path may have
        Path("d" * 250).mkdir()
        monkeypatch.chdir("d" * 250)
        Path("b.txt").write_text(TEXT)
    monkeypatch.chdir(place)
    rows = rows_of("in")
    assert len(kept(rows)) + len(aside(rows)) >= 17
    assert {reason for _, reason in aside(rows)} <= {
        "unreadable folder: File name too long",
        "unreadable file: File name too long",
    }
    assert aside(rows) != []
    assert run("in") == 0


# --- a page where a text should be ---------------------------------------------------------------------------------

PARAGRAPH = "The city council voted on Tuesday to close the old bridge for repairs, after months of debate in public."
PAGE = f"""<!DOCTYPE html>
<html lang="en"><head><title>Old bridge to close</title><style>p {{ margin: 0 }}</style></head>
<body><ul class="menu"><li><a href="/">Home</a></li></ul><article><h1>Old bridge to close</h1>
{"".join(f"<p>{PARAGRAPH} It was the {n}th vote.</p>" for n in range(4, 10))}</article></body></html>"""


def test_a_whole_page_in_a_field_of_text_is_read_as_a_page_which_is_remarked(folder: Path) -> None:
    about = f"Begin with <html> and go on.\n{PAGE}"
    empty = "<!DOCTYPE html><html><body><p></p></body></html>"
    write_jsonl(
        folder / "a.jsonl",
        [{"id": "page", "text": PAGE}, {"id": "about", "text": about}, {"id": "none", "text": empty}],
    )
    rows = rows_of("in")
    texts = dict(kept(rows))
    assert "<" not in texts["page"]
    assert texts["page"].count(PARAGRAPH) == 6
    assert (texts["about"], texts["none"]) == (about, empty)
    assert [row["title"] for row in rows[tables.KEPT]] == ["Old bridge to close", None, None]
    remark, *lost = rows[tables.FOUND]
    assert {row["rule"].partition("/")[0] for row in lost} == {"page"}
    assert (remark["id"], remark["rule"], remark["after"]) == ("page", "reading/page_in_text", None)
    assert remark["detail"].startswith(f"a page of {len(PAGE):,} characters")


# --- metadata ------------------------------------------------------------------------------------------------------


def test_numbers_that_json_has_no_name_for_are_written_as_strings(folder: Path) -> None:
    (folder / "a.jsonl").write_text('{"text": "a", "x": NaN, "y": [1e999, {"z": -Infinity}], "w": 1.5}\n')
    pq.write_table(pa.table({"text": ["b"], "n": [float("nan")]}), folder / "b.parquet")
    metas = [json.loads(row["meta"], parse_constant=pytest.fail) for row in rows_of("in")[tables.KEPT]]
    assert metas == [{"x": "NaN", "y": ["Infinity", {"z": "-Infinity"}], "w": 1.5}, {"n": "NaN"}]


def test_metadata_left_out_for_its_size_is_remarked_upon(place: Path) -> None:
    write_jsonl(place / "in" / "a.jsonl", [{**articles(1)[0], "long": "x" * 2_000_000}, *articles(20, 1)])
    assert run("in") == 0
    assert len(pipeline.read_corpus("output/corpus")) == 20
    rules = made("reading", input="in").manifest["rules"]
    assert {rule: (entry["findings"], entry["edits"]) for rule, entry in rules.items()} == {
        "reading/metadata_left_out": (1, 0)
    }
    [row] = rows_of("in")[tables.FOUND]
    assert (row["id"], row["start"], row["end"], row["after"]) == ("a0", 0, 0, None)
    assert row["detail"] == "2,000,012 characters, more than the 1,048,576 that metadata may have"


@pytest.mark.parametrize("depth", [90, 500, 900, 1_000, 100_000])
@pytest.mark.parametrize("brackets", ["[]", '{"a":}'])
def test_json_nested_without_end_costs_its_record(folder: Path, depth: int, brackets: str) -> None:
    opened, closed = brackets[:-1], brackets[-1]
    deep = opened * depth + "1" + closed * depth
    (folder / "a.jsonl").write_text(f'{{"text": "{TEXT}", "m": {deep}}}\n{{"id": "b", "text": "{TEXT}"}}\n')
    rows = rows_of("in")
    assert kept(rows)[-1] == ("b", TEXT)
    assert len(aside(rows)) == (depth > 100)
    assert all("nested" in reason or reason.startswith("not JSON") for _, reason in aside(rows))


def test_brackets_in_a_string_are_no_nesting(folder: Path) -> None:
    write_jsonl(folder / "a.jsonl", [{"text": TEXT, "m": "[{" * 1_000}])
    assert aside(rows_of("in")) == []


def test_rows_are_handed_on_before_their_metadata_fills_the_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jsonl(folder / "a.jsonl", [{"text": TEXT, "m": "x" * 1_000_000}] * 30)
    monkeypatch.setattr(read, "PORTION_BYTES", 100_000_000)
    [portion] = read.portions(find.find_files("in", "output").files, folder)
    outputs = list(read.read_portion(tables.from_dicts(portion.rows, read.PORTIONS), settings=Read()))
    assert [some[tables.KEPT].num_rows for some in outputs] == [9, 9, 9, 3, 0]


# --- the output folder -----------------------------------------------------------------------------------------------


def left_out(root: str, output: str = "output") -> list[str]:
    return [str(entry) for entry in find.find_files(root, output).left_out]


@pytest.mark.parametrize("output", ["output", "./output", "deep/../output", "deep/down/output", "a link/output"])
def test_the_output_folder_is_left_out_wherever_it_lies_in_the_input(folder: Path, output: str) -> None:
    (folder / "deep" / "down").mkdir(parents=True)
    (folder / "a link").symlink_to("deep")
    (folder / "a.txt").write_text(TEXT)
    (folder / "other.jpg").touch()
    before = find.find_files("in", f"in/{output}")
    (folder / output).mkdir()
    (folder / output / "b.txt").write_text(TEXT)
    found = find.find_files("in", f"in/{output}")
    assert [str(entry) for entry in found.files] == ["in/a.txt"]
    assert folder / "other.jpg" in [entry.path for entry in found.left_out]
    assert [entry.reason for entry in found.left_out if entry.reason.startswith("the output")] == ["the output folder"]
    assert found == before


def test_a_file_in_the_output_folder_is_no_input_by_a_link_either(folder: Path) -> None:
    Path("output").mkdir()
    Path("output/report.html").write_text(TEXT)
    (folder / "a.txt").write_text(TEXT)
    (folder / "b.html").symlink_to("../output/report.html")
    found = find.find_files("in", "output")
    assert [str(entry) for entry in found.files] == ["in/a.txt"]
    assert left_out("in") == ["in/b.html: a link into the output folder"]


def test_a_hidden_output_folder_is_no_part_of_the_input_at_all(folder: Path) -> None:
    (folder / "a.txt").write_text(TEXT)
    assert left_out("in", "in/.output") == []
    assert left_out("in", "elsewhere") == []


@pytest.mark.parametrize("root", ["output", "output/corpus", "output/corpus/a.txt", "link", "."])
def test_an_input_in_the_output_folder_is_refused(folder: Path, root: str) -> None:
    Path("output/corpus").mkdir(parents=True)
    Path("output/corpus/a.txt").write_text(TEXT)
    Path("link").symlink_to("output/corpus")
    said = f"{root}: lies in the output folder; name the articles' folder, or another --output"
    with pytest.raises(InputError) as error:
        find.find_files(root, "." if root == "." else "output")
    assert str(error.value) == said


def test_a_folder_that_holds_the_outputs_alone_is_empty(folder: Path) -> None:
    (folder / "output").mkdir()
    (folder / "output" / "a.txt").write_text(TEXT)
    with pytest.raises(InputError, match=r"^in: is empty; known are"):
        find.find_files("in", "in/output")


def test_a_run_in_the_folder_of_the_articles_does_not_read_its_own_output(place: Path) -> None:
    write_jsonl(place / "a.jsonl", articles(20))
    assert run(".") == 0
    first = pipeline.read_corpus("output/corpus")
    before = made("reading", input=".")
    assert run(".") == 0
    assert made("reading", input=".") == before
    assert list(pipeline.read_corpus("output/corpus")) == list(first)
    assert "output: the output folder" in before.manifest["left_out"]
    assert before.manifest["counts"]["read"] == 20


def test_a_rule_is_tried_on_the_articles_and_not_on_outputs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(place / "a.jsonl", articles(20))
    assert run(".") == 0
    capsys.readouterr()
    assert cli.main(["rules", "try", "encoding/mojibake", "--on", ".", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 20


def test_what_is_left_out_is_listed_as_far_as_there_is_room_and_counted(place: Path) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(20))
    for number in range(1_102):
        (place / "in" / f"{number:04}.jpg").touch()
    assert run("in") == 0
    names = made("reading", input="in").manifest["left_out"]
    assert (len(names), names[99:]) == (101, ["in/0099.jpg", "and 1,002 more"])


@settings(deadline=None, max_examples=300)
@given(st.from_regex(r"(https?|HTTP|ftp)?:?//[a-zA-Z0-9.\-:@\[\] \n%ſK]{0,8}[/?#:\n]?[a-z@:/]{0,3}", fullmatch=True))
def test_the_quick_way_to_a_host_is_the_one_of_python(url: str) -> None:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    assert site_of(url) == host.removeprefix("www.")

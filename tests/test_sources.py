"""`sources/`: which files an input holds, and the records in each."""

from __future__ import annotations

import codecs
import gzip
import json
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Read
from pipeline.errors import InputError
from pipeline.run import keys
from pipeline.run.input import digest_of, digests_of
from pipeline.run.steps.reading import Reading
from pipeline.sources import archives, find, formats, read, streams
from pipeline.sources.page_in_text import without_page
from pipeline.sources.records import Failure, File, Format, Record
from pipeline.stages import tables

TEXT = "The council met on Monday and closed the old bridge for repairs."
LONG = "x" * 300
T = TypeVar("T")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An input called `in`, in the folder where the test works."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    return Path("in")


def made(path: Path, content: str | bytes = TEXT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def found_in(path: Path, **settings: Any) -> list[Record | Failure]:
    return list(read.read_file(path, path.name, Read(**settings)))


def records(path: Path, **settings: Any) -> list[Record]:
    return [r for r in found_in(path, **settings) if isinstance(r, Record)]


def only_record(path: Path, **settings: Any) -> Record:
    [record] = found_in(path, **settings)
    assert isinstance(record, Record)
    return record


def reasons(path: Path, **settings: Any) -> list[tuple[int, str]]:
    return [(r.line, r.reason) for r in found_in(path, **settings) if isinstance(r, Failure)]


def listed(entries: Iterable[find.Entry]) -> list[tuple[str, str]]:
    return [(str(entry.path), entry.reason) for entry in entries]


def rows_of(root: str, **settings: Any) -> dict[str, list[dict[str, Any]]]:
    """All rows that reading an input makes, by place."""
    rows: dict[str, list[dict[str, Any]]] = {tables.KEPT: [], tables.QUARANTINED: []}
    for portion in read.portions(find.find_files(root).files, Path(root)):
        for outputs in read.read_portion(tables.from_dicts(portion.rows, read.PORTIONS), settings=Read(**settings)):
            for place, found in rows.items():
                found += outputs[place].to_pylist()
    return rows


# --- which files an input holds ----------------------------------------------------------------------------------


def test_files_are_found_at_any_depth_in_the_order_of_their_names(folder: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a.txt", "a/b/c.jsonl", "README", "a/photo.jpg"):
        made(folder / name)
    found = find.find_files("in")
    assert listed(found.files) == [("in/a.txt", ""), ("in/a/b/c.jsonl", ""), ("in/a/z.txt", ""), ("in/b.txt", "")]
    assert listed(found.left_out) == [("in/README", ""), ("in/a/photo.jpg", "")]


def test_hidden_names_are_no_part_of_the_input(folder: Path) -> None:
    for name in ("a.txt", ".b.txt", ".git/c.txt", "d/.e/f.txt", ".gz"):
        made(folder / name)
    found = find.find_files("in")
    assert listed(found.files) == [("in/a.txt", "")]
    assert found.left_out == []


def test_a_single_file_is_an_input(folder: Path) -> None:
    made(folder / "a.txt")
    assert listed(find.find_files("in/a.txt").files) == [("in/a.txt", "")]
    assert [row["id"] for row in rows_of("in/a.txt")[tables.KEPT]] == ["a"]


def test_a_link_to_a_file_is_read_as_a_file_and_one_to_the_input_as_a_folder(folder: Path) -> None:
    made(folder / "a.txt")
    (folder / "b.txt").symlink_to("a.txt")
    Path("elsewhere").symlink_to("in")
    assert listed(find.find_files("elsewhere").files) == [("elsewhere/a.txt", ""), ("elsewhere/b.txt", "")]


def no_files(folder: Path, suffix: str) -> dict[str, str]:
    """One of everything that is no regular file, its name ending in `suffix`; the reasons to be told."""
    made(folder / "sub" / "a.txt")
    (folder / f"gone{suffix}").symlink_to("nowhere")
    (folder / f"beyond{suffix}").symlink_to("sub/a.txt/more")
    (folder / f"loop{suffix}").symlink_to(f"loop{suffix}")
    (folder / f"linked{suffix}").symlink_to("sub")
    (folder / f"null{suffix}").symlink_to("/dev/null")
    os.mkfifo(folder / f"pipe{suffix}")
    (folder / f"to-pipe{suffix}").symlink_to(f"pipe{suffix}")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/socket{suffix}")
    return {
        f"gone{suffix}": "a link that leads nowhere",
        f"beyond{suffix}": "a link that leads nowhere",
        f"loop{suffix}": "a link that leads to itself",
        f"linked{suffix}": "a link to a folder, which is not followed",
        f"null{suffix}": "a device, not a file",
        f"pipe{suffix}": "a named pipe, not a file",
        f"to-pipe{suffix}": "a named pipe, not a file",
        f"socket{suffix}": "a socket, not a file",
    }


def test_what_is_no_file_but_has_the_name_of_one_is_quarantined_with_the_reason_and_never_opened(folder: Path) -> None:
    expected = no_files(folder, ".txt")  # opening a pipe that nobody writes to would wait for ever
    rows = rows_of("in")
    assert [row["id"] for row in rows[tables.KEPT]] == ["sub/a"]
    aside = rows[tables.QUARANTINED]
    assert {row["file"]: row["reason"] for row in aside} == {name: f"reading: {why}" for name, why in expected.items()}
    assert [row["file"] for row in aside] == sorted(expected)
    assert {(row["line"], row["text"], row["verdict"]) for row in aside} == {(0, "", "quarantine")}


def test_what_is_no_file_and_of_no_known_kind_is_left_out_with_the_reason(folder: Path) -> None:
    expected = no_files(folder, ".jpg")
    found = find.find_files("in")
    assert listed(found.files) == [("in/sub/a.txt", "")]
    assert listed(found.left_out) == sorted((f"in/{name}", why) for name, why in expected.items())
    assert str(found.left_out[0]) == "in/beyond.jpg: a link that leads nowhere"
    assert str(found.files[0]) == "in/sub/a.txt"


def close(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let folders and files called `closed` be closed, even to root, as whom tests may run."""

    def refusing(real: Callable[..., T]) -> Callable[..., T]:
        def opened(path: str | Path, *rest: object) -> T:
            if Path(path).stem == "closed":
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *rest)

        return opened

    monkeypatch.setattr(os, "scandir", refusing(os.scandir))
    monkeypatch.setattr(Path, "open", refusing(Path.open))


def test_a_folder_and_a_file_that_may_not_be_read_are_quarantined(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(folder / "a.txt")
    made(folder / "closed" / "b.txt")
    made(folder / "sub" / "closed.txt")
    close(monkeypatch)
    aside = rows_of("in")[tables.QUARANTINED]
    assert [(row["file"], row["reason"]) for row in aside] == [
        ("closed", "reading: unreadable folder: Permission denied"),
        ("sub/closed.txt", "reading: unreadable file: Permission denied"),
    ]


def test_a_link_into_a_closed_folder_is_quarantined(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(folder / "a.txt")
    (folder / "link.txt").symlink_to("a.txt")
    real = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.name == "link.txt" and follow_symlinks:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", stat)
    assert listed(find.find_files("in").files) == [
        ("in/a.txt", ""),
        ("in/link.txt", "unreadable file: Permission denied"),
    ]


def test_a_file_that_goes_after_it_was_listed_is_quarantined(folder: Path) -> None:
    made(folder / "a.txt")
    [entry] = find.find_files("in").files
    (folder / "a.txt").unlink()
    assert [row["name"] for portion in read.portions([entry], folder) for row in portion.rows] == ["a.txt"]
    assert reasons(folder / "a.txt") == [(0, "unreadable file: No such file or directory")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "nowhere: no such file or folder; name the articles' folder: copydesk run FOLDER"),
        ("gone.txt", "gone.txt: a link that leads nowhere"),
        ("pipe.txt", "pipe.txt: a named pipe, not a file"),
        ("pipe", "pipe: a named pipe, not a file"),
        ("closed", "closed: unreadable folder: Permission denied"),
        ("empty", "empty: is empty; known are .txt, .html, "),
        ("photos", "photos: holds 2 files, none of a known kind; known are .txt, .html, "),
    ],
)
def test_an_input_that_cannot_be_read_is_refused_with_the_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    Path("gone.txt").symlink_to("nothing")
    os.mkfifo("pipe.txt")
    os.mkfifo("pipe")
    Path("closed").mkdir()
    Path("empty").mkdir()
    made(Path("photos/a.jpg"))
    made(Path("photos/b.jpg"))
    close(monkeypatch)
    with pytest.raises(InputError) as error:
        find.find_files(name)
    assert str(error.value).startswith(said)


def test_the_digest_of_an_input_opens_no_pipe_and_changes_with_what_stands_there(folder: Path) -> None:
    def digest() -> str:
        found = find.find_files("in").files
        digests = digests_of([entry.path for entry in found], Path("cache.json"))
        return digest_of({path.name: of for path, of in digests.items()})

    made(folder / "a.txt")
    os.mkfifo(folder / "b.txt")
    seen = [digest()]
    assert digest() == seen[0]
    for target in ("nowhere", "b.txt", "/dev/null"):
        (folder / "b.txt").unlink()
        (folder / "b.txt").symlink_to(target)
        seen.append(digest())
    (folder / "b.txt").unlink()
    made(folder / "b.txt")
    seen.append(digest())
    assert len(set(seen)) == 5


# --- the formats -------------------------------------------------------------------------------------------------


def test_a_format_is_a_module_and_its_name_in_the_tuple(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_loud(file: File, settings: Read) -> Iterator[Record]:
        with file.path.open("rb") as stream:
            yield Record(file.stem, stream.read().decode().upper(), file.name)

    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, Format((".loud",), read_loud)))
    made(folder / "a.loud", "hello")
    made(folder / "b.LOUD", "there")
    assert [(row["id"], row["text"]) for row in rows_of("in")[tables.KEPT]] == [("a", "HELLO"), ("b", "THERE")]
    assert formats.hint().endswith(".warc, .loud, packed as .gz, .zst, .bz2 or .xz too")


def test_no_two_formats_claim_the_same_suffix() -> None:
    found = formats.suffixes()
    assert len(set(found)) == len(found)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in found)


@pytest.mark.parametrize(
    ("name", "suffix", "stem"),
    [
        ("a.txt", ".txt", "a"),
        ("deep/a.b.HTML.GZ", ".html", "deep/a.b"),
        ("a.ndjson.zst", ".jsonl", "a"),
        ("a.csv/b.parquet", ".parquet", "a.csv/b"),
        ("a.txt.gz.gz", None, "a.txt.gz"),
        ("a.gz", None, "a"),
        ("txt", None, "txt"),
        ("a.txt.bak", None, "a.txt.bak"),
    ],
)
def test_the_name_tells_the_format_and_the_rest_of_it_is_the_id(name: str, suffix: str | None, stem: str) -> None:
    kind = formats.format_of(Path(name))
    assert (kind and kind.suffixes[0]) == suffix
    assert formats.stem(name) == stem


def test_a_file_of_no_known_kind_is_a_failure(folder: Path) -> None:
    assert reasons(made(folder / "a.jpg")) == [(0, f"of no known kind; {archives.hint()}")]


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.txt.gz", "a.html.zst"])
def test_a_file_that_is_too_large_is_set_aside_packed_or_not(folder: Path, name: str) -> None:
    with pa.output_stream(str(folder / name), compression="detect") as stream:
        stream.write(b"x" * 1_001)
    assert reasons(folder / name, max_record_bytes=1_000) == [(0, "larger than max_record_bytes = 1,000 bytes")]


@pytest.mark.parametrize("name", ["a.txt", "a.TXT", "a.txt.gz", "a.txt.zst"])
def test_a_text_is_one_record_packed_or_not(folder: Path, name: str) -> None:
    with pa.output_stream(str(folder / name), compression="detect") as stream:
        stream.write(f"{TEXT} “Quoted.”".encode("cp1252"))
    record = only_record(folder / name)
    assert (record.id, record.text, record.charset, record.line) == ("a", f"{TEXT} “Quoted.”", "cp1252", 0)


def test_a_page_is_its_article_with_what_the_page_says_of_itself(folder: Path) -> None:
    paragraphs = "".join(f"<p>{TEXT} Part {n} of it was told to the people of the town.</p>" for n in range(3))
    head = "<title>Bridge to close</title><meta name=author content='Jane Roe'><meta name=date content=2019-11-20>"
    made(folder / "a.html", f"<html lang=en><head>{head}</head><body><article>{paragraphs}</article></body></html>")
    record = only_record(folder / "a.html")
    assert record.text.startswith(f"{TEXT} Part 0")
    assert (record.id, record.title, record.published, record.line) == ("a", "Bridge to close", "2019-11-20", 0)
    assert record.meta == {"authors": ["Jane Roe"], "page_language": "en"}


def test_a_page_tells_its_address_where_nothing_else_does(folder: Path) -> None:
    paragraphs = "".join(f"<p>{TEXT} Part {n} of it was told to the people of the town.</p>" for n in range(3))
    page = f"<link rel=canonical href='https://www.a.example/bridge'><article>{paragraphs}</article>"
    record = only_record(made(folder / "a.html", page))
    assert (record.url, record.site) == ("https://www.a.example/bridge", "a.example")
    made(folder / "b.jsonl", json.dumps({"text": f"<!doctype html><html><body>{page}</body></html>"}))
    record = without_page(only_record(folder / "b.jsonl"))
    assert (record.url, record.site) == ("https://www.a.example/bridge", "a.example")
    assert record.remarks[0].rule == "reading/page_in_text"
    assert record.remarks[0].detail.startswith("a page of ")


def test_a_page_without_an_article_is_set_aside(folder: Path) -> None:
    made(folder / "a.html", "<body><script>var a = 1;</script>")
    assert reasons(folder / "a.html") == [(0, "no article found on the page: its text is drawn by a script")]


def test_json_lines_are_read_past_a_byte_order_mark_blank_lines_and_one_that_is_too_long(folder: Path) -> None:
    good = json.dumps({"text": TEXT})
    made(folder / "a.jsonl", f"\ufeff{good}\r\n\n  \n{json.dumps({'text': LONG})}\n{good}")
    found = records(folder / "a.jsonl", max_record_bytes=200)
    assert [(r.id, r.text) for r in found] == [("a:1", TEXT), ("a:5", TEXT)]
    assert reasons(folder / "a.jsonl", max_record_bytes=200) == [(4, "line longer than max_record_bytes = 200 bytes")]


def test_a_line_that_is_too_long_may_be_longer_than_what_is_read_at_once(folder: Path) -> None:
    made(folder / "a.jsonl", "x" * 5_000_000 + "\n" + json.dumps({"text": TEXT}))
    assert [(r.line, r.file) for r in found_in(folder / "a.jsonl", max_record_bytes=200)] == [
        (1, "a.jsonl"),
        (2, "a.jsonl"),
    ]


def test_fields_are_named_by_settings_and_the_rest_is_metadata(folder: Path) -> None:
    fields = {"body": TEXT, "key": 7, "link": "https://www.paper.example/a", "tag": "news"}
    made(folder / "a.jsonl", json.dumps(fields))
    record = only_record(folder / "a.jsonl", text_field="body", id_field="key", url_field="link")
    assert (record.id, record.site, record.url) == ("7", "paper.example", "https://www.paper.example/a")
    assert record.meta == {"tag": "news"}


@pytest.mark.parametrize(
    ("url", "site"), [("https://www.a.example/", "a.example"), ("http://[a", ""), ("a", ""), ("", "")]
)
def test_the_site_is_the_host_of_the_address(folder: Path, url: str, site: str) -> None:
    made(folder / "a.jsonl", json.dumps({"text": TEXT, "url": url}))
    assert [record.site for record in records(folder / "a.jsonl")] == [site]


@pytest.mark.parametrize(
    ("name", "content", "line", "reason"),
    [
        ("a.txt", b"\x89PNG\r\n\0\0", 0, "binary, not text: it holds NUL bytes"),
        ("a.txt", b" \n\t", 0, "no text: it is empty"),
        ("a.jsonl", b'{"text": "caf\xe9"}', 1, "not UTF-8: byte 0xe9 at column 14"),
        ("a.jsonl", b"none", 1, "not JSON: "),
        ("a.jsonl", b"[1]", 1, "not a JSON object but list"),
        ("a.jsonl", b'{"a": 1, "b": 2}', 1, 'no "text"; found "a", "b". hint: [read] text_field = "..."'),
        ("a.jsonl", b'{"text": 5}', 1, 'no "text"; it is int, not a string. hint: [read] text_field = "..."'),
        ("a.jsonl", b'{"text": "a", "id": "\\ud800"}', 1, "not UTF-8: lone surrogate U+D800 at character 1"),
        ("a.csv", b'id,text\n"1"x,y\n', 2, "not CSV: ',' expected after '\"'"),
        ("a.csv", b'id,"text', 0, "broken file: Error: unexpected end of data"),
        ("a.jsonl.zst", b"no Zstandard", 0, "unreadable file: "),
    ],
)
def test_what_cannot_be_read_is_told_by_line_and_reason(
    folder: Path, name: str, content: bytes, line: int, reason: str
) -> None:
    [(where, why)] = reasons(made(folder / name, content))
    assert where == line
    assert why.startswith(reason)


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.warc", "broken archive: "), ("a.warc.gz", "broken archive: "), ("a.parquet", "broken file: ")],
)
def test_a_file_that_is_not_what_its_name_says_is_told(folder: Path, name: str, said: str) -> None:
    [(_, reason)] = reasons(made(folder / name, b"\x1f\x8b\x08 none of these"))
    assert reason.startswith(said)


def test_a_record_that_breaks_a_library_costs_itself(folder: Path) -> None:
    years = pa.array([2**62, 0], pa.timestamp("ms"))  # the first is past what Python's dates can hold
    pq.write_table(pa.table({"text": [TEXT, TEXT], "when": years}), folder / "a.parquet")
    [bad, good] = found_in(folder / "a.parquet")
    assert isinstance(bad, Failure)
    assert isinstance(good, Record)
    assert (bad.line, bad.reason.partition(": ")[0]) == (1, "broken record")
    assert (good.line, good.text) == (2, TEXT)


def test_texts_that_are_html_are_read_as_such_when_told(folder: Path) -> None:
    made(folder / "a.jsonl", json.dumps({"text": f"<p>{TEXT}</p><!-- no --><p>R&amp;D<br>more</p>"}))
    record = only_record(folder / "a.jsonl", text_is_html=True)
    assert record.text == f"{TEXT}\n\nR&D\nmore"


def test_a_field_of_csv_may_hold_lines_and_bytes_that_are_not_utf_8_cost_their_row(folder: Path) -> None:
    made(folder / "a.csv", f'\ufeffid,text\n1,"{TEXT}\nmore"\n\n2,caf'.encode() + b"\xe9\n3,fine\n4\n")
    found = records(folder / "a.csv")
    assert [(r.id, r.line, r.text) for r in found] == [
        ("1", 2, f"{TEXT}\nmore"),
        ("3", 6, "fine"),
    ]
    assert reasons(folder / "a.csv") == [
        (5, "not UTF-8: byte 0xe9 at character 4"),
        (7, "1 fields where the header has 2"),
    ]


def test_a_row_of_csv_with_a_line_that_is_too_long_is_set_aside_and_its_neighbours_are_read(folder: Path) -> None:
    rows = [
        f"1,{TEXT}",
        f"2,{LONG}",
        f'3,"{TEXT}\n{LONG}\nmore"',
        f'4,"{LONG}\n5,more"',
        f'6,"more\n{LONG}"',
        f"7,{TEXT}",
    ]
    made(folder / "a.csv", "\n".join(["id,text", *rows]))
    found = records(folder / "a.csv", max_record_bytes=200)
    assert [(r.id, r.line) for r in found] == [("1", 2), ("7", 11)]
    why = "line longer than max_record_bytes = 200 bytes"
    assert reasons(folder / "a.csv", max_record_bytes=200) == [(3, why), (5, why), (7, why), (10, why)]


def test_a_header_of_csv_that_is_too_long_is_told_and_no_row_after_it_is_read(folder: Path) -> None:
    made(folder / "a.csv", f"id,text,{LONG}\n1,{TEXT},x\n")
    assert reasons(folder / "a.csv", max_record_bytes=200) == [
        (1, "line longer than max_record_bytes = 200 bytes"),
        (2, "3 fields where the header has 0"),
    ]


def test_a_text_of_parquet_that_is_not_utf_8_costs_its_row(folder: Path) -> None:
    texts = pa.array([TEXT.encode(), b"caf\xe9", None, TEXT.encode()]).view(pa.string())
    pq.write_table(pa.table({"text": texts}), folder / "a.parquet")
    found = records(folder / "a.parquet")
    assert [(r.id, r.line) for r in found] == [("a:1", 1), ("a:4", 4)]
    assert reasons(folder / "a.parquet") == [
        (2, "not UTF-8: byte 0xe9"),
        (3, 'no "text"; found no fields. hint: [read] text_field = "..."'),
    ]


def archive(*pages: tuple[str, bytes]) -> bytes:
    """A web archive of pages, each a content type and bytes."""
    entries = []
    for number, (kind, page) in enumerate(pages):
        answer = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode() + page
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://www.a.example/{number}\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
        )
        entries.append(head.encode() + answer + b"\r\n\r\n")
    return b"".join(entries)


def test_pages_of_a_web_archive_are_records_and_one_that_is_too_large_costs_itself(folder: Path) -> None:
    page = "".join(f"<p>{TEXT} Ändern konnte das niemand, sagte der Bürgermeister {n}.</p>" for n in range(3))
    content, kind = page.encode("latin-1"), "text/html; charset=iso-8859-1"
    pages = [(kind, content), ("image/png", b"x"), (kind, content + b" " * 2_000), (kind, b"<script>x</script>")]
    made(folder / "a.warc", archive(*pages))
    found = records(folder / "a.warc", max_record_bytes=1_000)
    assert [(r.id, r.url, r.site, r.charset) for r in found] == [
        ("a:1", "https://www.a.example/0", "a.example", "cp1252")
    ]
    assert "sagte der Bürgermeister 2" in found[0].text
    assert reasons(folder / "a.warc", max_record_bytes=1_000) == [
        (2, "larger than max_record_bytes = 1,000 bytes"),
        (3, "no article found on the page: its text is drawn by a script"),
    ]


def test_a_packed_file_that_is_cut_keeps_the_records_before_the_cut(folder: Path) -> None:
    lines = "".join(json.dumps({"text": f"{number} {TEXT}"}) + "\n" for number in range(40_000))
    packed = gzip.compress(lines.encode(), compresslevel=1)
    found = found_in(made(folder / "a.jsonl.gz", packed[: len(packed) - 100]))
    kept = [r for r in found if isinstance(r, Record)]
    assert 30_000 < len(kept) < 40_000
    assert [r.line for r in kept] == list(range(1, len(kept) + 1))
    last = found[-1]
    assert isinstance(last, Failure)
    assert (last.line, last.reason) == (len(kept) + 1, "cannot be read from here on: it ends too early")


# --- reading as a step -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "most"), [("PORTION_FILES", 2), ("PORTION_BYTES", 2 * len(TEXT))])
def test_portions_hold_files_in_their_order_up_to_a_number_or_size(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    for number in range(5):
        made(folder / f"{number}.txt")
    monkeypatch.setattr(read, limit, most)
    found = list(read.portions(find.find_files("in").files, folder))
    assert [[row["name"] for row in portion.rows] for portion in found] == [
        ["0.txt", "1.txt"],
        ["2.txt", "3.txt"],
        ["4.txt"],
    ]
    assert found[0].rows[0] == {"path": b"in/0.txt", "name": "0.txt", "reason": ""}
    assert sum(portion.size for portion in found) == 5 * len(TEXT)


LINES = [
    b'{"text": "the first"}\n',
    b"\xef\xbb\xbf" + b'{"text": "a mark that stands where none may"}\r\n',
    b"\n",
    b'{"text": "' + b"long " * 30 + b'"}\n',
    b"not JSON\n",
    b"\xff\xfe{}\n",
    b'{"text": "the last, which does not end"}',
]


@given(st.lists(st.sampled_from(LINES[:-1]), max_size=12), st.sampled_from([b"", LINES[-1]]), st.integers(1, 200))
def test_a_file_of_lines_that_several_workers_read_is_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, begin: list[bytes], end: bytes, size: int
) -> None:
    path = made(tmp_path_factory.mktemp("in") / "a.jsonl", b"".join(begin) + end)
    spans = list(streams.spans(path, size))
    by_several = [found for span in spans for found in read.read_file(path, "a.jsonl", Read(), span)]
    assert by_several == list(read.read_file(path, "a.jsonl", Read()))
    assert [span.start for span in spans] == [0, *(span.end for span in spans)][: len(spans)]


@pytest.mark.parametrize(
    ("name", "content", "count"),
    [
        ("a.jsonl", b"".join(LINES) * 20, 6),
        ("a.jsonl.gz", gzip.compress(b"".join(LINES) * 2000, 0), 1),
        ("a.csv", b"text\n" * 2000, 1),
        ("a.jsonl", codecs.BOM_UTF16_LE + (b"".join(LINES[:1]) * 200).decode().encode("utf-16-le"), 1),
    ],
)
def test_what_is_cut_into_portions_is_a_plain_file_of_lines(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, count: int
) -> None:
    path = made(folder / name, content)
    monkeypatch.setattr(read, "PORTION_BYTES", 1000)
    found = list(read.portions(find.find_files("in").files, folder))
    assert (len(found), sum(portion.size for portion in found)) == (count, path.stat().st_size)


@pytest.mark.parametrize(("limit", "most"), [("ROWS_AT_ONCE", 2), ("CHARACTERS_AT_ONCE", 2 * len(TEXT) - 1)])
def test_a_portion_is_read_piece_by_piece_and_nothing_is_lost_between(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    made(folder / "a.jsonl", "".join(json.dumps({"id": str(n), "text": TEXT}) + "\n" for n in range(5)))
    monkeypatch.setattr(read, limit, most)
    [portion] = read.portions(find.find_files("in").files, folder)
    outputs = list(read.read_portion(tables.from_dicts(portion.rows, read.PORTIONS), settings=Read()))
    assert [some[tables.KEPT]["id"].to_pylist() for some in outputs] == [["0", "1"], ["2", "3"], ["4"], []]
    assert all(some[tables.DROPPED].num_rows == some[tables.FOUND].num_rows == 0 for some in outputs)


@pytest.mark.parametrize(
    ("rest", "meta"),
    [
        ({"n": 1, "who": "Zoë"}, '{"n": 1, "who": "Zoë"}'),
        ({"half": "\ud800"}, '{"half": "\\ud800"}'),
        ({"long": "x" * 2_000_000}, '{"left_out": "2,000,012 characters of metadata"}'),
    ],
)
def test_metadata_is_kept_as_json_that_utf_8_can_hold(folder: Path, rest: dict[str, object], meta: str) -> None:
    made(folder / "a.jsonl", json.dumps({"text": TEXT, **rest}))
    assert [row["meta"] for row in rows_of("in")[tables.KEPT]] == [meta]


def test_what_parquet_holds_and_json_has_no_name_for_becomes_a_string(folder: Path) -> None:
    table = pa.table({"text": [TEXT], "day": pa.array([18_000], pa.date32())})
    pq.write_table(table, folder / "a.parquet")
    assert [row["meta"] for row in rows_of("in")[tables.KEPT]] == ['{"day": "2019-04-14"}']


def test_of_documents_with_the_same_id_all_but_the_first_are_set_aside(folder: Path) -> None:
    made(folder / "a.jsonl", "".join(json.dumps({"id": name, "text": TEXT}) + "\n" for name in "xyx"))
    rows = tables.from_dicts(rows_of("in")[tables.KEPT], tables.DOCUMENTS)
    repeated = [{"id": "x", "file": "a.jsonl", "line": 3, "first_file": "a.jsonl", "first_line": 1}]
    [outputs] = read.set_aside_repeated(rows, repeated=repeated)
    assert outputs[tables.KEPT]["line"].to_pylist() == [1, 2]
    [aside] = outputs[tables.QUARANTINED].to_pylist()
    assert (aside["id"], aside["line"]) == ("x", 3)
    assert aside["reason"] == 'reading: id used twice: "x" is also in a.jsonl, line 1'


def test_reading_depends_on_every_module_of_sources_and_on_the_model_of_pages() -> None:
    package = Path(read.__file__).parents[1]
    held = {file for file in (package / "sources").rglob("*") if file.suffix in (".py", ".npz")}
    assert held - keys.reached(frozenset([Reading.__module__])).files == set()

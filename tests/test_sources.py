"""`sources/`: which files an input holds, and the records in each."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from pipeline.config import Read
from pipeline.errors import InputError
from pipeline.run.input import digest_of
from pipeline.sources import find, read
from pipeline.sources.records import Failure, Record
from pipeline.stages import tables

TEXT = "The council met on Monday and closed the old bridge for repairs."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An input called `in`, in the folder where the test works."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    return Path("in")


def made(path, content=TEXT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def records(path, **settings):
    return list(read.read_file(path, path.name, Read(**settings)))


def reasons(path, **settings):
    return [(r.line, r.reason) for r in records(path, **settings) if isinstance(r, Failure)]


def listed(entries):
    return [(entry.path.as_posix(), entry.reason) for entry in entries]


def rows_of(root, **settings):
    """All rows that reading an input makes, by place."""
    rows = {tables.KEPT: [], tables.QUARANTINED: []}
    for portion in read.portions(find.find_files(str(root)).files, Path(root)):
        for outputs in read.read_portion(tables.from_dicts(portion, read.PORTIONS), settings=Read(**settings)):
            for place, found in rows.items():
                found += outputs[place].to_pylist()
    return rows


# --- which files an input holds ----------------------------------------------------------------------------------


def test_files_are_found_at_any_depth_in_the_order_of_their_names(folder):
    for name in ("b.txt", "a/z.txt", "a.txt", "a/b/c.jsonl", "README", "a/photo.jpg"):
        made(folder / name)
    found = find.find_files("in")
    assert listed(found.files) == [("in/a.txt", ""), ("in/a/b/c.jsonl", ""), ("in/a/z.txt", ""), ("in/b.txt", "")]
    assert listed(found.left_out) == [("in/README", ""), ("in/a/photo.jpg", "")]


def test_hidden_names_are_no_part_of_the_input(folder):
    for name in ("a.txt", ".b.txt", ".git/c.txt", "d/.e/f.txt", ".gz"):
        made(folder / name)
    found = find.find_files("in")
    assert listed(found.files) == [("in/a.txt", "")]
    assert found.left_out == []


def test_a_single_file_is_an_input(folder):
    made(folder / "a.txt")
    assert listed(find.find_files("in/a.txt").files) == [("in/a.txt", "")]
    assert [row["id"] for row in rows_of("in/a.txt")[tables.KEPT]] == ["a"]


def test_a_link_to_a_file_is_read_as_a_file_and_one_to_the_input_as_a_folder(folder):
    made(folder / "a.txt")
    (folder / "b.txt").symlink_to("a.txt")
    Path("elsewhere").symlink_to("in")
    assert listed(find.find_files("elsewhere").files) == [("elsewhere/a.txt", ""), ("elsewhere/b.txt", "")]


def no_files(folder, suffix):
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


def test_what_is_no_file_but_has_the_name_of_one_is_quarantined_with_the_reason_and_never_opened(folder):
    expected = no_files(folder, ".txt")  # opening a pipe that nobody writes to would wait for ever
    rows = rows_of("in")
    assert [row["id"] for row in rows[tables.KEPT]] == ["sub/a"]
    aside = rows[tables.QUARANTINED]
    assert {row["file"]: row["reason"] for row in aside} == {name: f"reading: {why}" for name, why in expected.items()}
    assert [row["file"] for row in aside] == sorted(expected)
    assert {(row["line"], row["text"], row["verdict"]) for row in aside} == {(0, "", "quarantine")}


def test_what_is_no_file_and_of_no_known_kind_is_left_out_with_the_reason(folder):
    expected = no_files(folder, ".jpg")
    found = find.find_files("in")
    assert listed(found.files) == [("in/sub/a.txt", "")]
    assert listed(found.left_out) == sorted((f"in/{name}", why) for name, why in expected.items())
    assert str(found.left_out[0]) == "in/beyond.jpg: a link that leads nowhere"
    assert str(found.files[0]) == "in/sub/a.txt"


def close(monkeypatch):
    """Let folders and files called `closed` be closed, even to root, as whom tests may run."""

    def refusing(real):
        def opened(path, *rest):
            if Path(path).stem == "closed":
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *rest)

        return opened

    monkeypatch.setattr(os, "scandir", refusing(os.scandir))
    monkeypatch.setattr(Path, "open", refusing(Path.open))


def test_a_folder_and_a_file_that_may_not_be_read_are_quarantined(folder, monkeypatch):
    made(folder / "a.txt")
    made(folder / "closed" / "b.txt")
    made(folder / "sub" / "closed.txt")
    close(monkeypatch)
    aside = rows_of("in")[tables.QUARANTINED]
    assert [(row["file"], row["reason"]) for row in aside] == [
        ("closed", "reading: unreadable folder: Permission denied"),
        ("sub/closed.txt", "reading: unreadable file: Permission denied"),
    ]


def test_a_file_that_goes_after_it_was_listed_is_quarantined(folder):
    made(folder / "a.txt")
    [entry] = find.find_files("in").files
    (folder / "a.txt").unlink()
    assert [row["name"] for portion in read.portions([entry], folder) for row in portion] == ["a.txt"]
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
def test_an_input_that_cannot_be_read_is_refused_with_the_reason(folder, monkeypatch, name, said):
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


def test_the_digest_of_an_input_opens_no_pipe_and_changes_with_what_stands_there(folder):
    def digest():
        found = find.find_files("in").files
        return digest_of([entry.path for entry in found], folder, Path("cache.json"))

    made(folder / "a.txt")
    os.mkfifo(folder / "b.txt")
    seen = [digest()]
    assert digest() == seen[0]
    for change in (
        lambda b: b.symlink_to("nowhere"),
        lambda b: b.symlink_to("b.txt"),
        lambda b: b.symlink_to("/dev/null"),
        lambda b: b.write_text(TEXT),
    ):
        (folder / "b.txt").unlink()
        change(folder / "b.txt")
        seen.append(digest())
    assert len(set(seen)) == 5


# --- the formats -------------------------------------------------------------------------------------------------


LONG = "x" * 300


def test_a_row_of_csv_with_a_line_that_is_too_long_is_set_aside_and_its_neighbours_are_read(folder):
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
    assert [(r.id, r.line) for r in found if isinstance(r, Record)] == [("1", 2), ("7", 11)]
    why = "line longer than max_record_bytes = 200 bytes"
    assert reasons(folder / "a.csv", max_record_bytes=200) == [(3, why), (5, why), (7, why), (10, why)]


def test_a_header_of_csv_that_is_too_long_is_told_and_no_row_after_it_is_read(folder):
    made(folder / "a.csv", f"id,text,{LONG}\n1,{TEXT},x\n")
    assert reasons(folder / "a.csv", max_record_bytes=200) == [
        (1, "line longer than max_record_bytes = 200 bytes"),
        (2, "3 fields where the header has 0"),
    ]

"""Looking at files and folders before they are cleaned: `copydesk look` and `copydesk init`."""

from __future__ import annotations

import json
import tomllib
import zipfile
from pathlib import Path

import pytest

from pipeline.console import cli
from pipeline.console.init import toml
from tests.runs import ARTICLE, made, one_line, published_files, refused, run, write_jsonl
from tests.test_fields import COUNT, FNC, body, records, write


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert cli.main(list(arguments)) == 0
    return capsys.readouterr().out


def test_three_records_are_shown_as_they_would_be_read(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(place / "train.csv", [{**row, "desk": "city"} for row in records(**FNC)])
    told = shown(capsys, "look", "train.csv").splitlines()
    assert told[:3] == [
        "train.csv",
        '  text from "articleBody" (guessed: it is called so, and holds sentences; else --text-field)',
        '  id from "Body ID" (guessed: it is called so; else --id-field)',
    ]
    assert [line for line in told if line.startswith("line ")] == [
        "line 2: train#0",
        "line 3: train#1",
        "line 4: train#2",
    ]
    assert "  title      Bridge number 0 stays closed" in told
    assert "  url        https://www.paper.example/2019/story-0.html" in told
    assert "  site       paper.example" in told
    assert "  published  2019-11-01" in told
    assert "  metadata   desk" in told
    [text, *_] = [line for line in told if line.startswith("  text       ")]
    assert text == f"  text       {len(body(0)):,} characters: {body(0)[:300]}"


def test_what_is_looked_at_is_told_to_machines_too(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(place / "a.jsonl", [{"id": "x", "text": ARTICLE, "tag": 1}])
    [told] = json.loads(shown(capsys, "look", "a.jsonl", "--json"))
    assert told["fields"]["text"] == {"name": "text", "why": "the default", "guessed": False}
    [record] = told["records"]
    assert (record["line"], record["id"], record["title"], record["url"]) == (1, "x", None, "")
    assert (record["text"], record["characters"], record["metadata"]) == (ARTICLE[:300], len(ARTICLE), ["tag"])


def test_why_nothing_is_read_is_shown_and_what_an_option_would_change(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place / "a.csv", [{"one": body(n), "other": body(n + 1)} for n in range(COUNT)])
    (place / "b.xyz").touch()
    told = shown(capsys, "look", "a.csv", "b.xyz")
    assert 'line 2: not read: no "text"; "one" and "other" may both be it. hint: --text-field' in told
    assert "not read: of no known kind; known are .txt" in told
    assert "line 2: a:2" in shown(capsys, "look", "a.csv", "--text-field", "other")
    assert cli.main(["look", "none.csv"]) == 2
    assert one_line(capsys) == "copydesk: none.csv: no such file"
    assert cli.main(["look", "."]) == 2
    assert "copydesk init ." in one_line(capsys)


def test_what_is_looked_at_steers_no_terminal(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(place / "a.jsonl", [{"body\x1b[2J": f"{ARTICLE}\x1b[31m", "title": "a\x1b]0;b", "\u202ex": "y"}])
    assert "\x1b" not in shown(capsys, "look", "a.jsonl") + shown(capsys, "look", "a.jsonl", "--json")


@pytest.fixture
def folder(place: Path) -> Path:
    """A folder `data/news` of two tables that are alike, a page, and something else."""
    rows = records(**FNC)
    write(place / "data" / "news" / "a.csv", rows)
    write(place / "data" / "news" / "b.csv", [{**row, "articleBody": body(n + 50)} for n, row in enumerate(rows)])
    (place / "data" / "news" / "c.txt").write_text(ARTICLE)
    (place / "data" / "news" / "d.txt").write_text("")
    (place / "data" / "news" / "e.md").touch()
    return place / "data" / "news"


def test_a_settings_file_is_written_with_which_a_run_works_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = shown(capsys, "init", "data/news", "--output", "data/mine.toml").splitlines()
    assert [line.split() for line in told[:2]] == [
        [".csv", "2", "files,", "0.0", "MB"],
        [".txt", "2", "files,", "0.0", "MB"],
    ]
    assert told[2:5] == [
        "1 entry of no known kind left out",
        f"looked into 4 files: of {2 * COUNT + 2} records 1 (3.8%) cannot be read",
        "  no text: it is empty (1)",
    ]
    assert told[-1] == "settings  data/mine.toml; copydesk run --config data/mine.toml"
    written = Path("data/mine.toml").read_text()
    assert tomllib.loads(written) == {
        "run": {"batch": "news", "input": "news", "output": "output"},
        "read": {
            "text_field": "articleBody",
            "url_field": "where",
            "title_field": "Headline",
            "published_field": "Date",
        },
    }
    assert '# id_field = "Body ID"' in written
    (folder / "d.txt").unlink()
    monkeypatch.chdir(folder)
    assert cli.main(["run", "--config", "../mine.toml"]) == 0
    assert len(published_files("news", "../output")) == 1
    reading = made("reading", batch="news", file="../mine.toml")
    assert reading.manifest["counts"]["kept"] == 2 * COUNT + 1


def test_fields_that_not_all_files_have_are_left_to_each_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(folder / "f.jsonl", [{"id": "x", "text": ARTICLE}])
    told = shown(capsys, "init", "data/news")
    assert 'a.csv and 1 more: text from "articleBody", id from "Body ID"' in told
    assert tomllib.loads(Path("copydesk.toml").read_text())["read"] == {}


def test_a_settings_file_that_is_there_is_not_written_over_unless_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("copydesk.toml").write_text("mine")
    assert cli.main(["init", "data/news"]) == 2
    assert one_line(capsys).startswith("copydesk: copydesk.toml: is there already; --force writes over it")
    assert Path("copydesk.toml").read_text() == "mine"
    assert cli.main(["init", "data/news", "--force"]) == 0
    assert tomllib.loads(Path("copydesk.toml").read_text())["run"]["input"] == "data/news"


def test_a_folder_with_nothing_to_read_has_no_settings_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "empty").mkdir()
    assert cli.main(["init", "empty"]) == 2
    assert one_line(capsys).startswith("copydesk: empty: is empty")
    assert not Path("copydesk.toml").exists()


def test_a_folder_is_told_of_to_machines_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(shown(capsys, "init", "data/news", "--json"))
    assert (told["kinds"][".csv"][0], told["left_out"], told["settings"]) == (2, 1, "copydesk.toml")
    assert told["unreadable"] == {"no text: it is empty": 1}


def test_names_of_folders_and_fields_are_written_as_toml_has_them(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = 'a "b" \\ \t é \U0001f600\x7f'
    write_jsonl(place / name / "a.jsonl", [{f'the "text"\n{name}': body(1)}])
    assert cli.main(["init", name]) == 0
    written = tomllib.loads(Path("copydesk.toml").read_text(encoding="utf-8"))
    assert written["run"]["input"] == name
    assert written["read"] == {"text_field": f'the "text"\n{name}'}
    assert tomllib.loads(f"a = {toml(name)}") == {"a": name}
    capsys.readouterr()
    assert run("--config", "copydesk.toml") == 0


def test_a_name_that_is_not_utf_8_is_guessed_said_and_not_set(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "in").mkdir()
    (place / "in" / "a.csv").write_bytes(b"caf\xe9,n\n" + f'"{body(1)}",1\n'.encode())
    assert run("in") == 0
    assert 'a.csv: text from "caf\\udce9"' in capsys.readouterr().out
    assert cli.main(["init", "in"]) == 0
    assert run("--config", "copydesk.toml", "--batch", "new") == 0
    assert len(refused(capsys, "in", "--text-field", "cafe", "--batch", "new2")) == 2


def test_archives_are_looked_into_file_by_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "in").mkdir()
    with zipfile.ZipFile(place / "in" / "z.zip", "w") as archive:
        archive.writestr("a.csv", f'Body ID,articleBody\n1,"{ARTICLE}"\n')
        archive.writestr("b.txt", ARTICLE)
    assert cli.main(["look", "in/z.zip", "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert told["fields"]["text"]["name"] == "articleBody"
    assert [record["id"] for record in told["records"]] == ["z.zip/a#1", "z.zip/b"]
    assert cli.main(["init", "in"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split()[:2] == [".zip", "1"]
    assert said[1] == "looked into 1 file: of 2 records 0 (0.0%) cannot be read"

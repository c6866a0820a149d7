"""A step made again by name, with or without what comes after it, and when the input has been archived since."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from pipeline.console import cli
from tests.runs import articles, fails, made, one_line, run, tree, write_jsonl

STEPS = ["reading", "encoding", "boilerplate", "language", "translation", "duplicates", "publishing", "report"]


@pytest.fixture
def batch(place: Path) -> Path:
    """The batch `demo` of four articles in the folder `in`."""
    write_jsonl(place / "in" / "a.jsonl", articles(4))
    assert run("in") == 0
    return place


def remade(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The steps that were made, by the lines that tell it."""
    return re.findall(r"^\S+Z demo ([a-z]+)(?:: read|: \d|: published \d+, |$)", capsys.readouterr().out, re.MULTILINE)


def settings(text: str) -> None:
    with Path("configs/copydesk.toml").open("a") as stream:
        stream.write(text)


def rerun(*arguments: str) -> int:
    return cli.main(["rerun", *arguments])


def test_a_step_is_made_again_and_what_comes_out_the_same_stops_there(
    batch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree("output")
    written = made("encoding", input="in").output.stat().st_mtime_ns
    capsys.readouterr()
    assert rerun("encoding") == 0
    assert remade(capsys) == ["encoding"]
    assert made("encoding", input="in").output.stat().st_mtime_ns > written
    assert tree("output") == before


def test_only_that_step_is_made_and_those_that_are_stale_now_are_named(
    batch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings('[rules."encoding/doubled_full_stop"]\nverdict = "quarantine"\n')
    capsys.readouterr()
    assert rerun("language", "--only") == 0
    said = capsys.readouterr().out
    assert re.findall(r"^\S+Z demo ([a-z]+): read", said, re.MULTILINE) == ["encoding", "language"]
    assert "published 4" in said
    settings('[duplicates]\npreferred = ["example.org"]\n')
    assert rerun("language", "--only") == 0
    assert "still to be made: duplicates, publishing, report" in capsys.readouterr().out


def test_a_run_stops_after_the_step_that_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(2))
    assert run("in", "--until", "boilerplate") == 0
    said = capsys.readouterr().out
    assert re.findall(r"^\S+Z demo ([a-z]+): read", said, re.MULTILINE) == STEPS[:3]
    assert "still to be made: language, translation, duplicates, publishing, report" in said
    assert "nothing published yet" in said
    assert not Path("output/corpus").exists()
    assert run("in", "--until", "boilerplate") == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert run("in") == 0
    assert re.findall(r"^\S+Z demo ([a-z]+): read", capsys.readouterr().out, re.MULTILINE) == STEPS[3:6]


def test_a_dry_run_says_what_the_plan_says_and_makes_nothing(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(batch / "in" / "a.jsonl", articles(5))
    capsys.readouterr()
    assert run("in", "--dry-run", "--json") == 0
    states = json.loads(capsys.readouterr().out)
    assert [state["fresh"] for state in states] == [False] * 8
    before = tree("output")
    assert run("in", "--dry-run") == 0
    assert tree("output") == before
    assert run("in", "--dry-run", "--again", "report", "--json") == 0


# --- when the input has gone -------------------------------------------------------------------------------------


def archived(place: Path, how: str) -> None:
    """The input goes: its folder, or what lay in it."""
    (place / "archive").mkdir()
    if how == "folder":
        (place / "in").rename(place / "archive" / "in")
    else:
        (place / "in" / "a.jsonl").rename(place / "archive" / "a.jsonl")


@pytest.mark.parametrize("how", ["folder", "files"])
def test_later_steps_are_made_again_of_what_was_read(batch: Path, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree("output")
    archived(batch, how)
    capsys.readouterr()
    assert rerun("encoding") == 0
    said = capsys.readouterr()
    assert re.fullmatch(
        r"copydesk: in: [^;]+; going on from what was read of it at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(4 documents\)\n",
        said.err,
    )
    assert tree("output") == before
    settings('[rules."encoding/doubled_full_stop"]\nverdict = "quarantine"\n')
    assert rerun("translation") == 0
    assert re.findall(r"^\S+Z demo ([a-z]+): read", capsys.readouterr().out, re.MULTILINE) == [
        "encoding",
        "translation",
    ]
    assert cli.main(["status"]) == 0
    assert "reading" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["run", "--batch", "demo"], ["rerun", "reading"]], ids=lambda c: c[0])
def test_reading_itself_needs_the_input_and_says_what_to_do(
    batch: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree("output")
    archived(batch, "folder")
    capsys.readouterr()
    assert cli.main(command) == 2
    said = one_line(capsys)
    assert said.startswith("copydesk: in: no such file or folder")
    assert said.endswith("bring it back, or make later steps again of what was read: copydesk rerun STEP --batch demo")
    assert tree("output") == before


def test_it_goes_on_from_what_the_last_run_read_not_from_what_was_read_last(
    batch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = tree("output/corpus/data")
    shutil.copy("in/a.jsonl", "first.jsonl")
    write_jsonl(batch / "in" / "a.jsonl", articles(6))
    assert run("in") == 0
    shutil.copy("first.jsonl", "in/a.jsonl")
    assert run("in") == 0
    assert tree("output/corpus/data") == first
    archived(batch, "folder")
    assert rerun("encoding") == 0
    assert tree("output/corpus/data") == first


def test_what_was_read_by_other_settings_is_said_to_be(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archived(batch, "folder")
    settings("[read]\nmax_record_bytes = 1000\n")
    capsys.readouterr()
    assert rerun("encoding") == 0
    assert "(4 documents), by other settings or code: settings.max_record_bytes: 33554432 -> 1000\n" in (
        capsys.readouterr().err
    )


def test_a_batch_that_was_never_read_is_no_better_off(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings('[run]\ninput = "../in"\n')
    assert rerun("encoding") == 2
    assert one_line(capsys) == "copydesk: in: no such file or folder; name the articles' folder: copydesk run FOLDER"


def test_another_input_is_no_more_taken_by_a_rerun_than_by_a_run(
    batch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (batch / "other.toml").write_text('[run]\ninput = "other"\n')
    capsys.readouterr()
    assert rerun("encoding", "--config", "other.toml") == 2
    assert one_line(capsys).startswith("copydesk: batch demo was made of in, and other is named now")
    assert fails(capsys, "--config", "other.toml")[0] == 2

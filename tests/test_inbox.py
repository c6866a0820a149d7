"""An input that is named by a pattern, an inbox that grows, many days at once, and a batch that comes late."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.console import backfill, cli
from pipeline.engine import whole
from pipeline.errors import InputError, SettingsError
from pipeline.sources import find
from tests.runs import articles, fails, made, one_line, published_rows, refused, run, tree, write_jsonl

CONFIG = Path("configs/copydesk.toml")


def settings(text: str) -> None:
    with CONFIG.open("a") as stream:
        stream.write(text)


def published(batch: str) -> list[str]:
    return [row["id"] for row in published_rows(batch, ["id"])]


# --- patterns ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("inbox/*.txt", ["inbox/a.txt", "inbox/b.txt"]),
        ("inbox/?.txt", ["inbox/a.txt", "inbox/b.txt"]),
        ("inbox/**/*.txt", ["inbox/a.txt", "inbox/b.txt", "inbox/d1/a.txt", "inbox/d1/deep/c.txt", "inbox/d2/x.txt"]),
        ("inbox/*/*.txt", ["inbox/d1/a.txt", "inbox/d2/x.txt"]),
        ("inbox/d*", ["inbox/d1/a.txt", "inbox/d1/deep/c.txt", "inbox/d2/x.txt"]),
        ("inbox/**", ["inbox/a.txt", "inbox/b.txt", "inbox/d1/a.txt", "inbox/d1/deep/c.txt", "inbox/d2/x.txt"]),
        ("inbox/d[12]/*.txt", []),
        ("inbox/*.tx", []),
        ("*/a.txt", ["inbox/a.txt"]),
    ],
)
def test_a_pattern_names_files_and_folders_as_a_shell_does(place: Path, pattern: str, files: list[str]) -> None:
    for name in ("a.txt", "b.txt", "a.md", ".c.txt", "d1/a.txt", "d1/deep/c.txt", "d2/x.txt"):
        (place / "inbox" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "inbox" / name).touch()
    root, behind = find.split_pattern(pattern)
    if not files:
        with pytest.raises(InputError, match="no such file"):
            find.find_files(root, "", behind)
        return
    found = find.find_files(root, "", behind)
    assert [str(entry.path) for entry in found.files] == files
    assert {entry.path.suffix for entry in found.left_out} <= {".md"}


@pytest.mark.parametrize(
    ("pattern", "looked_into"),
    [
        ("inbox/*.txt", ["inbox"]),
        ("inbox/*/*.txt", ["inbox", "inbox/d1", "inbox/d2"]),
        ("inbox/d1/*.txt", ["inbox/d1"]),
        ("inbox/*1/*.txt", ["inbox", "inbox/d1"]),
        ("inbox/*1", ["inbox", "inbox/d1", "inbox/d1/deep"]),
        ("inbox/*/deep/**", ["inbox", "inbox/d1", "inbox/d1/deep", "inbox/d2"]),
        ("inbox/**/x.txt", ["inbox", "inbox/d1", "inbox/d1/deep", "inbox/d2"]),
        ("inbox", ["inbox", "inbox/d1", "inbox/d1/deep", "inbox/d2"]),
    ],
)
def test_no_folder_is_looked_into_that_holds_nothing_the_pattern_names(
    place: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, looked_into: list[str]
) -> None:
    """It may be huge, or of somebody else."""
    for name in ("a.txt", "d1/a.txt", "d1/deep/c.txt", "d2/x.txt"):
        (place / "inbox" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "inbox" / name).touch()
    seen: list[str] = []
    scandir = os.scandir

    def looking(folder: Path) -> Any:
        seen.append(folder.as_posix())
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", looking)
    root, behind = find.split_pattern(pattern)
    find.find_files(root, "", behind)
    assert sorted(seen) == looked_into


@pytest.mark.parametrize("pattern", ["inbox/*/*.txt", "inbox/**/*.txt", "inbox/*"])
def test_a_closed_folder_that_may_hold_what_a_pattern_names_is_set_aside(
    place: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    for name in ("d1/a.txt", "closed/b.txt"):
        (place / "inbox" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "inbox" / name).touch()
    scandir = os.scandir

    def refusing(folder: Path) -> Any:
        if folder.name == "closed":  # root may list any folder
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    root, behind = find.split_pattern(pattern)
    assert [str(entry) for entry in find.find_files(root, "", behind).files] == [
        "inbox/closed: unreadable folder: Permission denied",
        "inbox/d1/a.txt",
    ]


def test_what_lies_there_by_the_very_name_is_no_pattern(place: Path) -> None:
    (place / "what?").mkdir()
    (place / "what?" / "a.txt").touch()
    (place / "whats").mkdir()
    (place / "whats" / "b.txt").touch()
    assert find.split_pattern("what?") == ("what?", "")


def test_each_batch_reads_the_files_of_its_name(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings('[run]\ninput = "../inbox/{batch}/*.jsonl"\n')
    write_jsonl(place / "inbox" / "d1" / "a.jsonl", articles(2))
    write_jsonl(place / "inbox" / "d2" / "b.jsonl", [{"text": row["text"]} for row in articles(4, start=2)])
    (place / "inbox" / "d2" / "more.txt").write_text("Not asked for.")
    assert run("--batch", "d1") == 0
    assert run("--batch", "d2") == 0
    assert published("d2") == ["b:1", "b:2"]  # named from the folder before the first wildcard on
    capsys.readouterr()
    assert run("inbox/d2/*.jsonl", "--batch", "d2") == 0  # the same in other words
    assert "Nothing to do: inbox/d2/*.jsonl" in capsys.readouterr().out
    assert fails(capsys, "--batch", "d3") == (
        2,
        "copydesk: inbox/d3/*.jsonl: no such file or folder; name the articles' folder: copydesk run FOLDER",
    )


# --- an inbox that grows -----------------------------------------------------------------------------------------


@pytest.fixture
def inbox(place: Path) -> Path:
    """An inbox of which two batches have been made, from a file each."""
    settings('[run]\ninput = "../inbox"\nonly_new = true\n')
    write_jsonl(place / "inbox" / "a.jsonl", articles(2))
    assert run("--batch", "d1") == 0
    write_jsonl(place / "inbox" / "b.jsonl", articles(4, start=2))
    assert run("--batch", "d2") == 0
    return place


def states(capsys: pytest.CaptureFixture[str], batch: str) -> dict[str, str]:
    capsys.readouterr()
    assert cli.main(["plan", "--batch", batch, "--json"]) == 0
    return {s["step"]: s["why"] for s in json.loads(capsys.readouterr().out) if not s["fresh"]}


def test_only_new_files_make_a_batch_and_the_others_are_counted(
    inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (published("d1"), published("d2")) == (["a0", "a1"], ["a2", "a3"])
    manifest = made("reading", batch="d2").manifest
    assert manifest["left_out"] == ["inbox/a.jsonl: read in d1"]
    assert manifest["left_out_kinds"] == {"read in d1": 1}
    assert states(capsys, "d1") == {}
    assert states(capsys, "d2") == {}


NOTHING_NEW = "inbox: nothing new; all 2 files were read by other batches"


def test_a_day_on_which_nothing_is_new_is_no_failure_and_touches_nothing(
    inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings('[notify]\nmetrics = "run.prom"\n')
    before = all_files("output")
    capsys.readouterr()
    assert run("--batch", "d3", "--log", "run.jsonl") == 0
    said = capsys.readouterr()
    assert (re.sub(r"^\S+Z ", "", said.out), said.err) == (f"d3 {NOTHING_NEW}\n", "")
    assert all_files("output") == before
    [event] = [json.loads(line) for line in Path("run.jsonl").read_text().splitlines()]
    assert (event["text"], event["exit_code"], event["error"]) == (NOTHING_NEW, 0, "")
    told = dict(line.rsplit(" ", 1) for line in Path("run.prom").read_text().splitlines() if line[0] != "#")
    assert told["copydesk_last_run_exit_code"] == "0"
    assert told["copydesk_last_success_timestamp_seconds"] == told["copydesk_last_run_timestamp_seconds"]
    assert run("--batch", "d3", "--json") == 0
    assert json.loads(capsys.readouterr().out)["outcome"]["remark"] == NOTHING_NEW


@pytest.mark.parametrize("arguments", [("plan", "inbox"), ("run", "--dry-run")])
def test_who_asks_what_a_run_would_do_is_told_that_nothing_is_new(
    inbox: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    capsys.readouterr()
    assert cli.main([*arguments, "--batch", "d3"]) == 0
    assert one_line(capsys) == f"copydesk: {NOTHING_NEW}"


def test_what_was_refused_and_then_read_by_another_batch_is_not_new(
    inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(inbox / "inbox" / "c.jsonl", [*articles(6, start=4), {"id": "bad"}])
    assert run("--batch", "d3") == 3
    assert run("--batch", "d4", "--publish-anyway") == 0
    capsys.readouterr()
    assert run("--batch", "d3") == 0
    assert capsys.readouterr().out.endswith(" d3 inbox: nothing new; all 3 files were read by other batches\n")


def all_files(folder: str) -> dict[str, bytes]:
    """All files below a folder, by name, but for hidden ones: digests that are remembered are no output."""
    files = sorted(file for file in Path(folder).rglob("[!.]*") if file.is_file())
    return {file.as_posix(): file.read_bytes() for file in files}


def test_a_file_is_known_by_its_content_not_by_its_name(inbox: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (inbox / "inbox" / "b.jsonl").rename(inbox / "inbox" / "c.jsonl")
    write_jsonl(inbox / "inbox" / "a.jsonl", articles(6, start=4))
    assert run("--batch", "d3") == 0
    assert published("d3") == ["a4", "a5"]


def test_a_late_file_is_taken_in_by_a_second_run_of_the_same_batch(
    inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(inbox / "inbox" / "late.jsonl", articles(6, start=4))
    assert states(capsys, "d2")["reading"] == "late.jsonl added"
    assert run("--batch", "d2") == 0
    assert published("d2") == ["a2", "a3", "a4", "a5"]
    capsys.readouterr()
    assert run("--batch", "d3") == 0
    assert f"{NOTHING_NEW.replace('2', '3')}\n" in capsys.readouterr().out


def test_a_batch_is_not_made_again_of_what_is_left_of_its_files(
    inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree("output")
    (inbox / "inbox" / "b.jsonl").unlink()
    write_jsonl(inbox / "inbox" / "late.jsonl", articles(6, start=4))
    capsys.readouterr()
    code, said = fails(capsys, "--batch", "d2")
    assert code == 2
    assert said.startswith("copydesk: inbox: 1 files that batch d2 was published from have gone (b.jsonl)")
    assert cli.main(["rerun", "translation", "--batch", "d2"]) == 0
    assert tree("output") == before


def test_a_file_of_a_batch_that_has_changed_is_read_again(inbox: Path) -> None:
    write_jsonl(inbox / "inbox" / "b.jsonl", articles(5, start=2))
    assert run("--batch", "d2") == 0
    assert published("d2") == ["a2", "a3", "a4"]


@pytest.mark.parametrize("known", [True, False], ids=["it has kept what it read", "its steps have gone"])
def test_what_is_known_of_the_files_of_a_batch_may_be_damaged(inbox: Path, known: bool) -> None:
    """It is made again of what the batch has read; without that the file is read again, and its articles are copies."""
    before = tree("output/history/files/d1")
    [file] = Path("output/history/files/d1").rglob("*.parquet")
    file.write_bytes(b"nothing")
    if not known:
        shutil.rmtree("output/runs/d1")
    write_jsonl(inbox / "inbox" / "c.jsonl", articles(6, start=4))
    assert run("--batch", "d3", "--publish-anyway") == 0
    assert made("reading", batch="d3").manifest["counts"]["read"] == (2 if known else 4)
    assert published("d3") == ["a4", "a5"]
    assert (tree("output/history/files/d1") == before) == known


def test_of_a_batch_of_before_files_were_noted_they_are_not_known(inbox: Path) -> None:
    """As an earlier version has left it: neither in the history, nor with what was read or published."""
    for folder in ("output/corpus/batches/d1", str(next(Path("output/runs/d1").glob("0-reading-*")))):
        told = whole.read_json(Path(folder) / whole.MANIFEST) or {}
        told["digests"].pop("inputs", None)
        told["made_of"].get("left", {}).pop("reading/inputs", None)
        whole.write_json(Path(folder) / whole.MANIFEST, told)
    shutil.rmtree("output/history/files/d1")
    write_jsonl(inbox / "inbox" / "c.jsonl", articles(6, start=4))
    assert run("--batch", "d3", "--publish-anyway", "--until", "reading") == 0
    assert made("reading", batch="d3").manifest["counts"]["read"] == 4


def test_a_file_that_a_batch_failed_to_publish_is_new_to_the_next(
    inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(inbox / "inbox" / "c.jsonl", [*articles(6, start=4), {"id": "bad"}])
    capsys.readouterr()
    assert len(refused(capsys, "--batch", "d3")) == 2
    write_jsonl(inbox / "inbox" / "d.jsonl", articles(20, start=6))
    assert run("--batch", "d4") == 0
    assert len(published("d4")) == 16


# --- many days ---------------------------------------------------------------------------------------------------

PATTERN = "inbox/{batch}/*.jsonl"


def test_each_day_is_a_batch_and_one_that_fails_or_is_not_there_stops_none(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(place / "inbox" / "2026-02-27" / "a.jsonl", articles(2))
    write_jsonl(place / "inbox" / "2026-02-28" / "a.jsonl", [{"id": "bad"}, *articles(3, start=2)])
    write_jsonl(place / "inbox" / "2026-03-02" / "a.jsonl", articles(5, start=3))
    arguments = ["backfill", "2026-02-27..2026-03-02", "--input", PATTERN]
    assert cli.main(arguments) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == (
        "4 batches: 2 done, 1 failed, 1 without input; published 4. Failed: 2026-02-28"
    )
    assert re.findall(r"^\S+Z (\S+) published 2; ", said.out, re.MULTILINE) == ["2026-02-27", "2026-03-02"]
    assert [line.partition(": ")[2][:50] for line in said.err.splitlines()] == [
        "2026-02-28: batch 2026-02-28 is not published, and",
        "2026-03-01 is skipped: inbox/2026-03-01/*.jsonl: n",
    ]
    write_jsonl(place / "inbox" / "2026-02-28" / "a.jsonl", articles(3, start=2))
    assert cli.main([*arguments, "--json"]) == 0
    tried = json.loads(capsys.readouterr().out)
    assert [(one["batch"], one.get("published")) for one in tried] == [
        ("2026-02-27", 2), ("2026-02-28", 1), ("2026-03-01", None), ("2026-03-02", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["2026-11-01..2026-11-02", "--input", "in"], 'each day needs an input of its own, as "inbox/{batch}/*.jsonl"'),
        (["2026-11-01..2026-11-02", "--input", PATTERN], "none of these batches has any input: inbox/2026-11-01/*"),
        (["2026-11-01", "--batch", "x"], "name the days"),
        ([], "name the days"),
        (["2026-11-01", "--stale"], "name the days"),
    ],
)
def test_a_backfill_that_cannot_be_meant_is_refused(
    place: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["backfill", *arguments]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"copydesk: {said}")


@pytest.mark.parametrize("span", ["2026-11-02..2026-11-01", "2026-11-31", "yesterday", "2026-11-01.."])
def test_days_that_are_none_are_refused(span: str) -> None:
    if span.endswith(".."):
        assert backfill.days(span) == ["2026-11-01"]
        return
    with pytest.raises(SettingsError, match="days must be"):
        backfill.days(span)


# --- a batch that comes late -------------------------------------------------------------------------------------


def test_a_late_batch_says_which_later_ones_were_judged_without_it_and_these_are_made_again(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(f'[run]\ninput = "../{PATTERN}"\n')
    for day, rows in (("d2", articles(3)), ("d3", articles(6, start=2)), ("d1", articles(1))):
        write_jsonl(place / "inbox" / day / "a.jsonl", rows)
        capsys.readouterr()
        assert run("--batch", day) == 0
    assert (
        "judged without what is published now: d2, d3; copydesk backfill --stale mends that" in capsys.readouterr().out
    )
    assert cli.main(["status", "--batch", "d1"]) == 0
    assert "judged without what is published now: d2, d3" in capsys.readouterr().out
    assert published("d2") == ["a0", "a1", "a2"]
    (place / "inbox").rename(place / "archive")  # and that is no hindrance
    assert cli.main(["backfill", "--stale"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "2 batches: 2 done, 0 failed, 0 without input; published 5"
    assert said.err.count("going on from what was read of it") == 2
    assert (published("d2"), published("d3")) == (["a1", "a2"], ["a3", "a4", "a5"])
    assert cli.main(["backfill", "--stale"]) == 0
    assert capsys.readouterr().out == "0 batches: 0 done, 0 failed, 0 without input; published 0\n"


def test_a_single_line_is_said_of_what_fails(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backfill", "2026-11-31"]) == 2
    assert one_line(capsys) == "copydesk: days must be as 2026-11-01..2026-11-21; got '2026-11-31'"

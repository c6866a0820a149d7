"""Which batch is meant: that of today for a run, the newest for those who ask, and none of a name that is unknown."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import pytest

from pipeline.console import cli
from tests.runs import articles, one_line, run, write_jsonl


@pytest.fixture
def three(place: Path) -> Path:
    """Three batches; of the last one nothing was published, the second was run last."""
    for number, name in enumerate(("2026-11-01", "2026-11-02", "2026-11-03")):
        rows = articles(2 * number + 2, 2 * number)
        write_jsonl(place / name / "a.jsonl", rows if number < 2 else [*rows, {"id": "bad", "text": ""}])
        assert run(name, "--batch", name, "--workers", 1) == (0 if number < 2 else 3)
    for age, name in enumerate(("2026-11-02", "2026-11-03", "2026-11-01")):
        os.utime(f"output/runs/{name}/last.json", (1_800_000_000 - age * 60,) * 2)
    return place


def test_a_run_without_a_name_makes_the_batch_of_today(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(2))
    days = [datetime.date.today().isoformat()]
    assert cli.main(["run", "in", "--workers", "1"]) == 0
    days.append(datetime.date.today().isoformat())  # it may have been midnight
    [folder] = Path("output/corpus/batches").iterdir()
    assert folder.name in days
    assert f" {folder.name} published 2; " in capsys.readouterr().out


def test_whoever_asks_without_a_name_is_told_of_the_newest(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert cli.main(["plan"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("batch 2026-11-02\n")
    assert "make it" not in said
    assert cli.main(["explain", "a2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["batch"] == "2026-11-02"
    assert cli.main(["explain", "a0", "--batch", "2026-11-01"]) == 0
    assert "  batch                 2026-11-01\n" in capsys.readouterr().out


def test_status_lists_all_batches_or_shows_one(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert cli.main(["status", "--json"]) == 0
    rows = [{k: v for k, v in row.items() if k != "last_run"} for row in json.loads(capsys.readouterr().out)]
    assert rows == [
        {"batch": name, "read": read, "dropped": 0, "quarantined": bad, "published": published, "refused": bad > 0}
        for name, read, bad, published in (("2026-11-02", 2, 0, 2), ("2026-11-03", 3, 1, None), ("2026-11-01", 2, 0, 2))
    ]
    assert cli.main(["status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["batch", "2026-11-02", "2026-11-03", "2026-11-01"]
    assert lines[2].split()[3:] == ["3", "0", "1", "no", "refused:", "see", "its", "status"]
    for named in (["2026-11-03"], ["--batch", "2026-11-03"]):
        assert cli.main(["status", *named]) == 0
        said = capsys.readouterr().out
        assert said.startswith("batch 2026-11-03\n")
        assert "not published, and what was stays; its report: output/runs/2026-11-03/refused.html" in said


@pytest.mark.parametrize("command", [["status", "2026-11-30"], ["explain", "a0", "--batch", "2026-11-30"]])
def test_an_unknown_name_is_said_with_those_that_are_close(
    place: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert cli.main(command) == 2
    assert one_line(capsys) == "copydesk: no batch in output yet; `copydesk run` makes one"
    write_jsonl(place / "in" / "a.jsonl", articles(1))
    assert run("in", "--batch", "2026-11-20", "--workers", 1) == 0
    capsys.readouterr()
    assert cli.main(command) == 2
    assert one_line(capsys) == "copydesk: no batch '2026-11-30' in output; did you mean '2026-11-20'?"


def test_a_batch_is_read_from_the_place_of_its_name_and_keeps_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("configs/copydesk.toml").write_text('[run]\ninput = "../inbox/{batch}"\nworkers = 1\n')
    write_jsonl(place / "inbox" / "2026-11-01" / "a.jsonl", articles(1))
    assert run("--batch", "2026-11-01") == 0
    assert json.loads(Path("output/runs/2026-11-01/last.json").read_text())["input"] == "inbox/2026-11-01"
    capsys.readouterr()
    assert run("--batch", "2026-11-01") == 0
    assert "Nothing to do: inbox/2026-11-01, settings" in capsys.readouterr().out
    assert run("--batch", "2026-11-02") == 2
    assert one_line(capsys).startswith("copydesk: inbox/2026-11-02: no such file or folder")

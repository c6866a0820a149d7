"""What nobody needs is named first and removed when asked; what is published, and what a rerun needs, never."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline.console import cli
from pipeline.output.layout import Layout
from pipeline.run import gc
from tests.runs import articles, fails, run, tree, write_jsonl


def settings(verdict: str) -> None:
    Path("configs/copydesk.toml").write_text(f'[rules."encoding/doubled_full_stop"]\nverdict = "{verdict}"\n')


@pytest.fixture
def batch(place: Path) -> Path:
    """The batch `demo`, read and mended a first time by other settings."""
    settings("quarantine")
    write_jsonl(place / "in" / "a.jsonl", articles(3))
    assert run("in", "--until", "encoding") == 0
    write_jsonl(place / "in" / "b.jsonl", articles(6, start=3))
    settings("keep")
    assert run("in", "--publish-anyway") == 0
    return place


def collected(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What `copydesk gc` says."""
    capsys.readouterr()
    assert cli.main(["gc", *arguments, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def steps(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(Path(one["path"]).name.rpartition("-")[0], one["why"]) for one in told["waste"]]


def aged(folder: Path, days: float) -> None:
    """As if all of it had been made that long ago."""
    then = time.time() - days * 86_400
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (then, then))


def test_what_would_go_is_named_with_its_size_and_stays(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree("output")
    told = collected(capsys)
    assert steps(told) == [("0-reading", "old output"), ("1-encoding", "old output")]
    assert (told["removed"], told["in_use"]) == (False, [])
    assert told["waste"][0]["bytes"] == sum(
        file.stat().st_size for file in Path(told["waste"][0]["path"]).rglob("*") if file.is_file()
    )
    assert cli.main(["gc"]) == 0
    assert capsys.readouterr().out.endswith("MB: nothing is removed; with --yes it is\n")
    assert tree("output") == before


def test_old_outputs_go_and_nothing_is_made_again_for_it(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert steps(collected(capsys, "--keep", "1")) == []
    assert len(collected(capsys, "--yes")["waste"]) == 2
    assert steps(collected(capsys)) == []
    capsys.readouterr()
    assert run("in", "--publish-anyway") == 0
    assert "Nothing to do" in capsys.readouterr().out


def test_what_a_batch_was_published_from_stays_though_newer_is_there(
    batch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A later run was not published: what it made is the newest, what is published was made of older outputs."""
    assert cli.main(["gc", "--yes"]) == 0
    needed = {path.name for path in Path("output/runs/demo").glob("[0-9]*-*")}
    write_jsonl(batch / "in" / "c.jsonl", [{"id": f"bad{n}"} for n in range(5)])
    assert run("in") == 3
    assert steps(collected(capsys, "--yes")) == []
    assert needed <= {path.name for path in Path("output/runs/demo").glob("[0-9]*-*")}


def test_leftovers_and_batches_never_published_go(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    collected(capsys, "--yes")
    for name in ("runs/demo/.1-encoding-0123.77.tmp", ".corpus.demo.9.tmp", "history/files/demo/0123"):
        (batch / "output" / name).mkdir(parents=True)
    assert run("in", "--batch", "trial", "--until", "reading") == 0
    assert [Path(one["path"]).name for one in collected(capsys)["waste"]] == [
        ".corpus.demo.9.tmp", "0123", ".1-encoding-0123.77.tmp",
    ]  # fmt: skip
    aged(batch / "output" / "runs" / "trial", days=0.1)
    before = tree("output/corpus"), tree("output/history")
    told = collected(capsys, "--yes")
    assert told["waste"][-1]["why"] == "never published"
    assert not (batch / "output" / "runs" / "trial").exists()
    assert (tree("output/corpus"), tree("output/history")) == before
    assert collected(capsys)["waste"] == []
    assert cli.main(["verify"]) == 0


def test_steps_of_old_published_batches_go_only_when_asked(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = tree("output/corpus")
    collected(capsys, "--yes")
    aged(batch / "output" / "runs" / "demo", days=40)
    assert collected(capsys, "--runs-older-than", "41")["waste"] == []
    assert len(collected(capsys, "--runs-older-than", "39", "--yes")["waste"]) == 6
    left = {path.name for path in Path("output/runs/demo").iterdir()}
    assert left - {".inputs.json"} == {".lock", "last.json", "report.html"}
    assert tree("output/corpus") == corpus
    assert run("--batch", "demo", "--publish-anyway") == 0  # it still knows its input
    assert tree("output/corpus") == corpus


def test_a_batch_in_use_is_left(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (batch / "output" / "runs" / "demo" / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = collected(capsys, "--yes")
    assert (told["waste"], told["in_use"]) == ([], ["demo"])


def test_of_a_damaged_publication_everything_stays(batch: Path) -> None:
    (batch / "output" / "corpus" / "batches" / "demo" / "manifest.json").write_text("{}")
    assert gc.waste_of(Layout(Path("output"), "demo")) == []


@pytest.mark.parametrize("arguments", [["--keep", "-1"], ["--runs-older-than", "-3"]])
def test_less_than_none_is_refused(place: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gc", *arguments]) == 2
    assert "must be at least 0" in capsys.readouterr().err
    assert fails(capsys, "nowhere")[0] == 2

"""Done means done: what is stale is made again, what is fresh is not, whatever was killed on the way."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline
from pipeline.engine import local
from pipeline.run import keys
from tests.runs import ARTICLE, SEEDS, articles, find, made, plan, run, tree, write_jsonl


def test_a_changed_setting_makes_its_stage_stale_and_equal_bytes_stop_the_cascade(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(SEEDS) == 0
    first = {state.step: state.manifest for state in plan(input=str(SEEDS)).states() if state.manifest}
    Path("s.toml").write_text('[rules."encoding/doubled_full_stop"]\nverdict = "quarantine"\n')
    states = {s.step: s for s in plan(file="s.toml", input=str(SEEDS)).states()}
    assert states["reading"].fresh
    assert states["encoding"].why == "rules.encoding/doubled_full_stop.verdict: keep -> quarantine"
    assert states["boilerplate"].why == "after encoding"
    Path("s.toml").write_text('[rules."encoding/unbalanced_quote"]\nenabled = false\n')
    assert run(SEEDS, "--config", "s.toml") == 0
    second = {s.step: s.manifest for s in plan(file="s.toml", input=str(SEEDS)).states() if s.manifest}
    assert second["encoding"]["key"] != first["encoding"]["key"]
    assert second["boilerplate"] == first["boilerplate"], "made again although its input is the same"
    assert second["publishing"] == first["publishing"]


def test_changed_input_is_noticed_and_an_output_can_be_deleted_without_asking(place: Path) -> None:
    shutil.copytree(SEEDS, place / "seeds")
    assert run("seeds") == 0
    before = tree("output/corpus")
    shutil.rmtree(made("language", input="seeds").output)
    assert next(s.step for s in plan(input="seeds").states() if not s.fresh) == "language"
    assert run("seeds") == 0
    assert tree("output/corpus") == before
    write_jsonl(place / "seeds" / "more.jsonl", articles(1))
    state = next(plan(input="seeds").states())
    assert (state.step, state.fresh) == ("reading", False)
    assert state.why == "more.jsonl added"
    assert run("seeds") == 0
    assert len(pipeline.read_corpus("output/corpus")) == 4


def test_files_that_came_went_or_changed_are_named(place: Path) -> None:
    for name in "abcdef":
        write_jsonl(place / "in" / f"{name}.jsonl", [{"id": name, "text": ARTICLE}])
    assert run("in", "--until", "reading") == 0
    write_jsonl(place / "in" / "a.jsonl", articles(1))
    (place / "in" / "b.jsonl").unlink()
    write_jsonl(place / "in" / "deep" / "new.jsonl", articles(2))
    assert next(plan(input="in").states()).why == "a.jsonl changed; b.jsonl gone; deep/new.jsonl added"
    for name in "cd":
        (place / "in" / f"{name}.jsonl").unlink()
    assert next(plan(input="in").states()).why == ("a.jsonl changed; b.jsonl gone; c.jsonl gone; and 2 more")
    shutil.rmtree(place / "in")
    for name in "abcdef":
        write_jsonl(place / "in" / f"{name}.jsonl", [{"id": name, "text": ARTICLE}])
    (place / "in" / "notes.md").touch()
    assert next(plan(input="in").states()).why == "what is left out of the input"


def test_a_list_is_no_other_than_it_is_in_json() -> None:
    before = {"settings": {"names": ["byline"], "rows": [["a", 1]]}, "limit": 1}
    now = {"settings": {"names": ("byline",), "rows": (("a", 1),)}, "limit": 2}
    assert keys.differences(before, now) == ["limit: 1 -> 2"]
    now["settings"] = {"names": ("byline", "author"), "rows": (("a", 1),)}
    assert keys.differences(before, now)[1:] == ["settings.names: ['byline'] -> ['byline', 'author']"]


def test_a_step_is_made_again_when_asked(place: Path) -> None:
    assert run(SEEDS) == 0
    before = made("encoding", input=str(SEEDS))
    written = before.output.stat().st_mtime_ns
    assert run(SEEDS, "--again", "encoding") == 0
    after = made("encoding", input=str(SEEDS))
    assert after.output.stat().st_mtime_ns > written
    assert {k: v for k, v in after.manifest.items() if k not in ("started", "seconds")} == {
        k: v for k, v in before.manifest.items() if k not in ("started", "seconds")
    }


def test_the_same_bytes_for_one_and_four_workers_and_for_any_order_of_files(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "IN_PROCESS_BYTES", 0)
    monkeypatch.setattr("pipeline.sources.read.PORTION_FILES", 2)
    for number in range(6):
        write_jsonl(place / "in" / f"{number}.jsonl", articles((number + 1) * 20, number * 20))
    for number in reversed(range(6)):
        write_jsonl(place / "again" / f"{number}.jsonl", articles((number + 1) * 20, number * 20))
    assert run("in", "--workers", 1, "--output", "one") == 0
    assert run("again", "--workers", 4, "--output", "four") == 0
    assert tree("one/corpus") == tree("four/corpus")
    assert {k.partition("/")[2]: v for k, v in tree("one/runs/demo").items()} == {
        k.partition("/")[2]: v for k, v in tree("four/runs/demo").items()
    }


@pytest.mark.parametrize("step", ["encoding", "duplicates", "publishing"])
def test_a_killed_run_leaves_nothing_half_done_and_the_next_one_ends_with_the_same_bytes(
    place: Path, step: str
) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(50))
    assert run("in", "--output", "whole") == 0
    code = (
        "import os, signal, sys\n"
        "from pipeline.console import cli\n"
        "from pipeline.engine import whole\n"
        "write = whole.write_json\n"
        "def die(target, value):\n"
        f"    if value.get('step') == {step!r}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    write(target, value)\n"
        "whole.write_json = die\n"
        "sys.exit(cli.main(['run', 'in', '--batch', 'demo']))\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert find(step, input="in") is None
    assert run("in") == 0
    assert tree("output") == tree("whole")
    assert not list(Path("output").rglob("*.tmp"))

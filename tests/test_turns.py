"""Several batches at once in one output come out as if each had been made after those before it by name."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.output.layout import Layout
from pipeline.run.turns import Turn
from tests.runs import articles, plan, published_files, published_rows, run, tree, write_jsonl

BATCHES = {"2026-11-01": (0, 8), "2026-11-02": (4, 12), "2026-11-03": (2, 16)}  # each has articles of those before


def start(name: str, output: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipeline", "run", name, "--batch", name, "--output", output, "--workers", "1"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until_there(name: str, output: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not (Path(output) / "runs" / name / ".running").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline


@pytest.mark.parametrize("names", [list(BATCHES)[:2], list(BATCHES)], ids=["two", "three"])
def test_batches_made_at_once_are_equal_to_batches_made_in_order(place: Path, names: Sequence[str]) -> None:
    for name in names:
        first, last = BATCHES[name]
        write_jsonl(place / name / "a.jsonl", articles(last, first))
        assert run(name, "--batch", name, "--output", "in order", "--workers", 1) == 0
    processes = []
    for name in names:
        processes.append(start(name, "at once"))
        wait_until_there(name, "at once", processes[-1])
    said = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(names), said
    assert tree("at once/corpus") == tree("in order/corpus")
    assert tree("at once/history") == tree("in order/history")


def test_a_run_waits_for_the_one_of_an_earlier_batch_and_says_so(place: Path) -> None:
    for name in ("a", "b"):
        write_jsonl(place / name / "a.jsonl", articles(4))
    with Turn(Layout(Path("output"), "a")):  # somebody makes it
        later = start("b", "output")
        wait_until_there("b", "output", later)
        assert run("a", "--batch", "a", "--workers", 1) == 0
        assert published_files("b") == {}
    _, said = later.communicate(timeout=300)
    assert (later.returncode, said) == (0, "copydesk: waiting for batch a, which is being made\n")
    assert published_rows("b") == []


def test_what_was_made_before_an_earlier_batch_came_is_made_again(place: Path) -> None:
    for name in ("a", "b"):
        write_jsonl(place / name / "a.jsonl", articles(4))
    mine = plan(batch="b", input="b", workers=1)
    for step in mine.steps[:-3]:
        mine.make(step)
    assert run("a", "--batch", "a", "--workers", 1) == 0
    for step in mine.steps[-3:]:
        mine.make(step)
    assert mine.remade == ["boilerplate was made again: an earlier batch was published meanwhile"]
    assert [state.fresh for state in plan(batch="b", input="b").states()] == [True] * len(mine.steps)
    assert published_rows("b") == []


def test_the_turn_is_given_back_to_an_earlier_batch(tmp_path: Path) -> None:
    earlier, later = Turn(Layout(tmp_path, "a")), Turn(Layout(tmp_path, "b"))
    with later:
        later.take()
        with earlier:
            assert later._earlier() == {"a"}
            later._give_back()
            earlier.take()
        later.take()


def test_a_batch_waits_neither_for_itself_nor_for_later_ones(tmp_path: Path) -> None:
    with Turn(Layout(tmp_path, "b")), Turn(Layout(tmp_path, "c")), Turn(Layout(tmp_path, "b")) as mine, mine:
        mine.tell = pytest.fail
        mine.take()

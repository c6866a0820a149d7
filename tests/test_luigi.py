"""The same batch under Luigi: by itself, and against a real scheduler."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pipeline
from pipeline import tasks
from tests import scheduler
from tests.runs import SEEDS, articles, plan, run, tree, write_jsonl

LUIGI = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline.tasks"]
SETTINGS = {**os.environ, "LUIGI_CONFIG_PATH": str(SEEDS.parent / "configs" / "luigi.cfg")}
LOCAL = ["--local-scheduler"]


def luigi(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LUIGI, *arguments], capture_output=True, text=True, env=SETTINGS, timeout=300)


def test_luigi_itself_runs_the_batch_and_says_what_came_of_it(place: Path) -> None:
    shutil.copytree(SEEDS, place / "seeds")
    done = luigi("CleanCorpus", "--name", "demo", *LOCAL)
    assert done.returncode == 0, done.stderr
    said = "copydesk: batch demo: published 3; dropped 0, quarantined 0, left out 0"
    assert [line for line in done.stderr.splitlines() if line.startswith("copydesk: ")] == [said]
    assert len(pipeline.read_corpus("output/corpus")) == 3
    assert all(state.fresh for state in plan(input="seeds").states())


def test_luigi_tells_a_failure_by_its_exit_code(place: Path) -> None:
    done = luigi("CleanCorpus", "--input-folder", "nowhere", *LOCAL)
    assert done.returncode != 0
    assert "nowhere: no such file or folder" in done.stderr


DAYS = {"2026-11-01": (0, 6), "2026-11-02": (3, 9), "2026-11-03": (1, 12)}  # each has articles of those before
RANGE = ["RangeDaily", "--of", "DailyCorpus", "--start", "2026-11-01", "--stop", "2026-11-04", "--workers", "2"]


def write_days(place: Path) -> None:
    for name, (first, last) in DAYS.items():
        write_jsonl(place / "inbox" / name / "a.jsonl", articles(last, first))


def in_order() -> dict[str, bytes]:
    """The corpus of these days, made one after the other."""
    for name in DAYS:
        assert run(f"inbox/{name}", "--batch", name, "--output", "in order", "--workers", 1) == 0
    return tree("in order/corpus")


@pytest.mark.parametrize("whose", ["its own scheduler", "luigid"])
def test_a_range_of_days_is_made_by_two_workers_as_if_in_order(
    place: Path, request: pytest.FixtureRequest, whose: str
) -> None:
    write_days(place)
    where = LOCAL if whose != "luigid" else ["--scheduler-port", str(request.getfixturevalue("luigid"))]
    given = '{"input_folder": "inbox/{date}", "processes": 1}'
    done = luigi(*RANGE, "--of-params", given, *where)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("copydesk: ")]
    assert [line.partition(". Most often")[0] for line in sorted(said)] == [
        f"copydesk: batch {name}: published {published}; dropped {dropped}, quarantined 0, left out 0"
        for name, published, dropped in (("2026-11-01", 6, 0), ("2026-11-02", 3, 3), ("2026-11-03", 3, 8))
    ]
    assert tree("output/corpus") == in_order()
    assert [*Path("output/runs").glob("*/.running")] == []


def test_a_day_without_input_stands_in_the_way_of_no_other(place: Path) -> None:
    write_days(place)
    shutil.rmtree(place / "inbox" / "2026-11-02")
    (place / "configs" / "copydesk.toml").write_text('[run]\ninput = "../inbox/{batch}"\n')
    done = luigi(*RANGE, *LOCAL)
    assert done.returncode != 0
    assert "inbox/2026-11-02: no such file or folder" in done.stderr
    assert [folder.name for folder in sorted(Path("output/corpus/batches").iterdir())] == [
        "2026-11-01",
        "2026-11-03",
    ]


@pytest.mark.parametrize("task", [["DailyCorpus", "--date", "2026-11-02"], ["CleanCorpus", "--name", "2026-11-02"]])
def test_a_day_on_which_nothing_is_new_is_done(place: Path, task: list[str]) -> None:
    write_jsonl(place / "inbox" / "a.jsonl", articles(2))
    (place / "configs" / "copydesk.toml").write_text('[run]\ninput = "../inbox"\nonly_new = true\n')
    done = luigi("DailyCorpus", "--date", "2026-11-01", *LOCAL)
    assert done.returncode == 0, done.stderr
    done = luigi(*task, *LOCAL)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("copydesk: ")]
    assert said == ["copydesk: batch 2026-11-02: inbox: nothing new; all 1 files were read by other batches"]
    assert [folder.name for folder in sorted(Path("output/corpus/batches").iterdir())] == ["2026-11-01"]


@pytest.fixture
def luigid(place: Path) -> Iterator[int]:
    port = scheduler.free_port()
    command = [scheduler.LUIGID, "--address", "127.0.0.1", "--port", str(port), "--state-path", "state.pickle"]
    with scheduler.running(command, port, SETTINGS):
        yield port


def test_a_scheduler_on_loopback_runs_the_batch_and_shows_how_far_it_is(place: Path, luigid: int) -> None:
    shutil.copytree(SEEDS, place / "seeds")
    done = luigi("CleanCorpus", "--name", "demo", "--scheduler-port", str(luigid))
    assert done.returncode == 0, done.stderr
    assert len(pipeline.read_corpus("output/corpus")) == 3
    shown = {task["name"]: task for task in scheduler.ask(luigid, "task_list", status="DONE").values()}
    assert shown["ReadDocuments"]["progress_percentage"] == 100
    assert shown["ReadDocuments"]["status_message"] == "3 read, 3 kept, 0 dropped, 0 quarantined, 0 findings"
    assert shown["CleanCorpus"]["status_message"].startswith("batch demo: published 3; dropped 0")


def test_a_step_that_failed_runs_again_the_next_time(place: Path, luigid: int) -> None:
    command = ["CleanCorpus", "--name", "demo", "--input-folder", "in", "--scheduler-port", str(luigid)]
    write_jsonl(place / "in" / "a.jsonl", [{"id": "a", "text": ""}, *articles(1)])
    done = luigi(*command)
    assert done.returncode != 0
    assert "1 of 2 documents are quarantined" in done.stderr
    write_jsonl(place / "in" / "a.jsonl", articles(2))
    done = luigi(*command)
    assert done.returncode == 0, done.stderr
    assert len(pipeline.read_corpus("output/corpus")) == 2


def test_a_day_is_the_batch_of_its_date_and_earlier_days_come_first() -> None:
    day_task: Any = tasks.DailyCorpus
    first, second = (day_task(date=datetime.date(2026, 11, day), input_folder="inbox") for day in (1, 2))
    assert (first.requires().name, first.requires().input_folder) == ("2026-11-01", "inbox")
    assert first.priority == second.priority + 1

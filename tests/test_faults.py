"""A run that is killed, runs out of space or finds its outputs damaged: nothing is lost, stale or left over.

A short version of `benchmarks/faults.py`, which tries every point.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import pipeline
from benchmarks import faults
from pipeline.console import cli
from pipeline.errors import CopydeskError
from pipeline.run import steps
from pipeline.sources import read
from pipeline.stages.rows import run_stage
from pipeline.stages.stage import Stage
from tests.runs import SEEDS, articles, made, one_line, plan, published_rows, run, tree, write_jsonl


@pytest.fixture(scope="module", params=["published again", "after another batch"])
def scenario(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[faults.Scenario, Path, Path, list[str]]:
    """A scenario, a folder as it is before the run, one as an undisturbed run leaves it, and the changes on the way."""
    found = next(scenario for scenario in faults.SCENARIOS if scenario.name == request.param)
    work = tmp_path_factory.mktemp("faults")
    before, changes = faults.kill_points(found, work)
    return found, before, work / "whole", changes


@pytest.mark.slow
def test_a_kill_at_any_moment_of_publication_changes_nothing(
    scenario: tuple[faults.Scenario, Path, Path, list[str]],
) -> None:
    found, before, whole, changes = scenario
    publishing = [
        n for n, change in enumerate(changes) if "/history/" in change or "/corpus" in change or "/.corpus." in change
    ]
    turns = [n for n in publishing if changes[n].split()[0] in ("rename", "replace", "exchange")]
    assert len(turns) >= 4
    for point in {turns[0], turns[-2], turns[-1], publishing[-1]}:
        assert faults.killed_at(found, before, whole, point) == [], changes[point]


@pytest.mark.slow
def test_a_full_disk_while_publishing_costs_nothing(scenario: tuple[faults.Scenario, Path, Path, list[str]]) -> None:
    found, before, whole, _ = scenario
    folder = whole.with_name("size")
    shutil.copytree(before, folder, symlinks=True)
    written = faults.copydesk(folder, *found.arguments).written
    assert faults.out_of_space(found, before, whole, written - 1) == []


def test_one_bit_flipped_in_any_file_is_named(scenario: tuple[faults.Scenario, Path, Path, list[str]]) -> None:
    _, _, whole, _ = scenario
    assert list(faults.unnamed_flips(whole / "output", random.Random(7))) == []


def test_a_stage_that_died_makes_only_the_parts_that_are_missing(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(40))
    monkeypatch.setattr(read, "PORTION_BYTES", 5_000)
    arguments = ("in", "--batch", "b1", "--workers", 1)
    assert run(*arguments, "--output", "undisturbed") == 0
    worked_on: list[str] = []

    def dying(rows: pa.RecordBatch, *, stage: Stage, **values: Any) -> Iterator[dict[str, pa.RecordBatch]]:
        if rows.num_rows and stage.name == "language":
            worked_on.append(rows["id"][0].as_py())
        if len(worked_on) == 3:
            raise OSError("the disk is away")
        yield from run_stage(rows, stage=stage, **values)

    monkeypatch.setattr(steps.stage, "run_stage", dying)
    assert run(*arguments) == 1
    assert "the disk is away" in capsys.readouterr().err
    assert run(*arguments) == 0
    assert len(worked_on) > 4
    assert len(worked_on) == len(set(worked_on)) + 1  # the part at which it died was begun twice
    assert tree("output/corpus") == tree("undisturbed/corpus")
    assert faults.leftovers(place) == []


def test_parts_of_a_step_whose_books_do_not_balance_are_made_again(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(10))

    def losing(rows: pa.RecordBatch, **values: Any) -> Iterator[dict[str, pa.RecordBatch]]:
        yield from run_stage(rows.slice(0, max(0, rows.num_rows - 1)), **values)

    monkeypatch.setattr(steps.stage, "run_stage", losing)
    assert run("in") == 1
    assert "nothing is published" in capsys.readouterr().err
    assert faults.leftovers(place) == []
    monkeypatch.undo()
    monkeypatch.chdir(place)
    assert run("in") == 0


@pytest.mark.parametrize("swapped", [False, True])
def test_parts_of_an_input_that_was_another_for_a_while_are_read_again(
    place: Path, monkeypatch: pytest.MonkeyPatch, swapped: bool
) -> None:
    file = place / "in" / "a.jsonl"
    write_jsonl(file, articles(40))
    monkeypatch.setattr(read, "PORTION_BYTES", 5_000)
    content, real = file.read_bytes(), read.read_portion
    begun: list[int] = []  # where each portion starts

    def dying(rows: pa.RecordBatch, **values: Any) -> Iterator[dict[str, pa.RecordBatch]]:
        begun.extend(rows["start"].to_pylist())
        if rows.num_rows and len(begun) == 3:
            raise OSError("the disk is away")
        yield from real(rows, **values)

    monkeypatch.setattr(read, "read_portion", dying)
    assert run("in", "--workers", 1) == 1
    if swapped:
        file.write_bytes(content.replace(b"Report", b"Rumour"))
        file.write_bytes(content)
    first, begun[:] = list(begun), [-1, -1, -1]
    assert run("in", "--workers", 1) == 0
    assert set(first[:2]) & set(begun) == (set(first[:2]) if swapped else set())
    assert first[2] in begun
    assert faults.leftovers(place) == []


# --- what is damaged is made again -------------------------------------------------------------------------------


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("harm", ["cut short", "deleted"])
def test_a_published_part_that_is_cut_short_or_gone_is_published_again(
    place: Path, capsys: pytest.CaptureFixture[str], harm: str
) -> None:
    assert run(SEEDS) == 0
    before = tree("output/corpus")
    [part] = Path("output/corpus/data").glob("*.parquet")
    if harm == "deleted":
        part.unlink()
    else:
        part.write_bytes(part.read_bytes()[:-100])
    why = next(state.why for state in plan(input=str(SEEDS)).states() if not state.fresh)
    assert why.startswith(f"damaged: corpus/data/{part.name}")
    capsys.readouterr()
    assert run(SEEDS) == 0
    assert one_line(capsys).startswith(f"copydesk: publishing was damaged: corpus/data/{part.name}")
    assert tree("output/corpus") == before


def test_bytes_that_changed_are_seen_before_they_are_read_and_made_again(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(SEEDS) == 0
    before = tree("output")
    [part] = (made("encoding", input=str(SEEDS)).output / "kept").glob("*.parquet")
    flip(part)
    assert cli.main(["verify"]) == 1
    assert "holds other bytes than were written" in capsys.readouterr().out
    assert run(SEEDS, "--again", "boilerplate") == 0
    said = one_line(capsys)
    assert "encoding was damaged" in said
    assert "holds other bytes than were written; it was made again" in said
    assert tree("output") == before
    assert cli.main(["verify"]) == 0


@pytest.mark.parametrize("harm", ["deleted", "flipped"])
def test_history_that_is_lost_or_damaged_is_made_again_from_the_corpus(place: Path, harm: str) -> None:
    Path("configs/copydesk.toml").unlink()
    assert run(SEEDS, "--batch", "b1") == 0
    before = {name: content for name, content in tree("output/history").items() if name.partition("/")[0] != "files"}
    if harm == "deleted":
        shutil.rmtree("output/history")
    else:
        for file in Path("output/history").rglob("*.parquet"):
            flip(file)
    assert run(SEEDS, "--batch", "b2") == 0
    assert published_rows("b2") == [], "copies were published again"
    after = tree("output/history")  # which files were read is asked by those alone who read what is new
    mine = {n: content for n, content in after.items() if "/b1/" in n and n.partition("/")[0] != "files"}
    assert mine == before


def test_history_counts_only_for_what_is_published(place: Path) -> None:
    Path("configs/copydesk.toml").unlink()
    assert run(SEEDS, "--batch", "b1") == 0
    shutil.rmtree("output/corpus")  # as a run that was killed between the two leaves it
    assert run(SEEDS, "--batch", "b2") == 0
    assert len(pipeline.read_corpus("output/corpus")) == 3


@pytest.mark.parametrize("text", ["[1]", '{"a": 1}', "null", "{", "", '{"key": "x", "seal": "0"}'])
def test_a_manifest_that_is_not_ours_is_none(place: Path, text: str) -> None:
    assert run(SEEDS) == 0
    before = tree("output/corpus")
    for name in ("runs/demo/1-*", "corpus/batches/demo"):
        [folder] = Path("output").glob(name)
        (folder / "manifest.json").write_text(text)
    assert cli.main(["plan"]) == 0
    assert run(SEEDS) == 0
    assert tree("output/corpus") == before


def test_a_manifest_in_which_a_number_was_changed_is_not_believed(place: Path) -> None:
    assert run(SEEDS) == 0
    file = made("language", input=str(SEEDS)).output / "manifest.json"
    told = json.loads(file.read_text())
    told["counts"]["kept"] = 4
    file.write_text(json.dumps(told))
    assert next(state.step for state in plan(input=str(SEEDS)).states() if not state.fresh) == "language"


def test_a_report_that_was_cut_short_is_written_again(place: Path) -> None:
    assert run(SEEDS) == 0
    report = Path("output/runs/demo/report.html")
    whole = report.read_bytes()
    report.write_bytes(whole[:-2000])
    assert [state.step for state in plan(input=str(SEEDS)).states() if not state.fresh] == ["report"]
    assert run(SEEDS) == 0
    assert report.read_bytes() == whole


def test_made_again_as_asked_means_that_what_lies_there_stays_until_then(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(SEEDS) == 0
    before = tree("output")
    monkeypatch.setattr("pipeline.output.publication.write", lambda *_: 1 / 0)
    assert run(SEEDS, "--again", "publishing") == 1
    assert tree("output") == before
    assert len(pipeline.read_corpus("output/corpus")) == 3


def test_a_file_of_the_same_size_and_time_with_other_content_is_another_input(place: Path) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(3))
    file = place / "in" / "a.jsonl"
    stat = file.stat()
    assert run("in") == 0
    file.write_bytes(file.read_bytes().replace(b"Report 1.", b"Report 7."))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert next(plan(input="in").states()).why == "a.jsonl changed"


def test_an_input_of_one_file_that_is_swapped_while_it_is_read_stops_the_run(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(place / "a.jsonl", articles(3))
    mine = plan(input="a.jsonl")
    digest = mine.steps[0].input.digest  # type: ignore[attr-defined]
    assert len(digest) == 16
    write_jsonl(place / "a.jsonl", articles(2))
    with pytest.raises(CopydeskError, match="files changed while they were read"):
        mine.make(mine.steps[0])

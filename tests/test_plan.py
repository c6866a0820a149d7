"""One plan serves a run: the input is looked at once, and no manifest is read again and again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from pipeline import config
from pipeline.engine import whole
from pipeline.errors import CopydeskError
from pipeline.output import manifest as manifests
from pipeline.run import batch, plan
from pipeline.sources import find
from pipeline.stages.order import STAGES

P = ParamSpec("P")
T = TypeVar("T")

TEXT = "The council voted on Monday to close the old bridge for repairs until the end of the year, said the mayor."


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(TEXT)
    run = {"batch": "b", "input": f"{tmp_path}/in", "output": f"{tmp_path}/out", "workers": 1}
    return config.parse(STAGES, {}, "test", run)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often the input is walked, manifests are read, and batches and plans are made."""
    counts = {"walks": 0, "reads": 0, "batches": 0, "plans": 0}

    def counted(name: str, function: Callable[P, T]) -> Callable[P, T]:
        def call(*arguments: P.args, **named: P.kwargs) -> T:
            counts[name] += 1
            return function(*arguments, **named)

        return call

    monkeypatch.setattr(find, "find_files", counted("walks", find.find_files))
    monkeypatch.setattr(whole, "read_json", counted("reads", whole.read_json))
    monkeypatch.setattr(batch.Batch, "__init__", counted("batches", batch.Batch.__init__))
    monkeypatch.setattr(plan.Plan, "__init__", counted("plans", plan.Plan.__init__))
    return counts


def test_a_run_under_luigi_makes_one_plan_and_walks_the_input_once(
    settings: config.Settings, calls: dict[str, int]
) -> None:
    from pipeline import tasks
    from pipeline.console.progress import Lines

    mine = plan.Plan(settings)
    assert tasks.run(mine, Lines(mine)) is None
    assert [state.fresh for state in mine.states()] == [True] * len(mine.steps)
    assert calls["walks"] == 2  # and once more to see that nothing changed while it was read
    assert (calls["batches"], calls["plans"]) == (1, 1)
    assert calls["reads"] < 40
    calls.update(walks=0, reads=0)
    assert [state.fresh for state in plan.Plan(settings).states()] == [True] * len(mine.steps)
    assert calls["walks"] == 1
    # a manifest for each but the report, twice that of the release, the digests of the input, and the note of a store
    assert calls["reads"] == len(mine.steps) + 3


def test_an_output_that_is_damaged_again_when_it_was_made_anew_ends_the_run(
    settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = plan.Plan(settings)
    mine.make(mine.step("reading"))
    monkeypatch.setattr(manifests, "damage", lambda *_, content=False: ["cut"] if content else [])
    with pytest.raises(CopydeskError, match="encoding: what it reads of reading is damaged, and was so again"):
        mine.make(mine.step("encoding"))


def test_luigi_hands_one_plan_to_all_tasks(settings: config.Settings) -> None:
    from pipeline import tasks

    task = tasks.CleanCorpus(name="b")
    task.plan = mine = plan.Plan(settings)
    while task.after is not None:
        task = task.requires()
        assert task.plan is mine
    mine.turn.leave()
    assert task.step == "reading"


def test_a_step_without_the_one_before_it_is_not_made(settings: config.Settings) -> None:
    mine = plan.Plan(settings)
    with pytest.raises(CopydeskError, match="boilerplate: the step before it has no output"):
        mine.make(mine.step("boilerplate"))


def test_a_step_that_is_forgotten_takes_along_what_depends_on_it(settings: config.Settings) -> None:
    mine = plan.Plan(settings)
    for step in mine.steps:
        mine.make(step)
    mine.again(mine.step("language"))
    assert [state.step for state in mine.states() if not state.fresh] == [
        "language", "translation", "duplicates", "publishing", "report",
    ]  # fmt: skip
    mine.make(mine.step("language"))
    assert [state.fresh for state in mine.states()] == [True] * len(mine.steps)


def test_the_engine_is_told_what_the_first_step_to_be_made_will_look_at(
    settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(batch.Batch, "expect", lambda _, size: sizes.append(size))
    mine = plan.Plan(settings)
    mine.expect()
    mine.make(mine.step("reading"))
    mine.expect()
    [kept] = (mine.made(mine.step("reading")) or pytest.fail("it is made")).output.glob("kept/*.parquet")
    assert sizes == [len(TEXT), kept.stat().st_size]
    for step in mine.steps:
        mine.make(step)
    mine.expect()
    assert len(sizes) == 2
    mine.again(mine.step("report"))
    mine.expect()
    assert sizes[2:] == [0]


@pytest.mark.parametrize(("where", "opened"), [("in", True), ("s3://bucket/in", False)])
def test_nothing_is_started_where_connections_to_a_store_may_be_open(tmp_path: Path, where: str, opened: bool) -> None:
    run = {"batch": "b", "input": where, "output": f"{tmp_path}/out", "workers": 1}
    mine = batch.Batch(config.parse(STAGES, {}, "test", run))
    mine.expect(1 << 30)
    assert (mine._engine is not None) == opened
    mine.close()

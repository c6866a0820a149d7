"""No text takes a stage more time than its length says; `benchmarks/growth.py` tries all rules, and larger sizes."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from benchmarks import growth
from pipeline.stages.order import STAGES
from pipeline.stages.stage import Stage


@pytest.fixture(autouse=True)
def _without_the_objects_of_other_tests() -> Iterator[None]:
    """As in a run, nobody looks for garbage among what is there already, which takes the longer the more is made."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_time_grows_as_the_text_does(stage: Stage) -> None:
    figures = [measured(stage, name) for name in growth.PIECES]
    assert {figure.stage for figure in figures} == {stage.name}
    # once more what was slow: other programs may have been at work
    again = [measured(stage, figure.piece) for figure in figures if grows(figure)]
    assert [figure for figure in again if grows(figure)] == []


def measured(stage: Stage, piece: str) -> growth.Figure:
    return growth.figure(stage, piece, growth.PIECES[piece], 40_000, 160_000)


def grows(figure: growth.Figure) -> bool:
    """Four times the text: the square of its length would take four times as long for each megabyte."""
    return figure.large > 2.5 * max(figure.small, growth.MOST / 5)

"""No text takes a stage more time than its length says; `benchmarks/growth.py` tries all rules, and larger sizes."""

from __future__ import annotations

import pytest

from benchmarks import growth
from pipeline.stages.order import STAGES
from pipeline.stages.stage import Stage


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_time_grows_as_the_text_does(stage: Stage) -> None:
    figures = [growth.figure(stage, name, piece, 40_000, 160_000) for name, piece in growth.PIECES.items()]
    # four times the text: the square of its length would take four times as long for each megabyte
    assert [figure for figure in figures if figure.large > 2.5 * max(figure.small, growth.MOST / 5)] == []
    assert {figure.stage for figure in figures} == {stage.name}

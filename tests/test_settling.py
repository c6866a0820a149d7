"""Damage that comes many times over on one line is mended, and never sends its document to quarantine."""

from __future__ import annotations

import pytest

from pipeline import edits
from pipeline.records import Document, Verdict
from pipeline.stages.order import STAGES
from pipeline.stages.stage import run
from tests import cases

CASES = [case for case in cases.load() if len(case["before"]) < 200]
STAGE_OF = {stage.name: stage for stage in STAGES}


@pytest.mark.parametrize(
    ("piece", "mended"),
    [
        ('He said " we will go" and left. ', 'He said "we will go" and left. '),
        ("the quot; Free Army quot; of quot; Syria quot; ", 'the "Free Army" of "Syria" '),
        ('"No shelter is safe, "he said. ', '"No shelter is safe," he said. '),
    ],
)
@pytest.mark.parametrize("times", [1, 12, 40, 300])
def test_a_line_of_misplaced_marks_is_mended_in_one_go(piece: str, mended: str, times: int) -> None:
    stage = STAGE_OF["encoding"]
    result = run(stage, Document("a", (piece * times).rstrip()))
    assert result.text == (mended * times).rstrip()
    assert result.verdict is Verdict.KEEP
    assert edits.revert(result.text, result.findings) == (piece * times).rstrip()


@pytest.mark.parametrize("between", [" ", "\n", "\n\n"])
@pytest.mark.parametrize("times", [3, 14, 40])
def test_the_texts_of_all_cases_many_times_over_settle(times: int, between: str) -> None:
    for case in CASES:
        stage = STAGE_OF[case["rule"].partition("/")[0]]
        text = between.join([case["before"]] * times)
        after, findings = edits.run(text, stage.rules, cases.facts(case))
        assert edits.revert(after, findings) == text, case["title"]

"""All rules: their cases, and the properties that hold for every rule on any text."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import edits
from pipeline.records import NO_FACTS, Facts, Guard, Quality, Rule
from pipeline.rules.translation import score
from pipeline.stages.order import STAGES
from pipeline.stages.rows import rows_seen
from pipeline.stages.stage import Stage
from tests import cases

RULES = {rule.name: rule for stage in STAGES for rule in stage.rules}
JUDGES = {judge.name: judge for stage in STAGES for judge in stage.judges}
CASES = cases.load()


def parameters() -> Iterator[object]:
    for case in CASES:
        marks = [pytest.mark.xfail(reason=case["xfail"], strict=True)] if "xfail" in case else []
        yield pytest.param(case, id=f"{case['where']} {case['rule']}: {case['title']}", marks=marks)


@pytest.mark.parametrize("case", list(parameters()))
def test_case(case: cases.Case) -> None:
    stage = next(stage for stage in STAGES if stage.name == case["rule"].partition("/")[0])
    made = cases.result(case, stage)
    by_rule = [f for f in made.findings if f.rule == case["rule"]]
    if case.get("untouched"):
        assert made.text == case["before"]
        assert bool(by_rule) == case.get("remarked", False)
    else:
        assert made.text == case.get("after", case["before"])
        assert by_rule, "the rule found nothing"
    assert edits.revert(made.text, made.findings) == case["before"]
    again = cases.result({**case, "before": made.text}, stage)
    assert again.text == made.text
    assert not [f for f in again.findings if f.is_edit]


def test_every_case_is_about_a_rule_that_there_is() -> None:
    assert {case["rule"] for case in CASES} - JUDGES.keys() == set()


@pytest.mark.parametrize("name", list(JUDGES))
def test_a_rule_has_a_case_it_hits_and_one_it_spares(name: str) -> None:
    of_rule = [case for case in CASES if case["rule"] == name]
    assert [case for case in of_rule if "after" in case or case.get("remarked")], f"no case that {name} hits"
    assert [case for case in of_rule if case.get("untouched") and not case.get("remarked")], f"none that {name} spares"


@pytest.mark.parametrize("rule", list(JUDGES.values()), ids=list(JUDGES))
def test_a_rule_is_named_for_a_defect_and_documented(rule: Rule | Guard) -> None:
    assert re.fullmatch(r"[a-z]+/[a-z]+(_[a-z]+)*", rule.name)
    assert rule.summary.endswith(".")


# Damage is rare in random text: mix in the debris that the rules look for.
DEBRIS = [case["before"] for case in CASES if len(case["before"]) < 200] + [
    "&amp;", "&", "#39;", "quot;", " , ", "..", '"', "'", "\n", "\n\n", "Ã©", "â€™", "\u200b", "\ufeff",
    "\ufffd", "?", "\\u2019",
]  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(DEBRIS), st.text(max_size=12)), max_size=6).map("".join)
FACTS = st.sampled_from([NO_FACTS] + [cases.facts(case) for case in CASES])


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS, facts=FACTS)
def test_a_stage_never_raises_rebuilds_its_input_and_settles(stage: Stage, text: str, facts: Facts) -> None:
    after, findings = edits.run(text, stage.rules, facts)
    edited = [f for f in findings if f.is_edit]
    assert edits.revert(after, findings) == text
    assert bool(edited) == (after != text)
    again, findings = edits.run(after, stage.rules, facts)
    assert again == after
    assert not [f for f in findings if f.is_edit]


def hides_nothing(rule: Rule, text: str, facts: Facts) -> None:
    """The rule's trigger sees the text among others, or the rule finds nothing in it."""
    seen = rows_seen(pa.array(["", text]), [NO_FACTS, facts], rule)
    assert seen is not None
    assert 1 in seen or not list(rule.find(text, facts)), f"{rule.name} hits {text!r}, its trigger does not"


SCREENED = pytest.mark.parametrize("rule", [r for r in RULES.values() if r.trigger], ids=lambda rule: rule.name)
SCORES = st.none() | st.sampled_from([0.0, 0.41, score.GARBLED, 0.5, score.WEAK, 1.0])


@SCREENED
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS, facts=FACTS, value=SCORES)
def test_a_trigger_may_change_no_result(rule: Rule, text: str, facts: Facts, value: float | None) -> None:
    hides_nothing(rule, text, dataclasses.replace(facts, quality=Quality(value)))
    hides_nothing(rule, text, facts)


@SCREENED
def test_a_trigger_sees_what_its_rule_hits_in_any_case(rule: Rule) -> None:
    for case in CASES:
        settings = case.get("settings", {}) if case["rule"] == rule.name else {}
        hides_nothing(rule.with_settings(**settings), case["before"], cases.facts(case))

"""`edits.py`: the only code that changes a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import edits
from pipeline.errors import RuleError
from pipeline.records import Facts, Hit, Rule, Verdict


def test_hits_are_written_and_recorded_at_their_place_after_the_earlier_ones() -> None:
    text, findings = edits.apply("a  b  c", "x/spaces", [Hit(1, 3, " "), Hit(4, 6, " ")])
    assert text == "a b c"
    assert [(f.start, f.end, f.before, f.after) for f in findings] == [(1, 3, "  ", " "), (3, 5, "  ", " ")]


def test_a_remark_changes_nothing_and_is_recorded() -> None:
    text, findings = edits.apply("abc", "x/remark", [Hit(0, 1, None, "why")])
    assert text == "abc"
    assert findings == [("x/remark", 0, 1, "a", None, "why")]


def test_a_hit_that_puts_back_what_stands_there_is_no_finding() -> None:
    assert edits.apply("abc", "x/same", [Hit(0, 1, "a")]) == ("abc", [])


@pytest.mark.parametrize("hits", [[Hit(0, 2, ""), Hit(1, 3, "")], [Hit(2, 9, "")], [Hit(2, 1, "")], [Hit(-1, 1, "")]])
def test_overlapping_or_impossible_spans_are_refused(hits: list[Hit]) -> None:
    with pytest.raises(RuleError, match="x/bad"):
        edits.apply("abcd", "x/bad", hits)


@st.composite
def texts_with_hits(draw: st.DrawFn) -> tuple[str, list[Hit]]:
    text = draw(st.text(max_size=40))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    return text, [Hit(a, b, draw(st.none() | st.text(max_size=5))) for a, b in spans]


@given(texts_with_hits())
def test_the_text_as_read_is_rebuilt_from_the_findings(case: tuple[str, list[Hit]]) -> None:
    text, hits = case
    after, findings = edits.apply(text, "x/any", hits)
    assert edits.revert(after, findings) == text
    assert (after != text) <= any(f.is_edit for f in findings)


def test_rules_run_until_nothing_is_left_to_mend() -> None:
    rule = Rule("x/nested", lambda text, facts: [Hit(i, i + 2, "") for i in [text.find("()")] if i >= 0])
    text, findings = edits.run("a((()))b", (rule,))
    assert text == "ab"
    assert edits.revert(text, findings) == "a((()))b"


def test_a_rule_that_is_idle_is_asked_again_once_the_text_has_changed() -> None:
    asked: list[str] = []

    def find_b(text: str, facts: Facts) -> list[Hit]:
        asked.append(text)
        return [Hit(i, i + 1, "c") for i, character in enumerate(text) if character == "b"]

    ab = Rule("x/ab", lambda text, facts: [Hit(0, 1, "b")] if text == "a" else [])
    assert edits.run("a", (ab, Rule("x/bc", find_b)), idle={"x/bc"})[0] == "c"
    assert asked == ["b", "c"]
    assert edits.run("d", (ab, Rule("x/bc", find_b)), idle={"x/bc"}) == ("d", [])
    assert asked == ["b", "c"]


def test_rules_that_undo_each_other_are_stopped() -> None:
    there = Rule("x/there", lambda text, facts: [Hit(0, 1, "b")] if text == "a" else [])
    back = Rule("x/back", lambda text, facts: [Hit(0, 1, "a")] if text == "b" else [])
    with pytest.raises(RuleError, match="does not settle"):
        edits.run("a", (there, back))


def test_the_worst_verdict_wins_and_names_its_rule_and_numbers() -> None:
    keep = Rule("x/keep", lambda text, facts: [])
    drop = Rule("x/drop", lambda text, facts: [], Verdict.DROP)
    _, findings = edits.apply("abc", "x/drop", [Hit(0, 0, None, "0.1 < 0.5")])
    assert edits.judge((keep, drop), findings) == (Verdict.DROP, "x/drop: 0.1 < 0.5")
    assert edits.judge((keep, drop), []) == (Verdict.KEEP, "")

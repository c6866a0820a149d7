"""A stage over rows: what breaks on one document costs that document alone; what belongs to a stage lies with it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import pyarrow as pa
import pytest

from pipeline.records import NO_FACTS, Document, Facts, Finding, Guard, Hit, Rule, Verdict
from pipeline.stages import boilerplate, tables
from pipeline.stages.order import STAGES
from pipeline.stages.rows import give_up, run_stage
from pipeline.stages.stage import FactsOfRows, Stage, run

LENGTH = pa.field("length", pa.int64())


def long_text(text: str, facts: Facts) -> Iterator[Hit]:
    """The text is long."""
    if facts.meta.get("length", 0) > 5:
        yield Hit(0, 0, None, "long")


def lengths(rows: pa.RecordBatch) -> FactsOfRows:
    found = [len(text) for text in rows["text"].to_pylist()]
    if "bad" in rows["text"].to_pylist():
        raise ZeroDivisionError("a bad text")
    return FactsOfRows([Facts(meta={"length": length}) for length in found], {LENGTH.name: found})


STAGE = Stage(
    "x", __name__, "a stage", (Rule("x/long_text", long_text, Verdict.DROP),), facts=lengths, columns=(LENGTH,)
)


def rows(*texts: str) -> pa.RecordBatch:
    return tables.from_dicts([{"id": f"d{n}", "text": text} for n, text in enumerate(texts)], tables.DOCUMENTS)


def places(outputs: Mapping[str, pa.RecordBatch]) -> dict[str, list[str]]:
    return {place: outputs[place]["id"].to_pylist() for place in tables.PLACES}


def test_a_stage_adds_its_column_and_puts_each_document_in_one_place() -> None:
    [outputs] = run_stage(rows("short", "rather long"), stage=STAGE)
    assert places(outputs) == {"kept": ["d0"], "dropped": ["d1"], "quarantined": []}
    assert outputs["kept"].schema.names == [*tables.DOCUMENTS.names, "length"]
    assert outputs["kept"]["length"].to_pylist() == [5]
    assert outputs["dropped"]["reason"].to_pylist() == ["x/long_text: long"]
    assert outputs["findings"]["rule"].to_pylist() == ["x/long_text"]


def test_a_fact_that_breaks_costs_its_document_alone() -> None:
    [outputs] = run_stage(rows("short", "bad", "rather long"), stage=STAGE)
    assert places(outputs) == {"kept": ["d0"], "dropped": ["d2"], "quarantined": ["d1"]}
    [bad] = outputs["quarantined"].to_pylist()
    assert bad["reason"] == "facts: ZeroDivisionError: a bad text"
    assert "in lengths" in bad["traceback"]
    assert (bad["length"], bad["stage"], bad["verdict"]) == (None, "x", "quarantine")


def test_no_rows_still_show_the_columns_of_every_output() -> None:
    [outputs] = run_stage(rows(), stage=STAGE)
    assert {name: table.num_rows for name, table in outputs.items()} == dict.fromkeys(outputs, 0)
    assert outputs["dropped"].schema == pa.schema([*tables.DOCUMENTS, LENGTH, *tables.ASIDE])
    assert outputs["findings"].schema == tables.FINDINGS


def shout(text: str, facts: Facts) -> Iterator[Hit]:
    """The text does not shout."""
    if not text.isupper():
        yield Hit(0, len(text), text.upper())


def too_much(text: str, findings: Sequence[Finding], *, most: int = 3) -> Iterator[Hit]:
    """Too much would change."""
    if sum(len(finding.before) for finding in findings if finding.is_edit) > most:
        yield Hit(0, 0, None, f"more than {most}")


def test_a_guard_refuses_the_whole_and_the_text_stays() -> None:
    guard = Guard("x/too_much", too_much, Verdict.QUARANTINE)
    stage = Stage("x", __name__, "a stage", (Rule("x/shout", shout),), guard=guard)
    assert run(stage, Document("a", "abc")).text == "ABC"
    refused = run(stage, Document("a", "abcd"))
    assert (refused.text, refused.verdict, refused.reason) == ("abcd", Verdict.QUARANTINE, "x/too_much: more than 3")
    assert [finding.rule for finding in refused.findings] == ["x/too_much"]
    looser = dataclasses.replace(stage, guard=guard.with_settings(most=9))
    assert run(looser, Document("a", "abcd")).text == "ABCD"
    assert looser.judges[-1].settings == {"most": 9}


def looks_odd(text: str, facts: Facts) -> Iterator[Hit]:
    """There is an x in the text."""
    for match in re.finditer("x", text):
        yield Hit(*match.span(), None, "odd")


def many_odd(text: str, findings: Sequence[Finding], *, most: int = 30) -> Iterator[Hit]:
    """There are many."""
    if len(findings) > most:
        yield Hit(0, 0, None, f"{len(findings)} > {most}")


def odd(findings: Sequence[Finding]) -> Mapping[str, int]:
    return {LENGTH.name: sum(finding.rule == "x/looks_odd" for finding in findings)}


def none_odd(rows: pa.RecordBatch) -> FactsOfRows:
    return FactsOfRows([NO_FACTS] * rows.num_rows, {LENGTH.name: [0] * rows.num_rows})


REVIEWED = Stage(
    *("x", __name__, "a stage"),
    (Rule("x/looks_odd", looks_odd, trigger="x"), Rule("x/shout", shout, trigger="[a-z]")),
    facts=none_odd,
    reviews=(Guard("x/many_odd", many_odd, Verdict.QUARANTINE),),
    columns=(LENGTH,),
    counted=odd,
)


def test_a_review_looks_at_the_text_as_mended_and_refuses_nothing() -> None:
    stage = dataclasses.replace(REVIEWED, rules=(REVIEWED.rules[1],), reviews=())
    assert run(stage, Document("a", "ax")).text == "AX"
    result = run(dataclasses.replace(REVIEWED, rules=REVIEWED.rules[:1]), Document("a", "x" * 31))
    assert (result.verdict, result.reason) == (Verdict.QUARANTINE, "x/many_odd: 31 > 30")
    assert [judge.name for judge in REVIEWED.judges] == ["x/looks_odd", "x/shout", "x/many_odd"]


def test_what_only_findings_tell_fills_a_column_and_remarks_beyond_twenty_are_a_number() -> None:
    stage = dataclasses.replace(REVIEWED, rules=REVIEWED.rules[:1])
    [outputs] = run_stage(rows("a", "xx", "x" * 25), stage=stage)
    assert outputs["kept"]["length"].to_pylist() == [0, 2, 25]
    assert outputs["findings"].num_rows == 2 + 20
    assert outputs["findings"]["detail"].to_pylist()[-2:] == ["odd", "odd; 5 more like this"]


def test_a_rule_of_a_stage_is_found_by_the_second_half_of_its_name() -> None:
    assert STAGE.rule("long_text") is STAGE.rules[0]
    assert STAGE.rule("no_such_rule") is None


def test_derived_parameters_reach_the_rules_that_have_them_and_no_others() -> None:
    stage = boilerplate.STAGE.with_derived(additions='off = ["photo : *"]', no_such_parameter=1)
    for rule in stage.rules:
        assert rule.parameters.get("additions", "") in ('off = ["photo : *"]', "")
        assert "no_such_parameter" not in rule.parameters
    assert any(rule.parameters.get("additions") for rule in stage.rules)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_can_be_sent_to_a_worker(stage: Stage) -> None:
    """Engines hand stages to other processes."""
    import pickle

    again = pickle.loads(pickle.dumps(partial(run_stage, stage=stage))).keywords["stage"]
    assert [judge.name for judge in again.judges] == [judge.name for judge in stage.judges]
    assert again.columns == stage.columns


def test_no_facts_say_nothing() -> None:
    assert FactsOfRows([NO_FACTS]).columns == {}


# --- limits ------------------------------------------------------------------------------------------------------


def endless(text: str, facts: Facts) -> Iterator[Hit]:
    """The text is never done with."""
    if text == "endless":
        re.match(r"(?:a+)+$", "a" * 60 + "b")  # takes longer than the universe has
    return iter(())


def slow_fact(rows: pa.RecordBatch) -> FactsOfRows:
    if "slow" in rows["text"].to_pylist():
        re.match(r"(?:a+)+$", "a" * 60 + "b")
    return FactsOfRows([NO_FACTS] * rows.num_rows)


def test_a_document_that_takes_too_long_costs_itself() -> None:
    stage = Stage("x", __name__, "a stage", (Rule("x/endless", endless),), facts=slow_fact)
    [outputs] = run_stage(rows("short", "endless", "slow", "last"), stage=stage, max_seconds=0.5)
    assert places(outputs) == {"kept": ["d0", "d3"], "dropped": [], "quarantined": ["d1", "d2"]}
    assert outputs["quarantined"]["reason"].to_pylist() == [
        "x: TookTooLongError: took more than 0.5 s ([run] max_seconds)",
        "facts: TookTooLongError: took more than 0.5 s ([run] max_seconds)",
    ]


def test_documents_that_are_given_up_are_quarantined_with_the_columns_of_the_stage() -> None:
    [outputs] = give_up(rows("a", "b"), stage=STAGE)
    assert places(outputs) == {"kept": [], "dropped": [], "quarantined": ["d0", "d1"]}
    assert outputs["kept"].schema.names == [*tables.DOCUMENTS.names, "length"]
    assert outputs["quarantined"]["reason"].to_pylist()[0].startswith("x: workers died on it")

"""Settings: what is set has an effect, in one place; what is misspelt, or no number, stops the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import pytest

from pipeline import config, edits
from pipeline.errors import SettingsError
from pipeline.records import Bounds, Facts, File, Language, Quality, Table
from pipeline.stages.boilerplate import Boilerplate
from pipeline.stages.encoding import STAGE
from pipeline.stages.order import STAGES
from pipeline.stages.stage import Stage

Ninths = Annotated[int, Bounds(1, 9)]  # a name that `pipeline.config` does not know


def refuse(text: str) -> None:
    if "bad" in text:
        raise SettingsError("a bad file")


@dataclass(frozen=True)
class Own(Table):
    """The table of a stage that another package might have."""

    ninths: Ninths = 3
    file: Annotated[File, refuse] = File("none.txt")


STAGE_WITH_TABLE = replace(STAGE, table=Own())


def table(**values: object) -> Own:
    settings = config.parse([STAGE_WITH_TABLE], {"encoding": values}, "s.toml")
    own = settings.stage("encoding").table
    assert isinstance(own, Own)
    return own


def test_the_kinds_of_a_table_are_read_where_the_table_is_written() -> None:
    assert table(ninths=9).ninths == 9
    with pytest.raises(SettingsError, match=r"s\.toml: \[encoding\] ninths must be within 1 and 9; got 10"):
        table(ninths=10)
    with pytest.raises(SettingsError, match="has no setting 'nineths'; did you mean 'ninths'"):
        table(nineths=1)


def test_a_file_beside_the_settings_is_read_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "some.txt"
    assert table(file=str(file)).file == File(str(file))
    file.write_text("good")
    assert table(file=str(file)).file == File(str(file), "good")
    file.write_text("bad")
    with pytest.raises(SettingsError, match=r"some\.txt: a bad file"):
        table(file=str(file))
    with pytest.raises(SettingsError, match="file must be the name of a file; got 3"):
        table(file=3)


# --- paths -------------------------------------------------------------------------------------------------------


def test_a_path_in_a_settings_file_is_relative_to_its_folder_and_one_among_the_options_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "mine.toml").write_text("off = []\n")
    file = Path("sub/s.toml")
    file.write_text('[run]\ninput = "in"\noutput = "../out"\n[boilerplate]\nphrases = "mine.toml"\n')
    settings = config.load(STAGES, file)
    assert (settings.run.input, settings.run.output) == ("sub/in", "out")
    boilerplate = settings.stage("boilerplate").table
    assert isinstance(boilerplate, Boilerplate)
    assert boilerplate.phrases == File("sub/mine.toml", "off = []\n")
    assert config.load(STAGES, file, input="in", output="x").run.output == "x"
    assert config.load(STAGES, file, input="in").run.input == "in"
    assert config.load(STAGES, tmp_path / file).run.input == f"{tmp_path}/sub/in"
    file.write_text('[run]\ninput = "/a/b"\n')
    settings = config.load(STAGES, file)
    assert (settings.run.input, settings.run.output) == ("/a/b", "output")  # what no file names is where one works


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(SettingsError, match="max_quarantined must be within 0 and 1"):
        config.parse(STAGES, {"run": {"max_quarantined": value}}, "s.toml")
    with pytest.raises(SettingsError, match="min_score must be"):
        config.parse(STAGES, {"rules": {"translation/low_score": {"min_score": value}}}, "s.toml")


# --- one setting, one place --------------------------------------------------------------------------------------


def stage(name: str, **rules: Mapping[str, object]) -> Stage:
    tables = {"rules": {f"{name}/{rule}": values for rule, values in rules.items()}}
    return config.parse(STAGES, tables, "s.toml").stage(name)


def hits(stage: Stage, score: float) -> list[str]:
    facts = Facts(language=Language("en", 0.99), quality=Quality(score))
    return [f.rule for f in edits.run("The council voted.", stage.rules, facts)[1] if "score" in f.rule]


def test_a_lower_limit_of_low_score_moves_that_of_weak_score() -> None:
    assert hits(stage("translation"), 0.3) == ["translation/low_score"]
    assert hits(stage("translation", low_score={"min_score": 0.2}), 0.3) == ["translation/weak_score"]
    assert hits(stage("translation", low_score={"enabled": False}), 0.3) == ["translation/weak_score"]


def handed_to_facts(stage: Stage) -> dict[str, object]:
    assert isinstance(stage.facts, partial)
    return stage.facts.keywords


def test_what_weak_score_remarks_is_explained() -> None:
    assert handed_to_facts(stage("translation")) == {"explained": 0.62}
    assert handed_to_facts(stage("translation", weak_score={"min_score": 0.8})) == {"explained": 0.8}


def test_the_limits_of_site_line_hold_for_the_line_model_too() -> None:
    rule = stage("boilerplate", site_line={"min_share": 0.9, "min_documents": 50}).rule("link_like_line")
    assert rule is not None
    assert rule.parameters["min_share"] == 0.9
    assert rule.parameters["min_documents"] == 50


@pytest.mark.parametrize(
    ("rule", "setting", "value"),
    [
        ("translation/weak_score", "low_score", 0.1),
        ("boilerplate/link_like_line", "spared", ["byline"]),
        ("boilerplate/byline", "additions", ""),
        ("duplicates/near_copy", "min_similarity", 0.3),
        ("duplicates/contained_copy", "min_contained", 0.3),
    ],
)
def test_what_a_stage_fills_in_is_no_setting(rule: str, setting: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"has no setting '{setting}'"):
        config.parse(STAGES, {"rules": {rule: {setting: value}}}, "s.toml")


def test_every_setting_of_the_file_that_is_shipped_has_its_default() -> None:
    shipped = config.load(STAGES, "configs/copydesk.toml")
    default = config.parse(STAGES, {}, "s.toml")
    assert (shipped.run, shipped.read) == (default.run, default.read)
    assert [s.table for s in shipped.stages] == [s.table for s in default.stages]
    assert [[(j.name, j.verdict, j.parameters) for j in s.judges] for s in shipped.stages] == [
        [(j.name, j.verdict, j.parameters) for j in s.judges] for s in default.stages
    ]

"""The README is tried: its commands run, its Python runs, its output is what comes out."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

import pipeline
from pipeline.console import cli
from pipeline.run.steps import chain
from pipeline.stages import encoding

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the commands need, with the seeds also as the folder of articles that the README names."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    shutil.copytree(ROOT / "seeds", folder / "articles")
    shutil.copytree(ROOT / "seeds", folder / "inbox" / "2026-11-21")
    shutil.copytree(ROOT / "configs", folder / "configs")
    return folder


def commands() -> list[str]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line.partition("#")[0].strip() for line in lines if line.startswith("copydesk ")]


def test_every_command_of_the_readme_runs(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    assert cli.main(["run"]) == 0
    tried = commands()
    assert len(tried) >= 6
    for command in tried:
        assert cli.main(shlex.split(command)[1:]) == 0, command


def test_every_command_is_in_the_readme() -> None:
    said = {shlex.split(command)[1] for command in commands()}
    assert said == set(cli.COMMANDS)


def test_what_the_readme_shows_is_what_comes_out(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    assert cli.main(["run"]) == 0
    examples = blocks("console")
    assert examples != []
    for block in examples:
        command, _, shown = block.partition("\n")
        capsys.readouterr()
        assert cli.main(shlex.split(command.removeprefix("$ "))[1:]) == 0
        said = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
        assert [line for line in shown.splitlines() if line not in said] == []


def test_the_python_of_the_readme_runs_and_says_what_is_written_beside_it() -> None:
    example = blocks("python")[0]
    scope: dict[str, object] = {}
    for line in example.splitlines():
        code, _, said = line.partition("  # ")
        if said:
            assert repr(eval(code, scope)) in (said, repr(eval(said)))
        elif code:
            exec(code, scope)
    assert scope["pipeline"] is pipeline


def test_every_stage_is_in_the_readme() -> None:
    for step in chain.NAMES[:-1]:
        assert f"\n| {step} |" in README


def test_every_rule_of_encoding_is_in_its_page() -> None:
    page = (ROOT / "docs" / "encoding.md").read_text(encoding="utf-8")
    assert [judge.name for judge in encoding.STAGE.judges if judge.name.partition("/")[2] not in page] == []


def test_links_lead_somewhere() -> None:
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = [
        (file, link) for file in files for link in re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8"))
    ]
    assert links != []
    assert [f"{file.name}: {link}" for file, link in links if not (file.parent / link).exists()] == []

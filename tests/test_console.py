"""The command itself: what a person is told when something breaks, and options that come from the settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pipeline
from pipeline import config
from pipeline.console import cli, plan
from pipeline.run.steps.publishing import Publishing

SEEDS = Path(__file__).parents[1] / "seeds"


def one_line(capsys: pytest.CaptureFixture[str]):
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out
    assert said.err.count("\n") == 1, said.err
    return said.err.strip()


def test_a_fault_of_ours_in_a_command_is_one_line_and_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(options) -> None:
        raise ZeroDivisionError("by\nnobody")

    monkeypatch.setattr(plan, "run", broken)
    assert cli.main(["plan"]) == 1
    said, _, log = one_line(capsys).rpartition(" ")
    assert said == "copydesk: unexpected ZeroDivisionError: by; the traceback is in"
    assert "raise ZeroDivisionError" in Path(log).read_text()
    Path(log).unlink()


def test_a_fault_of_ours_in_a_step_is_one_line_and_a_file_beside_its_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def broken(*_) -> None:
        raise ZeroDivisionError("by nobody")

    monkeypatch.setattr(Publishing, "write", broken)
    assert cli.main(["run", str(SEEDS)]) == 1
    log = Path("output/runs/demo/error.log")
    assert (
        one_line(capsys) == f"copydesk: publishing: unexpected ZeroDivisionError: by nobody; the traceback is in {log}"
    )
    assert "raise ZeroDivisionError" in log.read_text()
    assert not Path("output/corpus/batch=demo").exists()


def test_a_disk_that_is_full_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def full(*_) -> None:
        raise OSError(28, "No space left on device", "part-000.parquet")

    monkeypatch.setattr(Publishing, "write", full)
    assert cli.main(["run", str(SEEDS)]) == 1
    assert one_line(capsys) == "copydesk: publishing: No space left on device: part-000.parquet"


def test_ctrl_c_says_what_stays(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stopped(options) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(plan, "run", stopped)
    assert cli.main(["plan"]) == 130
    assert one_line(capsys).startswith("copydesk: stopped; what was done so far stays")


def test_nobody_reads_on(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def closed(options) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(plan, "run", closed)
    monkeypatch.setattr("os.dup2", lambda *_: None)
    assert cli.main(["plan"]) == 0
    assert capfd.readouterr().err == ""


def test_the_version_comes_from_one_source(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"copydesk {pipeline.__version__}\n"


def test_every_setting_of_run_is_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    said = capsys.readouterr().out
    for name in config.run_options():
        assert f"--{name.replace('_', '-')}" in said or name == "input"


def test_an_option_stands_in_for_its_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", str(SEEDS), "--workers", "-1"]) == 2
    assert one_line(capsys) == "copydesk: --workers must be at least 0; got -1"
    assert cli.main(["run", str(SEEDS), "--engine", "steam"]) == 2
    assert one_line(capsys).endswith("[run] engine must be one of local; got 'steam'")
    assert cli.main(["run", str(SEEDS), "--memory-limit", "much"]) == 2
    assert "memory_limit must be a number and KB, MB, GB or TB" in one_line(capsys)


def test_a_guard_is_listed_tried_and_set_like_a_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    lines = ["Sign up for our newsletter", "Share this on Facebook", "Related stories", "Advertisement"]
    (tmp_path / "in" / "index.txt").write_text("\n".join([*lines, "The minister spoke."]))
    name = "boilerplate/mostly_boilerplate"
    assert cli.main(["rules", name, "--json"]) == 0
    [listed] = json.loads(capsys.readouterr().out)
    assert listed["settings"] == {"max_cut": 0.9}
    settings = Path("s.toml")
    settings.write_text(f'[rules."{name}"]\nmax_cut = 0.5\n')
    for limit, hits in (("0.9", 0), ("0.5", 1)):
        settings.write_text(f'[rules."{name}"]\nmax_cut = {limit}\n')
        assert cli.main(["rules", "try", name, "--on", "in", "--config", "s.toml", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["hit"] == hits
    settings.write_text(f'[rules."{name}"]\nmax_cut = 0.5\nenabled = false\n')
    assert cli.main(["rules", "try", name, "--on", "in", "--config", "s.toml"]) == 2

"""The command itself: what a person is told when something breaks, and options that come from the settings."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline
from pipeline import config
from pipeline.console import cli, plan
from pipeline.run.steps.publishing import Publishing
from tests.runs import ARTICLE, SEEDS, one_line, published_files, run, write_jsonl


def test_a_fault_of_ours_in_a_command_is_one_line_and_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(options: argparse.Namespace) -> None:
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

    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nobody")

    monkeypatch.setattr(Publishing, "write", broken)
    assert run(SEEDS) == 1
    log = Path("output/runs/demo/error.log")
    assert (
        one_line(capsys) == f"copydesk: publishing: unexpected ZeroDivisionError: by nobody; the traceback is in {log}"
    )
    assert "raise ZeroDivisionError" in log.read_text()
    assert published_files("demo") == {}


def test_a_disk_that_is_full_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "part-000.parquet")

    monkeypatch.setattr(Publishing, "write", full)
    assert run(SEEDS) == 1
    assert one_line(capsys) == "copydesk: publishing: No space left on device: part-000.parquet"


def test_ctrl_c_says_what_stays(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stopped(options: argparse.Namespace) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(plan, "run", stopped)
    assert cli.main(["plan"]) == 130
    assert one_line(capsys).startswith("copydesk: stopped; what was done so far stays")


def test_nobody_reads_on(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def closed(options: argparse.Namespace) -> None:
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
    assert one_line(capsys).endswith("[run] engine must be one of local, spark; got 'steam'")
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


# --- what a person sees ------------------------------------------------------------------------------------------


def test_explain_tells_a_documents_life(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(SEEDS) == 0
    capsys.readouterr()
    assert cli.main(["explain", "001_2059845ff647bd54", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    encoding = next(step for step in told["steps"] if step["step"] == "encoding")
    assert {f["rule"] for f in encoding["findings"]} >= {"encoding/broken_entity", "encoding/doubled_full_stop"}
    assert told["published"] == "output/corpus"
    assert cli.main(["explain", "001_2059845ff647bd55"]) == 2
    assert "did you mean '001_2059845ff647bd54'?" in capsys.readouterr().err


def test_the_report_shows_text_and_never_runs_it(place: Path) -> None:
    hostile = "<script>alert(1)</script> & # 39;quoted& # 39; \u202eback"
    write_jsonl(place / "in" / "a.jsonl", [{"id": "<img src=x onerror=alert(1)>", "text": hostile + " " + ARTICLE}])
    assert run("in", "--publish-anyway") == 0
    page = Path("output/runs/demo/report.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1  # its own
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "\u202e" not in page


def test_rules_are_listed_with_their_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "--json"]) == 0
    listed = {entry["rule"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed["encoding/doubled_full_stop"]["verdict"] == "keep"
    assert cli.main(["rules", "encoding/mojibak"]) == 2
    assert "did you mean" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["language/mixed_script", "translation/missing_full_stop", "duplicates/exact_copy"])
def test_a_rule_of_any_stage_is_tried_with_what_earlier_stages_would_tell(
    place: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert cli.main(["rules", "try", name, "--on", str(SEEDS), "--json"]) == 0
    tried = json.loads(capsys.readouterr().out)
    assert (tried["documents"], tried["hit"]) == (3, int(name.startswith("translation/")))


def test_a_rule_is_tried_on_a_sample_and_changes_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "encoding/misplaced_quote"
    assert cli.main(["rules", "try", name, "--on", str(SEEDS), "--json"]) == 0
    tried = json.loads(capsys.readouterr().out)
    assert (tried["documents"], tried["hit"], tried["findings"], tried["edits"]) == (3, 1, 2, 2)
    assert [hit["before"] for hit in tried["hits"]] == [" ", ' "']
    assert not Path("output").exists()
    assert cli.main(["rules", "try", "encoding/misplaced_quotes"]) == 2
    assert capsys.readouterr().err == (
        "copydesk: no rule or stage 'encoding/misplaced_quotes'; did you mean 'encoding/misplaced_quote'?\n"
    )


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    for command in ("run", "status", "plan", "explain", "rules"):
        assert f"copydesk {command}" in said or f"    {command} " in said
    assert "Exit codes: 0 done, 1 failed, 2 wrong usage" in said


def test_plain_output_has_no_escape_codes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(SEEDS) == 0
    assert cli.main(["status"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_plan_and_status_for_machines(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(SEEDS) == 0
    capsys.readouterr()
    assert cli.main(["plan", "--json"]) == 0
    assert [step["fresh"] for step in json.loads(capsys.readouterr().out)] == [True] * 8
    assert cli.main(["status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["steps"]["encoding"]["counts"]["kept"] == 3
    assert run(SEEDS, "--json", "--again", "report") == 0
    assert json.loads(capsys.readouterr().out)["steps"]["report"]["fresh"] is True


def test_names_of_documents_and_folders_steer_no_terminal(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither as markup, nor as control or bidirectional characters, not even in JSON."""
    folder = place / "a[/]b"
    folder.mkdir(parents=True)
    identity = "x\u202e\x9b31m"
    write_jsonl(folder / "a.jsonl", [{"id": identity, "text": f"{ARTICLE} & # 39;quoted& # 39;"}])
    assert run(folder) == 0
    assert run(folder) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert cli.main(["explain", identity, "--json"]) == 0
    said = capsys.readouterr().out
    assert said.replace("\n", "").isprintable()
    assert json.loads(said)["id"] == identity
    assert cli.main(["explain", identity]) == 0
    assert capsys.readouterr().out.replace("\n", "").isprintable()


def test_ctrl_c_in_the_middle_of_a_run_ends_it_with_130(place: Path) -> None:
    """A real signal, in a real process, while a step is being made."""
    code = (
        "import os, signal, sys\n"
        "from pipeline.console import cli\n"
        "from pipeline.run.steps.publishing import Publishing\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # whoever starts the tests may ignore it
        "Publishing.write = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        f"sys.exit(cli.main(['run', {str(SEEDS)!r}, '--batch', 'demo']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr.count("\n")) == (130, 1), done.stderr
    assert done.stderr.startswith("copydesk: stopped; what was done so far stays")
    assert list(Path("output").rglob("*.tmp")) == []

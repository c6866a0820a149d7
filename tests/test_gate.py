"""The gate: it holds floors on the labelled data, and says so where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import data
from benchmarks.quality import Measure, __main__

ROOT = Path(__file__).parents[1]


def test_without_the_labelled_data_the_gate_says_so_and_passes(tmp_path: Path) -> None:
    environment = {**os.environ, "COPYDESK_DATA": str(tmp_path / "none")}
    command = [sys.executable, "-m", "benchmarks.quality"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"no labelled data here, skipped: {tmp_path}/none is not there")


def test_a_set_that_is_missing_beside_others_is_no_reason_to_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "ROOT", tmp_path)
    with pytest.raises(data.DataMissing, match=r"articles\.jsonl\.gz is not there"):
        data.load("articles")


@pytest.mark.parametrize(
    ("value", "missed"),
    [(0.5, []), (0.7, []), (0.4, ["subject: recall is 0.4000, floor: least 0.5"])],
)
def test_a_measure_below_its_floor_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: float, missed: list[str]
) -> None:
    (tmp_path / "subject.toml").write_text('[floors]\n"recall" = { least = 0.5 }\n')
    monkeypatch.setattr(__main__, "FLOORS", tmp_path)
    assert __main__.check("subject", [Measure("recall", value)]) == missed
    assert ("MISS" in capsys.readouterr().out) == bool(missed)


def test_a_floor_for_what_was_not_measured_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "subject.toml").write_text('[floors]\n"recall" = { least = 0.5 }\n')
    monkeypatch.setattr(__main__, "FLOORS", tmp_path)
    assert __main__.check("subject", []) == ["subject: floor for 'recall', which was not measured"]

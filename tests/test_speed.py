"""The measure of speed: a step that has grown dear misses its floor, and no process of a run goes uncounted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import processes, speed
from benchmarks.processes import Cost

PINNED = {"tolerance": 0.15, "ratios": {"reading": 0.1, "encoding": 0.2}}


@pytest.mark.parametrize(
    ("reading", "encoding", "said"),
    [
        (1.0, 2.0, []),
        (1.14, 2.29, []),
        (0.1, 2.31, ["speed: encoding     0.2310 of the script by hand, noted 0.2000, at most 0.2300"]),
    ],
)
def test_a_step_that_has_grown_dear_beside_the_script_by_hand_misses_its_floor(
    reading: float, encoding: float, said: list[str]
) -> None:
    measured = speed.Measured(
        {"reading": reading, "encoding": encoding, "report": 9.0}, {"encoding": 4.0, "language": 6.0}, 0
    )
    assert speed.missed(measured, PINNED) == said


def test_a_process_costs_what_those_cost_that_it_leaves_behind(tmp_path: Path) -> None:
    spin = "import time\nwhile time.process_time() < 0.4: pass"
    leave = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {spin!r}])"
    assert processes.cost([sys.executable, "-c", leave], tmp_path).cpu >= 0.4


def test_a_process_counts_whose_end_its_parent_is_not_told_of(tmp_path: Path) -> None:
    spin = "import time\nwhile time.process_time() < 1.5: pass"
    ignore = "import signal, subprocess, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
    command = [sys.executable, "-c", f"{ignore}; subprocess.run([sys.executable, '-c', {spin!r}])"]
    assert processes.cost(command, tmp_path).cpu >= 0.4  # looked at twice a second


def test_a_process_that_fails_is_no_measure(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="exit code 3"):
        processes.cost([sys.executable, "-c", "raise SystemExit(3)"], tmp_path)


def test_the_median_is_taken_over_rounds_in_which_all_are_measured() -> None:
    order: list[str] = []

    def measure(name: str, costs: list[float]) -> Cost:
        order.append(name)
        return Cost(costs.pop(), 1.0, 9.0)

    one, two = [3.0, 1.0, 2.0], [30.0, 20.0, 10.0]
    found = processes.in_rounds({"one": lambda: measure("one", one), "two": lambda: measure("two", two)}, 3)
    assert found == {"one": Cost(2.0, 1.0, 9.0), "two": Cost(20.0, 1.0, 9.0)}
    assert order == ["one", "two"] * 3

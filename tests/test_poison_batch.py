"""The poison batch: whatever comes in, neighbours are published, poisons accounted for, nothing explodes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

import pipeline
from pipeline.engine import storage
from pipeline.stages import tables
from tests import poisons
from tests.runs import ROOT

MOST_MEMORY = 800  # MB
MOST_TIME = 90  # s of CPU

SETTINGS = "[run]\nbatch = 'demo'\ninput = 'in'\nworkers = 1\nmax_quarantined = 1.0\nmax_quarantined_source = 1.0\n"
SETTINGS += f"[read]\nmax_record_bytes = {poisons.MOST}\n"
SETTINGS += '[rules."translation/low_score"]\nenabled = false\n'  # the neighbours are put together by a machine
RUN = """
import os
from pipeline.console import cli
code = cli.main(["run", "--config", "s.toml"])
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print()
print(code, int(peak) // 1024, sum(os.times()[:2]))
"""


class Batch(NamedTuple):
    """What became of the poisons of each case, and which neighbours were published; what the run took."""

    became: dict[str, list[str]]
    neighbours: Counter[str]
    code: int
    peak: int  # MB
    seconds: float  # of CPU
    said: str


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """All cases in one batch that has been run."""
    place = tmp_path_factory.mktemp("poisons")
    for number, poison in enumerate(poisons.POISONS):
        folder = place / "in" / f"{number:03}"
        folder.mkdir(parents=True)
        poison.make(folder)
        for n in range(poisons.NEIGHBOURS):
            (folder / f"good{n}.txt").write_text(poisons.prose(f"{poison.name} beside {n}"))
    (place / "s.toml").write_text(SETTINGS)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", RUN], cwd=place, env=environment, capture_output=True, check=True)
    code, peak, seconds = ran.stdout.splitlines()[-1].split()
    return _told(place, int(code), int(peak), float(seconds), (ran.stdout + ran.stderr).decode("utf-8", "replace"))


def _told(place: Path, code: int, peak: int, seconds: float, said: str) -> Batch:
    became: dict[str, list[str]] = defaultdict(list)
    neighbours: Counter[str] = Counter()
    for document in pipeline.read_corpus(str(place / "output" / "corpus")):
        case = document.source.file[:3]
        if re.search(r"[./]good\d$", document.id) or document.source.url == poisons.GOOD_URL:
            neighbours[case] += 1
        else:
            became[case].append(poisons.PUBLISHED)
    for kind in (tables.QUARANTINED, tables.DROPPED):
        for output in place.glob(f"output/runs/demo/*/{kind}"):
            for row in storage.read_table(str(output)).to_pylist():
                became[row["file"][:3]].append(f"{kind}: {row['reason'].removeprefix('reading: ')}")
    [reading] = place.glob("output/runs/demo/0-reading-*/manifest.json")
    for name in json.loads(reading.read_text())["left_out"]:
        became[name[3:6]].append(f"left out: {name[7:]}")
    return Batch(became, neighbours, code, peak, seconds, said)


CASES = [pytest.param(f"{n:03}", poison, id=poison.name) for n, poison in enumerate(poisons.POISONS)]


@pytest.mark.parametrize(("case", "poison"), CASES)
def test_a_poison_becomes_what_it_should_and_its_neighbours_are_published(
    batch: Batch, case: str, poison: poisons.Poison
) -> None:
    became = sorted(batch.became[case])
    expected = sorted(poison.becomes)
    assert [told[: len(start)] for told, start in zip(became, expected, strict=False)] == expected
    assert len(became) == len(expected), became
    assert batch.neighbours[case] == poisons.NEIGHBOURS + poison.inside


def test_a_batch_of_poisons_ends_well_and_says_nothing_that_a_terminal_would_obey(batch: Batch) -> None:
    assert batch.code == 0
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", batch.said) == []
    assert "Traceback" not in batch.said


def test_a_batch_of_poisons_takes_no_more_memory_and_time_than_others(batch: Batch) -> None:
    assert batch.peak < MOST_MEMORY
    assert batch.seconds < MOST_TIME

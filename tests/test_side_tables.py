"""Side tables that are too large for a worker to hold: it reads what its documents ask for, and tells the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipeline.engine import storage
from pipeline.engine.inprocess import InProcessEngine
from pipeline.facts import duplicates
from pipeline.stages.boilerplate import line_facts
from pipeline.stages.duplicates import duplicate_facts

SITES = [f"{one}{two}.example" for one in ascii_lowercase for two in ascii_lowercase]
COUNTED = pa.schema([
    ("site", pa.string()), ("shape", pa.string()), ("documents", pa.int64()), ("of", pa.int64()),
    ("elsewhere", pa.int64()),
])  # fmt: skip
DECIDED = '[[line]]\nsite = "*"\nline = "Of all"\ndecision = "accept"\n'


@pytest.fixture(params=["held", "asked for"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Held whole, and read again and again."""
    storage.is_held.cache_clear()
    if request.param == "asked for":
        monkeypatch.setattr(storage, "HELD_ROWS", 0)
    yield request.param
    storage.is_held.cache_clear()


def test_lines_of_sites_are_told(how: str, tmp_path: Path) -> None:
    rows = [(site, f"{letter} on {site}", number, 100, 0) for site in SITES for number, letter in enumerate("abcdefgh")]
    table = pa.RecordBatch.from_pydict(dict(zip(COUNTED.names, zip(*rows, strict=True), strict=True)), COUNTED)
    storage.write_ordered(tmp_path / "lines", [table], COUNTED)
    text = "b on ah.example\nd on zz.example\nOf all\nh on ah.example"
    documents = pa.RecordBatch.from_pydict({"text": [text] * 4, "site": ["ah.example", "zz.example", None, "other"]})
    facts = line_facts(documents, counted=str(tmp_path / "lines"), decided=DECIDED).facts
    assert [{shape: use.documents for shape, use in fact.lines.items()} for fact in facts] == [
        {"b on ah.example": 1, "Of all": 0, "h on ah.example": 7},
        {"d on zz.example": 3, "Of all": 0},
        {"Of all": 0},
        {"Of all": 0},
    ]


def test_copies_are_told(how: str, tmp_path: Path) -> None:
    chance = random.Random(1)
    words = [f"word{number}" for number in range(400)]
    texts = [" ".join(chance.choices(words, k=60)) for _ in range(20)]
    documents = pa.table({"id": [f"d{n:02d}" for n in range(30)], "text": [texts[n % 20] for n in range(30)]})
    storage.write_part(tmp_path / "documents.parquet", documents)
    policy = duplicates.Policy()
    engine = InProcessEngine()
    found = duplicates.search(engine, str(tmp_path / "documents.parquet"), {}, "b", policy, str(tmp_path))
    rows = documents.slice(10, 20).combine_chunks().to_batches()[0]
    facts = duplicate_facts(rows, found=found, repeated="", min_characters=0, policy=policy).facts
    engine.close()
    told = [fact.duplicate.of if fact.duplicate else None for fact in facts]
    assert told == [None] * 10 + [f"d{n:02d}" for n in range(10)]


def test_only_row_groups_that_may_hold_the_values_are_read(tmp_path: Path) -> None:
    rows = pa.RecordBatch.from_pydict({"id": [f"{n:06d}" for n in range(20_000)], "n": list(range(20_000))})
    storage.write_ordered(tmp_path / "side", [rows], rows.schema)
    found = storage.rows_among(str(tmp_path / "side"), "id", pa.array(["000007", "019999", "x"]))
    assert found["n"].to_pylist() == [7, 19_999]
    assert pc.is_in(found["id"], pa.array(["000007", "019999"])).to_pylist() == [True, True]

"""The books: what was read and what was written must add up, in all and for each source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.engine import storage
from pipeline.errors import BalanceError
from pipeline.run import books
from pipeline.stages import tables


def write(folder: Path, place: str, sites: Iterable[str], reasons: Sequence[str] = ()) -> None:
    (folder / place).mkdir(parents=True)
    schema = {tables.KEPT: tables.DOCUMENTS, tables.FOUND: tables.FINDINGS}.get(
        place, tables.aside_schema(tables.DOCUMENTS)
    )
    rows = [
        {
            "id": f"{site}-{n}",
            "text": "x",
            "site": site,
            "file": "a.jsonl",
            "line": n,
            "reason": reasons[n] if reasons else "x/y: 1 < 2",
        }
        for n, site in enumerate(sites)
    ]
    storage.write_rows(folder / place, [tables.from_dicts(rows, schema)], schema)


@pytest.fixture
def step(tmp_path: Path) -> Path:
    """A step that read three documents of one site and two of another."""
    write(tmp_path / "before", tables.KEPT, ["a", "a", "a", "b", "b"])
    write(tmp_path / "after", tables.KEPT, ["a", "a", "b"])
    write(tmp_path / "after", tables.DROPPED, ["a"])
    write(tmp_path / "after", tables.QUARANTINED, ["b"])
    write(tmp_path / "after", tables.FOUND, [])
    return tmp_path


def test_books_that_balance_are_closed_with_counts_per_source_and_reason(step: Path) -> None:
    found = books.close("x", step / "after", 5, f"{step}/before/kept")
    assert found["counts"] == {"read": 5, "kept": 3, "dropped": 1, "quarantined": 1, "findings": 0}
    assert found["sources"] == {"a": {"kept": 2, "dropped": 1}, "b": {"kept": 1, "quarantined": 1}}
    assert found["reasons"] == {"x/y": 2}


def test_a_lost_document_stops_the_run(step: Path) -> None:
    with pytest.raises(BalanceError, match="x: read 6, but kept 3 \\+ dropped 1 \\+ quarantined 1 = 5"):
        books.close("x", step / "after", 6)


def test_a_document_that_changed_its_source_stops_the_run(step: Path) -> None:
    write(step / "other", tables.KEPT, ["a", "a", "a", "a", "b"])
    with pytest.raises(BalanceError, match="x: a: read 4, wrote 3"):
        books.close("x", step / "after", 5, f"{step}/other/kept")


def test_reasons_are_counted_without_their_particulars_but_with_the_name_of_what_is_missing() -> None:
    given = ['reading: no "text"; found "id"', "rule/a: 3 of 4", "reading: not UTF-8: byte 0xff at column 41"]
    assert books._short(pa.array(given)).to_pylist() == ['reading: no "text"', "rule/a", "reading: not UTF-8"]


def test_the_first_copy_of_a_document_is_no_loss_however_the_rows_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "duplicates/exact_copy: exact copy of a0 (batch demo): kept as first by id"
    rows = [{"id": f"a{n}", "site": "a.example", "file": "a.jsonl", "line": n, "reason": reason} for n in range(1, 5)]
    schema = pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in rows[0]])
    storage.write_rows(tmp_path / tables.DROPPED, [tables.from_dicts(rows, schema)], schema)
    storage.write_rows(tmp_path / tables.QUARANTINED, [tables.from_dicts([], schema)], schema)
    expected = {"a.example": {"dropped": {"duplicates/exact_copy": 3}, "quarantined": {}}}
    assert books.losses(tmp_path) == expected
    monkeypatch.setattr(books, "ROWS", 1)
    assert books.losses(tmp_path) == expected

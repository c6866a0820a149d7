"""What is in quarantine is taken through again; what comes out is, to the byte, what a full run would make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.console import cli
from pipeline.engine import storage
from pipeline.records import Document, Facts, Result
from pipeline.sources import read
from pipeline.sources.records import Failure, attempt
from pipeline.stages import rows
from pipeline.stages import stage as stages
from pipeline.stages.order import STAGES
from pipeline.stages.stage import Stage
from tests.runs import articles, made, plan, quarantined, run, tree, write_jsonl

BAD = "a7"  # the document that breaks


@pytest.fixture
def parts(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty articles in five files, which come as five parts."""
    monkeypatch.setattr(storage, "PART_ROWS", 4)
    monkeypatch.setattr("pipeline.engine.worker.ROWS_AT_ONCE", 4)
    monkeypatch.setattr(read, "PORTION_FILES", 1)
    for number in range(5):
        write_jsonl(place / "in" / f"{number}.jsonl", articles(4 * number + 4, start=4 * number))
    return place


class Breaking:
    """A stage that breaks on one document, as long as it is told to; it notes at which documents it has looked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.name, self.breaks = name, True
        self.seen: list[str] = []
        self._run = stages.run
        monkeypatch.setattr(stages, "run", self)
        monkeypatch.setattr(rows, "to_look_at", lambda texts, *_: ((row, ()) for row in range(len(texts))))

    def __call__(self, stage: Stage, document: Document, facts: Facts, idle: set[str]) -> Result:
        if stage.name == self.name:
            self.seen.append(document.id)
            if self.breaks and document.id == BAD:
                raise TimeoutError("it takes too long")
        return self._run(stage, document, facts, idle)


def retry(*arguments: str) -> int:
    return cli.main(["retry", *arguments])


def as_whole(output: str) -> dict[str, bytes]:
    """The current outputs of all steps, and the data of the corpus."""
    mine = plan(input="in", output=output)
    current = [found for step in mine.steps if step.has_books and (found := mine.made(step))]
    assert len(current) == len(STAGES) + 1
    files = {f"{m.step}/{name}": content for m in current for name, content in tree(m.output).items()}
    return {**files, **tree(f"{output}/corpus/data")}


@pytest.mark.parametrize("stage", ["translation", "language"])
def test_a_document_that_broke_a_stage_is_taken_through_again_with_its_part_alone(
    parts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stage: str
) -> None:
    broken = Breaking(monkeypatch, stage)
    assert run("in", "--workers", 1) == 0
    assert [row["id"] for row in quarantined()] == [BAD]
    broken.breaks = False
    capsys.readouterr()
    assert run("in", "--workers", 1) == 0
    assert "Nothing to do" in capsys.readouterr().out  # the reason has passed, and no key knows of it
    broken.seen.clear()
    assert retry("--workers", "1") == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{stage}: 1 in quarantine before, 0 now"
    assert set(broken.seen) <= {"a4", "a5", "a6", "a7"}
    assert made(stage, input="in").manifest["parts_made"] == 1
    assert run("in", "--workers", 1, "--output", "whole") == 0
    assert as_whole("output") == as_whole("whole")
    assert cli.main(["verify"]) == 0


def test_what_still_breaks_stays_where_it_is(parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Breaking(monkeypatch, "translation")
    assert run("in", "--workers", 1) == 0
    before = tree("output")
    assert retry("--workers", "1") == 0
    assert tree("output") == before


def test_a_record_that_could_not_be_read_is_read_again_with_its_portion_alone(
    parts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(make: Any, file: Any, line: int, text: str) -> Any:
        return (
            Failure(file.name, line, "took too long")
            if file.name == "1.jsonl" and line == 4
            else attempt(make, file, line, text)
        )

    monkeypatch.setattr("pipeline.sources.read.attempt", breaks)
    assert run("in", "--workers", 1) == 0
    monkeypatch.setattr("pipeline.sources.read.attempt", attempt)
    assert retry("--workers", "1") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "reading: 1 in quarantine before, 0 now"
    assert made("reading", input="in").manifest["parts_made"] == 1
    assert run("in", "--workers", 1, "--output", "whole") == 0
    assert as_whole("output") == as_whole("whole")


def test_after_ids_used_twice_all_is_read_again(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which of two documents keeps an id is known only when all are read."""
    write_jsonl(parts / "in" / "2.jsonl", articles(1))
    assert run("in", "--workers", 1) == 0
    before = tree("output")
    assert retry("--workers", "1") == 0
    assert made("reading", input="in").manifest["parts_made"] == 5
    assert tree("output") == before


def test_what_a_mended_rule_makes_stale_is_made_whole(
    parts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may change documents that were never in quarantine: nobody can adopt these."""
    rows = [{**row, "text": f"{row['text']} So it was on Friday..\n\nMore was said."} for row in articles(22, start=20)]
    write_jsonl(parts / "in" / "5.jsonl", rows)
    rule = '[rules."encoding/doubled_full_stop"]\nverdict = "quarantine"\n'
    settings_before = Path("configs/copydesk.toml").read_text()
    Path("configs/copydesk.toml").write_text(settings_before + rule)
    assert run("in", "--workers", 1) == 0
    assert [row["id"] for row in quarantined()] == ["a20", "a21"]
    Path("configs/copydesk.toml").write_text(settings_before)
    assert retry("--workers", "1") == 0
    assert made("encoding", input="in").manifest["parts_made"] == 6
    assert run("in", "--workers", 1, "--output", "whole") == 0
    assert tree("output/corpus/data") == tree("whole/corpus/data")


def test_of_a_damaged_output_nothing_is_taken_over(parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Breaking(monkeypatch, "translation")
    assert run("in", "--workers", 1) == 0
    broken.breaks = False
    output = made("translation", input="in").output
    file = output / "kept" / "part-00000-000.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1  # of the same size, and with its end
    file.write_bytes(content)
    assert retry("--workers", "1") == 0
    assert made("translation", input="in").manifest["parts_made"] == 5
    assert run("in", "--workers", 1, "--output", "whole") == 0
    assert as_whole("output") == as_whole("whole")


def test_with_the_input_archived_the_stages_are_retried_alone(
    parts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = Breaking(monkeypatch, "translation")
    write_jsonl(parts / "in" / "5.jsonl", [{"id": "no text"}])
    assert run("in", "--workers", 1) == 0
    assert len(quarantined()) == 2
    broken.breaks = False
    (parts / "in").rename(parts / "archive")
    assert retry("--workers", "1") == 0
    assert [row["file"] for row in quarantined()] == ["5.jsonl"]


def test_a_batch_without_any_has_nothing_to_do(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(2))
    assert run("in") == 0
    capsys.readouterr()
    assert retry() == 0
    assert capsys.readouterr().out.startswith("Nothing to do")

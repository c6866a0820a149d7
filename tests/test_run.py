"""A batch from its input to the published corpus, and one batch after the other."""

from __future__ import annotations

import json
import re
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

import pipeline
from pipeline import config
from pipeline.engine import local, storage, worker
from tests.runs import ARTICLE, SEEDS, articles, made, plan, published_rows, run, tree, write_jsonl


def test_the_seeds_come_out_clean(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(SEEDS) == 0
    texts = {d.id: d.text for d in pipeline.read_corpus("output/corpus")}
    golden = Path(__file__).parent / "golden"
    assert texts == {file.stem: file.read_bytes().decode() for file in golden.glob("*.txt")}
    assert texts["002_36873d84efbc44f9"] == (SEEDS / "002_36873d84efbc44f9.txt").read_bytes().decode()
    said = capsys.readouterr().out
    assert "corpus  output/corpus\n" in said
    assert "output/runs/demo/report.html" in said


def test_a_second_run_has_nothing_to_do_and_says_why(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(SEEDS) == 0
    before = tree("output")
    capsys.readouterr()
    assert run(SEEDS) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert run(SEEDS, "--json") == 0
    assert json.loads(capsys.readouterr().out)["nothing_to_do"] is True
    assert tree("output") == before


def test_dirty_copies_are_dropped_and_name_their_twin_and_the_similarity(place: Path) -> None:
    Path(config.DEFAULT_FILE).unlink()
    shutil.copytree(SEEDS, place / "in")
    story = (SEEDS / "000_e7ac5253860ec0da.txt").read_text(encoding="utf-8")
    entities = story.replace('"', "&quot;").replace("'", "&#39;").replace("Human Rights Watch", "HRW")
    furniture = story.rpartition("\n")[0] + "\nRead more: Our live blog\n"
    (place / "in" / "900_entities.txt").write_text(entities)
    (place / "in" / "901_furniture.txt").write_text(furniture)
    assert run("in") == 0
    assert sorted(d.id for d in pipeline.read_corpus("output/corpus")) == sorted(f.stem for f in SEEDS.glob("*.txt"))
    dropped = storage.read_table(str(made("duplicates", input="in").output / "dropped")).to_pylist()
    assert [row["id"] for row in dropped] == ["900_entities", "901_furniture"]
    for row in dropped:
        assert re.search(
            r"(near|exact|contained) [01]\.\d\d\b.* of 000_e7ac5253860ec0da \(batch demo\)", row["reason"]
        ), row


def test_a_batch_is_judged_against_those_before_it_by_name_and_never_against_itself(place: Path) -> None:
    Path(config.DEFAULT_FILE).unlink()
    assert run(SEEDS, "--batch", "2026-11-02") == 0
    first = tree("output/corpus")
    assert run(SEEDS, "--batch", "2026-11-02", "--again", "duplicates") == 0
    assert tree("output/corpus") == first
    shutil.copytree(SEEDS, place / "in")
    (place / "in" / "new.txt").write_text(ARTICLE)
    assert run("in", "--batch", "2026-11-03") == 0
    assert [row["id"] for row in published_rows("2026-11-03")] == ["new"]
    dropped = storage.read_table(str(made("duplicates", batch="2026-11-03", input="in").output / "dropped"))
    reasons = dropped["reason"].to_pylist()
    assert ["(batch 2026-11-02)" in reason for reason in reasons] == [True] * 3
    # an older batch that comes late is not judged against newer ones, and makes them stale
    assert run("in", "--batch", "2026-11-01") == 0
    assert len(pipeline.read_corpus("output/corpus")) == 3 + 1 + 4
    stale = {s.step: s.why for s in plan(batch="2026-11-02", input=str(SEEDS)).states() if not s.fresh}
    assert stale["boilerplate"].startswith("history.2026-11-01: nothing -> ")


def repeated(settings: str) -> list[str]:
    """The documents in which `repeated_paragraph` finds something, under these settings."""
    Path("configs/copydesk.toml").write_text(settings)
    assert run("in") == 0
    findings = storage.read_table(str(made("duplicates", input="in").output / "findings"))
    mine = findings.filter(pc.equal(findings["rule"], "duplicates/repeated_paragraph"))
    return sorted(map(str, mine["id"].to_pylist()))


def test_a_lower_limit_of_repeated_paragraphs_has_an_effect(place: Path) -> None:
    shared = "The agency said that it would look into the case, and that nobody had been hurt."
    short = "It was raining on that day."
    texts = {"a": "They met on Monday.", "b": "A ship sank in the harbour.", "c": "Prices rose again."}
    for name, own in texts.items():
        (place / "in").mkdir(exist_ok=True)
        (place / "in" / f"{name}.txt").write_text("\n".join([own, short, *([shared] if name != "c" else [])]))
    rule = '[rules."duplicates/repeated_paragraph"]\n'
    assert repeated("") == []
    assert repeated(f"{rule}min_documents = 2\n") == ["a", "b"]
    assert repeated(f"{rule}min_characters = 10\nmin_words = 3\n") == ["a", "b", "c"]
    assert repeated(f"{rule}enabled = false\n") == []


def test_the_limit_of_near_copies_is_set_in_one_place(place: Path) -> None:
    words = [f"word{n}" for n in range(120)]
    (place / "in").mkdir()
    (place / "in" / "a.txt").write_text(" ".join(words))
    (place / "in" / "b.txt").write_text(" ".join([*words[:60], *words[64:]]))

    def dropped(limit: float) -> list[str]:
        Path("configs/copydesk.toml").write_text(f"[duplicates]\nmin_similarity = {limit}\nmin_contained = 1.0\n")
        assert run("in") == 0
        table = storage.read_table(str(made("duplicates", input="in").output / "dropped"))
        return [str(reason) for reason in table["reason"].to_pylist()]

    assert dropped(0.99) == []
    [reason] = dropped(0.8)
    assert re.search(r"near 0\.\d\d >= 0\.80 of a", reason)


def test_a_run_starts_its_workers_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "IN_PROCESS_BYTES", 0)
    monkeypatch.setattr(storage, "PART_ROWS", 10)
    monkeypatch.setattr("pipeline.sources.read.ROWS_AT_ONCE", 10)
    started: list[int] = []

    class Counted(ProcessPoolExecutor):
        def __init__(self, workers: int, *rest: Any, **named: Any) -> None:
            started.append(workers)
            super().__init__(workers, *rest, **named)

    monkeypatch.setattr(worker, "ProcessPoolExecutor", Counted)
    for number in range(3):
        write_jsonl(place / "in" / f"{number}.jsonl", articles(10 * number + 10, 10 * number))
    assert run("in", "--workers", 2) == 0
    assert started == [2]
    assert len(pipeline.read_corpus("output/corpus")) == 30

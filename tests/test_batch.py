"""A batch keeps what it was made of: nothing is published in the place of something else by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.console import cli
from tests.runs import articles, fails, published_files, published_rows, refused, run, write_jsonl

SETTINGS = """
[run]
input = "inbox"
workers = 1
[rules]
"duplicates/near_copy" = { enabled = false }
"duplicates/contained_copy" = { enabled = false }
"""


def published_ids(batch: str) -> list[str]:
    return [row["id"] for row in published_rows(batch, ["id"])]


@pytest.fixture
def nightly(place: Path) -> Path:
    """The batch `n1` of four articles in a folder `inbox`, made with a settings file of its own."""
    write_jsonl(place / "inbox" / "a.jsonl", articles(4))
    (place / "night.toml").write_text(SETTINGS)
    assert run("--batch", "n1", "--config", "night.toml") == 0
    return place


@pytest.mark.parametrize("more", [[], ["--again", "translation"]], ids=["as it is", "a step again"])
def test_a_batch_named_without_its_input_is_made_of_its_own(nightly: Path, more: list[str]) -> None:
    before = published_files("n1")
    assert run("--batch", "n1", *more) == 0
    assert published_files("n1") == before


def test_another_input_under_an_old_name_is_refused_with_both_named(
    nightly: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(nightly / "other" / "b.jsonl", articles(9, start=5))
    before = published_files("n1")
    code, said = fails(capsys, "other", "--batch", "n1")
    assert code == 2
    assert said.startswith("copydesk: batch n1 was made of inbox, and other is named now")
    assert "--replace" in said
    assert published_files("n1") == before


def test_it_is_made_of_another_one_when_asked(nightly: Path) -> None:
    write_jsonl(nightly / "other" / "b.jsonl", articles(9, start=5))
    assert run("other", "--batch", "n1", "--replace") == 0
    assert published_ids("n1") == ["a5", "a6", "a7", "a8"]
    assert run("--batch", "n1") == 0
    assert published_ids("n1") == ["a5", "a6", "a7", "a8"]


def test_the_same_input_may_be_named_in_another_way(nightly: Path) -> None:
    assert run(nightly / "inbox" / ".", "--batch", "n1") == 0


def test_a_batch_is_the_same_from_another_folder(
    nightly: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = f'{SETTINGS}\n[boilerplate]\nphrases = "mine.toml"\n'.replace("[run]", '[run]\noutput = "output"')
    (nightly / "night.toml").write_text(settings)
    (nightly / "mine.toml").write_text("off = []\n")
    assert run("--batch", "n1", "--config", "night.toml") == 0
    before = published_files("n1")
    (nightly / "elsewhere" / "deep").mkdir(parents=True)
    monkeypatch.chdir(nightly / "elsewhere" / "deep")
    capsys.readouterr()
    assert run("--batch", "n1", "--config", "../../night.toml") == 0
    assert capsys.readouterr().out.startswith("Nothing to do: ../../inbox, settings")
    assert run("--batch", "n1", "--output", "../../output", "--again", "reading") == 0
    assert published_files("n1", "../../output") == before
    assert not Path("output").exists()


def test_a_batch_may_be_moved_with_its_input(nightly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = published_files("n1")
    monkeypatch.chdir(nightly.parent)
    moved = nightly.rename(nightly.with_name(f"{nightly.name}-moved"))
    monkeypatch.chdir(moved)
    assert run("--batch", "n1") == 0
    assert published_files("n1") == before


def test_a_batch_whose_input_has_gone_is_not_made_of_the_default(
    nightly: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (nightly / "inbox").rename(nightly / "archive")
    before = published_files("n1")
    code, said = fails(capsys, "--batch", "n1", "--again", "translation")
    assert code == 2
    assert said.startswith("copydesk: inbox: no such file or folder")
    assert published_files("n1") == before


def test_what_is_asked_about_a_batch_is_asked_about_its_own(nightly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert cli.main(["plan", "--batch", "n1"]) == 0
    assert "never run" not in capsys.readouterr().out


@pytest.mark.parametrize("command", [["status"], ["plan"], ["rules", "encoding"], ["verify"]], ids=lambda c: c[0])
def test_whoever_only_asks_may_name_other_settings(nightly: Path, command: list[str]) -> None:
    (nightly / "other.toml").write_text('[run]\ninput = "elsewhere"\n')
    assert cli.main([*command, "--batch", "n1", "--config", "other.toml"]) == 0


@pytest.mark.parametrize("content", ["[]", "{}", '{"input": 3}', "no JSON"])
def test_what_a_batch_has_kept_may_be_damaged(nightly: Path, content: str) -> None:
    (nightly / "output" / "runs" / "n1" / "last.json").write_text(content)
    assert run("inbox", "--batch", "n1", "--config", "night.toml") == 0


def test_a_batch_is_not_replaced_by_an_input_that_nobody_names(nightly: Path) -> None:
    before = published_files("n1")
    assert run("--batch", "n1", "--replace") == 0
    assert published_files("n1") == before


def test_the_reasons_are_those_of_the_documents_that_are_too_many(
    nightly: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*articles(4), {**articles(1)[0], "id": "copy"}, {"id": "bad", "text": ""}]
    write_jsonl(nightly / "inbox" / "a.jsonl", rows)
    capsys.readouterr()
    said = refused(capsys, "--batch", "n1")
    assert said[1].endswith("most often by reading: no text: it is empty (1)")


# --- limits ----------------------------------------------------------------------------------------------------------


def test_a_batch_with_too_many_in_quarantine_is_not_published(
    nightly: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = published_files("n1")
    (nightly / "night.toml").write_text(f'{SETTINGS}[read]\ntext_field = "body"\n')
    capsys.readouterr()
    said = refused(capsys, "--batch", "n1")
    assert said[1:] == [
        "  - 4 of 4 documents are quarantined: 100.0% > 10.0% ([run] max_quarantined), most often by reading: "
        'no "body"; found "id", "text". hint: [read] text_field = "..." (4)'
    ]
    assert published_files("n1") == before
    assert refused(capsys, "--batch", "n1") == said  # and so the next time


def test_it_is_published_when_asked(nightly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [*articles(4), {"id": "bad", "text": ""}]
    write_jsonl(nightly / "inbox" / "a.jsonl", rows)
    assert run("--batch", "n1") == 3
    assert run("--batch", "n1", "--publish-anyway") == 0
    assert published_ids("n1") == ["a0", "a1", "a2", "a3"]
    assert run("--batch", "n1") == 0  # what is published is published


def test_a_batch_with_too_many_dropped_is_not_published(nightly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(nightly / "inbox" / "b.jsonl", [{**articles(1)[0], "id": "copy"}])
    capsys.readouterr()
    said = refused(capsys, "--batch", "n1", "--max-dropped", "0.1")
    assert said[1].startswith("  - 1 of 5 documents are dropped: 20.0% > 10.0% ([run] max_dropped)")
    assert published_ids("n1") == ["a0", "a1", "a2", "a3"]


def test_what_of_the_input_nobody_reads_is_said(nightly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one.pdf", "two.PDF", "notes.md", "Makefile"):
        (nightly / "inbox" / name).touch()
    capsys.readouterr()
    assert run("--batch", "n1") == 0
    said = "left out of the input: 4: .pdf 2, no suffix 1, .md 1"
    assert said in capsys.readouterr().out
    assert cli.main(["status", "--batch", "n1"]) == 0
    assert said in capsys.readouterr().out

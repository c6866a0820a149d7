"""Lines learned of sites, from batch to batch, and what the user decides on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline
from pipeline import config
from pipeline.console import cli
from tests.runs import ARTICLE, published_rows, run, write_jsonl

OPENINGS = ["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"]


def site_articles(site: str) -> Iterator[dict[str, str]]:
    """Articles of a site, each with the same line between two paragraphs of its own."""
    for number, word in enumerate(OPENINGS):
        first = f"{word} people spoke to the council about road {number} on Monday."
        text = f"{first}\n\nOur newsroom: tips and letters to the desk\n\n{word} more will follow, it said."
        yield {"id": f"{site}/{number}", "site": site, "text": text}


def test_a_line_learned_of_a_site_is_proposed_cut_rejected_and_taken_back(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(place / "in" / "a.jsonl", site_articles("example.org"))
    assert run("in") == 0
    assert not [d for d in pipeline.read_corpus("output/corpus") if "Our newsroom" in d.text]
    capsys.readouterr()
    assert cli.main(["boilerplate", "suggest", "--json"]) == 0
    [proposal] = json.loads(capsys.readouterr().out)
    assert (proposal["site"], proposal["line"]) == ("example.org", "Our newsroom: tips and letters to the desk")
    assert proposal["evidence"] == "in 12 of this site's 12 documents (100 %), never elsewhere"
    assert proposal["examples"] == ["example.org/0", "example.org/1", "example.org/2"]
    decision = ["example.org", proposal["line"]]
    assert cli.main(["boilerplate", "reject", *decision]) == 0
    assert "never elsewhere" in Path("configs/boilerplate_decisions.toml").read_text()
    assert run("in") == 0
    assert len([d for d in pipeline.read_corpus("output/corpus") if "Our newsroom" in d.text]) == 12
    assert cli.main(["boilerplate", "undo", *decision]) == 0
    assert run("in") == 0
    assert not [d for d in pipeline.read_corpus("output/corpus") if "Our newsroom" in d.text]
    assert cli.main(["boilerplate", "undo", *decision]) == 2


def test_an_article_that_a_site_has_many_times_is_left_to_the_duplicates_stage(place: Path) -> None:
    Path(config.DEFAULT_FILE).unlink()
    rows = [{"id": f"copy-{i}", "site": "example.org", "text": ARTICLE} for i in range(12)]
    write_jsonl(place / "in" / "a.jsonl", rows)
    assert run("in") == 0
    assert [(d.id, d.text) for d in pipeline.read_corpus("output/corpus")] == [("copy-0", ARTICLE)]


def test_an_article_that_a_site_has_in_versions_loses_nothing(place: Path) -> None:
    Path(config.DEFAULT_FILE).unlink()
    news = [
        " ".join(f"{word} of the roads in district {i}{n} were closed." for n in range(6))
        for i, word in enumerate(OPENINGS)
    ]
    versions = [{"id": f"version-{i}", "site": "example.org", "text": f"{news[i]}\n\n{ARTICLE}"} for i in range(4)]
    write_jsonl(place / "in" / "a.jsonl", [*versions, *site_articles("example.org")])
    assert run("in") == 0
    texts = {document.id: document.text for document in pipeline.read_corpus("output/corpus")}
    assert [texts[row["id"]] for row in versions if row["id"] in texts][:1] == [versions[0]["text"]]
    assert all(text == versions[int(name[-1])]["text"] for name, text in texts.items() if name.startswith("version"))
    assert not [text for name, text in texts.items() if "Our newsroom" in text]


def test_lines_are_remembered_from_batch_to_batch(place: Path) -> None:
    rows = list(site_articles("example.org"))
    write_jsonl(place / "one" / "a.jsonl", rows[:-1])
    write_jsonl(place / "two" / "a.jsonl", rows[-1:])
    assert run("one", "--batch", "1") == 0
    assert run("two", "--batch", "2") == 0
    [late] = published_rows("2")
    assert "Our newsroom" not in late["text"]


def test_what_a_person_sees_of_lines_learned(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["boilerplate", "suggest"]) == 2
    assert "no boilerplate step yet; run `copydesk run --batch " in capsys.readouterr().err
    write_jsonl(place / "in" / "a.jsonl", site_articles("example.org"))
    assert run("in") == 0
    line = "Our newsroom: tips and letters to the desk"
    capsys.readouterr()
    for action in (["decisions"], ["suggest"], ["accept", "*", line], ["suggest"], ["decisions"], ["suggest", "other"]):
        assert cli.main(["boilerplate", *action]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "No decisions yet; `copydesk boilerplate suggest` lists what there is to decide.",
        f"example.org  “{line}”",
        "  in 12 of this site's 12 documents (100 %), never elsewhere; as in example.org/0, example.org/1, "
        "example.org/2",
        "configs/boilerplate_decisions.toml: written; the next `copydesk run` follows it",
        f"example.org  “{line}”  [accepted]",
        "  in 12 of this site's 12 documents (100 %), never elsewhere; as in example.org/0, example.org/1, "
        "example.org/2",
        f"accept  *  “{line}”",
        "No line stands in enough of a site's documents.",
    ]
    assert cli.main(["boilerplate", "decisions", "--json"]) == 0
    assert '"decision": "accept"' in capsys.readouterr().out
    assert cli.main(["boilerplate", "accept", "example.org"]) == 2
    assert "name the site and the line" in capsys.readouterr().err

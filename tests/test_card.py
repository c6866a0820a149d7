"""The card of a release: valid for the Hub, true of the corpus, and text of strangers in it is nothing but text."""

from __future__ import annotations

import html
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline
from pipeline import __version__
from pipeline.output import card, licenses
from pipeline.output.known_limits import KNOWN
from pipeline.output.markdown import shown
from pipeline.stages.order import STAGES
from tests.runs import ROOT, articles, fails, run, tree, write_jsonl

CORPUS = Path("output/corpus")
HOSTILE = "<script>alert(1)</script>|[x](javascript:1)\n# *b* `c` $$d$$ www.a.example \u202eA"


def head() -> dict[str, Any]:
    """What the Hub reads."""
    found: dict[str, Any] = yaml.safe_load((CORPUS / "README.md").read_text().split("---\n")[1])
    return found


def sections() -> dict[str, list[list[str]]]:
    """The rows of the tables by the headings above them."""
    parts = re.split(r"^## (.*)\n", (CORPUS / "README.md").read_text(), flags=re.MULTILINE)
    rows = ([line.strip("| ").split(" | ") for line in part.splitlines() if line[:1] == "|"] for part in parts[2::2])
    return {name: table[2:] for name, table in zip(parts[1::2], rows, strict=True)}


# --- its head ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", {"license": "unknown"}),
        ("cc-by-4.0", {"license": "cc-by-4.0"}),
        ("openrail++", {"license": "openrail++"}),
        ("1.0", {"license": "other", "license_name": "1.0"}),
    ],
)
def test_the_head_says_what_the_hub_asks_for(place: Path, name: str, told: dict[str, str]) -> None:
    write_jsonl(Path("in/a.jsonl"), articles(3))
    assert run("in", "--license", name) == 0
    assert head() == {
        "pretty_name": "Clean news articles",
        **told,
        "language": ["en"],
        "size_categories": ["n<1K"],
        "configs": [{"config_name": "default", "data_files": "data/*.parquet"}],
    }


def test_batches_under_several_licences_name_all_of_them(two: Path) -> None:
    before = tree(CORPUS / "data")
    assert run("--batch", "b2", "--license", "cc0-1.0") == 0
    assert head()["license"] == ["cc0-1.0", "unknown"]
    assert sorted(before.values()) == sorted(tree(CORPUS / "data").values())


def test_a_licence_that_cannot_be_a_name_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = fails(capsys, "in", "--license", "mit\nlanguage: x")
    assert code == 2
    assert said.endswith(r"[run] license must be a name as the Hub has it, as cc-by-4.0; got 'mit\nlanguage: x'")


def test_the_names_of_licences_are_names() -> None:
    assert {"cc-by-4.0", "cc0-1.0", "other", "unknown"} < licenses.NAMES
    assert [name for name in licenses.NAMES if not re.fullmatch(r"[a-z0-9][a-z0-9.+\-]*", name)] == []


# --- its facts ---------------------------------------------------------------------------------------------------


def test_the_facts_are_those_of_the_corpus(place: Path) -> None:
    rows = [
        {**row, "site": f"s{n % 3}.example", "published": f"2026-11-{10 + n}", "text": row["text"] + " &amp; more é."}
        for n, row in enumerate(articles(5))
    ]
    german = (
        "Der Bahnhof wird bis zum Jahresende umgebaut, sagte die Sprecherin am Montag. Die Arbeiten beginnen im Mai."
    )
    write_jsonl(Path("in/a.jsonl"), [*rows, {"id": "de", "text": german}, {"id": "none"}])
    Path("configs/copydesk.toml").write_text(
        '[rules."language/unwanted_language"]\nwanted = ["en"]\n[rules."duplicates/near_copy"]\nenabled = false\n'
    )
    assert run("in", "--publish-anyway") == 0
    found = sections()
    corpus = pipeline.read_corpus(CORPUS).dataset.to_table().to_pylist()
    characters, size = (sum(len(how(row["text"])) for row in corpus) for how in (str, str.encode))
    text = (CORPUS / "README.md").read_text()
    packed = sum(file.stat().st_size for file in (CORPUS / "data").iterdir())
    assert f"{characters:,} characters, which are {size:,} bytes; the files have {packed:,}." in text
    assert "Published from 2026-11-10 to 2026-11-14, as far as a date is known: of 5 articles." in text
    assert [[html.unescape(site), number] for site, number in found["Sources"]] == [
        ["s0.example", "2"], ["s1.example", "2"], ["s2.example", "1"],
    ]  # fmt: skip
    assert [row[:2] + row[3:4] for row in found["What was set aside"]] == [
        ["language", "dropped", "1"], ["reading", "quarantined", "1"],
    ]  # fmt: skip
    assert ["encoding/escaped_entity", "5", "5"] in [row[:3] for row in found["What was changed"]]
    [[batch, version, key, changed]] = found["How to make it again"]
    release = json.loads((CORPUS / "_manifest.json").read_text())
    assert (batch, version, key) == ("demo", __version__, release["batches"]["demo"]["key"])
    assert html.unescape(changed) == (
        'language/unwanted_language wanted = ["en"]; duplicates/near_copy enabled = false'
    )


def test_sites_beyond_the_largest_are_summed_up(place: Path) -> None:
    write_jsonl(Path("in/a.jsonl"), [{**row, "site": f"s{n:02d}.example"} for n, row in enumerate(articles(30))])
    assert run("in") == 0
    rows = sections()["Sources"]
    assert len(rows) == 21
    assert rows[-1] == ["(others)", "10"]


def test_what_was_set_aside_by_several_batches_is_added_up(place: Path) -> None:
    for name, first in (("b1", 0), ("b2", 5)):
        write_jsonl(Path(name, "a.jsonl"), [*articles(first + 5, first), {"id": "x"}, {"id": "y", "body": "A text."}])
        assert run(name, "--batch", name, "--publish-anyway") == 0
    rows = sections()["What was set aside"]
    assert [row[:2] for row in rows] == [["reading", "quarantined"]] * len(rows)
    assert sum(int(row[3]) for row in rows) == 4


def test_a_batch_of_an_earlier_version_has_no_facts_to_tell(two: Path) -> None:
    release = json.loads((CORPUS / "_manifest.json").read_text())
    text = card.of(release, {"b1": {}, "b2": {}})
    assert "Release 2" in text
    assert "The texts have 0 characters" not in text


# --- text of strangers -------------------------------------------------------------------------------------------


def test_hostile_text_on_the_card_is_text(place: Path) -> None:
    rows = [{**row, "site": f"{HOSTILE}{n}", "id": f"{HOSTILE}{n}"} for n, row in enumerate(articles(3))]
    rows.append({**rows[0], "text": f"{rows[0]['text']}\n\n{HOSTILE}&quot;quot;"})
    write_jsonl(Path("in/a.jsonl"), rows)
    write_jsonl(Path(f"in/{HOSTILE.replace('/', '')[:60]}.jsonl"), [{"id": HOSTILE}])
    assert run("in", "--publish-anyway") == 0
    body = (CORPUS / "README.md").read_text().split("---\n", 2)[2]
    assert "&#60;script&#62;" in body
    assert [sign for sign in ("<script", "](java", "\u202e", "$$", "www.", "# *b") if sign in body] == []
    widths = {heading: {line.count(" | ") for line in rows} for heading, rows in _tables(body).items()}
    assert {heading: len(found) for heading, found in widths.items()} == dict.fromkeys(widths, 1)


def _tables(body: str) -> dict[str, list[str]]:
    parts = re.split(r"^## (.*)\n", body, flags=re.MULTILINE)
    found = {name: [line for line in part.splitlines() if line[:1] == "|" and "---" not in line] for name, part in
             zip(parts[1::2], parts[2::2], strict=True)}  # fmt: skip
    return {name: lines for name, lines in found.items() if lines}


@settings(deadline=None)
@given(st.text(), st.integers(1, 50))
def test_what_is_shown_is_bounded_and_holds_no_sign_of_markdown(text: str, most: int) -> None:
    found = shown(text, most)
    assert re.search(r"[<>|\[\]`*_\\$~#@:/.!{}()\n\r\x00-\x1f]", re.sub(r"&#\d+;", "", found)) is None
    assert "\n" not in html.unescape(found)
    assert len(html.unescape(found)) <= 10 * most


# --- known limits ------------------------------------------------------------------------------------------------

MEASURED = [  # what the card says, the floors that hold it, and by how much they may be stricter or looser
    ("boilerplate", "60 to 84 %", "boilerplate", "alone, web: boilerplate removed", 0.60),
    ("boilerplate", "60 to 84 %", "boilerplate", "with the site's pages, press: boilerplate removed", 0.84),
    ("boilerplate", "0.5 to 1.2 %", "boilerplate", "alone, news: content lost", 0.005),
    ("boilerplate", "0.5 to 1.2 %", "boilerplate", "alone, press: content lost", 0.012),
    ("encoding", "at most 1.1", "encoding", "wrong changes in 100,000 words", 1.1),
    ("language", "99 % are right", "language", "accuracy where answered", 0.99),
    ("language", "90 % come out", "language", "languages it lacks: undetermined", 0.90),
    ("translation", "80 % of garbled", "translation", "garbled set aside by default", 0.80),
    ("translation", "no original news", "translation", "original news set aside by default", 0.0),
    ("translation", "0.4 % of human", "translation", "human translations set aside by default", 0.004),
    ("duplicates", "99.5 %", "duplicates", "pairs: recall", 0.995),
]


@pytest.mark.parametrize(("step", "said", "file", "name", "figure"), MEASURED)
def test_a_known_limit_is_as_it_was_measured(step: str, said: str, file: str, name: str, figure: float) -> None:
    assert said in KNOWN[step]
    floors = tomllib.loads((ROOT / "benchmarks" / "floors" / f"{file}.toml").read_text())["floors"]
    [bound] = floors[name].values()
    assert bound == pytest.approx(figure, abs=min(0.015, 0.15 * min(figure, 1 - figure)))


def test_the_readme_says_the_same_limits() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [said for said in ("0.93 to 0.96", "60 to 84 %", "Bosnian and Croatian") if said not in readme] == []
    assert [
        said for said in ("0.93 to 0.96", "60 to 84 %", "Bosnian and Croatian") if said not in "".join(KNOWN.values())
    ] == []
    assert set(KNOWN) == {"reading", *(stage.name for stage in STAGES)}

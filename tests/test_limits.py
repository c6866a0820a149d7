"""A batch that lost more than it may is not published: as a whole, of one source, or against the batch before."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import Run
from pipeline.console import cli
from pipeline.output.manifest import SourceFigures
from pipeline.run import books, limits
from pipeline.run.limits import Before
from pipeline.stages import tables
from tests.runs import ARTICLE, published_files, refused, run, write_jsonl
from tests.test_books import write

WALL = "Before you go on: we and our partners use cookies to show you what you may like. Accept them all, or choose."


def of_site(site: str, count: int, night: int, text: str = "") -> list[dict[str, Any]]:
    """Articles of a site, all different, or all of the same text."""
    told = [f"Report {night}-{n} of {site}. {ARTICLE} It was number {(night * 1000 + n) * 7919}." for n in range(count)]
    return [{"id": f"{site}-{night}-{n}", "site": site, "text": text or told[n]} for n in range(count)]


@pytest.fixture
def first_night(place: Path) -> Path:
    """The batch `n1` of two sites, published."""
    write_jsonl(place / "n1" / "a.jsonl", [*of_site("a.example", 25, 1), *of_site("b.example", 25, 1)])
    assert run("n1", "--batch", "n1", "--workers", 1) == 0
    return place


def test_a_site_that_turned_into_a_wall_is_stopped_and_named(
    first_night: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*of_site("a.example", 200, 2), *of_site("b.example", 25, 2, WALL)]
    write_jsonl(first_night / "n2" / "a.jsonl", rows)
    capsys.readouterr()
    said = refused(capsys, "n2", "--batch", "n2", "--workers", 1)
    assert said[0] == (
        "copydesk: batch n2 is not published, and what was stays; --publish-anyway publishes it; "
        "its report: output/runs/n2/refused.html"
    )
    assert len(said) == 2
    assert said[1].startswith("  - b.example: dropped 0% -> 9")
    assert said[1].endswith("since n1 ([run] max_rise 35%), most by duplicates/exact_copy (23)")
    assert published_files("n2") == {}
    assert run("n2", "--batch", "n2", "--workers", 1, "--max-rise", "1.0") == 0


def test_a_feed_that_brings_yesterdays_articles_again_loses_nothing(first_night: Path) -> None:
    rows = [{**row, "id": f"again-{row['id']}"} for row in of_site("a.example", 25, 1)]
    write_jsonl(first_night / "n2" / "a.jsonl", [*rows, *of_site("b.example", 25, 2)])
    assert run("n2", "--batch", "n2", "--workers", 1) == 0


def test_a_new_source_of_which_nothing_can_be_read_is_stopped(
    first_night: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(first_night / "n2" / "a.jsonl", of_site("a.example", 400, 2))
    rows = [{"id": row["id"], "site": row["site"], "words": 9} for row in of_site("c.example", 25, 2)]
    write_jsonl(first_night / "n2" / "c.jsonl", rows)
    capsys.readouterr()
    said = refused(capsys, "n2", "--batch", "n2", "--workers", 1)
    assert len(said) == 2
    assert "25 of 25 documents are quarantined: 100.0% > 90.0% ([run] max_quarantined_source), most by" in said[1]


# --- the report of what was not published ----------------------------------------------------------------------------


def test_a_refused_batch_has_a_report_and_status_says_so(first_night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published, report = published_files("n1"), Path("output/runs/n1/report.html").read_bytes()
    rows = [*of_site("a.example", 25, 1), *of_site("b.example", 25, 1, "")]
    write_jsonl(first_night / "n1" / "a.jsonl", [*rows, *({"id": f"<{n}>", "text": ""} for n in range(9))])
    capsys.readouterr()
    said = refused(capsys, "--batch", "n1", "--workers", 1)
    assert said[1].startswith("  - 9 of 59 documents are quarantined: 15.3% > 10.0% ([run] max_quarantined)")
    page = Path("output/runs/n1/refused.html").read_text()
    assert page.index(">Not published</h2>") < page.index("<h2>Steps</h2>")
    assert "9 of 59 documents are quarantined" in page
    assert 'href="../../corpus/README.md"' in page
    assert published_files("n1") == published
    assert Path("output/runs/n1/report.html").read_bytes() == report
    assert cli.main(["status", "--batch", "n1"]) == 0
    assert "not published, and what was stays; its report: output/runs/n1/refused.html" in capsys.readouterr().out
    assert cli.main(["status", "--batch", "n1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["refused"] == [line.removeprefix("  - ") for line in said[1:]]
    assert cli.main(["verify"]) == 0


@pytest.mark.parametrize("mended", [True, False], ids=["mended", "published anyway"])
def test_nothing_is_refused_any_more(first_night: Path, capsys: pytest.CaptureFixture[str], mended: bool) -> None:
    rows = [*of_site("a.example", 25, 1), *of_site("b.example", 25, 1)]
    write_jsonl(first_night / "n1" / "a.jsonl", [*rows, *({"id": f"x{n}", "text": ""} for n in range(9))])
    assert run("--batch", "n1", "--workers", 1) == 3
    if mended:
        write_jsonl(first_night / "n1" / "a.jsonl", rows)
    assert run("--batch", "n1", "--workers", 1, *([] if mended else ["--publish-anyway"])) == 0
    assert list(Path("output/runs/n1").glob("refused.*")) == []
    capsys.readouterr()
    assert cli.main(["status", "--batch", "n1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["refused"] == []
    assert all(step["fresh"] for step in told["steps"].values())


# --- what of the input is read by nobody -----------------------------------------------------------------------------


def test_an_input_of_files_that_nobody_reads_is_stopped_where_that_is_asked(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(place / "in" / "a.jsonl", of_site("a.example", 2, 1))
    for number in range(4):
        (place / "in" / f"{number}.pdf").touch()
    said = refused(capsys, "in", "--batch", "n1", "--workers", 1, "--max-left-out", "0.5")
    assert said[1:] == [
        "  - 4 of 5 files and folders of the input are read by nobody: 80.0% > 50.0% ([run] max_left_out): .pdf 4"
    ]
    page = Path("output/runs/n1/refused.html").read_text()
    assert "<h2>Left out of the input</h2>\n<p>4 entries.</p>" in page
    assert run("in", "--batch", "n1", "--workers", 1) == 0


def test_a_folder_that_cannot_be_listed_counts_and_the_output_folder_does_not(tmp_path: Path) -> None:
    from pipeline.sources.find import Entry, Found

    closed = Entry(tmp_path / "closed", "unreadable folder: Permission denied", wanted=True)
    output = Entry(tmp_path / "output", "the output folder", wanted=False)
    assert (
        Found([Entry(tmp_path / "a.txt", "", True), closed], [output, Entry(tmp_path / "b.md", "", False)]).unread == 2
    )


# --- shares against those of the batch before ------------------------------------------------------------------------


def figures(read: int, **lost: int) -> SourceFigures:
    return {
        "read": read,
        "dropped": {"language/unwanted": lost["dropped"]} if lost.get("dropped") else {},
        "quarantined": {"boilerplate/mostly_boilerplate": lost["quarantined"]} if lost.get("quarantined") else {},
    }


RISES = {
    "a tenth more": (figures(1000, dropped=30), figures(1000, dropped=130), 0),
    "a third more": (figures(1000, dropped=30), figures(1000, dropped=410), 1),
    "few documents": (figures(19), figures(19, dropped=19), 0),
    "few before": (figures(5), figures(1000, dropped=900), 0),
    "within chance": (figures(20, dropped=2), figures(20, dropped=9), 0),
    "beyond chance": (figures(20, dropped=2), figures(20, dropped=17), 1),
    "fewer": (figures(1000, quarantined=800), figures(1000), 0),
    "as bad as before": (figures(100, quarantined=95), figures(100, quarantined=99), 0),
    "both places": (figures(100), figures(100, dropped=45, quarantined=45), 2),
}


@pytest.mark.parametrize(("was", "now", "stopped"), RISES.values(), ids=RISES)
def test_a_share_is_compared_with_that_of_the_batch_before(
    was: SourceFigures, now: SourceFigures, stopped: int
) -> None:
    others = {"b.example": figures(10_000)}  # so that the whole has not risen
    found = limits._risen({"a.example": now, **others}, Run(max_rise=0.3), Before("n1", {"a.example": was, **others}))
    assert len(found) == stopped
    assert all(said.startswith("a.example: ") for said in found)
    assert limits._of_sources({"a.example": now}, Run(), Before("n1", {"a.example": was})) == []


def test_what_is_said_of_a_rise() -> None:
    before = Before("2026-11-20", {"example.org": figures(100, dropped=3)})
    now = {"example.org": figures(100, dropped=41), "b.example": figures(1000)}
    assert limits._risen(now, Run(max_rise=0.5), before) == []
    assert limits._risen(now, Run(), before) == [
        "example.org: dropped 3% -> 41% since 2026-11-20 ([run] max_rise 35%), most by language/unwanted (41)"
    ]


def test_of_many_sources_those_that_lost_most_are_named() -> None:
    names = [f"{n:02}.example" for n in range(30)]
    was = Before("n1", {name: figures(100) for name in names} | {"big": figures(100_000)})
    now = {name: figures(100, dropped=60 + n) for n, name in enumerate(names)} | {"big": figures(100_000)}
    said = limits._risen(now, Run(), was)
    assert [line.partition(":")[0] for line in said] == [f"{n}.example" for n in range(29, 24, -1)] + [
        "and 25 more like that"
    ]


def test_ordinary_nights_are_not_stopped() -> None:
    """200 sources, each with a share of its own that wanders from night to night, small ones among them."""
    chance = random.Random(11)
    habits = [(chance.choice((20, 25, 40, 100, 500)), chance.betavariate(1, 6)) for _ in range(200)]

    def night() -> Mapping[str, SourceFigures]:
        found = {}
        for number, (size, habit) in enumerate(habits):
            share = min(0.85, max(0.0, chance.gauss(habit, 0.05)))
            read = max(1, round(size * chance.uniform(0.7, 1.3)))
            lost = sum(chance.random() < share for _ in range(read))
            found[f"{number}.example"] = figures(read, dropped=lost // 2, quarantined=lost - lost // 2)
        return found

    before = night()
    for _ in range(60):
        now = night()
        assert limits._risen(now, Run(), Before("before", before)) == []
        assert limits._of_sources(now, Run(), Before("before", before)) == []
        before = now


# --- what is kept of each source -------------------------------------------------------------------------------------


def test_of_copies_of_one_document_the_first_is_no_loss(tmp_path: Path) -> None:
    twin = "duplicates/near_copy: near 0.97 >= 0.80 of {} (batch n1): kept as earliest"
    write(
        tmp_path, tables.DROPPED, ["a"] * 5 + ["b"] * 2, [twin.format(w) for w in ["w", "w", "w", "x", "y", "x", "z"]]
    )
    write(tmp_path, tables.QUARANTINED, ["b"], ["boilerplate/mostly_boilerplate: 0.95 > 0.90"])
    assert books.losses(tmp_path) == {
        "a": {"dropped": {"duplicates/near_copy": 2}, "quarantined": {}},
        "b": {"dropped": {}, "quarantined": {"boilerplate/mostly_boilerplate": 1}},
    }

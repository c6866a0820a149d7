"""The report of a batch: its figures, what it compares, its size, and what a browser makes of it."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import lxml.html  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.console import cli
from pipeline.engine.inprocess import InProcessEngine
from pipeline.output.report import charts, compared, figures, page
from pipeline.output.report.charts import Bar, Mark
from pipeline.output.report.figures import Before, Figures, Material
from pipeline.run import costs
from pipeline.stages.tables import FindingRow
from tests.browser import looked_at, wider
from tests.runs import ARTICLE, SEEDS, articles, made, plan, run, write_jsonl

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)></svg>",
    "\u202egnp.exe\u202c \x1b[31mred\x1b[0m \u200bnothing\u2066",
    "\"><a href='javascript:alert(4)'>x</a> ]]> --> </style></script> {{7*7}}",
)
SITES = [f"paper{number:02}.example" for number in range(12)]
DAMAGED = "They said it&#39;s over.\n\nShare this on Facebook\n\n"


def night(number: int, sites: list[str], damaged: int) -> list[dict[str, Any]]:
    """Five articles of each site, of which the first `damaged` have an entity and a line of furniture."""
    return [
        {
            "id": f"{site}-{number}-{n}",
            "site": site,
            "published": f"2026-0{1 + n}-03",
            "text": f"{DAMAGED * (n < damaged)}Report {number}-{n} of {site}. {ARTICLE} It was number {n * 7919}.",
        }
        for site in sites
        for n in range(5)
    ]


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the batches `n1` and `n2`, published, and `n3`, which is refused."""
    folder = tmp_path_factory.mktemp("batches")
    (folder / "configs").mkdir()
    rules = ("duplicates/near_copy", "duplicates/contained_copy")
    (folder / "configs" / "copydesk.toml").write_text("".join(f'[rules."{rule}"]\nenabled = false\n' for rule in rules))
    hostile = [
        {"id": f"{text}{n}", "site": text, "text": f"{text} {DAMAGED}{n} {ARTICLE}"} for n, text in enumerate(HOSTILE)
    ]
    long = {"id": "long", "site": SITES[0], "text": f"{ARTICLE}\n\n{'x' * 1_000_000}&#39;s\n\n{ARTICLE} It is long."}
    seed = (SEEDS / "002_36873d84efbc44f9.txt").read_text(encoding="utf-8")
    copies = [{"id": f"copy{n}", "site": SITES[1], "text": seed} for n in range(2)]
    with contextlib.chdir(folder):
        write_jsonl(Path("n1/a.jsonl"), night(1, [*SITES[:6], "gone.example"], 1))
        write_jsonl(Path("n2/a.jsonl"), [*night(2, SITES, 3), *hostile, long, *copies, {"id": "empty", "text": ""}])
        Path("n2/notes<b>.pdf").touch()
        Path("n2/b.txt").write_bytes(f"{ARTICLE} Le caf\xe9 est ferm\xe9 \x96 voil\xe0.".encode("latin-1"))
        write_jsonl(Path("n3/a.jsonl"), [*night(3, SITES[:2], 1), *({"id": f"<{n}>", "text": ""} for n in range(9))])
        assert run("n1", "--batch", "n1", "--workers", 1) == 0
        assert run("n2", "--batch", "n2", "--workers", 1) == 0
        assert run("n3", "--batch", "n3", "--workers", 1) == 3
    return folder


def report(folder: Path, batch: str = "n2", name: str = "report") -> Path:
    return folder / "output" / "runs" / batch / f"{name}.html"


@pytest.fixture(scope="module")
def parsed(batches: Path) -> Any:
    """The report of `n2`."""
    return lxml.html.document_fromstring(report(batches).read_text(encoding="utf-8"))


def words_of(element: Any) -> str:
    return " ".join(" ".join(element.itertext()).split())


# --- what it tells ---------------------------------------------------------------------------------------------------


def test_it_tells_first_what_was_published_lost_and_why(parsed: Any) -> None:
    head = words_of(parsed.find(".//header"))
    assert "Batch n2 68 read, 65 published . Finished" in head.replace(" published.", " published .")
    first = [words_of(section) for section in parsed.xpath("//div[@class='first']/section")]
    assert first[0].startswith("Lost, and why 1 1.5% duplicates/exact_copy")
    assert first[2].startswith("To decide 2 documents in quarantine")
    assert "1 entry of the input left out" in first[2]


def test_it_tells_what_has_changed_since_the_batch_before(parsed: Any) -> None:
    since = words_of(parsed.xpath("//div[@class='first']/section[2]")[0])
    assert since.startswith("Since batch n1 35 → 68 read 0% → 1.5% dropped 0% → 2.9% quarantined")
    assert "20.0% → 58.2% boilerplate/share_prompt" in since
    assert "1 gone: gone.example" in since
    assert "11 new: paper06.example, paper07.example" in since


def test_each_rule_has_a_place_and_samples_of_different_sites(parsed: Any) -> None:
    rule = parsed.get_element_by_id("rule-boilerplate-share_prompt")
    sites = [words_of(small).split(" · ")[1] for small in rule.xpath(".//li/small")]
    assert len(sites) == figures.SAMPLES
    assert len(set(sites)) == figures.SAMPLES
    assert [words_of(deleted) for deleted in rule.xpath(".//li//del")][:1] != []
    assert rule.get("open") is None


def test_documents_are_shown_with_all_their_changes_and_the_reasons(parsed: Any) -> None:
    documents = parsed.get_element_by_id("documents").find_class("document")
    assert len(documents) > 2
    [shown] = [each for each in documents if "boilerplate" in words_of(each) and "Share this" in words_of(each)][:1]
    [deleted] = [e for e in shown.iter("del") if "Share this" in words_of(e)]
    assert deleted.get("title").startswith("boilerplate/share_prompt")
    assert deleted.get("tabindex") == "0"


def test_every_link_leads_to_a_place_on_the_page(parsed: Any) -> None:
    ids = [element.get("id") for element in parsed.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    links = {link.get("href") for link in parsed.iter("a") if link.get("href").startswith("#")}
    assert any(link.startswith("#doc-") for link in links)
    assert {link.removeprefix("#") for link in links} - set(ids) == set()


def test_files_left_out_charsets_and_settings_are_told(parsed: Any) -> None:
    assert "notes<b>.pdf" in words_of(parsed.get_element_by_id("left-out"))
    assert "b.txt" not in words_of(parsed.get_element_by_id("left-out"))
    assert "detected" in words_of(parsed.get_element_by_id("charsets"))
    assert "duplicates/near_copy enabled false" in words_of(parsed.get_element_by_id("settings"))
    charts_ = words_of(parsed.get_element_by_id("distributions"))
    for title in ("Length.", "Language.", "Translation score,", "Share cut,", "Date"):
        assert title in charts_


def test_hostile_text_is_text(parsed: Any) -> None:
    assert len(list(parsed.iter("script"))) == 1
    assert list(parsed.iter("img", "iframe", "object", "link", "base")) == []
    assert [name for element in parsed.iter() for name in element.attrib if name.startswith("on")] == []
    assert [link for link in parsed.xpath("//@href") if link.startswith("javascript")] == []
    text = parsed.text_content()
    assert "<img src=x onerror=alert(2)>" in text
    assert not set("\u202e\x1b\u200b\u2066") & set(text)
    assert "U+202E" in text


def test_the_policy_lets_run_what_is_on_the_page_and_nothing_else(parsed: Any) -> None:
    policy = parsed.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert parsed.xpath("//@style") == []


def test_a_refused_batch_has_all_of_it(batches: Path) -> None:
    refused = report(batches, "n3", "refused").read_text(encoding="utf-8")
    tree = lxml.html.document_fromstring(refused)
    assert words_of(tree.find_class("refused")[0]).startswith("Not published 9 of 19 documents are quarantined")
    assert "Publish it anyway" in words_of(tree.xpath("//div[@class='first']/section[3]")[0])
    assert "Since batch n2" in refused
    assert tree.get_element_by_id("rule-boilerplate-share_prompt").xpath(".//li") != []


# --- the same batch, the same page -----------------------------------------------------------------------------------


def test_the_page_is_the_same_whatever_the_workers_but_for_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        for name in ("a", "b", "c"):
            write_jsonl(folder / "in" / f"{name}.jsonl", night(ord(name), [f"{site}.{name}" for site in SITES], 2))
        monkeypatch.chdir(folder)
        assert run("in", "--workers", workers, "--publish-anyway") == 0
        text = Path("output/runs/demo/report.html").read_text(encoding="utf-8")
        found.append(re.sub(r"<time>[^<]*</time>|copydesk-seal \w+", "", text))
        assert "rule-boilerplate-share_prompt" in found[-1]
    assert found[0] == found[1]


def test_it_is_made_again_when_the_batch_before_has_other_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_jsonl(Path("n2/a.jsonl"), night(2, SITES[:1], 1))
    assert run("n2", "--batch", "n2", "--workers", 1, "--publish-anyway") == 0
    assert "No earlier batch" in report(tmp_path).read_text(encoding="utf-8")
    write_jsonl(Path("n1/a.jsonl"), [{"id": "x", "site": "other.example", "text": ARTICLE.upper()}])
    assert run("n1", "--batch", "n1", "--workers", 1, "--publish-anyway") == 0
    states = {state.step: state.fresh for state in plan(batch="n2", input="n2").states()}
    assert states["reading"] is True
    assert states["report"] is False
    assert run("n2", "--batch", "n2", "--workers", 1, "--publish-anyway") == 0
    assert "Since batch n1" in report(tmp_path).read_text(encoding="utf-8")


# --- figures ---------------------------------------------------------------------------------------------------------


def test_figures_are_counted_from_the_outputs(batches: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(batches)
    steps = [made(name, batch="n2", input="n2") for name in ("reading", "encoding", "boilerplate", "language")]
    steps += [made(name, batch="n2", input="n2") for name in ("translation", "duplicates", "publishing")]
    with contextlib.closing(InProcessEngine()) as engine:
        material = Material("n2", [(step.output, step.manifest) for step in steps])
        found = figures.of(engine, material, tmp_path)
    assert sum(found.lengths) == found.languages.total() == 65
    assert figures.median_length(found) == pytest.approx(len(night(2, SITES, 0)[0]["text"]), rel=0.1)
    assert found.days.total() == 60
    assert sum(found.cuts) == 36 + len(HOSTILE)
    assert sum(found.cuts[:3]) == sum(found.cuts)
    assert found.exact == 1
    assert found.sites[SITES[2]][1] == 6  # an entity and a line in three articles each
    longest = max(len(row.before) for rows in found.samples.values() for row in rows)
    assert longest <= figures.WIDEST + 3


def test_sites_are_chosen_at_even_distances(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [f"s{n:03}" for n in range(100)]
    groups = pa.table({"rule": ["a/x"] * 100 + ["b/y"] * 2, "id": [*names, "p", "q"]})
    pq.write_table(groups, tmp_path / "groups.parquet")
    chosen = figures._chosen(str(tmp_path / "groups.parquet"))
    assert [identity for rows in chosen for identity in rows["id"].to_pylist()] == [
        "s000",
        "s016",
        "s033",
        "s050",
        "s066",
        "s083",
        "p",
        "q",
    ]


def test_similarities_are_read_off_what_is_said_of_copies(tmp_path: Path) -> None:
    from pipeline.stages import tables

    details = [
        "exact copy of a (batch b)",
        "near 0.93 >= 0.50 of a: kept",
        "near 0.93 >= 0.50 of c",
        "contained 0.80 >= 0.75 in d",
    ]
    rows = [
        {"id": str(n), "rule": "duplicates/near_copy", "detail": detail}
        for n, detail in enumerate([*details, "near x"])
    ]
    from pipeline.engine import storage

    storage.write_rows(tmp_path / "findings", [tables.from_dicts(rows, tables.FINDINGS)], tables.FINDINGS)
    found = Figures()
    figures._add_copies(found, Material("b", [(tmp_path, {"step": "duplicates"})]))
    assert (found.exact, found.similarities) == (1, Counter({0.93: 2, 0.8: 1}))
    assert found.similarity_limits == {0.5, 0.75}


def step_of(rules: dict[str, int], read: int = 1000, **more: Any) -> Any:
    told = {rule: {"findings": n, "edits": n, "documents": n, "examples": []} for rule, n in rules.items()}
    counts = {"read": read, "kept": read, "dropped": 0, "quarantined": 0, "findings": sum(rules.values())}
    base: Any = {
        "step": "x",
        "seconds": 1.0,
        "counts": counts,
        "rules": told,
        "reasons": {},
        "sources": {},
        "made_of": {},
    }
    return {**base, **more}


@pytest.mark.parametrize(
    ("was", "now", "told"), [(100, 300, True), (100, 105, False), (0, 40, True), (3, 9, False), (300, 100, True)]
)
def test_a_change_is_told_where_chance_hardly_explains_it(was: int, now: int, told: bool) -> None:
    edited = {"x/a": {"edits": was, "documents": was, "before": "", "after": ""}}
    before: Any = {
        "steps": {"x": {"read": 1000}},
        "facts": {"removed": {"x": {"dropped": {}, "quarantined": {}, "edited": edited}}},
    }
    material = Material("b", [(Path(), step_of({"x/a": now}))], Before("a", before))
    change = compared.of_rules(material)["x/a"]
    assert (change.was, change.now, change.is_told) == (was / 1000, now / 1000, told)


# --- size ------------------------------------------------------------------------------------------------------------


def test_the_page_has_a_bound_whatever_the_batch() -> None:
    wild = "<\u202e&\x1b" * 250_000
    rules = {f"x/rule_{n:04}": 7 for n in range(700)}
    row = FindingRow(wild, 0, "x/a", 0, 1, wild[:300], wild[:300], wild[:300], wild[:40], wild[:40], wild)
    sources = {f"{n}{wild}": {"kept": 3, "dropped": 1} for n in range(201)}
    charsets: Any = {
        source: {"charsets": {f"{n}{wild}": 1 for n in range(9)}, "least_certainty": 0.1, "replaced": 9}
        for source in sources
    }
    step = step_of(
        rules,
        sources=sources,
        reasons={f"{n}{wild}": 1 for n in range(150)},
        set_aside={"dropped": {}, "quarantined": {}},
        charsets=charsets,
        fields=[{"file": wild, "files": 1, "fields": {"text": (wild, wild)}}] * 100,
        left_out=[wild] * 101,
        left_out_kinds={f"{n}{wild}": 1 for n in range(100)},
        entries={"listed": 200, "unread": 100},
    )
    lost: Any = {source: {"read": 40, "dropped": {wild: 39}, "quarantined": {}} for source in sources}
    found = Figures(samples={rule: [row] * figures.SAMPLES for rule in rules}, lengths=[1] * 1400)
    material = Material("b", [(Path(), step)], None, lost, {f"x {n}": wild[:100] for n in range(50)}, ["too much"])
    text = page.render("ab", material, found)
    assert 2_000_000 < len(text.encode()) < page.MOST_BYTES
    assert text.count('class="rule"') == 500
    assert text.endswith("</html>\n")
    assert "x/rule_0000" in text


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.text(max_size=5), st.integers(0, 10**9)), max_size=40),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["<low> 0.5", "weak 0.6"])), max_size=3),
)
def test_a_histogram_is_well_formed_and_stays_within_its_frame(
    counts: list[tuple[str, int]], limits: list[tuple[float, str]]
) -> None:
    printable = [("".join(c for c in label if c.isprintable()), count) for label, count in counts]
    drawn = charts.histogram("<t>", [Bar(*each) for each in printable], [], [Mark(*each) for each in limits])
    svg = ElementTree.fromstring(drawn)
    bars = [{k: float(v) for k, v in e.attrib.items() if k != "class"} for e in svg.iter("rect")]
    assert len(bars) == sum(count > 0 for _, count in counts)
    for bar in bars:
        assert bar["x"] >= 0
        assert bar["x"] + bar["width"] <= charts.WIDTH
        assert bar["y"] >= 0
        assert bar["y"] + bar["height"] <= charts.HEIGHT + 0.01


# --- what rules cost ---------------------------------------------------------------------------------------------


def test_the_slowest_rules_are_told_of_a_batch_that_is_large_enough(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jsonl(place / "in" / "a.jsonl", [*articles(40), {"id": "long", "text": "a " * costs.LONGEST}])
    assert run("in", "--workers", 1) == 0
    assert "Slowest rules" not in Path("output/runs/demo/report.html").read_text()
    monkeypatch.setattr(costs, "LEAST", 40)
    assert cli.main(["rerun", "report", "--batch", "demo", "--workers", "1"]) == 0
    told = Path("output/runs/demo/report.html").read_text().partition('<section id="slowest">')[2].partition("</sec")[0]
    found = re.findall(r"<code>([a-z_]+/[a-z_]+)</code>.*?<time>([\d.]+)</time>", told, re.DOTALL)
    assert len(found) == costs.MOST
    assert [float(cost) for _, cost in found] == sorted((float(cost) for _, cost in found), reverse=True)


def test_a_rule_that_breaks_costs_no_report(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(3))
    assert run("in", "--workers", 1) == 0
    mine = plan(input="in")
    made = [found for step in mine.steps if step.has_books and (found := mine.made(step))]
    monkeypatch.setattr(costs, "LEAST", 1)
    monkeypatch.setattr("pipeline.run.costs.stages.run", lambda *_: 1 / 0)
    assert len(costs.of(mine.batch.settings.stages, made)) == costs.MOST


# --- in a browser ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(("batch", "name"), [("n2", "report"), ("n3", "refused")])
def test_a_browser_opens_it_without_a_word_of_complaint(
    batches: Path, browser: Any, batch: str, name: str, width: int, scheme: str
) -> None:
    home = report(batches, batch, name).as_uri()
    with looked_at(browser, home, width=width, scheme=scheme) as (page, said):
        page.goto(home)
        assert wider(page) <= 0
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert wider(page) <= 0
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(24, 24, 26)") == (scheme == "dark")
        cut = page.evaluate(
            "[...document.querySelectorAll('td, th, h1, h2, li, dd, summary, figcaption')].filter("
            "(e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')"
            ".map((e) => e.outerHTML)"
        )
        assert cut == []
    assert said == []


@pytest.fixture
def opened(batches: Path, browser: Any) -> Iterator[Any]:
    """The page of `n2` in a browser; it complains of nothing."""
    home = report(batches).as_uri()
    with looked_at(browser, home) as (page, said):
        page.goto(home)
        yield page
    assert said == []


def visible(page: Any, selector: str) -> int:
    count: int = page.locator(f"{selector}:visible").count()
    return count


@pytest.mark.slow
def test_the_filter_works_by_key_and_by_click(opened: Any) -> None:
    rules = visible(opened, "details.rule")
    opened.keyboard.press("/")
    opened.keyboard.type("share_prompt paper03")
    assert visible(opened, "details.rule") == 1
    assert opened.locator("#filter output").text_content().startswith(f"{visible(opened, 'details.rule li')} of ")
    assert "paper03" in opened.locator("details.rule li:visible").first.text_content()
    opened.keyboard.press("Escape")
    assert visible(opened, "details.rule") == rules
    assert visible(opened, "details.rule li") == 0
    opened.get_by_role("button", name="remarked").click()
    remarked = visible(opened, "details.rule")
    assert 0 < remarked < rules
    assert opened.locator("#rule-boilerplate-share_prompt").is_hidden()
    opened.get_by_role("button", name="all").focus()
    opened.keyboard.press("Enter")
    assert visible(opened, "details.rule") == rules


@pytest.mark.slow
def test_details_open_by_key_and_by_their_address(opened: Any, batches: Path) -> None:
    summary = opened.locator("#rule-boilerplate-share_prompt > summary")
    summary.focus()
    opened.keyboard.press("Enter")
    assert visible(opened, "#rule-boilerplate-share_prompt li") == figures.SAMPLES
    place = opened.locator("#rule-encoding-escaped_entity li[id]").first.get_attribute("id")
    opened.goto(f"{report(batches).as_uri()}#{place}")
    assert opened.locator(f"#{place}").first.is_visible()


@pytest.mark.slow
def test_without_script_it_is_complete(batches: Path, browser: Any) -> None:
    home = report(batches).as_uri()
    with looked_at(browser, home, script=False) as (page, _):
        page.goto(home)
        assert page.locator("#filter").is_hidden()
        page.locator("#rule-boilerplate-share_prompt > summary").click()
        assert visible(page, "#rule-boilerplate-share_prompt li") == figures.SAMPLES


@pytest.mark.slow
def test_what_is_closed_is_printed_all_the_same(opened: Any) -> None:
    opened.emulate_media(media="print")
    assert opened.locator("#rule-boilerplate-share_prompt li").first.bounding_box()["height"] > 10
    assert opened.locator("#bar").is_hidden()

"""`copydesk desk`: who may ask, what is found, and what a person sees and does in a browser."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from http.client import HTTPMessage
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from axe_core_python.sync_playwright import Axe

from pipeline.config import DEFAULT_FILE
from pipeline.console import cli
from pipeline.desk import articles as found_articles
from pipeline.desk import reading
from pipeline.desk.articles import Filters, Row
from pipeline.engine import storage
from pipeline.run import runs
from pipeline.run.runs import Run
from pipeline.stages import tables
from tests.browser import looked_at, wider
from tests.runs import ROOT, articles, keep_copies, plan, run, write_jsonl

LINE = "Follow the Paper of {} on all its channels."
HOSTILE = "<script>alert(1)</script>"
DECISIONS = "boilerplate_decisions.toml"


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    body: str


class Served(NamedTuple):
    """A desk that runs: its folder, its address, and the token that it has printed."""

    folder: Path
    host: str
    token: str

    @property
    def home(self) -> str:
        return f"http://{self.host}/"

    @property
    def door(self) -> str:
        """The address as it was printed."""
        return f"{self.home}?token={self.token}"

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> Answer:
        """Ask as something that is no browser does."""
        sent = {"Content-Length": str(len(body))} if method == "POST" else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(http.client.HTTPConnection(self.host)) as connection:
            connection.putrequest(method, path, skip_host="Host" in sent)
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(body.encode())
            with connection.getresponse() as found:
                return Answer(found.status, found.headers, found.read().decode())

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"copydesk-token-{self.host.partition(':')[2]}={self.token}"}


def wait_until_done(page: Any) -> None:
    """Until the command on whose page we are has ended, and the page that says so answers to keys."""
    page.wait_for_selector("[role=status] >> text=Done.", timeout=120_000)
    page.wait_for_load_state()  # the words are there before the script is


def rows() -> list[dict[str, str]]:
    """Articles of two sites with a line of each, a copy, a hostile one, and one whose letters are lost."""
    made = []
    for number, row in enumerate(articles(60)):
        site, name = f"{'ab'[number % 2]}.example", "".join("BaDeFiGoHu"[int(digit)] for digit in f"{number:02}")
        made.append({**row, "site": site, "text": f"{name} was there. {row['text']}\n{LINE.format(site)}"})
    made[3]["text"] = made[3]["text"].replace("the ferry", "the &quot;ferry&quot;")
    hostile = {"id": HOSTILE, "site": "evil.example", "title": "<b onclick=alert(2)>\u202e=cmd()"}
    made.append({**hostile, "text": f"{HOSTILE} \x1b[31m\u202e {articles(71, 70)[0]['text']}"})
    return [*made, {"id": "copy", "site": "a.example", "text": made[4]["text"]}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch that was run twice, the second time with one rule off; one of its records cannot be read."""
    made = tmp_path_factory.mktemp("desk")
    keep_copies(made)
    with contextlib.chdir(made):
        write_jsonl(Path("in/a.jsonl"), rows())
        Path("in/b.jsonl").write_text('{"id": "broken"\n')
        off = '[rules."encoding/escaped_entity"]\nenabled = false\n'
        before = DEFAULT_FILE.read_text()
        DEFAULT_FILE.write_text(before + off)
        assert run("in", "--batch", "d1", "--workers", 1) == 0
        DEFAULT_FILE.write_text(before)
        assert run("in", "--batch", "d1", "--workers", 1) == 0
    return made


@contextlib.contextmanager
def serving(folder: Path, end: signal.Signals = signal.SIGINT) -> Iterator[tuple[Served, int]]:
    """A desk in a process of its own, with its number; it is ended by that signal."""
    command = [sys.executable, "-m", "pipeline", "desk"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        told = re.fullmatch(r"http://([\d.:]+)/\?token=([\w-]+)\n", process.stdout.readline())
        assert told is not None
        yield Served(folder, told[1], told[2]), process.pid
        process.send_signal(end)
        assert process.wait() == 0


@pytest.fixture(scope="module")
def desk(folder: Path) -> Iterator[Served]:
    with serving(folder) as (found, _):
        yield found


# --- who may ask -------------------------------------------------------------------------------------------------


def test_the_printed_address_opens_it_once_and_for_all(desk: Served) -> None:
    answer = desk.ask(f"/?token={desk.token}")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert desk.ask("/", Cookie=cookie.partition(";")[0]).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Cookie": "copydesk-token=x"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:80"}, 421),
        ({"Host": "127.0.0.1"}, 421),
    ],
)
def test_nobody_else_is_let_in(desk: Served, headers: Mapping[str, str], status: int) -> None:
    cookie = desk.cookie if "Host" in headers else {}
    for path in ("/", "/batch/d1", "/desk.js", "/nothing", "/?token=wrong"):
        answer = desk.ask(path, **{**cookie, **headers})
        assert (answer.status, "d1" in answer.body) == (status, False)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "HOME", "Sec_Fetch_Site": "cross-site"}, 403),
        ({"Origin": "HOME", "Cookie": "none"}, 403),
        ({"Origin": "HOME"}, 400),  # it is let in, and nothing was chosen
    ],
)
def test_only_its_own_pages_may_send_anything(desk: Served, headers: Mapping[str, str], status: int) -> None:
    given = {name: value.replace("HOME", desk.home[:-1]) for name, value in headers.items()}
    answer = desk.ask("/batch/d1/lines", "POST", "line=1&decision=all", **{**desk.cookie, **given})
    assert answer.status == status


def test_what_is_sent_has_a_bound(desk: Served) -> None:
    sent = {**desk.cookie, "Origin": desk.home[:-1]}
    assert desk.ask("/compare", "POST", "one=" + "a" * 70_000, **sent).status == 413


def test_every_answer_says_what_may_run_and_load(desk: Served) -> None:
    for path in ("/", "/batch/d1", "/nothing", "/desk.css"):
        headers = desk.ask(path, **desk.cookie).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert [name for name in headers if name.lower().startswith("access-control")] == []


@pytest.mark.parametrize(
    "name", ["none", "..", "../..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", ".hidden", "d1%00", "d1/../d1"]
)
def test_what_is_asked_for_is_no_path(desk: Served, name: str) -> None:
    assert desk.ask(f"/batch/{name}", **desk.cookie).status == 404
    assert desk.ask(f"/batch/d1/article?id={name}", **desk.cookie).status == 404
    assert desk.ask("/compare", "POST", f"one={name}&other=d1", Origin=desk.home[:-1], **desk.cookie).status == 404


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("place=elsewhere", "place: must be one of kept, dropped, quarantined"),
        ("low=much", "score: must be a number"),
    ],
)
def test_what_cannot_be_is_said(desk: Served, query: str, said: str) -> None:
    answer = desk.ask(f"/batch/d1?{query}", **desk.cookie)
    assert (answer.status, said in answer.body) == (400, True)


# --- what is found -----------------------------------------------------------------------------------------------


@pytest.fixture
def last(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(folder)
    return runs.latest(plan(batch="d1", input="in"))


def everything(run_: Run) -> list[tuple[Row, str]]:
    """All documents where they ended, with their texts, as Python reads them."""
    ended = [(run_[-1], tables.KEPT), *((made, place) for place in tables.PLACES[1:] for made in run_)]
    told = []
    for made, place in ended:
        for row in storage.read_table(f"{made.output}/{place}").to_pylist():
            step, reason = (made.step, row["reason"]) if place != tables.KEPT else ("", "")
            score, language = row.get("translation_score"), row.get("language") or ""
            text = row["text"] or ""
            told.append(
                (Row(row["id"], row["site"] or "", row["title"] or "", place, step, reason, language, score, ""), text)
            )
    return told


def ruled(run_: Run, rule: str) -> set[str]:
    return {
        row["id"]
        for made in run_
        for row in storage.read_table(f"{made.output}/{tables.FOUND}").to_pylist()
        if row["rule"] == rule
    }


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(words="THE  ferry"),
        Filters(words="(ferry"),
        Filters(begins="a1"),
        Filters(site="a.example"),
        Filters(place="dropped"),
        Filters(place="quarantined"),
        Filters(language="en"),
        Filters(low=0.5),
        Filters(low=0.2, high=0.7, site="b.example"),
        Filters(rule="boilerplate/site_line"),
        Filters(rule="encoding/escaped_entity"),
        Filters(rule="duplicates/exact_copy"),
        Filters(rule="no/rule"),
        Filters(rule="boilerplate/site_line", words="number", site="b.example", place="kept"),
    ],
)
@pytest.mark.parametrize(("size", "seconds"), [(50, 5.0), (7, 5.0), (7, 0.0)])
def test_pages_hold_all_that_meets_the_conditions_and_each_once(
    last: Run, monkeypatch: pytest.MonkeyPatch, filters: Filters, size: int, seconds: float
) -> None:
    monkeypatch.setattr(found_articles, "ROWS", size)
    shown, start, shares = [], "", []
    while True:
        page = found_articles.search(last, filters, start, seconds)
        assert len(page.rows) <= size
        shown += page.rows
        shares.append(page.done)
        start = page.next
        if not start:
            break
    words = re.compile(r"\s+".join(map(re.escape, filters.words.split())), re.IGNORECASE)
    of_rule = ruled(last, filters.rule)
    expected = [
        row
        for row, text in everything(last)
        if row.id.startswith(filters.begins)
        and filters.site in ("", row.site)
        and filters.place in ("", row.place)
        and filters.language in ("", row.language)
        and (filters.low is None or (row.score is not None and row.score >= filters.low))
        and (filters.high is None or (row.score is not None and row.score <= filters.high))
        and words.search(text)
        and (not filters.rule or row.id in of_rule or (row.place != "kept" and row.reason.startswith(filters.rule)))
    ]
    assert [row._replace(beginning="") for row in shown] == expected
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_text_is_shown_with_what_every_stage_has_changed(last: Run) -> None:
    view = reading.view(plan(batch="d1", input="in"), last, "a3")
    assert "the &amp;quot;ferry&amp;quot;," in view.read
    marks = re.sub(r' (title|tabindex)="[^"]*"', "", view.left)
    assert "the <del>&amp;quot;</del><ins>&quot;</ins>ferry" in marks
    assert f"<del>{'<b>↵</b>'}" in re.sub(r' title="line break"', "", marks).replace("\n", "")
    assert [step.episode.step for step in view.steps] == [made.step for made in last]


def test_two_texts_are_marked_where_one_has_what_the_other_has_not(last: Run) -> None:
    mine = plan(batch="d1", input="in")
    pair = reading.pair(mine, last, "copy", lambda name: last)
    assert pair is not None
    assert (pair.twin["id"], pair.shared) == ("a4", 1.0)
    marked, shared = reading._unshared("one two three four five six <b>", "zero one two three four five")
    assert (marked, shared) == ("one two three four five <mark>six &lt;b</mark>&gt;", 5 / 7)


# --- in a browser ------------------------------------------------------------------------------------------------

PAGES = (
    "",
    "batch/d1",
    "batch/d1?rule=boilerplate/site_line&words=the",
    "batch/d1/article?id=a3",
    f"batch/d1/article?id={quote(HOSTILE)}",
    "batch/d1/copy?id=copy",
    "batch/d1/lines",
    "batch/d1/quarantine",
    "batch/d1/trial?rule=translation/low_score",
    "compare",
)


@pytest.fixture
def page(desk: Served, browser: Any) -> Iterator[Any]:
    """An empty page that may ask; it complains of nothing."""
    with looked_at(browser, desk.home) as (found, said):
        found.goto(desk.door)
        yield found
    assert said == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_fits_is_read_aloud_and_complains_of_nothing(
    desk: Served, browser: Any, width: int, scheme: str
) -> None:
    with looked_at(browser, desk.home, width=width, scheme=scheme) as (found, said):
        found.goto(desk.door)
        for path in PAGES:
            found.goto(desk.home + path)
            assert wider(found) <= 0, path
            barriers = Axe().run(found)["violations"]
            assert [(b["id"], b["nodes"][0]["html"]) for b in barriers if b["impact"] in ("serious", "critical")] == []
    assert said == []


@pytest.mark.slow
def test_keys_lead_from_document_to_document_and_from_change_to_change(page: Any, desk: Served) -> None:
    page.goto(f"{desk.home}batch/d1")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/article?id=a0")
    for number in (1, 2, 3):
        page.keyboard.press("j")
        page.wait_for_url(f"**/article?id=a{number}")
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.textContent") == "&quot;"
    assert "escaped_entity" in page.evaluate("document.activeElement.title")
    page.keyboard.press("k")
    page.wait_for_url("**/article?id=a2")
    page.keyboard.press("b")
    page.wait_for_url("**/batch/d1?")
    page.keyboard.press("?")
    assert page.locator("dialog").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("dialog").is_hidden()
    page.keyboard.press("/")
    page.keyboard.type("ferry jl")
    assert page.locator("#words").input_value() == "ferry jl"
    page.keyboard.press("Enter")
    page.wait_for_url("**words=ferry+jl**")
    assert page.locator("ol.documents li").count() == 0


@pytest.mark.slow
def test_it_is_filtered_by_click(page: Any, desk: Served) -> None:
    page.goto(f"{desk.home}batch/d1")
    page.get_by_label("Verdict").select_option("dropped")
    page.get_by_role("button", name="Filter").click()
    assert page.locator("ol.documents li").count() == 1
    assert "exact copy of a4" in page.locator("ol.documents small").text_content()
    page.locator("ol.documents a").click()
    page.get_by_role("link", name="a4", exact=True).click()
    assert page.locator("h2", has_text="Kept: a4").is_visible()


@pytest.mark.slow
def test_what_is_hostile_is_shown_as_text(page: Any, desk: Served) -> None:
    page.goto(f"{desk.home}batch/d1/article?id={quote(HOSTILE)}")
    assert page.locator("h1").text_content() == "<b onclick=alert(2)>U+202E=cmd()"
    assert page.locator(".beside .text").first.text_content().startswith(f"{HOSTILE} U+001B[31mU+202E Report 70.")
    assert page.locator("main script, main b[onclick]").count() == 0
    page.goto(f"{desk.home}batch/d1?words=ferry&begins={quote(HOSTILE)}")
    assert page.locator("ol.documents li").count() == 1
    assert page.get_by_label("Id begins").input_value() == HOSTILE


@pytest.mark.slow
def test_two_runs_are_compared(page: Any, desk: Served) -> None:
    page.goto(f"{desk.home}compare")
    page.get_by_role("button", name="Compare").click()
    wait_until_done(page)
    assert page.locator("h2").first.text_content() == "1 change: kept with another text"
    assert "encoding/escaped_entity" in page.locator("summary").first.text_content()
    page.locator("details a").first.click()
    page.wait_for_url("**/article?id=a3")


@pytest.mark.slow
def test_settings_are_tried_on_a_sample_before_they_are_believed(page: Any, desk: Served) -> None:
    before = (desk.folder / "output/corpus/_manifest.json").read_bytes()
    page.goto(f"{desk.home}batch/d1/trial")
    page.get_by_label("Rule").first.select_option("translation/low_score")
    page.get_by_role("button", name="Choose").click()
    page.get_by_label("min_score").fill("0.99")
    page.get_by_role("button", name="Try").click()
    wait_until_done(page)
    assert "fall: kept before, set aside now" in page.locator("h2").first.text_content()
    assert (desk.folder / "output/corpus/_manifest.json").read_bytes() == before


@pytest.mark.slow
def test_lines_are_accepted_rejected_and_undone_by_key_and_by_click(page: Any, desk: Served) -> None:
    file = desk.folder / "configs" / DECISIONS

    def decided() -> list[tuple[str, str]]:
        return [(line["site"], line["decision"]) for line in tomllib.loads(file.read_text()).get("line", [])]

    page.goto(f"{desk.home}batch/d1/lines")
    assert page.locator("li[data-row]").count() == 2
    assert "in 31 of this site's 31 documents (100 %)" in page.locator("li[data-row]").first.text_content()
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.wait_for_selector("li.here >> text=accepted")
    assert decided() == [("a.example", "accept")]
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.wait_for_selector("li.here >> text=rejected")
    assert decided() == [("a.example", "accept"), ("b.example", "reject")]
    page.keyboard.press("u")
    page.wait_for_selector("li.here >> text=Reject")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector("button[value=undo]", state="detached")
    assert decided() == []


@pytest.mark.slow
def test_a_retry_runs_beside_the_pages_one_at_a_time(page: Any, desk: Served) -> None:
    page.goto(f"{desk.home}batch/d1/quarantine")
    assert "not JSON" in page.locator("tbody").text_content()
    with (desk.folder / "output/runs/d1/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever works on the batch is waited for
        page.get_by_role("button", name="Take them through again").click()
        page.wait_for_selector("text=It is running.")
        page.goto(f"{desk.home}batch/d1/quarantine")
        page.locator("#bar .running").click()
        page.wait_for_selector("text=It is running.")
        again = desk.ask("/compare", "POST", "one=d1&other=d1", Origin=desk.home[:-1], **desk.cookie)
        assert (again.status, "one at a time" in again.body) == (409, True)
    wait_until_done(page)
    page.keyboard.press("b")
    page.wait_for_url("**/quarantine")
    assert "not JSON" in page.locator("tbody").text_content()


@pytest.mark.slow
def test_without_script_every_page_is_complete(desk: Served, browser: Any) -> None:
    with looked_at(browser, desk.home, script=False) as (page, _):
        page.goto(desk.door)
        page.get_by_role("link", name="d1").click()
        page.get_by_label("Id begins").fill("a3")
        page.get_by_role("button", name="Filter").click()
        page.locator("ol.documents a").first.click()
        assert page.locator("#changes ins").first.text_content() == '"'


# --- the command -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_what_it_has_started_ends_with_it(folder: Path, end: signal.Signals) -> None:
    with (folder / "output/runs/d1/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the retry waits for it
        with serving(folder, end) as (served, process):
            answer = served.ask("/batch/d1/quarantine", "POST", Origin=served.home[:-1], **served.cookie)
            assert (answer.status, answer.headers["Location"]) == (303, "/jobs/1")
            tasks = Path(f"/proc/{process}/task").glob("*/children")
            [child] = [started for task in tasks for started in task.read_text().split()]
            assert "retry" in Path(f"/proc/{child}/cmdline").read_text()
        assert not Path(f"/proc/{child}").exists()


def test_a_port_that_cannot_be_had_is_said_in_a_line(desk: Served, capsys: pytest.CaptureFixture[str]) -> None:
    port = desk.host.partition(":")[2]
    for taken in (port, "70000"):
        assert cli.main(["desk", "--port", taken]) == 2
        assert capsys.readouterr().err.startswith(f"copydesk: --port {taken}: cannot be had")


def test_single_settings_are_compared_too(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(folder)
    capsys.readouterr()
    setting = 'rules."translation/low_score".min_score = 0.99'
    assert cli.main(["compare", "d1", "--set", setting, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["runs"][1]["run"] == f"d1 under {setting}"
    assert found["documents"]["falls"] > 50
    assert cli.main(["compare", "d1", "--set", "min_score"]) == 2
    assert "must be a setting as TOML has it" in capsys.readouterr().err


def test_more_findings_than_can_be_shown_cost_no_page(last: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_FINDINGS", 0)
    view = reading.view(plan(batch="d1", input="in"), last, "a3")
    assert '"ferry"' in view.left.unescape()
    assert [str(step.text) for step in view.steps] == [""] * len(view.steps)


def test_what_a_rule_has_found_is_asked_for_again_when_its_output_was_replaced(last: Run, tmp_path: Path) -> None:
    rule, findings = "boilerplate/site_line", tmp_path / "findings"
    made = next(made for made in last if made.step == "boilerplate")
    row = storage.read_table(f"{made.output}/{tables.FOUND}").slice(0, 1).to_pylist()[0]
    for identity in ("one", "other"):
        rows = tables.from_dicts([{**row, "id": identity, "rule": rule}], tables.FINDINGS)
        storage.write_rows(findings, [rows], tables.FINDINGS)
        manifest: Any = {**made.manifest, "digests": {**made.manifest["digests"], tables.FOUND: identity}}
        run_ = (made._replace(output=tmp_path, manifest=manifest),)
        assert found_articles._found_by(run_, rule)["id"].to_pylist() == [identity]

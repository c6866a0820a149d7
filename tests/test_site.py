"""The site of the documentation: it is whole, its links lead somewhere, hostile text is text, a browser opens it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import lxml.html  # type: ignore[import-untyped]  # it ships no types
import markdown
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

import pipeline
from docs.generate import examples, markup, navigation, settings, site, written
from pipeline import config
from pipeline.console import cli
from pipeline.stages.order import STAGES
from tests import cases
from tests.browser import looked_at, served, wider
from tests.runs import ROOT

Element = Any  # of lxml
Pages = dict[str, Element]
JUDGES = {judge.name: (judge, stage) for stage in STAGES for judge in stage.judges}
CASES = cases.load()
MAIN = (
    "",
    "start/",
    "operations/",
    "corpus/",
    "settings/",
    "commands/",
    "library/",
    "rules/",
    "rules/encoding/mojibake/",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the site."""
    out = tmp_path_factory.mktemp("site") / "site"
    site.build(out)
    return out


@pytest.fixture(scope="module")
def pages(built: Path) -> Pages:
    """Its pages, parsed, by their addresses below the site's."""
    found = {}
    for file in built.rglob("*.html"):
        address = file.relative_to(built).as_posix().removesuffix("index.html")
        found[address] = lxml.html.document_fromstring(file.read_text(encoding="utf-8"))
    return found


# --- what must have a page -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", JUDGES)
def test_a_rule_has_a_page_with_its_documentation_and_all_its_cases(pages: Pages, name: str) -> None:
    page = pages[f"rules/{name}/"]
    judge, _ = JUDGES[name]
    assert page.findtext(".//h1").startswith(name)
    assert _words(judge.summary) in _words(page.text_content())
    assert len(page.find_class("case")) == len([case for case in CASES if case["rule"] == name])
    assert f"{name}/" in {link.get("href") for link in pages["rules/"].iter("a")}


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text))


@pytest.mark.parametrize("name", [name for name, (judge, _) in JUDGES.items() if judge.settings])
def test_a_setting_of_a_rule_is_named_in_its_docstring(name: str) -> None:
    told = settings.meanings_of_rule(JUDGES[name][0])
    assert [setting for setting, meaning in told.items() if not meaning] == []


def test_every_setting_of_the_file_says_what_it_is() -> None:
    notes = settings.comments((ROOT / "configs" / "copydesk.toml").read_text(encoding="utf-8"))
    told = {
        f"[{name}] {setting}": meaning
        for name, table in settings.tables(STAGES).items()
        for setting, meaning in settings.meanings(table, notes.get(name, {})).items()
    }
    assert len(told) > 30
    assert [setting for setting, meaning in told.items() if not meaning] == []


@pytest.mark.parametrize("name", JUDGES)
def test_the_settings_that_a_page_shows_are_the_defaults(name: str) -> None:
    judge, stage = JUDGES[name]
    shown = re.findall(r"```toml\n(.*?)```", settings.of_rule(judge), re.DOTALL)
    assert len(shown) == 1
    in_force = config.parse(STAGES, tomllib.loads(shown[0]), "test").stage(stage.name)
    mine = next(other for other in in_force.judges if other.name == name)
    assert (mine.verdict, mine.settings) == (judge.verdict, judge.settings)


def test_every_command_and_every_option_is_told(pages: Pages) -> None:
    page = pages["commands/"]
    assert {heading.get("id") for heading in page.iter("h2")} == {*cli.COMMANDS, "examples"}
    said = page.text_content()
    for option in (*config.run_options(), *config.read_options()):
        assert option == "input" or f"--{option.replace('_', '-')}" in said


def test_every_function_of_the_library_is_told(pages: Pages) -> None:
    assert {heading.get("id") for heading in pages["library/"].iter("h3")} >= set(pipeline.__all__)


def test_every_page_that_somebody_wrote_is_there_and_in_the_menu(pages: Pages) -> None:
    files = [*sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    paths = [written.path_of(file.relative_to(ROOT).as_posix()) for file in files]
    assert [path for path in paths if re.sub(r"(?:index)?\.md$", "", path).rstrip("/") + "/" not in {*pages, "/"}] == []
    menu = str(navigation.menu([page.path for page in site.pages()], STAGES))
    assert [path for path in paths if repr(path) not in menu] == []


def test_a_new_page_stands_in_the_menu_without_a_line_about_it() -> None:
    paths = [page.path for page in written.pages(ROOT)] + ["settings.md", "commands.md", "library.md"]
    assert navigation.menu([*paths, "harbours.md"], STAGES)[-2]["How it works"][-1] == "harbours.md"  # type: ignore[index]


# --- links -----------------------------------------------------------------------------------------------------------


def test_every_link_leads_to_a_page_or_a_place_that_is_there(built: Path, pages: Pages) -> None:
    places = {address: {e.get("id") for e in page.iter() if e.get("id")} for address, page in pages.items()}
    wrong, seen = [], 0
    for address, page in pages.items():
        if address == "404.html":
            continue  # it is shown at any address, and its links begin at the root
        for element, _, link, _ in page.iterlinks():
            target, place = urldefrag(urljoin(f"http://site/{address}", link))
            if urlsplit(target).netloc != "site" or element.tag == "base":
                continue
            seen += 1
            path = unquote(urlsplit(target).path).lstrip("/")
            is_there = path in pages or (built / path).is_file()
            if not is_there or (place and path in places and unquote(place) not in places[path] | {"__skip"}):
                wrong.append(f"{address}: {link}")
    assert seen > 1000
    assert wrong == []


def test_nothing_is_fetched_from_elsewhere(pages: Pages) -> None:
    kinds = {"script": "src", "link": "href", "img": "src", "iframe": "src"}
    found = {e.get(kinds[e.tag]) for page in pages.values() for e in page.iter(*kinds) if e.get(kinds[e.tag])}
    assert found != set()
    assert [link for link in found if re.match(r"(?:[a-z]+:)?//", link)] == []


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [
        markup.Page("index.md", "# One\n\n[two](two.md)"),
        markup.Page("three.md", "# Three\n\n[four](index.md#4)"),
    ]
    monkeypatch.setattr(site, "pages", lambda: iter(wrong))
    monkeypatch.setattr(navigation, "menu", lambda *_: ["index.md", "three.md"])
    with pytest.raises(site.SiteError, match=r"(?s)anchor does not exist.*page does not exist|page.*anchor"):
        site.build(tmp_path / "site")
    assert not (tmp_path / "site").exists()


# --- hostile text ----------------------------------------------------------------------------------------------------

HOSTILE = (
    "</pre><script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "```\n<b>\n```\n\n# heading\n\n[a](javascript:alert(1))",
    "\u202eevil\u202c {: onclick=x } <!-- --> &lt; {{ x }} --8<-- 'x' \x02wzxhzdk:0\x03",
    "a\n\n<div markdown>\n\n*b*\n\n</div>",
)

PLAIN = {"html", "body", "h1", "div", "p", "ul", "li", "code", "wbr", "pre", "i", "del", "ins"}


def rendered(page: str) -> Element:
    extensions = ["attr_list", "md_in_html", "tables", "pymdownx.superfences"]
    return lxml.html.document_fromstring(markdown.markdown(page, extensions=extensions))


def as_read(shown: Element) -> str:
    """The text that was made visible, with the characters that are named in it."""
    pieces = [shown.text or ""]
    for named in shown:
        pieces += ["" if named.text == "↵" else chr(int(named.text.removeprefix("U+"), 16)), named.tail or ""]
    return "".join(pieces)


@hypothesis(deadline=None, max_examples=50)
@given(st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1)))
def test_text_of_a_case_is_shown_as_it_is_and_is_nothing_else(text: str) -> None:
    page = rendered(f"# A\n\n<pre>{markup.visible(text)}</pre>\n\n<p>{markup.code(text)}</p>\n\nAfter.")
    assert {element.tag for element in page.iter()} <= PLAIN
    assert as_read(page.find(".//pre")) == text
    assert page.findall(".//p")[-1].text == "After."


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_case_does_not_leave_its_place(text: str) -> None:
    judge, stage = JUDGES["encoding/zero_width"]
    case = {"rule": judge.name, "title": text, "before": f"{text}\u200b", "after": text, "settings": {"a": text}}
    page = rendered("\n\n".join(examples.examples_of(judge, stage, [case]).mended))
    assert len(page.find_class("case")) == 1
    assert {element.tag for element in page.iter()} <= PLAIN
    assert not [name for element in page.iter() for name in element.attrib if name not in ("class", "title")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["where"])
def test_differences_add_up_to_both_texts(case: cases.Case) -> None:
    after = str(case.get("after", case["before"]))
    pieces = list(examples.differences(case["before"], after))
    assert "".join(a for a, _ in pieces) == case["before"]
    assert "".join(b for _, b in pieces) == after


# --- in a browser ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_opens_it_on_a_phone_without_a_word_of_complaint(built: Path, browser: Any, scheme: str) -> None:
    with served(built) as home, looked_at(browser, home, width=390, scheme=scheme) as (page, said):
        for address in MAIN:
            page.goto(home + address, wait_until="networkidle")
            assert wider(page) <= 0, f"{address} is {wider(page)} pixels wider than the screen"
    assert said == []


@pytest.mark.slow
def test_a_rule_is_found_by_searching_for_what_it_mends(built: Path, browser: Any) -> None:
    with served(built) as home, browser.new_context() as context:
        page = context.new_page()
        page.goto(home, wait_until="networkidle")  # a key that is pressed before the scripts listen is lost
        page.keyboard.press("/")
        page.keyboard.type("mojibake")
        page.wait_for_selector("a[href*='rules/encoding/mojibake']", timeout=60_000)

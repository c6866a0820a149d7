"""`diff.py`: all changes of a text put together, and shown safely and in bounds."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline
from pipeline import diff, edits
from pipeline.face.results import Cleaned
from pipeline.records import Document, Finding, Hit

ALPHABET = "ab\n<&\u202e"


@st.composite
def histories(draw: st.DrawFn) -> tuple[str, str, list[Finding]]:
    """A text, what rules make of it one after the other, and their findings."""
    before = text = draw(st.text(ALPHABET, max_size=12))
    found: list[Finding] = []
    for rule in range(draw(st.integers(0, 5))):
        cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
        spans = list(zip(cuts[::2], cuts[1::2], strict=False))
        hits = [Hit(start, end, draw(st.none() | st.text(ALPHABET, max_size=3))) for start, end in spans]
        text, findings = edits.apply(text, f"x/{rule}", hits)
        found += findings
    return before, text, found


@settings(max_examples=500, deadline=None)
@given(histories())
def test_pieces_hold_all_that_was_changed_and_the_rest_is_as_it_was(history: tuple[str, str, list[Finding]]) -> None:
    before, text, findings = history
    rebuilt, done = "", 0
    placed = diff.pieces(text, findings)
    for piece in placed:
        assert done <= piece.start <= piece.end
        rebuilt += text[done : piece.start] + piece.before
        done = piece.end
    assert rebuilt + text[done:] == before
    told = [finding for piece in placed for finding in piece.findings] + diff.of_the_whole(findings)
    assert sorted(map(str, told)) == sorted(map(str, findings))


@settings(max_examples=500, deadline=None)
@given(histories())
def test_pieces_of_several_stages_hold_what_each_has_changed(history: tuple[str, str, list[Finding]]) -> None:
    before, text, findings = history
    stages = [list(found) for _, found in itertools.groupby(findings, key=lambda finding: finding.rule)]
    rebuilt, done = "", 0
    for piece in diff.pieces(text, *stages):
        assert done <= piece.start <= piece.end
        rebuilt += text[done : piece.start] + piece.before
        done = piece.end
    assert rebuilt + text[done:] == before


class Page(HTMLParser):
    """What a browser would see of a fragment: its tags, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.text[tag] = self.text.get(tag, "") + data


def picture(result: object) -> str:
    html: str = result._repr_html_()  # type: ignore[attr-defined]
    html.encode()
    return html


def test_a_result_shows_what_was_cut_and_what_was_put_in_and_why() -> None:
    page = Page(picture(pipeline.clean("The battle of & # 39;Liberation.\n\nSign up for our newsletter")))
    assert page.text["del"] == "& # 39;↵\n↵\nSign up for our newsletter"
    assert page.text["ins"] == "'"
    titles = [value or "" for name, value in page.attributes if name == "title"]
    assert [title for title in titles if "encoding/spaced_entity" in title] != []
    assert [title for title in titles if "boilerplate/newsletter_pitch" in title] != []
    assert page.text["small"] == "2 edits, 0 remarks"
    assert page.text["b"].startswith("keep")


def test_a_remark_is_marked_and_one_on_the_whole_text_is_told_beside_it() -> None:
    page = Page(picture(pipeline.clean("Caf\ufffd was closed.")))
    assert page.text["mark"] == "\ufffd"
    assert "encoding/damage_left: 1 place" in page.text["li"]
    page = Page(picture(pipeline.clean("Sign up for our newsletter\nShare this on Facebook\nAdvertisement")))
    assert "boilerplate/mostly_boilerplate: 1.00 of the text would be cut" in page.text["p"]


HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(1)"> " onmouseover=\'x\' </pre></div><style>*{}</style>'


@pytest.mark.parametrize("where", ["kept", "before", "after", "rule", "detail", "reason", "remark"])
def test_hostile_text_is_shown_as_text(where: str) -> None:
    def at(place: str) -> str:
        return HOSTILE + "\u202e\ud800\x1b[31m" if place == where else place

    text = f"{at('kept')}{at('after')}"
    start, before = len(at("kept")), at("before")
    finding = Finding(at("rule"), start, start + len(before), before, at("after"), at("detail"))
    remark = Finding("x/y", 0, 0, "", None, at("remark"))
    html = picture(Cleaned(Document("", text), (finding, remark), reason=at("reason")))
    page = Page(html)
    assert page.tags <= {"style", "div", "p", "b", "span", "small", "pre", "del", "ins", "mark", "i", "ul", "li"}
    assert {name for name, _ in page.attributes} <= {"class", "tabindex", "title"}
    assert not re.search("[\u202e\ud800\x1b]", html)
    assert "U+202E" in html
    assert html.count("<style>") == 1


def test_the_picture_of_any_text_is_bounded() -> None:
    plain = pipeline.clean("The council voted on Monday to close the bridge. " * 20_000)
    assert len(picture(plain)) < 5_000
    broken = pipeline.clean("The battle of & # 39; Liberation & # 39; went on. " * 20_000)
    assert len(broken.findings) > 10_000
    assert 5_000 < len(picture(broken)) < 40_000
    worst = [Finding("x" * 999, i * 999, i * 999, "\u202e" * 999, "\u202e" * 999, "\u202e" * 999) for i in range(500)]
    assert len(picture(Cleaned(Document("", "\u202e" * 999 * 500), tuple(worst)))) < 250_000


def test_a_result_tells_of_itself_in_a_line() -> None:
    assert repr(pipeline.clean("In order.")) == "<Result: keep, 0 edits, 0 remarks; 9 characters: 'In order.'>"
    long = repr(pipeline.clean("& # 39;\u202e\x1b[31m" * 1_000))
    assert len(long) < 300
    assert long.isprintable()
    assert "encoding/spaced_entity" in long


def test_results_of_a_column_show_which_texts_were_changed() -> None:
    import pandas as pd

    results = pipeline.clean(pd.Series(["In order.", None, "& # 39;<b>x</b>"] * 9))
    assert repr(results) == "<Results of 27 texts: 9 changed, 9 null>"
    page = Page(picture(results))
    assert "'" in page.text["ins"]
    assert page.text["td"].startswith("2keep")
    assert len(picture(pipeline.clean(pd.Series(["& # 39;\u202e" * 99] * 30)))) < 100_000

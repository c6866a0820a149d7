"""What a record may hold: looked at before a parser sees it, in time that grows with its size alone."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import extract
from pipeline.errors import RecordError
from pipeline.sources.page import bounds, fragment
from pipeline.sources.page.article import article_of

TEXT = "The council met on Monday and closed the old bridge for repairs, which will take until the end of March."
PARAGRAPHS = f"<p>{TEXT}</p>" * 3
ATTRIBUTES = " ".join(f"a{number}=1" for number in range(bounds.MAX_ATTRIBUTES))

# --- pages ---------------------------------------------------------------------------------------------------------

TOO_MUCH = {
    "attributes": (f"<div {ATTRIBUTES} b>{PARAGRAPHS}", "1,001 attributes in one tag, the limit is 1,000"),
    "attributes of a script": (f"<script {ATTRIBUTES} b></script>{PARAGRAPHS}", "1,001 attributes in one tag"),
    "attributes without end": (f"{PARAGRAPHS}<div {ATTRIBUTES} b='", "1,001 attributes in one tag"),
    "attributes between slashes": (f"{PARAGRAPHS}<div{'/a' * 5_000}>", "5,000 attributes in one tag"),
    "attributes after brackets in quotes": (f"{PARAGRAPHS}<a x='<>' y=\"<>\" {ATTRIBUTES}>", "1,002 attributes in one"),
    "attributes after a lone quote": (f"{PARAGRAPHS}<a ' {ATTRIBUTES}>", "1,001 attributes in one tag"),
    "elements": (PARAGRAPHS + "<p>" * 300_000, "more than 300,000 elements, which is the limit"),
    "comments": (PARAGRAPHS + "<!---->" * 300_000, "more than 300,000 elements, which is the limit"),
    "depth": ("<div>" * 2_100 + PARAGRAPHS, "elements nested deeper than 2,048 levels: its parser stops there"),
    "depth behind the text": (PARAGRAPHS + "<b>" * 2_100, "elements nested deeper than 2,048 levels"),
    "characters": (PARAGRAPHS + "x" * 20_000_000, "20,000,333 characters of markup, the limit is 20,000,000"),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_page_that_holds_too_much_says_what(name: str) -> None:
    page, reason = TOO_MUCH[name]
    with pytest.raises(RecordError, match=f"^{re.escape(reason)}"):
        article_of(page)
    assert extract(page) is None


@pytest.mark.parametrize(
    "page",
    [
        f"<div {ATTRIBUTES}>{PARAGRAPHS}",
        f"<script>var a = '<div {ATTRIBUTES} b>'</script>{PARAGRAPHS}",
        f"<!-- <div {ATTRIBUTES} b> -->{PARAGRAPHS}",
        f"<textarea><div {ATTRIBUTES} b></TEXTAREA >{PARAGRAPHS}",
        f"<div title='{ATTRIBUTES} b'>{PARAGRAPHS}",
        f'<div title = "{ATTRIBUTES} b">{PARAGRAPHS}',
        f"<p>a < b {ATTRIBUTES} b> c</p>{PARAGRAPHS}",
        f"<!doctype {ATTRIBUTES} b>{PARAGRAPHS}",
        f"<script>{'<p>' * 300_000}</script>{PARAGRAPHS}",
        "<div>" * 2_000 + PARAGRAPHS,
    ],
)
def test_a_page_within_the_bounds_is_read(page: str) -> None:
    article = article_of(page)
    assert article is not None
    assert TEXT in article.text


PIECES = ["<a ", "<!--", "-->", "<script>", "</script>", "'", '"', "=", "/", ">", "<", " ", "x", "<?", "<a b='", "\n"]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join))
def test_looking_through_markup_takes_time_that_grows_with_its_length(piece: str) -> None:
    """What backtracks takes hours for this."""
    try:
        bounds.check(piece * (500_000 // len(piece)))
    except RecordError as error:
        assert "limit" in str(error)


# --- pieces of HTML --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One <b>and</b>\n two<br>three</p><p>four", "One and two\nthree\n\nfour"),
        ("one<!-- two --><script>x()</script> <style>y</style>three", "one three"),
        ("<!DOCTYPE html><p>one<?php two ?></p>", "one"),
        ("<ul><li>a<li>b</ul>c<hr>d", "a\n\nb\n\nc\n\nd"),
        ("<form>a<p>b</p></form><div>c<button>d</button></div>", "c"),
        ("<ruby>漢<rt>kan</rt></ruby>&nbsp;&amp;&lt;", "漢kan\xa0&<"),
        ("https://a.example/b", "https://a.example/b"),
        ("<?xml version='1.0'?><p>one", "one"),
        ("", ""),
        ("<div>" * 5_000 + "x", "x"),
    ],
)
def test_a_piece_of_html_becomes_the_text_that_its_tags_mean(markup: str, text: str) -> None:
    assert fragment.text_of(markup) == text


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("<p>" * 9_000_000, "27,000,000 characters of markup, the limit is 20,000,000"),
        ("<p>" * 6_000_000, "more than 50,000 elements, which is the limit"),
        (f"<p {ATTRIBUTES} b>", "1,001 attributes in one tag, the limit is 1,000"),
    ],
)
def test_a_piece_of_html_that_holds_too_much_says_what(markup: str, reason: str) -> None:
    with pytest.raises(RecordError, match=f"^{reason}$"):
        fragment.text_of(markup)


@pytest.mark.parametrize("markup", ["<p>", "<i>", "<table><tr><td>", "<ul><li>", "</p>", "<a><b>", "<br>", "<form>"])
def test_a_piece_of_html_of_many_elements_takes_time_that_grows_with_their_number(markup: str) -> None:
    """Ten times as many elements take some ten times as long, not a hundred."""
    few, many = (cpu_seconds(markup * (number // markup.count("<"))) for number in (4_900, 49_000))
    assert many < 40 * few


def cpu_seconds(markup: str) -> float:
    start = time.process_time()
    fragment.text_of(markup)
    return time.process_time() - start

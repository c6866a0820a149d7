"""`sources/metadata.py`: what a page says of itself, and that no page can make it read without end."""

from __future__ import annotations

import json

import pytest
from lxml import html  # type: ignore[import-untyped]  # it ships no types

from pipeline.sources.page import metadata as said
from pipeline.sources.page.metadata import metadata


def of(head: str = "", body: str = "<p>Text</p>", attributes: str = "", url: str | None = None) -> said.Metadata:
    return metadata(html.document_fromstring(f"<html {attributes}><head>{head}</head><body>{body}</body></html>"), url)


def json_ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ('<meta property="og:title" content="A bridge to close">', "<h1>Other things</h1>", "A bridge to close"),
        # what readers see, where it says the same
        ('<meta property="og:title" content="A bridge to close">', "<h1>A bridge to close</h1>", "A bridge to close"),
        ("<title>A bridge to close | The Daily</title>", "", "A bridge to close"),
        ('<title>A bridge to close | The Daily</title><meta property="og:site_name" content="The Daily">', "",
         "A bridge to close"),
        ('<title>To close | or not</title><meta property="og:site_name" content="The Daily">', "", "To close | or not"),
        ("<title>Home | The Daily</title>", "", "Home | The Daily"),
        ("<title>First</title><title>Second</title>", "", "First"),
        ("", "<h1>Only a headline</h1>", "Only a headline"),
        ('<meta property="og:title" content="Q&amp;amp;A with the mayor">', "", "Q&A with the mayor"),
        ("", "", None),
    ],
)  # fmt: skip
def test_the_title_is_what_the_page_declares_without_the_name_of_the_site(
    head: str, body: str, title: str | None
) -> None:
    assert of(head, body).title == title


@pytest.mark.parametrize(
    ("head", "body", "date"),
    [
        (json_ld({"@type": "NewsArticle", "headline": "X", "datePublished": "2019-11-20"}), "", "2019-11-20"),
        ('<meta name="pubdate" content="2019-11-21">', '<time datetime="2019-01-01">long ago</time>', "2019-11-21"),
        ("", '<time datetime="2019-11-22">today</time>', "2019-11-22"),
        ("", '<time>then</time><span itemprop="datePublished" content="2019-11-23">x</span>', "2019-11-23"),
        ("", '<span class="post-date">2019-11-24</span>', "2019-11-24"),
        ('<link rel="canonical" href="http://a.example/2019/11/25/bridge">', "", "2019-11-25"),
        ('<link rel="stylesheet" href="http://a.example/2019/11/25/style">', "", None),
    ],
)
def test_the_date_is_the_first_that_is_one(head: str, body: str, date: str | None) -> None:
    assert of(head, body).date == date


def test_the_address_of_the_page_may_hold_the_date() -> None:
    assert of(url="http://a.example/2019-11-26/bridge.html").date == "2019-11-26"


@pytest.mark.parametrize(
    ("head", "body", "authors"),
    [
        (json_ld({"@type": "Article", "headline": "X", "author": [{"name": "Jane Roe"}, "John Doe"]}), "",
         ("Jane Roe", "John Doe")),
        ('<meta name="author" content="By Jane Roe and John Doe">', "", ("Jane Roe", "John Doe")),
        ('<meta name="author" content="admin">', '<p class="byline">By Jane Roe</p>', ("Jane Roe",)),
        ("", '<a rel="author">Jane Roe</a>', ("Jane Roe",)),
        ("", '<span itemprop="author">Jane Roe</span>', ("Jane Roe",)),
        ("", '<p class="author">' + "Jane Roe, who has written for us for ten years" + "</p>", ()),
        ("", '<p class="author">jane@example.org</p>', ()),
    ],
)  # fmt: skip
def test_the_authors_are_names_and_no_roles_addresses_or_lives(head: str, body: str, authors: tuple[str, ...]) -> None:
    assert of(head, body).authors == authors


@pytest.mark.parametrize(
    ("attributes", "head", "language"),
    [
        ('lang="en-GB"', "", "en-gb"),
        ("", '<meta property="og:locale" content="de_DE">', "de-de"),
        ("", json_ld({"@type": "Article", "headline": "X", "inLanguage": "fr"}), "fr"),
        ('lang="English"', "", None),
    ],
)
def test_the_language_is_a_code(attributes: str, head: str, language: str | None) -> None:
    assert of(head, attributes=attributes).language == language


def test_structured_data_is_read_wherever_the_article_stands_in_it() -> None:
    nested = {"@graph": [[{"@type": ["Thing", "NewsArticle"], "headline": ["First"], "articleBody": "Words."}]]}
    found = of(f"<script type='application/ld+json'><!-- {json.dumps(nested)}; --></script>{json_ld('no object')}")
    assert (found.title, found.body, found.declared) == ("First", "Words.", True)


@pytest.mark.parametrize("broken", ["{", "[" * 100_000, '{"headline": }', "null", "1"])
def test_broken_structured_data_says_nothing(broken: str) -> None:
    found = of(f'<script type="application/ld+json">{broken}</script>')
    assert found == said.Metadata()


def test_no_page_is_read_without_end() -> None:
    many = 2000
    head = "".join(f'<meta name="n{number}" content="x">' for number in range(many))
    body = f"<time>x</time><h1>x</h1><p class='byline date'>x</p><a itemprop='datePublished'>{'y' * 9999}</a>" * many
    root = html.document_fromstring(f"<html><head>{head}</head><body>{body}</body></html>")
    found = said._walk(root)
    sizes = [len(kept) for kept in (found.meta, found.times, found.headlines, found.bylines, found.shown)]
    assert sizes == [500, 50, 10, 10, 5]
    assert max(map(len, found.times)) == 2000
    values = list(said._structured([json.dumps([{"a": [{}] * 300}] * 300)] * 9))
    assert len(values) <= said.MAX_VALUES

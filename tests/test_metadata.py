"""`sources/metadata.py`: what a page says of itself, and that no page can make it read without end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest
from lxml import html  # type: ignore[import-untyped]  # it ships no types

from pipeline.sources.page import published, structured
from pipeline.sources.page.metadata import Metadata, metadata
from pipeline.sources.page.walk import Found, walk


def of(head: str = "", body: str = "<p>Text</p>", attributes: str = "", url: str | None = None) -> Metadata:
    return metadata(html.document_fromstring(f"<html {attributes}><head>{head}</head><body>{body}</body></html>"), url)


def json_ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


LONG = "The old bridge over the river was closed to all traffic by the council of the city on"


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
        # an object of structured data without a headline
        (json_ld({"@graph": [{"@type": "WebPage", "datePublished": "2019-11-26"}]}), "", "2019-11-26"),
        (json_ld({"@type": "ImageObject", "datePublished": "2019-11-26"}), "", None),
        # the time at the headline, not the one of a teaser above it
        ("", f"<time>2018-01-01</time>{'<p>Teaser</p>' * 5}<h1>Bridge</h1><time>2019-11-27</time>", "2019-11-27"),
        # a line beneath the headline, whatever it is called; not a sentence of the article
        ("", "<h1>Bridge</h1><ul><li>Jane Roe</li><li>November 28, 2019</li></ul>", "2019-11-28"),
        ("", f"<h1>Bridge</h1><p>{LONG} November 28, 2019</p>", None),
        ("", "<p>November 28, 2019</p><h1>Bridge</h1>", None),
        # the script that draws the page
        (
            '<script>window.page = {"post": {"published_at": "2019-11-29T08:00:00Z"}}</script>',
            "",
            "2019-11-29T08:00:00+00:00",
        ),
        # when it was changed, if nothing else is told
        ('<meta property="article:modified_time" content="2019-11-30">', "", "2019-11-30"),
        # of several that name the same day, one with the time of day
        (
            '<meta name="date" content="2019-12-01">',
            '<time datetime="2019-12-01T07:30:00Z">early</time>',
            "2019-12-01T07:30:00+00:00",
        ),
    ],
)
def test_the_date_is_the_first_that_is_one(head: str, body: str, date: str | None) -> None:
    assert of(head, body).date == date


def test_the_address_of_the_page_may_hold_the_date() -> None:
    assert of(url="http://a.example/2019-11-26/bridge.html").date == "2019-11-26"


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ('<link rel="canonical" href="https://a.example/bridge">', "https://a.example/bridge"),
        ('<link rel="CANONICAL" href=" https://a.example/bridge ">', "https://a.example/bridge"),
        ('<meta property="og:url" content="https://a.example/bridge">', "https://a.example/bridge"),
        (json_ld({"@type": "Article", "headline": "X", "url": "https://a.example/b"}), "https://a.example/b"),
        (json_ld({"@type": "Article", "headline": "X", "mainEntityOfPage": {"@id": "https://a.example/b"}}),
         "https://a.example/b"),
        # a story that two papers share: the page is the one that it says it is
        ('<link rel="canonical" href="https://b.example/bridge"><meta property="og:url" content="https://a.example/b">',
         "https://a.example/b"),
        # the home page says less than the page's own address
        ('<link rel="canonical" href="https://a.example/"><meta property="og:url" content="https://a.example/bridge">',
         "https://a.example/bridge"),
        ('<link rel="canonical" href="https://a.example/">', "https://a.example/"),
        # no addresses on the web
        ('<link rel="canonical" href="/bridge">', None),
        ('<link rel="canonical" href="https://[/">', None),
        ('<link rel="canonical" href="javascript:alert(1)">', None),
        (f'<link rel="canonical" href="https://a.example/{"x" * 3000}">', None),
        ('<link rel="stylesheet" href="https://a.example/style">', None),
    ],
)  # fmt: skip
def test_the_address_is_the_one_that_the_page_gives_for_itself(head: str, url: str | None) -> None:
    assert of(head).url == url


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
    assert found == Metadata()


def test_no_page_is_read_without_end() -> None:
    many = 2000
    head = "".join(f'<meta name="n{number}" content="x">' for number in range(many))
    body = f"<time>x</time><h1>x</h1><p class='byline date'>x</p><a itemprop='datePublished'>{'y' * 9999}</a>" * many
    root = html.document_fromstring(f"<html><head>{head}</head><body>{body}</body></html>")
    found = walk(root)
    sizes = [len(kept) for kept in (found.meta, found.times, found.headlines, found.bylines, found.shown)]
    assert sizes == [500, 50, 10, 10, 5]
    assert max(map(len, found.properties)) == 2000
    assert len(found.beneath) <= 5
    values = list(structured.objects([json.dumps([{"a": [{}] * 300}] * 300)] * 9))
    assert len(values) <= structured.MAX_VALUES


@pytest.mark.parametrize(
    ("kind", "looked_at"),
    [("application/ld+json", lambda found: found.scripts), ("text/javascript", published.telling_scripts)],
)
def test_of_the_scripts_of_a_page_some_are_looked_at_and_not_all_of_them(
    kind: str, looked_at: Callable[[Found], Iterable[str]]
) -> None:
    scripts = [f'<script type="{kind}">datePublished {"x" * size}</script>' for size in (1_000_000, *[1] * 20)]
    found = walk(html.document_fromstring(f"<html><body>{''.join(scripts)}</body></html>"))
    assert [len(text) for text in looked_at(found)] == [1_000_000, *[len("datePublished x")] * 19]

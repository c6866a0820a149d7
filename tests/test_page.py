"""`sources/page/`: page to article."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources.page.article import extract, joined
from pipeline.sources.page.blocks import Block
from pipeline.sources.page.dates import iso_date

FIRST = "The city council voted on Tuesday to close the old bridge for repairs, after months of debate in public."
SECOND = "Work will begin in March, the mayor said, and the bridge will open again to traffic before the next winter."
THIRD = "Shopkeepers near the river fear for their trade; the city promised them help with signs, parking and buses."
QUOTE = "“We have waited for this for ten years, and we can wait one more,” said a baker whose shop stands next to it."
PAGE = f"""<!DOCTYPE html><html lang="en"><head><title>Bridge to close | The Daily Paper</title>
<meta property="og:title" content="Bridge to close"><meta property="og:site_name" content="The Daily Paper">
<meta name="description" content="The old bridge will close in March."></head><body>
<nav class="menu"><ul><li><a href="/">Home</a><li><a href="/news">News</a><li><a href="/sport">Sport</a></ul></nav>
<article class="article"><h1>Bridge to close</h1><p class="byline">By Jane Roe and John Doe</p>
<div class="share"><a href="#">Share on Facebook</a> <a href="#">Tweet</a></div>
<div class="article-body"><p>{FIRST}</p><p>{SECOND}</p><blockquote><p>{QUOTE}</p></blockquote>
<p>{THIRD}</p></div></article>
<aside class="related"><h3>Related stories</h3><ul><li><a href="/1">Tunnel opens at last</a>
<li><a href="/2">Ferry runs again</a></ul></aside>
<div class="comments"><h3>2 comments</h3>
<div class="comment"><p>First! I never liked that bridge at all.</p></div></div>
<footer><p>Copyright 2020 The Daily Paper. All rights reserved. <a href="/privacy">Privacy policy</a></p></footer>
<script>var tracking = "The city council voted";</script></body></html>"""


def page(body: str, head: str = "") -> str:
    return f"<html><head>{head}</head><body>{body}</body></html>"


PARAGRAPHS = f"<div class='article-body'><p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p></div>"


def test_the_article_is_taken_and_nothing_around_it():
    article = extract(PAGE.encode())
    assert article is not None
    assert article.text.endswith(f"{FIRST}\n\n{SECOND}\n\n{QUOTE}\n\n{THIRD}")
    for around in ("Home", "Tweet", "Tunnel", "First!", "Copyright", "tracking"):
        assert around not in article.text


def test_what_the_page_says_of_itself_is_read():
    article = extract(PAGE.encode())
    assert article is not None
    assert (article.title, article.language, article.charset) == ("Bridge to close", "en", "utf-8")
    assert article.authors == ("Jane Roe", "John Doe")
    assert article.date is None


def test_structured_data_names_authors_date_and_headline():
    said = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "The Daily Paper"},
            {
                "@type": ["NewsArticle"],
                "headline": "Bridge to close",
                "datePublished": "2019-11-20T10:15:00Z",
                "author": [{"@type": "Person", "name": "Jane Roe"}, {"@type": "Person", "name": "John Doe"}],
            },
        ],
    }
    article = extract(page(PARAGRAPHS, f'<script type="application/ld+json">{json.dumps(said)}</script>'))
    assert article is not None
    assert article.title == "Bridge to close"
    assert article.authors == ("Jane Roe", "John Doe")
    assert article.date == "2019-11-20T10:15:00+00:00"


def test_the_text_of_a_page_drawn_by_a_script_is_what_it_declares():
    said = {"@type": "NewsArticle", "headline": "Bridge to close", "articleBody": f"{FIRST}\n\n{SECOND}\n\n{THIRD}"}
    article = extract(page("<div id='app'></div>", f'<script type="application/ld+json">{json.dumps(said)}</script>'))
    assert article is not None
    assert article.text == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


def test_the_declared_text_of_a_page_drawn_by_a_script_may_be_html():
    body = f"<p>{FIRST}</p><p>{SECOND}<br>{THIRD}</p><script>alert(1)</script>"
    said = {"@type": "NewsArticle", "headline": "Bridge to close", "articleBody": body}
    declared = json.dumps(said).replace("</script>", "<\\/script>")
    article = extract(page("<div id='app'></div>", f'<script type="application/ld+json">{declared}</script>'))
    assert article is not None
    assert article.text == f"{FIRST}\n\n{SECOND}\n{THIRD}"


@pytest.mark.parametrize(
    "script",
    [
        "not json",
        '{"@type": "NewsArticle", "headline": ',
        "[" * 100_000,
        '{"a":' * 50_000,
        "[1, 2, null, \"x\"]",
        '{"@type": "NewsArticle", "headline": {"a": 1}, "author": 7, "datePublished": ["x", 3]}',
        '{"@type": {"b": 2}, "headline": "x", "author": [[["deep"]]]}',
        "null",
    ],
)  # fmt: skip
def test_broken_structured_data_costs_nothing_else(script):
    article = extract(page(PARAGRAPHS, f'<title>Bridge</title><script type="application/ld+json">{script}</script>'))
    assert article is not None
    assert article.text == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"
    assert article.title == "Bridge"


@pytest.mark.parametrize(
    ("head", "url", "date"),
    [
        (
            '<meta property="article:published_time" content="2019-11-20T10:15:00+0100">',
            None,
            "2019-11-20T10:15:00+01:00",
        ),
        ('<meta name="date" content="20 November 2019">', None, "2019-11-20"),
        ("", "https://paper.example/2019/11/20/bridge.html", "2019-11-20"),
        ('<link rel="canonical" href="https://paper.example/news/2019-11-20-bridge">', None, "2019-11-20"),
        ('<meta name="date" content="soon">', "https://paper.example/bridge", None),
    ],
)
def test_the_date_is_what_the_page_declares_or_its_address_holds(head, url, date):
    article = extract(page(PARAGRAPHS, head), url)
    assert article is not None
    assert article.date == date


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2019-11-20", "2019-11-20"),
        ("2019-11-20 10:15", "2019-11-20T10:15:00"),
        ("Published: Sept. 3rd, 2011 at noon", "2011-09-03"),
        ("3 May 2011", "2011-05-03"),
        ("20.11.2019", "2019-11-20"),
        ("20191120", "2019-11-20"),
        ("Wed, 20 Nov 2019 10:15:00 +0100", "2019-11-20T10:15:00+01:00"),
        ("11/12/2019", None),
        ("2019-13-45", None),
        ("Wed, 99 Foo 2019 99:99:99", None),
        ("", None),
    ],
)
def test_dates_are_read_where_their_order_is_plain(written, date):
    assert iso_date(written) == date


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_none(text):
    assert iso_date(text) is None or len(iso_date(text)) >= 10


@pytest.mark.parametrize(
    "content", ["", " ", "\0", b"", b"\xff\xfe", "<html>", "<!-- -->", "<body><script>var a = 1;</script>"]
)
def test_a_page_without_text_has_no_article(content):
    assert extract(content) is None


def test_paragraphs_line_breaks_and_table_rows_keep_their_shape():
    table = "<table><tr><td>Bridge built in the year</td><td>1901, and widened</td></tr></table>"
    article = extract(page(f"<div class='article-body'><p>{FIRST}<br>{SECOND}</p>{table}<p>{THIRD}</p></div>"))
    assert article is not None
    assert f"{FIRST}\n{SECOND}\n\n" in article.text
    assert article.text.endswith(f"\n\n{THIRD}")


def test_cells_of_a_row_are_parted_by_tabs_and_columns_of_the_layout_by_blank_lines():
    row = [Block(text, 0, 0, 0, "", False, cell=i > 0) for i, text in enumerate(["1901", "Built", "1934"])]
    assert joined(row) == "1901\tBuilt\t1934"
    columns = [Block(text, 0, 0, 0, "", False, cell=i > 0) for i, text in enumerate([FIRST, SECOND])]
    assert joined(columns) == f"{FIRST}\n\n{SECOND}"


def test_entities_spaces_and_inline_markup_read_as_one_line():
    marked = (
        FIRST.replace("Tuesday", "<b>Tues</b>day")
        .replace("old bridge", "old\n   <i>bridge</i>")
        .replace("city", "c&#105;ty")
    )
    article = extract(page(f"<div class='article-body'><p>{marked}</p><p>{SECOND}</p><p>{THIRD}</p></div>"))
    assert article is not None
    assert article.text.startswith(FIRST)


def test_the_charset_is_that_of_the_bytes_and_not_of_the_meta_tag():
    content = PAGE.replace("<head>", '<head><meta charset="iso-8859-1">').encode()
    article = extract(content)
    assert article is not None
    assert article.charset == "utf-8"
    assert QUOTE in article.text


def test_null_bytes_do_not_end_the_page():
    article = extract(page(f"<p>{FIRST}\0</p>\0<p>{SECOND}</p><p>{THIRD}</p>").encode())
    assert article is not None
    assert article.text == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 50_000,
        "<b>" * 50_000 + "x" + "</b>" * 50_000,
        "<table><tr><td>" * 5_000,
        "<p>" * 60_000,
        "<a href='" * 50_000,
        "<" * 500_000,
        "&" * 500_000,
        "</div>" * 100_000,
        "<!--" * 100_000,
        "<br>x" * 50_000,
        "<p class='" + "article " * 100_000 + "'>",
        "<p>" + "word, " * 500_000,
        "<ul>" + "<li><a href=x>link" * 30_000,
    ],
)
def test_a_hostile_page_neither_crashes_nor_hangs(hostile):
    extract(hostile)
    article = extract(f"<html><body>{PARAGRAPHS}{hostile}")
    assert article is None or isinstance(article.text, str)


TAGS = ["<div>", "</div>", "<p>", "<td>", "<li>", "<a href=x>", "</a>", "<br>", "<h1>"]
MARKUP = st.lists(st.sampled_from(TAGS) | st.text(max_size=30))


@settings(max_examples=40)
@given(MARKUP.map("".join))
def test_any_markup_gives_an_article_or_none(markup):
    article = extract(markup)
    assert article is None or article.text


def test_the_same_page_gives_the_same_article():
    assert extract(PAGE) == extract(PAGE.encode())

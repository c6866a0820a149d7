"""`sources/page/`: page to article."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import extract
from pipeline.errors import RecordError
from pipeline.sources.page import article as page_to_article
from pipeline.sources.page import blocks, lost
from pipeline.sources.page.article import Article, article_of, joined, parse
from pipeline.sources.page.blocks import Block, layout
from pipeline.sources.page.dates import iso_date
from pipeline.sources.page.features import NAMES, Clues, features

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


# --- the article -------------------------------------------------------------------------------------------------


def test_the_article_is_taken_and_nothing_around_it() -> None:
    article = extract(PAGE.encode())
    assert article is not None
    assert article.text.endswith(f"{FIRST}\n\n{SECOND}\n\n{QUOTE}\n\n{THIRD}")
    for around in ("Home", "Tweet", "Tunnel", "First!", "Copyright", "tracking"):
        assert around not in article.text


def test_what_the_page_says_of_itself_is_read() -> None:
    article = extract(PAGE.encode())
    assert article is not None
    assert (article.title, article.language, article.charset) == ("Bridge to close", "en", "utf-8")
    assert article.authors == ("Jane Roe", "John Doe")
    assert article.date is None


def test_structured_data_names_authors_date_and_headline() -> None:
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


def test_the_text_of_a_page_drawn_by_a_script_is_what_it_declares() -> None:
    said = {"@type": "NewsArticle", "headline": "Bridge to close", "articleBody": f"{FIRST}\n\n{SECOND}\n\n{THIRD}"}
    article = extract(page("<div id='app'></div>", f'<script type="application/ld+json">{json.dumps(said)}</script>'))
    assert article is not None
    assert article.text == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


def test_the_declared_text_of_a_page_drawn_by_a_script_may_be_html() -> None:
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
def test_broken_structured_data_costs_nothing_else(script: str) -> None:
    article = extract(page(PARAGRAPHS, f'<title>Bridge</title><script type="application/ld+json">{script}</script>'))
    assert article is not None
    assert article.text == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"
    assert article.title == "Bridge"


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>Old bridge to close | The Daily Paper</title>", "Old bridge to close"),
        ("<title>Bridge to close | Paper</title><meta property='og:site_name' content='paper'>", "Bridge to close"),
        ("<title>Bridge - Paper</title><meta property='og:site_name' content='The Daily'>", "Bridge - Paper"),
        ("<title>Bridge | What the mayor said of it</title>", "Bridge | What the mayor said of it"),
        ("<title>Bridge to close</title>", "Bridge to close"),
        ("<meta property='og:title' content='Bridge &amp;amp; tunnel'>", "Bridge & tunnel"),
        ("", None),
    ],
)
def test_the_title_is_the_headline_without_the_name_of_the_site(head: str, title: str | None) -> None:
    article = extract(page(PARAGRAPHS, head))
    assert article is not None
    assert article.title == title


@pytest.mark.parametrize(
    ("told", "shown", "title"),
    [
        ("Old bridge to close for...", "Old bridge to close for repairs", "Old bridge to close for repairs"),
        ("Old bridge to close", "The Daily Paper: news", "Old bridge to close"),
        ("", "Old bridge to close", "Old bridge to close"),
    ],
)
def test_the_title_is_as_readers_see_it_if_that_says_the_same(told: str, shown: str, title: str) -> None:
    article = extract(page(f"<h1>{shown}</h1>{PARAGRAPHS}", f"<title>{told}</title>"))
    assert article is not None
    assert article.title == title


@pytest.mark.parametrize(
    ("head", "line", "authors"),
    [
        ("<meta name='author' content='Jane Roe; John Doe'>", "", ("Jane Roe", "John Doe")),
        ("", "<p class='byline'>By Jane Roe and John Doe</p>", ("Jane Roe", "John Doe")),
        ("", "<a rel='author'>Jane Roe</a>", ("Jane Roe",)),
        ("", "<span class='author'>One who has much more to tell of himself here</span>", ()),
        ("<meta name='author' content='admin'>", "<p class='byline'>staff@paper.example</p>", ()),
    ],
)
def test_authors_are_those_of_meta_tags_or_bylines_and_names_only(
    head: str, line: str, authors: tuple[str, ...]
) -> None:
    article = extract(page(line + PARAGRAPHS, head))
    assert article is not None
    assert article.authors == authors


@pytest.mark.parametrize(
    ("shown", "date"),
    [
        ("<span itemprop='datePublished' content='2019-11-20'>Wednesday</span>", "2019-11-20"),
        ("<time datetime='2019-11-20T10:15'>this morning</time>", "2019-11-20T10:15:00"),
        ("<p class='post-date'>Posted on 20 November 2019</p>", "2019-11-20"),
        ("<p>20 November 2019</p>", None),
    ],
)
def test_the_date_is_what_the_page_shows_where_it_declares_none(shown: str, date: str | None) -> None:
    article = extract(page(shown + PARAGRAPHS))
    assert article is not None
    assert article.date == date


@pytest.mark.parametrize(
    ("head", "language"),
    [
        ("<meta http-equiv='content-language' content='de'>", "de"),
        ("<meta property='og:locale' content='de_AT'>", "de-at"),
        ("<meta name='language' content='German, of course'>", None),
    ],
)
def test_the_language_is_what_the_page_declares(head: str, language: str | None) -> None:
    article = extract(page(PARAGRAPHS, head))
    assert article is not None
    assert article.language == language


def test_structured_data_may_wrap_its_values() -> None:
    said = {
        "@type": "NewsArticle",
        "headline": ["Bridge"],
        "author": {"name": "Jane Roe"},
        "inLanguage": {"@value": "en"},
    }
    article = extract(page(PARAGRAPHS, f'<script type="application/ld+json"><!-- {json.dumps(said)}; --></script>'))
    assert article is not None
    assert (article.title, article.authors, article.language) == ("Bridge", ("Jane Roe",), "en")


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
def test_the_date_is_what_the_page_declares_or_its_address_holds(head: str, url: str | None, date: str | None) -> None:
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
        ("Wed, 20 Nov " + "9" * 40 + " 10:15:00 GMT", None),
        ("Wed, 20 Nov 2019 10:15:00 +" + "9" * 60, None),
        ("", None),
    ],
)
def test_dates_are_read_where_their_order_is_plain(written: str, date: str | None) -> None:
    assert iso_date(written) == date


DATES = st.from_regex(
    r"(19|20)[0-9]{2}[-/.][01]?[0-9][-/.][0-3]?[0-9]([T ][0-9]{1,2}:[0-9]{2})?|[0-3]?[0-9] (May|Nov\.) 20[0-9]{2}",
    fullmatch=True,
)


@given(DATES | st.text(max_size=40))
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = iso_date(text)
    assert found is None or date.fromisoformat(found[:10]).isoformat() == found[:10]


@pytest.mark.parametrize(
    "content",
    [
        *("", " ", "\0", b"", b"\xff\xfe", "<html>", "<!-- -->", "<body><script>var a = 1;</script>"),
        *("<body> <p> </p>", "<frameset><frame src=a></frameset>", "<title>Bridge to close</title>"),
    ],
)
def test_a_page_without_text_has_no_article(content: str | bytes) -> None:
    assert extract(content) is None


MENU = "".join(f"<li><a href='/{name}'>{name}</a>" for name in ("Home", "News", "Sport", "Culture", "Weather"))


LONG = (
    "<div class='article-body'>"
    + "".join(
        f"<p>{FIRST}</p><p>Resident {number} of the street said that it would be the {number}th time in his life, and "
        f"that he had seen {number * 7} plans for it come and go since he moved there with his family.</p>"
        for number in range(9)
    )
    + "</div>"
)


def teaser(box: str, text: str, number: int) -> str:
    """One of the articles that a page lists: its headline, a link, and how it begins."""
    tag = box.partition(" ")[0]
    title = f"<h3><a href='/{number}'>What the council said about bridge {number}</a></h3>"
    return f"<{box}>{title}<{text}>{FIRST} {SECOND} <a href='/{number}'>Read more</a></{text}></{tag}>"


@pytest.mark.parametrize(
    ("head", "body", "reason"),
    [
        ("<title>404 - Page not found</title>", "<p>Sorry, what you were looking for is not here any more.</p>",
         "it says that what was asked for is not there"),
        ("<title>The Daily Paper</title>", "<h1>Page not found</h1><p>Please try the search above, or start again.</p>",
         "it says that what was asked for is not there"),
        ("<title>Just a moment...</title>", "<p>This takes a few seconds, then you will be sent on to the site.</p>",
         "it asks its reader to sign in, to agree or to prove to be human"),
        ("", "<p>Please enable JavaScript and cookies to see this site, then load it again in your browser.</p>",
         "it asks its reader to sign in, to agree or to prove to be human"),
        ('<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": "False"}</script>',
         f"<article><h1>Bridge to close</h1><p>{FIRST}</p></article>",
         " characters of it are free to read"),
        ('<link rel="canonical" href="https://a.example/">', "".join(
            f"<div class='teaser'><a href='/{n}'>What the council said about the bridge, part {n}</a></div>"
            for n in range(12)), "it is the front page of a site"),
        ("<script>draw()</script>", "<div id='app'></div>", "its text is drawn by a script"),
        ("", "".join(teaser("article", "p", n) for n in range(5)), "it is a list of 5 articles"),
        ("", "".join(teaser("div class=card", "div", n) for n in range(30)), "it is a list of 30 articles"),
        ("", "<ul>" + "".join(teaser("li", "p", n) for n in range(9)) + "</ul>", "it is a list of 9 articles"),
    ],
)  # fmt: skip
def test_a_page_without_an_article_says_why(head: str, body: str, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        article_of(page(f"<ul class='menu'>{MENU}</ul>{body}" if "draw" not in head else body, head))
    assert str(caught.value).startswith("no article found on the page")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("<title>Page not found: how a library lost its letters</title>", PARAGRAPHS),
        ("<title>404</title>", LONG),
        ("", f"<div class='article-body'><p>{FIRST}</p><p>Readers had to enable JavaScript.</p><p>{SECOND}</p></div>"),
        ('<link rel="canonical" href="https://a.example/">', PARAGRAPHS),
        ('<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script>',
         LONG),
        ("", PARAGRAPHS + "".join(teaser("article", "p", n) for n in range(3))),
        ("", "".join(f"<section><h2><a href='#{n}'>Bridge {n} of the old town</a></h2>{PARAGRAPHS}</section>"
                     for n in range(6))),
    ],
)  # fmt: skip
def test_an_article_that_looks_like_a_page_without_one_is_one(head: str, body: str) -> None:
    assert FIRST in article_of(page(body, head)).text


BETWEEN = {
    "short items": ("<ul><li>200 g flour</li><li>2 eggs</li><li>salt</li></ul>", ("200 g flour", "2 eggs", "salt")),
    "numbered steps": ("<ol><li>Mix.</li><li>Wait an hour.</li><li>Bake.</li></ol>", ("Mix.", "Wait an hour.")),
    "definitions": ("<dl><dt>Length</dt><dd>210 m</dd><dt>Built</dt><dd>1901</dd></dl>", ("Length", "210 m", "1901")),
    "a small table": ("<table><tr><th>Club</th><th>Points</th></tr><tr><td>Riverside</td><td>42</td></tr></table>",
                      ("Club\tPoints", "Riverside\t42")),
    "the heading of an hour": ("<h3>14:35 Traffic is led around</h3>", ("14:35 Traffic is led around",)),
    "a paragraph of one link": ("<p><a href='/plan'>The plan of the works, as the council has adopted it</a></p>",
                                ("The plan of the works, as the council has adopted it",)),
    "a short paragraph with a link": ("<p>See <a href='/plan'>the plan</a>.</p>", ("See the plan.",)),
    "a list, then one more paragraph": (f"<p>{QUOTE}</p><ul><li>two lanes</li><li>one path</li></ul>",
                                        ("two lanes", "one path")),
}  # fmt: skip


@pytest.mark.parametrize("name", BETWEEN)
def test_what_stands_between_two_paragraphs_is_the_articles(name: str) -> None:
    markup, kept = BETWEEN[name]
    body = f"<div class='article-body'><p>{FIRST}</p><p>{QUOTE}</p><p>{SECOND}</p>{markup}<p>{THIRD}</p></div>"
    around = f"<ul class='menu'>{MENU}</ul><h1>Bridge to close</h1>{body}<footer><p>Copyright 2020</p></footer>"
    lines = article_of(page(around, '<meta property="og:title" content="Bridge to close">')).text.split("\n")
    assert [text for text in kept if text not in lines] == []
    assert lines[-1] == THIRD


WIDGETS = {
    "related links": "<div class='related'><h3>Related</h3><ul><li><a href='/1'>Tunnel opens at last</a></ul></div>",
    "buttons": "<div class='share-buttons'><a href='#'>Tweet</a> <a href='#'>Share</a></div>",
    "a newsletter": "<div class='newsletter-signup'><p>Get our newsletter</p><form><label>E-mail</label></form></div>",
    "the script of an advertiser": "<p>googletag.cmd.push(function() { googletag.display('div-gpt-ad-1'); });</p>",
}


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_between_two_paragraphs_is_not_the_articles(name: str) -> None:
    body = f"<div class='article-body'><p>{FIRST}</p><p>{SECOND}</p>{WIDGETS[name]}<p>{THIRD}</p><p>{QUOTE}</p></div>"
    around = f"<ul class='menu'>{MENU}</ul><h1>Bridge to close</h1>{body}<footer><p>Copyright 2020</p></footer>"
    text = article_of(page(around, '<meta property="og:title" content="Bridge to close">')).text
    assert text.endswith(f"{FIRST}\n\n{SECOND}\n\n{THIRD}\n\n{QUOTE}")


@pytest.mark.parametrize(
    "markup",
    [
        "<pre>var bridge = document.getElementById('bridge');\nbridge.close();</pre>",
        "<p>document.write() is an old way to change a page, and browsers warn of it; the city's site used it.</p>",
    ],
)
def test_code_that_the_article_shows_is_its_own(markup: str) -> None:
    body = f"<div class='article-body'><p>{FIRST}</p><p>{SECOND}</p>{markup}<p>{THIRD}</p><p>{QUOTE}</p></div>"
    text = article_of(page(f"<h1>Bridge to close</h1>{body}")).text
    assert "document." in text
    assert text.endswith(QUOTE)


def test_features_of_code_and_of_the_heading_above(told: Told) -> None:
    assert told(FIRST)["code"] == 0
    assert told("Tunnel")["from_heading"] < told("First!")["from_good"]
    assert (told("Tunnel")["heading_pointer"], told(FIRST)["heading_pointer"]) == (1, 0)


def test_paragraphs_line_breaks_and_table_rows_keep_their_shape() -> None:
    table = "<table><tr><td>Bridge built in the year</td><td>1901, and widened</td></tr></table>"
    article = extract(page(f"<div class='article-body'><p>{FIRST}<br>{SECOND}</p>{table}<p>{THIRD}</p></div>"))
    assert article is not None
    assert f"{FIRST}\n{SECOND}\n\n" in article.text
    assert article.text.endswith(f"\n\n{THIRD}")


def test_cells_of_a_row_are_parted_by_tabs_and_columns_of_the_layout_by_blank_lines() -> None:
    row = [Block(text, 0, 0, 0, "", False, cell=i > 0) for i, text in enumerate(["1901", "Built", "1934"])]
    assert joined(row) == "1901\tBuilt\t1934"
    columns = [Block(text, 0, 0, 0, "", False, cell=i > 0) for i, text in enumerate([FIRST, SECOND])]
    assert joined(columns) == f"{FIRST}\n\n{SECOND}"


def test_entities_spaces_and_inline_markup_read_as_one_line() -> None:
    marked = (
        FIRST.replace("Tuesday", "<b>Tues</b>day")
        .replace("old bridge", "old\n   <i>bridge</i>")
        .replace("city", "c&#105;ty")
    )
    article = extract(page(f"<div class='article-body'><p>{marked}</p><p>{SECOND}</p><p>{THIRD}</p></div>"))
    assert article is not None
    assert article.text.startswith(FIRST)


@pytest.mark.parametrize(("label", "charset"), [("windows-1251", "cp1251"), ("koi8-r", "koi8-r")])
def test_bytes_are_read_in_the_charset_that_the_page_declares(label: str, charset: str) -> None:
    first = "Городской совет решил во вторник закрыть старый мост на ремонт, сообщила мэрия после долгих споров."
    second = "Работы начнутся в марте, сказал мэр, и мост снова откроется для движения до следующей зимы."
    markup = page(f"<article><p>{first}</p><p>{second}</p></article>", f'<meta charset="{label}">')
    article = extract(markup.encode(charset))
    assert article is not None
    assert article.charset == charset
    assert article.text == f"{first}\n\n{second}"
    read = extract(markup)
    assert read is not None
    assert (read.text, read.charset) == (article.text, "utf-8")


def test_the_charset_is_that_of_the_bytes_and_not_of_the_meta_tag() -> None:
    content = PAGE.replace("<head>", '<head><meta charset="iso-8859-1">').encode()
    article = extract(content)
    assert article is not None
    assert article.charset == "utf-8"
    assert QUOTE in article.text


def test_null_bytes_do_not_end_the_page() -> None:
    article = extract(page(f"<p>{FIRST}\0</p>\0<p>{SECOND}</p><p>{THIRD}</p>").encode())
    assert article is not None
    assert article.text == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


# --- hostile pages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hostile",
    [
        "<" * 1_000_000,
        "<div>" * 500_000,
        "\ud800" * 100_000,
        "<a " + "x=1 " * 200_000 + ">",
        "<meta name='date' content='Wed, 1 Jan " + "9" * 50 + " 10:15:00 GMT'>",
        "<time datetime='Wed, 1 Jan 2020 10:15:00 +" + "9" * 50 + "'>",
        "<script type='application/ld+json'>{\"datePublished\": " + "9" * 10_000 + "}</script>",
        "<title>" + "a | " * 100_000 + "</title>",
        "<div>" * 50_000,
        "<b>" * 50_000 + "x" + "</b>" * 50_000,
        "<table><tr><td>" * 5_000,
        "<p>" * 60_000,
        "<a href='" * 50_000,
        "&" * 500_000,
        "</div>" * 100_000,
        "<!--" * 100_000,
        "<br>x" * 50_000,
        "<p class='" + "article " * 100_000 + "'>",
        "<p>" + "word, " * 500_000,
        "<ul>" + "<li><a href=x>link" * 30_000,
    ],
)
def test_a_hostile_page_neither_crashes_nor_hangs(hostile: str) -> None:
    for content in (hostile, f"<html><body>{PARAGRAPHS}{hostile}", hostile.encode("utf-8", "surrogatepass")):
        article = extract(content, "https://paper.example/2019/11/20/bridge.html")
        assert article is None or article.text.encode("utf-8").strip()


TAGS = ["<div>", "</div>", "<p>", "<td>", "<li>", "<a href=x>", "</a>", "<br>", "<h1>"]
MARKUP = st.lists(st.sampled_from(TAGS) | st.text(max_size=30))


@settings(max_examples=40)
@given(MARKUP.map("".join))
def test_any_markup_gives_an_article_or_none(markup: str) -> None:
    article = extract(markup)
    assert article is None or article.text


def test_the_same_page_gives_the_same_article() -> None:
    assert extract(PAGE) == extract(PAGE.encode())


# --- blocks, and what can be told of them ------------------------------------------------------------------------


def test_a_block_is_what_stands_between_two_boundaries() -> None:
    table = "<table><tr><td>six</td><td>seven</td></tr></table>"
    found = layout(parse(f"<p>One <a href=x>two</a> <b>three</b></p><div>four<br>five<img>\n more</div>{table}")).blocks
    assert [block.text for block in found] == ["One two three", "four", "five more", "six", "seven"]
    assert [(block.linked, block.bold) for block in found[:2]] == [(3, 5), (0, 0)]
    assert [block.text for block in found if block.broken] == ["five more"]
    assert [block.text for block in found if block.cell] == ["seven"]


def test_boxes_are_named_and_stand_in_each_other() -> None:
    found = layout(parse("<body class=Top><div id=Main><p hidden>one <em class=Lead>two</em></p></div>three</body>"))
    assert [(box.tag, box.parent, box.depth, box.names) for box in found.boxes] == [
        ("body", -1, 0, "top"),
        ("div", 0, 1, "main"),
        ("p", 1, 2, "x-hidden"),
    ]
    assert [(block.text, block.box) for block in found.blocks] == [("one two", 2), ("three", 0)]
    assert [block.names.strip() for block in found.blocks] == ["lead", ""]


@pytest.mark.parametrize(
    ("attributes", "names"),
    [
        ("data-testid='Related'", "related"),
        ("aria-label='Share this' style='display : none'", "share this x-hidden"),
        ("style='color: red' data-number='7' href='/main'", ""),
    ],
)
def test_a_box_is_called_what_its_makers_call_it(attributes: str, names: str) -> None:
    assert layout(parse(f"<body><div {attributes}>one</div></body>")).boxes[1].names == names


def test_an_element_of_their_own_is_called_by_its_tag() -> None:
    assert layout(parse("<body><related-content class=box>one</related-content></body>")).boxes[1].names == (
        "related-content box"
    )


def test_a_page_whose_head_does_not_end_is_read() -> None:
    found = layout(parse("<link rel=canonical href='https://a.example/'><article><p>one</p><p>two</p></article>"))
    assert [block.text for block in found.blocks] == ["one", "two"]


def test_what_is_not_to_be_read_is_no_block() -> None:
    skipped = "<script>a</script><style>b</style><!-- c --><select><option>d</select><svg><text>e</text></svg>"
    assert [block.text for block in layout(parse(f"<p>one{skipped}two</p>")).blocks] == ["onetwo"]


def test_a_page_is_read_as_far_as_the_limit_of_blocks_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCKS", 3)
    found = layout(parse("".join(f"<p>{number}</p>" for number in range(10))))
    assert [block.text for block in found.blocks] == ["0", "1", "2"]


Told = Callable[[str], dict[str, float]]


@pytest.fixture(scope="module")
def told() -> Told:
    """The features of the blocks of `PAGE`: by their names, for the block that starts so."""
    found = layout(parse(PAGE))
    rows = features(found, Clues("Bridge to close", "The old bridge will close in March.", f"{FIRST} {SECOND}", True))
    assert rows.shape == (len(found.blocks), len(NAMES))
    assert rows.dtype == np.float32
    named = [dict(zip(NAMES, row.tolist(), strict=True)) for row in rows]
    texts = [block.text for block in found.blocks]
    return lambda start: next(row for text, row in zip(texts, named, strict=True) if text.startswith(start))


def test_each_feature_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_features_of_a_text_are_those_of_its_characters_and_words(told: Told) -> None:
    first = told(FIRST)
    assert np.expm1(first["log_chars"]) == pytest.approx(len(FIRST))
    assert np.expm1(first["log_words"]) == pytest.approx(len(FIRST.split()))
    assert (first["link_share"], first["stops"], first["ends_well"], first["upper_start"]) == (0, 1, 1, 1)
    assert (told("Home")["link_share"], told("Copyright")["appeal"], told("By Jane")["pointer"]) == (1, 1, 0)


def test_features_of_a_box_are_its_tag_and_names_and_those_around_it(told: Told) -> None:
    first = told(FIRST)
    assert (first["tag_p"], first["tag_li"], first["in_article"], first["in_nav"]) == (1, 0, 1, 0)
    assert (first["own_strong"], first["up_strong"], first["any_strong"]) == (0, 1, 1)
    assert (told("Home")["tag_li"], told("Home")["in_ul"], told("Home")["in_nav"]) == (1, 1, 1)
    assert told("First!")["any_comment"] == 1


def test_features_of_a_place_are_as_seen_from_the_box_that_holds_the_article(told: Told) -> None:
    assert [told(text)["inside_main"] for text in ("Home", FIRST, THIRD, "Copyright")] == [0, 1, 1, 0]
    assert (told(FIRST)["from_main_start"], told(THIRD)["to_main_end"]) == (0, 0)
    assert told("Home")["position"] == 0
    assert told("Copyright")["from_main_start"] > 0 > told("Copyright")["to_main_end"]


def test_features_of_what_the_page_says_are_shares_of_words_and_steps_from_the_headline(told: Told) -> None:
    headline = told("Bridge to")
    assert (headline["of_title"], headline["title_of"], headline["from_headline"]) == (1, 1, 0)
    assert (told(FIRST)["of_body"], told(THIRD)["of_body"], told(THIRD)["has_body"]) == (1, 0, 1)
    assert told("Home")["from_headline"] < 0 < told(FIRST)["from_headline"]


def test_features_of_neighbours_and_of_the_page(told: Told) -> None:
    assert told(FIRST)["log_chars_+1"] == told(SECOND)["log_chars"]
    assert told(SECOND)["log_chars_-1"] == told(FIRST)["log_chars"]
    assert told("Home")["log_chars_-1"] == 0
    assert (told("Home")["page_h1"], told(THIRD)["page_articles"], told(THIRD)["page_declared"]) == (1, 1, 1)
    assert told(FIRST)["kin_count"] == told(SECOND)["kin_count"] == told(THIRD)["kin_count"]


def test_a_model_of_other_features_is_refused_with_the_way_to_train_it(monkeypatch: pytest.MonkeyPatch) -> None:
    page_to_article._model.cache_clear()
    monkeypatch.setattr(page_to_article, "NAMES", NAMES[1:])
    with pytest.raises(RuntimeError, match=r"trained on other features; run benchmarks/train_extraction\.py"):
        extract(PAGE)


def test_the_face_gives_an_article() -> None:
    assert isinstance(extract(PAGE), Article)


@pytest.mark.parametrize("text", ["2019-11-20 10:15:75", "2019-11-20 10:15:05 +9999", "2019-11-20 24:61"])
def test_a_time_that_there_is_not_leaves_the_day(text: str) -> None:
    assert iso_date(text) == "2019-11-20"


@pytest.mark.parametrize("called", ["comment", "comments-list", "disqus-thread reply"])
def test_what_readers_say_after_an_article_is_no_part_of_it(called: str) -> None:
    said = f"<div class='{called}'><p>{QUOTE}</p><p>I was there when it was built, and so was my father.</p></div>"
    article = article_of(page(PARAGRAPHS + said))
    assert article.text == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"
    assert QUOTE in next(piece.text for piece in article.lost if piece.kind == "comments")


@pytest.mark.parametrize("called", ["comment", "comment-article", "comment-and-analysis"])
def test_an_opinion_piece_in_a_box_of_that_name_is_kept(called: str) -> None:
    intro = f"<div class='intro'><p>{FIRST} {QUOTE}</p></div>"
    text = article_of(page(f"{intro}<div class='{called}'>{LONG}</div>")).text
    assert "Resident 8 of the street" in text


def test_what_readers_say_is_kept_where_it_is_all_that_there_is() -> None:
    said = "".join(f"<div class='comment'><p>{text}</p></div>" for text in (FIRST, SECOND, THIRD, QUOTE))
    assert SECOND in article_of(page(said)).text


def test_what_an_article_says_again_stays_in_it() -> None:
    plan = "".join(f"<li>Week {n}: {'abcdefghi'[n]}.</li><li>{SECOND}</li>" for n in range(1, 8))
    assert (
        article_of(page(f"<div class='article-body'><p>{FIRST}</p><ul>{plan}</ul><p>{THIRD}</p></div>")).text.count(
            SECOND
        )
        == 7
    )


# --- what is lost ------------------------------------------------------------------------------------------------


def test_what_of_the_page_is_not_in_the_article_is_told_by_kind_and_place() -> None:
    article = article_of(PAGE)
    told = {piece.kind: piece for piece in article.lost}
    assert {"headline", "navigation", "share", "byline", "related", "comments", "footer"} <= set(told)
    assert told["navigation"].text == "Home | News | Sport"
    assert (told["navigation"].at, told["related"].at, told["footer"].at) == (0, len(article.text), len(article.text))
    assert "I never liked that bridge" in told["comments"].text
    assert told["footer"].text.startswith("Copyright 2020")


@pytest.mark.parametrize("text", [PAGE, page(PARAGRAPHS), page(PARAGRAPHS + "<p>More.</p>" * 300)])
def test_each_block_is_in_the_article_or_in_what_is_lost(text: str) -> None:
    article, found = article_of(text), layout(parse(text))
    held = article.text.count("\n\n") + 1
    assert held + sum(piece.blocks for piece in article.lost) == len(found.blocks)
    assert all(0 <= piece.at <= len(article.text) and piece.characters >= 1 for piece in article.lost)


def test_a_page_of_many_kinds_tells_the_pieces_that_were_likeliest_the_article() -> None:
    mixed = "".join(f"<div class='related'><a href='/{n}'>Story {n}</a></div><nav>Menu {n}</nav>" for n in range(200))
    pieces = article_of(page(PARAGRAPHS + mixed)).lost
    assert len(pieces) == lost.MAX_PIECES
    assert {piece.kind for piece in pieces} <= set(lost.KINDS)

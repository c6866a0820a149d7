"""`sources/page.py`: page to article."""

from __future__ import annotations

from pipeline.sources.page import extract

FIRST = "The city council voted on Tuesday to close the old bridge for repairs, after months of debate in public."
SECOND = "Work will begin in March, the mayor said, and the bridge will open again to traffic before the next winter."
PAGE = f"""<html lang="en"><head><title>Bridge to close</title></head><body>
<nav><ul><li><a href="/">Home</a><li><a href="/news">News</a></ul></nav>
<div class="article"><h1>Bridge to close</h1><p>{FIRST}</p><p>{SECOND}</p></div>
<footer><p>Copyright 2020 by the paper, all rights reserved, and so on.</p></footer></body></html>"""


def test_the_article_is_taken_and_navigation_and_footer_are_not():
    article = extract(PAGE.encode())
    assert article.text.endswith(f"{FIRST}\n\n{SECOND}")
    assert "Home" not in article.text
    assert "Copyright" not in article.text
    assert (article.title, article.language, article.charset) == ("Bridge to close", "en", "utf-8")


def test_a_page_without_text_has_no_article():
    assert extract("") is None
    assert extract(b"<html><body><script>var a = 1;</script></body></html>") is None

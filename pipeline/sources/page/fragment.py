"""A piece of HTML to its text: what a feed, an API or a page's structured data holds of an article.

Only for what is known to be HTML: in plain text `<he>` and `R&D;` are words, and a parser eats them.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Comment

_LEFT_OUT = ["script", "style", "noscript", "template", "iframe", "form", "button", "svg"]
_BLOCKS = [
    "address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul",
]  # fmt: skip
_MARKUP = re.compile(
    r"</?(?:p|br|div|span|a|b|i|em|strong|ul|ol|li|h[1-6]|blockquote|img|figure)\b[^<>]*>", re.IGNORECASE
)


def is_markup(text: str) -> bool:
    """Whether a string that may be either holds tags of running text."""
    return _MARKUP.search(text) is not None


def text_of(markup: str) -> str:
    r"""The text of a piece of HTML: paragraphs separated by a blank line, `<br>` a line break, scripts left out.

    >>> text_of("<p>One &amp; two<br>three</p><script>x()</script><ul><li>four</li></ul>")
    'One & two\nthree\n\nfour'
    """
    soup = BeautifulSoup(markup, "lxml")
    for element in soup(_LEFT_OUT):
        element.decompose()
    for comment in soup(string=lambda string: isinstance(string, Comment)):
        comment.extract()
    # what stands there as white space is one space; what the tags mean is set in its place
    for string in soup(string=True):
        string.replace_with(re.sub(r"[ \t\r\n\f]+", " ", string))
    for element in soup("br"):
        element.replace_with("\n")
    for element in soup(_BLOCKS):
        element.insert_before("\n\n")
        element.insert_after("\n\n")
    lines = [line.strip(" ") for line in soup.get_text().split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")

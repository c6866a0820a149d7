"""A piece of HTML to its text: what a feed, an API or a page's structured data holds of an article.

Only for what is known to be HTML: in plain text `<he>` and `R&D;` are words, and a parser eats them.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from bs4 import BeautifulSoup, UnusualUsageWarning
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from pipeline.sources.page import bounds

MAX_ELEMENTS = 50_000  # a tree takes 2 kB of memory and 15 microseconds for each; articles have a few hundred

_LEFT_OUT = frozenset(("script", "style", "noscript", "template", "iframe", "form", "button", "svg"))
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul",
))  # fmt: skip
_MARKUP = re.compile(
    r"</?(?:p|br|div|span|a|b|i|em|strong|ul|ol|li|h[1-6]|blockquote|img|figure)\b[^<>]*>", re.IGNORECASE
)
_SPACE = re.compile(r"[ \t\r\n\f]+")


def is_markup(text: str) -> bool:
    """Whether a string that may be either holds tags of running text."""
    return _MARKUP.search(text) is not None


def text_of(markup: str) -> str:
    r"""The text of a piece of HTML: paragraphs separated by a blank line, `<br>` a line break, scripts left out.

    >>> text_of("<p>One &amp; two<br>three</p><script>x()</script><ul><li>four</li></ul>")
    'One & two\nthree\n\nfour'

    Raises:
        RecordError: it holds more than a parser can be given.
    """
    bounds.check(markup, elements=MAX_ELEMENTS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusualUsageWarning)  # text that looks like an address or like XML
        soup = BeautifulSoup(markup, "lxml")
    lines = [line.strip(" ") for line in "".join(_pieces(soup)).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _pieces(soup: BeautifulSoup) -> Iterator[str]:
    """What stands there, comments left out, with white space as one space and what the tags mean, in reading order.

    The walk keeps a stack of its own, and changes nothing: to move an element its parent looks through all before it.
    """
    waiting: list[PageElement | str] = [soup]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Tag):
            if node.name == "br":
                yield "\n"
            elif node.name not in _LEFT_OUT:
                around = ["\n\n"] if node.name in _BLOCKS else []
                waiting += around
                waiting += reversed(node.contents)
                waiting += around
        elif not isinstance(node, PageElement):
            yield node
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            yield _SPACE.sub(" ", node)

"""What stands under an article about who wrote it or whom it is about: "About the author", "About Example Ltd"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

from pipeline.rules.boilerplate.view import Line, is_paragraph

MAX_HEADING = 70  # characters
ABOVE, BELOW = 3, 3  # paragraphs above the heading at least, and below it at most, its own among them
MIN_PARAGRAPHS = 5  # of the text; where there are less, the paragraph may be half of the article
_HEADING = re.compile(
    r"(?:(?:About|Über|À propos d[eu']|A propos d[eu']|Acerca de|Sobre|Σχετικά με|Tentang|О компании|О проекте)"
    r" ?(?:the |den |die |das |el |la |o |a )?[^\W\d_a-zа-я].{2,60}"
    r"|(?i:about (?:the (?:author|writer|company)|us|me)|author bio|über (?:den autor|die autorin|uns)|zur person"
    r"|l['’]auteur|sobre (?:el autor|la autora|o autor|a autora)|l['’]autore|over de auteur|over ons|o autorze"
    r"|o autorce|o firmie|o autorovi|om författaren|om oss|об авторе|о нас|yazar hakkında|hakkımızda|tentang penulis"
    r"|về tác giả|عن الكاتب|نبذة عن .{2,40}|关于作者|作者简介|关于我们)\W{0,3})$"
)


def about(found: Sequence[Line]) -> set[int]:
    """The headings of that kind, and the paragraph under each, by number."""
    prose = [not line.rule and is_paragraph(line.text) for line in found]
    above = list(accumulate(prose))
    lines: set[int] = set()
    for heading, text in pairwise(range(len(found))):
        near_end = above[heading] >= ABOVE and above[-1] - above[heading] <= BELOW and above[-1] >= MIN_PARAGRAPHS
        if near_end and prose[text] and is_heading(found[heading].text):
            lines.update((heading, text))
    return lines


def is_heading(line: str) -> bool:
    """Whether the line could be the heading of such a paragraph.

    >>> is_heading("About Island Ferries Ltd"), is_heading("About the author"), is_heading("About time, they say")
    (True, True, False)
    """
    return len(line) <= MAX_HEADING and bool(_HEADING.match(line))

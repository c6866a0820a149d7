"""Reading the tags of HTML, as pages and translators write them: `<p>`, `</ li>`, `< b >`, `<a href = "...">`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.records import Facts, Hit

_LINES = (
    "p div br hr h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table thead tbody tfoot tr caption blockquote pre section article "
    "aside header footer main nav figure figcaption address center fieldset legend form details summary html body title"
)
_CELLS = "td th option"
_WORDS = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q ruby rp rt s samp small span "
    "strike strong sub sup time tt u var wbr nobr img picture source track embed param input link meta base area map "
    "col colgroup"
)
# What lies between these and their ends is no text.
_HIDDEN = "script style noscript template iframe object svg video audio select textarea button head canvas"
LINES, CELLS, WORDS, HIDDEN = (frozenset(names.split()) for names in (_LINES, _CELLS, _WORDS, _HIDDEN))
VOID = frozenset(("br", "hr", "img", "input", "wbr", "source", "embed", "param", "link", "meta", "area", "col"))
NAMES = LINES | CELLS | WORDS | HIDDEN
# Word, and plug-ins of social networks: `<o:p>`, `<fb:like>`.
_PREFIXES = ("o:", "st1:", "v:", "w:", "m:", "fb:", "g:")
_ATTRIBUTE = (
    r"href|src|srcset|class|style|id|target|rel|title|alt|width|height|align|valign|border|color|bgcolor|face|size|name"
    r"|type|value|content|lang|dir|role|cite|clear|start|for|action|method|colspan|rowspan|cellpadding|cellspacing"
    r"|frameborder|scrolling|loading|decoding|sizes|media|datetime|property|item\w{1,8}|data-[\w-]{1,40}|aria-\w{1,20}"
    r"|on[a-z]{4,12}|xmlns[\w:]{0,10}|charset|hspace|vspace|allow|referrerpolicy|http-equiv|lang|xml:lang"
)
_WORDY = "size name type value content for start color face border clear action method sizes media"
_WEAK = frozenset(_WORDY.split())  # in a tag of one letter they want their value in quotation marks
_ALONE = "async|defer|hidden|controls|autoplay|loop|muted|disabled|checked|selected|allowfullscreen|nowrap|noshade"
_TAG = re.compile(
    r"(?<!<)<[ \t]{0,2}(/?)[ \t]{0,2}([A-Za-z][A-Za-z0-9:]{0,15}+)"
    rf"(?:(?:\s{{1,3}}(?:{_ALONE})\b)*+\s{{0,3}}(/?)\s{{0,3}}>"
    # attributes; a text may be cut off inside the last ones
    rf"|\s{{1,3}}(?:[\w:-]{{1,30}}\s{{1,3}}){{0,3}}(?i:({_ATTRIBUTE}))(\s{{0,3}}="
    r"(?:[^<>\"]++|\"[^\"\n]{0,1000}+\"(?=[\s/>])|\")*+)(?:>|\Z))(?!>)"
)
TAG_TRIGGER = r"<[ \t]{0,2}(?:/?[ \t]{0,2}[A-Za-z]|!|\?)"


class Tag(NamedTuple):
    """A tag at `text[start:end]`."""

    start: int
    end: int
    name: str  # in lower case
    closes: bool
    alone: bool  # it has no end: `<br>`, `<img .../>`
    attributes: bool

    @property
    def gap(self) -> str:
        r"""What it means to a reader: a line break, a space between cells, or nothing."""
        return "\n" if self.name in LINES else " " if self.name in CELLS else ""


def tags(text: str) -> Iterator[Tag]:
    """The tags of a text in order.

    >>> [(tag.name, tag.closes) for tag in tags("x <3 List<String> < b >yes</ b> <br /> <he> a <b c")]
    [('b', False), ('b', True), ('br', False)]
    """
    for match in _TAG.finditer(text):
        name = match[2].lower()
        if text[match.end() - 1] != ">" and text.rfind("<", 0, match.start()) > text.rfind(">", 0, match.start()):
            return  # of several tags in each other that are cut off none can be told
        if (
            len(name) == 1
            and match[4]
            and match[4].lower() in _WEAK
            and match[5].lstrip("= ")[:1] not in tuple("\"'“”")
        ):
            continue  # "a <p value=0.05 and b> 3"
        if name in NAMES or (":" in name and name.startswith(_PREFIXES)):
            yield Tag(*match.span(), name, bool(match[1]), name in VOID or bool(match[3]), bool(match[4]))


def pairs(text: str, found: list[Tag]) -> list[tuple[Tag, Tag]]:
    """The tags that open something and those that close it, where there is something between them."""
    opened: dict[str, list[Tag]] = {}
    closed: list[tuple[Tag, Tag]] = []
    for tag in found:
        if not tag.closes:
            opened.setdefault(tag.name, []).append(tag)
        elif opened.get(tag.name):
            first = opened[tag.name].pop()
            if first.end < tag.start:
                closed.append((first, tag))
    return closed


_ESCAPED = re.compile(
    r"\\?u003[cC](?=[ \t]{0,2}/?[ \t]{0,2}([A-Za-z][A-Za-z0-9]{0,15}?)(?:u003[eE]|[^A-Za-z0-9]))"
    r"([^<>\n]{0,500}?)\\?u003[eE]"
)
ESCAPED_TAG_TRIGGER = "u003[cC]"


def find_escaped_tag(text: str, facts: Facts) -> Iterator[Hit]:
    r"""Tags whose brackets stand as code points, their backslash lost or not: they become tags again.

    `u003cbru003e`, `u003c / BR u003e`, `\u003cp class=x\u003e`. Only around a name of HTML.
    """
    for match in _ESCAPED.finditer(text) if "u003" in text else ():
        if match[1].lower() in NAMES:
            yield Hit(*match.span(), f"<{match[2].strip()}>")

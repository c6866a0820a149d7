"""What a page or a piece of one may hold. Beyond that parsers take time and memory without end, or leave out the rest.

The markup is looked through once before a parser sees it, in time that grows with its length alone.
"""

from __future__ import annotations

import re

from pipeline import compiled
from pipeline.errors import RecordError

MAX_CHARACTERS = 20_000_000  # of markup: no page of news has as many
MAX_ELEMENTS = 300_000  # a page of 10 MB has some 200,000
# Of one tag: libxml2 goes past all before it when it adds one, so that a million take hours. Most on 1,725 pages: 73.
MAX_ATTRIBUTES = 1_000
MAX_DEPTH = 2_048  # libxml2's own: it stops there, and says so

# Tags and comments as HTML's tokenizer sees them: "<" and ">" in quotes, in a comment or in a script are none. What is
# not closed goes on to the end of the page. Nothing here backtracks.
_ATTRIBUTE = rb"[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+))?+"
_REST_OF_TAG = rb"((?:[\s/]++|%b)*+)(?:>|\Z)" % _ATTRIBUTE
_TOKEN = re.compile(
    rb"<!--(?:[^-]++|-(?!-!?>))*+(?:--!?>|\Z)|<[!?][^>]*+(?:>|\Z)"
    rb"|<(script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>])%(rest)b"
    rb"(?:[^<]++|<(?!/\1[\s/>]))*+(?:</\1|\Z)"
    rb"|<[a-z][^\s/>]*+%(rest)b" % {b"rest": _REST_OF_TAG},
    re.DOTALL | re.IGNORECASE,
)
_ONE = re.compile(_ATTRIBUTE)
_IN_C = compiled.load("pipeline.sources.page._bounds")


def check(markup: str, *, elements: int = MAX_ELEMENTS) -> bytes:
    """Make sure that a parser can be given this markup; the same in UTF-8.

    Raises:
        RecordError: it is too long, has more than so many elements, or more than `MAX_ATTRIBUTES` in one tag.
    """
    if len(markup) > MAX_CHARACTERS:
        raise RecordError(f"{len(markup):,} characters of markup, the limit is {MAX_CHARACTERS:,}")
    content = markup.encode("utf-8", "replace")
    excess = attributes_in_python(content, elements) if _IN_C is None else attributes_in_c(content, elements)
    if excess is None:
        raise RecordError(f"more than {elements:,} elements, which is the limit")
    if excess:
        raise RecordError(f"{excess:,} attributes in one tag, the limit is {MAX_ATTRIBUTES:,}")
    return content


def attributes_in_python(markup: bytes, elements: int) -> int | None:
    """How many attributes the first tag with too many has, 0 where none has; None where there are too many elements."""
    for number, token in enumerate(_TOKEN.finditer(markup), 1):
        if number > elements:  # comments count: a tree keeps them as well
            return None
        if token.end() - token.start() > 2 * MAX_ATTRIBUTES:
            attributes = sum(1 for _ in _ONE.finditer(markup, *token.span(2 if token[1] else 3)))
            if attributes > MAX_ATTRIBUTES:
                return attributes
    return 0


def attributes_in_c(markup: bytes, elements: int) -> int | None:
    """The same, by `bounds.c`."""
    found: int = _IN_C.look(markup, elements, MAX_ATTRIBUTES)
    return None if found < 0 else found

"""Words, lines, sentences and paragraphs of a text, with offsets in code points.

Nothing is stripped, joined or normalised on the way: `text[start:end]` is always what stands there. Lines end at
``\\n`` alone (with a ``\\r`` before it counted as part of the ending); U+2028, form feeds and the like stay inside
their line, since `str.splitlines` would lose which of them it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """`text[start:end]`; for a line, `next` is where the following line starts (the ending included)."""

    start: int
    end: int
    next: int


def lines(text: str) -> Iterator[Span]:
    r"""Each line without its ending; a text that ends in ``\n`` has no empty last line.

    >>> [(s.start, s.end, s.next) for s in lines("ab\r\n\nc")]
    [(0, 2, 4), (4, 4, 5), (5, 6, 6)]
    """
    start, size = 0, len(text)
    while start < size:
        end = text.find("\n", start)
        if end < 0:
            yield Span(start, size, size)
            return
        yield Span(start, end - 1 if end > start and text[end - 1] == "\r" else end, end + 1)
        start = end + 1


def cut_lines(text: str, start: int, end: int) -> tuple[int, int]:
    r"""The span to delete so that the whole lines `text[start:end]` go and nothing else does.

    `start` and `end` are those of the first and the last line's `Span`. The line ending after them goes along; blank
    lines around stay as many as separate the neighbours elsewhere: if the lines stand between blank lines, the blank
    lines after them go too. Last lines take the ending before them instead, so that no empty line is left over.

    >>> text = "one\n\nShare\n\ntwo"
    >>> start, end = cut_lines(text, 5, 10)
    >>> text[:start] + text[end:]
    'one\n\ntwo'
    >>> text = "one\nShare\ntwo"
    >>> start, end = cut_lines(text, 4, 9)
    >>> text[:start] + text[end:]
    'one\ntwo'
    >>> text = "one\n\nShare"
    >>> start, end = cut_lines(text, 5, 10)
    >>> text[:start] + text[end:]
    'one'
    """
    before, after = start, end
    while before > 0 and text[before - 1] in "\r\n":
        before -= 1
    while after < len(text) and text[after] in "\r\n":
        after += 1
    if after == len(text):  # nothing follows: keep the ending that the text had at its very end
        return before, end if before < start and after > end else after
    if before == 0:
        return before, after
    # keep the longer separator of the two, so that a paragraph break stays a paragraph break
    if text.count("\n", before, start) >= text.count("\n", end, after):
        return start, after
    return before, end


_LINE = re.compile(r"[^\n]+")


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Non-blank lines: in scraped articles a line is a paragraph, blank lines between or not.

    >>> list(paragraphs("one\\n\\ntwo\\nthree"))
    [(0, 3), (5, 8), (9, 14)]
    """
    for match in _LINE.finditer(text):
        if not match[0].isspace():
            yield match.span()


# A full stop, question or exclamation mark with closing quotes or brackets, then space and no lower-case letter.
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s+[^\sa-zà-ÿ])|[。！？]+[」』”’]*|(?=\n)|$")
_ABBREVIATION = re.compile(r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Lt|Col|Sgt|St|Jr|Sr|No|vs|U\.S|U\.N)\.$")


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Sentences, by punctuation alone; a line never shares a sentence with the next.

    >>> text = 'Mr. Smith came. "Why?" he asked.'
    >>> [text[a:b] for a, b in sentences(text)]
    ['Mr. Smith came.', '"Why?" he asked.']
    """
    for first, last in paragraphs(text):
        start = first
        for match in _SENTENCE_END.finditer(text, first, last):
            end = match.end()
            if end < last and _ABBREVIATION.search(text, max(first, end - 8), end):
                continue
            while start < end and text[start].isspace():
                start += 1
            if start < end:
                yield start, end
            start = end


_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")


def words(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Runs of letters and digits, with apostrophes and hyphens inside.

    >>> list(words("don't go"))
    [(0, 5), (6, 8)]
    """
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        yield match.span()

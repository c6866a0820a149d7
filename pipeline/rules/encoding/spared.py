"""Places where what looks like a broken reference is none: addresses, code, and text that speaks about references."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property

LONGEST_URL = 500
REACH = 200  # how far code is looked for on each side
URL = re.compile(r"://|www\.|\w\.(?:com|org|net|php|aspx?|html?)[/?]|\?\w+=", re.IGNORECASE)
_CODE = re.compile(r"[{}]|[=!]=|::|\w->\w|&&|\|\||\w\([^()\n]{0,80}\) *;|\b(?:int|void|char|const \w+|auto) ?[*&]")
_DECLARES = re.compile(r"\b(?:int|void|char|auto|float|double|string|const [\w:<>]+|typename \w+) $")
_SUBJECT = re.compile(
    r"\b(?i:word|entity|entities|string|code|symbol|sequence|escape|literal|character|tag|html|type|typed|write"
    r"|written as|spelled|reference|wort|zeichen|palabra|mot|parola|palavra|слово|символ)\s+[\"'“‘`«]?$"
)
_STANDS_FOR = re.compile(
    r"[\"'”’`»]?\s+(?:(?i:stands? for|becomes?|displays? as|renders? as|is (?:shown|displayed|rendered|written) as)\b"
    r"|(?:for|is|means) an? (?:ampersand|apostrophe|quotation mark|quote|less-than|greater-than|non-breaking|space"
    r"|dash)\b)"
)
_DASH = re.compile(r"&(?:amp;)*(?:#0*(?:15[01]|821[12])|[nm]dash);")
_ABOUT = re.compile(r"\b(?:X?HTML5?|XML|[Ee]ntit(?:y|ies)|ampersand|[Ee]scap(?:e|es|ed|ing)|[Mm]arkup)\b")


class Spared:
    """What of a text is spared. Everything is looked for once in the whole text, when it is first asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _signs(self) -> list[tuple[int, int]]:
        return [match.span() for match in URL.finditer(self.text)]

    @cached_property
    def _codes(self) -> list[tuple[int, int]]:
        return [match.span() for match in _CODE.finditer(self.text)]

    def is_url(self, start: int) -> bool:
        """Does an address on the web reach up to here?"""
        signs = self._signs
        if not signs:
            return False
        first = max(0, start - LONGEST_URL)
        first = max(self.text.rfind(" ", first, start) + 1, self.text.rfind("\n", first, start) + 1, first)
        at = bisect_left(signs, (first, 0))
        return at < len(signs) and signs[at][1] <= start

    def is_code(self, start: int, end: int) -> bool:
        """Does the line around a reference look like a program? The reference itself does not count."""
        if self._codes and self._is_near_code(start, end):
            return True
        return bool(_DECLARES.search(self.text, max(0, start - 40), start))

    def _is_near_code(self, start: int, end: int) -> bool:
        text, codes = self.text, self._codes
        first = max(0, start - REACH)
        first = max(text.rfind("\n", first, start) + 1, first)
        at = bisect_left(codes, (first, 0))
        if at < len(codes) and codes[at][1] <= start:
            return True
        at = bisect_left(codes, (end, 0))
        if at == len(codes):
            return False
        last = text.find("\n", end, end + REACH)
        return codes[at][1] <= (min(end + REACH, len(text)) if last < 0 else last)

    def is_subject(self, start: int, end: int) -> bool:
        """Does the text speak about the reference: "the word quot; means"? It stands apart then, after such a word.

        Or between the marks of code: `&quot;`. In a line that speaks about one, in the words of the matter, all others
        are spared as well: "the entity &quot; is a quotation mark in HTML, &amp; an ampersand".
        """
        text = self.text
        if text[start - 1 : start] == text[end : end + 1] == "`":
            return True
        return self._is_named(start, end) or self._is_about(start)

    def _is_named(self, start: int, end: int) -> bool:
        text = self.text
        if text[end : end + 1].isalnum():  # "write &lt;p&gt;"
            return text[start:end] == "&lt;" and self._is_after_word(start) and self._is_matter(start, end)
        if text[start - 1 : start] not in tuple(" \t\n\"'“‘`«\xa0"):
            return False
        if not self._is_after_word(start):
            return bool(_STANDS_FOR.match(text, end, end + 60)) and self._is_matter(start, end)
        if _DASH.match(text, start, end) and not self._is_matter(start, end):
            return False  # "he knew one word &#150; no"
        return not self._is_quotation(start, end)

    def _is_after_word(self, start: int) -> bool:
        return bool(_SUBJECT.search(self.text, max(0, start - 25), start))

    def _is_matter(self, start: int, end: int) -> bool:
        """Are references or markup the matter of the line?"""
        first = max(0, start - 300)
        first = max(self.text.rfind("\n", first, start) + 1, first)
        last = self.text.find("\n", end, end + 300)
        return bool(_ABOUT.search(self.text, first, last if last >= 0 else end + 300))

    def _is_quotation(self, start: int, end: int) -> bool:
        """Does a mark that looks like a subject quote one: "the word &quot; squad &quot;"?"""
        text, reference = self.text, self.text[start:end]
        last = text.find("\n", end, end + 80)
        if text.find(reference, end, last if last >= 0 else end + 80) >= 0 and not self._is_matter(start, end):
            return True
        first = max(0, start - 300)
        first = max(text.rfind("\n", first, start) + 1, first)
        # an odd number of marks before it: it closes a quotation
        return "quot;" in reference and (text.count('"', first, start) + text.count("quot;", first, start)) % 2 == 1

    @cached_property
    def _lines_about(self) -> list[tuple[int, int]]:
        """The lines that speak about references: one is named in them, and so is the matter."""
        found = []
        done = 0
        for match in _REFERENCE.finditer(self.text) if _ABOUT.search(self.text) else ():
            if match.start() < done or not self._is_named(*match.span()):
                continue
            start = self.text.rfind("\n", 0, match.start()) + 1
            end = self.text.find("\n", match.end())
            done = end if end >= 0 else len(self.text)
            if _ABOUT.search(self.text, start, done):
                found.append((start, done))
        return found

    def _is_about(self, start: int) -> bool:
        lines = self._lines_about
        if not lines:
            return False
        at = bisect_left(lines, (start + 1, 0)) - 1
        return at >= 0 and start < lines[at][1]


_REFERENCE = re.compile(r"&(?:[A-Za-z]{2,8}|#[xX]?[0-9A-Fa-f]{2,6});")

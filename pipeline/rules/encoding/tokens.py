"""Text that a tokeniser or a translator took apart: `do n't`, `3 ,000`, `( x )`, a space before a comma."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.edits import disjoint
from pipeline.records import Count, Facts, Hit

# Every pattern begins with the space or bracket itself, which is rarer than the letter before it.
_TRACES = re.compile(r" (?=['’n,;.)\]])(?:['’](?:s|re|ve|ll|d|m)(?= )|n['’]t|[,;.)\]])")
# Halves of a word that cannot stand alone.
_SUFFIX = re.compile(r" (?:['’](?:s|re|ve|ll|d|m)(?= )|n['’]t(?=[\s.,;:!?)\"”]|$))")
_NUMBER = re.compile(r" (?:,(?=\d{3}(?!\d)) ?|\.(?=\d))")
_STOP = re.compile(r" (?:[,;](?=\s|$)|\.(?=\s*$|\s+[A-Z\"“]))", re.MULTILINE)
_OPENING = re.compile(r"[(\[]( )(?=[^\s()\[\]])")
_CLOSING = re.compile(r" (?=[)\]])")
_PAIR = re.compile(r"\S ,\s[^\n]*\S [,.](?:\s|$)", re.MULTILINE)
_LATEX = re.compile(r"``(?= ?[^\s`'´])| ?''(?![\w'´])")

TOKENISED_TRIGGER = (
    r"[A-Za-z] (?:n['’]t|['’](?:s|re|ve|ll|d|m))(?:[^A-Za-z]|$)|\d ,\d\d\d|\d \.\d|``"
    r"|[^\s] ,\s[^\n]*[^\s] [,.](?:\s|$)|[(\[] [^\s()]"
)


def find_tokenised(text: str, facts: Facts, *, evidence: Count = 2) -> Iterator[Hit]:
    """Words, numbers and brackets taken apart by a tokeniser: the spaces that it put in go.

    `do n't` and `3 ,000` are proof by themselves; spaces before commas and stops and inside brackets go where
    `evidence` traces of a tokeniser stand in the text and no space is missing; ``quoted'' becomes "quoted". Spared:
    French (a space before `;` `:` `!` `?`, which no rule here touches), emoticons, and a lone stray space.
    """
    traces = {match[0][1] for match in _TRACES.finditer(text)}
    brackets = "( " in text or "[ " in text
    if not traces and not brackets and "``" not in text:
        return
    proofs = [m for m in _SUFFIX.finditer(text, 1) if text[m.start() - 1].isalpha()] if traces & set("'’n") else []
    spaces: list[int] = []  # the doubtful ones
    if traces & set(",;."):
        proofs += [m for m in _NUMBER.finditer(text, 1) if text[m.start() - 1].isdigit()]
        spaces += [m.start() for m in _STOP.finditer(text, 1) if _ends_word(text[m.start() - 1])]
    if brackets or traces & set(")]"):
        spaces += [m.start(1) for m in _OPENING.finditer(text)]
        spaces += [m.start() for m in _CLOSING.finditer(text, 1) if not text[m.start() - 1].isspace()]
    hits = {match.start(): Hit(*match.span(), match[0].strip()) for match in proofs}
    if _is_tokenised(text, len(proofs), spaces, evidence):
        for at in spaces:
            hits.setdefault(at, Hit(at, at + 1, ""))
    for hit in _latex(text):
        hits.setdefault(hit.start, hit)
    yield from disjoint(hits.values())


def _ends_word(before: str) -> bool:
    return before.isalnum() or (before != "" and before in ')]"”')


def _is_tokenised(text: str, proofs: int, spaces: list[int], evidence: int) -> bool:
    """Does the text put a space before its punctuation as a rule, not once by mistake?"""
    if not spaces or proofs + len(spaces) < evidence:
        return False
    if proofs >= evidence:
        return True
    if not proofs and not _PAIR.search(text) and not any(text[at - 1] in "([" for at in spaces if at):
        return False
    apart = sum(text[at + 1 : at + 2] in tuple(",.;") for at in spaces)
    joined = len(re.findall(r"[,;.](?=\s)(?<=[^\W_].)", text))
    return apart >= max(evidence, joined)


def _latex(text: str) -> Iterator[Hit]:
    """``quoted'' in pairs, in one line."""
    opened = None
    for match in _LATEX.finditer(text) if "``" in text else ():
        if match[0].startswith("`"):
            opened = match
        elif opened is not None and "\n" not in text[opened.end() : match.start()]:
            end = opened.end() + (text[opened.end()] == " ")
            if end < match.start():
                yield Hit(opened.start(), end, '"')
                yield Hit(match.start(), match.end(), '"')
            opened = None

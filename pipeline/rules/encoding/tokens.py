"""Text that a tokeniser or a translator took apart: `do n't`, `3 ,000`, `( x )`, a space before a comma."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.records import Count, Facts, Hit

# Every pattern begins with the space or bracket itself, which is rarer than the letter before it.
_TRACES = re.compile(r" (?:n?['’]|[,;.)\]])|[(\[] |``")
_SUFFIX = re.compile(r" (?:n['’]t|['’](?:s|re|ve|ll|d|m))\b(?!['’])")  # halves of a word that cannot stand alone
_NUMBER = re.compile(r" (?:,(?=\d{3}(?!\d)) ?|\.(?=\d))")
_COMMA = re.compile(r" (?=[,;](?:\s|$)|\.(?:\s*$|\s+[A-Z\"“]))", re.MULTILINE)
_BRACKET = re.compile(r"(?<=[(\[]) (?=[^\s()\[\]])| (?=[)\]])")
_LATEX = re.compile(r"``(?= ?[^\s`'´])| ?''(?![\w'´])")

TOKENISED_TRIGGER = (
    r"[A-Za-z] (?:n['’]t|['’](?:s|re|ve|ll|d|m))(?:[^A-Za-z]|$)|\d ,\d\d\d|\d \.\d|``"
    r"|[^\s\x00-(*-/:-@] ,(?:\s|$)|[(\[] [^\s()]"
)


def find_tokenised(text: str, facts: Facts, *, evidence: Count = 2) -> Iterator[Hit]:
    """Words, numbers and brackets taken apart by a tokeniser: the spaces that it put in go.

    `do n't` and `3 ,000` are proof by themselves; spaces before commas and stops and inside brackets go where
    `evidence` traces of a tokeniser stand in the text and no space is missing; ``quoted'' becomes "quoted". Spared:
    French (a space before `;` `:` `!` `?`, which no rule here touches), emoticons, and a lone stray space.
    """
    if not _TRACES.search(text):
        return
    proofs = [m for m in _SUFFIX.finditer(text) if text[m.start() - 1 : m.start()].isalpha()]
    proofs += [m for m in _NUMBER.finditer(text) if text[m.start() - 1 : m.start()].isdigit()]
    doubtful = [m for m in _COMMA.finditer(text) if _ends_word(text[m.start() - 1 : m.start()])]
    doubtful += [m for m in _BRACKET.finditer(text) if m.start() and text[m.start() - 1] not in " \n\t"]
    hits = {match.start(): Hit(*match.span(), match[0].strip()) for match in proofs}
    if _is_tokenised(text, len(proofs), doubtful, evidence):
        for match in doubtful:
            hits.setdefault(match.start(), Hit(*match.span(), ""))
    for hit in _latex(text):
        hits.setdefault(hit.start, hit)
    done = 0
    for start in sorted(hits):
        if start >= done:
            yield hits[start]
            done = hits[start].end


def _ends_word(before: str) -> bool:
    return before.isalnum() or (before != "" and before in ')]"”')


def _is_tokenised(text: str, proofs: int, doubtful: list[re.Match[str]], evidence: int) -> bool:
    """Does the text put a space before its punctuation as a rule, not once by mistake?"""
    if not doubtful or proofs + len(doubtful) < evidence:
        return False
    certain = [m for m in doubtful if text[m.end() : m.end() + 1] == "," or text[m.start() - 1] in "(["]
    if not proofs and not certain:
        return False
    apart = sum(text[match.end() : match.end() + 1] in tuple(",.;") for match in doubtful)
    joined = len(re.findall(r"[,;.](?=\s)(?<=[^\W_].)", text))
    return proofs > 0 or apart >= max(evidence, joined)


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

"""Text that a tokeniser or a translator took apart: `do n't`, `3 ,000`, `( x )`, a space before a comma."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.records import Count, Facts, Hit

# Halves of a word that cannot stand alone.
_SUFFIX = re.compile(r"(?<=[A-Za-z]) (?=(?:n['’]t|['’](?:s|re|ve|ll|d|m))\b(?!['’]))")
_NUMBER = re.compile(r"(?<=\d)(?: ,(?=\d{3}\b)| \.(?=\d)|, (?=\d{3}\b(?! ?(?:BC|AD)))) ?")
_COMMA = re.compile(r"(?<=[^\W_]|[)\]\"”]) (?=[,;](?:\s|$)|\.(?:\s*$|\s+[A-Z\"“]))", re.MULTILINE)
_BRACKET = re.compile(r"(?<=[(\[]) (?=[^\s()\[\]])|(?<=[^\s()\[\]]) (?=[)\]])")
_LATEX = re.compile(r"``(?= ?[^\s`'´])|(?<=[^\s'`´]) ?''(?![\w'´])")

TOKENISED_TRIGGER = (
    r"[A-Za-z] (?:n['’]t|['’](?:s|re|ve|ll|d|m))(?:[^A-Za-z]|$)|\d ,\d\d\d|\d \.\d|``"
    r"|[^\s\x00-/:-@] ,(?:\s|$)|[(\[] [^\s()]"
)


def find_tokenised(text: str, facts: Facts, *, evidence: Count = 2) -> Iterator[Hit]:
    """Words, numbers and brackets taken apart by a tokeniser: the spaces that it put in go.

    `do n't` and `3 ,000` are proof by themselves; spaces before commas and stops and inside brackets go where
    `evidence` traces of a tokeniser stand in the text and no space is missing; ``quoted'' becomes "quoted". Spared:
    French (a space before `;` `:` `!` `?`, which no rule here touches), emoticons, and a lone stray space.
    """
    proofs = [*_SUFFIX.finditer(text), *_numbers(text)]
    doubtful = [*_COMMA.finditer(text), *_BRACKET.finditer(text)]
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


def _numbers(text: str) -> Iterator[re.Match[str]]:
    """Numbers torn at their comma; `1, 200` is a list unless its other side is torn too."""
    for match in _NUMBER.finditer(text):
        if match[0].startswith(" ,") or (match[0].startswith(" .") and not match[0].endswith(" ")):
            yield match


def _is_tokenised(text: str, proofs: int, doubtful: list[re.Match[str]], evidence: int) -> bool:
    """Does the text put a space before its punctuation as a rule, not once by mistake?"""
    if proofs + len(doubtful) < evidence:
        return False
    certain = [m for m in doubtful if text[m.end() : m.end() + 1] == "," or text[m.start() - 1] in "(["]
    if not proofs and not certain:
        return False
    apart = sum(text[match.end()] in ",.;" for match in doubtful if match.end() < len(text))
    joined = len(re.findall(r"[^\W_][,;](?=\s)|[^\W_]\.(?=\s|$)", text))
    return proofs > 0 or apart >= max(evidence, joined)


def _latex(text: str) -> Iterator[Hit]:
    """``quoted'' in pairs, in one line."""
    opened = None
    for match in _LATEX.finditer(text):
        if match[0].startswith("`"):
            opened = match
        elif opened is not None and "\n" not in text[opened.end() : match.start()]:
            end = opened.end() + (text[opened.end()] == " ")
            if end <= match.start():
                yield Hit(opened.start(), end, '"')
                yield Hit(match.start(), match.end(), '"')
            opened = None

"""Typographic apostrophes that a scraper dropped, with what stood behind them: "itwasn clear", "DonaldTrump debate"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.edits import disjoint
from pipeline.records import Count, Facts, Hit

_STEMS = "didn|wasn|doesn|couldn|wouldn|shouldn|hasn|hadn|mustn|needn"
_SHORT = "isn|aren|weren"  # the end of real words too: "Karen", "schweren"
_BEFORE_STEM = (
    "[Ii]t|[Hh]e|[Ss]he|[Tt]hey|[Ww]e|[Yy]ou|I|[Tt]hat|[Tt]his|[Tt]here|[Ww]ho|[Ww]hich|[Ww]hat|[Aa]nd|[Bb]ut|just"
    "|also|really|certainly|simply|still|it|if|media|sure|people"
)
_GAP = re.compile(r"(?P<gap> t\b(?![.'’-])|(?= [a-z]|[,.]))")
_ENDINGS = tuple(f"{_STEMS}|{_SHORT}|don".split("|"))
_TRACES = ("dn", "sn", "tn", "aren", "weren", "don")  # how the halves of a "not" end
_WORD_BEFORE = re.compile(r"(?<![\w'’])[A-Za-z]{0,20}$")
_BEFORE_DON = re.compile("[Tt]hey|[Ww]e|[Yy]ou|I|[Pp]eople|who")
_SPACED = re.compile(r"\b(?:don|Don|can|won|ain)(?P<gap> t)(?=[ ,.])(?!\.\w)")
_SPACED_S = re.compile(r"(?<=[a-z]{2}) s(?= [a-z])")

# The ends of the halves are enough to see them: hardly a word ends so.
DROPPED_TRIGGER = (
    r"(?:[dst]n|aren|weren)(?: [a-z]|[,.])|(?:hey|[Ww]e|ou|I|ople|who)don [a-z]|(?:[Dd]on|can|won|ain) t[ ,.]"
)


def find_dropped_apostrophe(text: str, facts: Facts, *, evidence: Count = 2) -> Iterator[Hit]:
    """An apostrophe that was dropped, often with its tail and the space before the word: all of it comes back.

    `itwasn clear` is `it wasn’t clear`, `didn t` is `didn’t`: half a "not" proves itself. Where it happened
    `evidence` times, words that were glued together in the same way are taken apart too if both are words of the
    text: `atTrump rally` is `at Trump’s rally`, `whatwe supposed` is `what we’re supposed`. Spared: names (`Karen`,
    `YouTube`), and glued words whose tail cannot be told (`theyhave`).
    """
    hits = {}
    for end in _places(text, _TRACES):
        gap = _GAP.match(text, end)
        hit = _negation(text, end, gap) if gap and text.endswith(_ENDINGS, 0, end) else None
        if hit is not None:
            hits[hit.start] = hit
    for match in _SPACED.finditer(text) if any(map(text.__contains__, (" t ", " t,", " t."))) else ():
        if text[match.start() - 1 : match.start()] not in ("'", "’"):
            hits[match.start()] = Hit(match.start("gap"), match.end(), "’t")
    if hits and "don t" in text.lower():  # the tails of other words went the same way
        for match in _SPACED_S.finditer(text):
            hits[match.start()] = Hit(match.start(), match.end(), "’s")
    if len(hits) >= evidence:
        for hit in _glued(text):
            hits.setdefault(hit.start, hit)
    yield from disjoint(hits.values())


def _places(text: str, traces: tuple[str, ...]) -> Iterator[int]:
    """Where one of the strings ends."""
    for trace in traces:
        at = text.find(trace)
        while at >= 0:
            yield at + len(trace)
            at = text.find(trace, at + 1)


def _negation(text: str, end: int, match: re.Match[str]) -> Hit | None:
    stem = next(stem for stem in _ENDINGS if text.endswith(stem, 0, end))
    start, gap = end - len(stem), match["gap"]
    word = _WORD_BEFORE.search(text, max(0, start - 21), start)
    if word is None:
        return None
    before = word[0]
    if stem == "don":
        if not _BEFORE_DON.fullmatch(before):
            return None
    elif stem in _SHORT.split("|") and before and not re.fullmatch(_BEFORE_STEM, before):
        return None
    if not before and not gap and stem == "aren":  # a name, and a word of Dutch
        return None
    return Hit(start, match.end(), f"{' ' if before else ''}{stem}’t")


# --- Words glued together ------------------------------------------------------------------------------------------

_SECOND = r"(?P<second>[A-Z][a-z]{1,14}|they|we|you|he|she|it|that|there|here|what|who|I)(?= [a-z\"“?$0-9])"
_GLUED = re.compile(rf"(?<![\w'’./@#-])(?P<first>[A-Za-z]{{2,14}}?){_SECOND}")
_AFTER_STOP = re.compile(rf"(?<=[a-z]{{2}}[,:;.?!]){_SECOND}")
# Words that look like two: "somewhat", "bandit", "breathe".
_REAL = re.compile(
    r"(?:some|any|every|no|else|other)\w+|\w*(?:wh|th|at|ch)(?:he|ere|ey)|(?:band|prof|cred|perm|pulp|un|am|om|em|ed|ex|ham|sum|hab|vis|lim)it"
)
_SMALL_WORDS = (
    "a an the this that these those his her its our their your my of for in with to and by from on at as is was but "
    "if so when then than because about into over after before against under while where what who which how not all"
)
_FUNCTION_WORDS = frozenset(_SMALL_WORDS.split())
_PARTICIPLES = "been|had|got|gone|seen|done|made|known|come|taken|heard|become|reached|always|already|never|ever"
_NO_TAIL = re.compile(
    r" (?:be|have|do|go|get|take|make|say|see|want|need|like|know|think|bring|give|come|find|tell|keep|let|put|mean"
    r"|seem|will|would|can|could|may|might|must|should|is|are|was|were|has|had|did|does|said|says|and|or|of|who|that|which)\b"
)


_AM = re.compile(r" (?:a|an|the|not|so|in|on|at|all|just|sure|sorry|ok|okay|glad|afraid|still|\w+ing|gonna)\b")


def _glued(text: str) -> Iterator[Hit]:
    words = set(re.findall(r"[A-Za-z]+", text))
    for match in _GLUED.finditer(text):
        first, second = match["first"], match["second"]
        both = (
            (first.lower() in _FUNCTION_WORDS or first in words)
            and (second in words or not second.istitle())
            and second not in ("He", "In", "It")
        )
        if both and not _REAL.fullmatch(match[0]):
            yield from _parted(text, match)
    for match in _AFTER_STOP.finditer(text):
        if match["second"].endswith("n") and match["second"].lower() in ("isn", "didn", "wasn", "aren", "don"):
            continue  # half a "not", which has its own tail
        if match["second"].lower() not in _FUNCTION_WORDS or match["second"] in ("That", "What", "Who", "How"):
            yield from _parted(text, match)


def _parted(text: str, match: re.Match[str]) -> Iterator[Hit]:
    tail = _tail(text, match["second"], match.end())
    if tail:
        yield Hit(match.start("second"), match.end(), f" {match['second']}{tail}")


def _tail(text: str, word: str, at: int) -> str:
    """The tail that the next word asks for; "" if it cannot be told."""
    if re.match(rf" (?:{_PARTICIPLES})\b", text[at : at + 12]):
        return {"i": "’ve", "we": "’ve", "they": "’ve", "you": "’ve"}.get(word.lower(), "’s")
    if _NO_TAIL.match(text, at) or (word == "I" and not _AM.match(text, at)):
        return ""
    return {"i": "’m", "we": "’re", "they": "’re", "you": "’re"}.get(word.lower(), "’s")

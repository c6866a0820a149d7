"""Numbers that look like references without "&": ranks, shirts, rooms ("She finished #39; he left")."""

from __future__ import annotations

import re

_FEW = 5  # words; what is shorter proves nothing
_RANKED = re.compile(
    r"(?:\b(?i:rank(?:ed|s)?|number|no\.|seeds?|picks?|jersey|shirt|w(?:ear|ears|earing|ore)|at|channel|colou?r)|:)\s?$"
)
_COUNTED = re.compile(
    r"\b(?i:is|are|am|was|were|be|been|finish(?:ed|es)?|placed?|came|come|chose|choose|picked|got|took|drew|hit|reached"
    r"|the|and|or|from|to|in|on|with|by|of|bus|tram|train|car|truck|route|road|highway|exit|gate|door|room|apartment|apt"
    r"|unit|suite|floor|flat|house|cabin|box|lot|game|match|round|race|lap|heat|stage|hole|week|day|year|page|chapter"
    r"|book|volume|vol|issue|episode|part|item|rule|tip|step|reason|question|answer|problem|case|file|form|bill|act"
    r"|article|section|point|lane|line|platform|track|song|test|task|team|player|pick|seed|flight|bed|ward|table|desk"
    r"|seat|row|aisle|camp|block|plot|site|store|shop|school|station|district|precinct|ticket|order|entry|contestant"
    r"|runner|rider|driver|horse|locker|slide|figure|fig|exhibit|level|version|model|size|colou?r|shirt|jersey|top) ?$"
)
_OTHER_NUMBER = re.compile(r"#(?!0*39;)\d|\b(?i:no\.|number) ?\d")


def is_one(text: str, start: int) -> bool:
    """Is a number after `#` a rank for sure, by the word before it: "wore #34;"?"""
    return bool(_RANKED.search(text, max(0, start - 12), start))


def could_be(text: str, start: int, end: int) -> bool:
    """Could `#39;` be a number with a semicolon behind it? It stands apart then, between single blanks."""
    before, after = text[max(0, start - 2) : start], text[end : end + 1]
    return (not before or before[-1].isspace()) and before != "  " and (not after or after.isspace())


def are_counted(text: str) -> bool:
    """Does the text hold other numbers behind a `#`?"""
    return bool(_OTHER_NUMBER.search(text))


def is_none(text: str, start: int, end: int, value: str) -> bool:
    """Is `#39;` an apostrophe although no other reference is broken: "the ace #39; pitch"?

    Not where things are counted, and not in a few words.
    """
    first = max(0, start - 80)
    first = text.rfind("\n", first, start) + 1 or first
    return (
        value == "'"
        and text.count(" ", first, end + 40) >= _FEW
        and not _COUNTED.search(text, max(first, start - 20), start)
    )

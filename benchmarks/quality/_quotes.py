"""Lost quotation marks, held against an intact copy of the same article from another scraper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pipeline.records import Finding

TYPOGRAPHIC = "“”‘’–—…"
_STEP = 14  # letters and digits that must agree for two copies to be in step again
_FARTHEST = 400  # ... looked for so many characters ahead in one copy, and
_LONGEST = 3000  # so many in the other, which may have a caption or a list of links more


def gaps(text: str, intact: str) -> Iterator[tuple[int, int, int, int]]:
    """What stands between two letters or digits that follow each other in both copies, as spans of the two."""
    ours, theirs = _letters(text), _letters(intact)
    left, right = "".join(text[i] for i in ours), "".join(intact[i] for i in theirs)
    i = j = 0
    before = (-1, -1)
    while i < len(left) and j < len(right):
        if left[i] != right[j]:
            i, j = _in_step(left, right, i, j)
            continue
        yield before[0] + 1, ours[i], before[1] + 1, theirs[j]
        before = (ours[i], theirs[j])
        i, j = i + 1, j + 1
    yield before[0] + 1, len(text), before[1] + 1, len(intact)


def _letters(text: str) -> list[int]:
    return [at for at, char in enumerate(text) if char.isalnum()]


def _in_step(left: str, right: str, i: int, j: int) -> tuple[int, int]:
    for ahead in range(_FARTHEST):
        part = left[i + ahead : i + ahead + _STEP]
        if len(part) < _STEP:
            break
        found = right.find(part, j, j + (_FARTHEST if ahead else _LONGEST))
        if found >= 0:
            return i + ahead, found
    return i + 1, j


def count(text: str, intact: str, findings: list[Finding]) -> Counter[str]:
    """Of the question marks that were turned into quotation marks: how many are right, and what was missed.

    "same": the very mark of the intact copy; "other": another typographic one; "wrong": there is none; "lost": what
    the intact copy has where this one has a question mark.
    """
    written = _positions(findings)
    tally: Counter[str] = Counter()
    for first, last, other_first, other_last in gaps(text, intact):
        if last - first > 60 or other_last - other_first > 60:  # one copy has more text here
            continue
        there = [char for char in intact[other_first:other_last] if char in TYPOGRAPHIC]
        places = [at for at in range(first, last) if text[at] == "?"]
        tally["lost"] += min(len(there), len(places)) if there else 0
        for at in places:
            if at not in written:
                continue
            if written[at] in there:
                tally["same"] += 1
                there.remove(written[at])
            else:
                tally["other" if there else "wrong"] += 1
    return tally


def _positions(findings: list[Finding]) -> dict[int, str]:
    """Where the marks were written, as offsets in the text as read: each replaced one character by one."""
    return {f.start: f.after for f in findings if f.after is not None and len(f.after) == len(f.before)}

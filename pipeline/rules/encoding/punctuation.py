"""Punctuation that a translator or a tokeniser moved, doubled or split off."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.records import Count, Facts, Hit

_DOUBLED = re.compile(
    r"\.(\.)(?<=[^\W_][^\W\d_]\.\.)(?=[\"'”’»)]{0,2}(?:[ \t]*$|[ \t]+[\"“«(]?[^\W\d_a-zß-öø-ÿ]))", re.MULTILINE
)
_TWO = re.compile(r"(?<!\.)\.\.(?!\.)")
DOUBLED_TRIGGER = r"\pL\.\.(?:[\s\"'”’»)]|$)"


def find_doubled_full_stop(text: str, facts: Facts, *, most: Count = 2) -> Iterator[Hit]:
    """A sentence that ends in two full stops: one of them goes.

    `civil infrastructure..` comes from translators that add the stop which was there already. Spared: three dots and
    more, two dots inside a sentence (a pause), and texts that
    have them as a habit: more than `most`, or as many pauses.
    """
    found = [match for match in _DOUBLED.finditer(text) if _ends_sentence(text, match.start())]
    pauses = len(_TWO.findall(text)) - len(found) if found else 0
    if len(found) > most or pauses >= max(1, len(found)):
        return
    for match in found:
        yield Hit(match.start(1), match.end(1), "")


_STOP = re.compile(r"[.!?…\n]")


def _ends_sentence(text: str, stop: int) -> bool:
    """Does a whole sentence, four words or more, stand before the stop, or a whole paragraph? "Well.." is a pause."""
    before = text[max(0, stop - 200) : stop]
    if text[stop + 2 : stop + 3] in ("", "\n", "\r"):
        return len(before[before.rfind("\n") + 1 :].split()) > 2
    return len(_STOP.split(before)[-1].split()) > 3

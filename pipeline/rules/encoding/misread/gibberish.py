"""What no charset makes a language of: a text that is damaged beyond mending."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.facts import language
from pipeline.records import Count, Facts, Hit, Share
from pipeline.rules.encoding.misread import wrong_charset

# Bytes lost amid ideographs, syllables and the geresh that a wrong charset made: they are in the middle of characters.
_LOST_AMID = "[\u05f3\u3400-\u9fff\uac00-\ud7a3]\ufffd"
GIBBERISH_TRIGGER = _LOST_AMID
_ODD, _LOST = re.compile(wrong_charset.ODD), re.compile(_LOST_AMID)
_MOST = 4000  # characters that the language is read from
_UNSURE = 0.75


def find_gibberish(text: str, facts: Facts, *, least: Count = 4, min_share: Share = 0.25) -> Iterator[Hit]:
    """A text in a wrong charset that nothing mends, or one whose characters lost their bytes: it is set aside.

    `least` places that no language writes (signs inside words, runs of accented letters, ideographs without an end),
    at least `min_share` of its words, in lines whose language cannot be told. Spared: names and quotations of damage.
    """
    if text.isascii():
        return
    odd = [line for line in text.split("\n") if wrong_charset.may_be_odd(line) and _ODD.search(line)]
    lost = len(_LOST.findall(text)) if "\ufffd" in text else 0
    if not odd and not lost:
        return
    words = len(text.split())
    if lost >= least and lost >= min_share * words:
        yield Hit(0, 0, None, f"bytes lost in {lost} characters")
        return
    found = sum(len(_ODD.findall(line)) for line in odd)
    if found < least or found < min_share * words:
        return
    guess = language.detect("\n".join(odd)[:_MOST])
    if guess.code == language.UNDETERMINED or guess.probability < _UNSURE:
        yield Hit(0, 0, None, f"{found} places in {words} words that no language writes")

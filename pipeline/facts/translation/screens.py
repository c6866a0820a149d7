"""Which of many texts may hold what takes long to look for: a loop, a sentence that comes back, a lost end.

A text that is passed over holds none; one that is not may. In C (`screens.c`), which counts words and compares hashes;
by a pattern that sees more where nothing was compiled, or not at all.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.facts.characters import characters, load
from pipeline.facts.translation.segments import Bools

_IN_C = load("pipeline.facts.translation._screens")


def repeated_words(texts: pa.StringArray, times: int) -> Bools:
    """The texts in which a phrase of up to four words may stand so many times on end, twice at least."""
    if _IN_C is None:
        return np.ones(len(texts), np.bool_)
    mask = np.empty(len(texts), np.bool_)
    _IN_C.repeated_words(max(times, 2), *characters(texts), mask)
    return mask


def repeated_sentences(texts: pa.StringArray) -> Bools:
    """The texts in which a sentence of more than 20 letters may come back."""
    if _IN_C is None:
        return matches(texts, r"[.!?…\n](?s:.)*[.!?…]")  # no pattern can tell more than that there are two
    mask = np.empty(len(texts), np.bool_)
    _IN_C.repeated_sentences(*characters(texts), mask)
    return mask


def unended_paragraphs(texts: pa.StringArray, *, min_letters: int, min_words: int = 1) -> Bools:
    """The texts with a line so long that may end in a letter or a digit, half of its words in small letters."""
    if _IN_C is None:
        # long counts and classes of letters are dear to compile
        return matches(texts, rf"(?m)^[^\n]{{{min(min_letters, 156) - 1},}}[0-9A-Za-z\x{{80}}-\x{{10ffff}}][ \t\r]*$")
    mask = np.empty(len(texts), np.bool_)
    _IN_C.unended_paragraphs(min_letters, min_words, *characters(texts), mask)
    return mask


def matches(texts: pa.StringArray, pattern: str) -> Bools:
    """The texts in which an RE2 pattern matches, all looked at in C++."""
    mask: Bools = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return mask

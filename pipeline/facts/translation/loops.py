"""How much of a text says again what it has just said: a decoder that lost its thread does not find out of it."""

from __future__ import annotations

import numpy as np

from pipeline.facts.translation.segments import Floats
from pipeline.facts.translation.tokens import Ints, Tokens

_LONGEST = 16  # tokens of the phrase
_TIMES = 4  # times on end; three are a chant
_DISTINCT = 0.5  # of the tokens; a text that loops has fewer, and so have long ones that do not
_LEAST = 8  # tokens


def shares(tokens: Tokens) -> Floats:
    """The share of each text's tokens that repeat a phrase which stood there just before, four times on end or more.

    >>> from pipeline.facts.translation.tokens import tokenise
    >>> shares(tokenise(["We are sorry. " * 10, "We are sorry. We are sorry. It will not come."])).tolist()
    [0.9, 0.0]
    """
    found = np.zeros(len(tokens.ends))
    ids, start = tokens.ids.tolist(), 0
    for document, end in enumerate(tokens.ends.tolist()):
        if end - start >= _LEAST and len(set(ids[start:end])) < _DISTINCT * (end - start):
            found[document] = _looped(tokens.ids[start:end]).mean()
        start = end
    return found


def _looped(ids: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which tokens stand in a loop, but for its first turn."""
    looped = np.zeros(len(ids), np.bool_)
    for period in range(1, min(_LONGEST, len(ids) // _TIMES) + 1):
        again = ids[period:] == ids[:-period]
        edges = np.flatnonzero(np.diff(np.concatenate(([False], again, [False]))))
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if last - first >= period * (_TIMES - 1):
                looped[first + period : last + period] = True
    return looped

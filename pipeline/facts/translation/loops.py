"""How much of a text says again what it has just said: a decoder that lost its thread does not find out of it."""

from __future__ import annotations

import numpy as np

from pipeline.facts.translation.features import Stretches, Types
from pipeline.facts.translation.segments import Floats
from pipeline.facts.translation.tokens import Ints, Tokens

_LONGEST = 16  # tokens of the phrase
_TIMES = 4  # times on end; three are a chant
_DISTINCT = 0.5  # of a stretch's tokens; one that loops has fewer
_MOST_OF_IT = 0.6  # of the words


def shares(tokens: Tokens, parts: Stretches, types: Types) -> Floats:
    """The share of each text's words that repeat a phrase which stood there just before, four times on end or more.

    A share below `_MOST_OF_IT` counts as none: embedded posts, lists and rows of dashes make up to half of scraped
    articles. Only texts are looked at in which a stretch has few distinct tokens (363 of 7,807 articles and
    translations).
    """
    few = types.ends - types.starts < _DISTINCT * (parts.ends - parts.starts)
    found = np.zeros(len(tokens.ends))
    for document in np.unique(parts.documents[few]).tolist():
        own = tokens.ids[tokens.ends[document - 1] if document else 0 : tokens.ends[document]]
        words = np.array([tokens.distinct[number][0].isalpha() for number in own.tolist()])
        found[document] = share((_looped(own) & words).sum(), words.sum())
    return found


def share(looped: Ints, words: Ints) -> Floats:
    """The share of words that stand in a loop, none where it is below `_MOST_OF_IT`."""
    of_words = looped / np.maximum(words, 1)
    return np.where(of_words >= _MOST_OF_IT, of_words, 0.0)


def _looped(ids: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which tokens stand in a loop, but for its first turn.

    >>> _looped(np.array([1, 2, 1, 2, 1, 2, 1, 2, 3])).astype(int).tolist()
    [0, 0, 1, 1, 1, 1, 1, 1, 0]
    """
    looped = np.zeros(len(ids), np.bool_)
    for period in range(1, min(_LONGEST, len(ids) // _TIMES) + 1):
        again = ids[period:] == ids[:-period]
        edges = np.flatnonzero(np.diff(np.concatenate(([False], again, [False]))))
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if last - first >= period * (_TIMES - 1):
                looped[first + period : last + period] = True
    return looped

"""What is read off many texts at once: the features of their stretches, and how much of each is a loop.

In C where that was compiled (`features.c`), else in NumPy over all texts at once: the same to the last bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.facts.characters import characters, load
from pipeline.facts.translation import loops
from pipeline.facts.translation.features import COLUMNS, LOGS, MEAN_LENGTH, STRETCH, features, stretches, types_of
from pipeline.facts.translation.segments import Floats
from pipeline.facts.translation.tokens import Ints, tokenise
from pipeline.facts.translation.weights import Weights, tokens_known

_IN_C = load("pipeline.facts.translation._features")


class Reading(NamedTuple):
    """Of each text its tokens and the share that is a loop; of each stretch its text, its tokens and its features."""

    tokens: Ints
    looped: Floats
    texts: Ints
    sizes: Ints
    rows: Floats


def read(texts: pa.StringArray, weights: Weights) -> Reading:
    """What the texts show."""
    return in_numpy(texts, weights) if _IN_C is None else in_c(texts, weights)


def in_c(texts: pa.StringArray, weights: Weights) -> Reading:
    """By `features.c`."""
    known = characters(texts)
    told = np.empty((len(texts), 4), np.int64)
    rows = np.empty((len(texts) + int(known.bounds[-1] - known.bounds[0]) // STRETCH, COLUMNS))
    count = _IN_C.read(
        *known,
        *tokens_known(weights),
        *(weights.vectors, weights.pairs, weights.word_steps, weights.letter_steps, LOGS),
        *(told, rows),
    )
    rows = rows[:count]
    rows[:, MEAN_LENGTH] = np.log1p(rows[:, MEAN_LENGTH])
    tokens, parts, looped, words = told.T
    of_text = np.repeat(np.arange(len(texts)), parts)
    number = np.arange(count) - np.repeat(np.cumsum(parts) - parts, parts)  # of the stretch in its text
    size, among = tokens[of_text], parts[of_text]
    sizes = (number + 1) * size // among - number * size // among
    return Reading(tokens, loops.share(looped, words), of_text, sizes, rows)


def in_numpy(texts: pa.StringArray, weights: Weights) -> Reading:
    """By array operations over all tokens of all texts."""
    tokens = tokenise(texts.to_pylist())
    parts = stretches(tokens.ends)
    types = types_of(tokens, parts)
    rows = features(tokens, parts, types, weights) if len(parts.starts) else np.zeros((0, COLUMNS))
    looped = loops.shares(tokens, parts, types) if len(parts.starts) else np.zeros(len(texts))
    return Reading(np.diff(tokens.ends, prepend=0), looped, parts.documents, parts.ends - parts.starts, rows)

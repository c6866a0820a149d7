"""What each token of some texts is, and what it adds to the score of its text, so that the worst can be named.

In C where that was compiled (`worth.c`), else in NumPy: the same to the last bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.facts.characters import characters, load
from pipeline.facts.translation import tokens as tokens_of
from pipeline.facts.translation.features import HEADS, Kinds, kinds, letter_costs
from pipeline.facts.translation.segments import Floats
from pipeline.facts.translation.tokens import Ints
from pipeline.facts.translation.weights import Weights, tokens_known

_IN_C = load("pipeline.facts.translation._worth")


class Worth(NamedTuple):
    """The tokens of all texts: number `i` holds those from `ends[i - 1]` to before `ends[i]`.

    `starts` and `stops` are offsets in the token's text, `worth` is in points of `finer`: its letters and the runs of
    words that it ends.
    """

    ends: Ints
    starts: NDArray[np.int32]
    stops: NDArray[np.int32]
    kind: Kinds
    worth: Floats


def weigh(texts: pa.StringArray, weights: Weights) -> Worth:
    """What the tokens are and add."""
    return in_numpy(texts, weights) if _IN_C is None else in_c(texts, weights)


def in_c(texts: pa.StringArray, weights: Weights) -> Worth:
    """By `worth.c`."""
    known = characters(texts)
    size = int(known.bounds[-1] - known.bounds[0])
    ends, starts, stops = np.zeros(len(texts), np.int64), np.empty(size, np.int32), np.empty(size, np.int32)
    bits, sign, rank, worth = (
        np.empty(size, np.uint8),
        np.empty(size, np.uint8),
        np.empty(size, np.int16),
        np.empty(size),
    )
    steps = np.concatenate((weights.word_steps, weights.letter_steps))
    _IN_C.weigh(
        *known,
        *tokens_known(weights),
        *(steps, _factors(weights), ends, starts, stops, bits, sign, rank, worth),
    )
    count = int(ends[-1]) if len(ends) else 0
    # the bits as in `tokens.h`
    masks = [(bits[:count] & (1 << bit)) != 0 for bit in range(6)]
    word, capital, upper, number, foreign, listed = masks
    kind = Kinds(
        *(word, capital, upper, number, foreign, listed),
        *(rank[:count].astype(np.int64), sign[:count].astype(np.int64)),
    )
    return Worth(ends, starts[:count], stops[:count], kind, worth[:count])


def in_numpy(texts: pa.StringArray, weights: Weights) -> Worth:
    """By array operations over all tokens."""
    strings = texts.to_pylist()
    tokens = tokens_of.tokenise(strings)
    keys = tokens_of.keys(tokens.distinct)
    spans = [match.span() for text in strings for match in tokens_of.TOKEN.finditer(text)]
    starts, stops = np.array(spans, np.int32).reshape(-1, 2).T
    runs = np.zeros((len(tokens.ids), weights.words.shape[1]))
    for buckets in tokens_of.run_grams(tokens, keys):
        runs += weights.words[buckets]
    runs += weights.words[tokens_of.single_gram(keys)][tokens.ids]
    letters = letter_costs(tokens, weights)[tokens.ids]
    worth = np.zeros(len(tokens.ids))
    answers = np.concatenate((runs * weights.word_steps, letters * weights.letter_steps), axis=1)
    for answer, factor in zip(answers.T, _factors(weights), strict=True):  # one after another
        worth += answer * factor
    return Worth(tokens.ends, starts, stops, kinds(tokens, keys, weights), worth)


def _factors(weights: Weights) -> Floats:
    """What a head's answer adds to `finer`."""
    factors: Floats = weights.slopes[:HEADS] / weights.scale[:HEADS]
    return factors

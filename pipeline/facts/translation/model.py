"""The weights, and from tokens to a score: sums of hashed n-gram weights, joined by a few numbers."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.facts.translation import tokens as tokens_of

Floats = NDArray[np.float64]


class Weights(NamedTuple):
    """What `benchmarks/train_translation.py` learned; `words` and `letters` hold one column a head."""

    words: NDArray[np.int8]
    word_steps: Floats
    letters: NDArray[np.int8]
    letter_steps: Floats
    mix: Floats  # one factor a feature, the constant last
    data: str  # the digests of the data it was learned from


@cache
def weights() -> Weights:
    """The weights that come with the package, read once."""
    with (
        resources.files(__package__).joinpath("english.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as stored,
    ):
        arrays = {name: stored[name] for name in Weights._fields}
    return Weights(**(arrays | {"data": str(arrays["data"])}))


def token_costs(tokens: tokens_of.Tokens, known: Weights) -> tuple[Floats, Floats]:
    """What each token adds to each head: through the runs of words that end with it, and through its letters."""
    words = np.zeros((len(tokens.ids), known.words.shape[1]))
    for buckets in tokens_of.word_grams(tokens):
        words += known.words[buckets]
    buckets, owners = tokens_of.letter_grams(tokens.distinct)
    size = len(tokens.distinct)
    letters = np.stack(
        [np.bincount(owners, known.letters[buckets, head], size) for head in range(known.letters.shape[1])], axis=1
    )
    return words * known.word_steps, (letters * known.letter_steps)[tokens.ids]


def features(tokens: tokens_of.Tokens, known: Weights) -> Floats:
    """One row a document."""
    return np.concatenate([_means(costs, tokens) for costs in token_costs(tokens, known)], axis=1)


def scores(tokens: tokens_of.Tokens, known: Weights) -> Floats:
    """0..1 for each document, 1 reads well."""
    rows = features(tokens, known)
    reads: Floats = np.clip((rows @ known.mix[:-1] + known.mix[-1]) / 100, 0.0, 1.0)
    return reads


def _means(costs: Floats, tokens: tokens_of.Tokens) -> Floats:
    """The mean of `costs` over the tokens of each document; 0 for a document without tokens."""
    total = np.concatenate((np.zeros((1, costs.shape[1])), np.cumsum(costs, axis=0)))
    starts = np.concatenate(([0], tokens.ends[:-1]))
    mean: Floats = (total[tokens.ends] - total[starts]) / np.maximum(tokens.ends - starts, 1)[:, None]
    return mean

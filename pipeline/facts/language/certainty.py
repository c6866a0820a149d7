"""How sure the best guess is: the probability of being right, in a world with more languages than the profiles know.

Three things are weighed. The n-grams of a text overlap and repeat each other, so that the sums claim far more than they
know: they are scaled down, the more the longer the text. Some profiles speak louder than others on any text (they were
counted on other texts, or hold more n-grams): a constant for each language evens that out. And a text must fit its
language: one in a language that no profile knows fits its best guess worse than that language's own texts do.

All constants were fitted by `benchmarks/train_language.py`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MIN_PROBABILITY = 0.75  # below it a language counts as undetermined: 2 % of web sentences
MIN_LETTERS = 8  # fewer say nothing
EXPECTED = 5.0  # nats by which a line is likelier in the language of its text than in any one other
# 0 finds 0.5 points more of the foreign sentences between sampled paragraphs, 3 finds 2.5 points fewer
DOUBT = 1.0
REFERENCE = 70.0  # letters of a short sentence


class Weights(NamedTuple):
    """The fitted constants. Arrays hold one number a language, the neighbours' after the known ones'."""

    scale: float  # of the sums of a text of `REFERENCE` letters
    shrink: float  # the scale falls with this power of the length
    louder: NDArray[np.float64]  # nats a letter by which a profile speaks too loudly
    prior: NDArray[np.float64]  # nats by which a language is likelier than others to begin with
    usual: NDArray[np.float64]  # nats a letter of the language's own texts; known languages only
    spread: NDArray[np.float64]  # standard deviation of that among sentences
    fit: NDArray[np.float64]  # weights of `fit_features`
    sureness: NDArray[np.float64]  # offset and slope that make probabilities out of what comes of all this


@cache
def load() -> Weights:
    """The constants of the package; read once a process."""
    with np.load(Path(__file__).with_name("certainty.npz")) as stored:
        arrays = {name: stored[name] for name in Weights._fields}
    return Weights(**arrays | {name: float(arrays[name]) for name in ("scale", "shrink")})


def posterior(
    nats: NDArray[np.float64],
    letters: NDArray[np.float64],
    weights: Weights,
    expected: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """The probability of each language, known or neighbour, if it is one of them; `expected` ones are likelier."""
    scale = weights.scale * (np.maximum(letters, 1) / REFERENCE) ** -weights.shrink
    scores = scale[:, None] * (nats - weights.louder * letters[:, None]) + weights.prior
    if expected is not None:
        scores[np.arange(len(scores)), expected] += EXPECTED
    scores -= scores.max(axis=1, keepdims=True, initial=-np.inf)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def is_doubtful(sums: NDArray[np.float64], own: NDArray[np.int64], weights: Weights) -> NDArray[np.bool_]:
    """Whether a line may be in another language than its text's `own`: another one is likelier by `DOUBT` nats."""
    letters, nats = sums[:, -1:], sums[:, : len(weights.louder)]
    scale = weights.scale * (np.maximum(letters, 1) / REFERENCE) ** -weights.shrink
    scores = nats - weights.louder * letters
    scores += weights.prior / scale
    here = scores[np.arange(len(scores)), own] + DOUBT / scale[:, 0]
    enough: NDArray[np.bool_] = (scores.max(axis=1, initial=-np.inf) > here) & (letters[:, 0] >= MIN_LETTERS)
    return enough


def fit_features(
    nats: NDArray[np.float64], letters: NDArray[np.float64], best: NDArray[np.int64], weights: Weights
) -> NDArray[np.float64]:
    """What tells texts of the language from texts that are not: a row a text. `nats` are those of the `best` guess."""
    below = (nats / np.maximum(letters, 1) - weights.usual[best]) / weights.spread[best]
    below = np.clip(below, -12, 1)
    length = np.sqrt(np.minimum(letters, 4 * REFERENCE) / REFERENCE)
    return np.stack([np.ones_like(below), below, below * length], axis=1)


def raw_probability(
    sums: NDArray[np.float64], count: int, weights: Weights, expected: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best of the first `count` languages for each row of sums; its share of the posterior times how well it fits.

    Those after them are neighbours, which take their share of the posterior and are no answer.
    """
    letters, nats = sums[:, -1], sums[:, : len(weights.louder)]
    probabilities = posterior(nats, letters, weights, expected)
    best = probabilities[:, :count].argmax(axis=1)
    row = np.arange(len(sums))
    features = fit_features(nats[row, best], letters, best, weights)
    return best, probabilities[row, best] / (1 + np.exp(-features @ weights.fit))


def logit(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log odds of a probability, within about 20 nats."""
    return np.log((probability + 1e-9) / (1 - probability + 1e-9))


def judge(
    sums: NDArray[np.float64], count: int, weights: Weights, expected: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best of the first `count` languages for each row of sums, and the probability that it is right.

    `expected` is the language of the text that a line stands in.
    """
    best, raw = raw_probability(sums, count, weights, expected)
    probability = 1 / (1 + np.exp(-weights.sureness[0] - weights.sureness[1] * logit(raw)))
    probability[sums[:, -1] < MIN_LETTERS] = 0
    return best, probability

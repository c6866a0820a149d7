"""How sure the best guess is: the probability of being right, in a world with more languages than the profiles know."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MIN_PROBABILITY = 0.5  # below it a language counts as undetermined
MIN_LETTERS = 10
_DEPENDENCE = 0.25  # n-grams overlap: each says this share of what it would say if it stood alone


def judge(sums: NDArray[np.float64], languages: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best language of each row of sums, and its probability."""
    nats = sums[:, :languages] * _DEPENDENCE
    best = nats.argmax(axis=1)
    share = np.exp(nats - nats.max(axis=1, keepdims=True, initial=0))
    probability = share.max(axis=1) / share.sum(axis=1)
    probability[sums[:, languages] < MIN_LETTERS] = 0
    return best, probability

"""Which of several readings of the same bytes is language: the n-gram profiles say how much each of them speaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.facts.language import certainty, sums_of
from pipeline.facts.language.profiles import load

MOST = 4000  # characters of a reading that are looked at


def nats(texts: Sequence[str]) -> NDArray[np.float64]:
    """By how many nats each text speaks for each language, a row a text; more for one that is rather language."""
    weights, sums = certainty.load(), sums_of([text[:MOST] for text in texts], load())
    scores: NDArray[np.float64] = sums[:, : len(weights.louder)] - weights.louder * sums[:, -1:]
    return scores


def best(texts: Sequence[str]) -> tuple[int, float]:
    """Which of the texts is most like language, and by how many nats more than the next one.

    >>> best(["Straße und Brücke", "StraÃe und BrÃŒcke"])[0]
    0
    """
    scores = nats(texts).max(axis=1)
    order = np.argsort(-scores, kind="stable")
    return int(order[0]), float(scores[order[0]] - scores[order[1]]) if len(texts) > 1 else float("inf")

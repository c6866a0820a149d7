"""From tokens to scores: features of each stretch, a line and a few hundred small trees over them."""

from __future__ import annotations

import numpy as np

from pipeline.facts.translation.reading import Reading
from pipeline.facts.translation.segments import Floats
from pipeline.facts.translation.tokens import Ints
from pipeline.facts.translation.weights import Weights

# Mean and spread of `finer` over the labelled passages, unseen; the weight of `sound` was tried at 1, 2, 3
# and 4: more finds more of the garbled and orders worse within a pair; 2.5 finds 94 % of them at 1 % false alarms.
FINER_MEAN, FINER_SPREAD, SOUND_WEIGHT = 56.8, 8.0, 2.5
# A text of fewer than `ENOUGH` tokens proves little: one odd word in a sentence is not a garbled text. `TYPICAL` is
# what news scores; tried at 60-150: 100 costs next to nothing on the passages, and takes the false alarms on
# the first 200 letters of articles that were not trained on from 25 % to 0.8 %.
TYPICAL, ENOUGH = 0.78, 100


def scores(reading: Reading, weights: Weights) -> Floats:
    """0..1 for each text, 1 reads well; what a text says again and again is no text."""
    answer = joined(stretch_scores(reading.rows, weights), reading.texts, reading.sizes, len(reading.tokens))
    return answer * (1 - reading.looped)


def joined(each: Floats, documents: Ints, sizes: Ints, count: int) -> Floats:
    """The scores of `count` documents: the mean of their stretches', drawn to `TYPICAL` where there is little text.

    `each` holds the scores of the stretches, `documents` the document of each and `sizes` its tokens.

    >>> joined(np.array([0.2, 0.4, 0.2]), np.array([0, 0, 1]), np.array([90, 90, 50]), 3).round(2).tolist()
    [0.3, 0.49, 0.78]
    """
    number = np.bincount(documents, minlength=count)
    mean = np.bincount(documents, each, count) / np.maximum(number, 1)
    certain = np.minimum(np.bincount(documents, sizes, count) / ENOUGH, 1)
    answer: Floats = TYPICAL + (mean - TYPICAL) * certain
    return answer


def stretch_scores(rows: Floats, weights: Weights) -> Floats:
    """0..1 for each row of features.

    Two answers are joined. `finer` ranks texts of one kind (a line and trees, learned within language pairs). `sound`
    is the probability that a text is not garbled; it levels off at both ends, so that it parts the garbled from the
    rest and leaves the order among each to `finer`.
    """
    parts = np.clip((rows - weights.center) / weights.scale, -4, 4) * weights.slopes[:-1]
    line = np.cumsum(parts, axis=1)[:, -1] + weights.slopes[-1]  # in one order for any number of rows
    finer = ((line + weights.finer.sums(rows)) / 2 - FINER_MEAN) / FINER_SPREAD
    sound = 1 / (1 + np.exp(-weights.sound.sums(rows)))
    answer: Floats = np.clip((finer + SOUND_WEIGHT * sound + 3) / 9, 0.0, 1.0)
    return answer

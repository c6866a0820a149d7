"""From tokens to scores: features of each stretch, a line and a few hundred small trees over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.facts.translation.features import BLOCK, Floats, features, stretches
from pipeline.facts.translation.tokens import Ints, Tokens
from pipeline.facts.translation.weights import Trees, Weights

DEPTH = 4
# Mean and spread of `finer` over the labelled passages, unseen; the weight of `sound` was tried at 1, 2, 3
# and 4: more finds more of the garbled and orders worse within a pair; 2.5 finds 94 % of them at 1 % false alarms.
FINER_MEAN, FINER_SPREAD, SOUND_WEIGHT = 56.8, 8.0, 2.5
# A text of fewer than `ENOUGH` tokens proves little: one odd word in a sentence is not a garbled text. `TYPICAL` is
# what news scores; tried at 60-150: 100 costs next to nothing on the passages, and takes the false alarms on
# the first 200 letters of articles that were not trained on from 25 % to 0.8 %.
TYPICAL, ENOUGH = 0.78, 100


def scores(tokens: Tokens, known: Weights) -> Floats:
    """0..1 for each document, 1 reads well."""
    parts = stretches(tokens)
    if not len(parts.starts):
        return np.full(len(tokens.ends), TYPICAL)
    each = stretch_scores(features(tokens, parts, known), known)
    return joined(each, parts.documents, parts.ends - parts.starts, len(tokens.ends))


def joined(each: Floats, documents: Ints, sizes: Ints, count: int) -> Floats:
    """The scores of `count` documents: the mean of their stretches', drawn to `TYPICAL` where there is little text."""
    number = np.bincount(documents, minlength=count)
    mean = np.bincount(documents, each, count) / np.maximum(number, 1)
    certain = np.minimum(np.bincount(documents, sizes, count) / ENOUGH, 1)
    answer: Floats = TYPICAL + (mean - TYPICAL) * certain
    return answer


def stretch_scores(rows: Floats, known: Weights) -> Floats:
    """0..1 for each row of features.

    Two answers are joined. `finer` ranks texts of one kind (a line and trees, learned within language pairs). `sound`
    is the probability that a text is not garbled; it levels off at both ends, so that it parts the garbled from the
    rest and leaves the order among each to `finer`.
    """
    line = np.clip((rows - known.center) / known.scale, -4, 4) @ known.slopes[:-1] + known.slopes[-1]
    finer = ((line + trees(rows, known.finer)) / 2 - FINER_MEAN) / FINER_SPREAD
    sound = 1 / (1 + np.exp(-trees(rows, known.sound)))
    answer: Floats = np.clip((finer + SOUND_WEIGHT * sound + 3) / 9, 0.0, 1.0)
    return answer


def trees(rows: Floats, known: Trees) -> Floats:
    """The sum of the trees' answers; each is complete, `DEPTH` deep, and stored level by level."""
    answers = [_block(rows[start : start + BLOCK].astype(np.float32), known) for start in range(0, len(rows), BLOCK)]
    return np.concatenate(answers) if answers else np.zeros(0)


def _block(rows: NDArray[np.float32], known: Trees) -> Floats:
    tree = np.arange(len(known.leaves), dtype=np.int32)
    inner, leaves = tree * np.int32(2**DEPTH - 1), tree * np.int32(2**DEPTH) - np.int32(2**DEPTH - 1)
    row = (np.arange(len(rows), dtype=np.int32) * np.int32(rows.shape[1]))[:, None]
    node = np.zeros((len(rows), len(tree)), np.int32)
    for _ in range(DEPTH):
        at = node + inner
        node += node + (rows.take(row + known.features.take(at)) > known.limits.take(at)) + np.int32(1)
    answer: Floats = known.leaves.take(node + leaves).sum(axis=1, dtype=np.float64)
    return answer

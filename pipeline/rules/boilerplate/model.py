"""The line model: how much a line is like the links and furniture of a site, judged with its neighbours in view.

Gradient-boosted trees in which all nodes of a depth ask the same question, so that a handful of array operations
answers for all lines of a text. Trained by `benchmarks/train_lines.py`; the weights stand in `lines.npz` beside this
module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.rules.boilerplate.features import features
from pipeline.rules.boilerplate.view import Line

WEIGHTS = Path(__file__).with_name("lines.npz")


@dataclass(frozen=True, eq=False)
class Model:
    """Trees of equal depth (8 at most). Many ask the same: each question is put once, and its answer handed round."""

    columns: npt.NDArray[np.int64]  # of the features, one for each question
    limits: npt.NDArray[np.float32]
    questions: npt.NDArray[np.int64]  # depth x trees
    leaves: npt.NDArray[np.float32]  # trees x 2**depth
    lexicon: Mapping[str, float]  # log odds of the words of boilerplate against those of articles
    bias: float = 0.0

    def scores(self, text: str, found: Sequence[Line]) -> list[float]:
        """A score for each line: above 0 it is rather the site's than the article's."""
        rows = features(text, found, self.lexicon)
        answers = (np.ascontiguousarray(rows.T).take(self.columns, axis=0) > self.limits[:, None]).view(np.uint8)
        leaf = answers.take(self.questions[0], axis=0)
        for level in range(1, len(self.questions)):
            leaf |= answers.take(self.questions[level], axis=0) << np.uint8(level)
        place = leaf + np.arange(0, self.leaves.size, self.leaves.shape[1])[:, None]
        total: list[float] = (self.leaves.ravel().take(place).sum(axis=0) + np.float32(self.bias)).tolist()
        return total


def of_trees(
    columns: npt.NDArray[np.integer[Any]],
    limits: npt.NDArray[np.float32],
    leaves: npt.NDArray[np.float32],
    lexicon: Mapping[str, float],
    bias: float,
) -> Model:
    """The model whose trees ask whether the feature in `columns` is above `limits` (both trees x depth)."""
    both = np.stack([columns.ravel().astype(np.float64), limits.ravel().astype(np.float64)], axis=1)
    asked, which = np.unique(both, axis=0, return_inverse=True)
    questions = which.reshape(columns.shape).T.copy()
    return Model(asked[:, 0].astype(np.int64), asked[:, 1].astype(np.float32), questions, leaves, lexicon, bias)


def load(path: Path = WEIGHTS) -> Model:
    with np.load(path) as stored:
        lexicon = dict(zip(str(stored["words"]).split(" "), (stored["odds"] / 100.0).tolist(), strict=True))
        leaves = stored["leaves"].astype(np.float32)
        return of_trees(stored["columns"], stored["limits"].astype(np.float32), leaves, lexicon, float(stored["bias"]))


@lru_cache(maxsize=1)
def default_model() -> Model:
    """The trained weights, read once."""
    return load()

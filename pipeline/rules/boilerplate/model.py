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

import numpy as np
import numpy.typing as npt

from pipeline.rules.boilerplate.features import features
from pipeline.rules.boilerplate.view import Line

WEIGHTS = Path(__file__).with_name("lines.npz")


@dataclass(frozen=True, eq=False)
class Model:
    """Trees of equal depth, a row for each in every array; `leaves` has a value for each leaf."""

    columns: npt.NDArray[np.int64]  # trees x depth
    limits: npt.NDArray[np.float32]
    leaves: npt.NDArray[np.float32]  # trees x 2**depth
    lexicon: Mapping[str, float]  # log odds of the words of boilerplate against those of articles
    bias: float = 0.0

    def scores(self, text: str, found: Sequence[Line]) -> list[float]:
        """A score for each line: above 0 it is rather the site's than the article's."""
        rows = features(text, found, self.lexicon)
        trees, depth = self.columns.shape
        answers = rows[:, self.columns.ravel()] > self.limits.ravel()
        leaf = answers.reshape(len(rows), trees, depth) @ (1 << np.arange(depth))
        total: list[float] = (self.leaves[np.arange(trees), leaf].sum(axis=1) + np.float32(self.bias)).tolist()
        return total


def load(path: Path = WEIGHTS) -> Model:
    with np.load(path) as stored:
        lexicon = dict(zip(str(stored["words"]).split(" "), (stored["odds"] / 100.0).tolist(), strict=True))
        return Model(
            stored["columns"].astype(np.int64),
            stored["limits"].astype(np.float32),
            stored["leaves"].astype(np.float32),
            lexicon,
            float(stored["bias"]),
        )


@lru_cache(maxsize=1)
def default_model() -> Model:
    """The trained weights, read once."""
    return load()

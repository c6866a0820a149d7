"""The line model: how much a line is like the links and furniture of a site, judged with its neighbours in view.

A sum of decision trees over what `features.py` sees of the lines of a text. Trained by `benchmarks/train_lines.py`; the
weights stand in `lines.npz` beside this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from pipeline.facts.trees import SymmetricTrees
from pipeline.rules.boilerplate.features import Lexicon, features
from pipeline.rules.boilerplate.view import Line

WEIGHTS = Path(__file__).with_name("lines.npz")


@dataclass(frozen=True, eq=False)
class Model:
    """What was learned of lines that a person has labelled as the site's or the article's."""

    trees: SymmetricTrees
    lexicon: Lexicon
    bias: float = 0.0

    def scores(self, text: str, found: Sequence[Line]) -> list[float]:
        """A score for each line, in log odds: above 0 it is rather the site's than the article's."""
        rows = features(text, found, self.lexicon)
        scores: list[float] = (self.trees.sums(rows) + np.float32(self.bias)).tolist()
        return scores


def load(path: Path = WEIGHTS) -> Model:
    """The model that `benchmarks/train_lines.py` has left in the file."""
    with np.load(path) as stored:
        lexicon = Lexicon(dict(zip(str(stored["words"]).split(" "), stored["odds"].tolist(), strict=True)))
        trees = SymmetricTrees.of(stored["columns"], stored["limits"], stored["leaves"])
        return Model(trees, lexicon, float(stored["bias"]))


@lru_cache(maxsize=1)
def default_model() -> Model:
    """The trained weights, read once."""
    return load()

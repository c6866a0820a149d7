"""The page model: how likely each block of a page is part of its article, by decision trees read from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.facts.trees import SymmetricTrees

# After an eighth of the trees. On 288 pages two thirds of all blocks are below, and none of those that would be kept.
FIRST = 8
HOPELESS = -3.0


@dataclass(frozen=True, slots=True)
class PageModel:
    """The trees in two parts, since the first ones are enough to see that a row is hopeless."""

    first: SymmetricTrees
    others: SymmetricTrees
    base: float  # log odds of a row before any tree has added to them
    names: tuple[str, ...]  # the features that it was trained on, one a column

    @classmethod
    def read(cls, file: Path) -> PageModel:
        """The trees that `benchmarks/train_extraction.py` has left in the file."""
        with np.load(file, allow_pickle=False) as arrays:
            columns, limits, leaves = arrays["columns"], arrays["limits"], arrays["leaves"]
            few = len(columns) // FIRST
            first = SymmetricTrees.of(columns[:few], limits[:few], leaves[:few])
            others = SymmetricTrees.of(columns[few:], limits[few:], leaves[few:])
            return cls(first, others, float(arrays["base"]), tuple(arrays["names"].tolist()))

    def probability(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """One probability for each row; rows that the first trees call hopeless do not go down the others."""
        total = self.base + self.first.sums(rows).astype(np.float64)
        left = np.flatnonzero(total > HOPELESS)
        total[left] += self.others.sums(rows.T.take(left, axis=1).T)  # columns stay in one piece
        chance: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(total, -30, 30)))
        return chance

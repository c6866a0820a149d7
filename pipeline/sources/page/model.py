"""The page model: how likely each block of a page is part of its article, by decision trees read from a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.facts import trees

# After an eighth of the trees: no article of the 91 pages of extraction_news changed, at half the time.
_FIRST = 8
_HOPELESS = -3.0


@dataclass(frozen=True, slots=True)
class PageModel:
    """The trees in two parts, since the first ones are enough to see that a row is hopeless."""

    first: trees.Trees
    others: trees.Trees
    base: float  # log odds of a row before any tree has added to them
    names: tuple[str, ...]  # the features that it was trained on, one a column

    @classmethod
    def read(cls, file: Path) -> PageModel:
        """The trees that `benchmarks/train_extraction.py` has left in the file."""
        with np.load(file, allow_pickle=False) as arrays:
            every = trees.Trees.linked(
                *(arrays[name] for name in ("column", "limit", "left", "right", "value", "roots"))
            )
            few = len(every.roots) // _FIRST
            first, others = (replace(every, roots=roots) for roots in np.split(every.roots, [few]))
            return cls(first, others, float(arrays["base"]), tuple(arrays["names"].tolist()))

    def probability(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """One probability for each row; rows that the first trees call hopeless do not go down the others."""
        total = self.base + self.first.sums(rows)
        left = np.flatnonzero(total > _HOPELESS)
        total[left] += self.others.sums(rows[left])
        chance: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(total, -30, 30)))
        return chance

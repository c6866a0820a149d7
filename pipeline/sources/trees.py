"""A sum of decision trees, read from a file of arrays; all rows go down all trees at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# After a quarter of the trees: no article of the 361 pages of extraction_news and _press changed, at half the time.
_FIRST = 4
_HOPELESS = -3.5


@dataclass(frozen=True, slots=True)
class Trees:
    """The nodes of all trees in one row. A leaf leads to itself, so that `depth` steps bring every row to its leaf."""

    column: NDArray[np.int32]
    limit: NDArray[np.float32]  # a row goes left if its value is at most this
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    roots: NDArray[np.int32]
    depth: int
    base: float
    names: tuple[str, ...]

    @classmethod
    def read(cls, file: Path) -> Trees:
        with np.load(file, allow_pickle=False) as arrays:
            return cls(
                column=arrays["column"].astype(np.int32),
                limit=arrays["limit"],
                left=arrays["left"].astype(np.int32),
                right=arrays["right"].astype(np.int32),
                value=arrays["value"].astype(np.float32),
                roots=arrays["roots"].astype(np.int32),
                depth=int(arrays["depth"]),
                base=float(arrays["base"]),
                names=tuple(arrays["names"].tolist()),
            )

    def probability(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """One probability for each row; rows that the first trees call hopeless do not go down the others."""
        few = len(self.roots) // _FIRST
        total = self.base + self._sum(rows, self.roots[:few])
        left = np.flatnonzero(total > _HOPELESS)
        total[left] += self._sum(rows[left], self.roots[few:])
        chance: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(total, -30, 30)))
        return chance

    def _sum(self, rows: NDArray[np.float32], roots: NDArray[np.int32]) -> NDArray[np.float64]:
        parts = [self._leaves(rows[start : start + 512], roots) for start in range(0, len(rows), 512)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _leaves(self, rows: NDArray[np.float32], roots: NDArray[np.int32]) -> NDArray[np.float64]:
        count, width = rows.shape
        flat = np.ascontiguousarray(rows).ravel()
        offset = (np.arange(count, dtype=np.int32) * width)[:, None]
        node = np.repeat(roots[None, :], count, axis=0)
        for _ in range(self.depth):
            goes_left = flat[offset + self.column[node]] <= self.limit[node]
            node = np.where(goes_left, self.left[node], self.right[node])
        total: NDArray[np.float64] = self.value[node].sum(axis=1, dtype=np.float64)
        return total

"""Sums, means and shares over runs of rows that follow one another: tokens of stretches, words of sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.facts.translation.tokens import Ints

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Numbers = NDArray[np.float64] | NDArray[np.float32]


class Segments:
    """Runs of rows, each from its start to before its end; of an empty run all sums and means are 0.

    >>> runs = Segments(np.array([0, 2, 2]), np.array([2, 2, 5]))
    >>> runs.mean(np.array([1.0, 2.0, 3.0, 4.0, 8.0])).tolist()
    [1.5, 0.0, 5.0]
    """

    def __init__(self, starts: Ints, ends: Ints) -> None:
        self.starts, self.ends = starts, ends
        self.size = np.maximum(ends - starts, 1)

    def total(self, values: Numbers) -> Floats:
        """The sum of the values in each run, added one after another in double precision; the runs must cover all rows.

        `values` hold a number or a row of numbers for each row.
        """
        of_row, count = self.of_row(), len(self.starts)
        # `np.add.reduceat` would add in an order of its own
        columns = values[:, None] if values.ndim == 1 else values
        total: Floats = np.stack([np.bincount(of_row, column, count) for column in columns.T], axis=1)
        return total.reshape(count, *values.shape[1:])

    def mean(self, values: Numbers) -> Floats:
        """The mean of the values in each run."""
        total = self.total(values)
        mean: Floats = total / (self.size if total.ndim == 1 else self.size[:, None])
        return mean

    def spread(self, values: Floats) -> Floats:
        """The standard deviation of the values in each run."""
        spread: Floats = np.sqrt(np.maximum(self.mean(values**2) - self.mean(values) ** 2, 0))
        return spread

    def shares(self, *masks: Bools) -> Floats:
        """For each run the share of rows in each mask, one column a mask; the runs must cover all rows."""
        of_row = self.of_row()
        counts = [np.bincount(of_row[mask], minlength=len(self.starts)) for mask in masks]
        shares: Floats = np.stack(counts, 1) / self.size[:, None]
        return shares

    def of_row(self) -> Ints:
        """The number of the run that each row belongs to; the runs must cover all rows."""
        return np.repeat(np.arange(len(self.starts)), self.ends - self.starts)

    def blocks(self, size: int) -> Iterator[Segments]:
        """The runs in lots of `size`."""
        for start in range(0, len(self.starts), size):
            yield Segments(self.starts[start : start + size], self.ends[start : start + size])

    def within(self, rows: Ints) -> Segments:
        """The same runs among the rows numbered `rows` alone (ascending).

        >>> inner = Segments(np.array([0, 4]), np.array([4, 9])).within(np.array([1, 3, 8]))
        >>> inner.starts.tolist(), inner.ends.tolist()
        ([0, 2], [2, 3])
        """
        return Segments(np.searchsorted(rows, self.starts), np.searchsorted(rows, self.ends))

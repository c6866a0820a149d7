"""Sums of decision trees, as gradient boosting grows them; all rows of features go down all trees at once.

A node asks whether one feature of a row is above a limit: if so the row goes on to the right, else to the left. What is
no number is above nothing and goes left. The leaf that a row comes to holds what its tree adds.

    >>> tree = Trees.complete(np.array([[1]]), np.array([[0.5]]), np.array([[-1.0, 2.0]]))
    >>> tree.sums(np.array([[9.0, 0.5], [9.0, 0.6]])).tolist()
    [-1.0, 2.0]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import compiled

Floats = NDArray[np.float64]
Numbers = NDArray[np.floating[Any]]

_IN_C = compiled.load("pipeline.facts._trees")
_SYMMETRIC_IN_C = compiled.load("pipeline.facts._symmetric_trees")

# Rows at once, so that their places in all trees fit the processor's cache; swept 32-512 on pages and texts.
BLOCK = 128


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Trees of any shape, with the nodes of all of them in one row; the right child of a node follows its left one.

    A leaf is its own left child and nothing is above its limit: `depth` steps take every row to a leaf, however near
    the root that is.
    """

    columns: NDArray[np.int32]  # the feature that each node asks for; of leaves any
    limits: NDArray[np.float32]
    left: NDArray[np.int32]
    values: NDArray[np.float32]  # what a leaf adds
    roots: NDArray[np.int32]
    depth: int  # of the deepest tree

    @classmethod
    def linked(
        cls,
        columns: NDArray[Any],
        limits: NDArray[Any],
        left: NDArray[Any],
        right: NDArray[Any],
        values: NDArray[Any],
        roots: NDArray[Any],
    ) -> Trees:
        """Trees whose nodes stand in any order: one number each a node, its children by their places.

        A leaf is its own child. The nodes are put in order of their depth, roots first, and children side by side.
        """
        levels = [roots.astype(np.int64)]
        while len(levels[-1]):
            inner = levels[-1][left[levels[-1]] != levels[-1]]
            levels.append(np.stack([left[inner], right[inner]], axis=1).ravel())
        order = np.concatenate(levels)
        place = np.zeros(len(left), np.int32)
        place[order] = np.arange(len(order))
        return cls(
            columns=columns[order].astype(np.int32),
            limits=np.where(left[order] == order, np.inf, limits[order]).astype(np.float32),
            left=place[left[order]],
            values=values[order].astype(np.float32),
            roots=place[roots],
            depth=max(len(levels) - 2, 0),
        )

    @classmethod
    def complete(cls, columns: NDArray[Any], limits: NDArray[Any], leaves: NDArray[Any]) -> Trees:
        """Trees of one depth without a gap, given level by level, a row a tree: first all inner nodes, then all leaves.

        `columns` and `limits` have 2**depth - 1 numbers a row, `leaves` 2**depth.
        """
        (count, inner), outer = columns.shape, leaves.shape[1]
        node = np.arange(inner + outer)
        roots = np.arange(count) * len(node)
        left = np.where(node < inner, 2 * node + 1, node)
        return cls(
            columns=np.pad(columns, ((0, 0), (0, outer))).astype(np.int32).ravel(),
            limits=np.pad(limits.astype(np.float32), ((0, 0), (0, outer)), constant_values=np.inf).ravel(),
            left=(left + roots[:, None]).astype(np.int32).ravel(),
            values=np.pad(leaves, ((0, 0), (inner, 0))).astype(np.float32).ravel(),
            roots=roots.astype(np.int32),
            depth=outer.bit_length() - 1,
        )

    def sums(self, rows: Numbers) -> Floats:
        """What all trees together add for each row of features; summed in double precision, tree after tree."""
        return self.in_numpy(rows) if _IN_C is None else self.in_c(rows)

    def in_c(self, rows: Numbers) -> Floats:
        """By `trees.c`."""
        total = np.zeros(len(rows))
        features = np.ascontiguousarray(rows, np.float32)
        _IN_C.sums(self.depth, self.columns, self.limits, self.left, self.values, self.roots, features, total)
        return total

    def in_numpy(self, rows: Numbers) -> Floats:
        """By array operations, all trees at once."""
        total = np.zeros(len(rows))
        for start in range(0, len(rows), BLOCK):
            added = self._leaves(rows[start : start + BLOCK])
            if len(self.roots):
                total[start : start + BLOCK] = np.cumsum(added, axis=1, dtype=np.float64)[:, -1]
        return total

    def _leaves(self, rows: Numbers) -> NDArray[np.float32]:
        """What each tree adds for each row: rows x trees."""
        count, width = rows.shape
        features = np.ascontiguousarray(rows, np.float32).ravel()
        row = (np.arange(count, dtype=np.int32) * np.int32(width))[:, None]
        node = np.repeat(self.roots[None, :], count, axis=0)
        for _ in range(self.depth):
            goes_right = features.take(row + self.columns.take(node)) > self.limits.take(node)
            node = self.left.take(node)
            node += goes_right
        return self.values.take(node)


@dataclass(frozen=True, slots=True, eq=False)
class SymmetricTrees:
    """Trees of one depth, 8 at most, in which all nodes of a level ask the same question.

    The answers on the way down, the first one lowest, 1 for yes, are the number of the leaf. Trees share questions:
    each is put once, and its answers are handed round. That costs a fifth of going from node to node as `Trees` do.
    """

    columns: NDArray[np.int64]  # the feature that each question asks for
    limits: NDArray[np.float32]
    questions: NDArray[np.int64]  # levels x trees: the number of the question
    leaves: NDArray[np.float32]  # trees x 2**levels

    @classmethod
    def of(cls, columns: NDArray[Any], limits: NDArray[Any], leaves: NDArray[Any]) -> SymmetricTrees:
        """Trees by the questions of their levels: `columns` and `limits` are trees x levels."""
        both = np.stack([columns.ravel().astype(np.float64), limits.ravel().astype(np.float64)], axis=1)
        asked, which = np.unique(both, axis=0, return_inverse=True)
        questions = which.reshape(columns.shape).T.copy()
        return cls(asked[:, 0].astype(np.int64), asked[:, 1].astype(np.float32), questions, leaves.astype(np.float32))

    def sums(self, rows: Numbers) -> NDArray[np.float32]:
        """What all trees together add for each row of features; summed in single precision, tree after tree."""
        return self.sums_in_numpy(rows) if _SYMMETRIC_IN_C is None else self.sums_in_c(rows)

    def sums_in_c(self, rows: Numbers) -> NDArray[np.float32]:
        """By `symmetric_trees.c`."""
        total = np.empty(len(rows), np.float32)
        features = np.ascontiguousarray(rows.T, np.float32)
        asked = (self.columns, self.limits, self.questions)
        _SYMMETRIC_IN_C.sums(len(self.questions), features, *asked, self.leaves, total)
        return total

    def sums_in_numpy(self, rows: Numbers) -> NDArray[np.float32]:
        """By array operations over all rows."""
        if len(rows) == 1:  # the sum of one column alone is not made in order
            return self.sums_in_numpy(np.repeat(rows, 2, axis=0))[:1]
        features = np.ascontiguousarray(rows.T, np.float32)
        answers = (features.take(self.columns, axis=0) > self.limits[:, None]).view(np.uint8)
        leaf = answers.take(self.questions[0], axis=0)
        for level in range(1, len(self.questions)):
            leaf |= answers.take(self.questions[level], axis=0) << np.uint8(level)
        first = np.arange(0, self.leaves.size, self.leaves.shape[1])[:, None]
        total: NDArray[np.float32] = self.leaves.ravel().take(leaf + first).sum(axis=0)
        return total

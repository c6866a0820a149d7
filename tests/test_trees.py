"""Sums of decision trees: small ones written out by hand, and any against a naive walk from node to node."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.facts import trees
from pipeline.facts.trees import SymmetricTrees, Trees

NAN, INF = math.nan, math.inf

# A tree as nested tuples: a leaf is what it adds, a node is (column, limit, left, right).
Tree: TypeAlias = "float | tuple[int, float, Tree, Tree]"
Rows = NDArray[np.float32]
Row = Sequence[float] | NDArray[np.float32]
LOPSIDED: Tree = (0, 0.5, -1.0, (1, 2.0, (0, 4.0, 8.0, 16.0), 32.0))


def linked(*forest: Tree) -> Trees:
    """The trees as arrays, each node before its children, so that children do not stand side by side."""
    columns: list[int] = []
    limits: list[float] = []
    left: list[int] = []
    right: list[int] = []
    values: list[float] = []

    def add(tree: Tree) -> int:
        node = len(columns)
        column, limit, *branches = tree if isinstance(tree, tuple) else (0, 0.0)
        columns.append(column)
        limits.append(limit)
        values.append(0.0 if isinstance(tree, tuple) else tree)
        left.append(node)
        right.append(node)
        if branches:
            left[node], right[node] = map(add, branches)
        return node

    roots = [add(tree) for tree in forest]
    asked, lower, upper, first = (np.array(numbers, int) for numbers in (columns, left, right, roots))
    return Trees.linked(asked, np.array(limits), lower, upper, np.array(values), first)


def answer(tree: Tree, row: Row) -> float:
    """What one tree adds for one row, told by its definition."""
    if not isinstance(tree, tuple):
        return tree
    column, limit, left, right = tree
    return answer(right if row[column] > np.float32(limit) else left, row)


@pytest.mark.parametrize(
    ("row", "added"),
    [
        ((0.4, 9.0), -1.0),
        ((0.6, 1.9), 8.0),
        ((4.5, 1.9), 16.0),
        ((4.5, 2.1), 32.0),
    ],
)
def test_a_row_goes_right_where_its_feature_is_above_the_limit(row: Row, added: float) -> None:
    assert linked(LOPSIDED).sums(np.array([row])).tolist() == [added]


@pytest.mark.parametrize(
    ("row", "added"),
    [
        ((0.5, 9.0), -1.0),  # the limit itself is not above it
        ((NAN, 9.0), -1.0),
        ((4.5, NAN), 16.0),
        ((-INF, 9.0), -1.0),
        ((INF, INF), 32.0),
    ],
)
def test_what_is_not_above_a_limit_goes_left_and_so_does_what_is_no_number(row: Row, added: float) -> None:
    assert linked(LOPSIDED).sums(np.array([row])).tolist() == [added]


def test_the_trees_answers_are_added_up() -> None:
    forest = linked(LOPSIDED, 0.25, (1, 1.0, 100.0, 200.0))
    assert forest.depth == 3
    assert forest.sums(np.array([[0.0, 0.0], [9.0, 9.0]])).tolist() == [-1.0 + 0.25 + 100.0, 32.0 + 0.25 + 200.0]


def test_a_leaf_without_a_tree_and_no_tree_at_all_ask_for_nothing() -> None:
    rows = np.array([[1.0], [NAN]])
    assert linked(0.5).sums(rows).tolist() == [0.5, 0.5]
    assert linked().sums(rows).tolist() == [0.0, 0.0]


def test_no_rows_have_no_sums() -> None:
    none = np.zeros((0, 2), np.float32)
    assert linked(LOPSIDED).sums(none).tolist() == []
    assert SymmetricTrees.of(np.array([[0]]), np.array([[1.0]]), np.array([[1.0, 2.0]])).sums(none).tolist() == []


def test_complete_trees_are_given_level_by_level() -> None:
    tree = Trees.complete(np.array([[0, 1, 1]]), np.array([[0.0, -1.0, 1.0]]), np.array([[1.0, 2.0, 3.0, 4.0]]))
    rows = np.array([[0.0, -1.0], [0.0, 0.0], [1.0, 1.0], [1.0, 2.0], [NAN, NAN]])
    assert tree.depth == 2
    assert tree.sums(rows).tolist() == [1.0, 2.0, 3.0, 4.0, 1.0]


def test_the_first_question_of_a_symmetric_tree_is_the_lowest_bit_of_its_leafs_number() -> None:
    tree = SymmetricTrees.of(np.array([[0, 1]]), np.array([[0.0, 5.0]]), np.array([[1.0, 2.0, 3.0, 4.0]]))
    rows = np.array([[0.0, 5.0], [1.0, 5.0], [0.0, 6.0], [1.0, 6.0], [NAN, NAN]])
    assert tree.sums(rows).tolist() == [1.0, 2.0, 3.0, 4.0, 1.0]


def test_symmetric_trees_share_their_questions_and_infinity_is_never_passed() -> None:
    columns, limits = np.array([[0, 0], [0, 1]]), np.array([[1.0, INF], [1.0, 2.0]])
    forest = SymmetricTrees.of(columns, limits, np.array([[1.0, 2.0, 4.0, 8.0], [0.5, 0.25, 0.125, 0.0625]]))
    assert len(forest.columns) == 3
    assert forest.sums(np.array([[INF, 0.0], [0.0, 3.0]])).tolist() == [2.0 + 0.25, 1.0 + 0.125]


# Eighths add up without rounding, in whatever order.
NUMBERS = st.sampled_from([-INF, -1.5, -0.0, 0.0, 0.1, 1.0, 2.5, INF, NAN])
LIMITS = st.sampled_from([-1.5, 0.0, 0.1, 1.0, 2.5, INF])
COLUMNS = st.integers(0, 2)
LEAVES = st.integers(-80, 80).map(lambda eighths: eighths / 8)
FORESTS = st.lists(
    st.recursive(LEAVES, lambda below: st.tuples(COLUMNS, LIMITS, below, below), max_leaves=12), max_size=4
)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=5).map(
    lambda rows: np.array(rows, np.float32)
)


@settings(max_examples=200, deadline=None)
@given(forest=FORESTS, rows=ROWS)
def test_the_sums_of_trees_of_any_shape_are_those_of_a_naive_walk(forest: list[Tree], rows: Rows) -> None:
    assert linked(*forest).sums(rows).tolist() == [sum(answer(tree, row) for tree in forest) for row in rows]


@settings(max_examples=100, deadline=None)
@given(depth=st.integers(0, 4), draw=st.data(), rows=ROWS)
def test_the_sums_of_complete_trees_are_those_of_a_naive_walk(depth: int, draw: st.DataObject, rows: Rows) -> None:
    size = (1 << depth) - 1
    columns = [[draw.draw(COLUMNS) for _ in range(size)] for _ in range(2)]
    limits = [[draw.draw(LIMITS) for _ in range(size)] for _ in range(2)]
    leaves = [[draw.draw(LEAVES) for _ in range(size + 1)] for _ in range(2)]

    def tree(number: int, node: int = 0) -> Tree:
        if node >= size:
            return leaves[number][node - size]
        left, right = tree(number, 2 * node + 1), tree(number, 2 * node + 2)
        return columns[number][node], limits[number][node], left, right

    made = Trees.complete(np.array(columns, int), np.array(limits), np.array(leaves))
    assert made.sums(rows).tolist() == [answer(tree(0), row) + answer(tree(1), row) for row in rows]


@settings(max_examples=100, deadline=None)
@given(depth=st.integers(1, 4), draw=st.data(), rows=ROWS)
def test_the_sums_of_symmetric_trees_are_those_of_a_naive_walk(depth: int, draw: st.DataObject, rows: Rows) -> None:
    asked = [[draw.draw(st.tuples(COLUMNS, LIMITS)) for _ in range(depth)] for _ in range(3)]
    leaves = [[draw.draw(LEAVES) for _ in range(2**depth)] for _ in range(3)]

    def tree(number: int, level: int = 0, leaf: int = 0) -> Tree:
        if level == depth:
            return leaves[number][leaf]
        column, limit = asked[number][level]
        return column, limit, tree(number, level + 1, leaf), tree(number, level + 1, leaf | 1 << level)

    columns, limits = (np.array([[question[part] for question in one] for one in asked]) for part in (0, 1))
    made = SymmetricTrees.of(columns, limits, np.array(leaves))
    assert made.sums(rows).tolist() == [sum(answer(tree(number), row) for number in range(3)) for row in rows]


def test_a_row_has_the_sum_it_has_alone_however_many_there_are() -> None:
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(3 * trees.BLOCK + 1, 2)).astype(np.float32)
    forest = linked(*((0, limit, limit / 3, (1, -limit, limit / 7, 1.0)) for limit in chance.normal(size=400)))
    assert forest.sums(rows).tolist() == [forest.sums(row[None]).item() for row in rows]

"""Trees as catboost grows them, as the arrays that `SymmetricTrees` reads."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Plain(NamedTuple):
    """Trees of one depth as arrays, a row a tree: columns and limits of its questions, its leaves; and their bias."""

    columns: np.ndarray
    limits: np.ndarray
    leaves: np.ndarray
    bias: float


def plain(grown: Any, depth: int) -> Plain:
    """The trees of a catboost model. Those that are less deep ask some questions that no row passes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trees.json"
        grown.save_model(str(file), format="json")
        stored = json.loads(file.read_text())
    columns = np.zeros((len(stored["oblivious_trees"]), depth), np.int16)
    limits = np.full(columns.shape, np.inf, np.float32)
    leaves = np.zeros((len(columns), 2**depth), np.float32)
    scale, (bias,) = stored["scale_and_bias"]
    for number, tree in enumerate(stored["oblivious_trees"]):
        for level, split in enumerate(tree["splits"]):
            columns[number, level] = split["float_feature_index"]
            limits[number, level] = split["border"]
        leaves[number, : len(tree["leaf_values"])] = tree["leaf_values"]
    return Plain(columns, limits, leaves * np.float32(scale), float(bias))

"""What `benchmarks/train_translation.py` learned, as it is stored in `english.npz`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.facts.trees import Trees

Floats = NDArray[np.float64]


class Weights(NamedTuple):
    """Arrays by name; `words` and `letters` hold one column a head."""

    words: NDArray[np.int8]  # a weight for each bucket of runs of words
    word_steps: Floats
    letters: NDArray[np.int8]  # a weight for each bucket of letter n-grams
    letter_steps: Floats
    vocabulary: NDArray[np.uint64]  # the hashes of the vocabulary's words, ascending
    ranks: NDArray[np.int64]  # the rank by frequency of each of them
    frequency: Floats  # log10 of the share of each rank in running English
    word_list: NDArray[np.uint8]  # a Bloom filter of English words
    pair_checks: NDArray[np.uint8]
    pair_counts: NDArray[np.uint8]  # 25 x log10 of a pair's count in 10^8 words; 0 is an empty slot
    directions: NDArray[np.uint8]  # word vectors, two dimensions a byte
    center: Floats
    scale: Floats
    slopes: Floats
    finer: Trees  # complete ones, as `sound`; stored level by level
    sound: Trees
    data: str  # the digests of the data it was learned from
    vectors: NDArray[np.float32]  # not stored: `unpacked(directions)`
    pairs: NDArray[np.uint8]  # not stored: a check and a count a row, so that both are found at one place


def unpacked(directions: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Word vectors of length 1 from four bits a dimension."""
    both = np.empty((len(directions), 2 * directions.shape[1]), np.float32)
    both[:, ::2] = directions & 15
    both[:, 1::2] = directions >> 4
    both -= 7.5
    both /= np.sqrt(np.einsum("ij,ij->i", both, both))[:, None]
    return both


_SUMS_OF_TREES = ("finer", "sound")


def to_arrays(weights: Weights) -> dict[str, NDArray[Any]]:
    """The weights as they are stored: arrays by name, those of trees as `finer.features` and so on."""
    arrays = {
        name: np.asarray(value) for name, value in weights._asdict().items() if isinstance(value, np.ndarray | str)
    }
    del arrays["vectors"], arrays["pairs"]
    for name in _SUMS_OF_TREES:
        arrays |= {f"{name}.{part}": array for part, array in _levels(getattr(weights, name)).items()}
    return arrays


def _levels(trees: Trees) -> dict[str, NDArray[Any]]:
    """What `Trees.complete` made the trees of: a row a tree, level by level."""
    inner = 2**trees.depth - 1
    columns, limits, values = (a.reshape(len(trees.roots), -1) for a in (trees.columns, trees.limits, trees.values))
    return {"features": columns[:, :inner].astype(np.int16), "limits": limits[:, :inner], "leaves": values[:, inner:]}


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Weights:
    """The weights from what was stored."""
    fields: dict[str, Any] = {name: array for name, array in arrays.items() if "." not in name}
    for name in _SUMS_OF_TREES:
        fields[name] = Trees.complete(*(arrays[f"{name}.{part}"] for part in ("features", "limits", "leaves")))
    pairs = np.stack((fields["pair_checks"], fields["pair_counts"]), axis=1)
    return Weights(**fields | {"data": str(fields["data"]), "vectors": unpacked(fields["directions"]), "pairs": pairs})


def tokens_known(weights: Weights) -> tuple[NDArray[Any], ...]:
    """What the loops in C know a token by, in their order: `model_of` of `tokens.h`."""
    return (
        *(weights.words, weights.letters, weights.vocabulary, weights.ranks),
        *(weights.frequency, weights.word_list),
    )


@cache
def load() -> Weights:
    """The weights that come with the package, read once a process."""
    file = resources.files(__package__).joinpath("english.npz")
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
        return from_arrays({name: stored[name] for name in stored.files})

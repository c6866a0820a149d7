"""What `benchmarks/train_translation.py` learned, as it is stored in `english.npz`."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Trees(NamedTuple):
    """Complete binary trees, level by level: one row a tree."""

    features: NDArray[np.int16]
    limits: NDArray[np.float32]
    leaves: NDArray[np.float32]


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
    finer: Trees
    sound: Trees
    data: str  # the digests of the data it was learned from
    vectors: NDArray[np.float32]  # not stored: `unpacked(directions)`


def unpacked(directions: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Word vectors of length 1 from four bits a dimension."""
    both = np.empty((len(directions), 2 * directions.shape[1]), np.float32)
    both[:, ::2] = directions & 15
    both[:, 1::2] = directions >> 4
    both -= 7.5
    both /= np.sqrt(np.einsum("ij,ij->i", both, both))[:, None]
    return both


NESTED = ("finer", "sound")


def flat(known: Weights) -> dict[str, NDArray[np.generic]]:
    """The weights as they are stored: arrays by name, `finer.limits` and so on."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, value in known._asdict().items():
        if name == "vectors":
            continue
        if name in NESTED:
            arrays |= {f"{name}.{part}": array for part, array in value._asdict().items()}
        else:
            arrays[name] = np.asarray(value)
    return arrays


def nested(arrays: dict[str, NDArray[np.generic]]) -> Weights:
    """The weights from what was stored."""
    plain = {name: array for name, array in arrays.items() if "." not in name}
    trees = {name: Trees(*(arrays[f"{name}.{part}"] for part in Trees._fields)) for name in NESTED}  # type: ignore[arg-type]
    rest = {"data": str(plain["data"]), "vectors": unpacked(plain["directions"])}  # type: ignore[arg-type]
    return Weights(**(plain | trees | rest))  # type: ignore[arg-type]


@cache
def weights() -> Weights:
    """The weights that come with the package, read once."""
    with (
        resources.files(__package__).joinpath("english.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as stored,
    ):
        return nested({name: stored[name] for name in stored.files})

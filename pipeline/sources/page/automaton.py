"""Many words looked for at once in many texts, in one pass in C over all of them (`letters.c`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Automaton(NamedTuple):
    """After Aho and Corasick. A state is the longest beginning of a word that what has been read ends in."""

    classes: NDArray[np.uint8]  # of each byte; 0: it is in no word
    following: NDArray[np.uint16]  # on a state and a class
    means: NDArray[np.int32]  # the bits of the words that end at a state

    @classmethod
    def of(cls, words: Mapping[str, int], spaces: str = "") -> Automaton:
        """For words with their bits; each of these `spaces` in a text counts as a space."""
        meant: dict[bytes, int] = {b"": 0}
        for word, bit in words.items():
            spelt = word.encode()
            for size in range(1, len(spelt)):
                meant.setdefault(spelt[:size], 0)
            meant[spelt] = meant.get(spelt, 0) | bit
        letters = sorted({begun[-1] for begun in meant if begun})
        classes = np.zeros(256, np.uint8)
        classes[letters] = np.arange(1, len(letters) + 1)
        classes[list(spaces.encode())] = classes[ord(" ")]
        states = {begun: number for number, begun in enumerate(sorted(meant, key=len))}
        following = np.zeros((len(states), len(letters) + 1), np.uint16)
        means = np.zeros(len(states), np.int32)
        for begun, state in states.items():  # the shorter first
            rest = next((begun[cut:] for cut in range(1, len(begun)) if begun[cut:] in states), b"")
            means[state] = meant[begun] | means[states[rest]]
            following[state] = following[states[rest]] if begun else 0
            for number, letter in enumerate(letters, 1):
                if (longer := begun + bytes([letter])) in states:
                    following[state, number] = states[longer]
        return cls(classes, following, means)

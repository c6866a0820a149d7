"""The profiles of the installed langdetect package as one table: for which languages an n-gram speaks, and how loudly.

langdetect knows 87,598 n-grams of one to three letters in 55 languages. It multiplies, for n-grams drawn at random, the
smoothed shares `share + ALPHA`; here the logarithms of all of them are added up, which needs no seed. A row of the
table holds the sum for an n-gram and the shorter ones that end with it, so that one look-up a letter is enough.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.facts.language.ngrams import ABSENT, SPACE, UPPER, Alphabet, Stream, alphabet

ALPHA = 0.5 / 10_000  # langdetect's smoothing: ALPHA_DEFAULT / BASE_FREQ, without the noise it adds
UNIGRAMS = 4096  # rows below are those of single letters, by code
_SLOT_BITS = 19
_EMPTY = np.uint64(1 << 63)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing: 2**64 / golden ratio


class Profiles(NamedTuple):
    """`table[row, language]`: nats by which an n-gram and its endings speak for the language, above no mention at all.

    The first columns are those of `languages`, then come those of `neighbours`, which langdetect has no profiles for;
    the last one counts letters: 1 in a row whose n-gram ends in a letter, known or not.
    """

    languages: tuple[str, ...]
    neighbours: tuple[str, ...]
    alphabet: Alphabet
    keys: NDArray[np.uint64]  # by slot of the hash table; `_EMPTY` where nothing is
    rows: NDArray[np.int32]
    table: NDArray[np.float32]


class Counts(NamedTuple):
    """Counted n-grams of one language, as langdetect keeps them: `sums[n - 1]` is the sum of all of n letters."""

    grams: NDArray[np.str_]
    counts: NDArray[np.int64]
    sums: NDArray[np.int64]


def package() -> Path:
    """The folder of the installed langdetect package, found without importing it."""
    spec = find_spec("langdetect")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("the profiles of the package langdetect are needed; hint: pip install langdetect")
    return Path(spec.submodule_search_locations[0])


def installed(package: Path) -> dict[str, Counts]:
    """The profiles of the installed langdetect package by language."""
    found = {}
    for file in sorted((package / "profiles").iterdir()):
        if not file.name.startswith("."):
            profile = json.loads(file.read_bytes())
            freq = profile["freq"]
            counts = np.fromiter(freq.values(), np.int64, len(freq))
            found[profile["name"]] = Counts(np.array(list(freq), "<U3"), counts, np.array(profile["n_words"]))
    return found


def neighbours() -> dict[str, Counts]:
    """Small profiles of languages that langdetect lacks, so that texts in them are known for what they are not.

    Counted by `benchmarks/train_language.py`.
    """
    with np.load(Path(__file__).with_name("neighbours.npz")) as stored:
        ends = np.cumsum(stored["sizes"])
        parts = zip(np.split(stored["grams"], ends[:-1]), np.split(stored["counts"], ends[:-1]), strict=True)
        return {
            str(code): Counts(grams, counts, sums)
            for code, (grams, counts), sums in zip(stored["codes"], parts, stored["sums"], strict=True)
        }


@cache
def load() -> Profiles:
    """Read and pack the profiles, about 0.2 s; once a process."""
    return pack(installed(package()), neighbours(), package())


def pack(known: dict[str, Counts], neighbours: dict[str, Counts], package: Path) -> Profiles:
    profiles = [*known.values(), *neighbours.values()]
    grams = np.concatenate([profile.grams for profile in profiles])
    language = np.repeat(np.arange(len(profiles)), [len(profile.grams) for profile in profiles])
    points = grams.view(np.uint32).reshape(-1, 3)
    length = (points != 0).sum(axis=1)
    sums = np.stack([profile.sums for profile in profiles])[language, length - 1]
    nats = np.log1p(np.concatenate([profile.counts for profile in profiles]) / sums / ALPHA)

    letters = np.concatenate([np.array([ord(" "), 0], np.uint32), np.setdiff1d(points, [0, ord(" ")])])
    if len(letters) > ABSENT:
        raise ValueError(f"the profiles hold {len(letters)} letters; the keys have room for {ABSENT}")
    key = _keys(points, length, letters)
    longer = np.unique(key[length > 1])
    row = np.where(length == 1, key, 0).astype(np.int64)
    row[length > 1] = UNIGRAMS + np.searchsorted(longer, key[length > 1])

    width = -(-(len(profiles) + 1) // 8) * 8  # whole cache lines add faster
    table = np.zeros((UNIGRAMS + len(longer), width), np.float32)
    table[row, language] = nats
    table[1:UNIGRAMS, -1] = 1
    packed = Profiles(tuple(known), tuple(neighbours), alphabet(package, letters), *_slots(longer), table)
    _add_endings(packed, longer)
    return packed


def _keys(points: NDArray[np.uint32], length: NDArray[np.int64], letters: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """N-grams as numbers: twelve bits a letter, `ABSENT` before two of them."""
    code = np.zeros(int(points.max()) + 1, np.uint64)
    code[letters[2:]] = np.arange(2, len(letters))
    key = np.zeros(len(points), np.uint64)
    for place in range(3):
        present = length > place
        key[present] = (key[present] << np.uint64(12)) | code[points[present, place]]
    key[length == 2] |= np.uint64(ABSENT << 24)
    return key


def _add_endings(packed: Profiles, longer: NDArray[np.uint64]) -> None:
    """Add to each row the rows of the n-gram's endings."""
    table, low = packed.table, np.uint64(0xFFF)
    two = (longer >> np.uint64(24)) == ABSENT
    table[UNIGRAMS:][two] += table[(longer[two] & low).astype(np.int64)]
    three = longer[~two]
    ending = find(packed, (three & np.uint64(0xFFFFFF)) | np.uint64(ABSENT << 24))
    ending = np.where(ending > 0, ending, (three & low).astype(np.int64))
    table[UNIGRAMS:][~two] += table[ending]


def _slots(keys: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """A hash table with linear probing: the slots' keys, and the rows of the table (0: none)."""
    slots = np.full(1 << _SLOT_BITS, _EMPTY)
    rows = np.zeros(1 << _SLOT_BITS, np.int32)
    left = np.arange(len(keys))
    slot = _hash(keys)
    while len(left):
        free = slots[slot] == _EMPTY
        slots[slot[free]] = keys[left[free]]  # of two keys for one slot the last one stays
        placed = slots[slot] == keys[left]
        rows[slot[placed]] = UNIGRAMS + left[placed]
        left, slot = left[~placed], (slot[~placed] + 1) & ((1 << _SLOT_BITS) - 1)
    return slots, rows


def _hash(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    return ((keys * _SPREAD) >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)


def find(profiles: Profiles, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The rows of n-grams of two or three letters, 0 where no profile holds one."""
    slot = _hash(keys)
    there = profiles.keys[slot]
    rows = np.where(there == keys, profiles.rows[slot], 0).astype(np.int64)
    left = np.flatnonzero((there != keys) & (there != _EMPTY))
    slot = slot[left]
    while len(left):
        slot = (slot + 1) & ((1 << _SLOT_BITS) - 1)
        there, wanted = profiles.keys[slot], keys[left]
        found = there == wanted
        rows[left[found]] = profiles.rows[slot[found]]
        on = ~found & (there != _EMPTY)
        left, slot = left[on], slot[on]
    return rows


def row_of_each_letter(profiles: Profiles, run: Stream) -> NDArray[np.int64]:
    """For each code of the run the row of the longest known n-gram that ends there; 0 where there is none.

    Langdetect takes no n-gram that ends in the second of two capitals, and none from beyond a space.
    """
    capital = run.codes >= UPPER
    letter = run.codes & np.uint16(UPPER - 1)
    third = letter.astype(np.uint64)
    second = np.empty_like(third)
    second[0], second[1:] = SPACE, third[:-1]
    first = np.empty_like(third)
    first[:2], first[2:] = SPACE, third[:-2]
    first[second == SPACE] = ABSENT
    keys = (first << np.uint64(24)) | (second << np.uint64(12)) | third
    rows = find(profiles, keys)
    missing = np.flatnonzero((rows == 0) & (first != ABSENT))
    rows[missing] = find(profiles, (keys[missing] & np.uint64(0xFFFFFF)) | np.uint64(ABSENT << 24))
    rows = np.where(rows > 0, rows, letter)
    rows[1:][capital[1:] & capital[:-1]] = 0
    rows[run.ends] = 0
    return rows

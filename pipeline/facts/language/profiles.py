"""The profiles of the installed langdetect package as one table: for which languages an n-gram speaks, and how loudly.

langdetect knows 87,598 n-grams of one to three letters in 55 languages. It multiplies, for n-grams drawn at random, the
smoothed shares `share + ALPHA`; here the logarithms of all of them are added up, which needs no seed. A row of the
table holds the sum for an n-gram and the shorter ones that end with it, so that one look-up a letter is enough.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.engine import cache
from pipeline.facts.language.ngrams import ABSENT, SPACE, UPPER, Alphabet, Stream, alphabet

ALPHA = 0.5 / 10_000  # langdetect's smoothing: ALPHA_DEFAULT / BASE_FREQ, without the noise it adds
UNIGRAMS = 4096  # rows below are those of single letters, by code
STEPS = 1 << 14  # to a nat; 32 rows of 30 nats stay below the 24 bits of single precision
_SLOT_BITS = 20
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing: 2**64 / golden ratio


class Profiles(NamedTuple):
    """`table[row, language]`: nats by which an n-gram and its endings speak for the language, above no mention at all.

    The first columns are those of `languages`, then come those of `neighbours`, which langdetect has no profiles for;
    the last one counts letters: 1 in a row whose n-gram ends in a letter, known or not.

    All nats are multiples of 1 / `STEPS`, so that some hundreds of them add up exactly, in whatever order.
    """

    languages: tuple[str, ...]
    neighbours: tuple[str, ...]
    alphabet: Alphabet
    slots: NDArray[np.int32]  # a hash table of the n-grams of two and three letters: their rows, 0 where nothing is
    keys: NDArray[np.uint64]  # the n-gram of each row, 0 for single letters
    table: NDArray[np.float32]


class Counts(NamedTuple):
    """Counted n-grams of one language, as langdetect keeps them: `sums[n - 1]` is the sum of all of n letters."""

    grams: NDArray[np.str_]
    counts: NDArray[np.int64]
    sums: NDArray[np.int64]


def package() -> Path:
    """The folder of the installed langdetect package."""
    import langdetect  # 9 ms, and most processes never ask

    return Path(langdetect.__file__).parent


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


@functools.cache
def load() -> Profiles:
    """The profiles, packed: once a process, and but for the first process of a machine from the cache (0.2 s)."""
    folder = package()
    mine = (Path(__file__).with_name(name) for name in ("profiles.py", "ngrams.py", "neighbours.npz"))
    made_of = [*sorted((folder / "profiles").iterdir()), folder / "utils" / "messages.properties", *mine]
    kept = cache.arrays("profiles", made_of, lambda: _as_arrays(pack(installed(folder), neighbours(), folder)))
    return _of_arrays(kept)


def _as_arrays(profiles: Profiles) -> cache.Arrays:
    letters, codes, composed = profiles.alphabet
    marks = [(mark, *pair) for mark, pairs in composed.items() for pair in pairs.items()]
    tables = {name: np.array(getattr(profiles, name)) for name in ("languages", "neighbours", "slots", "keys", "table")}
    return {**tables, "letters": letters, "codes": codes, "marks": np.array(marks, np.uint32)}


def _of_arrays(kept: cache.Arrays) -> Profiles:
    composed: dict[int, dict[int, int]] = {}
    for mark, letter, both in kept["marks"].tolist():
        composed.setdefault(mark, {})[letter] = both
    letters = Alphabet(kept["letters"], kept["codes"], composed)
    languages, neighbours = (tuple(kept[name].tolist()) for name in ("languages", "neighbours"))
    return Profiles(languages, neighbours, letters, kept["slots"], kept["keys"], kept["table"])


def pack(installed: dict[str, Counts], neighbours: dict[str, Counts], package: Path) -> Profiles:
    """The table of the counts of langdetect's languages and of neighbours; `package` holds what letters count as.

    Raises:
        ValueError: there are more letters than the keys have room for.
    """
    profiles = [*installed.values(), *neighbours.values()]
    grams = np.concatenate([profile.grams for profile in profiles])
    language = np.repeat(np.arange(len(profiles)), [len(profile.grams) for profile in profiles])
    points = grams.view(np.uint32).reshape(-1, 3)
    length = (points != 0).sum(axis=1)
    sums = np.stack([profile.sums for profile in profiles])[language, length - 1]
    share = np.concatenate([profile.counts for profile in profiles]) / sums

    letters = np.concatenate([np.array([ord(" "), 0], np.uint32), np.setdiff1d(points, [0, ord(" ")])])
    if len(letters) > ABSENT:
        raise ValueError(f"the profiles hold {len(letters)} letters; the keys have room for {ABSENT}")
    key = _keys(points, length, letters)
    longer, which = np.unique(key[length > 1], return_inverse=True)
    rank = np.argsort(-np.bincount(which, share[length > 1]), kind="stable")  # what is read often lies together
    longer = longer[rank]
    row = np.where(length == 1, key, 0).astype(np.int64)
    row[length > 1] = UNIGRAMS + np.argsort(rank)[which]

    width = -(-(len(profiles) + 1) // 8) * 8  # whole cache lines add faster
    table = np.zeros((UNIGRAMS + len(longer), width), np.float32)
    table[row, language] = np.log1p(share / ALPHA)
    table[1:UNIGRAMS, -1] = 1
    keys = np.concatenate([np.zeros(UNIGRAMS, np.uint64), longer])
    packed = Profiles(tuple(installed), tuple(neighbours), alphabet(package, letters), _slots(longer), keys, table)
    _add_endings(packed, longer)
    np.rint(table * STEPS, out=table)
    table /= STEPS
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


def _slots(longer: NDArray[np.uint64]) -> NDArray[np.int32]:
    """A hash table with linear probing."""
    slots = np.zeros(1 << _SLOT_BITS, np.int32)
    rows = np.arange(UNIGRAMS, UNIGRAMS + len(longer), dtype=np.int32)
    slot = _hash(longer)
    while len(rows):
        free = slots[slot] == 0
        slots[slot[free]] = rows[free]  # of two rows for one slot the last one stays
        placed = slots[slot] == rows
        rows, slot = rows[~placed], (slot[~placed] + 1) & ((1 << _SLOT_BITS) - 1)
    return slots


def _hash(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    return ((keys * _SPREAD) >> np.uint64(64 - _SLOT_BITS)).view(np.int64)


def find(profiles: Profiles, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
    """The rows of n-grams of two or three letters, 0 where no profile holds one."""
    slot = _hash(keys)
    rows = profiles.slots.take(slot)
    left = np.flatnonzero((profiles.keys.take(rows) != keys) & (rows != 0))
    slot = slot[left]
    while len(left):
        slot = (slot + 1) & ((1 << _SLOT_BITS) - 1)
        found = profiles.slots.take(slot)
        rows[left] = found
        on = (profiles.keys.take(found) != keys[left]) & (found != 0)
        left, slot = left[on], slot[on]
    return rows


def rows_at(profiles: Profiles, run: Stream, places: NDArray[np.int64]) -> NDArray[np.int32]:
    """The rows of the longest known n-grams that end at the places, 0 where there is none.

    Each row of `places` is a stretch of the run and the two places before it, for which no rows are returned.
    Langdetect takes no n-gram that ends in the second of two capitals, and none from beyond a space.
    """
    codes = profiles.alphabet.codes.take(run.points.take(places, mode="wrap"), mode="clip")
    upper = codes >= UPPER
    letters = (codes & np.uint16(UPPER - 1)).astype(np.uint64)
    first, second, third = letters[:, :-2].copy(), letters[:, 1:-1], letters[:, 2:]
    first[second == SPACE] = ABSENT
    keys = ((first << np.uint64(24)) | (second << np.uint64(12)) | third).ravel()
    rows = find(profiles, keys)
    missing = np.flatnonzero((rows == 0) & (first.ravel() != ABSENT))
    rows[missing] = find(profiles, (keys[missing] & np.uint64(0xFFFFFF)) | np.uint64(ABSENT << 24))
    missing = np.flatnonzero(rows == 0)
    rows[missing] = keys[missing] & np.uint64(0xFFF)
    rows = rows.reshape(third.shape)
    rows[(upper[:, 2:] & upper[:, 1:-1]) | run.last.take(places[:, 2:], mode="clip")] = 0
    return rows

"""What a stretch of text shows of how it reads, as numbers: one row a stretch, one column a feature.

A text is cut into stretches of about the length of the labelled passages, so that a feature means the same for a short
text and a long one; a text's score is the mean of its stretches'. All features are shares or means.

* heads: sums of learned weights of hashed n-grams (`tokens.py`)
* frequency: how common the words are, and how many are in no word list
* pairs: how often two neighbouring words stand together elsewhere
* coherence: whether the words of a sentence speak of what its neighbours speak of. Garbled translation brings in words
  from nowhere ("the bridge was closed to the soup"), which word vectors see without knowing the topic.
* surface: signs, capitals, repetitions, sentence lengths
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.facts.translation import tokens as tokens_of
from pipeline.facts.translation.tokens import Ints, Tokens
from pipeline.facts.translation.weights import Weights

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Numbers = NDArray[np.float64] | NDArray[np.float32]

STRETCH = 180  # tokens; the labelled passages have 100 to 300
COMMON = 150  # the first words of the vocabulary are function words, which say nothing of the topic
HEADS = 4
BLOCK = 64  # stretches whose word vectors fit the processor's cache
COHERENCE = 16


class Stretches(NamedTuple):
    """Where the stretches of a batch begin and end, in tokens, and which document each belongs to."""

    starts: Ints
    ends: Ints
    documents: Ints


def stretches(tokens: Tokens) -> Stretches:
    """Each document in equal parts of about `STRETCH` tokens; a document without tokens has none."""
    begin = np.concatenate(([0], tokens.ends[:-1])).astype(np.int64)
    size = tokens.ends - begin
    parts = np.where(size > 0, np.maximum(1, (size + STRETCH // 2) // STRETCH), 0)
    documents = np.repeat(np.arange(len(size)), parts)
    number = np.arange(len(documents)) - np.repeat(np.cumsum(parts) - parts, parts)
    cuts = [begin[documents] + k * size[documents] // np.maximum(parts[documents], 1) for k in (number, number + 1)]
    return Stretches(cuts[0], cuts[1], documents)


class Kinds(NamedTuple):
    """What is known of each token of a batch by itself."""

    word: Bools
    capital: Bools
    upper: Bools
    number: Bools
    foreign: Bools  # a word with a letter that is not ASCII
    listed: Bools  # in the word list
    rank: Ints  # its number in the vocabulary, by frequency; -1 is not in it
    sign: Ints  # number in `_SIGNS`; 0 is another or none


_SIGN_GROUPS = (".!?", "\n", ",", '"“”', "'’‘", "()", "-")
_SIGNS = {sign: number for number, signs in enumerate(_SIGN_GROUPS, 1) for sign in signs}


def kinds(tokens: Tokens, keys: tokens_of.Hashes, known: Weights) -> Kinds:
    """The kinds of all tokens; `keys` are the hashes of the distinct ones."""
    distinct = tokens.distinct
    keys = keys.copy()
    for number, token in enumerate(distinct):
        if token.endswith(("'s", "’s")):
            keys[number] = tokens_of.key(tokens_of.stem(token))
    word = _each(str.isalpha, (token[0] for token in distinct))
    at = np.minimum(np.searchsorted(known.vocabulary, keys), len(known.vocabulary) - 1)
    rank = np.where(word & (known.vocabulary[at] == keys), known.ranks[at].astype(np.int64), -1)
    sign = np.array([_SIGNS.get(token, 0) for token in distinct], np.int64)
    ids = tokens.ids
    return Kinds(
        word[ids],
        _each(str.isupper, (token[0] for token in distinct))[ids],
        _each(lambda token: len(token) > 1 and token.isupper(), distinct)[ids],
        _each(str.isdigit, (token[0] for token in distinct))[ids],
        (word & ~_each(str.isascii, distinct))[ids],
        is_listed(keys, known)[ids],
        rank[ids],
        sign[ids],
    )


def _each(test: Callable[[str], bool], strings: Iterable[str]) -> Bools:
    return np.fromiter(map(test, strings), bool)


_PROBES = (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F)


def is_listed(keys: tokens_of.Hashes, known: Weights) -> Bools:
    """Whether each key is in the word list, a Bloom filter: one in some hundred others is taken for one of it."""
    found = np.ones(len(keys), bool)
    for bits in probes(keys, len(known.word_list) * 8):
        found &= (known.word_list[bits >> 3] >> (bits & 7).astype(np.uint8)) & 1 == 1
    return found


def probes(keys: tokens_of.Hashes, size: int) -> list[Ints]:
    """The bits of a Bloom filter of `size` bits that stand for each key."""
    return [tokens_of.bucket(keys * np.uint64(factor), size) for factor in _PROBES]


PAIR_SLOTS = 1 << 19


def pair_slots(first: Ints, second: Ints) -> tuple[Ints, NDArray[np.uint8]]:
    """The slot of each pair of vocabulary words, and the check byte that must stand there."""
    keys = (first.astype(np.uint64) << np.uint64(20)) ^ second.astype(np.uint64)
    mixed = tokens_of.bucket(keys, PAIR_SLOTS << 8)
    return mixed >> 8, (mixed & 255).astype(np.uint8)


def pair_strength(first: Ints, second: Ints, known: Weights) -> Floats:
    """How much more often than by chance each pair of words stands together, log10; pairs not listed get a bound."""
    slots, check = pair_slots(first, second)
    seen = (known.pair_checks[slots] == check) & (known.pair_counts[slots] > 0)
    together = np.where(seen, known.pair_counts[slots] / 25.0, 0.0)
    strength: Floats = together - known.frequency[first] - known.frequency[second] - 8.0
    return strength


class Segments:
    """Sums and means over runs of rows that follow one another; empty runs give 0."""

    def __init__(self, starts: Ints, ends: Ints) -> None:
        self.starts, self.ends = starts, ends
        self.size = np.maximum(ends - starts, 1)

    def total(self, values: Numbers) -> Floats:
        if not len(values):
            return np.zeros((len(self.starts), *values.shape[1:]))
        total: Floats = np.add.reduceat(values, np.minimum(self.starts, len(values) - 1), axis=0, dtype=np.float64)
        total[self.starts == self.ends] = 0
        return total

    def mean(self, values: Numbers) -> Floats:
        total = self.total(values)
        mean: Floats = total / (self.size if total.ndim == 1 else self.size[:, None])
        return mean

    def spread(self, values: Floats) -> Floats:
        """The standard deviation."""
        spread: Floats = np.sqrt(np.maximum(self.mean(values**2) - self.mean(values) ** 2, 0))
        return spread

    def shares(self, *masks: Bools) -> Floats:
        """For each run the share of rows in each mask, one column a mask; the runs must cover all rows."""
        of_row = self.of_row()
        counts = [np.bincount(of_row[mask], minlength=len(self.starts)) for mask in masks]
        shares: Floats = np.stack(counts, 1) / self.size[:, None]
        return shares

    def of_row(self) -> Ints:
        """The run each row belongs to."""
        return np.repeat(np.arange(len(self.starts)), self.ends - self.starts)

    def blocks(self, size: int) -> Iterator[Segments]:
        """The runs in lots of `size`."""
        for start in range(0, len(self.starts), size):
            yield Segments(self.starts[start : start + size], self.ends[start : start + size])

    def within(self, rows: Ints) -> Segments:
        """The same runs among the rows numbered `rows` alone (ascending)."""
        return Segments(np.searchsorted(rows, self.starts), np.searchsorted(rows, self.ends))


def features(tokens: Tokens, parts: Stretches, known: Weights) -> Floats:
    """One row for each stretch: the heads, then what is shown."""
    keys = tokens_of.keys(tokens.distinct)
    types = types_of(tokens, parts)
    return np.concatenate((heads(tokens, keys, types, parts, known), shown(tokens, keys, types, parts, known)), axis=1)


class Types(NamedTuple):
    """The distinct tokens of each stretch, one stretch after another."""

    starts: Ints
    ends: Ints
    ids: Ints
    weight: Floats  # 1 + log of how often it stands there: the tenth "the" tells less than the first


def types_of(tokens: Tokens, parts: Stretches) -> Types:
    size = max(len(tokens.distinct), 1)
    part = np.repeat(np.arange(len(parts.starts)), parts.ends - parts.starts)
    both = np.sort(part * size + tokens.ids)
    at = np.flatnonzero(np.concatenate((np.ones(min(len(both), 1), bool), both[1:] != both[:-1])))
    ids = both[at]
    weight = 1 + np.log(np.diff(np.append(at, len(both))))
    bounds = np.searchsorted(ids, np.arange(len(parts.starts) + 1) * size)
    return Types(bounds[:-1], bounds[1:], ids % size, weight)


def heads(tokens: Tokens, keys: tokens_of.Hashes, types: Types, parts: Stretches, known: Weights) -> Floats:
    """The heads' answers: means over words and letters of the distinct tokens, and over the runs of words."""
    costs = np.zeros((len(tokens.ids), known.words.shape[1]), np.float32)
    for buckets in tokens_of.run_grams(tokens, keys):
        costs += known.words[buckets]
    own = known.words[tokens_of.single_gram(keys)].astype(np.float64)
    letters = letter_costs(tokens, known)
    weighed = np.concatenate((own, letters), axis=1)[types.ids] * types.weight[:, None]
    per_type = Segments(types.starts, types.ends)
    of_types = per_type.total(weighed) / np.maximum(per_type.total(types.weight), 1)[:, None]
    of_runs = Segments(parts.starts, parts.ends).mean(costs)
    count = known.words.shape[1]
    return np.concatenate(
        ((of_types[:, :count] + of_runs) * known.word_steps, of_types[:, count:] * known.letter_steps), axis=1
    )


def letter_costs(tokens: Tokens, known: Weights) -> Floats:
    """What the letters of each distinct token add to each head."""
    buckets, owners = tokens_of.letter_grams(tokens.distinct)
    size = len(tokens.distinct)
    return np.stack(
        [np.bincount(owners, known.letters[buckets, head], size) for head in range(known.letters.shape[1])], 1
    )


def shown(tokens: Tokens, keys: tokens_of.Hashes, types: Types, parts: Stretches, known: Weights) -> Floats:
    """The features that need no labels: one row for each stretch."""
    kind = kinds(tokens, keys, known)
    part = Segments(parts.starts, parts.ends)
    first = np.zeros(len(tokens.ids), bool)
    first[parts.starts] = True
    breaks = sentence_starts(kind, first)
    sentence = np.cumsum(breaks) - 1  # of each token
    columns = [
        surface(tokens, kind, breaks, part),
        (types.ends - types.starts)[:, None] / part.size[:, None],
        frequency(kind, part, known),
        pairs(kind, first, part, known),
        np.concatenate(
            [coherence(kind, sentence, block, known) for block in part.blocks(BLOCK)] or [np.zeros((0, COHERENCE))]
        ),
    ]
    return np.concatenate(columns, axis=1)


def sentence_starts(kind: Kinds, first: Bools) -> Bools:
    """Where a sentence begins; none crosses into another stretch."""
    breaks = first.copy()
    breaks[1:] |= (kind.sign[:-1] == 1) | (kind.sign[:-1] == 2)
    return breaks


def surface(tokens: Tokens, kind: Kinds, breaks: Bools, part: Segments) -> Floats:
    """Signs, capitals, repetitions, sentence lengths."""
    ids = tokens.ids
    same = [np.zeros(len(ids), bool) for _ in range(3)]
    for distance in (1, 2, 3):
        same[distance - 1][distance:] = (ids[distance:] == ids[:-distance]) & kind.word[distance:]
    begun = np.flatnonzero(breaks)
    length = np.diff(np.append(begun, len(ids))).astype(np.float64)
    runs = part.within(begun)
    mean = runs.mean(length)
    return np.column_stack(
        (
            part.shares(
                *(kind.sign == sign for sign in range(1, 8)),
                ~kind.word & ~kind.number & (kind.sign == 0),
                kind.number,
                kind.capital & ~breaks,
                kind.upper,
                kind.foreign,
                breaks & kind.word & ~kind.capital,
                *same,
            ),
            np.log1p(mean),
            runs.spread(length) / (mean + 1),
            runs.mean((length < 5).astype(np.float64)),
            np.log(part.size),
        )
    )


def frequency(kind: Kinds, part: Segments, known: Weights) -> Floats:
    """How common the words are; how many are in no list."""
    small = kind.word & ~kind.capital
    rows = np.flatnonzero(kind.rank >= COMMON)
    values = known.frequency[kind.rank[rows]].astype(np.float64)
    inner = part.within(rows)
    shares = part.shares(
        small & ~kind.listed,
        small & (kind.rank < 0),
        kind.capital & (kind.rank < 0),
        (kind.rank >= 0) & (kind.rank < COMMON),
        (kind.rank >= COMMON) & (kind.rank < 1000),
        (kind.rank >= 1000) & (kind.rank < 4000),
        kind.rank >= 12000,
    )
    return np.column_stack((shares, inner.mean(values), inner.spread(values)))


_PAIR_LIMITS = (-2.0, -1.0, 0.0, 1.0, 2.0)


def pairs(kind: Kinds, first: Bools, part: Segments, known: Weights) -> Floats:
    """How often neighbouring words stand together elsewhere."""
    rows = np.flatnonzero((kind.rank[1:] >= 0) & (kind.rank[:-1] >= 0) & ~first[1:]) + 1
    strength = pair_strength(kind.rank[rows - 1], kind.rank[rows], known)
    inner = part.within(rows)
    below = inner.shares(*(strength < limit for limit in _PAIR_LIMITS))
    return np.column_stack((inner.mean(strength), inner.spread(strength), below))


_COSINES = (-0.1, 0.0, 0.1, 0.2)


def coherence(kind: Kinds, sentence: Ints, part: Segments, known: Weights) -> Floats:
    """Whether words go with the rest of the stretch, sentences with the other sentences, words with their neighbours.

    Vectors have length 1, so that what a word adds to a sum can be taken off its products: no sum is made twice.
    """
    begin, end = part.starts[0], part.ends[-1]
    rows = np.flatnonzero(kind.rank[begin:end] >= COMMON) + begin
    vectors = known.vectors[kind.rank[rows]]
    inner = part.within(rows)
    of_part = inner.of_row()
    new = np.ones(len(rows), bool)
    new[1:] = np.diff(sentence[rows]) > 0
    at = np.cumsum(new) - 1  # the sentence of each word
    begun = np.flatnonzero(new)
    said = Segments(begun, np.append(begun[1:], len(rows))).total(vectors).astype(np.float32)
    sentences = inner.within(begun)
    whole = sentences.total(said).astype(np.float32)
    part_of_sentence = sentences.of_row()

    with_said, with_whole = _dot(vectors, said[at]), _dot(vectors, whole[of_part])
    said_square, whole_square = _dot(said, said), _dot(whole, whole)
    crossed = _dot(said, whole[part_of_sentence])
    others = _root(whole_square[part_of_sentence] - 2 * crossed + said_square)  # the length of the other sentences' sum
    agree = (crossed - said_square) / others / _root(said_square)
    word = (with_whole - with_said) / others[at]  # a word and the other sentences
    near = (with_said - 1) / _root(said_square[at] - 2 * with_said + 1)  # a word and its own sentence
    overall = (with_whole - 1) / _root(whole_square[of_part] - 2 * with_whole + 1)
    following = np.zeros(len(rows))
    following[1:] = np.where(new[1:], 0.0, _dot(vectors[1:], vectors[:-1]))
    return np.column_stack(
        (
            _root(whole_square) / inner.size,
            sentences.mean(agree),
            sentences.spread(agree),
            sentences.shares(agree < 0.1),
            inner.mean(np.column_stack((word, near, overall, following))),
            inner.shares(*(value < limit for value in (word, overall) for limit in _COSINES)),
        )
    )


def _dot(a: NDArray[np.float32], b: NDArray[np.float32]) -> Floats:
    product: Floats = np.einsum("ij,ij->i", a, b).astype(np.float64)
    return product


def _root(square: Floats) -> Floats:
    """The length from its square; what is next to nothing counts as a little, so that it can be divided by."""
    root: Floats = np.sqrt(np.maximum(square, 0.01))
    return root

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

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.facts.translation import tokens as tokens_of
from pipeline.facts.translation.segments import Bools, Floats, Segments
from pipeline.facts.translation.tokens import Ints, Tokens
from pipeline.facts.translation.weights import Weights

STRETCH = 180  # tokens; the labelled passages have 100 to 300
COMMON = 150  # the first words of the vocabulary are function words, which say nothing of the topic
HEADS = 4
BLOCK = 64  # stretches whose word vectors fit the processor's cache
COHERENCE = 16
COLUMNS = 57
MEAN_LENGTH = HEADS + 16  # the column of the mean length of a sentence
# Of numbers up to the tokens of a stretch, which are half as many again as STRETCH at most
LOGS = np.log(np.maximum(np.arange(2 * STRETCH), 1))


class Stretches(NamedTuple):
    """Where the stretches of all documents begin and end, in tokens, and which document each belongs to."""

    starts: Ints
    ends: Ints
    documents: Ints


def stretches(ends: Ints) -> Stretches:
    """Each document in equal parts of about `STRETCH` tokens; a document without tokens has none.

    `ends` are those of the documents, in tokens.

    >>> stretches(tokens_of.tokenise(["a " * 400, "", "b"]).ends)
    Stretches(starts=array([  0, 200, 400]), ends=array([200, 400, 401]), documents=array([0, 0, 2]))
    """
    begin = np.concatenate(([0], ends[:-1])).astype(np.int64)
    size = ends - begin
    parts = np.where(size > 0, np.maximum(1, (size + STRETCH // 2) // STRETCH), 0)
    documents = np.repeat(np.arange(len(size)), parts)
    part = np.arange(len(documents)) - np.repeat(np.cumsum(parts) - parts, parts)  # its number in its document
    starts, ends = (
        begin[documents] + cut * size[documents] // np.maximum(parts[documents], 1) for cut in (part, part + 1)
    )
    return Stretches(starts, ends, documents)


class Kinds(NamedTuple):
    """What is known of each token by itself."""

    word: Bools
    capital: Bools
    upper: Bools
    number: Bools
    foreign: Bools  # a word with a letter that is not ASCII
    listed: Bools  # in the word list
    rank: Ints  # its number in the vocabulary, by frequency; -1 is not in it
    sign: Ints  # number in `_SIGNS`; 0 is another or none

    def between(self, start: int, end: int) -> Kinds:
        """Those of the tokens from `start` to before `end` alone."""
        return Kinds._make(column[start:end] for column in self)


_SIGN_GROUPS = (".!?", "\n", ",", '"“”', "'’‘", "()", "-")
_SIGNS = {sign: number for number, signs in enumerate(_SIGN_GROUPS, 1) for sign in signs}
_STOP, _LINE_END = 1, 2


def kinds(tokens: Tokens, keys: tokens_of.Hashes, weights: Weights) -> Kinds:
    """The kinds of all tokens; `keys` are the hashes of the distinct ones."""
    distinct = tokens.distinct
    keys = keys.copy()
    for number, token in enumerate(distinct):
        if token.endswith(("'s", "’s")):
            keys[number] = tokens_of.key(tokens_of.stem(token))
    first = [token[0] for token in distinct]
    word = _each(str.isalpha, first)
    place = np.minimum(np.searchsorted(weights.vocabulary, keys), len(weights.vocabulary) - 1)
    rank = np.where(word & (weights.vocabulary[place] == keys), weights.ranks[place].astype(np.int64), -1)
    of_distinct = Kinds(
        word=word,
        capital=_each(str.isupper, first),
        upper=_each(lambda token: len(token) > 1 and token.isupper(), distinct),
        number=_each(str.isdigit, first),
        foreign=word & ~_each(str.isascii, distinct),
        listed=is_listed(keys, weights),
        rank=rank,
        sign=np.array([_SIGNS.get(token, 0) for token in distinct], np.int64),
    )
    return Kinds._make(column[tokens.ids] for column in of_distinct)


def _each(test: Callable[[str], bool], strings: Iterable[str]) -> Bools:
    return np.fromiter(map(test, strings), bool)


_PROBES = (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F)


def is_listed(keys: tokens_of.Hashes, weights: Weights) -> Bools:
    """Whether each key is in the word list, a Bloom filter: one in some hundred others is taken for one of it."""
    found = np.ones(len(keys), bool)
    for bits in probes(keys, len(weights.word_list) * 8):
        found &= (weights.word_list[bits >> 3] >> (bits & 7).astype(np.uint8)) & 1 == 1
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


def pair_strength(first: Ints, second: Ints, weights: Weights) -> Floats:
    """How much more often than by chance each pair of words stands together, log10; pairs not listed get a bound."""
    slots, check = pair_slots(first, second)
    seen = (weights.pair_checks[slots] == check) & (weights.pair_counts[slots] > 0)
    together = np.where(seen, weights.pair_counts[slots] / 25.0, 0.0)
    strength: Floats = together - weights.frequency[first] - weights.frequency[second] - 8.0
    return strength


def features(tokens: Tokens, parts: Stretches, types: Types, weights: Weights) -> Floats:
    """One row for each stretch: the heads, then what is shown."""
    keys = tokens_of.keys(tokens.distinct)
    answers = heads(tokens, keys, types, parts, weights)
    return np.concatenate((answers, shown(tokens, keys, types, parts, weights)), axis=1)


class Types(NamedTuple):
    """The distinct tokens of each stretch, one stretch after another."""

    starts: Ints
    ends: Ints
    ids: Ints
    weight: Floats  # 1 + log of how often it stands there: the tenth "the" tells less than the first


def types_of(tokens: Tokens, parts: Stretches) -> Types:
    """The distinct tokens of each stretch in the order of their first use; the stretches must cover all tokens.

    Sums over them come out the same to the last bit whatever other documents there are: that order is the text's own.
    """
    size = max(len(tokens.distinct), 1)
    part = np.repeat(np.arange(len(parts.starts)), parts.ends - parts.starts)
    number = part * size + tokens.ids  # one for a token in a stretch, so that equal ones come together
    places = np.argsort(number, kind="stable")
    uses = number[places]
    first = np.flatnonzero(np.concatenate((np.ones(min(len(uses), 1), bool), uses[1:] != uses[:-1])))
    types = uses[first]
    weight = 1 + LOGS[np.diff(np.append(first, len(uses)))]
    bounds = np.searchsorted(types, np.arange(len(parts.starts) + 1) * size)
    in_order = np.argsort(places[first])
    return Types(bounds[:-1], bounds[1:], (types % size)[in_order], weight[in_order])


def heads(tokens: Tokens, keys: tokens_of.Hashes, types: Types, parts: Stretches, weights: Weights) -> Floats:
    """The heads' answers: means over words and letters of the distinct tokens, and over the runs of words."""
    count = weights.words.shape[1]
    costs = np.zeros((len(tokens.ids), count), np.float32)
    for buckets in tokens_of.run_grams(tokens, keys):
        costs += weights.words[buckets]
    own = weights.words[tokens_of.single_gram(keys)].astype(np.float64)
    letters = letter_costs(tokens, weights)
    weighed = np.concatenate((own, letters), axis=1)[types.ids] * types.weight[:, None]
    of_stretch = Segments(types.starts, types.ends)
    of_types = of_stretch.total(weighed) / np.maximum(of_stretch.total(types.weight), 1)[:, None]
    of_runs = Segments(parts.starts, parts.ends).mean(costs)
    by_words = (of_types[:, :count] + of_runs) * weights.word_steps
    return np.concatenate((by_words, of_types[:, count:] * weights.letter_steps), axis=1)


def letter_costs(tokens: Tokens, weights: Weights) -> Floats:
    """What the letters of each distinct token add to each head."""
    buckets, owners = tokens_of.letter_grams(tokens.distinct)
    size = len(tokens.distinct)
    by_head = (weights.letters[buckets, head] for head in range(weights.letters.shape[1]))
    return np.stack([np.bincount(owners, costs, size) for costs in by_head], axis=1)


def shown(tokens: Tokens, keys: tokens_of.Hashes, types: Types, parts: Stretches, weights: Weights) -> Floats:
    """The features that need no labels: one row for each stretch."""
    kind = kinds(tokens, keys, weights)
    part = Segments(parts.starts, parts.ends)
    first = np.zeros(len(tokens.ids), bool)
    first[parts.starts] = True
    breaks = sentence_starts(kind, first)
    sentence = np.cumsum(breaks) - 1  # of each token
    coherent = [coherence(kind, sentence, block, weights) for block in part.blocks(BLOCK)]
    columns = [
        surface(tokens, kind, breaks, part),
        (types.ends - types.starts)[:, None] / part.size[:, None],
        frequency(kind, part, weights),
        pairs(kind, first, part, weights),
        np.concatenate(coherent or [np.zeros((0, COHERENCE))]),
    ]
    return np.concatenate(columns, axis=1)


def sentence_starts(kind: Kinds, first: Bools) -> Bools:
    """Where a sentence begins; `first` are the first tokens of stretches, since no sentence crosses into another."""
    breaks = first.copy()
    breaks[1:] |= (kind.sign[:-1] == _STOP) | (kind.sign[:-1] == _LINE_END)
    return breaks


def surface(tokens: Tokens, kind: Kinds, breaks: Bools, part: Segments) -> Floats:
    """Signs, capitals, repetitions, sentence lengths."""
    ids = tokens.ids
    starts = np.concatenate(([0], tokens.ends[:-1]))
    place = np.arange(len(ids)) - np.repeat(starts, np.diff(tokens.ends, prepend=0))  # in its document
    again = [np.zeros(len(ids), bool) for _ in range(3)]  # the word that stood one, two or three tokens before
    for distance, same in enumerate(again, 1):
        same[distance:] = (ids[distance:] == ids[:-distance]) & kind.word[distance:] & (place[distance:] >= distance)
    begun = np.flatnonzero(breaks)
    length = np.diff(np.append(begun, len(ids))).astype(np.float64)
    sentences = part.within(begun)
    mean = sentences.mean(length)
    return np.column_stack(
        (
            part.shares(
                *(kind.sign == sign for sign in range(1, len(_SIGN_GROUPS) + 1)),
                ~kind.word & ~kind.number & (kind.sign == 0),
                kind.number,
                kind.capital & ~breaks,
                kind.upper,
                kind.foreign,
                breaks & kind.word & ~kind.capital,
                *again,
            ),
            np.log1p(mean),
            sentences.spread(length) / (mean + 1),
            sentences.mean((length < 5).astype(np.float64)),
            LOGS[part.size],
        )
    )


def frequency(kind: Kinds, part: Segments, weights: Weights) -> Floats:
    """How common the words are; how many are in no list."""
    small = kind.word & ~kind.capital
    rows = np.flatnonzero(kind.rank >= COMMON)
    values = weights.frequency[kind.rank[rows]].astype(np.float64)
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


def pairs(kind: Kinds, first: Bools, part: Segments, weights: Weights) -> Floats:
    """How often neighbouring words stand together elsewhere."""
    rows = np.flatnonzero((kind.rank[1:] >= 0) & (kind.rank[:-1] >= 0) & ~first[1:]) + 1
    strength = pair_strength(kind.rank[rows - 1], kind.rank[rows], weights)
    inner = part.within(rows)
    below = inner.shares(*(strength < limit for limit in _PAIR_LIMITS))
    return np.column_stack((inner.mean(strength), inner.spread(strength), below))


_COSINES = (-0.1, 0.0, 0.1, 0.2)


def coherence(kind: Kinds, sentence: Ints, block: Segments, weights: Weights) -> Floats:
    """Whether words go with the rest of the stretch, sentences with the other sentences, words with their neighbours.

    Each word has a vector, each sentence and each stretch the sum of its words'. Things go together as far as the
    cosine of their vectors is near 1. "The rest" is a sum less a part of it: no sum is made twice, since the product
    with the rest and the length of the rest follow from products with the whole, and words' vectors have length 1.

    `sentence` is that of each token; `block` are stretches that follow one another.
    """
    begin, end = block.starts[0], block.ends[-1]
    rows = np.flatnonzero(kind.rank[begin:end] >= COMMON) + begin
    vectors = weights.vectors[kind.rank[rows]]
    opens = np.ones(len(rows), bool)
    opens[1:] = np.diff(sentence[rows]) > 0
    first = np.flatnonzero(opens)
    words = block.within(rows)  # of each stretch
    sentences = words.within(first)
    its_sentence, its_stretch = np.cumsum(opens) - 1, words.of_row()  # of each word
    stretch = sentences.of_row()  # of each sentence
    sentence_sum = Segments(first, np.append(first[1:], len(rows))).total(vectors).astype(np.float32)
    stretch_sum = sentences.total(sentence_sum).astype(np.float32)

    by_sentence = _dot(vectors, sentence_sum[its_sentence])  # products of a word and its sentence
    by_stretch = _dot(vectors, stretch_sum[its_stretch])
    crossed = _dot(sentence_sum, stretch_sum[stretch])
    sentence_square, stretch_square = _dot(sentence_sum, sentence_sum), _dot(stretch_sum, stretch_sum)
    others = _length(_less(stretch_square[stretch], crossed, sentence_square))  # of the sum of the other sentences
    agree = (crossed - sentence_square) / others / _length(sentence_square)  # a sentence and the others
    with_others = (by_stretch - by_sentence) / others[its_sentence]  # a word and the other sentences
    with_own = (by_sentence - 1) / _length(_less(sentence_square[its_sentence], by_sentence, 1))
    with_all = (by_stretch - 1) / _length(_less(stretch_square[its_stretch], by_stretch, 1))
    with_last = np.zeros(len(rows))  # a word and the one before it
    with_last[1:] = np.where(opens[1:], 0.0, _dot(vectors[1:], vectors[:-1]))
    return np.column_stack(
        (
            _length(stretch_square) / words.size,
            sentences.mean(agree),
            sentences.spread(agree),
            sentences.shares(agree < 0.1),
            words.mean(np.column_stack((with_others, with_own, with_all, with_last))),
            words.shares(*(cosine < limit for cosine in (with_others, with_all) for limit in _COSINES)),
        )
    )


_LANES = 16  # sums that a processor can make side by side


def _dot(one: NDArray[np.float32], other: NDArray[np.float32]) -> Floats:
    """The product of the vectors in each row; added in single precision, in `_LANES` sums that are added by halves."""
    lanes = (one * other).reshape(len(one), one.shape[1] // _LANES, _LANES)
    total = lanes[:, 0]
    for number in range(1, lanes.shape[1]):
        total = total + lanes[:, number]
    while total.shape[1] > 1:
        total = total[:, : total.shape[1] // 2] + total[:, total.shape[1] // 2 :]
    product: Floats = total[:, 0].astype(np.float64)
    return product


def _less(whole: Floats, product: Floats, part: Floats | float) -> Floats:
    """The square of a sum of vectors less a part of it, by the squares of both and their product."""
    return whole - 2 * product + part


def _length(square: Floats) -> Floats:
    """The length from its square; what is next to nothing counts as a little, so that it can be divided by."""
    length: Floats = np.sqrt(np.maximum(square, 0.01))
    return length

"""Whether one document is a copy of another, decided on all their words."""

from __future__ import annotations

import itertools
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline import compiled
from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.signs import SHINGLE, SHINGLE_SPACELESS, chunks, tables
from pipeline.facts.duplicates.words import Hashes, Ints, flat, shingles, words

Flags = npt.NDArray[np.bool_]

_IN_C = compiled.load("pipeline.facts.duplicates._sign")

LONG_RUN = 8  # words; shorter runs that the other text has not are damage or small changes, not a part of the story
# Two wordings of one place are the same words in other spelling when this share of the shorter one's letters stands in
# the other, in pieces of three or more: "thepaper" and "the paper s", "realising" and "realizing", not "32" and "44".
SAME_LETTERS = 0.65
OTHER_NUMBER = 3  # words that another number counts for: it is another fact ("five civilians", "thirteen civilians")
_NUMBER_WORDS = frozenset(
    b"two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen"
    b" nineteen twenty thirty forty fifty sixty seventy eighty ninety dozen hundred thousand million".split()
)
LONG_WORDING = 400  # letters; longer ones are not damage, and comparing letters is quadratic


class Folded(NamedTuple):
    """One document, ready to be compared."""

    runs: Hashes  # of its shingles, in order
    at: Ints  # the word at which each begins
    width: Ints  # how many words each holds
    distinct: Hashes
    letters: bytes  # of all words
    starts: Ints  # of each word in them
    ends: Ints

    def words(self, first: int = 0, last: int | None = None) -> list[bytes]:
        """Those from the word `first` to before `last`. Made when asked for: few pairs are so much alike."""
        spans = zip(self.starts[first:last].tolist(), self.ends[first:last].tolist(), strict=True)
        return [self.letters[start:end] for start, end in spans]


class Likeness(NamedTuple):
    """`similarity` and `kind` as in `Duplicate`; `kind` is "" for documents that are no copies of each other.

    `contained` is 0 or 1 when that one of the two stands in the other, which says more.
    """

    similarity: float
    kind: str
    contained: int = -1


def fold(texts: pa.Array) -> list[Folded]:
    """Texts (or the `words` of signatures, which come to the same) made ready to be compared.

    In C where that was compiled (`sign.c`), else in NumPy over many texts at once: the same to the last bit.
    """
    some = in_numpy if _IN_C is None else in_c
    return [folded for first, count in chunks(texts) for folded in some(texts.slice(first, count))]


def in_c(texts: pa.Array) -> list[Folded]:
    """By `sign.c`."""
    content, bounds = flat(texts)
    most = len(content) // 2 + len(texts)  # words: a letter and a blank
    sizes = np.empty((len(texts), 3), np.int64)
    letters, runs = np.empty(len(content), np.uint8), np.empty(most, np.uint64)
    starts, ends, at, width = (np.empty(most, np.int64) for _ in range(4))
    _IN_C.fold(content, np.ascontiguousarray(bounds), *tables(), sizes, letters, starts, ends, runs, at, width)
    of_words, of_runs = (np.concatenate([[0], np.cumsum(sizes[:, column])]) for column in (0, 1))
    return _cut(Folded(runs, at, width, _NONE, letters.tobytes(), starts, ends), of_words, of_runs)


def in_numpy(texts: pa.Array) -> list[Folded]:
    """By array operations over all bytes of all texts."""
    found = words(texts)
    runs, at, offsets = shingles(found, SHINGLE, SHINGLE_SPACELESS)
    width = np.where(found.spaceless[at], SHINGLE_SPACELESS, SHINGLE)
    at -= np.repeat(found.offsets[:-1], np.diff(offsets))
    whole = Folded(runs, at, width, _NONE, found.folded.tobytes(), found.starts, found.ends)
    return _cut(whole, found.offsets, offsets)


_NONE = np.zeros(0, np.uint64)


def _cut(whole: Folded, of_words: Ints, of_runs: Ints) -> list[Folded]:
    """All texts one after the other, cut where the words and the shingles of each begin."""
    folded = []
    bounds = (each.tolist() for each in (of_words[:-1], of_words[1:], of_runs[:-1], of_runs[1:]))
    for begin, end, first, last in zip(*bounds, strict=True):
        runs, at, width = whole.runs[first:last], whole.at[first:last], whole.width[first:last]
        own = np.sort(runs)
        distinct = own[np.concatenate([[True], own[1:] != own[:-1]])] if len(own) else own
        folded.append(Folded(runs, at, width, distinct, whole.letters, whole.starts[begin:end], whole.ends[begin:end]))
    return folded


def compare(one: Folded, other: Folded, policy: Policy) -> Likeness:
    """How alike two documents are, and whether that makes one of them a copy."""
    shared = _shared(one.distinct, other.distinct)
    sizes = len(one.distinct), len(other.distinct)
    if not shared:
        return Likeness(0.0, "")
    alike = shared / (sum(sizes) - shared)
    unlike = Likeness(alike, "")
    if alike < policy.min_similarity and shared < policy.min_contained * min(sizes):
        return unlike
    overlaps = overlap(one, other), overlap(other, one)
    lost = lost_share(overlaps[0]), lost_share(overlaps[1])
    copy = 0 if (lost[0], sizes[0]) <= (lost[1], sizes[1]) else 1
    if lost[copy] > policy.max_lost:
        return unlike
    size = len((one, other)[copy].starts)
    own = max(own_words(one, other, *overlaps), own_words(other, one, *overlaps[::-1]))
    if own > max(1, policy.max_own * size) or lost[copy] + own / size > policy.max_lost:
        return unlike
    if max(lost) <= policy.max_loss_by_choice:
        return Likeness(alike, "near") if alike >= policy.min_similarity else unlike
    contained = shared / sizes[copy]
    return Likeness(contained, "contained", copy) if contained >= policy.min_contained else unlike


def _shared(one: Hashes, other: Hashes) -> int:
    """How many shingles two documents have in common."""
    return shared_in_numpy(one, other) if _IN_C is None else int(_IN_C.shared(one, other))


def shared_in_numpy(one: Hashes, other: Hashes) -> int:
    """The same by sorting both together."""
    both = np.concatenate([one, other])
    both.sort()
    return int(np.count_nonzero(both[1:] == both[:-1]))


class Overlap(NamedTuple):
    """What of one text another one has."""

    runs: Flags  # of its shingles
    words: Flags  # those in such a shingle


def overlap(text: Folded, other: Folded) -> Overlap:
    """What of `text` stands in `other`, which has a shingle."""
    place = np.minimum(np.searchsorted(other.distinct, text.runs), len(other.distinct) - 1)
    common = other.distinct[place] == text.runs
    starts, size = text.at[common], len(text.starts) + 1
    edges = np.bincount(starts, minlength=size) - np.bincount(starts + text.width[common], minlength=size)
    return Overlap(common, np.cumsum(edges[:-1]) > 0)


def lost_share(kept: Overlap) -> float:
    """The share of a text's words that go lost with it: those in long runs that what is kept has not."""
    edges = np.flatnonzero(np.diff(np.concatenate([[1], kept.words.view(np.int8), [1]])))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= LONG_RUN].sum()) / len(kept.words)


def own_words(text: Folded, other: Folded, mine: Overlap, others: Overlap) -> float:
    """How many of `text`'s words stand in the midst of shared passages where `other` has other words.

    `mine` is what of the text stands in the other one, `others` what of that stands in the text.

    Words that one has and the other has not at all are a cut or an addition and do not count, nor do words that the
    two have in different spelling.

    >>> told = "in the capital on monday the bombs killed {} people and the airport was closed for days they said"
    >>> one, other = fold(pa.array([told.format("thirty two"), told.format("forty")]))
    >>> own_words(one, other, overlap(one, other), overlap(other, one))
    3.0
    """
    gaps = [] if mine.runs.all() else _gaps(text, mine)
    if not gaps:
        return 0.0
    shared = np.flatnonzero(others.words)
    _, first_run = np.unique(other.runs, return_index=True)  # where the other has each of its distinct shingles first
    own = 0.0
    for start, end, before in gaps:
        same = first_run[np.searchsorted(other.distinct, text.runs[before])]
        begin = int(other.at[same] + other.width[same])  # the other's word after the shingle that stands before the gap
        number = np.searchsorted(shared, begin)
        if number < len(shared) and shared[number] > begin:
            own += _difference(text.words(start, end), other.words(begin, int(shared[number])))
    return own


def _gaps(text: Folded, mine: Overlap) -> list[tuple[int, int, int]]:
    """Words that the other text has not, between words that it has: start, end, and the common run before them."""
    edges = np.flatnonzero(np.diff(mine.words.view(np.int8)))
    runs = np.flatnonzero(mine.runs)
    ends = text.at[runs] + text.width[runs]
    gaps = []
    for before, after in itertools.pairwise(edges):
        if mine.words[before]:
            last = np.searchsorted(ends, before + 1, side="right") - 1
            gaps.append((int(before) + 1, int(after) + 1, int(runs[last])))
    return gaps


def _difference(mine: list[bytes], theirs: list[bytes]) -> float:
    """How many words two wordings of one place have of their own."""
    one, other = b"".join(mine), b"".join(theirs)
    words, least = min(len(mine), len(theirs)), min(len(one), len(other))
    numbers, others = set(filter(_is_number, mine)), set(filter(_is_number, theirs))
    if numbers and others and not numbers & others and one not in other and other not in one:
        return max(words, OTHER_NUMBER)
    if max(len(one), len(other)) > LONG_WORDING:
        return words
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    alike = sum(block.size for block in blocks if block.size >= min(3, least))
    return 0.0 if alike >= SAME_LETTERS * least else words


def _is_number(word: bytes) -> bool:
    return word in _NUMBER_WORDS or word.isdigit()

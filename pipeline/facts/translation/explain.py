"""Which sentences of a text cost it most, and why: words in no list, neighbours that never meet, words out of place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.facts.translation.features import COMMON, Kinds, pair_strength, sentence_starts, stretches
from pipeline.facts.translation.segments import Bools, Floats, Segments
from pipeline.facts.translation.tokens import Ints
from pipeline.facts.translation.weights import Weights
from pipeline.facts.translation.worth import weigh
from pipeline.records import Finding

Offsets = NDArray[np.int32]
RULE = "translation/low_score"
MOST = 3  # sentences named
SHORTEST = 6  # tokens of a sentence that is worth naming
_NAMED = 3  # words or pairs named for a reason
_NEVER = -1.5  # log10 of how much rarer a pair is than chance would have it
_ASTRAY = -0.12  # cosine of a word and the other sentences


class _Sentences(NamedTuple):
    """Sentences by their first token and the one after their last; `worth` is the mean of what their tokens add."""

    starts: Ints
    ends: Ints
    worth: Floats

    def between(self, start: int, end: int) -> _Sentences:
        """Those of the tokens from `start` to before `end`, with tokens counted from there."""
        chosen = slice(*np.searchsorted(self.starts, (start, end)))
        return _Sentences(self.starts[chosen] - start, self.ends[chosen] - start, self.worth[chosen])

    def worst(self) -> list[tuple[int, int]]:
        """First token and end of the `MOST` sentences that are worth least, in the order of the text."""
        worthy = np.flatnonzero((self.ends - self.starts >= SHORTEST) & (self.worth <= self.worth.mean()))
        least = sorted(worthy.tolist(), key=lambda number: float(self.worth[number]))[:MOST]
        return [(int(self.starts[number]), int(self.ends[number])) for number in sorted(least)]


class _Odd(NamedTuple):
    """What is odd of each token of all texts, and its rank, by which its vector is found."""

    unlisted: Bools
    never: Bools  # after the token before it
    rank: Ints

    def between(self, start: int, end: int) -> _Odd:
        """That of the tokens from `start` to before `end` alone."""
        return _Odd(self.unlisted[start:end], self.never[start:end], self.rank[start:end])


def worst_sentences(texts: pa.StringArray, weights: Weights) -> list[list[Finding]]:
    """For each text up to `MOST` findings, in the order of the text."""
    told = weigh(texts, weights)
    first = np.zeros(len(told.worth), bool)
    first[stretches(told.ends).starts] = True
    starts = np.flatnonzero(sentence_starts(told.kind, first))
    ends = np.append(starts[1:], len(told.worth))
    sentences = _Sentences(starts, ends, Segments(starts, ends).mean(told.worth))
    odd = _odd(told.kind, weights)
    bounds = [0, *told.ends.tolist()]
    return [
        _of_text(
            text,
            (told.starts[start:end], told.stops[start:end]),
            odd.between(start, end),
            sentences.between(start, end),
            weights,
        )
        for text, start, end in zip(texts.to_pylist(), bounds[:-1], bounds[1:], strict=True)
    ]


def _odd(kind: Kinds, weights: Weights) -> _Odd:
    never = np.zeros(len(kind.rank), bool)
    after = np.flatnonzero((kind.rank[1:] >= 0) & (kind.rank[:-1] >= 0)) + 1  # second words of pairs
    never[after] = pair_strength(kind.rank[after - 1], kind.rank[after], weights) < _NEVER
    return _Odd(kind.word & ~kind.capital & ~kind.listed, never, kind.rank)


def _of_text(
    text: str, spans: tuple[Offsets, Offsets], odd: _Odd, sentences: _Sentences, weights: Weights
) -> list[Finding]:
    """The findings of a text, given the spans of its tokens, what is odd of them, and its sentences."""
    if not len(sentences.starts):
        return []
    whole = _vectors(odd.rank, weights).sum(0)
    found = []
    for first, last in sentences.worst():
        starts, stops = (offsets[first:last].tolist() for offsets in spans)
        words = [text[start:stop] for start, stop in zip(starts, stops, strict=True)]
        why = _reasons(words, odd.between(first, last), whole, weights)
        found.append(Finding(RULE, starts[0], stops[-1], text[starts[0] : stops[-1]], None, why))
    return found


def _vectors(rank: Ints, weights: Weights) -> Floats:
    """The vectors of the words that tell; in double precision their sums are exact, in whatever order."""
    vectors: Floats = weights.vectors[rank[rank >= COMMON]].astype(np.float64)
    return vectors


def _reasons(words: list[str], odd: _Odd, whole: Floats, weights: Weights) -> str:
    """Why a sentence of these words reads badly; `whole` is the sum of the vectors of its text."""
    unlisted = [words[number] for number in odd.unlisted.nonzero()[0].tolist()]
    never = [f"{words[number - 1]} {words[number]}" for number in odd.never.nonzero()[0].tolist() if number]
    inside = _vectors(odd.rank, weights)
    others = whole - inside.sum(0)
    cosines = inside @ others / (np.sqrt(others @ others) + 1e-9)
    astray = [words[number] for number in (odd.rank >= COMMON).nonzero()[0][cosines < _ASTRAY].tolist()]
    said = (("not in the word list", unlisted), ("rarely together", never), ("out of place", astray))
    named = "; ".join(f"{name}: {', '.join(dict.fromkeys(what[:_NAMED]))}" for name, what in said if what)
    return named or "unusual wording"

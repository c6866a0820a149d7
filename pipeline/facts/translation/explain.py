"""Which sentences of a text cost it most, and why: words in no list, neighbours that never meet, words out of place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.facts.translation.features import COMMON, Kinds, pair_strength, sentence_starts, stretches
from pipeline.facts.translation.segments import Floats, Segments
from pipeline.facts.translation.tokens import Ints
from pipeline.facts.translation.weights import Weights
from pipeline.facts.translation.worth import Worth, weigh
from pipeline.records import Finding

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


def worst_sentences(texts: pa.StringArray, weights: Weights) -> list[list[Finding]]:
    """For each text up to `MOST` findings, in the order of the text."""
    told = weigh(texts, weights)
    first = np.zeros(len(told.worth), bool)
    first[stretches(told.ends).starts] = True
    starts = np.flatnonzero(sentence_starts(told.kind, first))
    ends = np.append(starts[1:], len(told.worth))
    sentences = _Sentences(starts, ends, Segments(starts, ends).mean(told.worth))
    bounds = [0, *told.ends.tolist()]
    return [
        _of_text(text, told, start, end, sentences.between(start, end), weights)
        for text, start, end in zip(texts.to_pylist(), bounds[:-1], bounds[1:], strict=True)
    ]


def _of_text(text: str, told: Worth, start: int, end: int, sentences: _Sentences, weights: Weights) -> list[Finding]:
    """The findings of a text, given its tokens, from `start` to before `end`, and its sentences."""
    if not len(sentences.starts):
        return []
    kind, starts, stops = told.kind.between(start, end), told.starts[start:end], told.stops[start:end]
    whole = _vectors(kind, weights).sum(0)
    found = []
    for first, last in sentences.worst():
        spans = zip(starts[first:last].tolist(), stops[first:last].tolist(), strict=True)
        words = [text[begin:until] for begin, until in spans]
        begin, until = int(starts[first]), int(stops[last - 1])
        why = reasons(words, kind.between(first, last), whole, weights)
        found.append(Finding(RULE, begin, until, text[begin:until], None, why))
    return found


def _vectors(kind: Kinds, weights: Weights) -> Floats:
    """The vectors of the words that tell; in double precision their sums are exact, in whatever order."""
    vectors: Floats = weights.vectors[kind.rank[kind.rank >= COMMON]].astype(np.float64)
    return vectors


def reasons(words: list[str], kind: Kinds, whole: Floats, weights: Weights) -> str:
    """Why a sentence reads badly: its `words` are of that kind; `whole` is the sum of the vectors of its text."""
    unlisted = [words[number] for number in np.flatnonzero(kind.word & ~kind.capital & ~kind.listed)]
    after = np.flatnonzero((kind.rank[1:] >= 0) & (kind.rank[:-1] >= 0)) + 1  # second words of pairs
    strength = pair_strength(kind.rank[after - 1], kind.rank[after], weights)
    never = [f"{words[number - 1]} {words[number]}" for number in after[strength < _NEVER]]
    inside = _vectors(kind, weights)
    others = whole - inside.sum(0)
    cosines = inside @ others / (np.sqrt(others @ others) + 1e-9)
    astray = [words[number] for number in np.flatnonzero(kind.rank >= COMMON)[cosines < _ASTRAY]]
    said = (("not in the word list", unlisted), ("rarely together", never), ("out of place", astray))
    named = "; ".join(f"{name}: {', '.join(dict.fromkeys(what[:_NAMED]))}" for name, what in said if what)
    return named or "unusual wording"

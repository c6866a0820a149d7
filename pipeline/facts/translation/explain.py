"""Which sentences of a text cost it most, and why: words in no list, neighbours that never meet, words out of place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.facts.translation import tokens as tokens_of
from pipeline.facts.translation.features import (
    COMMON,
    HEADS,
    Kinds,
    kinds,
    letter_costs,
    pair_strength,
    sentence_starts,
    stretches,
)
from pipeline.facts.translation.segments import Floats, Segments
from pipeline.facts.translation.tokens import Hashes, Ints, Tokens
from pipeline.facts.translation.weights import Weights
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


def worst_sentences(texts: list[str], weights: Weights) -> list[list[Finding]]:
    """For each text up to `MOST` findings, in the order of the text."""
    tokens = tokens_of.tokenise(texts)
    keys = tokens_of.keys(tokens.distinct)
    kind = kinds(tokens, keys, weights)
    first = np.zeros(len(tokens.ids), bool)
    first[stretches(tokens).starts] = True
    starts = np.flatnonzero(sentence_starts(kind, first))
    ends = np.append(starts[1:], len(tokens.ids))
    sentences = _Sentences(starts, ends, Segments(starts, ends).mean(token_worth(tokens, keys, weights)))
    bounds = [0, *tokens.ends.tolist()]
    return [
        _of_text(text, kind.between(start, end), sentences.between(start, end), weights)
        for text, start, end in zip(texts, bounds[:-1], bounds[1:], strict=True)
    ]


def _of_text(text: str, kind: Kinds, sentences: _Sentences, weights: Weights) -> list[Finding]:
    """The findings of a text, given its sentences and the kinds of its tokens."""
    if not len(sentences.starts):
        return []
    spans = [match.span() for match in tokens_of.TOKEN.finditer(text)]
    found = []
    for first, end in sentences.worst():
        start, stop = spans[first][0], spans[end - 1][1]
        words = [text[begin:until] for begin, until in spans[first:end]]
        found.append(Finding(RULE, start, stop, text[start:stop], None, reasons(words, kind, first, end, weights)))
    return found


def token_worth(tokens: Tokens, keys: Hashes, weights: Weights) -> Floats:
    """What each token adds through the heads, in points of `finer`: its letters and the runs it ends."""
    runs = np.zeros((len(tokens.ids), weights.words.shape[1]))
    for buckets in tokens_of.run_grams(tokens, keys):
        runs += weights.words[buckets]
    runs += weights.words[tokens_of.single_gram(keys)][tokens.ids]
    letters = letter_costs(tokens, weights)[tokens.ids]
    answers = np.concatenate((runs * weights.word_steps, letters * weights.letter_steps), axis=1)
    worth: Floats = answers @ (weights.slopes[:HEADS] / weights.scale[:HEADS])
    return worth


def reasons(words: list[str], kind: Kinds, first: int, end: int, weights: Weights) -> str:
    """Why a sentence reads badly: its `words` are the tokens from `first` to before `end` of those of `kind`."""
    own = kind.between(first, end)
    unlisted = [words[number] for number in np.flatnonzero(own.word & ~own.capital & ~own.listed)]
    after = np.flatnonzero((own.rank[1:] >= 0) & (own.rank[:-1] >= 0)) + 1  # second words of pairs
    strength = pair_strength(own.rank[after - 1], own.rank[after], weights)
    never = [f"{words[number - 1]} {words[number]}" for number in after[strength < _NEVER]]
    telling = np.flatnonzero(kind.rank >= COMMON)
    vectors = weights.vectors[kind.rank[telling]].astype(np.float64)
    inside = (telling >= first) & (telling < end)
    others = vectors[~inside].sum(0)
    cosines = vectors[inside] @ others / (np.sqrt(others @ others) + 1e-9)
    astray = [words[number - first] for number in telling[inside][cosines < _ASTRAY]]
    said = (("not in the word list", unlisted), ("rarely together", never), ("out of place", astray))
    named = "; ".join(f"{name}: {', '.join(dict.fromkeys(what[:_NAMED]))}" for name, what in said if what)
    return named or "unusual wording"

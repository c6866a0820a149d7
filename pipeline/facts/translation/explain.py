"""Which sentences of a text cost it most, and why: words in no list, neighbours that never meet, words out of place."""

from __future__ import annotations

import numpy as np

from pipeline.facts.translation import features as of
from pipeline.facts.translation import tokens as tokens_of
from pipeline.facts.translation.features import Floats
from pipeline.facts.translation.weights import Weights
from pipeline.records import Finding

RULE = "translation/low_score"
MOST = 3  # sentences named
SHORTEST = 6  # tokens of a sentence that is worth naming
_NAMED = 3  # words or pairs named for a reason
_NEVER = -1.5  # log10 of how much rarer a pair is than chance would have it
_ASTRAY = -0.12  # cosine of a word and the other sentences


def worst_sentences(texts: list[str], known: Weights) -> list[list[Finding]]:
    """For each text up to `MOST` findings, in the order of the text."""
    tokens = tokens_of.tokenise(texts)
    keys = tokens_of.keys(tokens.distinct)
    kind = of.kinds(tokens, keys, known)
    first = np.zeros(len(tokens.ids), bool)
    first[of.stretches(tokens).starts] = True
    starts = np.flatnonzero(of.sentence_starts(kind, first))
    ends = np.append(starts[1:], len(tokens.ids))
    costs = of.Segments(starts, ends).mean(token_worth(tokens, keys, known))
    bounds = np.concatenate(([0], tokens.ends))
    return [
        _of_text(text, kind, int(bounds[n]), int(bounds[n + 1]), starts, ends, costs, known)
        for n, text in enumerate(texts)
    ]


def _of_text(
    text: str,
    kind: of.Kinds,
    begin: int,
    end: int,
    starts: tokens_of.Ints,
    ends: tokens_of.Ints,
    costs: Floats,
    known: Weights,
) -> list[Finding]:
    """The findings of the text whose tokens are those from `begin` to `end`, given all sentences of the batch."""
    low, high = np.searchsorted(starts, (begin, end))
    starts, ends, costs = starts[low:high] - begin, ends[low:high] - begin, costs[low:high]
    if low == high:
        return []
    worthy = np.flatnonzero((ends - starts >= SHORTEST) & (costs <= costs.mean()))
    worst = sorted(sorted(worthy.tolist(), key=lambda number: float(costs[number]))[:MOST])
    own = of.Kinds._make(column[begin:end] for column in kind)
    spans = [match.span() for match in tokens_of.TOKEN.finditer(text)]
    found = []
    for number in worst:
        first, last = int(starts[number]), int(ends[number])
        start, stop = spans[first][0], spans[last - 1][1]
        words = [text[a:b] for a, b in spans[first:last]]
        found.append(Finding(RULE, start, stop, text[start:stop], None, reasons(words, own, first, last, known)))
    return found


def token_worth(tokens: tokens_of.Tokens, keys: tokens_of.Hashes, known: Weights) -> Floats:
    """What each token adds through the heads, in points of `finer`: its letters and the runs it ends."""
    runs = np.zeros((len(tokens.ids), known.words.shape[1]))
    for buckets in tokens_of.run_grams(tokens, keys):
        runs += known.words[buckets]
    runs += known.words[tokens_of.single_gram(keys)][tokens.ids]
    letters = of.letter_costs(tokens, known)[tokens.ids]
    both = np.concatenate((runs * known.word_steps, letters * known.letter_steps), axis=1)
    worth: Floats = both @ (known.slopes[: of.HEADS] / known.scale[: of.HEADS])
    return worth


def reasons(words: list[str], kind: of.Kinds, start: int, end: int, known: Weights) -> str:
    """Why the sentence of these words reads badly; it is `start` to `end` of the tokens of `kind`."""
    unknown = [
        words[n - start] for n in range(start, end) if kind.word[n] and not kind.capital[n] and not kind.listed[n]
    ]
    rank = kind.rank[start:end]
    rows = np.flatnonzero((rank[1:] >= 0) & (rank[:-1] >= 0)) + 1
    strength = of.pair_strength(rank[rows - 1], rank[rows], known)
    never = [f"{words[n - 1]} {words[n]}" for n in rows[strength < _NEVER]]
    content = np.flatnonzero(kind.rank >= of.COMMON)
    vectors = known.vectors[kind.rank[content]].astype(np.float64)
    inside = (content >= start) & (content < end)
    others = vectors[~inside].sum(0)
    cosines = vectors[inside] @ others / (np.sqrt(others @ others) + 1e-9)
    astray = [words[n - start] for n in content[inside][cosines < _ASTRAY]]
    said = (("not in the word list", unknown), ("rarely together", never), ("out of place", astray))
    named = "; ".join(f"{name}: {', '.join(dict.fromkeys(what[:_NAMED]))}" for name, what in said if what)
    return named or "unusual wording"

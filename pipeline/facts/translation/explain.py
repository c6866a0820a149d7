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


def worst_sentences(text: str, known: Weights) -> list[Finding]:
    """Up to `MOST` findings, in the order of the text."""
    matches = list(tokens_of.TOKEN.finditer(text))
    tokens = tokens_of.tokenise([text])
    if not matches:
        return []
    keys = tokens_of.keys(tokens.distinct)
    kind = of.kinds(tokens, keys, known)
    parts = of.stretches(tokens)
    first = np.zeros(len(matches), bool)
    first[parts.starts] = True
    starts = np.flatnonzero(of.sentence_starts(kind, first))
    ends = np.append(starts[1:], len(matches))
    costs = of.Segments(starts, ends).mean(token_worth(tokens, keys, known))
    worthy = (ends - starts >= SHORTEST) & (costs < costs.mean())
    order = [number for number in np.argsort(costs, kind="stable") if worthy[number]]
    found = []
    for number in sorted(order[:MOST]):
        begin, end = matches[starts[number]].start(), matches[ends[number] - 1].end()
        why = reasons([match[0] for match in matches], kind, int(starts[number]), int(ends[number]), known)
        found.append(Finding(RULE, begin, end, text[begin:end], None, why))
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
    """Why the sentence `words[start:end]` reads badly, in words."""
    here = range(start, end)
    unknown = [words[n] for n in here if kind.word[n] and not kind.capital[n] and not kind.listed[n]]
    rows = np.array([n for n in here if n > start and kind.rank[n] >= 0 and kind.rank[n - 1] >= 0], np.int64)
    strength = of.pair_strength(kind.rank[rows - 1], kind.rank[rows], known)
    never = [f"{words[n - 1]} {words[n]}" for n in rows[strength < _NEVER]]
    content = np.flatnonzero(kind.rank >= of.COMMON)
    vectors = known.vectors[kind.rank[content]].astype(np.float64)
    inside = (content >= start) & (content < end)
    others = vectors[~inside].sum(0)
    cosines = vectors[inside] @ others / (np.sqrt(others @ others) + 1e-9)
    astray = [words[n] for n in content[inside][cosines < _ASTRAY]]
    said = (("not in the word list", unknown), ("rarely together", never), ("out of place", astray))
    return "; ".join(f"{name}: {', '.join(dict.fromkeys(what[:_NAMED]))}" for name, what in said if what)

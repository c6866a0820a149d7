"""How well an English text reads: a score that tells bad machine translation from good prose, with reasons.

The score is that of a compact model (`model.py`) over hashed n-grams of words and letters. It sees garbling: words that
do not go together, words that are none, broken agreement. It cannot see that a fluent sentence says something else
than its source did.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.facts.translation import model
from pipeline.facts.translation.tokens import tokenise
from pipeline.records import Quality

SCORED = frozenset({"en"})
MIN_TOKENS = 20  # fewer tell nothing: the mean over so few n-grams is noise


def quality(text: str, language: str = "en") -> Quality:
    """How well `text` reads. `score` is None for languages that are not scored, and for texts too short to tell."""
    return quality_batch([text], [language])[0]


def quality_batch(texts: Sequence[str], languages: Sequence[str]) -> list[Quality]:
    """`quality` of each text, at a fraction of the cost."""
    scored = [number for number, language in enumerate(languages) if language in SCORED]
    answers = [Quality(None)] * len(texts)
    if scored:
        tokens = tokenise([texts[number] for number in scored])
        sizes = [end - start for start, end in zip([0, *tokens.ends[:-1]], tokens.ends, strict=True)]
        for number, size, score in zip(scored, sizes, model.scores(tokens, model.weights()), strict=True):
            if size >= MIN_TOKENS:
                answers[number] = Quality(round(float(score), 4))
    return answers

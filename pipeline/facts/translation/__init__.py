"""How well an English text reads: a score that tells bad machine translation from good prose, with reasons.

The score is that of a compact model (`model.py`) over features of the text (`features.py`), lowered by marks of
translation that stand out one by one (`marks.py`). It sees garbling: words that do not go together, words that are
none, sentences that speak of something else than their neighbours. It cannot see that a fluent sentence says
something else than its source did.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.facts.translation import explain, marks, model
from pipeline.facts.translation.features import STRETCH
from pipeline.facts.translation.tokens import tokenise
from pipeline.facts.translation.weights import weights
from pipeline.records import Finding, Quality

SCORED = frozenset({"en"})
MIN_TOKENS = 8  # fewer tell nothing
EXPLAINED = 0.62  # texts that score less are told which sentences cost most
BATCH = 1000  # texts at once: the more, the fewer distinct words a text; more take memory


def quality(text: str, language: str = "en") -> Quality:
    """How well `text` reads. `score` is None for languages that are not scored, and for texts too short to tell."""
    return quality_batch([text], [language])[0]


def quality_batch(texts: Sequence[str], languages: Sequence[str]) -> list[Quality]:
    """`quality` of each text, at a fraction of the cost."""
    answers = [Quality(None)] * len(texts)
    scored = [number for number, language in enumerate(languages) if language in SCORED]
    for start in range(0, len(scored), BATCH):
        numbers = scored[start : start + BATCH]
        for number, answer in zip(numbers, _english([texts[number] for number in numbers]), strict=True):
            answers[number] = answer
    return answers


def _english(texts: list[str]) -> list[Quality]:
    # a lone surrogate is no text that Arrow knows; it reads like any other sign, and offsets stay
    texts = [text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    known = weights()
    tokens = tokenise(texts)
    sizes = np.diff(tokens.ends, prepend=0)
    raw = model.scores(tokens, known).tolist()
    marked = marks.find(texts)
    scores = [
        round(score * marks.left(found, size / STRETCH), 4) if size >= MIN_TOKENS else None
        for score, found, size in zip(raw, marked, sizes.tolist(), strict=True)
    ]
    low = [number for number, score in enumerate(scores) if score is not None and score < EXPLAINED]
    worst = dict(zip(low, explain.worst_sentences([texts[number] for number in low], known), strict=True))
    answers = []
    for number, (text, score) in enumerate(zip(texts, scores, strict=True)):
        found = [Finding(explain.RULE, m.start, m.end, text[m.start : m.end], None, m.why) for m, _ in marked[number]]
        found = sorted(found + worst.get(number, []), key=lambda finding: finding.start)
        answers.append(Quality(score, tuple(found) if score is not None else ()))
    return answers

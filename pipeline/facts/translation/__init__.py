"""How well an English text reads: a score that tells bad machine translation from good prose, with reasons.

The score is that of a compact model (`model.py`) over features of the text (`features.py`), lowered by marks of
translation that stand out one by one (`marks.py`), and by the share that says the same again and again (`loops.py`).
It sees garbling: words that do not go together, words that are none, sentences that speak of something else than
their neighbours. It cannot see that a fluent sentence says something else than its original did.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from pipeline.facts.translation import explain, marks, model
from pipeline.facts.translation.features import STRETCH
from pipeline.facts.translation.reading import read
from pipeline.facts.translation.weights import load
from pipeline.records import Finding, Quality

SCORED = frozenset({"en"})
MIN_TOKENS = 8  # fewer tell nothing
EXPLAINED = 0.62  # texts that score less are told which sentences cost most
_NOT_SCORED = Quality(None)
AT_ONCE = 1000  # texts: the more, the fewer distinct words a text; more take memory


def quality(text: str, language: str = "en") -> Quality:
    """How well `text` reads. `score` is None for languages that are not scored, and for texts too short to tell."""
    return qualities([text], [language])[0]


def qualities(
    texts: Sequence[str] | pa.StringArray, languages: Sequence[str], explained: float = EXPLAINED
) -> list[Quality]:
    """`quality` of each text, at a fraction of the cost; those that score less than `explained` name sentences."""
    answers = [_NOT_SCORED] * len(texts)
    scored = [number for number, language in enumerate(languages) if language in SCORED]
    column = texts if isinstance(texts, pa.StringArray) else pa.array(map(_readable, texts), pa.string())
    for start in range(0, len(scored), AT_ONCE):
        numbers = scored[start : start + AT_ONCE]
        for number, answer in zip(numbers, _english(column.take(pa.array(numbers)), explained), strict=True):
            answers[number] = answer
    return answers


def _readable(text: str) -> str:
    """A lone surrogate is no text that Arrow knows; it reads like any other sign, and offsets stay."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _english(texts: pa.StringArray, explained: float) -> list[Quality]:
    weights = load()
    reading = read(texts, weights)
    marked = marks.find(texts)
    scores = [
        round(score * marks.share_left(marked.get(number, ()), size / STRETCH), 4) if size >= MIN_TOKENS else None
        for number, (score, size) in enumerate(
            zip(model.scores(reading, weights).tolist(), reading.tokens.tolist(), strict=True)
        )
    ]
    low = [number for number, score in enumerate(scores) if score is not None and score < explained]
    worst = dict(zip(low, explain.worst_sentences(texts.take(pa.array(low, pa.int64())), weights), strict=True))
    return [
        Quality(score, _findings(texts[number].as_py(), marked.get(number, ()), worst.get(number, [])))
        if score is not None and (number in marked or number in worst)
        else Quality(score)
        for number, score in enumerate(scores)
    ]


def _findings(text: str, marked: Sequence[tuple[marks.Mark, float]], worst: list[Finding]) -> tuple[Finding, ...]:
    """Marks and worst sentences as findings, in the order of the text."""
    found = [Finding(explain.RULE, start, end, text[start:end], None, why) for (start, end, why), _ in marked]
    return tuple(sorted(found + worst, key=lambda finding: finding.start))

"""Remarks drawn from the score in `facts.quality`, with the sentences that cost most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
import pyarrow as pa

from pipeline.edits import disjoint
from pipeline.facts.translation import EXPLAINED
from pipeline.facts.translation.segments import Bools, Floats
from pipeline.records import DERIVED, Facts, Hit, Quality, Share

# Cross-validated (benchmarks/quality/translation.py). A document is set aside below GARBLED: there lie 84 % of garbled
# texts, no original English news, no human translation, 0.2 % of articles as scraped. At 0.54 it would be 94 %, 1.6 %,
# 1.3 % and 1.3 %; but plain everyday English of a few sentences scores down to 0.48 (texts of our own).
GARBLED = 0.42
WEAK = EXPLAINED  # 5 % of original news lie below, and are remarked; what is remarked is explained


def find_low_score(text: str, facts: Facts, *, min_score: Share = GARBLED) -> Iterator[Hit]:
    """The text as a whole reads like bad machine translation: it is set aside, with the sentences that cost most.

    Words that do not go together, words that are none, broken agreement: the score says how much of it there is
    (`pipeline.facts.translation`). A score below `min_score` is one of a garbled text. Languages that are not scored,
    and texts too short to tell, are spared.
    """
    quality = facts.quality
    if quality is not None and quality.score is not None and quality.score < min_score:
        yield from _hits(text, quality, f"score {quality.score:.2f} < {min_score:.2f}")


def find_weak_score(
    text: str, facts: Facts, *, min_score: Share = WEAK, low_score: Annotated[Share, DERIVED] = GARBLED
) -> Iterator[Hit]:
    """The text reads unevenly, though not like a garbled one: it is remarked, and kept.

    A score below `min_score`, but not below that of `translation/low_score` (`low_score`), which judges such texts.
    """
    quality = facts.quality
    if quality is not None and quality.score is not None and low_score <= quality.score < min_score:
        yield from _hits(text, quality, f"score {quality.score:.2f} < {min_score:.2f}")


def low_scores(texts: pa.StringArray, facts: Sequence[Facts], *, min_score: float) -> Bools:
    """Which documents `find_low_score` hits."""
    return _scores(facts) < min_score


def weak_scores(texts: pa.StringArray, facts: Sequence[Facts], *, min_score: float, low_score: float) -> Bools:
    """Which documents `find_weak_score` hits."""
    scores = _scores(facts)
    return (low_score <= scores) & (scores < min_score)


def _scores(facts: Sequence[Facts]) -> Floats:
    """The score of each document; those without one are below no limit."""
    return np.array([fact.quality.score if fact.quality else None for fact in facts], np.float64)


def _hits(text: str, quality: Quality, reason: str) -> Iterator[Hit]:
    """One hit for each finding of the model that still stands in the text, or an empty one at the start."""
    spans = [
        (start, end, why)
        for _, start, end, before, _, why in sorted(quality.findings, key=lambda finding: finding.start)
        if text[start:end] == before
    ]
    if not spans:
        yield Hit(0, 0, None, reason)
    yield from disjoint(Hit(start, end, None, f"{reason}; {why}" if why else reason) for start, end, why in spans)

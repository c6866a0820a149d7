"""Remarks drawn from the score in `facts.quality`, with the sentences that cost most."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.records import Facts, Hit, Quality, Share

# Limits: 1 % and 5 % of original English news fall below them (benchmarks/quality/translation.py).
GARBLED = 0.54
WEAK = 0.62


def find_low_score(text: str, facts: Facts, *, min_score: Share = GARBLED) -> Iterator[Hit]:
    """The text as a whole reads like bad machine translation: it is set aside, with the sentences that cost most.

    Words that do not go together, words that are none, broken agreement: the score says how much of it there is
    (`pipeline.facts.translation`). Languages that are not scored, and texts too short to tell, are spared.
    """
    quality = facts.quality
    if quality is not None and quality.score is not None and quality.score < min_score:
        yield from _hits(text, quality, f"score {quality.score:.2f} < {min_score:.2f}")


def find_weak_score(text: str, facts: Facts, *, min_score: Share = WEAK, low_score: Share = GARBLED) -> Iterator[Hit]:
    """The text reads unevenly, though not like a garbled one: it is remarked, and kept."""
    quality = facts.quality
    if quality is not None and quality.score is not None and low_score <= quality.score < min_score:
        yield from _hits(text, quality, f"score {quality.score:.2f} < {min_score:.2f}")


def _hits(text: str, quality: Quality, reason: str) -> Iterator[Hit]:
    """One hit for each finding of the model that still stands in the text, or an empty one at the start."""
    spans = [
        (start, end, why)
        for _, start, end, before, _, why in sorted(quality.findings, key=lambda finding: finding.start)
        if text[start:end] == before
    ]
    if not spans:
        yield Hit(0, 0, None, reason)
    done = 0
    for start, end, why in spans:
        if start >= done:
            yield Hit(start, end, None, f"{reason}; {why}" if why else reason)
            done = end

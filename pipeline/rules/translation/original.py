"""Remarks that need the original of a translation, where `meta["source_text"]` gives it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
import pyarrow as pa

from pipeline import text as text_of
from pipeline.facts.translation.segments import Bools
from pipeline.records import Bounds, Count, Facts, Hit, Share

_NUMBER = re.compile(r"\d[\d.,\u00a0\u202f ]*\d|\d")
_NAME = re.compile(r"(?<=[^\W_] )[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿA-Z]{3,}")
_DIGITS = re.compile(r"\D")


def original_of(facts: Facts) -> str:
    """The text that the document was translated from, "" when none came with it."""
    original = facts.meta.get("source_text")
    return original if isinstance(original, str) else ""


def have_originals(texts: pa.StringArray, facts: Sequence[Facts], **_settings: Any) -> Bools:
    """Which documents came with the text that they were translated from."""
    return np.array([bool(fact.meta) and original_of(fact) != "" for fact in facts], np.bool_)


def find_number_mismatch(text: str, facts: Facts, *, max_share: Share = 0.2) -> Iterator[Hit]:
    """Numbers of the original are missing in the translation; remarked, with the numbers.

    Figures below 13 are often written out and are spared, and so are separators: 1.500 and 1,500 are one number.
    `max_share` is how many of the original's numbers may be missing.
    """
    wanted = _numbers(original_of(facts))
    if not wanted:
        return
    missing = wanted - _numbers(text)
    if missing.total() > max_share * wanted.total():
        listed = ", ".join(sorted(missing)[:5])
        yield Hit(0, 0, None, f"{missing.total()} of {wanted.total()} numbers of the source are missing: {listed}")


def _numbers(text: str) -> Counter[str]:
    digits = (_DIGITS.sub("", match) for match in _NUMBER.findall(text))
    return Counter(number for number in digits if len(number) > 2 or int(number or 0) > 12)


def find_name_mismatch(text: str, facts: Facts, *, max_share: Share = 0.5, min_names: Count = 3) -> Iterator[Hit]:
    """Names of the original are missing in the translation; remarked, with the names.

    Only for originals in Latin letters. Names may be inflected or have an English form: the first four letters must
    come back, for half of the names. `max_share` is how many of them may be missing; an original of fewer than
    `min_names` names is spared.
    """
    names = {name[:4] for name in _NAME.findall(original_of(facts))}
    if len(names) < max(1, min_names):
        return
    missing = names - {text[start : start + 4] for start, _ in text_of.words(text)}
    if len(missing) > max_share * len(names):
        listed = ", ".join(sorted(missing)[:5])
        yield Hit(0, 0, None, f"{len(missing)} of {len(names)} names of the source are missing: {listed}...")


_LETTERS_FOR_ONE = 3  # letters of an English translation for one of a dense script
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def find_length_mismatch(text: str, facts: Facts, *, factor: Annotated[float, Bounds(1, None)] = 2.0) -> Iterator[Hit]:
    """The translation is less than half or more than twice as long as its original lets expect; remarked.

    Chinese, Japanese and Korean say in one letter what takes English three. `factor` is how many times longer or
    shorter it may be.
    """
    original = original_of(facts)
    if not original:
        return
    dense = len(_DENSE.findall(original))
    expected = len(original) + (_LETTERS_FOR_ONE - 1) * dense
    if expected < 100:
        return
    ratio = len(text) / expected
    if not 1 / factor <= ratio <= factor:
        yield Hit(0, 0, None, f"{len(text)} letters where the source lets expect {expected}: {ratio:.1f} x")


_SENTENCE = re.compile(r"[^.!?…。！？\n]+[.!?…。！？]?")


def find_source_left(text: str, facts: Facts, *, min_words: Count = 6) -> Iterator[Hit]:
    """A sentence of the original stands in the translation as it was; remarked.

    One of fewer than `min_words` words is spared: it may be a name or a quotation.
    """
    original = original_of(facts)
    if not original:
        return
    said = set(map(str.strip, _SENTENCE.findall(original)))
    for match in _SENTENCE.finditer(text):
        if match[0].strip() in said and len(match[0].split()) >= min_words:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            yield Hit(start, match.end(), None, "stands in the source as well")

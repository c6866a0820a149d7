"""The rules of the stage `language`: nothing here edits, all of it remarks and judges.

All but `mixed_script` read facts (`facts.language`, `facts.passages`), which `pipeline.facts.language` computes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.facts.language.certainty import MIN_PROBABILITY
from pipeline.records import Bounds, Count, Facts, Hit, Language, Passage, Rule, Share, Verdict

UNDETERMINED = "und"

Bools = npt.NDArray[np.bool_]


def unwanted_language(
    text: str, facts: Facts, *, wanted: tuple[str, ...] = (), min_probability: Share = 0.8
) -> Iterator[Hit]:
    """The article is written in a language that nobody asked for; it is dropped.

    `wanted` are codes as langdetect writes them ("en", "zh-cn"; "zh" means both); none at all means that every language
    is wanted. Spared are texts whose language cannot be told, and guesses below `min_probability`.
    """
    guess = facts.language
    if not wanted or guess is None or guess.code == UNDETERMINED or _is_wanted(guess.code, wanted):
        return
    if guess.probability >= min_probability:
        yield Hit(0, 0, None, f"{_named(guess)} >= {min_probability:.2f}, wanted: {', '.join(wanted)}")


def _is_wanted(code: str, wanted: tuple[str, ...]) -> bool:
    return code in wanted or code.partition("-")[0] in wanted


def undetermined_language(
    text: str, facts: Facts, *, min_probability: Annotated[float, Bounds(MIN_PROBABILITY, 1.0)] = MIN_PROBABILITY
) -> Iterator[Hit]:
    """The language of the article cannot be told: it is too short, or no known language fits; this is remarked.

    The probability of "und" is how likely it is that the best guess would have been wrong. What lies below 0.75 is
    "und" from the start (`pipeline.facts.language`), so `min_probability` can be no lower.
    """
    guess = facts.language
    if guess is None:
        return
    if guess.code == UNDETERMINED:
        yield Hit(0, 0, None, f"best guess {1 - guess.probability:.2f}, limit {min_probability:.2f}")
    elif guess.probability < min_probability:
        yield Hit(0, 0, None, f"{_named(guess)} < {min_probability:.2f}")


def mixed_languages(text: str, facts: Facts, *, max_foreign: Share = 0.2, min_length: Count = 60) -> Iterator[Hit]:
    """More of the article than `max_foreign` stands in another language than the rest; it is set aside.

    Counted are the code points of whole passages of at least `min_length`; passages whose language cannot be told count
    as the article's own. A quotation, a title or a name is spared by its length.
    """
    foreign = _foreign(text, facts, min_length)
    if facts.language is None or not foreign:
        return
    sizes: Counter[str] = Counter()
    for start, end, language in foreign:
        sizes[language.code] += end - start
    total = sum(passage.end - passage.start for passage in facts.passages)
    share = sum(sizes.values()) / total
    if share > max_foreign:
        shares = ", ".join(f"{code} {size / total:.0%}" for code, size in sizes.most_common())
        own = f"{facts.language.code} {1 - share:.0%}"
        yield Hit(0, 0, None, f"{own}, {shares}: foreign {share:.2f} > {max_foreign:.2f}")


def foreign_passage(text: str, facts: Facts, *, min_length: Count = 60) -> Iterator[Hit]:
    """A paragraph stands in another language than the article, left untranslated or strayed in; this is remarked.

    Passages of fewer than `min_length` code points are spared: names, titles and short quotations look foreign easily.
    """
    own = facts.language.code if facts.language else UNDETERMINED
    for start, end, language in _foreign(text, facts, min_length):
        yield Hit(start, end, None, f"{_named(language)} in an article in {own}, length {end - start} >= {min_length}")


def _foreign(text: str, facts: Facts, min_length: int) -> list[Passage]:
    if facts.language is None or facts.language.code == UNDETERMINED:
        return []
    own = (facts.language.code, UNDETERMINED)
    return [
        passage
        for passage in facts.passages
        if passage.language.code not in own and min_length <= passage.end - passage.start and passage.end <= len(text)
    ]


def _named(language: Language) -> str:
    return f"{language.code} {language.probability:.2f}"


_LATIN, _GREEK, _CYRILLIC = "A-Za-zÀ-ÖØ-öø-ɏ", "Ͱ-ͽΆ-Ͽ", "Ѐ-ҁҊ-ԯ"
_SCRIPTS = {"Latin": _LATIN, "Greek": _GREEK, "Cyrillic": _CYRILLIC}
_LETTERS = {name: re.compile(f"[{letters}]") for name, letters in _SCRIPTS.items()}
_WORD = re.compile(f"[{_LATIN}{_GREEK}{_CYRILLIC}]+")
_BESIDE = "|".join(f"[{a}][{b}]|[{b}][{a}]" for a, b in ((_LATIN, _GREEK), (_LATIN, _CYRILLIC), (_GREEK, _CYRILLIC)))
# Greek letters are written beside Latin ones on purpose (μm, TGFβ, ΔT): only those that cannot be told apart count.
_GREEK_LOOKALIKE = re.compile("[ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο]")
_LATIN_LOOKALIKE = re.compile("[ABEZHIKMNOPTYXo]")


def mixed_script(text: str, facts: Facts) -> Iterator[Hit]:
    """A word mixes letters of scripts that look alike (`Мoscow` with a Cyrillic М); this is remarked.

    Transliteration and recognition of print leave such words, which no search finds. Spared are words joined by a
    hyphen or an apostrophe (`SIM-карта`), and Greek letters used as signs: `μm`, `TGFβ`.
    """
    for match in _WORD.finditer(text):
        word = match.group()
        if word.isascii():
            continue
        counts = {name: len(letters.findall(word)) for name, letters in _LETTERS.items() if letters.search(word)}
        if len(counts) > 1 and not _is_notation(word, counts):
            yield Hit(match.start(), match.end(), None, " + ".join(f"{n} {name}" for name, n in counts.items()))


def _is_notation(word: str, counts: dict[str, int]) -> bool:
    if "Cyrillic" in counts:
        return False
    if counts["Latin"] >= counts["Greek"]:
        return not _GREEK_LOOKALIKE.search(word)
    return not _LATIN_LOOKALIKE.search(word)


def _any_unwanted(texts: pa.StringArray, facts: Sequence[Facts], *, wanted: Sequence[str], **_limits: Any) -> Bools:
    """All documents, or none where every language is wanted."""
    return np.full(len(facts), bool(wanted))


def _doubtful(texts: pa.StringArray, facts: Sequence[Facts], *, min_probability: float) -> Bools:
    """The documents of which no language is told, or none that is sure enough."""
    guesses = (fact.language for fact in facts)
    return np.array(
        [
            guess is not None and (guess.code == UNDETERMINED or guess.probability < min_probability)
            for guess in guesses
        ],
        np.bool_,
    )


def _with_passages(texts: pa.StringArray, facts: Sequence[Facts], **_limits: Any) -> Bools:
    """The documents of which some passage speaks another language."""
    return np.array([bool(fact.passages) for fact in facts], np.bool_)


RULES: tuple[Rule, ...] = (
    Rule("language/unwanted_language", unwanted_language, Verdict.DROP, trigger=_any_unwanted),
    Rule("language/undetermined_language", undetermined_language, trigger=_doubtful),
    Rule("language/mixed_languages", mixed_languages, Verdict.QUARANTINE, trigger=_with_passages),
    Rule("language/foreign_passage", foreign_passage, trigger=_with_passages),
    Rule("language/mixed_script", mixed_script, trigger=_BESIDE),
)

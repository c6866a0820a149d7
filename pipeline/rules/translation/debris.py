"""Remarks on what a translation system leaves of its own workings or of the original."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.records import Count, Facts, Hit, Share

SUBWORD = r"@@|\x{2581}|(?i:<unk>|\[unk\])|\x{2047}|@-@|\s##[a-z]"
_SUBWORD = re.compile(r"[^\W_]{0,40}@@(?![^\s@]*@)(?:\s[^\W_]+)?|\u2581+|(?i:<unk>|\[unk\])|\u2047|@-@|(?<=\s)##[a-z]+")


def find_subwords(text: str, facts: Facts) -> Iterator[Hit]:
    """Marks of the units a translation system works with were left in: `transla@@ tion`, `▁the`, `<unk>`; remarked."""
    for match in _SUBWORD.finditer(text):
        yield Hit(match.start(), match.end(), None, "mark of a sub-word unit or an unknown word")


# Scripts that an original may be left in; each word of them is looked at together with its neighbours.
_SCRIPTS = (
    "\u0370-\u03ff\u0400-\u052f\u0530-\u058f\u0590-\u05ff\u0600-\u06ff\u0750-\u077f\u0900-\u0dff\u0e00-\u0fff"
    "\u1000-\u109f\u10a0-\u10ff\u1200-\u137f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
)
UNTRANSLATED = (
    r"[\x{0370}-\x{03ff}\x{0400}-\x{052f}\x{0530}-\x{058f}\x{0590}-\x{05ff}\x{0600}-\x{06ff}\x{0750}-\x{077f}"
    r"\x{0900}-\x{0dff}\x{0e00}-\x{0fff}\x{1000}-\x{109f}\x{10a0}-\x{10ff}\x{1200}-\x{137f}\x{1780}-\x{17ff}"
    r"\x{3040}-\x{30ff}\x{3400}-\x{9fff}\x{ac00}-\x{d7af}]{2}"
)
_FOREIGN_RUN = re.compile(rf"[{_SCRIPTS}]{{2,}}(?:[\s\u200c\u200d,.'’-]{{1,3}}[{_SCRIPTS}]+)*")
_LATIN = re.compile(r"[A-Za-z]{2,}")
LATIN_LANGUAGES = frozenset(
    ("af ca cs cy da de en es et fi fr hr hu id it lt lv nl no pl pt ro sk sl so sq sv sw tl tr vi").split()  # noqa: SIM905
)


def find_untranslated_words(text: str, facts: Facts, *, max_share: Share = 0.5) -> Iterator[Hit]:
    """Words were left in the script of the original amid a text in Latin letters; they are remarked.

    `the river Волга flows`. A word in brackets or quotation marks is quoted for its own sake and is spared; so is a
    text that is mostly in that script, and a text whose language is not written in Latin letters. More than
    `max_share` of its letters is mostly.
    """
    if facts.language is not None and facts.language.code not in LATIN_LANGUAGES:
        return
    runs = list(_FOREIGN_RUN.finditer(text))
    foreign = sum(match.end() - match.start() for match in runs)
    latin = sum(len(word) for word in _LATIN.findall(text)) if runs else 0
    if not latin or foreign > max_share * (foreign + latin):
        return
    for match in runs:
        if text[match.start() - 1 : match.start()] in _OPENING and text[match.end() : match.end() + 1] in _CLOSING:
            continue
        yield Hit(match.start(), match.end(), None, "left in the script of the source")


_OPENING = frozenset("([{\"'“‘«„")
_CLOSING = frozenset(")]}\"'”’»“,;")

# Letters with signs that schemes of transliteration use and English news does not, and vowels spelled out in length.
TRANSLITERATION = r"[ḍḥḷṃṅṇṛṣṭẓʿʾʹʺ]|[a-z](?:aaa|uuu)|(?:aaa|uuu)[a-z]"
_SPELLED = re.compile(r"[ḍḥḷṃṅṇṛṣṭẓʿʾʹʺ]|[a-z](?:aaa|uuu)|(?:aaa|uuu)[a-z]")
_LETTERS = re.compile(r"[^\W\d_]+")


def find_transliteration(text: str, facts: Facts, *, min_words: Count = 2) -> Iterator[Hit]:
    """Words were written in Latin letters sound by sound instead of being translated; remarked from two on.

    `saṃskāra`, `jaaati`. Capitalised names are spared: they have no translation. `min_words` is how many such words a
    text must have.
    """
    hits = [
        Hit(match.start(), match.end(), None, "spelled sound by sound")
        for match in _LETTERS.finditer(text)
        if match[0][0].islower() and _SPELLED.search(match[0])
    ]
    if len(hits) >= min_words:
        yield from hits


_SCALES = (
    "milioane|miliarde|millones|milhões|milh[aã]o|milioni|miliardi|Millionen|Milliarden|milliards|miljonit|miljonid"
    "|miljon|miljardit|mln|mlrd|mld|mlrd|млн|млрд|тыс|тысяч|miliony|milionów|milionů|miliardy|tys|mil\\."
)
NUMBER = rf"\d\s?(?:{_SCALES})\b|\d,\d{{1,2}}\s?(?:%|per ?cent\b|million\b|billion\b)|\d\s?[万億亿萬千]"
_NUMBER = re.compile(
    rf"(?<![\d.,])\d[\d.,]{{0,20}}\s?(?:{_SCALES})(?![^\W_])"
    r"|(?<![\d,.])\d{1,12},\d{1,2}\s?(?:%|per ?cent\b|million\b|billion\b)"
    r"|(?<![\d.,])\d[\d.,]{0,20}\s?[万億亿萬千]{1,4}"
)


def find_half_translated_numbers(text: str, facts: Facts) -> Iterator[Hit]:
    """A number kept the scale word or the decimal comma of the original in an English text; it is remarked.

    `3,5 million`, `12 mln`. `1,500` and `12,000 people` are English and are spared, and so are lakh and crore, which
    Indian papers write.
    """
    if facts.language is not None and facts.language.code != "en":
        return
    for match in _NUMBER.finditer(text):
        yield Hit(match.start(), match.end(), None, "written as in the source language")

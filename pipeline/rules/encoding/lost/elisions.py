"""Where a lost sign between two letters was an apostrophe: the words that have one, language by language.

`tr?s`, `Nicol?s` and `w?re` look like `it?s` and `we?re`: between letters a lost letter is as likely as a lost
apostrophe. Only a closed list of words tells which, or the rest of the text.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.rules.encoding.urls import in_url

LONGEST_URL = 200
URL = re.compile(r"://|www\.|\.\w{2,4}/|\w\.(?:com|org|net|php|aspx?|html?|cgi)")

_LOST = "[?\ufffd]"
_BEGIN = r"(?<![^\W\d_])"
_NO_URL = r"(?![=&?/]|\.\w)"

# Words that are written so in one language and, with a letter in the place of the apostrophe, in none.
_NOT = "do|does|did|is|are|was|were|has|have|had|wo|would|could|should|ca|ai|must|need|might|sha|ought"
_WHO = "I|you|we|they|he|she|it|who|that|there|what|where|how|here|this|these|those|why"
_ENGLISH = (
    rf"(?:{_NOT})n{_LOST}t|(?:{_WHO}){_LOST}(?:re|ve|ll|d)|I{_LOST}m"
    rf"|(?:it|that|he|she|what|who|where|there|here|how|let|one|why|everyone|someone|nobody){_LOST}s"
    rf"|(?:could|would|should|might|must){_LOST}ve|y{_LOST}all|o{_LOST}clock|ma{_LOST}am"
)
_FRENCH = (
    rf"(?:jus|lors|puis|quoi|pres)?qu{_LOST}(?:ils?|elles?|une?|en|on|à|aux?|est|était|ai|ont|avait|avaient)"
    rf"|aujourd{_LOST}hui|[cns]{_LOST}(?:est|était|étaient)|n{_LOST}(?:ont|avait|avaient|importe)|s{_LOST}(?:agit|ils?)"
    rf"|j{_LOST}(?:ai|avais|aime|étais)|d{_LOST}(?:une?|autres?|abord|accord|ailleurs|ici|eux|elles?)"
    rf"|l{_LOST}(?:une?|autre|homme|état|année|avenir|affaire|argent|amour|entreprise)"
)
_ITALIAN = rf"(?:[dnsc]?[aeu]ll|quell|quest){_LOST}[aeiou][^\W\d_]{{2,}}"
_CERTAIN = re.compile(rf"{_BEGIN}(?:{_ENGLISH}|{_FRENCH}|{_ITALIAN})\b{_NO_URL}", re.IGNORECASE)

# "Trump?s", "company?s": only in an English text that loses no letters.
_POSSESSIVE = re.compile(rf"{_BEGIN}([^\W\d_]{{2,}}|[A-Z]\.){_LOST}[sS]\b{_NO_URL}")
_ENGLISH_WORD = re.compile(
    r"\b(?:the|and|that|with|from|this|they|said|were|which|would|their|been|has|for|his|are|not|who)\b"
)
_ENGLISH_ENOUGH = 2  # different ones
# French words in English, whose plural has an accent before its "s": "cafés".
_ACUTE = re.compile(r"(?:caf|clich|fianc|expos|communiqu|attach|habitu|pur|saut|souffl|divorc|proteg|resum)$", re.I)

# "l?homme", "un?arte": before a vowel, in a text that has its accented letters still.
_ELISION = re.compile(rf"{_BEGIN}(?:[ldnjcmst]|qu|un){_LOST}(?=[aeiouhéèêàâîôœ][^\W\d_]{{2}})", re.IGNORECASE)
_ACCENTED = re.compile("[à-öø-ÿ]")
_BEFORE_LETTER = re.compile(rf"{_LOST}+(?=[^\W\d_])")
_INITIAL = re.compile(r"\b[A-Z]\.$")
_WHOLE_WORD = re.compile(rf"[^\W\d_]+(?!{_LOST}|\w)")
_FIRST = re.compile(_LOST)


def is_english(text: str) -> bool:
    """Do words stand in the text that only English has?"""
    return len({match[0] for match in _ENGLISH_WORD.finditer(text)}) >= _ENGLISH_ENOUGH


def loses_letters(text: str, sign: str) -> bool:
    """Does the sign, `?` or U+FFFD, stand between letters where no apostrophe can be, more often than where one was?

    >>> loses_letters("Die Universit?t ist offen.", "?"), loses_letters("We don?t know.", "?")
    (True, False)
    """
    signs = _signs(text)
    return len(signs.letters(sign)) > len([at for at in signs.certain if text[at] == sign])


def lost_apostrophes(text: str, *, quotes_lost: bool = False) -> set[int]:
    """The places of signs, `?` or U+FFFD, that an apostrophe was lost at.

    `quotes_lost` tells that the text is known to have lost its quotation marks, and so its apostrophes.

    >>> sorted(lost_apostrophes("We don?t know. Il est parti, puisqu?il le dit."))
    [6, 35]
    """
    signs = _signs(text)
    found = set(signs.certain)
    if len(signs.letters("?\ufffd")) > len(found):
        return found
    if _ACCENTED.search(text) and (found or len(signs.elided) > 1):
        found |= signs.elided
    if signs.owners and is_english(text):
        names = None if found or quotes_lost else set(_WHOLE_WORD.findall(text))
        found |= {at for at, word in signs.owners.items() if _owns(word, names)}
    return found


class _Signs:
    """The places of lost signs between letters, by what they may have been."""

    def __init__(self, text: str) -> None:
        self.text = text
        before = (
            (match.start(), text[max(0, match.start() - 3) : match.start()]) for match in _BEFORE_LETTER.finditer(text)
        )
        between = [at for at, stub in before if stub[-1:].isalpha() or _INITIAL.search(stub)]
        urls = between and URL.search(text)
        self.between = {at for at in between if not (urls and in_url(text, at, URL, LONGEST_URL))}
        self.certain = self._places(_CERTAIN)
        self.elided = self._places(_ELISION) - self.certain
        self.owners = {  # with the word that may own something
            match.end(1): match[1]
            for match in (_POSSESSIVE.finditer(text) if self.between else ())
            if match.end(1) in self.between
        }
        for at in self.certain:
            self.owners.pop(at, None)

    def letters(self, signs: str) -> set[int]:
        """The places of `signs` where nothing but a letter can have been."""
        left = self.between - self.certain - self.elided - self.owners.keys()
        return {at for at in left if self.text[at] in signs}

    def _places(self, pattern: re.Pattern[str]) -> set[int]:
        if not self.between:
            return set()
        found = (_FIRST.search(self.text, match.start()) for match in pattern.finditer(self.text))
        return {match.start() for match in found if match} & self.between


@lru_cache(maxsize=2)
def _signs(text: str) -> _Signs:
    return _Signs(text)


def _owns(word: str, names: set[str] | None) -> bool:
    """Is `word?s` a possessive? A name may end in "és", unless it is among `names`; None if apostrophes were lost."""
    return not _ACUTE.search(word) and (names is None or word.islower() or word in names)

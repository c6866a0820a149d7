"""What a character reference (`&quot;`, `&#39;`) stands for: names, numbers, and which of them are unmistakable."""

from __future__ import annotations

import html.entities

# Windows-1252 meanings of the numbers 128-159, which browsers honour: `&#146;` was always meant as an apostrophe.
_WINDOWS_1252 = {
    number: bytes([number]).decode("cp1252")
    for number in range(0x80, 0xA0)
    if number not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}

# Blocks in which a name of HTML 5 stands for something that is written in prose: Latin, Greek, Cyrillic, punctuation,
# currency. Not the 1,500 names for mathematics.
_PROSE = ((0x09, 0x0A), (0x20, 0x52F), (0x2002, 0x205F), (0x20A0, 0x20CF), (0x2116, 0x2122), (0xFB00, 0xFB06))


def _prose(value: str) -> bool:
    return all(any(first <= ord(char) <= last for first, last in _PROSE) for char in value)


_NAMES = {
    name[:-1]: value
    for name, value in html.entities.html5.items()
    if name.endswith(";") and (name[:-1] in html.entities.name2codepoint or _prose(value))
}

# Names that mean the same in any case, since no second name differs from them by case alone: `&QUOT;`, `& Quot ;`.
_ANY_CASE = (
    "quot apos amp lt gt nbsp ldquo rdquo lsquo rsquo sbquo bdquo laquo raquo lsaquo rsaquo mdash ndash hellip middot "
    "bull copy reg trade euro pound cent yen deg iexcl iquest"
)
ANY_CASE = frozenset(_ANY_CASE.split())

# English words, or names a programmer gives to a variable: in a line of code they are no references.
_VARIABLES = (
    "and or not int sum prod part real image lang rang cap cup sub sup loz cent copy reg para sect times divide "
    "prime fork star num sol ast plus dollar equals comma colon semi period excl quest half dash hyphen tab hat "
    "grave micro macr order image weierp theta phi psi chi pi mu nu xi rho tau eta zeta beta alpha gamma delta "
    "lambda sigma omega kappa epsilon iota upsilon omicron"
)
VARIABLES = frozenset(_VARIABLES.split())


def is_word(name: str) -> bool:
    """Could the name be a variable in a line of code?"""
    return name.lower() in VARIABLES


def named(name: str) -> str | None:
    """What `&name;` stands for; None for a name that stands for nothing that is written in prose.

    Accented letters in all capitals are taken for the capital letter, as a text put in capitals as a whole has them.

    >>> named("quot"), named("QUOT"), named("eacute"), named("EACUTE"), named("Eacute"), named("nonsense")
    ('"', '"', 'é', 'É', 'É', None)
    """
    if name in _NAMES:
        return _NAMES[name]
    lower = name.lower()
    if lower in ANY_CASE:
        return _NAMES[lower]
    if name.isupper() and len(lower) > 3 and len(_NAMES.get(lower, "").upper()) == 1:
        return _NAMES[lower].upper()
    return None


def numbered(number: int) -> str | None:
    """What `&#number;` stands for; None for numbers that are no character (surrogates, out of range, undefined).

    >>> numbered(39), numbered(146), numbered(129), numbered(0xD800), numbered(9999999)
    ("'", '’', None, None, None)
    """
    if number in _WINDOWS_1252:
        return _WINDOWS_1252[number]
    if number in (9, 10, 13):
        return "\n" if number == 13 else chr(number)
    if not 0x20 <= number <= 0x10FFFF or 0x7F <= number < 0xA0 or 0xD800 <= number < 0xE000:
        return None
    if number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF:  # no character by definition
        return None
    return chr(number)

"""Whether a text speaks of damaged or escaped characters instead of being damaged: `showed "Ã©" instead of "é"`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.records import Hit

# Words of the trade, in the languages that such articles are written in.
TRADE = re.compile(
    r"encod|charset|unicode|utf-?8|latin-?1|ascii|mojibake|escape|json|javascript|\bhtml\b|\bxml\b|python|regex"
    r"|\bcharacters?\b|backslash|newline|apostrophe|instead of|should have been|should be|stands for|\btype\b"
    r"|zeichen|kodier|statt|encodage|caractère|au lieu|codificaci|caracter|en lugar de|codifica|caratter|invece di"
    r"|kodowani|znak|kódován|teken|кодиров|символ|вместо|文字|字符|编码|代わり",
    re.IGNORECASE,
)
_QUOTES = "\"'“”‘’«»„`‹›「」『』"
_BESIDE = " \t\n\u00a0()[]" + _QUOTES
_LONGEST = 12  # characters of an example that nothing sets apart
_AROUND = 200  # characters to each side, of the same line


def is_spoken_of(text: str, start: int, end: int) -> bool:
    """Does `text[start:end]` stand for itself: alone between quotation marks or spaces, near a word of the trade?

    >>> text = 'It showed "Ã©" instead of "é".'
    >>> is_spoken_of(text, 11, 13), is_spoken_of("Un cafÃ© instead of tea", 6, 8)
    (True, False)
    """
    before, after = text[start - 1 : start] or " ", text[end : end + 1] or " "
    if before not in _BESIDE or after not in _BESIDE + ".,;:!?":
        return False
    if end - start > _LONGEST and not (before in _QUOTES and after in _QUOTES):
        return False
    first = max(text.rfind("\n", max(0, start - _AROUND), start) + 1, start - _AROUND, 0)
    last = text.find("\n", end, end + _AROUND)
    return bool(TRADE.search(text, first, last if last >= 0 else end + _AROUND))


def are_spoken_of(text: str, hits: Iterable[Hit]) -> bool:
    """Is each of the places spoken of, and none of them damage?"""
    return all(is_spoken_of(text, hit.start, hit.end) for hit in hits)

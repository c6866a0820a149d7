"""Captions that credit somebody with a picture, which a text does not have."""

from __future__ import annotations

import re

SHORTEST, LONGEST = 40, 400  # characters; shorter ones are credits alone, and phrases know those
_AGENCIES = r"(?:AP|AFP|EPA|PA|UPI|Reuters|REUTERS|Getty|Shutterstock)"
_PICTURE = (
    r"(?:[Pp]hotos?|PHOTO|[Pp]ictures?|[Ii]mages?|[Cc]redits?|[Cc]ourtesy|[Pp]hotograph(?:y)?|Fotos?|Bild|Crédits?|Fot\.?"
    r"|Фото|Φωτογραφία)"
)
_IN_BRACKETS = re.compile(
    rf"[(\[](?:{_AGENCIES}\b[^()]{{0,60}}|[^()]{{0,60}}\b{_PICTURE} ?(?::|by |via |of |credit|courtesy|/)[^()]{{2,60}}"
    r"|[^()]{0,60}\b(?:Getty Images|AP Photo|Reuters|AFP|Shutterstock)\b[^()]{0,30})[)\]]\s*$"
)
_AT_END = re.compile(rf"(?:^|[\s.|/(]){_PICTURE}(?: ?: ?| by | courtesy of | par | von )[^.:!?]{{2,60}}$")


def is_credited(line: str) -> bool:
    """Whether a line ends by crediting somebody with a picture.

    >>> is_credited("Boats wait in the harbour of the island on Monday. Photo: Anna Doe")
    True
    >>> is_credited("The photo of the boats in the harbour was taken by Anna Doe on Monday.")
    False
    """
    if not SHORTEST <= len(line) <= LONGEST:
        return False
    # how a line ends tells most of them apart, and is seen without a search
    in_brackets = line.rstrip().endswith((")", "]")) and _IN_BRACKETS.search(line)
    return bool(in_brackets or (not line.endswith((".", ":", "!", "?")) and _AT_END.search(line)))

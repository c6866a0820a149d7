"""Bytes that a charset has no character for and that became U+FFFD: they come back where only one can have been.

Guessing by n-grams which of several letters of a language it was is wrong once in ten times (`prète` is likelier than
`prête`), so that it is not done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from pipeline.rules.encoding import fluency

LOST = "\ufffd"


@cache
def undefined(charset: str) -> tuple[int, ...]:
    """The bytes above 127 that mean nothing in a charset of one byte a character.

    >>> [hex(byte) for byte in undefined("sloppy-windows-1252")]
    ['0x81', '0x8d', '0x8f', '0x90', '0x9d']
    """
    codec = charset.replace("sloppy-windows-", "cp")
    return tuple(byte for byte in range(0x80, 0x100) if not bytes([byte]).decode(codec, "ignore"))


def restored(text: str, options: Mapping[int, Sequence[str]]) -> str:
    """The text with the letters that its lost characters were, if its language has but one of the `options` there.

    >>> restored("Cały ten list jest \\ufffdle napisany.", {19: ["Ť", "ź", "ť"]})
    'Cały ten list jest źle napisany.'
    """
    known = sorted({char.lower() for choice in options.values() for char in choice})
    if not known:
        return text
    scores = fluency.nats([text, *known])
    language = int(scores[0].argmax())
    written = {char for char, score in zip(known, scores[1:, language], strict=True) if score > 0}
    chars = list(text)
    for at, choice in options.items():
        left = [char for char in choice if char.lower() in written]
        if text[at - 1 : at].islower():  # no capital amid a word
            left = [char for char in left if not char.isupper()] or left
        if len(left) == 1:
            chars[at] = left[0]
    return "".join(chars)

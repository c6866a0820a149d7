"""Characters in the escaped forms of mail, addresses and spreadsheets: `=E2=80=99`, `%C3%A9`, `_x000D_`, `u2019`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.edits import disjoint
from pipeline.records import Facts, Hit
from pipeline.rules.encoding.subject import is_spoken_of

BYTES_TRIGGER = (
    r"=[C-F][0-9A-F](?:=[89AB]|[a-z])|%[C-Ec-e][0-9A-Fa-f]%[89ABab]|%u[02][0-9A-Fa-f]{3}|_x00[0-7][0-9A-F]_"
    r"|u20(?:1[3489cdCD])|[a-z]u00[efEF][0-9a-fA-F]|u003[cC]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def find_escaped_byte(text: str, facts: Facts) -> Iterator[Hit]:
    r"""Characters in the escaped form of mail, of addresses, of spreadsheets, or of JSON whose backslash was lost.

    `It=E2=80=99s` with its soft line ends, `d%27%C3%A9cole`, `%u2019`, `_x000D_`, `doesnu2019t`, `u003cbru003e`.
    Spared: addresses on the web, whose escapes are meant, and texts about escapes.
    """
    found = [*_quoted_printable(text), *_percent(text), *_of_sheets(text), *_bare(text)]
    for hit in disjoint(found):
        if not is_spoken_of(text, hit.start, hit.end):
            yield hit


# --- mail -------------------------------------------------------------------------------------------------------------

_QUOTED = re.compile(r"(?:=[0-9A-F]{2})+")
_LATIN = re.compile(r"(?<=[A-Za-z])=[C-F][0-9A-F](?=[a-z])")
_LATIN_BYTE = re.compile(r"=[C-F][0-9A-F]")
_SOFT_END = re.compile(r"(?<=[^\s=])=\r?\n(?=\S)")


def _quoted_printable(text: str) -> Iterator[Hit]:
    """Bytes as mail has them, if one character of UTF-8 or two letters of Latin-1 prove it."""
    if "=" not in text:
        return
    runs = [match for match in _QUOTED.finditer(text) if not _in_address(text, match.start(), "=")]
    again = {match: _decoded(match[0].replace("=", "")) for match in runs}
    if any(char and not char.isascii() for char in again.values()):
        for match, char in again.items():
            if char is not None:
                yield Hit(*match.span(), char)
    else:
        letters = [match for match in _LATIN.finditer(text) if not _in_address(text, match.start(), "=")]
        if len(letters) + len(_SOFT_END.findall(text)) < 2 or not letters:
            return
        for match in _LATIN_BYTE.finditer(text):
            if not _in_address(text, match.start(), "="):
                yield Hit(*match.span(), chr(int(match[0][1:], 16)))
    for match in _SOFT_END.finditer(text):
        yield Hit(*match.span(), "")


def _decoded(numbers: str) -> str | None:
    """The characters of UTF-8 that hexadecimal digits spell, unless control characters are among them."""
    try:
        char = bytes.fromhex(numbers).decode("utf-8")
    except ValueError:
        return None
    return None if _CONTROL.search(char) else char


# --- addresses --------------------------------------------------------------------------------------------------------

_BYTE_PAIR = re.compile(r"%[C-E][0-9A-F]%[89AB][0-9A-F]", re.IGNORECASE)
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_PERCENT_U = re.compile(r"%u([02][0-9A-Fa-f]{3})")
_ADDRESS = re.compile(r"[/=&?@_+#:]|\.\w{2,4}\b")
_LONGEST = 200


def _percent(text: str) -> Iterator[Hit]:
    """Escapes of addresses inside a word that is none."""
    for match in _PERCENT_U.finditer(text) if "%u" in text else ():
        if not _in_address(text, match.start()) and not _CONTROL.search(chr(int(match[1], 16))):
            yield Hit(*match.span(), chr(int(match[1], 16)))
    done = 0
    for pair in _BYTE_PAIR.finditer(text) if "%" in text else ():
        if pair.start() < done:
            continue
        start, done = _word_at(text, pair.start())
        if not _in_address(text, pair.start()):
            for match in _PERCENT.finditer(text, start, done):
                char = _decoded(match[0].replace("%", ""))
                if char is not None:
                    yield Hit(*match.span(), char)


def _word_at(text: str, at: int) -> tuple[int, int]:
    """What stands around between spaces, at most `_LONGEST` characters to each side."""
    first, last = max(0, at - _LONGEST), at + _LONGEST
    start = max(text.rfind(" ", first, at), text.rfind("\n", first, at), first - 1) + 1
    ends = [end for end in (text.find(" ", at, last), text.find("\n", at, last)) if end >= 0]
    return start, min([*ends, last, len(text)])


def _in_address(text: str, at: int, but: str = "") -> bool:
    """Does the word look like an address, or a part of one? Signs in `but` say nothing."""
    start, end = _word_at(text, at)
    return any(match[0] not in but for match in _ADDRESS.finditer(text, start, end))


# --- spreadsheets, and JSON without its backslash ---------------------------------------------------------------------

_SHEET = re.compile(r"_x00(0[9AD]|[2-7][0-9A-F])_")


def _of_sheets(text: str) -> Iterator[Hit]:
    """Characters as spreadsheets escape them; a carriage return is a line end, or nothing before one."""
    for match in _SHEET.finditer(text) if "_x00" in text else ():
        char = chr(int(match[1], 16))
        if char == "\r":
            char = "" if text.startswith(("\n", "\r\n", "_x000A_"), match.end()) else "\n"
        yield Hit(*match.span(), char)


_BARE = re.compile(
    r"(?<=[A-Za-z])u2019(?=(?:s|t|re|ve|ll|d|m)\b)|(?<=\b[ldjcnsmtLDJCNSMT])u2019(?=[aeiouhéè]\w)"
    r"|(?<!\w)u201[8cC](?=[A-Z]?[a-z])|(?<=[\w.,!?])u201[dD](?!\w)|(?<=\s)u201[34](?=\s)"
    r"|(?<=[a-z]{2})u00[efEF][0-9a-fA-F](?=[a-z]|\b)"
)
_BARE_TAG = re.compile(r"(u003[cC]) ?/? ?[A-Za-z][A-Za-z0-9]{0,9} ?/? ?(u003[eE])")


def _bare(text: str) -> Iterator[Hit]:
    """`\\u2019` without the backslash, where nothing but the character makes sense."""
    for match in _BARE.finditer(text) if "u20" in text or "u00" in text else ():
        yield Hit(*match.span(), chr(int(match[0][1:], 16)))
    for match in _BARE_TAG.finditer(text) if "u003" in text else ():
        yield Hit(*match.span(1), "<")
        yield Hit(*match.span(2), ">")

"""Bytes to text: which charset a document is in, how sure that is, and what could not be read.

The bytes decide, declarations only help: a byte order mark, then UTF-8 wherever the bytes are UTF-8 (no other charset
looks like it by accident), then the declared charset unless the bytes contradict it, then detection. One bad byte does
not cost its neighbours: it alone is read as Windows-1252 (amid UTF-8) or replaced by U+FFFD, and counted.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from pipeline.sources.labels import codec_of, declared_in


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text read from bytes.

    `charset` is Python's name of the codec that reads it. `how` it was found: "bom", "utf-8", "declared", "detected" or
    "repaired" (UTF-8 with bytes of another charset in it). `certainty` in 0..1. `replaced` counts the characters
    U+FFFD that stand for bytes which mean nothing.
    """

    text: str
    charset: str
    how: str
    certainty: float
    replaced: int = 0


_BOMS = (  # longest first: the mark of UTF-32-LE begins with that of UTF-16-LE
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MULTIBYTE = frozenset({"gb18030", "big5hkscs", "euc_jp", "cp932", "cp949", "johab"})
_ESCAPED = frozenset({"iso2022_jp_2", "iso2022_kr", "hz"})  # pure ASCII bytes that are not ASCII text
_WIDE = frozenset({"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"})

# Bytes that could not be decoded, as `surrogateescape` hands them over.
_BAD = re.compile("[\udc80-\udcff]+")


def decode(content: bytes, declared: str | None = None) -> Decoded:
    r"""The text of `content`; `declared` is a charset named outside of it, as in an HTTP header.

    >>> decode(b"caf\xc3\xa9", "latin-1")
    Decoded(text='café', charset='utf-8', how='utf-8', certainty=1.0, replaced=0)
    >>> decode(b"caf\xc3\xa9 \x93d\xe9j\xe0 vu\x94 \xe2\x80\xa6").text
    'café “déjà vu” …'
    """
    if content.isascii() and not (b"\x1b" in content or b"\0" in content or b"~{" in content):
        return Decoded(content.decode("ascii"), "utf-8", "utf-8", 1.0)
    for mark, codec in _BOMS:
        if content.startswith(mark):
            return _after_bom(content[len(mark) :], codec)
    label = codec_of(declared) or codec_of(declared_in(content))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return _repaired(content) or _declared(content, label) or _detected(content)
    return _seemingly_utf8(content, text, label)


def _after_bom(content: bytes, codec: str) -> Decoded:
    if codec == "utf-8":
        text, replaced = _mixed(content.decode("utf-8", "surrogateescape"))
    else:
        text = content.decode(codec, "replace")
        replaced = text.count("\ufffd") - _count_wide(content, codec)
    return Decoded(text, codec, "bom", 1.0, replaced)


def _count_wide(content: bytes, codec: str) -> int:
    """How many U+FFFD the bytes themselves spell, which nobody replaced."""
    return content.count("\ufffd".encode(codec))


def _seemingly_utf8(content: bytes, text: str, label: str | None) -> Decoded:
    """Valid UTF-8, which may still be UTF-16 full of NULs, an escaped charset, or a few characters of Chinese."""
    if content.isascii():
        if label in _ESCAPED:
            return _strict(content, label, "declared", 1.0) or Decoded(text, "utf-8", "utf-8", 0.5)
        if b"\x1b" in content or b"\0" in content:
            return _detected(content)
        return Decoded(text, "utf-8", "utf-8", 1.0)
    if b"\0" in content and (found := _detected(content)).charset in _WIDE:
        return found
    if label in _MULTIBYTE and _by_accident(text):
        return _strict(content, label, "declared", 0.8) or Decoded(text, "utf-8", "utf-8", 0.8)
    return Decoded(text, "utf-8", "utf-8", 1.0)


def _by_accident(text: str) -> bool:
    """Few characters, all of two bytes: GBK, Big5 or EUC-KR can look like that, one pair in six or so."""
    letters = [c for c in text if c > "\x7f"]
    return len(letters) <= 6 and all(c < "\u0800" for c in letters)


def _strict(content: bytes, codec: str, how: str, certainty: float) -> Decoded | None:
    try:
        return Decoded(content.decode(codec).removeprefix("\ufeff"), codec, how, certainty)
    except (UnicodeDecodeError, LookupError):
        return None


# --- UTF-8 with other bytes in it ---------------------------------------------------------------------------------


def _repaired(content: bytes) -> Decoded | None:
    """Mostly UTF-8: the stray bytes alone are read otherwise. None when most bytes above 127 are no UTF-8."""
    text = content.decode("utf-8", "surrogateescape")
    stray = sum(len(run) - 6 * len(_CESU.findall(_bytes(run))) for run in _BAD.findall(text))
    well_formed = len(content.translate(None, _ASCII)) - stray
    if well_formed < stray:
        return None
    text, replaced = _mixed(text)
    return Decoded(text, "utf-8", "repaired", well_formed / (well_formed + stray), replaced)


_ASCII = bytes(range(128))
# Surrogate pairs written as two times three bytes (CESU-8), a NUL as C0 80, a character that lost its last bytes.
_CESU = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_CUT = re.compile(rb"[\xe0-\xef][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{1,2}")
_PIECE = re.compile(_CESU.pattern + rb"|\xc0\x80|" + _CUT.pattern + rb"|.", re.DOTALL)


def _bytes(run: str) -> bytes:
    return run.encode("ascii", "surrogateescape")


def _mixed(text: str) -> tuple[str, int]:
    """Read the bytes that UTF-8 left over, and count the replacement characters written."""
    replaced = 0

    def mend(match: re.Match[str]) -> str:
        nonlocal replaced
        pieces = [_stray(piece[0]) for piece in _PIECE.finditer(_bytes(match[0]))]
        replaced += pieces.count("\ufffd")
        return "".join(pieces)

    return _BAD.sub(mend, text), replaced


def _stray(piece: bytes) -> str:
    if len(piece) == 6:
        return piece.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
    if piece == b"\xc0\x80":
        return "\0"
    if len(piece) > 1:
        return "\ufffd"
    return _windows_1252(piece)


def _windows_1252(content: bytes) -> str:
    """Windows-1252 as browsers read it: its five undefined bytes are C1 controls, so that no byte is lost."""
    return _BAD.sub(lambda m: "".join(chr(ord(c) - 0xDC00) for c in m[0]), content.decode("cp1252", "surrogateescape"))


# --- Other charsets ---------------------------------------------------------------------------------------------


def _declared(content: bytes, codec: str | None) -> Decoded | None:
    """The text in its declared charset, unless the bytes contradict it."""
    if codec is None or codec == "utf-8" or codec in _WIDE:
        return None
    return _strict(content, codec, "declared", 0.95)


# What chardet names after rarer supersets; the plain codec comes first when it reads the bytes as well.
_PLAINER = {"euc_jis_2004": "euc_jp", "shift_jis_2004": "cp932", "iso2022_jp_ext": "iso2022_jp_2", "euc_kr": "cp949"}


def _detected(content: bytes) -> Decoded:
    """The charset that the bytes look most like."""
    import chardet  # a tenth of a second to import, and most documents are UTF-8

    guess = chardet.detect(content, compat_names=False)
    named = guess["encoding"] or "cp1252"
    certainty = min(float(guess["confidence"]), 0.99)
    for codec in (_PLAINER.get(named, named), codec_of(named), named):
        if codec and (found := _strict(content, codec, "detected", certainty)):
            return found
    if named == "cp1252":
        return Decoded(_windows_1252(content), named, "detected", certainty)
    text = content.decode(named, "replace")
    return Decoded(text, named, "detected", certainty, text.count("\ufffd"))

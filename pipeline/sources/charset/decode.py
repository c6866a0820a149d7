"""Bytes to text: which charset a document is in, how sure that is, and what could not be read.

The bytes decide, declarations only help: a byte order mark, then UTF-8 wherever the bytes are UTF-8 (no other charset
looks like it by accident), then the declared charset unless the bytes contradict it, then detection. One bad byte does
not cost its neighbours: it alone is read as Windows-1252 (amid UTF-8) or replaced by U+FFFD, and counted.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from pipeline.sources.charset.labels import codec_of, declared_in


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


WIDE_BOMS = (  # longest first: the mark of UTF-32-LE begins with that of UTF-16-LE
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), *WIDE_BOMS)
_MULTIBYTE = frozenset({"gb18030", "big5hkscs", "euc_jp", "cp932", "cp949", "johab"})
_ESCAPED = frozenset({"iso2022_jp_2", "iso2022_kr", "hz"})  # pure ASCII bytes that are not ASCII text
_WIDE = frozenset(codec for _, codec in WIDE_BOMS)

# Bytes that could not be decoded, as `surrogateescape` hands them over.
_BAD = re.compile("[\udc80-\udcff]+")


def decode(content: bytes, declared: str | None = None) -> Decoded:
    r"""The text of `content`; `declared` is a charset named outside of it, as in an HTTP header.

    >>> decode(b"caf\xc3\xa9", "latin-1")
    Decoded(text='café', charset='utf-8', how='utf-8', certainty=1.0, replaced=0)
    >>> decode(b"caf\xc3\xa9 \x93d\xe9j\xe0 vu\x94 \xe2\x80\xa6").text
    'café “déjà vu” …'
    """
    if content.isascii() and not (b"\x1b" in content or b"\0" in content or (b"~" in content and b"~{" in content)):
        return Decoded(content.decode("ascii"), "utf-8", "utf-8", 1.0)
    for mark, codec in _BOMS:
        if content.startswith(mark):
            return _after_bom(content[len(mark) :], codec)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        if b"\0" in content and (found := _detected(content)).charset in _WIDE:
            return found
        label = codec_of(declared) or codec_of(declared_in(content))
        return _repaired(content, label) or _declared(content, label) or _detected(content)
    return _seemingly_utf8(content, text, declared)


def _after_bom(content: bytes, codec: str) -> Decoded:
    if codec == "utf-8":
        text, replaced = _mixed(content.decode("utf-8", "surrogateescape"))
    else:
        text = content.decode(codec, "replace")
        replaced = text.count("\ufffd") - _count_wide(content, codec)
    return Decoded(text, codec, "bom", 1.0, replaced)


def _count_wide(content: bytes, codec: str) -> int:
    """How many U+FFFD the bytes themselves spell, which nobody replaced."""
    return content.decode(codec, "ignore").count("\ufffd")


def _seemingly_utf8(content: bytes, text: str, declared: str | None) -> Decoded:
    """Valid UTF-8, which may still be UTF-16 full of NULs, an escaped charset, or a few characters of Chinese."""
    ascii_only = content.isascii()
    few = len(content) - len(text) <= _BY_ACCIDENT  # each takes a byte more than it counts characters
    unsure = ascii_only or (few and _by_accident(text))
    label = codec_of(declared) or codec_of(declared_in(content)) if unsure else None
    if ascii_only:
        if label in _ESCAPED:
            return _strict(content, label, "declared", 1.0) or Decoded(text, "utf-8", "utf-8", 0.5)
        if b"\x1b" in content or b"\0" in content:
            return _detected(content)
        return Decoded(text, "utf-8", "utf-8", 1.0)
    if b"\0" in content and (found := _detected(content)).charset in _WIDE:
        return found
    if label in _MULTIBYTE:
        return _strict(content, label, "declared", 0.8) or Decoded(text, "utf-8", "utf-8", 0.8)
    return Decoded(text, "utf-8", "utf-8", 1.0)


_BY_ACCIDENT = 6  # characters


def _by_accident(text: str) -> bool:
    """Few characters, all of two bytes: GBK, Big5 or EUC-KR can look like that, one pair in six or so."""
    return bool(re.fullmatch(f"(?:[\x00-\x7f]*[\x80-\u07ff]){{1,{_BY_ACCIDENT}}}[\x00-\x7f]*", text))


def _strict(content: bytes, codec: str, how: str, certainty: float) -> Decoded | None:
    try:
        return Decoded(content.decode(codec).removeprefix("\ufeff"), codec, how, certainty)
    except (UnicodeDecodeError, LookupError):
        return None


# --- UTF-8 with other bytes in it ---------------------------------------------------------------------------------


# Short texts in EUC-KR or GBK pass for UTF-8 in half of their bytes, but not in two thirds.
_PREVAIL = 2
# In Latin script one character is enough: in Windows-1252 its bytes would be two signs that never meet, as in "Ã©".
_NOT_LATIN = re.compile("[^\x00-\u017f\u2010-\u203a\u20ac\udc80-\udcff]")


def _latin(text: str) -> bool:
    return not _NOT_LATIN.search(text) and bool(re.search("[\x80-\u20ac]", text))


def _repaired(content: bytes, label: str | None) -> Decoded | None:
    """Mostly UTF-8: the stray bytes alone are read otherwise. None when the bytes are rather another charset."""
    text = content.decode("utf-8", "surrogateescape")
    runs = [len(run) - 6 * len(_CESU.findall(_bytes(run))) for run in _BAD.findall(text)]
    stray = sum(runs)
    well_formed = len(content.translate(None, _ASCII)) - stray
    if label in _MULTIBYTE and well_formed < 3 * stray and _strict(content, label, "declared", 0.9):
        return None
    if well_formed < _PREVAIL * stray and (max(runs) > 2 or not _latin(text)):
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


# What follows a letter in Windows-1252: "é”" has the bytes of a cut Chinese character, and is none.
_CLOSING = "’”–—…›»\xa0"


def _stray(piece: bytes) -> str:
    if len(piece) == 6:
        return piece.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
    if piece == b"\xc0\x80":
        return "\0"
    text = _windows_1252(piece)
    return "\ufffd" if len(piece) > 1 and text[1] not in _CLOSING else text


def _windows_1252(content: bytes) -> str:
    """Windows-1252 as browsers read it: its five undefined bytes are C1 controls, so that no byte is lost."""
    return _BAD.sub(lambda m: "".join(chr(ord(c) - 0xDC00) for c in m[0]), content.decode("cp1252", "surrogateescape"))


# --- Other charsets ---------------------------------------------------------------------------------------------

# One character in fifty that cannot be read is damage; more is another charset.
_DAMAGE = 0.02
# What news is written in. chardet knows eighty more (DOS, Mac, EBCDIC), and short texts look like one of them.
_USUAL = (
    "ascii utf-8 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be big5hkscs gb18030 hz euc_jis_2004 "
    "shift_jis_2004 cp932 iso2022_jp_2 iso2022_jp_ext iso2022_jp_2004 iso2022_kr cp949 euc_kr johab cp1250 cp1251 "
    "cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp874 tis-620 iso8859-1 iso8859-2 iso8859-5 iso8859-6 "
    "iso8859-7 iso8859-8 iso8859-9 iso8859-13 cp855 cp866 koi8-r koi8-u mac-cyrillic"
)
# What chardet names after rare supersets; the codec in use comes first when it reads the bytes as well.
_IN_USE = {"euc_jis_2004": "euc_jp", "shift_jis_2004": "cp932"}
# Charsets in which some bytes mean nothing, so that one bad byte rules them out.
_HOLED = "gb18030 big5hkscs euc_jp cp932 cp949 johab cp1253 iso8859-7 cp1255 cp874 cp1257 iso8859-6"


def _declared(content: bytes, codec: str | None) -> Decoded | None:
    """The text in its declared charset, unless the bytes contradict it."""
    if codec is None or codec == "utf-8" or codec in _WIDE:
        return None
    if codec == "cp1252" and _no_latin(content):
        return None
    return _strict(content, codec, "declared", 0.95) or _damaged(content, codec, "declared", 0.9)


def _no_latin(content: bytes) -> bool:
    """Latin-1 is what servers declare when nobody told them: Latin script has few letters above 127, others have most.

    Vietnamese and Czech, the richest in accents, have one in four.
    """
    letters = len(content.translate(None, _NO_LETTERS))
    return letters > 20 and len(content.translate(None, _ASCII)) > 0.5 * letters


_NO_LETTERS = bytes(b for b in range(128) if not chr(b).isalpha())


def _damaged(content: bytes, codec: str, how: str, certainty: float) -> Decoded | None:
    """The text in a charset that cannot read a few of the bytes: each is one U+FFFD (a C1 control below A0)."""
    try:
        text = content.decode(codec, "surrogateescape")
    except (UnicodeDecodeError, LookupError):
        return None
    bad = sum(map(len, _BAD.findall(text)))
    beyond = len(content.translate(None, _ASCII))
    if bad > max(1, _DAMAGE * beyond):
        return None
    single = codec not in _MULTIBYTE and codec not in _ESCAPED
    text = _BAD.sub(
        lambda m: "".join(chr(ord(c) - 0xDC00) if single and c < "\udca0" else "\ufffd" for c in m[0]), text
    )
    return Decoded(text, codec, how, certainty * (1 - bad / max(beyond, 1)), text.count("\ufffd"))


def _detected(content: bytes) -> Decoded:
    """The charset that the bytes look most like."""
    codec, certainty = _guess(content)
    if certainty < 0.9 and codec not in _MULTIBYTE:
        for holed in _HOLED.split():
            sound = _without_bad_bytes(content, holed)
            if sound is not None:
                guess, sure = _guess(sound)
                if guess == holed and sure > certainty:
                    codec, certainty = guess, sure
    found = _strict(content, codec, "detected", certainty) or _damaged(content, codec, "detected", certainty)
    if found:
        return found
    if codec == "cp1252":
        return Decoded(_windows_1252(content), codec, "detected", certainty / 2)
    text = content.decode(codec, "replace")
    return Decoded(text, codec, "detected", certainty / 2, text.count("\ufffd"))


def _without_bad_bytes(content: bytes, codec: str) -> bytes | None:
    """The bytes that `codec` can read, if they are nearly all and not all."""
    text = content[:_LOOKED_AT].decode(codec, "surrogateescape")
    sound, bad = _BAD.subn("", text)
    if not bad or bad > max(1, _DAMAGE * len(content[:_LOOKED_AT].translate(None, _ASCII))):
        return None
    return sound.encode(codec)


_LOOKED_AT = 200_000  # bytes; chardet looks at no more


def _guess(content: bytes) -> tuple[str, float]:
    """Python's codec that the bytes look most like, and how sure that is; they read well in it."""
    import chardet  # takes 30 ms, and most documents are UTF-8

    guess = chardet.detect(content, compat_names=False, include_encodings=_USUAL.split())
    named = guess["encoding"] or "cp1252"
    certainty = min(float(guess["confidence"]), 0.99)
    for codec in (_IN_USE.get(named), codec_of(named)):
        if codec and _strict(content, codec, "detected", certainty):
            return codec, certainty
    return "cp1252" if named == "iso8859-1" else named, certainty

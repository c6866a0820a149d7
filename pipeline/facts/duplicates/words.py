"""Words and shingles of a whole batch of texts at once, for comparison only: no text is changed.

Copies of one article differ in case, punctuation, quotes and accents (one scraper kept them, another lost them), so a
word is a run of ASCII letters and digits, or of letters of a script other than Latin; everything else separates
words, and that includes Latin letters with accents: then `été` and its mojibake `Ã©tÃ©` are the same word `t`, and so
is `caf?` the same as `café`. Traditional Chinese characters count as their simplified forms. In scripts without
spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) a character is a word and a shingle takes more of them.

All of it runs over the flat UTF-8 buffer of an Arrow array: a loop over words in Python alone would cost 0.25 ms for a
document of 1.5 kB, four times as much as everything here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bytes = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

# Odd multipliers with well mixed bits (the golden ratio and the finalizer of MurmurHash3).
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)

BLOCK = 1 << 20  # bytes whose hashes are made at a time: each takes some fifty bytes of memory

_SEPARATOR, _LETTER, _SPACELESS = np.uint8(0), np.uint8(1), np.uint8(2)


class Words(NamedTuple):
    """The words of a batch. Document `d` holds words `offsets[d]` to `offsets[d + 1]`."""

    folded: Bytes  # the text, lower case
    kinds: Bytes  # of each byte: separator, letter, or part of a character that is a word by itself
    starts: Ints  # of each word, in bytes of `folded`
    ends: Ints
    hashes: Hashes
    spaceless: npt.NDArray[np.bool_]
    offsets: Ints
    bytes: Ints  # where each document starts in `folded`, and where the last one ends


def mix(hashes: Hashes) -> Hashes:
    """Spread the differences of 64-bit numbers over all their bits (bijective)."""
    hashes = hashes ^ (hashes >> _SHIFT)
    hashes *= _MIX_1
    hashes ^= hashes >> _SHIFT
    hashes *= _MIX_2
    hashes ^= hashes >> _SHIFT
    return hashes


def _classes() -> Bytes:
    """What a byte means that starts a character."""
    classes = np.zeros(256, np.uint8)
    for letter in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789":
        classes[letter] = _LETTER
    classes[0xCE:0xF0] = _LETTER  # Greek and all after it
    classes[0xE2] = _SEPARATOR  # punctuation and symbols
    classes[0xE4:0xEA] = _SPACELESS  # Chinese characters
    return classes


def _exceptions() -> Bytes:
    """The same for characters of three bytes, by the low four bits of the first byte and the second byte."""
    table = np.repeat(_classes()[0xE0:0xF0], 64).reshape(16, 64)
    table[0x0, 0x38:0x3C] = _SPACELESS  # Thai, Lao
    table[0x1, 0x00:0x03] = _SPACELESS  # Burmese
    table[0x1, 0x1E:0x20] = _SPACELESS  # Khmer
    table[0x1, 0x38:0x3C] = _SEPARATOR  # Latin letters with accents of Vietnamese
    table[0x3, 0x00] = _SEPARATOR  # CJK punctuation
    table[0x3, 0x01:0x04] = _SPACELESS  # kana
    table[0x3, 0x10:0x40] = _SPACELESS  # rare Chinese characters
    table[0xF, 0x24:0x2C] = _SPACELESS  # compatibility forms of Chinese characters
    table[0xF, 0x38:0x3A] = _SEPARATOR  # variation selectors
    table[0xF, 0x3B:0x3E] = _SEPARATOR  # byte order mark, full-width forms
    table[0xF, 0x3F] = _SEPARATOR  # U+FFFD
    return table


def _lower_pairs() -> npt.NDArray[np.uint16]:
    """Code point to its lower-case form, for the two-byte characters from Greek on."""
    table = np.arange(0x800, dtype=np.uint16)
    for code in range(0x370, 0x800):
        lower = chr(code).casefold()
        if len(lower) == 1 and 0x80 <= ord(lower) < 0x800:
            table[code] = ord(lower)
    return table


CLASSES = _classes()
EXCEPTIONS = _exceptions()
LOWER_PAIRS = _lower_pairs()
_LOWER = np.arange(256, dtype=np.uint8)
_LOWER[ord("A") : ord("Z") + 1] += 32
VALUES = mix(np.arange(1, 257, dtype=np.uint64) * _STEP)  # a random number for each byte
POWERS = np.cumprod(np.full(64, _STEP))  # a multiplier for each place in a word; they repeat after 64


def flat(texts: pa.Array) -> tuple[Bytes, Ints]:
    """The UTF-8 bytes of all texts, letters composed (NFC), and where each starts; a null is an empty text."""
    texts = texts.fill_null("").cast(pa.large_string()) if texts.null_count else texts.cast(pa.large_string())
    content, bounds = _buffer(texts)
    decomposed = _may_be_decomposed(content, bounds)
    if not decomposed.any():
        return content, bounds
    composed = pc.utf8_normalize(texts.filter(pa.array(decomposed)), "NFC")
    return _buffer(pc.replace_with_mask(texts, pa.array(decomposed), composed))


def _may_be_decomposed(content: Bytes, bounds: Ints) -> npt.NDArray[np.bool_]:
    """Which of the texts hold the first byte of a combining mark, or of what Hangul is decomposed into."""
    found = (content & 0xFE) == 0xCC
    if (content == 0xE1).any():
        found[:-1] |= (content[:-1] == 0xE1) & (content[1:] >> 2 == 0x84 >> 2)
    marked = np.zeros(len(bounds) - 1, np.bool_)
    marked[np.searchsorted(bounds, np.flatnonzero(found), side="right") - 1] = True
    return marked


def _buffer(texts: pa.Array) -> tuple[Bytes, Ints]:
    if not len(texts):
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = texts.buffers()[2]
    content = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
    return content[offsets[0] : offsets[-1]], offsets - offsets[0]


def _fold(content: Bytes) -> tuple[Bytes, Bytes]:
    """The text in lower case, byte for byte in its place, and the kind of each byte."""
    folded = _LOWER[content]
    kinds = CLASSES[folded]
    if not (content >= 0x80).any():
        return folded, kinds
    kinds[(content >= 0x80) & (content < 0xC0)] = _SEPARATOR  # continuations take their kind from the first byte
    two = np.flatnonzero((content >= 0xCD) & (content < 0xE0))
    two = two[two + 1 < len(content)]
    code = LOWER_PAIRS[((content[two] & 0x1F).astype(np.uint16) << 6) | (content[two + 1] & 0x3F)]
    folded[two] = 0xC0 | (code >> 6)
    folded[two + 1] = 0x80 | (code & 0x3F)
    kinds[two] = kinds[two + 1] = CLASSES[folded[two]]
    three = np.flatnonzero((content >= 0xE0) & (content < 0xF0))
    three = three[three + 2 < len(content)]
    kind = EXCEPTIONS[content[three] & 0x0F, content[three + 1] & 0x3F]
    kinds[three] = kinds[three + 1] = kinds[three + 2] = kind
    _simplify(folded, three[kind == _SPACELESS])
    return folded, kinds


def _simplify(folded: Bytes, at: Ints) -> None:
    """Write the simplified form of the Chinese characters that start there, byte for byte in their place."""
    if not len(at):
        return
    first, second, third = (folded[at + place].astype(np.uint16) for place in range(3))
    code = simplified()[((first & 0x0F) << 12) | ((second & 0x3F) << 6) | (third & 0x3F)]
    folded[at], folded[at + 1], folded[at + 2] = 0xE0 | (code >> 12), 0x80 | ((code >> 6) & 0x3F), 0x80 | (code & 0x3F)


@cache
def simplified() -> npt.NDArray[np.uint16]:
    """Code point to its simplified form: the 2,853 characters that have one, by OpenCC 1.4 (Apache-2.0)."""
    table = np.arange(0x10000, dtype=np.uint16)
    for pair in Path(__file__).with_name("traditional.txt").read_text(encoding="utf-8").split():
        table[ord(pair[0])] = ord(pair[1])
    return table


def words(texts: pa.Array) -> Words:
    """All words of all texts."""
    content, bounds = flat(texts)
    size = len(content)
    folded, kinds = _fold(content)
    inside = kinds != _SEPARATOR
    if not inside.any():
        none, offsets = np.zeros(0, np.int64), np.zeros(len(bounds), np.int64)
        return Words(folded, kinds, none, none, none.view(np.uint64), none.astype(bool), offsets, bounds)
    begins = inside.copy()
    begins[1:] &= kinds[1:] != kinds[:-1]
    edges = bounds[:-1][bounds[:-1] < size]
    begins[edges] = inside[edges]
    if (kinds == _SPACELESS).any():
        begins |= (kinds == _SPACELESS) & (content >= 0xC0)
    starts = np.flatnonzero(begins)
    hashes, sizes = np.zeros(len(starts), np.uint64), np.zeros(len(starts), np.int64)
    for first in range(int(starts[0]), size, BLOCK):
        _add_block(slice(first, first + BLOCK), folded, inside, starts, hashes, sizes)
    hashes, ends = mix(hashes), starts + sizes
    return Words(
        folded, kinds, starts, ends, hashes, kinds[starts] == _SPACELESS, np.searchsorted(starts, bounds), bounds
    )


def _add_block(
    block: slice, folded: Bytes, inside: npt.NDArray[np.bool_], starts: Ints, hashes: Hashes, sizes: Ints
) -> None:
    """Add what the bytes of a block give to the hashes and sizes of the words they belong to."""
    first = int(np.searchsorted(starts, block.start, side="right")) - 1  # the word that the block begins in
    last = int(np.searchsorted(starts, block.stop, side="left"))
    begins = np.maximum(starts[first:last], block.start) - block.start
    there = inside[block]
    place = np.arange(block.start, block.start + len(there)) - np.repeat(
        starts[first:last], np.diff(begins, append=len(there))
    )
    hashes[first:last] += np.add.reduceat(VALUES[folded[block]] * POWERS[place & 63] * there, begins)
    sizes[first:last] += np.add.reduceat(there, begins, dtype=np.int64)


def shingles(words: Words, spaced: int, spaceless: int) -> tuple[Hashes, Ints, Ints]:
    """A hash of each run of `spaced` words, or of `spaceless` characters where the script has no spaces.

    Also: the word at which each run starts, and how many runs each document has before it (as `Words.offsets`).
    """
    count, widest = len(words.hashes), max(spaced, spaceless)
    padded = np.concatenate([words.hashes, np.zeros(widest, np.uint64)])
    runs = {}
    for width in {spaced, spaceless}:
        run = padded[:count].copy()
        for place in range(1, width):
            run *= _STEP
            run += padded[place : place + count]
        runs[width] = run
    hashes = np.where(words.spaceless, runs[spaceless], runs[spaced])
    widths = np.where(words.spaceless, spaceless, spaced)
    last = np.repeat(words.offsets[1:], np.diff(words.offsets))
    at = np.flatnonzero(np.arange(count) + widths <= last)
    return mix(hashes[at]), at, np.searchsorted(at, words.offsets)

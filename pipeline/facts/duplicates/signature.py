"""The signature of each document of a batch: what is needed to find its copies without looking at its text again.

* `exact_high`, `exact_low`: a 128-bit hash of its letters, digits and characters beyond ASCII, case folded. Copies that
  differ in spaces and ASCII punctuation have the same.
* `bands`: MinHash of the 3-word shingles, 16 bands of 4 rows. All of 119 pairs of real copies share a band (with 12
  bands 99.2 %), random texts next to never.
* `anchors`: hashes of 7-word shingles chosen by their hash alone (the least within 5 words either side), so that a text
  and a longer one that contains it choose the same: one in 12 words. Of passages of 22 to 30 words cut from articles
  99 % share one with the article, of longer ones all; reaching 8 words either side it is 90 %.
* `rank`: the keep-policy's key, the least for the best copy; `length_rank`: the same with the longest text first.
* `words`: the folded words, by which candidates are compared in the end.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.words import Hashes, Ints, Words, flat, mix, shingles, words

VERSION = 2  # of all of the above: signatures of different versions are never compared

SHINGLE, SHINGLE_SPACELESS = 3, 5
ANCHOR, ANCHOR_SPACELESS = 7, 16
ANCHOR_REACH = 5
BANDS, ROWS = 16, 4
CHUNK = 1 << 17  # bytes of text worked on at a time: what fits into the processor's cache takes a third of the time

_GENERATOR = np.random.default_rng(20)
_MULTIPLIERS = _GENERATOR.integers(0, 1 << 32, BANDS * ROWS, dtype=np.uint32) | np.uint32(1)
_ADDENDS = _GENERATOR.integers(0, 1 << 32, BANDS * ROWS, dtype=np.uint32)
_BAND_SALTS = _GENERATOR.integers(0, 1 << 63, BANDS, dtype=np.uint64)

FIELDS = pa.schema(  # what the policy asks of a document; those that a batch has not are null
    [
        ("id", pa.string()),
        ("site", pa.string()),
        ("published", pa.string()),
        ("translation_score", pa.float64()),
        ("repairs", pa.int32()),
        ("damage", pa.int32()),
    ]
)
SCHEMA = pa.schema(
    [
        ("doc", pa.int64()),
        *FIELDS,
        ("letters", pa.int32()),
        ("rank", pa.string()),
        ("length_rank", pa.string()),
        ("exact_high", pa.int64()),
        ("exact_low", pa.int64()),
        ("bands", pa.list_(pa.int64())),
        ("anchors", pa.list_(pa.int64())),
        ("words", pa.large_string()),
        ("version", pa.int32()),
    ]
)


def signatures(batch: pa.RecordBatch, policy: Policy = Policy()) -> pa.RecordBatch:  # noqa: B008 - it is frozen
    """One row for each document of `batch` in which there is anything to compare.

    `batch` has the columns `id` and `text`, and for the policy may have `site`, `published` (ISO 8601 or a timestamp),
    `translation_score`, `repairs` and `damage`; without the last one, lost letters that can be seen are counted.
    """
    texts = batch.column("text")
    pieces = [_sign(batch.slice(first, count), policy) for first, count in _chunks(texts)]
    rows = pa.Table.from_batches(pieces, SCHEMA).combine_chunks().to_batches()
    return rows[0] if rows else pa.RecordBatch.from_pylist([], SCHEMA)


def _chunks(texts: pa.Array) -> list[tuple[int, int]]:
    """Consecutive documents, first and count, of about `CHUNK` bytes together."""
    bounds = flat(texts)[1]
    cuts = [0]
    while cuts[-1] < len(texts):
        after = int(np.searchsorted(bounds, bounds[cuts[-1]] + CHUNK, side="right")) - 1
        cuts.append(min(max(after, cuts[-1] + 1), len(texts)))
    return [(first, last - first) for first, last in itertools.pairwise(cuts)]


def _sign(batch: pa.RecordBatch, policy: Policy) -> pa.RecordBatch:
    found = words(batch.column("text"))
    runs, _, offsets = shingles(found, SHINGLE, SHINGLE_SPACELESS)
    counts = np.diff(found.offsets)
    enough = counts >= policy.min_words
    high, low, anything = _exact(batch.column("text"))
    if "damage" not in batch.schema.names:
        batch = batch.append_column("damage", pc.count_substring_regex(batch.column("text"), _LOST_LETTER))
    fields = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(len(batch), field.type)
        for field in FIELDS
    ]
    letters = _within(found.kinds > 0, found.bytes)  # of the words: mojibake must not look like a longer text
    known = pa.RecordBatch.from_arrays([*fields, pa.array(letters, pa.int32())], schema=FIELDS.append(_LETTERS))
    ranks = [policy.rank(row) for row in known.to_pylist()]
    sizes = np.diff(offsets).tolist()
    signed = pa.RecordBatch.from_arrays(
        [
            pa.array(document_numbers(batch.column("id").to_pylist())),
            *known.columns,
            pa.array(ranks, pa.string()),
            pa.array(
                [f"{999_999_999 - size:09d}/{rank}" for size, rank in zip(sizes, ranks, strict=True)], pa.string()
            ),
            pa.array(high),
            pa.array(low),
            _lists(*_bands(runs, offsets, enough)),
            _lists(*_anchors(found, enough)),
            _folded(found),
            pa.array(np.full(len(batch), VERSION), pa.int32()),
        ],
        schema=SCHEMA,
    )
    return signed.filter(pa.array(anything))


_LOST_LETTER = r"\x{fffd}|\p{Ll}\?\p{Ll}"
_LETTERS = pa.field("letters", pa.int32())


def document_numbers(ids: list[str]) -> Ints:
    """A 64-bit number for each id: joins on integers take a quarter of the time and memory of joins on texts."""
    return np.array([xxhash.xxh3_64_intdigest(name.encode()) for name in ids], np.uint64).view(np.int64)


def _exact(texts: pa.Array) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """Hash (in two halves) of the letters of each text, and whether it has any."""
    content, bounds = flat(texts)
    kept = _EXACT[content]
    inside = kept > 0
    squeezed = kept[inside].tobytes()
    sizes = _within(inside, bounds)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    digests = [xxhash.xxh3_128_digest(squeezed[start:end]) for start, end in itertools.pairwise(ends)]
    halves = np.frombuffer(b"".join(digests), ">i8").astype(np.int64).reshape(-1, 2)
    return halves[:, 0], halves[:, 1], sizes > 0


def _within(marked: npt.NDArray[np.bool_], bounds: Ints) -> Ints:
    """How many bytes of each document are marked."""
    counts = [np.count_nonzero(marked[start:end]) for start, end in itertools.pairwise(bounds.tolist())]
    return np.array(counts, np.int64)


def _exact_table() -> Any:
    table = np.zeros(256, np.uint8)
    table[0x80:] = np.arange(0x80, 256)
    for byte in b"abcdefghijklmnopqrstuvwxyz0123456789":
        table[byte] = byte
        table[ord(chr(byte).upper())] = byte
    return table


_EXACT = _exact_table()


def _bands(runs: Hashes, offsets: Ints, enough: Any) -> tuple[Ints, Ints]:
    """Band keys of each document, and where they start; none for a document with too few words."""
    counts = np.diff(offsets)
    signed = np.flatnonzero(enough & (counts > 0))
    starts = offsets[signed]
    keys = np.empty((len(signed), BANDS), np.uint64)
    if len(signed):
        # documents that are not signed fall to the document before them: cut them out
        wanted = np.repeat(enough & (counts > 0), counts)
        short = (runs >> np.uint64(32)).astype(np.uint32)[wanted]
        starts = np.concatenate([[0], np.cumsum(counts[signed])[:-1]])
        for band in range(BANDS):
            key = np.full(len(signed), _BAND_SALTS[band])
            for row in range(band * ROWS, band * ROWS + ROWS):
                least = np.minimum.reduceat(short * _MULTIPLIERS[row] + _ADDENDS[row], starts)
                key = mix(key * _MULTIPLIERS[0] + least)
            keys[:, band] = key
    where = np.concatenate([[0], np.cumsum(np.where(enough & (counts > 0), BANDS, 0))])
    return keys.ravel().view(np.int64), where


def _anchors(found: Words, enough: Any) -> tuple[Ints, Ints]:
    """The anchors of each document, and where they start."""
    hashes, _, offsets = shingles(found, ANCHOR, ANCHOR_SPACELESS)
    counts = np.diff(offsets)
    owner = np.repeat(np.arange(len(counts)), counts)
    least = np.repeat(enough, counts)
    for step in range(1, ANCHOR_REACH + 1):
        same = owner[:-step] == owner[step:]
        first = hashes[:-step] <= hashes[step:]
        least[:-step] &= first | ~same
        least[step:] &= ~(first & same)
    pairs = np.unique(np.stack([owner[least].astype(np.uint64), hashes[least]], axis=1), axis=0)
    return pairs[:, 1].copy().view(np.int64), np.searchsorted(pairs[:, 0], np.arange(len(counts) + 1))


def _lists(values: Ints, offsets: Ints) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values))


def _folded(found: Words) -> pa.Array:
    """The words of each document, a space between them; characters that are words stand together."""
    content = found.folded
    inside = found.kinds > 0
    spaces = np.zeros(len(content), bool)
    if len(content):
        spaces[1:] = inside[:-1] & ~inside[1:]
        spaces[found.bytes[:-1][found.bytes[:-1] < len(content)]] = False  # the letter before is another document's
    kept = inside | spaces
    content = np.where(spaces, np.uint8(ord(" ")), content)[kept]
    offsets = np.concatenate([[0], np.cumsum(_within(kept, found.bytes))])
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(content.tobytes()))

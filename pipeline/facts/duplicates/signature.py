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

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.signs import chunks, signs
from pipeline.facts.duplicates.words import Ints

VERSION = 2  # of all of the above: signatures of different versions are never compared

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


def signatures(
    batch: pa.RecordBatch,
    policy: Policy = Policy(),  # noqa: B008 - it is frozen
    *,
    ranked: bool = True,
) -> pa.RecordBatch:
    """One row for each document of `batch` in which there is anything to compare.

    `batch` has the columns `id` and `text`, and for the policy may have `site`, `published` (ISO 8601 or a timestamp),
    `translation_score`, `repairs` and `damage`; without the last one, lost letters that can be seen are counted.
    Ranks are null where they are not `ranked`.
    """
    pieces = [_sign(batch.slice(first, count), policy, ranked) for first, count in chunks(batch.column("text"))]
    rows = pa.Table.from_batches(pieces, SCHEMA).combine_chunks().to_batches()
    return rows[0] if rows else pa.RecordBatch.from_pylist([], SCHEMA)


def _sign(batch: pa.RecordBatch, policy: Policy, ranked: bool) -> pa.RecordBatch:
    found = signs(batch.column("text"), policy.min_words)
    if "damage" not in batch.schema.names:
        batch = batch.append_column("damage", pc.count_substring_regex(batch.column("text"), _LOST_LETTER))
    fields = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(len(batch), field.type)
        for field in FIELDS
    ]
    # of the words: mojibake must not look like a longer text
    letters = pa.array(found.letters, pa.int32())
    known = pa.RecordBatch.from_arrays([*fields, letters], schema=FIELDS.append(_LETTERS))
    ranks = [policy.rank(row) for row in known.to_pylist()] if ranked else [None] * len(batch)
    signed = pa.RecordBatch.from_arrays(
        [
            pa.array(document_numbers(batch.column("id").to_pylist())),
            *known.columns,
            pa.array(ranks, pa.string()),
            _by_length(found.shingles.tolist(), ranks),
            pa.array(found.exact_high),
            pa.array(found.exact_low),
            found.bands,
            found.anchors,
            found.words,
            pa.array(np.full(len(batch), VERSION), pa.int32()),
        ],
        schema=SCHEMA,
    )
    return signed.filter(pa.array(found.anything))


def _by_length(sizes: Sequence[int], ranks: Sequence[str | None]) -> pa.Array:
    """The ranks with that of the longest text first."""
    of_each = zip(sizes, ranks, strict=True)
    return pa.array([rank and f"{999_999_999 - size:09d}/{rank}" for size, rank in of_each], pa.string())


_LOST_LETTER = r"\x{fffd}|\p{Ll}\?\p{Ll}"
_LETTERS = pa.field("letters", pa.int32())


def document_numbers(ids: list[str]) -> Ints:
    """A 64-bit number for each id: joins on integers take a quarter of the time and memory of joins on texts."""
    return np.array([xxhash.xxh3_64_intdigest(name.encode()) for name in ids], np.uint64).view(np.int64)

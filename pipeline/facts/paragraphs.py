"""Paragraphs that stand in several documents of a batch: quotations that everybody carries, disclaimers, furniture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipeline.engine.protocol import Dataset, Engine

Ints = npt.NDArray[np.int64]

HASHES = pa.schema([("paragraph", pa.int64())])
# A row for each paragraph that so many documents have.
_REPEATED = """
SELECT paragraph, count(*) AS documents FROM hashes GROUP BY paragraph HAVING count(*) >= {least}
ORDER BY paragraph
"""


def hashes(rows: pa.RecordBatch, min_characters: int) -> pa.RecordBatch:
    """Documents to a row for each of their different paragraphs of so many characters."""
    found = _hashed(rows.column("text"), min_characters)
    order = np.lexsort((found.hashes, found.rows))
    row, number = found.rows[order], found.hashes[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (row[1:] != row[:-1]) | (number[1:] != number[:-1])
    return pa.RecordBatch.from_arrays([pa.array(number[first])], schema=HASHES)


def repeated(engine: Engine, documents: Dataset, work: str, min_documents: int, min_characters: int) -> str:
    """Paragraphs of so many characters that so many documents or more have: `paragraph` (its hash), `documents`."""
    of_all = engine.map_rows(partial(hashes, min_characters=min_characters), documents, f"{work}/hashes")
    return engine.sql(_REPEATED.format(least=min_documents), f"{work}/repeated", hashes=of_all)


def repeats_of(texts: pa.StringArray, counted: pa.Table, min_characters: int) -> Mapping[int, Mapping[str, int]]:
    """By row, the paragraphs of a text that other documents have, too, with the number of documents.

    `counted` is what `repeated` has left for paragraphs of so many characters.
    """
    found = _hashed(texts, min_characters) if counted.num_rows else _NONE
    known, documents = (counted[name].to_numpy() for name in ("paragraph", "documents"))
    place = np.searchsorted(known, found.hashes)
    there = np.flatnonzero(known[np.minimum(place, len(known) - 1)] == found.hashes)
    repeats: dict[int, dict[str, int]] = {}
    columns = found.rows[there], found.paragraphs.take(pa.array(there)), documents[place[there]]
    for row, paragraph, of in zip(*(column.tolist() for column in columns), strict=True):
        repeats.setdefault(row, {})[paragraph] = of
    return repeats


class _Hashed(NamedTuple):
    """Paragraphs of some texts, each with the row of its text and its signed 64-bit hash."""

    rows: Ints
    paragraphs: pa.StringArray
    hashes: Ints


_NONE = _Hashed(np.empty(0, np.int64), pa.array([], pa.string()), np.empty(0, np.int64))


def _hashed(texts: pa.StringArray, min_characters: int) -> _Hashed:
    """The paragraphs of so many characters, those of `text.paragraphs`: lines of one text after the other."""
    cut = pc.split_pattern(texts, "\n")
    lines = cut.flatten()
    long = pc.greater_equal(pc.utf8_length(lines), max(1, min_characters))
    long = pc.and_not(long, pc.utf8_is_space(lines))
    rows = np.repeat(np.arange(len(texts)), cut.value_lengths().to_numpy())
    chosen = lines.filter(long)
    numbers = [xxhash.xxh3_64_intdigest(line) for line in chosen.cast(pa.binary()).to_pylist()]
    signed = (np.array(numbers, np.uint64) - np.uint64(1 << 63)).view(np.int64)
    return _Hashed(rows[long.to_numpy(zero_copy_only=False)], chosen, signed)

"""Paragraphs that stand in several documents of a batch: quotations that everybody carries, disclaimers, furniture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pyarrow as pa
import xxhash

from pipeline.engine.protocol import Dataset, Engine
from pipeline.text import paragraphs

HASHES = pa.schema([("paragraph", pa.int64())])
# A row for each paragraph that so many documents have.
_REPEATED = """
SELECT paragraph, count(*) AS documents FROM hashes GROUP BY paragraph HAVING count(*) >= {least}
ORDER BY paragraph
"""


def hashes(rows: pa.RecordBatch, min_characters: int) -> pa.RecordBatch:
    """Documents to a row for each of their different paragraphs of so many characters."""
    texts = rows.column("text").to_pylist()
    found = [number for text in texts for number in set(_hashed(text, min_characters).values())]
    return pa.RecordBatch.from_arrays([pa.array(found, pa.int64())], schema=HASHES)


def repeated(engine: Engine, documents: Dataset, work: str, min_documents: int, min_characters: int) -> str:
    """Paragraphs of so many characters that so many documents or more have: `paragraph` (its hash), `documents`."""
    of_all = engine.map_rows(partial(hashes, min_characters=min_characters), documents, f"{work}/hashes")
    return engine.sql(_REPEATED.format(least=min_documents), f"{work}/repeated", hashes=of_all)


def repeats_of(text: str, counts: Mapping[int, int]) -> dict[str, int]:
    """The paragraphs of a text that other documents have, too, with the number of documents; `counts` is by hash."""
    if not counts:
        return {}
    return {line: counts[number] for line, number in _hashed(text).items() if number in counts}


def _hashed(text: str, min_characters: int = 0) -> dict[str, int]:
    """Each paragraph with its signed 64-bit hash."""
    long = {text[start:end] for start, end in paragraphs(text) if end - start >= min_characters}
    return {line: xxhash.xxh3_64_intdigest(line.encode()) - (1 << 63) for line in long}

"""Paragraphs that stand in several documents of a batch: quotations that everybody carries, disclaimers, furniture."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import xxhash

from pipeline.engine.protocol import Dataset, Engine
from pipeline.records import LineUse
from pipeline.text import paragraphs

LEAST = 60  # characters; what is shorter is a line of the page, not a paragraph
MIN_DOCUMENTS = 3

HASHES = pa.schema([("paragraph", pa.int64())])
_REPEATED = f"""
SELECT paragraph, count(*) AS documents FROM hashes GROUP BY paragraph HAVING count(*) >= {MIN_DOCUMENTS}
ORDER BY paragraph
"""


def hashes(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Documents to a row for each of their different paragraphs."""
    found = [number for text in batch.column("text").to_pylist() for number in set(_hashed(text).values())]
    return pa.RecordBatch.from_arrays([pa.array(found, pa.int64())], schema=HASHES)


def repeated(engine: Engine, documents: Dataset, work: str) -> str:
    """The hashes of paragraphs that `MIN_DOCUMENTS` documents or more have, with their number."""
    rows = engine.map_rows(hashes, documents, f"{work}/hashes")
    return engine.sql(_REPEATED, f"{work}/repeated", hashes=rows)


def repeats_of(text: str, known: Mapping[int, int]) -> dict[str, LineUse]:
    """The paragraphs of a text that other documents have, too."""
    if not known:
        return {}
    return {line: LineUse(known[number], 0) for line, number in _hashed(text).items() if number in known}


def _hashed(text: str) -> dict[str, int]:
    """Each paragraph with its signed 64-bit hash."""
    long = {text[start:end] for start, end in paragraphs(text) if end - start >= LEAST}
    return {line: xxhash.xxh3_64_intdigest(line.encode()) - (1 << 63) for line in long}

"""Paragraphs that several documents have are counted over all texts at once, as the lines of each text tell."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.facts import paragraphs
from pipeline.text import paragraphs as spans

LINES = st.sampled_from(
    ["", "a", "ab", "é" * 3, "😀" * 2, "a\r", "\r", " ", "\x1c\x1f", "\u3000" * 4, "\u2028b", "\x85"]
)
TEXTS = st.lists(st.lists(LINES | st.text(max_size=4), max_size=9).map("\n".join), max_size=6)


def long_ones(text: str, least: int) -> list[str]:
    return [text[start:end] for start, end in spans(text) if end - start >= least]


@settings(deadline=None)
@given(TEXTS, st.integers(0, 4))
def test_repeats_of_many_texts_are_those_that_the_lines_of_each_tell(texts: list[str], least: int) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    column = pa.array(["before", *texts], pa.string()).slice(1)
    counts = Counter(line for text in texts for line in set(long_ones(text, least)))
    hashes = paragraphs.hashes(pa.record_batch({"text": column}), least)["paragraph"].to_pylist()
    number = {line: xxhash.xxh3_64_intdigest(line.encode()) - (1 << 63) for line in counts}
    assert sorted(hashes) == sorted(number[line] for line, of in counts.items() for _ in range(of))

    several = sorted((number[line], of) for line, of in counts.items() if of > 1)
    counted = pa.table({"paragraph": [n for n, _ in several], "documents": [of for _, of in several]}, SCHEMA)
    for row, text in enumerate(texts):
        mine = {line: counts[line] for line in long_ones(text, least) if counts[line] > 1}
        assert paragraphs.repeats_of(column, counted, least).get(row, {}) == mine


SCHEMA = pa.schema([("paragraph", pa.int64()), ("documents", pa.int64())])

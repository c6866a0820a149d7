"""The stage `language`: the language of each document, and of its passages where they differ."""

from __future__ import annotations

import pyarrow as pa

from pipeline.facts import language
from pipeline.records import Facts
from pipeline.rules.language import RULES
from pipeline.stages.stage import FactsOfRows, Stage


def language_facts(rows: pa.RecordBatch) -> FactsOfRows:
    """The language of each document, and its passages where they differ."""
    found = language.detect_with_passages(rows["text"])
    return FactsOfRows(
        [Facts(language=guess, passages=passages) for guess, passages in found],
        {
            "language": [guess.code for guess, _ in found],
            "language_probability": [guess.probability for guess, _ in found],
        },
    )


STAGE = Stage(
    "language",
    __name__,
    "the language of each document and paragraph",
    RULES,
    facts=language_facts,
    columns=(pa.field("language", pa.string()), pa.field("language_probability", pa.float32())),
)

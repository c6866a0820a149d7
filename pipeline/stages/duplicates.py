"""The stage `duplicates`: exact, near and contained copies, in the batch and in all earlier ones."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engine import storage, whole
from pipeline.engine.protocol import Engine
from pipeline.facts import duplicates, paragraphs
from pipeline.facts.duplicates import Policy
from pipeline.records import Duplicate, Facts
from pipeline.rules.duplicates import RULES
from pipeline.stages.stage import FactFunction, FactsOfRows, Ground, Stage, Survey


def duplicate_facts(rows: pa.RecordBatch, *, found: str, repeated: str) -> FactsOfRows:
    """Which document each one repeats, and which of its paragraphs stand in others; both from datasets."""
    table = _table(found)
    mine = table.filter(pc.is_in(table["id"], rows["id"])).to_pylist()
    twins = {
        row["id"]: Duplicate(row["id"], row["of"], row["similarity"], row["kind"], row["of_batch"], row["why"])
        for row in mine
    }
    counts = _counts(repeated)
    pairs = zip(rows["id"].to_pylist(), rows["text"].to_pylist(), strict=True)
    return FactsOfRows([Facts(duplicate=twins.get(i), lines=paragraphs.repeats_of(text, counts)) for i, text in pairs])


# A worker reads a table once; the path holds the key of the step that is being made.


@lru_cache(maxsize=1)
def _table(dataset: str) -> pa.Table:
    return storage.read_table(dataset)


@lru_cache(maxsize=1)
def _counts(dataset: str) -> dict[int, int]:
    table = storage.read_table(dataset)
    return dict(zip(table["paragraph"].to_pylist(), table["documents"].to_pylist(), strict=True))


def find_copies(stage: Stage, engine: Engine, ground: Ground) -> FactFunction:
    """Search for copies among all documents and in earlier batches; count the paragraphs that several have."""
    assert isinstance(stage.table, Policy)
    found = duplicates.search(engine, ground.documents, ground.earlier, ground.batch, stage.table, ground.work)
    repeated = paragraphs.repeated(engine, ground.documents, ground.work)
    whole.remove(*(Path(ground.work) / name for name in ("steps", "hashes")))
    return partial(duplicate_facts, found=found, repeated=repeated)


def remember_signatures(engine: Engine, output: Path | None, published: str, batch: str, folder: Path) -> None:
    """Later batches compare with the signatures of what this one publishes."""
    duplicates.remember(engine, published, batch, str(folder))


STAGE = Stage(
    "duplicates",
    __name__,
    "exact, near and contained copies, in the batch and in all earlier ones",
    RULES,
    survey=Survey("duplicates", find_copies, remember_signatures),
    table=Policy(),
)

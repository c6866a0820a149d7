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
from pipeline.records import Facts
from pipeline.rules.duplicates import RULES
from pipeline.stages.stage import FactFunction, FactsOfRows, Ground, Stage, Survey


def duplicate_facts(rows: pa.RecordBatch, *, found: str, repeated: str, policy: Policy) -> FactsOfRows:
    """Which document each one repeats, and which of its paragraphs stand in others.

    `found` is the side table of the search; `repeated` the dataset of paragraphs, "" where no rule asks for them.
    """
    table = _table(found)
    twins = duplicates.duplicates_of(table.filter(pc.is_in(table["id"], rows["id"])), policy)
    counts = _counts(repeated) if repeated else {}
    pairs = zip(rows["id"].to_pylist(), rows["text"].to_pylist(), strict=True)
    return FactsOfRows(
        [Facts(duplicate=twins.get(i), paragraphs=paragraphs.repeats_of(text, counts)) for i, text in pairs]
    )


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
    repeated, rule = "", stage.rule("repeated_paragraph")
    if rule:
        limits = {name: rule.settings[name] for name in ("min_documents", "min_characters")}
        repeated = paragraphs.repeated(engine, ground.documents, ground.work, **limits)
    whole.remove(*(Path(ground.work) / name for name in ("tables", "hashes")))
    return partial(duplicate_facts, found=found, repeated=repeated, policy=stage.table)


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

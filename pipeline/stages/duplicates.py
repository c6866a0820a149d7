"""The stage `duplicates`: exact, near and contained copies, in the batch and in all earlier ones."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engine import storage, whole
from pipeline.engine.protocol import Engine
from pipeline.facts import duplicates, paragraphs
from pipeline.facts.duplicates import Policy
from pipeline.records import NO_FACTS, Facts
from pipeline.rules.duplicates import RULES
from pipeline.stages.stage import FactFunction, FactsOfRows, Ground, Stage, Survey


def duplicate_facts(
    rows: pa.RecordBatch, *, found: str, repeated: str, min_characters: int, policy: Policy
) -> FactsOfRows:
    """Which document each one repeats, and which of its paragraphs stand in others.

    `found` is the side table of the search; `repeated` the dataset of paragraphs of `min_characters`, "" where no rule
    asks for them.
    """
    table = _table(found) if storage.is_held(found) else storage.rows_among(found, "id", rows["id"])
    twins = duplicates.duplicates_of(table.filter(pc.is_in(table["id"], rows["id"])), policy)
    repeats = paragraphs.repeats_of(rows["text"], _table(repeated), min_characters) if repeated else {}
    facts = [NO_FACTS] * rows.num_rows
    for row in pc.indices_nonzero(pc.is_in(rows["id"], table["id"])).to_pylist():
        facts[row] = Facts(duplicate=twins[rows["id"][row].as_py()])
    for row, repeat in repeats.items():
        facts[row] = replace(facts[row], paragraphs=repeat)
    return FactsOfRows(facts)


@lru_cache(maxsize=2)  # a worker reads a table once; the path holds the key of the step that is being made
def _table(dataset: str) -> pa.Table:
    return storage.read_table(dataset)


def find_copies(stage: Stage, engine: Engine, ground: Ground) -> FactFunction:
    """Search for copies among all documents and in earlier batches; count the paragraphs that several have."""
    policy = _policy(stage)
    found = duplicates.search(engine, ground.documents, ground.earlier, ground.batch, policy, ground.work)
    repeated, least, rule = "", 0, stage.rule("repeated_paragraph")
    if rule:
        least = rule.settings["min_characters"]
        repeated = paragraphs.repeated(engine, ground.documents, ground.work, rule.settings["min_documents"], least)
    whole.remove(*(Path(ground.work) / name for name in ("tables", "hashes")))
    return partial(duplicate_facts, found=found, repeated=repeated, min_characters=least, policy=policy)


_NONE = 2.0  # a similarity that no two texts have


def _policy(stage: Stage) -> Policy:
    """Copies of a kind whose rule is switched off are none: an exact copy is not lost among the near ones."""
    assert isinstance(stage.table, Policy)
    limits = {"min_similarity": stage.rule("near_copy"), "min_contained": stage.rule("contained_copy")}
    off: dict[str, Any] = {limit: _NONE for limit, rule in limits.items() if rule is None}
    return replace(stage.table, **off)


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

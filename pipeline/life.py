"""A document's whole life, for `copydesk explain`: where it came from, each finding, each verdict with its numbers."""

from __future__ import annotations

from typing import Any

from pipeline import batches, config, corpus, steps
from pipeline.engine import storage
from pipeline.errors import InputError

_LOOKED_FOR = 200_000  # ids among which a similar one is sought
_PLACES = (batches.KEPT, batches.DROPPED, batches.QUARANTINED)
_COLUMNS = [field.name for field in batches.DOCUMENTS if field.name not in ("text", "meta")]


def of(batch: steps.Batch, identity: str) -> dict[str, Any]:
    """The document's source, and for each step its place, reason, findings and facts.

    Raises:
        InputError: the batch has no such document.
    """
    told: list[dict[str, Any]] = []
    source: dict[str, Any] = {}
    for step in steps.STEPS[:-2]:
        output = batch.latest(step)
        if output is None:
            break
        for place in _PLACES:
            extra = [] if place == batches.KEPT else ["reason", "traceback"]
            rows = corpus.find(f"{output}/{place}", identity, _COLUMNS + extra)
            for row in rows:
                source = source or row
                findings = corpus.find(f"{output}/{batches.FOUND}", identity)
                findings.sort(key=lambda finding: finding["number"])
                told.append({"step": step, "place": place, "findings": findings, **_facts(row)})
    if not told:
        raise InputError(f'no document "{identity}" in batch {batch.name}; {_similar(batch, identity)}')
    published = told[-1]["step"] == steps.STEPS[-3] and told[-1]["place"] == batches.KEPT
    return {
        "id": identity,
        "batch": batch.name,
        "source": {name: source[name] for name in _COLUMNS[1:11] if source[name] not in (None, "", 0)},
        "steps": told,
        "published": str(batch.output(steps.PUBLISHING)) if published else None,
    }


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    names = ("reason", "traceback", "language", "language_probability", "translation_score")
    return {name: row[name] for name in names if row.get(name) not in (None, "")}


def _similar(batch: steps.Batch, identity: str) -> str:
    output = batch.latest(steps.READING)
    if output is None:
        return "the batch has not been run"
    ids: list[str] = []
    for rows in storage.read_rows(f"{output}/{batches.KEPT}", ["id"], rows=50_000):
        ids += rows["id"].to_pylist()
        if len(ids) > _LOOKED_FOR:
            break
    return config.closest(identity, ids)

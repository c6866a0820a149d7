"""Which facts each stage's rules need, and how they are had: the one place that knows both facts and stages."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.batches import FactFunction, no_facts
from pipeline.config import Settings
from pipeline.engine import storage
from pipeline.facts import Engine, duplicates, language, translation
from pipeline.records import NO_FACTS, Duplicate, Facts, Language

# The modules, besides its rules, whose code decides over a stage's output.
_MODULES = {
    "language": ("facts.language",),
    "translation": ("facts.translation",),
    "duplicates": ("facts.duplicates",),
}
DUPLICATES = "duplicates"  # in the history: what `facts.duplicates.remember` leaves of each batch


def modules(step: str) -> tuple[str, ...]:
    """The modules whose code decides over a stage's output."""
    return (f"rules.{step}", *_MODULES.get(step, ()))


def made_of(step: str, settings: Settings, history: Path) -> dict[str, Any]:
    """What besides rules, code and input decides over a stage's facts: settings, and what earlier batches left."""
    if step == "duplicates":
        earlier = _earlier(settings, history, DUPLICATES)
        return {
            "policy": dataclasses.asdict(settings.duplicates),
            "history": {name: (storage.read_manifest(folder) or {}).get("digest") for name, folder in earlier.items()},
        }
    return {}


def facts(step: str, settings: Settings, engine: Engine, documents: str, history: Path, work: Path) -> FactFunction:
    """The function that gives each document of a batch its facts; facts of the whole corpus are computed here."""
    if step == "duplicates":
        earlier = {name: str(folder) for name, folder in _earlier(settings, history, DUPLICATES).items()}
        found = duplicates.search(engine, documents, earlier, settings.run.batch, settings.duplicates, str(work))
        storage.remove(work / "steps")
        return partial(duplicate_facts, found=str(storage.parts(found)[0]))
    return text_facts(step)


def text_facts(step: str) -> FactFunction:
    """The facts that can be read off the texts alone."""
    return {"language": language_facts, "translation": translation_facts}.get(step, no_facts)


def remember(engine: Engine, settings: Settings, published: str, history: Path) -> None:
    """Put what later batches are judged against into the history, in place of what an earlier run put there."""
    target = history / DUPLICATES / settings.run.batch
    with storage.whole_folder(target) as folder:
        duplicates.remember(engine, published, settings.run.batch, str(folder))
        manifest = {"version": duplicates.VERSION, "digest": storage.digest_of(str(folder))}
        storage.write_json(folder / storage.MANIFEST, manifest)


def _earlier(settings: Settings, history: Path, kind: str) -> dict[str, Path]:
    """What the batches published before this one, by name, have left."""
    folders = sorted((history / kind).glob("*"))
    return {f.name: f for f in folders if f.name < settings.run.batch and storage.read_manifest(f)}


# --- facts of a batch of documents -------------------------------------------------------------------------------


def language_facts(batch: pa.RecordBatch) -> tuple[list[Facts], Mapping[str, Sequence[Any]]]:
    """The language of each document, and its passages where they differ."""
    found = language.detect_with_passages(batch["text"])
    columns: dict[str, Sequence[Any]] = {
        "language": [guess.code for guess, _ in found],
        "language_probability": [guess.probability for guess, _ in found],
    }
    return [Facts(language=guess, passages=passages) for guess, passages in found], columns


def translation_facts(batch: pa.RecordBatch) -> tuple[list[Facts], Mapping[str, Sequence[Any]]]:
    """How well each document reads, with its language and what its record said."""
    languages = [Language(code or "und", p or 0.0) for code, p in _pairs(batch, "language", "language_probability")]
    qualities = translation.quality_batch(batch["text"].to_pylist(), [guess.code for guess in languages])
    known = [
        Facts(language=guess, quality=quality, meta=meta)
        for guess, quality, meta in zip(languages, qualities, _metas(batch), strict=True)
    ]
    return known, {"translation_score": [quality.score for quality in qualities]}


def duplicate_facts(batch: pa.RecordBatch, *, found: str) -> tuple[list[Facts], Mapping[str, Sequence[Any]]]:
    """Which document each one repeats; `found` is the Parquet file that the search for duplicates has left."""
    table = _side_table(found)
    mine = table.filter(pc.is_in(table["id"], batch["id"])).to_pylist()
    by_id = {
        row["id"]: Duplicate(row["id"], row["of"], row["similarity"], row["kind"], row["of_batch"], row["why"])
        for row in mine
    }
    return [Facts(duplicate=by_id[i]) if i in by_id else NO_FACTS for i in batch["id"].to_pylist()], {}


@lru_cache(maxsize=1)
def _side_table(path: str) -> pa.Table:
    """A worker reads the table once, not once a batch; its name holds the key of the step that is being made."""
    return storage.read_table(path)


def _pairs(batch: pa.RecordBatch, one: str, other: str) -> list[tuple[Any, Any]]:
    return list(zip(batch[one].to_pylist(), batch[other].to_pylist(), strict=True))


def _metas(batch: pa.RecordBatch) -> list[Mapping[str, Any]]:
    """The records' other fields, parsed only where a source text is among them: no rule asks for anything else."""
    wanted = pc.fill_null(pc.match_substring(batch["meta"], '"source_text"'), False).to_pylist()
    texts = batch["meta"].to_pylist()
    return [json.loads(text) if there else {} for there, text in zip(wanted, texts, strict=True)]

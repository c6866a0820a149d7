"""Which facts each stage's rules need, and how they are had: the one place that knows both facts and stages."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.batches import FactFunction, no_facts
from pipeline.config import Settings
from pipeline.engine import storage
from pipeline.engine.protocol import Engine
from pipeline.facts import decisions, duplicates, language, lines, paragraphs, translation
from pipeline.records import Duplicate, Facts, Language

# The modules, besides its rules, whose code decides over a stage's output.
_MODULES = {
    "boilerplate": ("facts.lines", "facts.decisions"),
    "language": ("facts.language",),
    "translation": ("facts.translation",),
    "duplicates": ("facts.duplicates", "facts.paragraphs"),
}
# What each batch leaves in the history for later ones, by the step that makes or uses it.
LINES, DUPLICATES = "lines", "duplicates"
_HISTORY = {"boilerplate": LINES, "duplicates": DUPLICATES}


def modules(step: str) -> tuple[str, ...]:
    """The modules whose code decides over a stage's output."""
    return (f"rules.{step}", *_MODULES.get(step, ()))


def made_of(step: str, settings: Settings, history: Path) -> dict[str, Any]:
    """What besides rules, code and input decides over a stage's facts: settings, and what earlier batches left."""
    found: dict[str, Any] = {}
    if step in _HISTORY:
        earlier = _earlier(settings, history, _HISTORY[step])
        found["history"] = {n: (storage.read_manifest(folder) or {}).get("digest") for n, folder in earlier.items()}
    if step == "boilerplate":
        found["decisions"] = {f"{d.site}: {d.line}": d.decision for d in decisions.read(settings.decisions)}
    if step == "duplicates":
        found["policy"] = dataclasses.asdict(settings.duplicates)
    return found


def facts(step: str, settings: Settings, engine: Engine, documents: str, history: Path, work: Path) -> FactFunction:
    """The function that gives each document of a batch its facts; facts of the whole corpus are computed here."""
    if step == "boilerplate":
        earlier = [str(folder) for folder in _earlier(settings, history, LINES).values()]
        known = lines.count(engine, documents, earlier, str(work))
        storage.remove(*(work / name for name in ("uses", "sites", "together", "seen")))
        return partial(line_facts, known=known, decided=settings.decisions)
    if step == "duplicates":
        published = {name: str(folder) for name, folder in _earlier(settings, history, DUPLICATES).items()}
        found = duplicates.search(engine, documents, published, settings.run.batch, settings.duplicates, str(work))
        repeated = paragraphs.repeated(engine, documents, str(work))
        storage.remove(work / "steps", work / "hashes")
        return partial(duplicate_facts, found=found, repeated=repeated)
    return text_facts(step)


def text_facts(step: str) -> FactFunction:
    """The facts that can be read off the texts alone."""
    return {"language": language_facts, "translation": translation_facts}.get(step, no_facts)


def remember(engine: Engine, settings: Settings, published: str, boilerplate: Path, history: Path) -> None:
    """Put what later batches are judged against into the history, in place of what an earlier run put there.

    `published` are the documents, `boilerplate` is the output of that step, which counted the lines.
    """
    with _kept(history / LINES / settings.run.batch) as folder:
        for part in storage.parts(str(boilerplate / "counts")):
            shutil.copyfile(part, folder / part.name)
    with _kept(history / DUPLICATES / settings.run.batch) as folder:
        duplicates.remember(engine, published, settings.run.batch, str(folder))


@contextmanager
def _kept(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with storage.whole_folder(target) as folder:
        yield folder
        storage.write_json(folder / storage.MANIFEST, {"digest": storage.digest_of(str(folder))})


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


def line_facts(batch: pa.RecordBatch, *, known: str, decided: str) -> tuple[list[Facts], Mapping[str, Sequence[Any]]]:
    """How often each document's lines stand on its site; `known` is the dataset that the count has left."""
    uses = _line_uses(known, decided)
    pairs = _pairs(batch, "text", "site")
    return [Facts(site=site or "", lines=lines.uses_of(text, site or "", uses)) for text, site in pairs], {}


def duplicate_facts(
    batch: pa.RecordBatch, *, found: str, repeated: str
) -> tuple[list[Facts], Mapping[str, Sequence[Any]]]:
    """Which document each one repeats, and which of its paragraphs stand elsewhere; both from datasets."""
    table = _side_table(found)
    mine = table.filter(pc.is_in(table["id"], batch["id"])).to_pylist()
    twins = {
        row["id"]: Duplicate(row["id"], row["of"], row["similarity"], row["kind"], row["of_batch"], row["why"])
        for row in mine
    }
    counts = _repeated_paragraphs(repeated)
    pairs = _pairs(batch, "id", "text")
    return [Facts(duplicate=twins.get(i), lines=paragraphs.repeats_of(text, counts)) for i, text in pairs], {}


# A worker reads a table once, not once a batch; the path holds the key of the step that is being made.


@lru_cache(maxsize=1)
def _side_table(path: str) -> pa.Table:
    return storage.read_table(path)


@lru_cache(maxsize=1)
def _line_uses(path: str, decided: str) -> lines.Uses:
    return lines.by_site(storage.read_table(path), decisions.by_line(decisions.read(decided)))


@lru_cache(maxsize=1)
def _repeated_paragraphs(path: str) -> dict[int, int]:
    table = storage.read_table(path)
    return dict(zip(table["paragraph"].to_pylist(), table["documents"].to_pylist(), strict=True))


def _pairs(batch: pa.RecordBatch, one: str, other: str) -> list[tuple[Any, Any]]:
    return list(zip(batch[one].to_pylist(), batch[other].to_pylist(), strict=True))


def _metas(batch: pa.RecordBatch) -> list[Mapping[str, Any]]:
    """The records' other fields, parsed only where a source text is among them: no rule asks for anything else."""
    wanted = pc.fill_null(pc.match_substring(batch["meta"], '"source_text"'), False).to_pylist()
    texts = batch["meta"].to_pylist()
    return [json.loads(text) if there else {} for there, text in zip(wanted, texts, strict=True)]

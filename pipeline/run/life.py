"""A document's life: where it came from, what each step did with it, and where it is now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.engine import storage
from pipeline.engine.protocol import Dataset
from pipeline.errors import InputError
from pipeline.output import manifest as manifests
from pipeline.output.manifest import Manifest
from pipeline.run import runs
from pipeline.run.plan import Plan
from pipeline.run.runs import Run
from pipeline.run.steps.step import Made
from pipeline.stages import tables
from pipeline.stages.tables import FindingRow

MOST = 10  # documents listed of which one may be meant
BEGINNING = 60  # characters of a text by which people know it
_TOLD = [name for name in tables.DOCUMENTS.names if name not in ("id", "text", "meta", "repairs")]  # of the source
_ALIKE = 0.8  # of ids, at least, by Jaro and Winkler: less is no slip of the finger
COPIES, SUPERSEDED = "duplicates", "superseded"  # what the stage of that name says of copies, and of worse ones
# Settings that a number in a column is judged by.
LIMITS: Mapping[str, Sequence[tuple[str, str]]] = {
    "damage": [("encoding/too_damaged", "max_damage")],
    "language_probability": [("language/unwanted_language", "min_probability")],
    "translation_score": [("translation/low_score", "min_score"), ("translation/weak_score", "min_score")],
}


@dataclass(frozen=True)
class Episode:
    """What a step did with the document: the place it got, why, what was found on it, what the stage found out."""

    step: str
    place: str
    reason: str = ""
    traceback: str = ""
    findings: list[FindingRow] = field(default_factory=list)  # in the order in which they were made
    facts: dict[str, Any] = field(default_factory=dict)  # the stage's columns
    limits: dict[str, dict[str, Any]] = field(default_factory=dict)  # by column, then by "rule setting"


@dataclass(frozen=True)
class Life:
    """A document's source, what each step did with it, and where it was published (None: nowhere)."""

    id: str
    batch: str
    source: dict[str, Any]
    steps: list[Episode]
    published: str | None
    release: int | None  # the one that the batch, as it is, was first part of
    twin: dict[str, Any] | None  # of a copy: the document that is kept
    superseded: list[dict[str, Any]]  # better copies that came later: their `batch` and `id`


class Beginning(NamedTuple):
    """A document by its id, the place of its record, and how its text begins."""

    id: str
    file: str
    line: int
    text: str


# --- which document is meant -------------------------------------------------------------------------------------


def documents_like(run: Run, sought: str) -> list[Beginning]:
    """The documents that are meant by an id, by its beginning, or else by words of the text; `MOST` and one at most.

    The words are looked for in the text as it was read, then as it was left; in any case, with any blanks in between.
    """
    if not run:
        return []
    read, ended = _places(run[0]), [*_places(run[-1]), *(place for made in run[:-1] for place in _places(made)[1:])]
    phrase = r"[\s\pZ]+".join(map(re.escape, sought.split()))
    tries = [(read, "id = $1", sought), (read, "starts_with(id, $1)", sought)]
    tries += [(texts, "regexp_matches(text, $1, 'i')", phrase) for texts in (read, ended) if phrase]
    for datasets, condition, value in tries:
        if found := _beginnings(datasets, condition, value):
            return found
    return []


def _places(made: Made) -> list[str]:
    return [f"{made.output}/{place}" for place in tables.PLACES]


def _beginnings(datasets: Sequence[str], condition: str, value: str) -> list[Beginning]:
    columns = f"id, file, coalesce(line, 0) AS line, coalesce(text[:{BEGINNING * 4}], '') AS text"
    found = storage.select_rows(datasets, condition, [value], columns, "id, file, line", MOST + 1).to_pylist()
    return list({row["id"]: Beginning(**row) for row in reversed(found)}.values())[::-1]


def similar(run: Run, sought: str) -> str:
    """The id that is most like one that is not there; "" where none is much like it."""
    if not run:
        return ""
    likeness = "jaro_winkler_similarity(id, $1)"
    found = storage.select_rows(
        _places(run[0]), f"{likeness} >= {_ALIKE}", [sought], "id", f"{likeness} DESC, id", most=1
    )
    return str(found["id"][0]) if found.num_rows else ""


# --- what became of it -------------------------------------------------------------------------------------------


def life_of(plan: Plan, identity: str) -> Life:
    """What each step did with the document of that id.

    Raises:
        InputError: the batch has no such document.
    """
    run = runs.latest(plan)
    return life_from(plan, run, identity, list(followed(run, identity)))


def life_from(plan: Plan, run: Run, identity: str, left: Sequence[Left]) -> Life:
    """The same of a document that was `followed` through a run already.

    Raises:
        InputError: the batch has no such document.
    """
    episodes: list[Episode] = []
    source: dict[str, Any] = {}
    seen: set[str] = {*tables.DOCUMENTS.names, "filename"}
    for made, place, row, findings in left:
        source = source or {name: row[name] for name in _TOLD if row[name] not in (None, "", 0)}
        facts = {name: value for name, value in row.items() if name not in seen and value is not None}
        aside = {name: facts.pop(name, None) or "" for name in tables.ASIDE.names}
        limits = _limits(made, facts)
        episodes.append(Episode(made.step, place, aside["reason"], aside["traceback"], findings, facts, limits))
        seen.update(row)
    if not episodes:
        raise InputError(f'no document "{identity}" in batch {plan.batch.name}')
    published = manifests.read(plan.batch.layout.published)
    release = _release(plan, published, identity) if published and episodes[-1].place == tables.KEPT else None
    return Life(
        identity,
        plan.batch.name,
        source,
        episodes,
        plan.batch.shown(plan.batch.layout.corpus) if release else None,
        release,
        _twin(run[-1], identity) if episodes[-1].place != tables.KEPT else None,
        list(_better(plan, identity)) if release else [],
    )


class Left(NamedTuple):
    """A document as a step has left it: where, its row there, and what was found on it."""

    made: Made
    place: str
    row: dict[str, Any]
    findings: list[FindingRow]


def followed(run: Run, identity: str) -> Iterator[Left]:
    """A document from step to step, to its end; several times in a step where several had the same id."""
    part: int | None = None  # of what the step before has kept, where the document stands
    for made in run:
        found = _rows(made, identity, part) or _rows(made, identity, None)
        findings = _findings(made, identity, part)
        part = None
        for place, row in found:
            if place == tables.KEPT:
                part = storage.parts(made.kept).index(Path(row["filename"]))
            yield Left(made, place, row, findings)
        if part is None:
            return


def _limits(made: Made, facts: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What the numbers in columns were judged by; a rule that was switched off has no limit."""
    rules = made.manifest["made_of"].get("rules", {})
    found = {
        column: {f"{rule} {name}": rules[rule][name] for rule, name in LIMITS.get(column, ()) if rule in rules}
        for column in facts
    }
    return {column: limits for column, limits in found.items() if limits}


def _rows(made: Made, identity: str, part: int | None) -> list[tuple[str, dict[str, Any]]]:
    """The document in a step's output, with its place; several, where several had the same id.

    What a step makes of a part bears the number of that: nothing else has to be looked into.
    """
    there = filter(None, (_files(made, place, part) for place in tables.PLACES))
    files = [str(file) for dataset in there for file in storage.parts(dataset)]
    if not files:
        return []
    rows = storage.select_rows(files, "id = $1", [identity], "*, filename").to_pylist()
    found = [(Path(row["filename"]).parent.name, row) for row in rows]
    for row in (row for place, row in found if place == tables.KEPT):
        for name in tables.ASIDE.names:
            row.pop(name, None)
    return sorted(found, key=lambda one: tables.PLACES.index(one[0]))


def _files(made: Made, dataset: str, part: int | None) -> Dataset:
    """The files of a dataset that a document may stand in; all of them where nobody knows its part."""
    name = f"{made.output}/{dataset}"
    return name if part is None else storage.parts_made_of(name, part)


def _findings(made: Made, identity: str, part: int | None) -> list[FindingRow]:
    files = _files(made, tables.FOUND, part)
    found = tables.to_findings(storage.find_rows(files, "id", identity)) if files else []
    return sorted(found, key=lambda finding: finding.number)


def _release(plan: Plan, published: Manifest, identity: str) -> int | None:
    """The number of the release that the document was first part of, as it is; None where it is in none."""
    listed = published.get("listing")  # it lies here where articles are in a store, and tells of better copies, too
    files = [str(plan.batch.layout.corpus / file) for file in listed or published["parts"]]
    asked = "id = $1 AND better IS NULL" if listed else "id = $1"
    there = files and storage.select_rows(files, asked, [identity], "id").num_rows
    return published["release"] if there else None


def _twin(made: Made, identity: str) -> dict[str, Any] | None:
    """The document that is kept in place of a copy, and how much they are alike; None where it is none."""
    dataset = made.output / COPIES
    if made.step != COPIES or not dataset.is_dir():
        return None
    columns = "of AS id, of_batch AS batch, similarity, kind, why"
    found = storage.select_rows(str(dataset), "id = $1", [identity], columns).to_pylist()
    return found[0] if found else None


def _better(plan: Plan, identity: str) -> Iterator[dict[str, Any]]:
    """The better copies that were found in other batches, as the last run of each has left them."""
    layout = plan.batch.layout
    newest: dict[str, Path] = {}
    for found in layout.output.glob(f"runs/*/*-{COPIES}-*/{SUPERSEDED}"):
        name = found.parent.parent.name
        newest[name] = max(newest.get(name, found), found, key=lambda path: path.parent.stat().st_mtime_ns)
    columns = "better AS id, similarity, kind, why"
    for name, dataset in sorted(newest.items()):
        rows = storage.select_rows(str(dataset), "id = $1 AND batch = $2", [identity, layout.batch], columns)
        yield from ({"batch": name, **row} for row in rows.to_pylist())

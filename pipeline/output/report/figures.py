"""What the report shows besides the books: how the articles are distributed, and samples of what rules found.

Counted from the Parquet outputs, some rows at a time or by the engine; what comes back is as small for a million
documents as for ten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.diff import ends
from pipeline.engine import storage
from pipeline.engine.protocol import Engine
from pipeline.output.manifest import Manifest, SourceFigures
from pipeline.sources.page.dates import moment_of
from pipeline.stages import tables
from pipeline.stages.tables import FindingRow

SAMPLES = 6  # of each rule
MOST_FINDINGS = 2_000  # of a document that is shown
DOCUMENTS = 8  # of each stage, shown with all that it changed
WIDEST = 300  # characters of what a finding has taken out, or put in, and of what it says
PER_DECADE = 200  # bins of lengths: 1 % wide, for the median
CUTTING, COPYING = "boilerplate", "duplicates"  # the stages whose findings tell what was cut, and how alike copies are
CUT_BINS = 20  # of the share cut: 0..1
Lengths = npt.NDArray[np.int64]
_ROWS = 2_000  # with texts, at a time
_NARROW = 50_000  # without

# How often each rule found something on each site, and one of the documents.
_GROUPS = """
SELECT rule, site, min(id) AS id, count(*) AS findings, count(after) AS edits
FROM found GROUP BY rule, site ORDER BY rule, site
"""
_PER_SITE = "SELECT site, sum(findings) AS findings, sum(edits) AS edits FROM groups GROUP BY site ORDER BY site"
# The first finding of a rule on each of the documents that were chosen.
_FIRST = """
SELECT found.rule, found.id, min(found.number) AS number
FROM found JOIN chosen ON found.rule = chosen.rule AND found.id = chosen.id GROUP BY found.rule, found.id
"""
_SAMPLES = """
SELECT found.* FROM found
JOIN chosen ON found.rule = chosen.rule AND found.id = chosen.id AND found.number = chosen.number
ORDER BY found.rule, found.id
"""
# How many documents have lost which share of their text, in parts of it; those that lost nothing are not among them.
_LENGTHS = "SELECT id, length(text) AS characters FROM documents"
_CUTS = f"""
SELECT floor({CUT_BINS}.0 * cuts.cut / (cuts.cut + documents.characters)) AS bin, count(*) AS documents
FROM documents JOIN (
    SELECT id, sum(length(before) - length(after)) AS cut FROM found WHERE after IS NOT NULL GROUP BY id
) cuts ON documents.id = cuts.id
WHERE cuts.cut > 0 GROUP BY bin ORDER BY bin
"""
# Documents that were chosen, and all that a stage found in them.
_TEXTS = "SELECT documents.id, documents.text FROM documents JOIN chosen ON documents.id = chosen.id ORDER BY id"
_FOUND = "SELECT found.* FROM found JOIN chosen ON found.id = chosen.id ORDER BY found.id, found.number"
_SIMILARITY = r"^(?P<told>exact copy|(?:near|contained) [01]\.[0-9]{2} >= [01]\.[0-9]+)"


class Before(NamedTuple):
    """The batch that this one is compared with: its name, and what its publication says of it."""

    name: str
    manifest: Manifest


class RuleCost(NamedTuple):
    """CPU time of a rule, in milliseconds for each document that its stage has read."""

    rule: str
    milliseconds: float


class Material(NamedTuple):
    """What a report is made of: the outputs of the steps in their order, publishing last where it is published."""

    batch: str
    made: Sequence[tuple[Path, Manifest]]
    before: Before | None = None
    figures: Mapping[str, SourceFigures] = {}  # by source: read, and lost by reason
    settings: Mapping[str, str] = {}  # that differ from the defaults
    refused: Sequence[str] = ()  # why it is not published
    costs: Sequence[RuleCost] = ()  # of the slowest rules, the slowest first

    @property
    def steps(self) -> list[Manifest]:
        """What reading and the stages say of their outputs."""
        return [manifest for _, manifest in self.made if "rules" in manifest]

    @property
    def published(self) -> Manifest | None:
        """What the publication says of itself."""
        last = self.made[-1][1]
        return None if "rules" in last else last

    def output(self, step: str) -> Path | None:
        """The output of a step; None where there is no such step."""
        return next((output for output, manifest in self.made if manifest["step"] == step), None)


class Changed(NamedTuple):
    """A document as a stage has left it, and what that has found."""

    step: str
    text: str
    findings: list[FindingRow]  # at least one


@dataclass
class Figures:
    """All that is counted; documents are those that the last stage has kept."""

    lengths: list[int] = field(default_factory=list)  # in characters, `PER_DECADE` parts of each power of ten
    languages: Counter[str] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)  # of publication
    cuts: list[int] = field(default_factory=list)  # of documents that lost something, in `CUT_BINS` parts of 0..1
    exact: int = 0  # copies
    similarities: Counter[float] = field(default_factory=Counter)  # of other copies, in hundredths
    similarity_limits: set[float] = field(default_factory=set)
    samples: dict[str, list[FindingRow]] = field(default_factory=dict)  # by rule
    documents: list[Changed] = field(default_factory=list)  # some of those of which samples are
    sites: dict[str, tuple[int, int]] = field(default_factory=dict)  # findings and edits on each site


def of(engine: Engine, material: Material, work: Path) -> Figures:
    """Count; tables that are made on the way lie in `work`.

    Raises:
        CopydeskError: the engine fails.
    """
    figures = Figures()
    _add_documents(figures, material)
    _add_copies(figures, material)
    _add_cuts(figures, engine, material, work)
    _add_samples(figures, engine, material, work)
    for output, manifest in material.made:
        if any(entry["edits"] for entry in manifest.get("rules", {}).values()):
            figures.documents += _changed(engine, output, manifest, figures.samples, work / manifest["step"])
    return figures


# --- documents ---------------------------------------------------------------------------------------------------


def _add_documents(figures: Figures, material: Material) -> None:
    kept = [str(output) + f"/{tables.KEPT}" for output, manifest in material.made if "rules" in manifest][-1]
    lengths = np.zeros(0, np.int64)
    names = [name for name in ("text", "language", "published") if name in storage.schema_of(kept).names]
    for rows in storage.read_rows(kept, names, rows=_ROWS):
        lengths = _added(lengths, np.bincount(_bins(pc.utf8_length(rows["text"]))))
        if "language" in names:
            figures.languages.update(_counted(pc.fill_null(rows["language"], "und")))
        for said, count in _counted(pc.drop_null(rows["published"])).items():
            if moment := moment_of(said):
                figures.days[moment.date()] += count
    figures.lengths = lengths.tolist()


def _bins(lengths: pa.Array) -> Lengths:
    bins: Lengths = np.floor(PER_DECADE * np.log10(np.maximum(lengths.to_numpy(), 1))).astype(np.int64)
    return bins


def _added(one: Lengths, other: Lengths) -> Lengths:
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    longer = longer.copy()
    longer[: len(shorter)] += shorter
    return longer


def _counted(values: pa.Array) -> dict[Any, int]:
    return {entry["values"].as_py(): entry["counts"].as_py() for entry in pc.value_counts(values)}


def _add_copies(figures: Figures, material: Material) -> None:
    """By what the rules say of each: "near 0.93 >= 0.75 of ..."."""
    output = material.output(COPYING)
    for rows in storage.read_rows(f"{output}/{tables.FOUND}", ["detail"], rows=_NARROW) if output else ():
        told = pc.struct_field(pc.extract_regex(pc.utf8_slice_codeunits(rows["detail"], 0, 80), _SIMILARITY), 0)
        for said, count in _counted(pc.drop_null(told)).items():
            if said == "exact copy":
                figures.exact += count
            else:
                _, similarity, _, limit = said.split()
                figures.similarities[float(similarity)] += count
                figures.similarity_limits.add(float(limit))


def _add_cuts(figures: Figures, engine: Engine, material: Material, work: Path) -> None:
    output = material.output(CUTTING)
    if output is None:
        return
    texts = [
        engine.table(_LENGTHS, str(work / f"lengths-{place}"), documents=f"{output}/{place}") for place in tables.PLACES
    ]  # by place: not all have the same columns
    cut = engine.sql(_CUTS, str(work / "cuts"), documents=texts, found=f"{output}/{tables.FOUND}")
    engine.drop()
    figures.cuts = [0] * CUT_BINS
    for row in storage.read_table(cut).to_pylist():
        figures.cuts[min(int(row["bin"]), CUT_BINS - 1)] += row["documents"]


# --- samples -----------------------------------------------------------------------------------------------------


def _add_samples(figures: Figures, engine: Engine, material: Material, work: Path) -> None:
    found = [f"{output}/{tables.FOUND}" for output, manifest in material.made if "rules" in manifest]
    groups = engine.sql(_GROUPS, str(work / "groups"), found=found)
    per_site = engine.sql(_PER_SITE, str(work / "sites"), groups=groups)
    listed = pa.array({source for step in material.steps for source in step["sources"]}, pa.string())
    for rows in storage.read_rows(per_site, rows=_NARROW):
        for row in rows.filter(pc.is_in(rows["site"], listed)).to_pylist():
            figures.sites[row["site"]] = int(row["findings"]), int(row["edits"])
    chosen = work / "chosen"
    storage.write_rows(chosen, _chosen(groups), _CHOSEN)
    first = engine.sql(_FIRST, str(work / "first"), found=found, chosen=str(chosen))
    samples = engine.sql(_SAMPLES, str(work / "samples"), found=found, chosen=first)
    for rows in storage.read_rows(samples, rows=100):
        for row in map(_cut, tables.to_findings(rows)):
            figures.samples.setdefault(row.rule, []).append(row)
    for step in material.steps:  # a rule that found something on few sites is shown on more of their documents
        for rule, entry in step["rules"].items():
            mine = figures.samples.setdefault(rule, [])
            known = {row.id for row in mine}
            more = (_cut(FindingRow(**example)) for example in entry["examples"] if example["id"] not in known)
            mine += [row for row, _ in zip(more, range(SAMPLES - len(mine)), strict=False)]


_CHOSEN = pa.schema([("rule", pa.string()), ("id", pa.string())])


def _chosen(groups: str) -> Iterator[pa.RecordBatch]:
    """Of each rule `SAMPLES` documents of different sites, at even distances in the order of the sites' names."""
    counts: Counter[str] = Counter()
    for rows in storage.read_rows(groups, ["rule"], _NARROW):
        counts.update(_counted(rows["rule"]))
    wanted: list[int] = []
    for rule in sorted(counts):  # as they stand there
        before = sum(counts[other] for other in counts if other < rule)
        wanted += sorted({before + number * counts[rule] // SAMPLES for number in range(SAMPLES)})
    first = 0
    for rows in storage.read_rows(groups, _CHOSEN.names, _NARROW):
        here = [row - first for row in wanted if first <= row < first + rows.num_rows]
        yield rows.take(pa.array(here, pa.int64())).cast(_CHOSEN)
        first += rows.num_rows


def _changed(
    engine: Engine, output: Path, manifest: Manifest, samples: Mapping[str, Sequence[FindingRow]], work: Path
) -> Iterator[Changed]:
    """Documents that a stage has changed: of rules at even distances, the last of its samples."""
    edited = [samples[rule][-1].id for rule, entry in manifest["rules"].items() if entry["edits"] and samples[rule]]
    ids = dict.fromkeys(edited[number * len(edited) // DOCUMENTS] for number in range(DOCUMENTS) if edited)
    chosen = work / "chosen"
    storage.write_rows(chosen, [pa.RecordBatch.from_pydict({"id": list(ids)}, schema=_IDS)], _IDS)
    found: dict[str, list[FindingRow]] = {}
    all_found = engine.sql(_FOUND, str(work / "found"), found=f"{output}/{tables.FOUND}", chosen=str(chosen))
    for rows in storage.read_rows(all_found, rows=_ROWS):
        for row in tables.to_findings(rows):
            mine = found.setdefault(row.id, [])
            mine += [row] * (len(mine) <= MOST_FINDINGS)
    for place in tables.PLACES:
        texts = engine.sql(_TEXTS, str(work / place), documents=f"{output}/{place}", chosen=str(chosen))
        for row in storage.read_table(texts).to_pylist():
            if 0 < len(found.get(row["id"], ())) <= MOST_FINDINGS:
                yield Changed(manifest["step"], row["text"], found[row["id"]])


_IDS = pa.schema([("id", pa.string())])


def _cut(row: FindingRow) -> FindingRow:
    after = row.after if row.after is None else ends(row.after, WIDEST)
    return row._replace(before=ends(row.before, WIDEST), after=after, detail=ends(row.detail or "", WIDEST))


# --- what charts show --------------------------------------------------------------------------------------------


def median_length(figures: Figures) -> int:
    """Half of the documents are longer than about so many characters."""
    total = np.cumsum(figures.lengths)
    return round(10 ** (int(np.searchsorted(total, total[-1] / 2)) / PER_DECADE)) if len(total) and total[-1] else 0


def limits_of(steps: Sequence[Manifest], name: str = "min_score") -> Iterator[tuple[str, float]]:
    """The rules that judge by a limit of that name, and the limit."""
    for step in steps:
        for rule, settings in step["made_of"].get("rules", {}).items():
            if isinstance(settings, Mapping) and isinstance(settings.get(name), int | float):
                yield rule, float(settings[name])

"""The books of a step: what came in, what became of it, per source and rule; and that they balance.

Everything is counted again from the files that were written, not by whoever wrote them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engine import storage
from pipeline.errors import BalanceError
from pipeline.output.manifest import OTHERS, Example, Losses, Manifest, RuleFigures, SetAside
from pipeline.stages import tables

EXAMPLES = 6  # for each rule, from as many sites as there are
SOURCES = 200  # sources listed one by one; the smaller ones are summed up under OTHERS
WIDEST = 300  # characters of an example's before and after
MOST_REASONS = 3  # said of a batch
LONGEST_REASON = 160  # characters of one, before its hint
ROWS = 50_000  # of a few narrow columns, at a time


@dataclass(frozen=True)
class Accounts:
    """Documents per place."""

    kept: int
    dropped: int
    quarantined: int

    @classmethod
    def of(cls, output: Path | str) -> Accounts:
        """Counted from the footers of the files in the output of a step."""
        return cls(*(storage.count_rows(f"{output}/{place}") for place in tables.PLACES))

    @property
    def total(self) -> int:
        """Documents in all places."""
        return self.kept + self.dropped + self.quarantined


def close(step: str, output: Path, read: int, before: str | None = None) -> Manifest:
    """What the manifest of a step says of its output; `before` is the dataset that it read.

    Raises:
        BalanceError: documents read and documents written do not add up, in all or per source.
    """
    counts = Accounts.of(output)
    if counts.total != read:
        raise BalanceError(
            f"{step}: read {read:,}, but kept {counts.kept:,} + dropped {counts.dropped:,} "
            f"+ quarantined {counts.quarantined:,} = {counts.total:,}; nothing is published"
        )
    sources = _by_source(output)
    if before:
        _balance_sources(step, sources, _counted_sources(before))
    return {
        "counts": {
            "read": read,
            "kept": counts.kept,
            "dropped": counts.dropped,
            "quarantined": counts.quarantined,
            "findings": storage.count_rows(f"{output}/{tables.FOUND}"),
        },
        "sources": _ranked(sources),
        "reasons": reasons(output),
        "set_aside": {place: set_aside(output, place) for place in (tables.DROPPED, tables.QUARANTINED)},
        "losses": losses(output),
        "rules": per_rule(output),
    }


# --- sources -----------------------------------------------------------------------------------------------------


def sources_of(rows: pa.RecordBatch) -> pa.Array:
    """The source of each document: its site, or else the file or folder it came from."""
    folder = pc.fill_null(pc.struct_field(pc.extract_regex(rows["file"], r"^(?P<folder>.*)/[^/]*$"), 0), ".")
    place = pc.if_else(pc.equal(pc.fill_null(rows["line"], 0), 0), folder, rows["file"])
    named = pc.greater(pc.binary_length(pc.fill_null(rows["site"], "")), 0)
    return pc.if_else(named, rows["site"], place)


def ranked(sizes: Mapping[str, int]) -> list[str]:
    """The names of sources, the largest first."""
    return sorted(sizes, key=lambda source: (-sizes[source], source))


def _by_source(output: Path) -> dict[str, Counter[str]]:
    """Kept, dropped and quarantined documents of each source."""
    table: dict[str, Counter[str]] = {}
    for place in tables.PLACES:
        for source, count in _counted_sources(f"{output}/{place}").items():
            table.setdefault(source, Counter())[place] += count
    return table


def _counted_sources(dataset: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for rows in storage.read_rows(dataset, ["site", "file", "line"], rows=ROWS):
        found.update(dict(_counted(sources_of(rows))))
    return found


def _balance_sources(step: str, sources: Mapping[str, Counter[str]], before: Counter[str]) -> None:
    for source in sorted({*sources, *before}):
        written = sources.get(source, Counter()).total()
        if written != before[source]:
            raise BalanceError(f"{step}: {source}: read {before[source]:,}, wrote {written:,}; nothing is published")


def _ranked(table: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    """The largest sources by name, the others summed up."""
    names = ranked({source: counts.total() for source, counts in table.items()})
    listed = {source: dict(table[source]) for source in sorted(names[:SOURCES])}
    others = sum((table[source] for source in names[SOURCES:]), Counter[str]())
    return {**listed, OTHERS: dict(others)} if others else listed


def _counted(values: pa.Array) -> Iterator[tuple[Any, int]]:
    for entry in pc.value_counts(values):
        yield entry["values"].as_py(), entry["counts"].as_py()


# --- reasons and rules -------------------------------------------------------------------------------------------


def reasons(output: Path, places: Sequence[str] = (tables.DROPPED, tables.QUARANTINED)) -> dict[str, int]:
    """How many documents each rule set aside; for unreadable records the reason without its particulars."""
    found: Counter[str] = Counter()
    for place in places:
        for rows in storage.read_rows(f"{output}/{place}", ["reason"], rows=ROWS):
            found.update(dict(_counted(_short(rows["reason"]))))
    return dict(sorted(found.items()))


def set_aside(output: Path, place: str) -> dict[str, SetAside]:
    """The documents in a place by reason, with the reason as it was given to one of them, whatever their order."""
    found: dict[str, SetAside] = {}
    for rows in storage.read_rows(f"{output}/{place}", ["reason"], rows=ROWS):
        table = pa.table({"reason": _short(rows["reason"]), "given": rows["reason"]})
        for group in table.group_by("reason").aggregate([("given", "min"), ([], "count_all")]).to_pylist():
            entry = found.setdefault(group["reason"], {"documents": 0, "example": group["given_min"][:WIDEST]})
            entry["documents"] += group["count_all"]
            entry["example"] = min(entry["example"], group["given_min"][:WIDEST])
    return dict(sorted(found.items()))


# A rule; or the step, and what it says up to the first number or what it quotes, but for the name of what is missing.
PARTICULARS = r"^([^:]*/[^:]*):.*|(?s)(: (?:no \"[^\"]{1,60}\"|(?:UTF-8|[^:;\"0-9])*)).*"


def _short(reason: pa.Array) -> pa.Array:
    """Reasons without their particulars, so that they can be counted."""
    return pc.replace_substring_regex(reason, PARTICULARS, r"\1\2")


_TWIN = r"(?: of| in) (?P<twin>.+ \(batch [^()]*\))"  # as the reasons of copies name the document that is kept


def losses(output: Path) -> dict[str, Losses]:
    """What each source has lost, by reason: the sources that lost most, the others summed up.

    What a copy says stays in the corpus, in the document that it repeats. So of a source's copies of one document the
    first is no loss: a feed that brings yesterday's articles again loses nothing. The others are, since a site whose
    articles all say the same has put something in front of them.
    """
    found: dict[str, Losses] = {}
    for place in (tables.DROPPED, tables.QUARANTINED):
        for source, reason, count in _lost(f"{output}/{place}"):
            entry: dict[str, int] = found.setdefault(source, {"dropped": {}, "quarantined": {}})[place]  # type: ignore[literal-required]
            entry[reason] = entry.get(reason, 0) + count
    names = ranked({source: sum(map(sum_of, (e["dropped"], e["quarantined"]))) for source, e in found.items()})
    others = [found[source] for source in names[SOURCES:]]
    listed = {source: found[source] for source in sorted(names[:SOURCES])}
    return {**listed, OTHERS: added(others)} if others else listed


def _lost(dataset: str) -> Iterator[tuple[str, str, int]]:
    """Source, reason and number of documents set aside."""
    found: Counter[tuple[str, str, str]] = Counter()
    for rows in storage.read_rows(dataset, ["site", "file", "line", "reason"], rows=ROWS):
        twin = pc.fill_null(pc.struct_field(pc.extract_regex(rows["reason"], _TWIN), 0), "")
        table = pa.table({"source": sources_of(rows), "reason": _short(rows["reason"]), "twin": twin})
        for group in table.group_by(["source", "reason", "twin"]).aggregate([([], "count_all")]).to_pylist():
            found[group["source"], group["reason"], group["twin"]] += group["count_all"]
    for (source, reason, twin), count in found.items():
        if count > bool(twin):
            yield source, reason, count - bool(twin)


def sum_of(counts: Mapping[str, int]) -> int:
    """All that is counted."""
    return sum(counts.values())


def added(losses_: Iterable[Losses]) -> Losses:
    """The losses of several sources, together."""
    total: dict[str, Counter[str]] = {"dropped": Counter(), "quarantined": Counter()}
    for entry in losses_:
        total["dropped"].update(entry["dropped"])
        total["quarantined"].update(entry["quarantined"])
    return {"dropped": dict(total["dropped"]), "quarantined": dict(total["quarantined"])}


def most_often(outputs: Iterable[Path], places: Sequence[str]) -> list[str]:
    """The most frequent reasons in these outputs, each as it was given to one of the documents, with its number."""
    found: Counter[tuple[Path, str, str]] = Counter()
    for output in outputs:
        for place in places:
            found.update({(output, place, reason): number for reason, number in reasons(output, [place]).items()})
    return [f"{_one(*reason)} ({number:,})" for reason, number in found.most_common(MOST_REASONS)]


def _one(output: Path, place: str, reason: str) -> str:
    """A reason with its particulars, as one of the documents has it; the hint at its end is never cut."""
    for rows in storage.read_rows(f"{output}/{place}", ["reason"]):
        for given in map(str, rows["reason"].to_pylist()):
            if given.startswith(reason):
                said, hint, what = given.partition(" hint: ")
                return (said if len(said) <= LONGEST_REASON else f"{said[:LONGEST_REASON]} ...") + hint + what
    return reason


def per_rule(output: Path) -> dict[str, RuleFigures]:
    """Findings, edits and documents of each rule, with a few examples from different sites."""
    rules: dict[str, RuleFigures] = {}
    last: dict[str, str] = {}
    for rows in storage.read_rows(f"{output}/{tables.FOUND}", rows=ROWS):
        edits = pc.is_valid(rows["after"])
        for rule in pc.unique(rows["rule"]).to_pylist():
            mine = rows.filter(pc.equal(rows["rule"], rule))
            entry = rules.setdefault(rule, {"findings": 0, "edits": 0, "documents": 0, "examples": []})
            ids = pc.unique(mine["id"])  # a document's findings stand together
            entry["findings"] += mine.num_rows
            entry["edits"] += pc.sum(edits.filter(pc.equal(rows["rule"], rule))).as_py() or 0
            entry["documents"] += len(ids) - (last.get(rule) == ids[0].as_py())
            last[rule] = ids[-1].as_py()
            if len(entry["examples"]) < EXAMPLES:
                _add_examples(entry["examples"], mine)
    return dict(sorted(rules.items()))


def _add_examples(examples: list[Example], findings: pa.RecordBatch) -> None:
    """The first findings of documents and sites not shown yet, so that one site does not fill the list."""
    for wanted in ("site", "id", "before"):
        for row in findings.slice(0, 2_000).to_pylist():
            if len(examples) >= EXAMPLES:
                return
            if all(row[wanted] != example[wanted] for example in examples):
                examples.append({k: v[:WIDEST] if isinstance(v, str) else v for k, v in row.items()})

"""The books of a step: what came in, what became of it, per source and rule; and that they balance.

Everything is counted again from the files that were written, not by whoever wrote them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import batches
from pipeline.engine import storage
from pipeline.errors import BalanceError

PLACES = (batches.KEPT, batches.DROPPED, batches.QUARANTINED, batches.FOUND)
EXAMPLES = 6  # for each rule, from as many sites as there are
SOURCES = 200  # sources listed one by one; the smaller ones are summed up under OTHERS
OTHERS = "(others)"
BINS = 20
WIDEST = 300  # characters of an example's before and after


@dataclass(frozen=True)
class Accounts:
    """Documents per place."""

    kept: int
    dropped: int
    quarantined: int

    @classmethod
    def of(cls, folder: Path | str) -> Accounts:
        """Counted from the footers of the files in `folder`."""
        return cls(*(storage.count_rows(f"{folder}/{place}") for place in PLACES[:3]))

    @property
    def total(self) -> int:
        return self.kept + self.dropped + self.quarantined


def close(step: str, folder: Path, read: int, before: str | None = None) -> dict[str, Any]:
    """The counts of a step whose output lies in `folder`, for its manifest; `before` is the dataset that it read.

    Raises:
        BalanceError: documents read and documents written do not add up, in all or per source.
    """
    counts = Accounts.of(folder)
    if counts.total != read:
        raise BalanceError(
            f"{step}: read {read:,}, but kept {counts.kept:,} + dropped {counts.dropped:,} "
            f"+ quarantined {counts.quarantined:,} = {counts.total:,}; nothing is published"
        )
    sources = _by_source(folder)
    if before:
        _balance_sources(step, sources, _counted_sources(before))
    return {
        "counts": {
            "read": read,
            "kept": counts.kept,
            "dropped": counts.dropped,
            "quarantined": counts.quarantined,
            "findings": storage.count_rows(f"{folder}/{batches.FOUND}"),
        },
        "sources": _ranked(sources),
        "reasons": reasons(folder),
        "rules": per_rule(folder),
        **({"scores": scores(folder)} if step == "translation" else {}),
        **({"charsets": charsets(folder)} if step == "reading" else {}),
        "digests": {place: storage.digest_of(f"{folder}/{place}") for place in PLACES},
    }


def _by_source(folder: Path) -> dict[str, Counter[str]]:
    """Kept, dropped and quarantined documents of each source: its site, or else the file or folder it came from."""
    table: dict[str, Counter[str]] = {}
    for place in PLACES[:3]:
        for source, count in _counted_sources(f"{folder}/{place}").items():
            table.setdefault(source, Counter())[place] += count
    return table


def _counted_sources(dataset: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for batch in storage.read_rows(dataset, ["site", "file", "line"], rows=50_000):
        found.update(dict(_counted(_sources(batch))))
    return found


def _balance_sources(step: str, sources: Mapping[str, Counter[str]], before: Counter[str]) -> None:
    for source in sorted({*sources, *before}):
        written = sources.get(source, Counter()).total()
        if written != before[source]:
            raise BalanceError(f"{step}: {source}: read {before[source]:,}, wrote {written:,}; nothing is published")


def _ranked(table: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    """The largest sources by name, the others summed up."""
    ranked = sorted(table, key=lambda source: (-table[source].total(), source))
    listed = {source: dict(table[source]) for source in sorted(ranked[:SOURCES])}
    others = sum((table[source] for source in ranked[SOURCES:]), Counter[str]())
    return {**listed, OTHERS: dict(others)} if others else listed


def _sources(batch: pa.RecordBatch) -> pa.Array:
    folder = pc.fill_null(pc.struct_field(pc.extract_regex(batch["file"], r"^(?P<folder>.*)/[^/]*$"), 0), ".")
    place = pc.if_else(pc.equal(pc.fill_null(batch["line"], 0), 0), folder, batch["file"])
    named = pc.greater(pc.binary_length(pc.fill_null(batch["site"], "")), 0)
    return pc.if_else(named, batch["site"], place)


def _counted(values: pa.Array) -> Iterator[tuple[Any, int]]:
    for entry in pc.value_counts(values):
        yield entry["values"].as_py(), entry["counts"].as_py()


def reasons(folder: Path) -> dict[str, int]:
    """How many documents each rule set aside; for unreadable records the reason without its particulars."""
    found: Counter[str] = Counter()
    for place in (batches.DROPPED, batches.QUARANTINED):
        for batch in storage.read_rows(f"{folder}/{place}", ["reason"], rows=50_000):
            short = pc.replace_substring_regex(batch["reason"], r"^([^:]*/[^:]*):.*|(?s)(: [^:;\"0-9]*).*", r"\1\2")
            found.update(dict(_counted(short)))
    return dict(sorted(found.items()))


def per_rule(folder: Path) -> dict[str, dict[str, Any]]:
    """Findings, edits and documents of each rule, with a few examples from different sites."""
    rules: dict[str, dict[str, Any]] = {}
    last: dict[str, str] = {}
    for batch in storage.read_rows(f"{folder}/{batches.FOUND}", rows=50_000):
        edits = pc.is_valid(batch["after"])
        for rule in pc.unique(batch["rule"]).to_pylist():
            mine = batch.filter(pc.equal(batch["rule"], rule))
            entry = rules.setdefault(rule, {"findings": 0, "edits": 0, "documents": 0, "examples": []})
            ids = pc.unique(mine["id"])  # a document's findings stand together
            entry["findings"] += mine.num_rows
            entry["edits"] += pc.sum(edits.filter(pc.equal(batch["rule"], rule))).as_py() or 0
            entry["documents"] += len(ids) - (last.get(rule) == ids[0].as_py())
            last[rule] = ids[-1].as_py()
            if len(entry["examples"]) < EXAMPLES:
                _add_examples(entry["examples"], mine)
    return dict(sorted(rules.items()))


def charsets(folder: Path) -> dict[str, dict[str, Any]]:
    """For each source: documents per charset and per way of choosing it, the least certainty, characters replaced."""
    found: dict[str, dict[str, Any]] = {}
    columns = ["site", "file", "line", "charset", "charset_from", "charset_certainty", "replaced"]
    for batch in storage.read_rows(f"{folder}/{batches.KEPT}", columns, rows=50_000):
        table = pa.table({"source": _sources(batch), **{name: batch[name] for name in columns[3:]}})
        groups = table.group_by(["source", "charset", "charset_from"]).aggregate(
            [("replaced", "sum"), ("charset_certainty", "min"), ("source", "count")]
        )
        for row in groups.to_pylist():
            entry = found.setdefault(row["source"], {"charsets": {}, "least_certainty": 1.0, "replaced": 0})
            name = f"{row['charset']}, {row['charset_from']}"
            entry["charsets"][name] = entry["charsets"].get(name, 0) + row["source_count"]
            entry["least_certainty"] = round(min(entry["least_certainty"], row["charset_certainty_min"]), 4)
            entry["replaced"] += row["replaced_sum"]
    for entry in found.values():
        entry["charsets"] = dict(sorted(entry["charsets"].items()))
    ranked = sorted(found, key=lambda source: (-sum(found[source]["charsets"].values()), source))
    return {source: found[source] for source in sorted(ranked[:SOURCES])}


def scores(folder: Path) -> list[int]:
    """How many documents have a translation score in each of `BINS` equal parts of 0..1."""
    bins = [0] * BINS
    for place in PLACES[:3]:
        for batch in storage.read_rows(f"{folder}/{place}", ["translation_score"], rows=50_000):
            known = pc.drop_null(batch["translation_score"])
            for number, count in _counted(pc.cast(pc.multiply(known, BINS), pa.int64(), safe=False)):
                bins[min(int(number), BINS - 1)] += count
    return bins


def _add_examples(examples: list[Mapping[str, Any]], findings: pa.RecordBatch) -> None:
    """The first findings of documents and sites not shown yet, so that one site does not fill the list."""
    for wanted in ("site", "id", "before"):
        for row in findings.slice(0, 2_000).to_pylist():
            if len(examples) >= EXAMPLES:
                return
            if all(row[wanted] != example[wanted] for example in examples):
                examples.append({k: v[:WIDEST] if isinstance(v, str) else v for k, v in row.items()})

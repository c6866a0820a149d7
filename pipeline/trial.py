"""Trying a rule before believing it: its hits on a sample, evenly over the sites, and what they would cost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline import batches, edits, knowledge, text
from pipeline.config import Settings
from pipeline.records import NO_FACTS, Finding, Rule
from pipeline.sources import find, read

PER_SITE = 20  # hits shown of each site
MOST_DOCUMENTS = 20_000  # a sample: as many files as it takes, in the order of their names


@dataclass
class Trial:
    """What a rule did to a sample. `hits` are rows of `batches.FINDINGS`, `PER_SITE` of each site."""

    rule: str
    documents: int = 0
    hit: int = 0  # documents
    findings: int = 0
    edits: int = 0
    words: int = 0
    words_cut: int = 0
    seconds: float = 0.0  # CPU time of screening and finding
    sites: dict[str, int] = field(default_factory=dict)
    hits: list[Mapping[str, Any]] = field(default_factory=list)


def try_rule(rule: Rule, path: str, settings: Settings) -> Trial:
    """Run one rule alone over the documents at `path`, and change nothing.

    Facts of a text alone are computed; those of a whole corpus (duplicates, lines of a site) are not known here.

    Raises:
        InputError: nothing is at `path` that can be read.
    """
    trial = Trial(rule.name)
    for batch in _sample(path, settings):
        facts = knowledge.text_facts(rule.name.partition("/")[0])(batch)[0]
        started = time.process_time()
        seen = batches.rows_seen(batch["text"], rule)
        for row in range(batch.num_rows) if seen is None else sorted(seen):
            document = batch["text"][row].as_py()
            after, findings = edits.run(document, (rule,), facts[row] if facts else NO_FACTS)
            if findings:
                site = batch["site"][row].as_py() or batch["file"][row].as_py()
                _note(trial, batch["id"][row].as_py(), site, document, after, findings)
        trial.seconds += time.process_time() - started
        trial.documents += batch.num_rows
        trial.words += sum(_words(value) for value in batch["text"].to_pylist())
    return trial


def _note(trial: Trial, identity: str, site: str, before: str, after: str, findings: Sequence[Finding]) -> None:
    trial.hit += 1
    trial.findings += len(findings)
    trial.edits += sum(finding.after is not None for finding in findings)
    trial.words_cut += max(0, _words(before) - _words(after))
    shown = trial.sites.get(site, 0)
    trial.sites[site] = shown + len(findings)
    trial.hits += batches.finding_rows(identity, site, before, findings)[: max(0, PER_SITE - shown)]


def _words(value: str) -> int:
    return sum(1 for _ in text.words(value))


def _sample(path: str, settings: Settings) -> Iterator[pa.RecordBatch]:
    documents = 0
    for portion in read.portions(find.find_files(path).files, Path(path)):
        for outputs in read.read_portion(batches.from_rows(portion, read.PORTIONS), settings=settings.read):
            yield outputs[batches.KEPT]
            documents += outputs[batches.KEPT].num_rows
            if documents >= MOST_DOCUMENTS:
                return

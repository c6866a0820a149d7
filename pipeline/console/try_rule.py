"""`copydesk rules try`: a rule's hits on a sample, evenly over the sites, and what they would cost."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from rich.text import Text

from pipeline import text
from pipeline.config import Settings
from pipeline.console import show
from pipeline.output.report.words import number_of
from pipeline.records import Document, Finding, Guard, Rule
from pipeline.sources import find, objects, read
from pipeline.stages import stage as stages
from pipeline.stages import tables
from pipeline.stages.rows import rows_seen
from pipeline.stages.stage import Stage
from pipeline.stages.tables import FindingRow

PER_SITE = 20  # hits shown of each site
MOST_DOCUMENTS = 20_000  # a sample: as many files as it takes, in the order of their names


@dataclass
class Trial:
    """What a rule did to a sample. `hits` are `PER_SITE` findings of each site."""

    rule: str
    documents: int = 0
    hit: int = 0  # documents
    findings: int = 0
    edits: int = 0
    words: int = 0
    words_cut: int = 0
    seconds: float = 0.0  # CPU time of screening and finding
    sites: dict[str, int] = field(default_factory=dict)
    hits: list[FindingRow] = field(default_factory=list)


def try_rule(stage: Stage, judge: Rule | Guard, path: Path | str, settings: Settings) -> Trial:
    """Run one rule alone over the documents at `path`, or a guard after all rules of its stage; and change nothing.

    Facts of a text alone are computed; those of a whole corpus (duplicates, lines of a site) are not known here.

    Raises:
        InputError: nothing is at `path` that can be read.
    """
    trial = Trial(judge.name)
    alone = dataclasses.replace(stage, rules=(judge,), guard=None, reviews=()) if isinstance(judge, Rule) else stage
    for sample in _sample(str(path), settings):
        rows = _with_columns(sample, stage, settings)
        facts = stage.facts(rows).facts
        started = time.process_time()
        seen = rows_seen(rows["text"], facts, judge) if isinstance(judge, Rule) else None
        for row in range(rows.num_rows) if seen is None else sorted(seen):
            before = Document(rows["id"][row].as_py(), rows["text"][row].as_py())
            result = stages.run(alone, before, facts[row])
            findings = [finding for finding in result.findings if finding.rule == judge.name]
            if findings:
                site = rows["site"][row].as_py() or rows["file"][row].as_py()
                _note(trial, site, before, result.text, findings)
        trial.seconds += time.process_time() - started
        trial.documents += rows.num_rows
        trial.words += sum(_words(value) for value in rows["text"].to_pylist())
    return trial


def _with_columns(rows: pa.RecordBatch, stage: Stage, settings: Settings) -> pa.RecordBatch:
    """The documents with what stages before this one would have said of them."""
    for earlier in settings.stages[: [other.name for other in settings.stages].index(stage.name)]:
        told = earlier.facts(rows).columns
        for column in earlier.columns:
            rows = tables.with_column(rows, column, told[column.name])
    return rows


def _note(trial: Trial, site: str, before: Document, after: str, findings: Sequence[Finding]) -> None:
    trial.hit += 1
    trial.findings += len(findings)
    trial.edits += sum(finding.is_edit for finding in findings)
    trial.words_cut += max(0, _words(before.text) - _words(after))
    shown = trial.sites.get(site, 0)
    trial.sites[site] = shown + len(findings)
    trial.hits += tables.finding_rows(before.id, site, before.text, findings)[: max(0, PER_SITE - shown)]


def _words(value: str) -> int:
    return sum(1 for _ in text.words(value))


def _sample(path: str, settings: Settings) -> Iterator[pa.RecordBatch]:
    documents = 0
    root, pattern = find.split_pattern(path)
    for portion in read.portions(objects.find_input(root, settings.run.output, pattern).files, root):
        for outputs in read.read_portion(tables.from_dicts(portion.rows, read.PORTIONS), settings=settings.read):
            yield outputs[tables.KEPT]
            documents += outputs[tables.KEPT].num_rows
            if documents >= MOST_DOCUMENTS:
                return


def print_trial(trial: Trial, as_json: bool) -> None:
    """The hits site by site, then the sums."""
    if as_json:
        show.as_json({**dataclasses.asdict(trial), "hits": [hit._asdict() for hit in trial.hits]})
        return
    terminal = show.console()
    for site, findings in trial.sites.items():
        terminal.print(Text(f"{show.printable(site)}: {number_of(findings, 'finding')}", style="bold"))
        for hit in trial.hits:
            if hit.site == site:
                terminal.print(Text(f"  {show.printable(hit.id)}: ") + show.finding(hit))
    share = 100 * trial.words_cut / max(1, trial.words)
    cost = 1_000 * trial.seconds / max(1, trial.documents)
    terminal.print(
        f"{trial.rule}: {number_of(trial.findings, 'finding')}, {number_of(trial.edits, 'edit')}, in {trial.hit:,} of "
        f"{number_of(trial.documents, 'document')}; {trial.words_cut:,} of {number_of(trial.words, 'word')} cut "
        f"({share:.2f} %); {cost:.3f} ms a document"
    )

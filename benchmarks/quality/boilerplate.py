"""Boilerplate: how much of it is cut from labelled pages, and how much of the articles with it.

Everything is measured through `edits.run` with all rules of the stage. The line model is trained anew for each fifth
of the sites on the other four (needs catboost and scikit-learn): no page is judged by a model that has seen its site.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import data
from benchmarks.quality import Measure
from benchmarks.train_lines import ARTICLES, CONTENT, SCRAPED, Page, pages, unseen
from pipeline import batches, edits
from pipeline.engine import storage
from pipeline.engine.local import LocalEngine
from pipeline.facts import lines
from pipeline.records import NO_FACTS, Facts, Finding, Rule
from pipeline.rules import boilerplate
from pipeline.rules.boilerplate.model import Model

GOALS = {"news": 0.80, "web": 0.58, "press": 0.50}
BOILERPLATE = "boilerplate"


def measure() -> list[Measure]:
    everything = pages()
    judged = list(_models(everything))
    print_rules = Tally()
    alone = {kind: Tally() for kind in GOALS}
    together = {"press": Tally()}
    press = [page for page in everything if page.kind == "press"]
    known, sizes = uses(press), Counter(page.site for page in press)
    spared = 0
    for rules, tried in judged:
        for page in (page for page in tried if page.kind != SCRAPED):
            findings = cut(page, rules)
            if page.kind == ARTICLES:
                spared += sum(len(lines_of(finding)) for finding in findings)
            else:
                alone[page.kind].add(page, findings)
                print_rules.add(page, findings)
            if page.kind in together and sizes[page.site] > 1:
                facts = Facts(site=page.site, lines=lines.uses_of(page.text, page.site, known))
                together[page.kind].add(page, cut(page, rules, facts))
    found = list(_figures("alone", alone, GOALS))
    found += _figures("with the site's pages", together, {"press": 0.80})
    lost = sum(tally.lines_lost for tally in alone.values()) / sum(tally.lines for tally in alone.values())
    found.append(Measure("content lines lost", lost, "<= 0.003"))
    found.append(Measure("news by people, lines cut", spared, "0", "original and translated, unseen by the model"))
    print_rules.show()
    found.append(_speed())
    return found


def _models(everything: list[Page]) -> Iterator[tuple[tuple[Rule, ...], list[Page]]]:
    """The rules with a stored model that was trained without the sites of the pages that go with them."""
    for model, test in unseen(everything):
        yield rules_with(model), test


def rules_with(model: Model) -> tuple[Rule, ...]:
    """The stage's rules, asking another line model."""

    def judged(text: str, facts: Facts) -> Iterator[object]:
        return boilerplate.link_like_hits(text, model.scores, facts)

    return tuple(
        replace(rule, find=judged) if rule.name == "boilerplate/link_like_line" else rule for rule in boilerplate.RULES
    )


def uses(chosen: list[Page]) -> lines.Uses:
    """How often each line stands on its site, counted as a run counts it."""
    rows = [{"id": page.id, "site": page.site, "text": page.text} for page in chosen]
    with tempfile.TemporaryDirectory() as folder:
        documents = Path(folder) / "documents"
        documents.mkdir()
        pq.write_table(pa.Table.from_batches([batches.from_rows(rows, batches.DOCUMENTS)]), documents / "part.parquet")
        counted = lines.count(LocalEngine(1, "500MB", folder), str(documents), (), f"{folder}/count")
        return lines.by_site(storage.read_table(counted))


def cut(page: Page, rules: tuple[Rule, ...], facts: Facts = NO_FACTS) -> list[Finding]:
    return [f for f in edits.run(page.text, rules, facts)[1] if f.after is not None]


def lines_of(finding: Finding) -> list[str]:
    return [line for line in finding.before.split("\n") if line and not line.isspace()]


class Tally:
    """Characters and lines, labelled and cut, of many pages; lines of unknown label are left out."""

    def __init__(self) -> None:
        self.chars: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()
        self.lines = self.lines_lost = 0
        self.rules: dict[str, Counter[str]] = {}

    def add(self, page: Page, findings: list[Finding]) -> None:
        gone: dict[str, list[str]] = {}
        for finding in findings:
            for line in lines_of(finding):
                gone.setdefault(line, []).append(finding.rule)
        for line, label in zip(page.lines, page.labels, strict=True):
            size = len(line.text)
            self.chars[label] += size
            self.lines += label == CONTENT
            if gone.get(line.text):
                rule = self.rules.setdefault(gone[line.text].pop(), Counter())
                self.cut[label] += size
                self.lines_lost += label == CONTENT
                rule[label] += 1
                rule["words"] += len(line.text.split())

    def show(self) -> None:
        print(f"\n  {'rule':<32}{'lines':>7}{'words':>8}  precision")
        for name, counts in sorted(self.rules.items()):
            right, wrong = counts[BOILERPLATE], counts[CONTENT]
            share = right / (right + wrong) if right + wrong else float("nan")
            print(f"  {name:<32}{right + wrong + counts['unsure']:>7}{counts['words']:>8}  {share:.3f}")


def _figures(how: str, tallies: dict[str, Tally], goals: dict[str, float]) -> Iterator[Measure]:
    for kind, goal in goals.items():
        chars, gone = tallies[kind].chars, tallies[kind].cut
        yield Measure(f"{how}, {kind}: boilerplate removed", gone[BOILERPLATE] / chars[BOILERPLATE], f">= {goal:.2f}")
        yield Measure(f"{how}, {kind}: content lost", gone[CONTENT] / chars[CONTENT], "<= 0.01")


def _speed() -> Measure:
    texts = [text[:1500] for text in data.article_texts() if len(text) >= 1500]
    edits.run(texts[0], boilerplate.RULES)
    start = time.process_time()
    for text in texts:
        edits.run(text, boilerplate.RULES)
    spent = (time.process_time() - start) / len(texts) * 1000
    return Measure("ms of CPU a document of 1.5 kB", spent, "<= 0.1")

"""Boilerplate: how much of it is cut from labelled pages, and how much of the articles with it.

Everything is measured through `edits.run` with all rules of the stage. The line model was trained anew for each fifth
of the sites on the other four (`benchmarks/folds`): no page is judged by a model that has seen its site.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import data
from benchmarks.line_pages import (
    ARTICLES,
    BOILERPLATE,
    CONTENT,
    EXTRACTION,
    LABELLED,
    Page,
    leftovers,
    made,
    pages,
    with_leftovers,
)
from benchmarks.quality import Measure, _pace
from benchmarks.train_lines import unseen
from pipeline import edits
from pipeline.engine import storage
from pipeline.engine.local import LocalEngine
from pipeline.facts import lines
from pipeline.records import NO_FACTS, Facts, Finding, Hit, Rule
from pipeline.rules import boilerplate
from pipeline.rules.boilerplate.model import Model
from pipeline.stages import tables

GOALS = {"news": 0.85, "web": 0.62, "press": 0.72}
SEED = 3
DRAWS = 4  # of leftovers for each article: figures of single draws are four points apart


def measure() -> list[Measure]:
    everything = pages()
    by_kind: dict[str, Tally] = {
        kind: Tally() for kind in (*LABELLED, "press together", ARTICLES, "few leftovers", "gold")
    }
    press = [page for page in everything if page.kind == "press"]
    of_sites, sizes = uses(press), Counter(page.site for page in press)
    texts = gold()
    chance = random.Random(SEED)
    for model, tried in unseen(everything):
        rules = rules_with(model)
        pool = leftovers([page for page in tried if page.kind in LABELLED])
        for page in tried:
            if page.kind in LABELLED:
                by_kind[page.kind].add(page, cut(page, rules))
            if page.kind == "press" and sizes[page.site] > 1:
                facts = Facts(site=page.site, lines=lines.uses_of(page.text, page.site, of_sites))
                by_kind["press together"].add(page, cut(page, rules, facts))
            if page.kind == ARTICLES:
                by_kind[ARTICLES].add(page, cut(page, rules))
                for _ in range(DRAWS):
                    left = with_leftovers(page, pool, chance.randint(1, 3), chance)
                    by_kind["few leftovers"].add(left, cut(left, rules))
            if page.id in texts:
                by_kind["gold"].add(texts[page.id], cut(texts[page.id], rules))
    show([by_kind[kind] for kind in LABELLED])
    found = [figure for kind, goal in GOALS.items() for figure in _figures(f"alone, {kind}", by_kind[kind], goal)]
    found += _figures("with the site's pages, press", by_kind["press together"], 0.88)
    lost = sum(by_kind[kind].lines_lost for kind in LABELLED) / sum(by_kind[kind].lines for kind in LABELLED)
    found.append(Measure("content lines lost", lost, "<= 0.01", "of whole pages"))
    clean = by_kind["gold"]
    found.append(Measure("lines of hand-made articles lost", clean.lines_lost / clean.lines, "<= 0.003"))
    found.append(Measure("news by people, lines cut", by_kind[ARTICLES].lines_lost, "0", "original and translated"))
    few = by_kind["few leftovers"]
    found.append(Measure("the same with leftovers, lines of the article cut", few.lines_lost, "0"))
    found.append(Measure("the same with leftovers, leftovers removed", few.cut[BOILERPLATE] / few.chars[BOILERPLATE]))
    found.append(_speed())
    return found


def gold() -> dict[str, Page]:
    """The articles of the extraction sets, as somebody copied them from the pages: headings, lists and quotes."""
    rows = [row for name in EXTRACTION for row in data.load(name)]
    return {
        row["id"]: made(row["id"], "gold", "", [(line, CONTENT) for line in row["text"].split("\n")]) for row in rows
    }


def rules_with(model: Model) -> tuple[Rule, ...]:
    """The stage's rules, asking another line model."""

    def judged(text: str, facts: Facts) -> Iterator[Hit]:
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
        storage.write_rows(documents, [tables.from_dicts(rows, tables.DOCUMENTS)], tables.DOCUMENTS)
        counted = lines.count(LocalEngine(1, "500MB", folder), str(documents), (), f"{folder}/count")
        return lines.by_site(storage.read_table(counted))


def cut(page: Page, rules: tuple[Rule, ...], facts: Facts = NO_FACTS) -> list[Finding]:
    return [f for f in edits.run(page.text, rules, facts)[1] if f.is_edit]


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
            for text in lines_of(finding):
                gone.setdefault(text, []).append(finding.rule)
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


def show(tallies: list[Tally]) -> None:
    print(f"\n  {'rule':<32}{'lines':>7}{'words':>8}  precision")
    names = sorted({name for tally in tallies for name in tally.rules})
    for name in names:
        counts = sum((tally.rules.get(name, Counter()) for tally in tallies), Counter[str]())
        right, wrong = counts[BOILERPLATE], counts[CONTENT]
        share = right / (right + wrong) if right + wrong else float("nan")
        print(f"  {name:<32}{right + wrong + counts['unsure']:>7}{counts['words']:>8}  {share:.3f}")


def _figures(how: str, tally: Tally, goal: float) -> Iterator[Measure]:
    chars, gone = tally.chars, tally.cut
    yield Measure(f"{how}: boilerplate removed", gone[BOILERPLATE] / chars[BOILERPLATE], f">= {goal:.2f}")
    yield Measure(f"{how}: content lost", gone[CONTENT] / chars[CONTENT], "<= 0.005")


def _speed() -> Measure:
    texts = [text[:1500] for text in data.article_texts() if len(text) >= 1500]
    for text in texts:  # phrases are compiled when they are first met
        edits.run(text, boilerplate.RULES)
    spent = min(_seconds(texts) for _ in range(3))
    note = f"{spent / len(texts) * 1000:.3f} ms a document of 1.5 kB; to be 0.1"
    return Measure("speed, times ftfy.fix_text", _pace.times_ftfy(spent, texts), "", note)


def _seconds(texts: Sequence[str]) -> float:
    start = time.process_time()
    for text in texts:
        edits.run(text, boilerplate.RULES)
    return time.process_time() - start

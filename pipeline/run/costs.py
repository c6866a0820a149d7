"""What rules cost: the CPU time of each on some documents of a batch, measured when its report is made.

Not while the stages run: a clock around every call of every rule costs as much as many of the rules.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice, pairwise

import pyarrow.compute as pc

from pipeline.engine import storage
from pipeline.output.report.figures import RuleCost
from pipeline.records import Document, Facts
from pipeline.run.steps.step import Made
from pipeline.stages import stage as stages
from pipeline.stages.rows import screen
from pipeline.stages.stage import Stage

SAMPLE = 200  # documents, of the first that a stage has got
LONGEST = 20_000  # characters of one: what is hostile and long has had its time once
LEAST = 1_000  # documents of a batch: of fewer a run takes no time that anybody would look into
MOST = 10  # rules that are told


def of(all_stages: Sequence[Stage], made: Sequence[Made]) -> list[RuleCost]:
    """The slowest rules, the slowest first; `made` are the outputs of the steps. None for a small batch.

    Each rule is asked alone, about the documents that its trigger sees (what triggers cost is shared by many rules),
    with what is told of a text by itself: how lines stand on a site, and which documents are copies, is not known here.
    """
    if not made or made[0].manifest["counts"]["read"] < LEAST:
        return []
    known = {stage.name: stage for stage in all_stages}
    found = [
        cost
        for before, after in pairwise(made)
        if after.step in known
        for cost in _of_stage(known[after.step], before.kept)
    ]
    return sorted(found, key=lambda cost: -cost.milliseconds)[:MOST]


def _of_stage(stage: Stage, documents: str) -> list[RuleCost]:
    rows = next(islice(storage.read_rows(documents, rows=2 * SAMPLE), 1), None)
    if rows is None:
        return []
    rows = rows.filter(pc.less(pc.utf8_length(rows["text"]), LONGEST)).slice(0, SAMPLE)
    if not rows.num_rows:
        return []
    facts = stage.facts(rows).facts
    texts = [Document(*pair) for pair in zip(rows["id"].to_pylist(), rows["text"].to_pylist(), strict=True)]
    seen = screen(rows["text"], facts, stage)
    costs = []
    for rule in stage.rules:
        alone = dataclasses.replace(stage, rules=(rule,), guard=None, reviews=())
        asked = sorted(seen.get(rule.name, range(rows.num_rows)))
        _ask(alone, texts, facts, asked[:1])  # whatever is loaded once
        started = time.thread_time()
        _ask(alone, texts, facts, asked)
        costs.append(RuleCost(rule.name, 1_000 * (time.thread_time() - started) / rows.num_rows))
    return costs


def _ask(alone: Stage, texts: Sequence[Document], facts: Sequence[Facts], rows: Sequence[int]) -> None:
    for row in rows:
        with suppress(Exception):  # a rule may break on a text in any way: that was told when its stage was made
            stages.run(alone, texts[row], facts[row])

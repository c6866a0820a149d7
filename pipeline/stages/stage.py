"""What a stage is, and what it makes of one document."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline import edits
from pipeline.engine.protocol import Engine
from pipeline.records import NO_FACTS, NO_TABLE, Document, Facts, Finding, Guard, Result, Rule, Table


class FactsOfRows(NamedTuple):
    """The facts of each document of some rows, and the values of the columns that the stage fills in, by name."""

    facts: Sequence[Facts]
    columns: Mapping[str, Sequence[Any]] = {}


FactFunction = Callable[[pa.RecordBatch], FactsOfRows]


def no_facts(rows: pa.RecordBatch) -> FactsOfRows:
    """For stages whose rules read everything off the text."""
    return FactsOfRows([NO_FACTS] * rows.num_rows)


class Ground(NamedTuple):
    """What a survey has before it: the documents that come into the stage, and what earlier batches left."""

    documents: str  # a dataset
    batch: str
    earlier: Mapping[str, str]  # name of each batch published before this one to the folder that it left
    work: str  # a folder for tables; those that the facts are read from stay


@dataclass(frozen=True)
class Survey:
    """How a stage comes to know what one document cannot tell: it counts over all of them, and over earlier batches.

    `facts(stage, engine, ground)` does the counting and returns the function that gives each document its facts.
    `remember(engine, output, published, batch, folder)` puts into `folder` what later batches need of this one:
    `output` is the stage's own, of which it takes the datasets `left`, `published` the documents as published. It must
    do without `output` (None) where that is gone. The folder will lie in `history/<memory>/`.
    """

    memory: str
    facts: Callable[[Stage, Engine, Ground], FactFunction]
    remember: Callable[[Engine, Path | None, str, str, Path], None]
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """A named, ordered tuple of rules, with all that they need.

    `module` is where it is written down (`__name__`): what its outputs depend on is read off the imports there.
    `facts` gives its rules what they cannot read off the text; `survey` does, where that takes the whole corpus.
    `columns` are those that it adds to the documents; `counted(findings)` gives the values of those that only the
    findings on a document tell, for which `facts` hold what a document without findings has. `summary(output)` are
    figures of its own for the books and the report. `table` holds its own settings, from the table of its name in the
    settings file. `filled(stage, off)` fills in the derived parameters of its rules; `off` names those of its rules
    that are switched off. `reviews` look at what the rules have left, and remark or judge.
    """

    name: str
    module: str
    about: str
    rules: tuple[Rule, ...]
    guard: Guard | None = None
    reviews: tuple[Guard, ...] = ()
    facts: FactFunction = no_facts
    survey: Survey | None = None
    columns: tuple[pa.Field, ...] = ()
    counted: Callable[[Sequence[Finding]], Mapping[str, Any]] | None = None
    summary: Callable[[Path], Mapping[str, Any]] | None = None
    table: Table = NO_TABLE
    filled: Callable[[Stage, Collection[str]], Stage] | None = None

    @property
    def judges(self) -> tuple[Rule | Guard, ...]:
        """Its rules, its reviews, and the guard last."""
        return (*self.rules, *self.reviews, *([self.guard] if self.guard else ()))

    def rule(self, name: str) -> Rule | None:
        """The rule of that name without the stage's; None where it is switched off."""
        return next((rule for rule in self.rules if rule.name == f"{self.name}/{name}"), None)

    def with_derived(self, **values: Any) -> Stage:
        """The stage with these values for the derived parameters of those of its rules that have them."""
        rules = []
        for rule in self.rules:
            mine = {name: value for name, value in values.items() if name in rule.parameters}
            rules.append(rule.with_settings(**mine) if mine else rule)
        return replace(self, rules=tuple(rules))


def run(stage: Stage, document: Document, facts: Facts = NO_FACTS, idle: Collection[str] = ()) -> Result:
    """What the stage makes of one document; `idle` names rules known to find nothing in its text as it comes.

    Raises:
        RuleError: a rule broke its contract.
    """
    text, findings = edits.run(document.text, stage.rules, facts, idle)
    if stage.guard:
        _, refused = edits.apply(document.text, stage.guard.name, stage.guard.find(document.text, findings))
        if refused:
            return Result(document, tuple(refused), *edits.judge([stage.guard], refused))
    remarks: list[Finding] = []
    for review in stage.reviews:  # each looks at what the rules found, none at what another review says
        remarks += edits.apply(text, review.name, review.find(text, findings))[1]
    findings += remarks
    verdict, reason = edits.judge(stage.judges, findings)
    if text != document.text:
        document = replace(document, text=text)
    return Result(document, tuple(findings), verdict, reason)

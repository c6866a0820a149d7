"""The pipeline's shape: which rules a stage holds, and in which order the stages come."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from pipeline import edits
from pipeline.records import NO_FACTS, Document, Facts, Result, Rule
from pipeline.rules import boilerplate, duplicates, encoding, language, translation


@dataclass(frozen=True)
class Stage:
    """A named, ordered tuple of rules, and perhaps a guard.

    The guard looks at the text as it came and at the findings, and may refuse the whole: the document then keeps its
    text and gets the guard's verdict.
    """

    name: str
    rules: tuple[Rule, ...]
    guard: Rule | None = None


STAGES = (
    Stage("encoding", encoding.RULES),
    Stage("boilerplate", boilerplate.RULES, boilerplate.GUARD),
    Stage("language", language.RULES),
    Stage("translation", translation.RULES),
    Stage("duplicates", duplicates.RULES),
)


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
    verdict, reason = edits.judge(stage.rules, findings)
    if text != document.text:
        document = replace(document, text=text)
    return Result(document, tuple(findings), verdict, reason)

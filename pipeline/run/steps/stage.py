"""The step of a stage: its facts, its rules over all documents, its books."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from pipeline.engine import storage
from pipeline.engine.protocol import Engine
from pipeline.output.manifest import MadeOf, Manifest
from pipeline.records import Guard, Rule
from pipeline.run import books, keys
from pipeline.run.batch import Batch
from pipeline.run.steps.step import Made, Step
from pipeline.stages import tables
from pipeline.stages.rows import run_stage
from pipeline.stages.stage import Ground, Stage


class StageStep(Step):
    """Runs a stage over the documents that the step before it has kept."""

    def __init__(self, batch: Batch, after: Step | None, stage: Stage) -> None:
        super().__init__(batch, after)
        self.stage, self.name = stage, stage.name

    @property
    def modules(self) -> tuple[str, ...]:
        """The stage's own module, too."""
        return (*super().modules, self.stage.module)

    def ingredients(self, made: Sequence[Made]) -> MadeOf:
        """The documents, the rules, the stage's own settings, and what earlier batches left for it."""
        stage = self.stage
        history = {"history": self.batch.history.digests(stage.survey.memory)} if stage.survey else {}
        return {
            "input": made[-1].manifest["digests"][tables.KEPT],
            "rules": {rule.name: _made_of(rule) for rule in stage.judges},
            **stage.table.made_of(),
            **history,
        }

    def write(self, engine: Engine, made: Sequence[Made], work: Path) -> Manifest:
        """Survey the documents where the stage asks for it, then look at each of them."""
        stage, kept = self.stage, made[-1].kept
        facts = stage.facts
        if stage.survey:
            earlier = {name: str(folder) for name, folder in self.batch.history.earlier(stage.survey.memory).items()}
            facts = stage.survey.facts(stage, engine, Ground(kept, self.batch.name, earlier, str(work)))
        engine.split_rows(partial(run_stage, stage=stage, facts=facts), kept, str(work))
        own = cast(Manifest, stage.summary(work)) if stage.summary else Manifest()
        return {**own, **books.close(self.name, work, storage.count_rows(kept), kept)}


def _made_of(rule: Rule | Guard) -> MadeOf:
    values = {name: keys.brief(value) for name, value in rule.parameters.items()}
    return {"verdict": rule.verdict.name.lower(), **values}

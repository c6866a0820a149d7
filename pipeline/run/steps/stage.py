"""The step of a stage: its facts, its rules over all documents, its books."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from pipeline.engine import storage, whole
from pipeline.engine.protocol import Engine
from pipeline.output import columns
from pipeline.output import manifest as manifests
from pipeline.output.layout import Layout
from pipeline.output.manifest import MadeOf, Manifest
from pipeline.records import Guard, Rule
from pipeline.run import books, keys
from pipeline.run.batch import Batch
from pipeline.run.steps.step import Made, Step
from pipeline.stages import tables
from pipeline.stages.rows import give_up, run_stage
from pipeline.stages.stage import Ground, Stage, Survey


class StageStep(Step):
    """Runs a stage over the documents that the step before it has kept."""

    def __init__(self, batch: Batch, after: Step | None, stage: Stage) -> None:
        super().__init__(batch, after)
        self.stage, self.name = stage, stage.name
        self.is_judged = stage.survey is not None

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

    def write(self, engine: Engine, made: Sequence[Made], work: Path, key: str) -> Manifest:
        """Survey the documents where the stage asks for it, then look at each of them."""
        stage, kept = self.stage, made[-1].kept
        facts = stage.facts
        if stage.survey:
            earlier = dict(self._memories(engine, stage.survey, work))
            facts = stage.survey.facts(stage, engine, Ground(kept, self.batch.name, earlier, str(work)))
        seconds = self.batch.settings.run.max_seconds
        function = partial(run_stage, stage=stage, facts=facts, max_seconds=seconds)
        retried = self.take_over(key, kept, work)
        engine.split_rows(function, kept, str(work), give_up=partial(give_up, stage=stage), resumable=True)
        own = cast(Manifest, stage.summary(work)) if stage.summary else Manifest()
        return {**own, "parts_made": retried, **books.close(self.name, work, storage.count_rows(kept), kept)}

    def _memories(self, engine: Engine, survey: Survey, work: Path) -> Iterator[tuple[str, str]]:
        """What each batch published before has left; what is missing or damaged there is made again from the corpus."""
        history = self.batch.history
        for name, published in history.published().items():
            folder = history.place(survey.memory, name, published["key"])
            if not history.sound(folder):
                layout, documents = Layout(history.layout.output, name), work / "documents"
                files = [layout.corpus / file for file in published["parts"]]
                columns.documents(engine, files, str(documents))
                remember = partial(survey.remember, engine, self._output_of(layout, published), str(documents), name)
                history.remember(survey.memory, name, published["key"], remember)
                whole.remove(documents)
            yield name, str(folder)

    def _output_of(self, layout: Layout, published: Manifest) -> Path | None:
        """The output of this stage from which another batch was published; None when it is gone."""
        left = published["made_of"].get("left", {})
        wanted = {name.partition("/")[2]: digest for name, digest in left.items() if name.startswith(f"{self.name}/")}
        for output in sorted(layout.runs.glob(f"*-{self.name}-*")):
            manifest = manifests.read(output)
            same = manifest and all(manifest["digests"].get(name) == digest for name, digest in wanted.items())
            if manifest and same and not any(manifests.damage(output, manifest, n, content=True) for n in wanted):
                return output
        return None


def _made_of(rule: Rule | Guard) -> MadeOf:
    values = {name: keys.brief(value) for name, value in rule.parameters.items()}
    return {"verdict": rule.verdict.name.lower(), **values}

"""The step that publishes: the clean articles where downstream tools read them, and the history for later batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from pipeline.engine import storage
from pipeline.engine.protocol import Engine, Progress
from pipeline.errors import LimitError
from pipeline.output import corpus
from pipeline.output import manifest as manifests
from pipeline.output.manifest import Counts, MadeOf, Manifest
from pipeline.run import limits
from pipeline.run.history import FILES
from pipeline.run.steps.step import Made, Step
from pipeline.stages import tables
from pipeline.stages.stage import Stage
from pipeline.stages.tables import INPUTS


class Publishing(Step):
    """Writes the batch of the corpus, and what later batches are judged against."""

    name = "publishing"
    has_books = False
    is_judged = True

    @property
    def modules(self) -> tuple[str, ...]:
        """What writes the history, too."""
        surveys = (stage.survey for stage in self.batch.settings.stages)
        return (*super().modules, *(survey.remember.__module__ for survey in surveys if survey))

    def ingredients(self, made: Sequence[Made]) -> MadeOf:
        """The documents, the counts that the card shows, and what stages have left for later batches."""
        return {
            "input": made[-1].manifest["digests"][tables.KEPT],
            "counts": {before.step: _documents(before.manifest["counts"]) for before in made},
            "left": {
                f"{made[0].step}/{INPUTS}": made[0].manifest["digests"].get(INPUTS, "none"),
                **{
                    f"{stage.name}/{dataset}": before.manifest["digests"][dataset]
                    for before, stage in self._surveyed(made)
                    for dataset in _left(stage)
                },
            },
        }

    def place(self, key: str) -> Path:
        """One place for all keys: readers see one corpus."""
        return self.batch.layout.corpus

    def outputs(self) -> list[Path]:
        """What is published, if anything is."""
        return [self.batch.layout.corpus] if self.batch.layout.corpus.exists() else []

    def reads(self, made: Sequence[Made]) -> list[tuple[Made, str]]:
        """What stages have left for later batches, too."""
        left = [(before, dataset) for before, stage in self._surveyed(made) for dataset in _left(stage)]
        return [(made[0], INPUTS), *super().reads(made), *left]

    def make(self, made: Sequence[Made], progress: Progress | None = None) -> Made:
        """Publish; what an earlier publication left for later batches is of no use any more.

        Raises:
            LimitError: a share of the documents, or of those of a source, is over its limit in the settings.
        """
        outputs = {before.output: before.manifest for before in made}
        if reasons := limits.exceeded(outputs, self.batch.settings.run, self._before()):
            raise LimitError(self.batch.name, reasons)
        published = super().make(made, progress)
        self.batch.history.tidy()
        return published

    def write(self, engine: Engine, made: Sequence[Made], work: Path, key: str) -> Manifest:
        """The corpus, and what later batches need; that counts as soon as the corpus with this key stands."""
        counts = {before.step: _documents(before.manifest["counts"]) for before in made}
        published = corpus.write(work, made[-1].kept, self.batch.name, counts)
        published["figures"] = limits.figures([before.manifest for before in made])
        published["memory"] = {}
        if INPUTS in made[0].manifest["digests"]:  # not of what an earlier version has read
            files = partial(storage.copy, made[0].output / INPUTS)
            published["memory"][FILES] = self.batch.history.remember(FILES, self.batch.name, key, files)
        for before, stage in self._surveyed(made):
            if stage.survey:
                remember = partial(stage.survey.remember, engine, before.output, str(work), self.batch.name)
                digest = self.batch.history.remember(stage.survey.memory, self.batch.name, key, remember)
                published["memory"][stage.survey.memory] = digest
        return published

    def _before(self) -> limits.Before | None:
        """The batch published before it by name, or else what it has published itself."""
        mine = manifests.read(self.batch.layout.corpus)
        found = [*([(self.batch.name, mine)] if mine else []), *self.batch.history.published().items()]
        known = [limits.Before(name, manifest["figures"]) for name, manifest in found if "figures" in manifest]
        return known[-1] if known else None

    def _surveyed(self, made: Sequence[Made]) -> Iterator[tuple[Made, Stage]]:
        """The outputs of stages that leave something for later batches."""
        stages = {stage.name: stage for stage in self.batch.settings.stages if stage.survey}
        return ((before, stages[before.step]) for before in made if before.step in stages)


def _left(stage: Stage) -> tuple[str, ...]:
    return stage.survey.left if stage.survey else ()


def _documents(counts: Counts) -> Counts:
    """The documents by place, without the findings: those decide nothing here."""
    return {name: counts[name] for name in ("read", "kept", "dropped", "quarantined")}  # type: ignore[return-value]

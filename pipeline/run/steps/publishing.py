"""The step that publishes: the clean articles where downstream tools read them, and the history for later batches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipeline.engine import whole
from pipeline.engine.protocol import Engine
from pipeline.output import corpus
from pipeline.output.manifest import Counts, MadeOf, Manifest
from pipeline.run.steps.step import Made, Step
from pipeline.stages import tables


class Publishing(Step):
    """Writes the batch of the corpus, and what later batches are judged against."""

    name = "publishing"
    has_books = False

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
                f"{stage.name}/{dataset}": before.manifest["digests"][dataset]
                for stage in self.batch.settings.stages
                for before in made
                if before.step == stage.name and stage.survey
                for dataset in stage.survey.left
            },
        }

    def place(self, key: str) -> Path:
        """One place for all keys: readers see one corpus."""
        return self.batch.layout.corpus

    def outputs(self) -> list[Path]:
        """What is published, if anything is."""
        return [self.batch.layout.corpus] if self.batch.layout.corpus.exists() else []

    def forget(self, made: Made) -> None:
        """Readers keep what they have until it is made again."""
        (made.output / whole.MANIFEST).unlink(missing_ok=True)

    def write(self, engine: Engine, made: Sequence[Made], work: Path) -> Manifest:
        """First what later batches need, then the corpus."""
        outputs = {before.step: before.output for before in made}
        for stage in self.batch.settings.stages:
            if stage.survey:
                write = partial(stage.survey.remember, engine, outputs[stage.name], made[-1].kept, self.batch.name)
                self.batch.history.remember(stage.survey.memory, write)
        counts = {before.step: _documents(before.manifest["counts"]) for before in made}
        return corpus.write(work, made[-1].kept, self.batch.name, counts)


def _documents(counts: Counts) -> Counts:
    """The documents by place, without the findings: those decide nothing here."""
    return {name: counts[name] for name in ("read", "kept", "dropped", "quarantined")}  # type: ignore[return-value]

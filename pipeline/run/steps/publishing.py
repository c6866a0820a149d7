"""The step that publishes: the next release of the corpus, with this batch in it, and the history for later batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pipeline import __version__
from pipeline.engine import storage, whole
from pipeline.engine.protocol import Engine, Progress
from pipeline.errors import LimitError
from pipeline.output import changes, columns, publication, release
from pipeline.output import manifest as manifests
from pipeline.output.manifest import Counts, MadeOf, Manifest
from pipeline.run import keys, limits, provenance
from pipeline.run.history import FILES
from pipeline.run.steps.step import Made, Step
from pipeline.stages import tables
from pipeline.stages.stage import Stage
from pipeline.stages.tables import INPUTS

SUPERSEDED = "superseded"  # a dataset of the stage that looks for copies: what has a better copy in this batch
CUTTING = "boilerplate"  # the stage whose edits take something out; `cuts` counts them


class Publishing(Step):
    """Writes the release of the corpus that has the batch in it, and what later batches are judged against."""

    name = "publishing"
    has_books = False
    is_judged = True

    @property
    def modules(self) -> tuple[str, ...]:
        """What writes the history, too."""
        surveys = (stage.survey for stage in self.batch.settings.stages)
        return (*super().modules, *(survey.remember.__module__ for survey in surveys if survey))

    def ingredients(self, made: Sequence[Made]) -> MadeOf:
        """The documents, what the card says of the others, and what stages have left for later batches."""
        return {
            "input": made[-1].manifest["digests"][tables.KEPT],
            "cut": [before.manifest["digests"][tables.FOUND] for before in made if before.step == CUTTING],
            "superseded": [before.manifest["digests"][SUPERSEDED] for before in _comparing(made)],
            "counts": {before.step: _documents(before.manifest["counts"]) for before in made},
            "removed": keys.key_of(provenance.removed(made)),
            "license": self.batch.settings.run.license,
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
        """One place for all keys and batches: readers see one corpus."""
        return self.batch.layout.corpus

    def found(self, key: str) -> Manifest | None:
        """The manifest of the batch in the release, if that is the key that it was published under."""
        manifest = manifests.read(self.batch.layout.published)
        return manifest if manifest and manifest["key"] == key else None

    def damage(self, made: Made) -> list[str]:
        """Of the batch's files, and of what the release says of itself."""
        front = release.damage_of_front(made.output, {self.batch.name: made.manifest["key"]})
        return [
            *release.damage_of(made.output, made.manifest),
            *front,
            *release.damage_of_changes(made.output),
        ]

    def outputs(self) -> list[Path]:
        """What is published of the batch, if anything is."""
        return [self.batch.layout.published] if self.batch.layout.published.exists() else []

    def reads(self, made: Sequence[Made]) -> list[tuple[Made, str]]:
        """What stages have left for later batches, too, what was cut, what was superseded, and what was set aside."""
        left = [(before, dataset) for before, stage in self._surveyed(made) for dataset in _left(stage)]
        cut = [(before, tables.FOUND) for before in made if before.step == CUTTING]
        better = [(before, SUPERSEDED) for before in _comparing(made)]
        aside = [(before, place) for before in made for place in (tables.DROPPED, tables.QUARANTINED)]
        return [(made[0], INPUTS), *super().reads(made), *left, *cut, *better, *aside]

    def make(self, made: Sequence[Made], progress: Progress | None = None) -> Made:
        """Publish; what an earlier publication left for later batches is of no use any more.

        Raises:
            LimitError: a share of the documents, or of those of a source, is over its limit in the settings.
            CopydeskError: something of another batch, which the next release would take over, is damaged.
        """
        outputs = {before.output: before.manifest for before in made}
        if reasons := limits.exceeded(outputs, self.batch.settings.run, self._before()):
            raise LimitError(self.batch.name, reasons)
        release.refuse_damage(self.batch.layout)
        published = super().make(made, progress)
        self.batch.history.tidy()
        return published

    @contextmanager
    def folder_for(self, output: Path) -> Iterator[Path]:
        """The next release, beside the present one; where outputs lie in a store it is published there first."""
        remote, tags = self.batch.remote, {}
        with release.built(self.batch.layout) as folder:
            yield folder
            if remote:
                tags = remote.commit(folder, self.batch.name)
        if remote:
            remote.settle(tags)

    def sign(self, engine: Engine, made: Sequence[Made], work: Path, manifest: Manifest) -> Manifest:
        """What changed is told, all other batches come in, and what the release says of itself."""
        return release.complete(engine, work, self.batch.layout, manifest, [step.output for step in made])

    def write(self, engine: Engine, made: Sequence[Made], work: Path, key: str) -> Manifest:
        """The batch's data, and what later batches need; that counts as soon as the corpus with this key stands."""
        counts = {before.step: _documents(before.manifest["counts"]) for before in made}
        cut = next((f"{before.output}/{tables.FOUND}" for before in made if before.step == CUTTING), None)
        published = publication.write(engine, work, made[-1].kept, cut, self.batch.name, key, counts)
        superseded = next((f"{before.output}/{SUPERSEDED}" for before in _comparing(made)), None)
        published["listing"] = changes.write_listing(engine, work, published["parts"], superseded, self.batch.name, key)
        published |= provenance.of(made)
        published["facts"] |= {
            "removed": provenance.removed(made),
            "settings": provenance.changed(self.batch.settings),
            "version": __version__,
            "license": self.batch.settings.run.license,
        }
        published["figures"] = limits.figures([before.manifest for before in made])
        published["memory"] = self._remember(engine, made, work, key, published)
        return published

    def _remember(
        self, engine: Engine, made: Sequence[Made], work: Path, key: str, published: Manifest
    ) -> dict[str, str]:
        """Leave for later batches what they need; returns the digest of each memory."""
        history, memory = self.batch.history, {}
        if INPUTS in made[0].manifest["digests"]:  # not of what an earlier version has read
            files = partial(storage.copy, made[0].output / INPUTS)
            memory[FILES] = history.remember(FILES, self.batch.name, key, files)
        documents = work / "documents"
        columns.documents(engine, [work / name for name in published["parts"]], str(documents))
        for before, stage in self._surveyed(made):
            if stage.survey:
                remember = partial(stage.survey.remember, engine, before.output, str(documents), self.batch.name)
                memory[stage.survey.memory] = history.remember(stage.survey.memory, self.batch.name, key, remember)
        whole.remove(documents)
        return memory

    def _before(self) -> limits.Before | None:
        """The batch published before it by name, or else what it has published itself."""
        mine = manifests.read(self.batch.layout.published)
        found = [*([(self.batch.name, mine)] if mine else []), *self.batch.history.published().items()]
        known = [limits.Before(name, manifest["figures"]) for name, manifest in found if "figures" in manifest]
        return known[-1] if known else None

    def _surveyed(self, made: Sequence[Made]) -> Iterator[tuple[Made, Stage]]:
        """The outputs of stages that leave something for later batches."""
        stages = {stage.name: stage for stage in self.batch.settings.stages if stage.survey}
        return ((before, stages[before.step]) for before in made if before.step in stages)


def _left(stage: Stage) -> tuple[str, ...]:
    return stage.survey.left if stage.survey else ()


def _comparing(made: Sequence[Made]) -> Iterator[Made]:
    """The step that looked for copies among what earlier batches have published."""
    return (before for before in made if SUPERSEDED in before.manifest["digests"])


def _documents(counts: Counts) -> Counts:
    """The documents by place, without the findings: those decide nothing here."""
    return {name: counts[name] for name in ("read", "kept", "dropped", "quarantined")}  # type: ignore[return-value]

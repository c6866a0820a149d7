"""The last step: one page that shows what the batch did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.engine.protocol import Engine, Progress
from pipeline.output.manifest import MadeOf, Manifest
from pipeline.output.report import figures, page
from pipeline.run import keys, material
from pipeline.run.steps.step import Made, Step
from pipeline.stages import tables


class Report(Step):
    """Writes `report.html`, a file that tells its own key."""

    name = "report"
    has_books = False
    not_whole = "the run it shows has changed"

    def ingredients(self, made: Sequence[Made]) -> MadeOf:
        """The outputs that it shows, and those of the batch before that they are compared with."""
        return {
            "input": [before.manifest["key"] for before in made],
            "before": material.told_of(material.before(self.batch)),
        }

    def place(self, key: str) -> Path:
        """The file."""
        return self.batch.layout.report

    def outputs(self) -> list[Path]:
        """The file, if it is there."""
        return [self.batch.layout.report] if self.batch.layout.report.exists() else []

    def found(self, key: str) -> Manifest | None:
        """The file says of itself what it was made of."""
        return {"key": key} if page.key_of(self.batch.layout.report) == key else None

    def damage(self, made: Made) -> list[str]:
        """A page that was cut or changed is not found in the first place."""
        return []

    def reads(self, made: Sequence[Made]) -> list[tuple[Made, str]]:
        """All findings, the documents of the steps that change them and of the last one."""
        books = [before for before in made if "rules" in before.manifest]
        found = [(before, tables.FOUND) for before in books]
        changed = [before for before in books if any(rule["edits"] for rule in before.manifest["rules"].values())]
        cutting = [before for before in books if before.step == figures.CUTTING and before not in changed]
        texts = [(before, place) for before in (*changed, *cutting) for place in tables.PLACES]
        return [*found, *texts, *((before, tables.KEPT) for before in books[-1:])]

    def make(self, made: Sequence[Made], progress: Progress | None = None) -> Made:
        """Write the file, in one step."""
        key = keys.key_of(self.made_of(made))
        material.write(self.batch, key, made, self.batch.layout.report)
        return Made(self.name, self.batch.layout.report, {"key": key})

    def write(self, engine: Engine, made: Sequence[Made], work: Path, key: str) -> Manifest:
        """A page is a file, and needs no folder."""
        raise NotImplementedError

"""Where a batch's outputs lie.

output/runs/<batch>/<n>-<step>-<key>/   what each step made: datasets, and manifest.json, written last
output/runs/<batch>/report.html
output/runs/<batch>/refused.html        the report of a run that was over its limits; refused.json: why
output/corpus/batch=<batch>/            what downstream reads
output/history/<memory>/<batch>/        what later batches are judged against
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PREFIX = "batch="  # as Hive, Spark and DuckDB name the folders of a column `batch`


def folder_of(batch: str) -> str:
    """The name of a batch's folder in the corpus."""
    return f"{PREFIX}{batch}"


def outputs(output: Path) -> list[Path]:
    """All folders below the folder `output` that have a manifest, or should: of steps, of corpus and history."""
    found = [*output.glob("runs/*/[0-9]*-*/"), *output.glob(f"corpus/{PREFIX}*/"), *output.glob("history/*/*/*/")]
    return sorted(folder for folder in found if folder.name[0] != ".")


def single_files(output: Path) -> list[Path]:
    """All files below it that stand by themselves: reports, and what is remembered of batches."""
    names = ("report.html", "refused.html", "refused.json", "last.json", ".inputs.json")
    found = output.glob("runs/.inputs.json")
    return sorted(found) + sorted(file for name in names for file in output.glob(f"runs/*/{name}"))


@dataclass(frozen=True)
class Layout:
    """The places of one batch below the folder `output`."""

    output: Path
    batch: str

    @property
    def runs(self) -> Path:
        """The outputs of its steps."""
        return self.output / "runs" / self.batch

    @property
    def corpus(self) -> Path:
        """What it has published."""
        return self.output / "corpus" / folder_of(self.batch)

    @property
    def history(self) -> Path:
        """What all batches have left for later ones."""
        return self.output / "history"

    @property
    def report(self) -> Path:
        """Its report."""
        return self.runs / "report.html"

    @property
    def refused(self) -> Path:
        """The report of a run whose outcome was not published."""
        return self.runs / "refused.html"

    @property
    def refusal(self) -> Path:
        """Why it was not."""
        return self.runs / "refused.json"

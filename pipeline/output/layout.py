"""Where a batch's outputs lie.

output/runs/<batch>/<n>-<step>-<key>/   what each step made: datasets, and manifest.json, written last
output/runs/<batch>/report.html
output/runs/<batch>/refused.html        the report of a run that was over its limits; refused.json: why
output/corpus/                          what downstream reads, a release (`release.py`):
output/corpus/data/<batch>.<key>-<n>.parquet
output/corpus/batches/<batch>/manifest.json
output/history/<memory>/<batch>/        what later batches are judged against
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CORPUS, DATA, BATCHES = "corpus", "data", "batches"
HISTORY, RUNS = "history", "runs"
IN_STORE = ".store.json"  # of outputs that are published in a store: what the folder is known to share with it


def outputs(output: Path) -> list[Path]:
    """All folders below the folder `output` that have a manifest, or should: of steps, and of the history."""
    found = [*output.glob("runs/*/[0-9]*-*/"), *output.glob("history/*/*/*/")]
    return sorted(folder for folder in found if folder.name[0] != ".")


def published_names(output: Path) -> list[str]:
    """The batches that have a folder in the corpus, in their order."""
    return sorted(path.name for path in output.glob(f"{CORPUS}/{BATCHES}/*/"))


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
        return self.output / RUNS / self.batch

    @property
    def corpus(self) -> Path:
        """What all batches have published."""
        return self.output / CORPUS

    @property
    def published(self) -> Path:
        """What the corpus says of this batch."""
        return self.corpus / BATCHES / self.batch

    @property
    def next_corpus(self) -> str:
        """What the folder of a corpus is called in which this batch is about to be published; `.N.tmp` ends it."""
        return f"{CORPUS}.{self.batch}"

    @property
    def history(self) -> Path:
        """What all batches have left for later ones."""
        return self.output / HISTORY

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

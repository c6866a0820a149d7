"""What the report of a batch is made of, whether the batch is published or refused, and how it is written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipeline.engine import whole
from pipeline.output.report import figures, page
from pipeline.output.report.figures import Before, Material
from pipeline.run import costs, keys, limits, provenance
from pipeline.run.batch import Batch
from pipeline.run.steps.step import Made


def write(batch: Batch, key: str, made: Sequence[Made], file: Path, refused: Sequence[str] = ()) -> None:
    """Write the report of these outputs into `file`, in one step; `refused`: why they are not published.

    Raises:
        CopydeskError: the engine fails.
    """
    books = [before.manifest for before in made if "rules" in before.manifest]
    material = Material(
        batch.name,
        [(before.output, before.manifest) for before in made],
        before(batch),
        limits.figures(books),
        provenance.changed(batch.settings),
        refused,
    )
    work = file.with_name(f".{file.name}.tables.0.tmp")  # what a killed run leaves of it goes with all leftovers
    whole.remove(work)
    try:
        with batch.engine() as engine:
            slowest = engine.beside(partial(costs.of, batch.settings.stages, made))
            found = figures.of(engine, material, work)
            page.write(file, key, material._replace(costs=slowest() or ()), found)
    finally:
        whole.remove(work)


def before(batch: Batch) -> Before | None:
    """The batch published before this one by name."""
    found = [Before(name, manifest) for name, manifest in batch.history.published().items() if "figures" in manifest]
    return found[-1] if found else None


def told_of(earlier: Before | None) -> str:
    """A hash of what a report tells of the batch before; "none" where there is none."""
    if earlier is None:
        return "none"
    told = {name: earlier.manifest.get(name) for name in ("figures", "steps")}
    told["removed"] = earlier.manifest.get("facts", {}).get("removed")
    return f"{earlier.name} {keys.key_of(told)}"

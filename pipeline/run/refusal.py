"""A batch that is over its limits: what it was refused for, and the report of a run that published nothing.

They lie beside the batch's own report, which goes on to show what is published, and go when something is published.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.engine import whole
from pipeline.errors import LimitError
from pipeline.output.layout import Layout
from pipeline.run import material
from pipeline.run.batch import Batch
from pipeline.run.steps.step import Made


def write(batch: Batch, key: str, error: LimitError, made: Sequence[Made]) -> LimitError:
    """Write the report of a batch that may not be published under that key; returns the error, which now names it."""
    layout = batch.layout
    material.write(batch, key, made, layout.refused, error.reasons)
    whole.write_json(layout.refusal, {"key": key, "reasons": list(error.reasons)})
    return LimitError(error.batch, error.reasons, str(layout.refused))


def reasons(layout: Layout, key: str) -> list[str]:
    """Why what would be published under that key was refused; nothing if it was not."""
    found = whole.read_json(layout.refusal) or {}
    told = found.get("reasons") if found.get("key") == key else None
    return [str(reason) for reason in told] if isinstance(told, list) else []


def withdraw(layout: Layout) -> None:
    """Nothing is refused any more."""
    layout.refusal.unlink(missing_ok=True)
    layout.refused.unlink(missing_ok=True)

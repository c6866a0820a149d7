"""Batches that a late one has overtaken: published later ones, whose copies were judged without it."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.output import manifest as manifests
from pipeline.output.layout import Layout
from pipeline.run.history import left_by, published
from pipeline.stages.stage import Stage


def published_names(layout: Layout) -> list[str]:
    """The published batches, in their order."""
    return sorted(published(layout))


def judged_otherwise(layout: Layout, stages: Sequence[Stage], after: str = "") -> list[str]:
    """Published batches with names behind `after` that were judged against others than are published now.

    Of one whose steps have been removed nothing is known, and it is not named.
    """
    batches = published(layout)
    names = [name for name in sorted(batches) if name > after]
    memories = {stage.name: stage.survey.memory for stage in stages if stage.survey}
    found = []
    for name in names:
        earlier = {other: manifest for other, manifest in batches.items() if other < name}
        then = {stage: _judged_against(Layout(layout.output, name), stage) for stage in memories}
        if any(then[s] is not None and then[s] != left_by(earlier, memory) for s, memory in memories.items()):
            found.append(name)
    return found


def said(names: Sequence[str]) -> str:
    """That these batches were overtaken, and what to do; "" if none was."""
    return (
        f"judged without what is published now: {', '.join(names)}; copydesk backfill --stale mends that"
        if names
        else ""
    )


def _judged_against(layout: Layout, stage: str) -> dict[str, str] | None:
    """What earlier batches had left when the newest output of a stage was made; None where there is none."""
    outputs = sorted(layout.runs.glob(f"*-{stage}-*"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    newest = next((manifest for manifest in map(manifests.read, outputs) if manifest), None)
    return newest["made_of"].get("history") if newest else None

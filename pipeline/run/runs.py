"""What runs have left of a batch: the outputs of its steps, each made of the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.output import manifest as manifests
from pipeline.run.plan import Plan
from pipeline.run.steps.reading import Reading
from pipeline.run.steps.step import Made, Step
from pipeline.stages import tables

Run = tuple[Made, ...]  # the outputs of the steps that have books, in their order, as far as the run came


def latest(plan: Plan) -> Run:
    """What the last run has left; of settings or rules that have changed since, as it was made by those before.

    The input is not looked at: the plan goes on from what was read of it then.
    """
    first = plan.steps[0]
    assert isinstance(first, Reading)
    first.go_on_from_last()
    found: list[Made] = []
    for step in _steps(plan):
        output = plan.latest(step)
        made = _made(step, output) if output else None
        if made is None or not _follows(found, made):
            break
        found.append(made)
    return tuple(found)


def before(plan: Plan) -> Run | None:
    """What a run of the batch before the last one has left; None where there is nothing of it any more.

    It came to the end, under other settings or of another input. What has not changed in the meantime is part of both.
    """
    last = latest(plan)
    others = [run for run in _all(_steps(plan)) if run != last]
    return max(others, key=lambda run: sorted(made.manifest["started"] for made in run)[::-1], default=None)


def _steps(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if step.has_books]


def _all(steps: Sequence[Step]) -> Iterator[Run]:
    """All rows of outputs from the first step to the last that are each made of the one before."""
    runs: list[Run] = [()]
    for step in steps:
        outputs = [made for output in step.outputs() if (made := _made(step, output))]
        runs = [(*run, made) for run in runs for made in outputs if _follows(run, made)]
    yield from runs


def _made(step: Step, output: Path) -> Made | None:
    manifest = manifests.read(output)
    return Made(step.name, output, manifest) if manifest else None


def _follows(run: Sequence[Made], made: Made) -> bool:
    """Whether an output was made of what the last one of a run has kept."""
    return not run or made.manifest["made_of"].get("input") == run[-1].manifest["digests"][tables.KEPT]

"""The steps of a batch in their order.

reading > encoding > boilerplate > language > translation > duplicates > publishing > report
"""

from __future__ import annotations

from pipeline.run.batch import Batch
from pipeline.run.steps.publishing import Publishing
from pipeline.run.steps.reading import Reading
from pipeline.run.steps.report import Report
from pipeline.run.steps.stage import StageStep
from pipeline.run.steps.step import Step
from pipeline.stages.order import STAGES

NAMES = (Reading.name, *(stage.name for stage in STAGES), Publishing.name, Report.name)


def chain(batch: Batch) -> tuple[Step, ...]:
    """The steps of the batch under its settings, each after the one before it."""
    steps: list[Step] = [Reading(batch)]
    for stage in batch.settings.stages:
        steps.append(StageStep(batch, steps[-1], stage))
    steps.append(Publishing(batch, steps[-1]))
    steps.append(Report(batch, steps[-1]))
    return tuple(steps)

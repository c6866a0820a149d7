"""Luigi tasks, one a step; all they do is ask `steps.Batch`.

    copydesk run
    luigi --module pipeline.tasks CleanCorpus --CleanCorpus-batch demo --local-scheduler

Luigi 3.8.1 refuses a plain `--batch`: before it has loaded this module, it takes that for one of its own options
(`--batch-email-...`).

A task is complete when its output is there and made of what it would be made of now (`Batch.done`), not when some
file exists. What is complete is asked again before a task runs: when a step before it came out with the same bytes as
last time, there is nothing left to do.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any, ClassVar, Protocol

import luigi
from luigi.task_register import Register

from pipeline import config, steps
from pipeline.errors import CopydeskError


class Output(luigi.Target):
    """The output of a step, which names itself only when the step before has one."""

    def __init__(self, batch: steps.Batch, step: str) -> None:
        self.batch, self.step = batch, step

    def exists(self) -> bool:
        return self.batch.done(self.step)

    @property
    def path(self) -> str:
        return str(self.batch.output(self.step) or f"{self.batch.folder}/{self.step} (not known yet)")


class Step(luigi.Task):
    """One step of a batch. The settings are those of the file `config`, or of configs/copydesk.toml if it is there."""

    batch = luigi.Parameter(default="", description="name of the batch; default: the settings'")
    config = luigi.Parameter(default="", description="file with the settings; default: configs/copydesk.toml")
    input_folder = luigi.Parameter(default="", description="folder or file to read; default: the settings'")
    output_folder = luigi.Parameter(default="", description="where outputs go; default: the settings'")
    processes = luigi.IntParameter(default=-1, significant=False, description="processes; 0: one a core")

    step: ClassVar[str] = ""
    after: ClassVar[type[Step] | None] = None
    # A failure of ours does not go away by trying again: documents that break are quarantined, not retried.
    retry_count = 0

    @cached_property
    def work(self) -> steps.Batch:
        """The batch under its settings."""
        settings = config.load(
            self.config or None,
            batch=self.batch or None,
            input=self.input_folder or None,
            output=self.output_folder or None,
            workers=self.processes if self.processes >= 0 else None,
        )
        return steps.Batch(settings)

    def requires(self) -> Any:
        return self.clone(self.after) if self.after else []

    def output(self) -> Any:
        return Output(self.work, self.step)

    def run(self) -> None:
        self.work.make(self.step, lambda done, total: self.trigger_event(luigi.Event.PROGRESS, self, done, total))


class ReadDocuments(Step):
    """Files to documents; what cannot be read is quarantined with file and line."""

    step = steps.READING


class RepairEncoding(Step):
    """Mojibake, broken entities, lost and misplaced characters."""

    step = "encoding"
    after = ReadDocuments


class RemoveBoilerplate(Step):
    """Lines that the site added to the article."""

    step = "boilerplate"
    after = RepairEncoding


class CheckLanguage(Step):
    """The language of each document and paragraph."""

    step = "language"
    after = RemoveBoilerplate


class CheckTranslation(Step):
    """How well a text reads, and what bad machine translation left in it."""

    step = "translation"
    after = CheckLanguage


class RemoveDuplicates(Step):
    """Copies within the batch and of earlier batches."""

    step = "duplicates"
    after = CheckTranslation


class PublishCorpus(Step):
    """The clean articles where downstream tools read them."""

    step = steps.PUBLISHING
    after = RemoveDuplicates


class WriteReport(Step):
    """One page that shows what the batch did."""

    step = steps.REPORT
    after = PublishCorpus


class CleanCorpus(Step):
    """The whole batch: its corpus published and its report written."""

    after = WriteReport

    step = steps.REPORT

    def run(self) -> None:
        """Nothing is left to do once what it requires is done."""


class Watcher(Protocol):
    """Who is told how far the steps are."""

    def started(self, step: str) -> None: ...

    def moved(self, step: str, done: int, total: int) -> None: ...

    def ended(self, step: str) -> None: ...


def run(settings: config.Settings, file: str, watcher: Watcher) -> tuple[str, BaseException] | None:
    """Do what is left to do of a batch, in this process; the step that failed and its error, if one did."""
    logging.getLogger("luigi-interface").setLevel(logging.CRITICAL)  # failures are returned, not logged
    logging.getLogger("luigi").setLevel(logging.CRITICAL)
    failures: list[tuple[str, BaseException]] = []
    events = luigi.Event
    tell = {
        events.START: lambda task: watcher.started(task.step),
        events.PROGRESS: lambda task, done, total: watcher.moved(task.step, done, total),
        events.SUCCESS: lambda task: watcher.ended(task.step),
        events.FAILURE: lambda task, error: failures.append((task.step, error)),
    }
    for event, callback in tell.items():
        Step.event_handler(event)(callback)
    Register.clear_instance_cache()  # Luigi hands out the tasks of an earlier call, which know the input as it was
    try:
        outcome = luigi.build(
            [
                CleanCorpus(
                    batch=settings.run.batch,
                    config=file,
                    input_folder=settings.run.input,
                    output_folder=settings.run.output,
                    processes=settings.run.workers,
                )
            ],
            local_scheduler=True,
            workers=1,
            no_lock=True,
            detailed_summary=True,
            log_level="CRITICAL",
        )
    finally:
        for event, callback in tell.items():
            Step.remove_event_handler(event, callback)
    if failures or outcome.scheduling_succeeded:
        return failures[0] if failures else None
    return "scheduling", CopydeskError(outcome.one_line_summary)

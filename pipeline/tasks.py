"""Luigi tasks, one a step; all they do is ask the plan of the run.

    copydesk run
    luigi --module pipeline.tasks CleanCorpus --name 2026-11-24 --local-scheduler
    luigi --module pipeline.tasks RangeDaily --of DailyCorpus --start 2026-11-01 --stop 2026-11-24 --local-scheduler

A task is complete when its step's output is there and made of what it would be made of now (`Plan.made`), not when
some file exists. What is complete is asked again before a task runs: when a step before it came out with the same
bytes as last time, there is nothing left to do.
"""

from __future__ import annotations

import datetime
import logging
import multiprocessing
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, ClassVar, Protocol

import luigi
from luigi.task_register import Register

from pipeline.errors import CopydeskError, NothingNewError
from pipeline.run import outcome
from pipeline.run.batch import refuse_other_input, settings_of
from pipeline.run.plan import Plan
from pipeline.stages.order import STAGES


class Output(luigi.Target):
    """The output of a step, which names itself only when the step before has one."""

    def __init__(self, plan: Plan, step: str) -> None:
        self.plan, self.step = plan, plan.step(step)

    def exists(self) -> bool:
        return self.plan.made(self.step) is not None

    @property
    def path(self) -> str:
        made = self.plan.made(self.step)
        return str(made.output) if made else f"{self.plan.batch.layout.runs}/{self.step.name} (not made yet)"


class Options(luigi.Task):
    """What can be said of a run, but for its name."""

    config = luigi.Parameter(
        default="", positional=False, description="file with the settings; default: configs/copydesk.toml"
    )
    input_folder = luigi.Parameter(
        default="", positional=False, description="folder or file to read; default: the settings'"
    )
    output_folder = luigi.Parameter(
        default="", positional=False, description="where outputs go; default: the settings'"
    )
    replace = luigi.BoolParameter(
        significant=False, positional=False, description="make the batch of another input than it was made of"
    )
    processes = luigi.IntParameter(
        default=-1, significant=False, positional=False, description="processes; 0: one a core"
    )


class StepTask(Options):
    """One step of a batch."""

    name = luigi.Parameter(default="", description="name of the batch; default: the settings', else the date of today")

    step: ClassVar[str] = ""
    after: ClassVar[type[StepTask] | None] = None
    # Luigi's own `retry_count` is left: at its number of failures a scheduler disables the task for a day, and the next
    # call finds nothing to run. Within one call nothing is tried again before 15 minutes have passed.

    @cached_property
    def plan(self) -> Plan:
        """The plan of the run: made by the task that was asked for, and handed on to those that it requires."""
        given: dict[str, Any] = {
            "batch": self.name or None,
            "input": self.input_folder or None,
            "output": self.output_folder or None,
            "workers": self.processes if self.processes >= 0 else None,
        }
        if not self.replace:
            refuse_other_input(STAGES, self.config or None, **given)
        return Plan(settings_of(STAGES, self.config or None, **given))

    def requires(self) -> Any:
        """The step before it; who asks is about to make the batch."""
        self.plan.turn.announce()
        if self.after is None:
            return []
        before = self.clone(self.after)
        before.plan = self.plan
        return before

    def output(self) -> Any:
        return Output(self.plan, self.step)

    def complete(self) -> bool:
        """Whether the output is there; or nothing is new in an inbox, which is said, and no failure."""
        try:
            return self.output().exists()  # type: ignore[no-any-return]
        except NothingNewError as error:
            self._say_all(f"batch {self.plan.batch.name}: {error}")
            return True

    def run(self) -> None:
        """Make the step; a run in which one fails is over."""
        turn = self.plan.turn
        told = turn.tell

        def tell(words: str) -> None:
            told(words)
            self._say(words)

        turn.tell = tell
        try:
            self.plan.make(self.plan.step(self.step), self._tell)
        except BaseException:
            self.plan.close()
            raise
        finally:
            turn.tell = told
            if multiprocessing.parent_process() is not None:  # Luigi has given the step a process, which ends with it
                self.plan.batch.close()
        made = self.plan.made(self.plan.step(self.step))
        self._say(_in_words(made.manifest.get("counts", {})) if made else "")

    def _tell(self, done: int, total: int) -> None:
        """How far the step is, to whoever listens: the command, and the page of Luigi's scheduler."""
        self.trigger_event(luigi.Event.PROGRESS, self, done, total)
        percent = 100 * done // total if total else 0
        if self.set_progress_percentage and percent != self._percent:
            self._percent = percent
            self.set_progress_percentage(percent)

    _percent = -1  # told last: a scheduler is not asked for each row

    def _say_all(self, words: str) -> None:
        self._say(words)
        print(f"copydesk: {words}", file=sys.stderr)

    def _say(self, words: str) -> None:
        if self.set_status_message and words:
            self.set_status_message(words)


def _in_words(counts: Mapping[str, Any]) -> str:
    """The counts of a step: "3 read, 3 kept, 0 dropped, 0 quarantined"."""
    return ", ".join(f"{number:,} {place}" for place, number in counts.items())


@StepTask.event_handler(luigi.Event.PROCESS_FAILURE)
def _leave(task: StepTask, error: str) -> None:
    """The process of a step was killed: later batches do not wait for its run."""
    task.plan.close()


class ReadDocuments(StepTask):
    """Files to documents; what cannot be read is quarantined with file and line."""

    step = "reading"


class RepairEncoding(StepTask):
    """Mojibake, broken entities, lost and misplaced characters."""

    step = "encoding"
    after = ReadDocuments


class RemoveBoilerplate(StepTask):
    """Lines that the site added to the article."""

    step = "boilerplate"
    after = RepairEncoding


class CheckLanguage(StepTask):
    """The language of each document and paragraph."""

    step = "language"
    after = RemoveBoilerplate


class CheckTranslation(StepTask):
    """How well a text reads, and what bad machine translation left in it."""

    step = "translation"
    after = CheckLanguage


class RemoveDuplicates(StepTask):
    """Copies within the batch and of earlier batches."""

    step = "duplicates"
    after = CheckTranslation


class PublishCorpus(StepTask):
    """The clean articles where downstream tools read them."""

    step = "publishing"
    after = RemoveDuplicates


class WriteReport(StepTask):
    """One page that shows what the batch did."""

    step = "report"
    after = PublishCorpus


class CleanCorpus(StepTask):
    """The whole batch: its corpus published and its report written."""

    after = WriteReport

    step = "report"

    def run(self) -> None:
        """Nothing is left to do once what it requires is done, but to say what came of it."""
        self.plan.close()
        self._say_all(f"batch {self.plan.batch.name}: {outcome.of(self.plan, 0)}")


class DailyCorpus(Options):
    """The batch of a day, named by its date; `{date}` in the input stands for it.

    A scheduler begins with the earliest of several days, and each is judged against those before it.
    """

    date = luigi.DateParameter(description="the day")

    @property
    def priority(self) -> int:  # type: ignore[override]  # as Luigi's documentation has it
        """The earlier the day, the higher."""
        return datetime.date.max.toordinal() - self.date.toordinal()

    def requires(self) -> Any:
        return CleanCorpus(name=self.date.isoformat(), **{n: getattr(self, n) for n in Options.get_param_names(True)})

    def complete(self) -> bool:
        return bool(self.requires().complete())

    @classmethod
    def bulk_complete(cls, dates: Iterable[datetime.date]) -> list[datetime.date]:
        """Those that are done, for Luigi's `RangeDaily`; a day without input stands in the way of no other."""
        return [date for date in dates if _is_complete(cls(date))]


def _is_complete(task: luigi.Task) -> bool:
    try:
        return bool(task.complete())
    except CopydeskError:  # told when it is scheduled
        return False


def task_of(step: str) -> type[StepTask]:
    """The task of a step; without a name that of the whole batch."""
    task: type[StepTask] = CleanCorpus
    while step and task.after is not None and (task is CleanCorpus or task.step != step):
        task = task.after
    return task


class Watcher(Protocol):
    """Who is told how far the steps are."""

    def started(self, step: str) -> None: ...

    def moved(self, step: str, done: int, total: int) -> None: ...

    def ended(self, step: str) -> None: ...


def run(plan: Plan, watcher: Watcher, until: str = "") -> tuple[str, BaseException] | None:
    """Do what is left to do of a plan up to a step, in this process; the step that failed and its error, if one did."""
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
        StepTask.event_handler(event)(callback)
    Register.clear_instance_cache()  # Luigi hands out the tasks of an earlier call, which know another plan
    task = task_of(until)(name=plan.batch.name)
    task.plan = plan
    try:
        with plan.turn:
            built = luigi.build(
                [task], local_scheduler=True, workers=1, no_lock=True, detailed_summary=True, log_level="CRITICAL"
            )
    finally:
        plan.close()
        for event, callback in tell.items():
            StepTask.remove_event_handler(event, callback)
    if failures or built.scheduling_succeeded:
        return failures[0] if failures else None
    return "scheduling", CopydeskError(built.one_line_summary)

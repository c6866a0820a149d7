"""A batch: one named run of the pipeline under its settings, and where its outputs lie."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline import config
from pipeline.config import Settings
from pipeline.engine import resume, whole
from pipeline.errors import SettingsError
from pipeline.output.layout import Layout
from pipeline.run.history import History
from pipeline.stages.stage import Stage

LAST = "last.json"  # what the batch was last made of and with


def settings_of(stages: Sequence[Stage], file: str | None = None, *, replace: bool = False, **run: Any) -> Settings:
    """The settings of a batch, which keeps its input and its settings file: they count unless others are named.

    `replace` gives it another input.

    Raises:
        SettingsError: another input is named for a batch that was made of one; a setting is unknown or impossible.
    """
    settings = config.load(stages, file, **run)
    kept = whole.read_json(Layout(Path(settings.run.output), settings.run.batch).runs / LAST)
    if not kept or replace:
        return settings
    if run.get("input") or file:
        _refuse_other(settings, kept["input"])
    if file is None and Path(kept["config"]).is_file():
        file = kept["config"]
    return config.load(stages, file, **{**run, "input": run.get("input") or kept["input"]})


def _refuse_other(settings: Settings, kept: str) -> None:
    named = settings.run.input
    if Path(named).resolve() != Path(kept).resolve():
        raise SettingsError(
            f"batch {settings.run.batch} was made of {kept}, and {named} is named now; give that a batch of its own "
            "(--batch NAME), or make this one of it instead (--replace)"
        )


class Batch:
    """One batch: its name, its settings, its places, and the history that it is judged against."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = settings.run.batch
        self.layout = Layout(Path(settings.run.output), self.name)
        self.history = History(self.layout)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else works on the batch meanwhile: whoever does is waited for. What killed runs left is removed."""
        folder, corpus = self.layout.runs, self.layout.corpus
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            whole.remove_leftovers(folder, spare=resume.has_finished)
            whole.remove_leftovers(corpus.parent, corpus.name)
            self.history.tidy()
            whole.write_json(folder / LAST, {"input": self.settings.run.input, "config": self.settings.file})
            yield

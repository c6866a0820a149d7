"""A batch: one named run of the pipeline under its settings, and where its outputs lie."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
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


def settings_of(stages: Sequence[Stage], file: str | None = None, **run: Any) -> Settings:
    """The settings of a batch, which keeps its input and its settings file: they count unless others are named.

    Raises:
        SettingsError: an unknown or impossible setting.
    """
    named = config.load(stages, file, **run)
    kept = _kept(named)
    own = kept.get("config", "")
    if file is None and Path(own).is_file():
        file = own
    return config.load(stages, file, **{**run, "input": run.get("input") or kept.get("input")})


def refuse_other_input(stages: Sequence[Stage], file: str | None = None, **run: Any) -> None:
    """Make sure that a batch is not made of another input than it was made of, named by the caller or in his `file`.

    Raises:
        SettingsError: it would be; or an unknown or impossible setting.
    """
    named = config.load(stages, file, **run)
    kept = _kept(named).get("input")
    given = config.input_of(named.run.input, named.run.batch)
    if kept and (run.get("input") or file) and Path(given).resolve() != Path(kept).resolve():
        raise SettingsError(
            f"batch {named.run.batch} was made of {kept}, and {given} is named now; give that a batch of its "
            "own (--batch NAME), or make this one of it instead (--replace)"
        )


def _kept(settings: Settings) -> dict[str, str]:
    """What the batch has kept; nothing if it is new, or that file is damaged."""
    found = whole.read_json(Layout(Path(settings.run.output), settings.run.batch).runs / LAST)
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


class Batch:
    """One batch: its name, its settings, its places, and the history that it is judged against."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = settings.run.batch
        self.input = config.input_of(settings.run.input, self.name)
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
            self._keep()
            yield

    @cached_property
    def last_read(self) -> str:
        """The key of what the last run read; "" where nobody knows."""
        return _kept(self.settings).get("reading", "")

    def goes_on_from(self, reading: str) -> None:
        """Keep the key of what was read; only while alone."""
        if reading != self.last_read:
            self.last_read = reading
            self._keep()

    def _keep(self) -> None:
        """Keep what the batch is made of and with."""
        kept = {"input": self.input, "config": self.settings.file, "reading": self.last_read}
        whole.write_json(self.layout.runs / LAST, kept)

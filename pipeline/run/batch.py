"""A batch: one named run of the pipeline under its settings, and where its outputs lie."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.config import Settings
from pipeline.engine import resume, whole
from pipeline.output.layout import Layout
from pipeline.run.history import History

LAST = "last.json"  # what the batch was last made of and with, so that it can be asked about by its name alone


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

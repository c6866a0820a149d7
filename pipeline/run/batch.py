"""A batch: one named run of the pipeline under its settings, and where its outputs lie."""

from __future__ import annotations

import dataclasses
import datetime
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline import config
from pipeline import engine as engines
from pipeline.config import Settings
from pipeline.engine import resume, stores, whole
from pipeline.engine.protocol import Closable, Progress
from pipeline.errors import SettingsError
from pipeline.output import remote
from pipeline.output.layout import Layout
from pipeline.run import turns
from pipeline.run.history import History
from pipeline.stages.stage import Stage

PRELOADED = "pipeline.stages.warm"
LAST = "last.json"  # what the batch was last made of and with


def settings_of(stages: Sequence[Stage], file: str | None = None, *, newest: bool = False, **options: Any) -> Settings:
    """The settings of a batch, which keeps its input and its settings file: they count unless others are named.

    So do the options that told how that input is read. A batch that nobody names is that of today, by its date; or, for
    those who ask, the `newest` in the output.

    Raises:
        SettingsError: an unknown or impossible setting.
    """
    named = _named(config.load(stages, file, **options), newest)
    kept = _kept(named)
    own = kept.get("config", "")
    if file is None and Path(own).is_file():
        file = own
    told = kept["read"] if "input" in kept and _is_same(options.get("input") or kept["input"], kept["input"]) else {}
    given = {name: value for name, value in options.items() if value is not None}
    given |= {"batch": named.run.batch, "input": options.get("input") or kept.get("input")}
    return config.load(stages, file, **{**told, **given})


def _named(settings: Settings, newest: bool = False) -> Settings:
    """With a name for the batch, if the settings have none; what others have published in a store is known by then."""
    turns.refresh(settings.run)
    if settings.run.batch:
        return settings
    known = names(settings.run.folder) if newest else []
    name = known[0] if known else datetime.date.today().isoformat()
    return dataclasses.replace(settings, run=dataclasses.replace(settings.run, batch=name))


def names(output: Path) -> list[str]:
    """The batches in the folder `output`, by the time of their last run, the last one first."""
    files = sorted(output.glob(f"runs/*/{LAST}"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    return [file.parent.name for file in files]


def refuse_other_input(stages: Sequence[Stage], file: str | None = None, **run: Any) -> None:
    """Make sure that a batch is not made of another input than it was made of, named by the caller or in his `file`.

    Raises:
        SettingsError: it would be; or an unknown or impossible setting.
    """
    named = _named(config.load(stages, file, **run))
    kept = _kept(named).get("input")
    given = input_of(named)
    if kept and (run.get("input") or file) and not _is_same(given, kept):
        raise SettingsError(
            f"batch {named.run.batch} was made of {kept}, and {given} is named now; give that a batch of its "
            "own (--batch NAME), or make this one of it instead (--replace)"
        )


def _is_same(one: str, other: str) -> bool:
    """Whether two paths lead to the same place."""
    if stores.is_url(one) or stores.is_url(other):
        return one == other
    return Path(one).resolve() == Path(other).resolve()


def input_of(settings: Settings) -> str:
    """Where the batch is read from."""
    return config.input_of(settings.run.input, settings.run.batch)


def _kept(settings: Settings) -> dict[str, Any]:
    """What the batch has kept; nothing if it is new, or that file is damaged.

    Its paths are relative to the working directory of the run that kept them, and are given as this one has them. That
    directory is told as seen from the output: a project that is copied or moved as a whole has its paths as before.
    """
    found = whole.read_json(Layout(settings.run.folder, settings.run.batch).runs / LAST)
    if not isinstance(found, dict):
        return {}
    kept: dict[str, Any] = {k: v for k, v in found.items() if isinstance(v, str)}
    then = os.path.normpath(Path(os.path.realpath(settings.run.folder), kept.pop("from", os.curdir)))
    if "from" in found and then != os.path.realpath(os.curdir) and Path(then).is_dir():
        relative = [name for name in ("input", "config") if _is_relative(kept.get(name, ""))]
        kept |= {name: os.path.relpath(Path(then, kept[name])) for name in relative}
    known, read = config.read_options(), found.get("read")
    return {**kept, "read": {k: v for k, v in read.items() if k in known} if isinstance(read, dict) else {}}


def _is_relative(path: str) -> bool:
    return bool(path) and not Path(path).is_absolute() and not stores.is_url(path)


class Batch:
    """One batch: its name, its settings, its places, and the history that it is judged against."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = settings.run.batch
        self.input = input_of(settings)
        self.layout = Layout(settings.run.folder, self.name)
        self.remote = remote.of(settings.run)
        self.history = History(self.layout)
        self._engine: Closable | None = None

    @contextmanager
    def engine(self, progress: Progress | None = None) -> Iterator[Closable]:
        """The engine, for one step; it is opened once, and its workers stay for the next step until `close`.

        Raises:
            SettingsError: the settings name none that there is, or an impossible memory limit.
        """
        engine = self._opened()
        engine.progress = progress
        try:
            yield engine
        finally:
            engine.rest()

    def expect(self, size: int) -> None:
        """So many bytes are to be worked on: let the engine start what takes time.

        Not where connections to a store may be open by now, which workers must not share.

        Raises:
            SettingsError: as for `engine`.
        """
        if self.remote is None and not stores.is_url(self.input):
            self._opened().expect(size)

    def _opened(self) -> Closable:
        run = self.settings.run
        if self._engine is None:
            self._engine = engines.opened(
                run.engine, run.workers, run.memory_limit, str(self.layout.runs), (PRELOADED,), self.settings.spark
            )
        return self._engine

    def shown(self, place: Path) -> str:
        """What people call what lies at that place below the output."""
        return self.remote.shown(place) if self.remote else str(place)

    def tell(self) -> None:
        """Where outputs lie in a store: let the batch's reports lie there, too."""
        if self.remote:
            self.remote.tell(self.layout)

    def close(self) -> None:
        """Let go of what was opened for the steps; a step that is made later opens it again."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else works on the batch meanwhile: whoever does is waited for. What killed runs left is removed."""
        folder = self.layout.runs
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            whole.remove_leftovers(folder, spare=resume.has_finished)
            whole.remove_leftovers(self.layout.output, self.layout.next_corpus)
            self.history.tidy()
            self._keep()
            yield

    @cached_property
    def last_read(self) -> str:
        """The key of what the last run read; "" where nobody knows."""
        return str(_kept(self.settings).get("reading", ""))

    def goes_on_from(self, reading: str) -> None:
        """Keep the key of what was read; only while alone."""
        if reading != self.last_read:
            self.last_read = reading
            self._keep()

    @property
    def _working_directory(self) -> str:
        """As seen from the output."""
        return os.path.relpath(os.path.realpath(os.curdir), os.path.realpath(self.layout.output))

    def _keep(self) -> None:
        """Keep what the batch is made of and with."""
        kept = {
            "input": self.input,
            "config": self.settings.file,
            "reading": self.last_read,
            "from": self._working_directory,
        }
        whole.write_json(self.layout.runs / LAST, {**kept, "read": dict(self.settings.told)})

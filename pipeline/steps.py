"""The steps of a batch: what each one makes, out of what, and whether that is done.

    reading > encoding > boilerplate > language > translation > duplicates > publishing > report

A step's output is named by all that made it: settings, rules, code, versions, and the digest of its input. So whether
it is done is read off the disk, nothing stale is mistaken for current, and a step whose new output equals the old one
leaves everything behind it fresh. Luigi (`tasks.py`) and the command line ask a `Batch`.
"""

from __future__ import annotations

import dataclasses
import fcntl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

from pipeline import accounts, batches, corpus, keys, knowledge
from pipeline.config import Settings
from pipeline.engine import storage
from pipeline.engine.local import LocalEngine, Progress
from pipeline.errors import CopydeskError, InputError
from pipeline.records import Rule
from pipeline.report import page
from pipeline.sources import find, read
from pipeline.stages import STAGES, Stage

READING, PUBLISHING, REPORT = "reading", "publishing", "report"
STEPS = (READING, *(stage.name for stage in STAGES), PUBLISHING, REPORT)

# What decides over a step's output besides its rules and settings: a change in one of these makes it stale.
_CODE = {
    READING: ("sources.read", "sources.find"),
    PUBLISHING: ("corpus", "facts.duplicates", "facts.lines"),  # it leaves signatures and counts in the history
    REPORT: ("report.page",),
}
_LIBRARIES = {
    READING: ("beautifulsoup4", "chardet", "lxml", "pyarrow", "warcio"),
    "encoding": ("ftfy",),
    "language": ("langdetect",),
    "duplicates": ("duckdb", "numpy"),
    PUBLISHING: ("pyarrow",),
}


OLD_OUTPUTS = 1  # of each step: going back to the settings before costs nothing
LAST = "last.json"  # what the batch was last made of and with, so that it can be asked about by its name alone


class State(NamedTuple):
    """Whether a step's output is there and current, why not, and what its manifest says."""

    step: str
    fresh: bool
    why: str
    manifest: Mapping[str, Any] | None


class Batch:
    """One batch under its settings. The input's digest is taken once: a run works on the input as it found it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = settings.run.batch
        output = Path(settings.run.output)
        self.folder = output / "runs" / self.name
        self.corpus = output / "corpus"
        self.history = output / "history"
        self.report = self.folder / "report.html"

    @cached_property
    def stages(self) -> dict[str, Stage]:
        return {stage.name: stage for stage in self.settings.stages()}

    @cached_property
    def found(self) -> find.Found:
        """What the input holds: files to read, those that cannot be, and those of no known kind.

        Raises:
            InputError: the input is not there, or holds nothing that can be read.
        """
        return find.find_files(self.settings.run.input)

    @cached_property
    def input_digest(self) -> str:
        files = [entry.path for entry in self.found.files]
        return keys.input_digest(files, Path(self.settings.run.input), self.folder / ".inputs.json")

    # --- what a step is made of, and whether it is done ----------------------------------------------------------

    def made_of(self, step: str) -> dict[str, Any] | None:
        """Everything that decides what the step's output will be; None while the step before has none."""
        found: dict[str, Any] = {
            "code": keys.code_digest(_CODE.get(step) or knowledge.modules(step)),
            "libraries": {name: keys.version(name) for name in _LIBRARIES.get(step, ())},
        }
        if step == READING:
            return found | {"settings": dataclasses.asdict(self.settings.read), "input": self.input_digest}
        if step == REPORT:
            manifests = [self.manifest(s) for s in STEPS[:-1]]
            return None if None in manifests else found | {"input": [m["key"] for m in manifests if m]}
        before = self.manifest(STEPS[STEPS.index(step) - 1])
        if before is None:
            return None
        found["input"] = before["digests"][batches.KEPT]
        if step in self.stages:
            stage = self.stages[step]
            found["rules"] = {rule.name: _made_of(rule) for rule in rules_of(stage)}
            found |= knowledge.made_of(step, self.settings, self.history)
        return found

    def output(self, step: str) -> Path | None:
        """Where the step's current output is or will be; None while that depends on a step still to be done."""
        return self._place(step, None if step in (PUBLISHING, REPORT) else self.made_of(step))

    def _place(self, step: str, made_of: Mapping[str, Any] | None) -> Path | None:
        if step == PUBLISHING:
            return self.corpus / f"batch={self.name}"
        if step == REPORT:
            return self.report
        return None if made_of is None else self.folder / f"{STEPS.index(step)}-{step}-{keys.key_of(made_of)}"

    def manifest(self, step: str) -> dict[str, Any] | None:
        """The manifest of the step's current output; None when there is none, or only a stale one."""
        made_of = self.made_of(step)
        output = self._place(step, made_of)
        manifest = storage.read_manifest(output) if output and made_of else None
        return manifest if manifest and manifest["key"] == keys.key_of(made_of or {}) else None

    def done(self, step: str) -> bool:
        """Whether the step's output is there, whole and current."""
        if step == REPORT:
            made_of = self.made_of(step)
            return made_of is not None and page.key_of(self.report) == keys.key_of(made_of)
        return self.manifest(step) is not None

    def plan(self) -> Iterator[State]:
        """Each step, whether it is fresh, and why it would run."""
        stale = ""
        for step in STEPS:
            if stale:
                yield State(step, False, f"after {stale}", None)
            elif self.done(step):
                yield State(step, True, "nothing has changed", self.manifest(step) if step != REPORT else None)
            else:
                yield State(step, False, self._why(step), None)
                stale = step

    def _why(self, step: str) -> str:
        if step == REPORT:
            return "the run it shows has changed" if self.report.exists() else "never written"
        older = [self.corpus / f"batch={self.name}"] if step == PUBLISHING else self.outputs(step)
        before = next((m for m in map(storage.read_manifest, older) if m), None)
        if before is None:
            return "never run"
        changes = keys.differences(before["made_of"], self.made_of(step) or {})
        return "; ".join(changes[:3]) + (f"; and {len(changes) - 3} more" if len(changes) > 3 else "")

    def outputs(self, step: str) -> list[Path]:
        """All outputs of a step that still lie there, the newest first."""
        found = self.folder.glob(f"{STEPS.index(step)}-{step}-*")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)

    def latest(self, step: str) -> Path | None:
        """The step's current output, or else the newest: for those who look at a batch that has changed since."""
        try:
            current = self.output(step) if self.done(step) else None
        except InputError:  # the input has gone
            current = None
        return current or next((path for path in self.outputs(step) if storage.read_manifest(path)), None)

    # --- making --------------------------------------------------------------------------------------------------

    def make(self, step: str, progress: Progress | None = None) -> None:
        """Make the step's output, unless it is done: whoever else works on this batch is waited for.

        Raises:
            CopydeskError: the step before has no output, the books do not balance, or the engine fails.
        """
        with self._alone():
            if self.done(step):
                return
            made_of, output = self.made_of(step), self.output(step)
            if made_of is None or output is None:
                raise CopydeskError(f"{step}: the step before it has no output; run the batch from its start")
            if step == REPORT:
                page.write(self.report, keys.key_of(made_of), self.name, [self.manifest(s) or {} for s in STEPS[:-1]])
                self._forget_old()
                return
            started = time.time()
            run = self.settings.run
            engine = LocalEngine(run.workers, run.memory_limit, str(self.folder), progress)
            output.parent.mkdir(parents=True, exist_ok=True)
            with closing(engine), storage.whole_folder(output) as work:
                manifest: dict[str, Any] = {"step": step, "batch": self.name, "key": keys.key_of(made_of)}
                manifest["made_of"] = made_of
                manifest |= self._write(engine, step, work)
                manifest["started"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started))
                manifest["seconds"] = round(time.time() - started, 3)
                storage.write_json(work / storage.MANIFEST, manifest)

    def _write(self, engine: LocalEngine, step: str, work: Path) -> dict[str, Any]:
        if step == READING:
            return self._read(engine, work)
        if step == PUBLISHING:
            return self._publish(engine, work)
        return self._stage(engine, step, work)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            storage.remove_leftovers(self.folder)
            storage.remove_leftovers(self.corpus, f"batch={self.name}")
            last = {"input": self.settings.run.input, "config": self.settings.file}
            storage.write_json(self.folder / LAST, last)
            yield

    def _read(self, engine: LocalEngine, work: Path) -> dict[str, Any]:
        portions = work / "portions"
        portions.mkdir()
        for number, portion in enumerate(read.portions(self.found.files, Path(self.settings.run.input))):
            storage.write_part(portions / f"{number:05d}.parquet", batches.table(portion, read.PORTIONS))
        first = str(work / "first")
        engine.split_rows(partial(read.read_portion, settings=self.settings.read), str(portions), first)
        repeated = engine.sql(read.REPEATED_IDS, str(work / "repeated"), documents=f"{first}/{batches.KEPT}")
        counts = accounts.Accounts.of(first)
        if storage.count_rows(repeated):
            again = str(work / "again")
            engine.split_rows(
                partial(read.set_aside_repeated, repeated=storage.read_table(repeated).to_pylist()),
                f"{first}/{batches.KEPT}",
                again,
            )
            storage.remove(Path(first, batches.KEPT))
            Path(again, batches.KEPT).rename(Path(first, batches.KEPT))
            storage.add_parts(Path(again, batches.QUARANTINED), Path(first, batches.QUARANTINED))
        for place in accounts.PLACES:
            (Path(first) / place).rename(work / place)
        storage.remove(portions, Path(first), Path(repeated), work / "again")
        if Path(self.settings.run.input).is_dir() and self._input_changed():
            raise CopydeskError(f"{self.settings.run.input}: files changed while they were read; run again")
        left_out = [str(entry) for entry in self.found.left_out]
        return {"left_out": left_out[:100], **accounts.close(READING, work, read=counts.total)}

    def _forget_old(self) -> None:
        """Remove outputs that other settings, rules or inputs made, but for the newest of each step."""
        for step in STEPS[:-2]:
            current = self.output(step)
            storage.remove(*[path for path in self.outputs(step) if path != current][OLD_OUTPUTS:])

    def _input_changed(self) -> bool:
        again = Batch(self.settings)
        return again.input_digest != self.input_digest

    def _stage(self, engine: LocalEngine, step: str, work: Path) -> dict[str, Any]:
        before = self.output(STEPS[STEPS.index(step) - 1])
        kept = str(before / batches.KEPT) if before else ""
        stage = self.stages[step]
        facts = knowledge.facts(step, self.settings, engine, kept, self.history, work)
        engine.split_rows(partial(batches.run_stage, stage=stage, facts=facts), kept, str(work))
        return accounts.close(step, work, storage.count_rows(kept), kept)

    def _publish(self, engine: LocalEngine, work: Path) -> dict[str, Any]:
        manifests = [self.manifest(step) or {} for step in STEPS[:-2]]
        last = self.output(STEPS[-3])
        boilerplate = self.output("boilerplate")
        if last is None or boilerplate is None:
            raise CopydeskError("publishing: the step before it has no output; run the batch from its start")
        knowledge.remember(engine, self.settings, str(last / batches.KEPT), boilerplate, self.history)
        return corpus.write(work, str(last / batches.KEPT), self.name, manifests)


def rules_of(stage: Stage) -> tuple[Rule, ...]:
    """The rules of a stage, its guard last."""
    return (*stage.rules, stage.guard) if stage.guard else stage.rules


def _made_of(rule: Rule) -> dict[str, Any]:
    values = {name: keys.brief(value) for name, value in rule.settings.items()}
    return {"verdict": rule.verdict.name.lower(), **values}

"""What a step is: an object with a name, what it is made of, where its output lies, and how that is made."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from pipeline.engine import resume, storage, whole
from pipeline.engine.protocol import Engine, Progress
from pipeline.errors import BalanceError
from pipeline.output import manifest as manifests
from pipeline.output.manifest import MadeOf, Manifest
from pipeline.run import keys
from pipeline.run.batch import Batch
from pipeline.stages import tables

MODEL = ".npz"  # what trained weights are kept in


class Made(NamedTuple):
    """The output of a step, there and current."""

    step: str
    output: Path
    manifest: Manifest

    @property
    def kept(self) -> str:
        """The dataset of the documents that go on."""
        return f"{self.output}/{tables.KEPT}"


class Step(ABC):
    """One step of a batch. What came before it is handed to it, the outputs of all earlier steps in their order.

    Its output is named by its key: by all that it is made of. So whether it is done is read off the disk, and nothing
    stale is mistaken for current.
    """

    name: str
    has_books = True  # its output holds documents by place, and their findings
    is_judged = False  # it asks what earlier batches have published, or publishes
    not_whole = "not whole"  # why it is made again where something lies there that tells nothing of itself

    def __init__(self, batch: Batch, after: Step | None) -> None:
        self.batch, self.after = batch, after
        self.number: int = after.number + 1 if after else 0
        self.is_retried = False  # made again, but for the parts of which nothing is in quarantine

    # --- what it is made of ---

    @property
    def modules(self) -> tuple[str, ...]:
        """Where it is written down: what its output depends on is read off the imports there."""
        return (type(self).__module__,)

    @abstractmethod
    def ingredients(self, made: Sequence[Made]) -> MadeOf:
        """What besides code decides over its output: settings, the content of what it reads."""

    def made_of(self, made: Sequence[Made]) -> MadeOf:
        """Everything that decides over its output."""
        return {**keys.code_of(self.modules), **self.ingredients(made)}

    def go_on_without_input(self) -> str:
        """Go on from what was read where the input of the batch has gone; says so, or "" where it has not."""
        return ""

    def changes(self, output: Path, old: Manifest, made: Sequence[Made]) -> list[str]:
        """What has changed since an output was made that has this manifest, in words."""
        return keys.differences(old["made_of"], self.made_of(made))

    # --- where it lies ---

    def place(self, key: str) -> Path:
        """Where the output with that key is or will be."""
        return self.batch.layout.runs / f"{self.number}-{self.name}-{key}"

    def found(self, key: str) -> Manifest | None:
        """The manifest of the output with that key; None when it is not there, or not whole."""
        manifest = manifests.read(self.place(key))
        return manifest if manifest and manifest["key"] == key else None

    def damage(self, made: Made) -> list[str]:
        """What is wrong with an output, as far as sizes and the ends of files tell."""
        return manifests.damage(made.output, made.manifest)

    def reads(self, made: Sequence[Made]) -> list[tuple[Made, str]]:
        """The datasets of earlier outputs that it reads: their bytes are looked at before it does."""
        return [(made[-1], tables.KEPT)] if made else []

    def size_read(self, made: Sequence[Made]) -> int:
        """Bytes of the documents that it looks at one by one."""
        files = made[-1].manifest["files"]
        return sum(size for name, (size, _) in files.items() if name.startswith(f"{tables.KEPT}/"))

    def outputs(self) -> list[Path]:
        """All of its outputs that still lie there, the newest first."""
        found = self.batch.layout.runs.glob(f"{self.number}-{self.name}-*")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)

    # --- making ---

    def take_over(self, key: str, dataset: str, out: Path) -> int:
        """Take over what the output with that key holds of parts none of whose documents are in quarantine.

        All else decides over them as it did: the key is the same. Returns how many parts of `dataset` are left to do.
        """
        output, manifest = self.place(key), self.found(key) if self.is_retried else None
        parts = set(range(len(storage.parts(dataset))))
        if manifest is None or manifests.damage(output, manifest, content=True):
            return len(parts)
        aside = storage.parts(f"{output}/{tables.QUARANTINED}")
        left = {storage.number_of(part) for part in aside if storage.count_rows(str(part))}
        if None in left:  # moved there by something that looked at all documents
            return len(parts)
        resume.take_over(output, out, (*tables.PLACES, tables.FOUND), sorted(parts - left))
        return len(left)

    def make(self, made: Sequence[Made], progress: Progress | None = None) -> Made:
        """Make the output; it appears whole or not at all.

        Raises:
            CopydeskError: the books do not balance, or the engine fails.
        """
        made_of = self.made_of(made)
        key = keys.key_of(made_of)
        output = self.place(key)
        output.parent.mkdir(parents=True, exist_ok=True)
        started = time.time()
        with self.batch.engine(progress) as engine, self.folder_for(output) as work:
            resume.adopt(output, work)
            try:
                told = self.write(engine, made, work, key)
            except BalanceError:  # something is wrong in one of these parts
                resume.forget(work)
                raise
            resume.forget(work)
            files = whole.inventory(work)
            manifest: Manifest = {
                "step": self.name,
                "batch": self.batch.name,
                "key": key,
                "made_of": made_of,
                "files": files,
                "digests": storage.digests(files),
                "models": self._models(),
                **told,
                "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
                "seconds": round(time.time() - started, 3),
            }
            manifest = self.sign(engine, made, work, manifest)
        return Made(self.name, output, manifest)

    def _models(self) -> dict[str, str]:
        """The trained weights that its code reaches, by their SHA-256."""
        files = sorted(file for file in keys.reached(frozenset(self.modules)).files if file.suffix == MODEL)
        return {file.relative_to(keys.PACKAGE).as_posix(): whole.file_digest(file) for file in files}

    def folder_for(self, output: Path) -> AbstractContextManager[Path]:
        """A folder to work in, which becomes the output, whole."""
        return whole.whole_folder(output, spare=resume.has_finished)

    def sign(self, engine: Engine, made: Sequence[Made], work: Path, manifest: Manifest) -> Manifest:
        """Write the manifest of what lies in `work`, last of all; returns it."""
        whole.write_json(work / whole.MANIFEST, manifest)
        return manifest

    @abstractmethod
    def write(self, engine: Engine, made: Sequence[Made], work: Path, key: str) -> Manifest:
        """Write the output with that key into the folder `work`; returns what its manifest says of it."""

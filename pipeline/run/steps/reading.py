"""The first step: files to documents; what cannot be read is quarantined with file and line."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipeline.engine import storage, stores, whole
from pipeline.engine.protocol import Engine
from pipeline.errors import CopydeskError, InputError, NothingNewError
from pipeline.output import manifest as manifests
from pipeline.output.manifest import CharsetFigures, FieldsFigures, MadeOf, Manifest
from pipeline.run import books, keys
from pipeline.run.batch import Batch
from pipeline.run.inbox import Inbox
from pipeline.run.input import Input, in_tables
from pipeline.run.steps.step import Made, Step
from pipeline.sources import read
from pipeline.sources.find import Entry
from pipeline.sources.names import name_of
from pipeline.stages import tables
from pipeline.stages.tables import INPUTS, READ_FILES

MOST_LEFT_OUT = 100  # names of files listed
MOST_GUESSES = 100  # that differ
CACHE = ".inputs.json"  # digests of the files of the input, to be hashed once


class Reading(Step):
    """Reads the input's files, those of each portion one after the other, and sets aside ids that are used twice."""

    name = "reading"

    def __init__(self, batch: Batch, after: Step | None = None) -> None:
        super().__init__(batch, after)
        self._stands_in: MadeOf | None = None
        self.input = self._input()

    def _input(self) -> Input:
        batch, layout = self.batch, self.batch.layout
        output = batch.settings.run.output if stores.is_url(batch.input) else str(layout.output)
        if batch.settings.run.only_new:  # what is remembered of an inbox serves all batches that look into it
            return Inbox(batch.input, layout.output / "runs" / CACHE, output, batch.history)
        return Input(batch.input, layout.runs / CACHE, output)

    def made_of(self, made: Sequence[Made]) -> MadeOf:
        """Where the input has gone, whatever made the output that is taken for current."""
        return self._stands_in or super().made_of(made)

    def ingredients(self, made: Sequence[Made]) -> MadeOf:
        """What of a record is read, and the content of the files.

        Raises:
            NothingNewError: other batches have read all of it.
            InputError: the input is not there, or holds nothing that can be read.
        """
        try:
            return {**self._how, **self._what}
        except NothingNewError:
            raise
        except InputError as error:
            if self._last_read is None:
                raise
            raise InputError(
                f"{error}. Batch {self.batch.name} was read from there before: bring it back, or make later steps "
                f"again of what was read: copydesk rerun STEP --batch {self.batch.name}"
            ) from error

    @property
    def _how(self) -> MadeOf:
        return {"settings": self.batch.settings.read.made_of()}

    @property
    def _what(self) -> MadeOf:
        left_out = b"\0".join(os.fsencode(str(entry)) for entry in self.input.found.left_out)
        return {
            "input": self.input.digest,
            "left_out": hashlib.sha256(left_out).hexdigest()[:16] if left_out else "nothing",
        }

    def changes(self, output: Path, old: Manifest, made: Sequence[Made]) -> list[str]:
        """Files by their names: `3.jsonl added`."""
        said = [line for line in super().changes(output, old, made) if not line.startswith(("input:", "left_out:"))]
        if old["made_of"].get("left_out") != self._what["left_out"]:
            said.append("what is left out of the input")
        changed = self._changed_files(output) if (output / INPUTS).is_dir() else ["other files"]
        return [*(changed if old["made_of"].get("input") != self._what["input"] else []), *said]

    def _changed_files(self, output: Path) -> list[str]:
        before = {row["name"]: row["digest"] for row in storage.read_table(str(output / INPUTS)).to_pylist()}
        now = {in_tables(name): of for name, of in self.input.files.items()}
        words = {(False, True): "added", (True, False): "gone", (True, True): "changed"}
        return [
            f"{name} {words[name in before, name in now]}"
            for name in sorted({*before, *now})
            if before.get(name) != now.get(name)
        ]

    def size_read(self, made: Sequence[Made]) -> int:
        """Bytes of the files; 0 where there are none, which is said when they are read."""
        try:
            return self.input.size
        except InputError:
            return 0

    # --- when the input has gone ---

    def go_on_from(self, read: Manifest) -> None:
        """Take the output that has this manifest for current, whatever the input holds now."""
        self._stands_in = read["made_of"]

    def go_on_from_last(self) -> None:
        """Take what the last run went on from for current, without a look at the input."""
        if not self._stands_in and self._last_read:
            self.go_on_from(self._last_read)

    def go_on_without_input(self) -> str:
        """Take what was read of it for current; that is said."""
        try:
            self.input.found  # noqa: B018 - it is looked for
        except InputError as error:
            last = self._last_read
            if last is None:
                return ""
            self._stands_in = last["made_of"]
            now = {**keys.code_of(self.modules), **self._how}
            changes = keys.differences({name: last["made_of"].get(name) for name in now}, now)
            by = f", by other settings or code: {'; '.join(changes)}" if changes else ""
            missing = str(error).partition(";")[0]
            documents = f"{last['counts']['read']:,} documents"
            return f"{missing}; going on from what was read of it at {last['started']} ({documents}){by}"
        return ""

    @property
    def _last_read(self) -> Manifest | None:
        """What the last run went on from; the newest that was read where nobody knows."""
        found = [manifest for manifest in map(manifests.read, self.outputs()) if manifest]
        last = (manifest for manifest in found if manifest["key"] == self.batch.last_read)
        return next(last, found[0] if found else None)

    def write(self, engine: Engine, made: Sequence[Made], work: Path, key: str) -> Manifest:
        """Read all portions, then look for ids used twice among all documents."""
        portions = work / "portions"
        portions.mkdir()
        size = 0
        for number, portion in enumerate(read.portions(self.input.found.files, self.input.root)):
            rows = tables.from_dicts(portion.rows, read.PORTIONS)
            storage.write_rows(portions, [rows], read.PORTIONS, f"{number:05d}")
            size += portion.size
        first = work / f"first-{self.input.state}"  # a killed run read this very input, or its parts are no use
        seconds = self.batch.settings.run.max_seconds
        function = partial(read.read_portion, settings=self.batch.settings.read, max_seconds=seconds)
        made_again = self.take_over(key, str(portions), first)
        engine.split_rows(function, str(portions), str(first), give_up=read.give_up, bytes_named=size, resumable=True)
        count = books.Accounts.of(first).total
        guessed = fields_guessed(first / read.GUESSES)
        self._set_aside_repeated(engine, first, work)
        for place in (*tables.PLACES, tables.FOUND):
            storage.move(first / place, work / place)
        whole.remove(portions, *work.glob("first-*"), work / "repeated", work / "again")
        if self.input.has_changed():
            raise CopydeskError(f"{self.input.root}: files changed while they were read; run again")
        files = [{"name": in_tables(name), "digest": of} for name, of in self.input.files.items()]
        storage.write_rows(work / INPUTS, [tables.from_dicts(files, READ_FILES)], READ_FILES)
        left_out = [*self.input.found.left_out, *self.input.read_before]
        return {
            "parts_made": made_again,
            "left_out": _listed(left_out),
            "left_out_kinds": _kinds(left_out),
            "entries": {"listed": sum(map(len, self.input.found)), "unread": self.input.found.unread},
            "charsets": charsets(work),
            "fields": guessed,
            **books.close(self.name, work, read=count),
        }

    def _set_aside_repeated(self, engine: Engine, first: Path, work: Path) -> None:
        """Move documents with an id that another one has, too, from the kept to the quarantined ones."""
        kept = first / tables.KEPT
        repeated = engine.sql(read.REPEATED_IDS, str(work / "repeated"), documents=str(kept))
        if not storage.count_rows(repeated):
            return
        function = partial(read.set_aside_repeated, repeated=storage.read_table(repeated).to_pylist())
        again = Path(engine.split_rows(function, str(kept), str(work / "again")))
        whole.remove(kept)
        storage.move(again / tables.KEPT, kept)
        storage.add_parts(again / tables.QUARANTINED, first / tables.QUARANTINED)


def fields_guessed(guesses: Path) -> list[FieldsFigures]:
    """Each guess that was made of fields, with the files that it was made of: that of the most files first."""
    found: dict[str, FieldsFigures] = {}
    for rows in storage.read_rows(str(guesses), rows=books.ROWS):
        for file, fields in zip(rows["file"].to_pylist(), rows["fields"].to_pylist(), strict=True):
            alike = found.setdefault(fields, {"file": file, "files": 0, "fields": json.loads(fields)})
            alike["file"], alike["files"] = min(alike["file"], file), alike["files"] + 1
    return sorted(found.values(), key=lambda alike: (-alike["files"], alike["file"]))[:MOST_GUESSES]


def _listed(left_out: Sequence[Entry]) -> list[str]:
    """The first `MOST_LEFT_OUT` entries, and how many more there are."""
    listed = [name_of(os.fsencode(str(entry))) for entry in left_out[:MOST_LEFT_OUT]]
    more = len(left_out) - len(listed)
    return [*listed, f"and {more:,} more"] if more else listed


def _kinds(left_out: Sequence[Entry]) -> dict[str, int]:
    """How many were left out, by the suffix that tells no known kind, or by the reason; the most frequent first."""
    kinds = Counter(entry.reason or entry.path.suffix.lower() or "no suffix" for entry in left_out)
    listed = dict(kinds.most_common(MOST_LEFT_OUT))
    if len(kinds) > len(listed):
        listed["of other kinds"] = kinds.total() - sum(listed.values())
    return {name_of(os.fsencode(kind)): number for kind, number in listed.items()}


def charsets(output: Path) -> dict[str, CharsetFigures]:
    """For each source: documents per charset and per way of choosing it, the least certainty, characters replaced."""
    found: dict[str, CharsetFigures] = {}
    told = ["charset", "charset_from", "charset_certainty", "replaced"]
    for rows in storage.read_rows(f"{output}/{tables.KEPT}", ["site", "file", "line", *told], rows=books.ROWS):
        table = pa.table({"source": books.sources_of(rows), **{name: rows[name] for name in told}})
        groups = table.group_by(["source", "charset", "charset_from"]).aggregate(
            [("replaced", "sum"), ("charset_certainty", "min"), ("source", "count")]
        )
        for row in groups.to_pylist():
            entry = found.setdefault(row["source"], {"charsets": {}, "least_certainty": 1.0, "replaced": 0})
            name = f"{row['charset']}, {row['charset_from']}"
            entry["charsets"][name] = entry["charsets"].get(name, 0) + row["source_count"]
            entry["least_certainty"] = round(min(entry["least_certainty"], row["charset_certainty_min"]), 4)
            entry["replaced"] += row["replaced_sum"]
    for entry in found.values():
        entry["charsets"] = dict(sorted(entry["charsets"].items()))
    names = books.ranked({source: sum(entry["charsets"].values()) for source, entry in found.items()})
    return {source: found[source] for source in sorted(names[: books.SOURCES])}

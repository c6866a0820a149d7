"""An inbox that grows: a batch is made of those of its files that no other published batch has read.

A file is known by its content. What each batch was published from lies in the history, `history/files/<batch>/<key>/`;
what is missing or damaged there is made again of what the batch has read. Where that has gone, too, its files are read
again, and their articles are found to be copies.
"""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path

from pipeline.engine import storage
from pipeline.errors import InputError, NothingNewError
from pipeline.output import manifest as manifests
from pipeline.output.layout import Layout
from pipeline.output.manifest import Manifest
from pipeline.run.history import FILES, History, published
from pipeline.run.input import Input, in_tables
from pipeline.sources import find
from pipeline.sources.find import Entry
from pipeline.stages.tables import INPUTS

MOST_NAMES = 3  # of files said to have gone


class Inbox(Input):
    """What an inbox holds that is new, or was read by this very batch before."""

    def __init__(self, where: str, cache: Path, output: str, history: History) -> None:
        super().__init__(where, cache, output)
        self._history = history

    def again(self) -> Input:
        """The same, to be looked at once more."""
        return Inbox(self._where, self._cache, self._output, self._history)

    @cached_property
    def found(self) -> find.Found:
        """What is new, and what is left out.

        Raises:
            NothingNewError: other batches have read all of it.
            InputError: files have gone that the batch was published from.
        """
        self._refuse_to_withdraw()
        new = [entry for entry in self.listed.files if self.digests[entry.path] not in self._read]
        if not new:
            raise NothingNewError(
                f"{self._where}: nothing new; all {len(self.listed.files):,} files were read by other batches"
            )
        return find.Found(new, self.listed.left_out)

    @property
    def read_before(self) -> list[Entry]:
        """What another batch has read."""
        digests = ((entry, self.digests[entry.path]) for entry in self.listed.files)
        return [entry._replace(reason=f"read in {self._read[of]}") for entry, of in digests if of in self._read]

    @cached_property
    def _read(self) -> dict[str, str]:
        """What other batches were published from: digests of files to the names of the batches."""
        mine = self._history.layout.batch
        return {
            row["digest"]: name
            for name, folder in self._places.items()
            if name != mine
            for row in storage.read_table(str(folder)).to_pylist()
            if ":" not in row["digest"]  # a file that could not be read may be readable now
        }

    @cached_property
    def _places(self) -> dict[str, Path]:
        """Where the files of published batches lie, by the names of the batches, as far as they are known."""
        history = self._history
        found: dict[str, Path] = {}
        for name, manifest in published(history.layout).items():
            folder = history.place(FILES, name, manifest["key"])
            if not history.sound(folder):
                output = _reading_of(Layout(history.layout.output, name), manifest)
                if output is None:
                    continue
                history.remember(FILES, name, manifest["key"], partial(storage.copy, output / INPUTS))
            found[name] = folder
        return found

    def _refuse_to_withdraw(self) -> None:
        """A batch that is made again of what is left of its files would lose the articles of the others."""
        mine = self._places.get(self._history.layout.batch)
        own = storage.read_table(str(mine)).to_pylist() if mine else []
        there = {*self.digests.values(), *(in_tables(self.name_of(path)) for path in self.digests)}
        gone = [row["name"] for row in own if not {row["digest"], row["name"]} & there]
        if gone:
            names = ", ".join(gone[:MOST_NAMES]) + (", ..." if len(gone) > MOST_NAMES else "")
            raise InputError(
                f"{self._where}: {len(gone):,} files that batch {self._history.layout.batch} was published from have "
                f"gone ({names}), and their articles would go with them; bring them back, or give what is new a batch "
                "of its own (--batch NAME)"
            )


def _reading_of(layout: Layout, corpus: Manifest) -> Path | None:
    """What a batch had read when it was published; None where that has gone."""
    wanted = corpus["made_of"].get("left", {}).get(f"reading/{INPUTS}")
    for output in layout.runs.glob("0-reading-*"):
        manifest = manifests.read(output)
        if manifest and wanted and manifest["digests"].get(INPUTS) == wanted:  # a version before this noted no files
            return None if manifests.damage(output, manifest, INPUTS, content=True) else output
    return None

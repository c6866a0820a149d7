"""Outputs in a store: a release is published there, and a folder of this machine is where runs work.

s3://bucket/prefix/corpus/          as `release.py` has it, but for what batches say of themselves:
s3://bucket/prefix/corpus/batches/<batch>/<key>-<release>.json
s3://bucket/prefix/history/         as `layout.py` has it
s3://bucket/prefix/runs/<batch>/    reports, and what a batch was last made of
s3://bucket/prefix/.lease.json      who publishes just now

What stands in the store is what counts. Before a run asks what is published, the folder is made to hold the same, but
for the articles. A release is published by its manifest: all that it names is written before, under names that never
meant something else; then the manifest is, in one step, only over the one that was there when the run began. What no
manifest names is removed afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config import Run
from pipeline.engine import stores, whole
from pipeline.engine.stores.store import ChangedError, Object
from pipeline.errors import CopydeskError, SettingsError
from pipeline.output import manifest as manifests
from pipeline.output import release, stored
from pipeline.output.layout import BATCHES, CORPUS, DATA, HISTORY, IN_STORE, RUNS, Layout
from pipeline.output.release import CARD, MANIFEST, Release

if TYPE_CHECKING:
    from pipeline.engine.stores.lease import Lease

LEASE = ".lease.json"
_KEPT = ("last.json", "refused.json")  # of a batch: what another machine reads of it
_TOLD = (*_KEPT, "refused.html", "report.html")


def of(run: Run) -> Remote | None:
    """The outputs that these settings name, if they lie in a store."""
    return Remote(run.output, run.folder) if stores.is_url(run.output) else None


class Remote:
    """The outputs of a folder, as they lie in a store."""

    def __init__(self, url: str, folder: Path) -> None:
        from pipeline.engine.stores.s3 import S3  # with all that is behind it: few outputs lie in a store

        address = stores.address_of(url)
        self.url, self.folder = url, folder
        self._store = S3(address.bucket)
        self._start = f"{address.key}/" if address.key else ""
        self._there: dict[str, Object] = {}  # what lay there when it was last looked at, by names below the output
        self._present = ""  # the tag of the manifest then, "" if there was none
        self._lease: Lease | None = None

    def shown(self, place: Path) -> str:
        """What people call what lies at that place of the folder."""
        return f"{self.url}/{place.relative_to(self.folder).as_posix()}"

    # --- who may publish ---

    def begin(self, what: str, tell: Callable[[str], object]) -> None:
        """Have the lease, and let the folder hold what the store does; for whoever has the turn in the folder.

        Raises:
            SettingsError, StoreError, CopydeskError: as `Lease.take` and `pull` do.
        """
        from pipeline.engine.stores.lease import Lease, owner_of

        if self._lease is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lease = Lease(self._store, f"{self._start}{LEASE}", self.url, owner_of(self.folder))
            self._lease.take(what, tell)
            self.pull(history=True)

    def end(self) -> None:
        """Give the lease back."""
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.give_back()

    # --- from the store to the folder ---

    def pull(self, *, history: bool = False) -> None:
        """Let the folder hold what the store does, but for the articles; of the history only if that is asked for.

        Raises:
            SettingsError: there is no such bucket, or it may not be read; or the folder is that of other outputs.
            CopydeskError: the manifest there is not as it was written.
        """
        seen = self._note()["seen"]
        content = self._look()
        corpus = self.folder / CORPUS
        self.folder.mkdir(parents=True, exist_ok=True)
        whole.remove_leftovers(self.folder, CORPUS)
        self._pull_runs()
        if content is None:
            whole.remove(corpus)
            return self._write_note({}, {})
        with whole.whole_folder(corpus) as new:
            present = self._manifest(new, content)
            names = {**stored.places(present), **self._others()}
            for name, place in names.items():
                self._fetch(name, new / place, corpus / place, seen)
            for batch in self._damaged(present):
                (new / BATCHES / batch).mkdir(parents=True, exist_ok=True)
            if history:
                self._pull_history(present, new)
                self._sweep(new)  # what a killed run has left, before anything here says that all is done
        held = {n: self._there[f"{CORPUS}/{n}"].size for n in stored.data(present) if f"{CORPUS}/{n}" in self._there}
        self._write_note({n: self._there[n].tag for n in names if n in self._there}, held)
        return None

    def _look(self) -> bytes | None:
        """What lies there now, with a manifest that was not written meanwhile; its bytes, None where there is none."""
        name = f"{CORPUS}/{MANIFEST}"
        while True:
            self._there = {found.key.removeprefix(self._start): found for found in self._store.objects(self._start)}
            self._present = self._there[name].tag if name in self._there else ""
            found = self._store.read(f"{self._start}{name}")
            if (found.tag if found else "") == self._present:
                return found.content if found else None

    def _manifest(self, new: Path, content: bytes) -> Release:
        """The manifest that stands there, in the folder `new`, too."""
        name = f"{CORPUS}/{MANIFEST}"
        (new / MANIFEST).write_bytes(content)
        present = release.read(new)
        if present is None or not all(map(stored.is_plain, [*stored.data(present), *stored.places(present)])):
            raise CopydeskError(
                f"{self.url}/{name} is not as it was written; nothing is read or published. Bring back an earlier "
                "version of it, or remove it and publish all batches again"
            )
        return present

    def _damaged(self, present: Release) -> list[str]:
        """The batches whose articles lie there without what they say of themselves; without both they are withdrawn."""
        return [
            name
            for name, told in present["batches"].items()
            if stored.manifest_of(name, told) not in self._there
            and any(f"{CORPUS}/{file}" in self._there for file in told["files"])
        ]

    def _others(self) -> dict[str, str]:
        """What lies in the release besides data and what batches say of themselves: names to places below it."""
        inside = [name.removeprefix(f"{CORPUS}/") for name in self._there if name.startswith(f"{CORPUS}/")]
        apart = (f"{DATA}/", f"{BATCHES}/")
        return {f"{CORPUS}/{n}": n for n in inside if not n.startswith(apart) and n != MANIFEST and stored.is_plain(n)}

    def _fetch(self, name: str, target: Path, known: Path, seen: Mapping[str, str]) -> None:
        """Let a file hold what lies there under a name: it is linked if it is known to be the same."""
        found = self._there.get(name)
        if found is None:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            if seen.get(name) == found.tag and known.stat().st_size == found.size:
                os.link(known, target)
                return
        self._copy(name, target)

    def _copy(self, name: str, target: Path) -> None:
        found = self._store.read(f"{self._start}{name}")
        if found is None:
            raise CopydeskError(f"{self.url}/{name}: has gone just now; run again")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(found.content)

    def _pull_history(self, present: Release, new: Path) -> None:
        """What published batches have left; where that is lost, their articles, of which it is made again."""
        for batch, told in present["batches"].items():
            manifest = manifests.read(new / BATCHES / batch)
            for memory in manifest.get("memory", {}) if manifest else ():
                folder = f"{HISTORY}/{memory}/{batch}/{told['key']}"
                names = [name for name in self._there if name.startswith(f"{folder}/") and stored.is_plain(name)]
                target = self.folder / folder
                if all(_has_size(self.folder / name, self._there[name].size) for name in names) and target.is_dir():
                    continue
                if not names:
                    for name in told["files"]:
                        self._fetch(f"{CORPUS}/{name}", new / name, new / name, {})
                    continue
                with whole.whole_folder(target) as made:
                    for name in names:
                        self._copy(name, made / name.removeprefix(f"{folder}/"))

    def _pull_runs(self) -> None:
        """What other machines have told of batches."""
        for name, found in self._there.items():
            top, _, rest = name.partition("/")
            batch, _, file = rest.partition("/")
            if top != RUNS or file not in _KEPT or not stored.is_plain(batch):
                continue
            layout = Layout(self.folder, batch)
            told = _told(layout)
            if told.get(file, ("", ""))[0] != found.tag:
                self._copy(name, layout.runs / file)
                os.utime(layout.runs / file, (found.written, found.written))
                told[file] = (found.tag, whole.file_hash(layout.runs / file))
                whole.write_json(layout.runs / IN_STORE, told)

    # --- from the folder to the store ---

    def commit(self, new: Path, batch: str) -> dict[str, str]:
        """Publish the release that lies in the folder `new`, with what `batch` leaves; its articles go from here.

        Returns the tags of what lies here as it does there, for `settle`.

        Raises:
            CopydeskError: somebody else has published meanwhile, or may; nothing is published.
        """
        present = release.read(new)
        if present is None or self._lease is None:
            raise CopydeskError(f"{self.url}: nothing to publish, or no lease")
        seen = self._note()["seen"]
        names = {name: new / place for name, place in stored.names(new, present).items()}
        card = names.pop(f"{CORPUS}/{CARD}")  # it has one name for all releases, and is of the one that counts
        tags: dict[str, str] = {}
        for name, file in {**self._history(present), **names}.items():
            tags[name] = self._same(name, file, batch, seen) or self._write(name, file)
        tags[f"{CORPUS}/{MANIFEST}"] = self._publish(new / MANIFEST)
        tags[f"{CORPUS}/{CARD}"] = self._write(f"{CORPUS}/{CARD}", card)
        self._sweep(new)
        here = {f"{CORPUS}/{CARD}", *(name for name in names if not names[name].is_relative_to(new / DATA))}
        whole.remove(new / DATA)
        return {name: tag for name, tag in tags.items() if name in here}

    def settle(self, tags: Mapping[str, str]) -> None:
        """After a release was published, and stands here, too: note what is the same in both."""
        present = release.read(self.folder / CORPUS)
        assert present is not None
        self._write_note(tags, {name: told["bytes"] for name, told in stored.data(present).items()})

    def _history(self, present: Release) -> dict[str, Path]:
        """What the batches of a release leave for later ones, as far as it lies here."""
        folders = [
            folder
            for name, told in present["batches"].items()
            for folder in self.folder.glob(f"{HISTORY}/*/{name}/{told['key']}/")
        ]
        files = (file for folder in folders for file in folder.rglob("*") if file.is_file())
        return {file.relative_to(self.folder).as_posix(): file for file in files}

    def _same(self, name: str, file: Path, batch: str, seen: Mapping[str, str]) -> str:
        """The tag of what lies there under a name if it is the file; "" if it is not known to be, or is of `batch`."""
        found = self._there.get(name)
        if found is None or found.size != file.stat().st_size:
            return ""
        top, _, rest = name.partition("/")
        if rest.startswith(f"{DATA}/"):
            return "" if rest.startswith(f"{DATA}/{batch}.") else found.tag
        if top == HISTORY:
            return "" if rest.partition("/")[2].startswith(f"{batch}/") else found.tag
        before = self.folder / CORPUS / stored.place_of(rest)
        is_linked = seen.get(name) == found.tag and before.is_file() and before.samefile(file)
        return found.tag if is_linked else ""

    def _write(self, name: str, file: Path) -> str:
        if self._lease is not None:
            self._lease.check()
        with file.open("rb") as content:
            return self._store.write(f"{self._start}{name}", content)

    def _publish(self, manifest: Path) -> str:
        """Let the manifest stand there, over the one that this run has read: from that moment on the release counts."""
        name, content = f"{CORPUS}/{MANIFEST}", manifest.read_bytes()
        if self._lease is not None:
            self._lease.check()
        try:
            self._present = self._store.write(f"{self._start}{name}", content, over=self._present)
        except ChangedError as error:
            found = self._store.read(f"{self._start}{name}")
            if found is None or found.content != content:  # else it was ours, and the answer was lost
                raise CopydeskError(
                    f"{self.url}/{name}: somebody else has published meanwhile; what he has published stays. Run again"
                ) from error
            self._present = found.tag
        return self._present

    def _sweep(self, corpus: Path) -> None:
        """Remove what the release in that folder does not name; what cannot be removed is left to `gc`."""
        with suppress(CopydeskError):
            self._remove(stored.unnamed(self._there, corpus))

    def _remove(self, objects: Iterable[Object]) -> None:
        for found in objects:
            if self._lease is not None:
                self._lease.check()  # what somebody else is about to publish is named by no manifest either
            self._store.remove([found.key])

    def tell(self, layout: Layout) -> None:
        """Let the reports of a batch lie there, and what it was made of, as they lie here."""
        told = _told(layout)
        before = dict(told)
        for name in _TOLD:
            file, key = layout.runs / name, f"{self._start}{RUNS}/{layout.batch}/{name}"
            if file.is_file():
                digest = whole.file_hash(file)
                if told.get(name, ("", ""))[1] != digest:
                    told[name] = (self._store.write(key, file.read_bytes()), digest)
            elif told.pop(name, None):
                self._store.remove([key])
        if told != before:
            whole.write_json(layout.runs / IN_STORE, told)

    # --- what is wrong with it, and what nobody needs ---

    def damage(self) -> tuple[list[str], int]:
        """What is wrong with what lies there, byte for byte, and how many files were looked at."""
        self.pull()
        if not self._present:
            return [], 0
        corpus = self.folder / CORPUS
        present = release.read(corpus)
        if present is None:
            raise CopydeskError(f"{self.url}/{CORPUS}/{MANIFEST} is not as it was written")
        named = {**stored.data(present), **stored.told(present)}
        found = [self._said(f"{CORPUS}/{n}", told["bytes"], "sha256", told["sha256"]) for n, told in named.items()]
        found.append(self._said(f"{CORPUS}/{CARD}", None, "sha256", present["card"]))
        files = len(found) + 1 + len(present["batches"])
        for batch, told in present["batches"].items():
            name = stored.manifest_of(batch, told)
            manifest = manifests.read(corpus / BATCHES / batch)
            if manifest is None:
                found.append(f"{name} is missing, or not as it was written")
            for memory in manifest.get("memory", {}) if manifest else ():
                said, count = self._damage_of_history(f"{HISTORY}/{memory}/{batch}/{told['key']}")
                found += said
                files += count
        found += [
            f"{one.key.removeprefix(self._start)} is named by no manifest"
            for one in stored.unnamed(self._there, corpus)
        ]
        return [f"{self.url}/{said}" for said in found if said], files

    def _damage_of_history(self, folder: str) -> tuple[list[str], int]:
        there = self._store.read(f"{self._start}{folder}/{whole.MANIFEST}")
        manifest = whole.sealed(there.content) if there else None
        if manifest is None:
            return [f"{folder}/{whole.MANIFEST} is missing, or not as it was written"], 1
        files = manifest["files"]
        return [self._said(f"{folder}/{n}", size, "xxh3", digest) for n, (size, digest) in files.items()], len(
            files
        ) + 1

    def _said(self, name: str, size: int | None, kind: str, digest: str) -> str:
        """What is wrong with an object; "" if nothing is."""
        found = self._store.read(f"{self._start}{name}")
        if found is None:
            return f"{name} is missing"
        if size is not None and len(found.content) != size:
            return f"{name} has {len(found.content):,} bytes where {size:,} were written"
        return "" if whole.digest_of(found.content, kind) == digest else f"{name} holds other bytes than were written"

    def waste(self, *, removed: bool) -> list[tuple[str, int]]:
        """What lies there and nobody needs, with sizes; removed if that is asked for. For whoever has the lease."""
        found = stored.unnamed(self._there, self.folder / CORPUS)
        if removed:
            self._remove(found)
        return [(f"{self.url}/{one.key.removeprefix(self._start)}", one.size) for one in found]

    # --- what is noted of it ---

    def _note(self) -> dict[str, Any]:
        """What the folder is known to share with the store.

        Raises:
            SettingsError: it is the folder of other outputs.
        """
        note = whole.read_json(self.folder / IN_STORE)
        if note is None and (self.folder / CORPUS).exists() and not (self.folder / IN_STORE).exists():
            raise SettingsError(f"[run] work: {self.folder} holds outputs of its own; name another folder")
        if note and note["url"] != self.url:
            raise SettingsError(f"[run] work: {self.folder} is of {note['url']}; name another one for {self.url}")
        return note or {"url": self.url, "seen": {}, "held": {}}

    def _write_note(self, seen: Mapping[str, str], held: Mapping[str, int]) -> None:
        whole.write_json(self.folder / IN_STORE, {"url": self.url, "seen": seen, "held": held})


def _told(layout: Layout) -> dict[str, tuple[str, str]]:
    """Of the files of a batch that others read the tags in the store, and hashes of them as they were written there."""
    return {name: tuple(told) for name, told in (whole.read_json(layout.runs / IN_STORE) or {}).items()}


def _has_size(file: Path, size: int) -> bool:
    return file.is_file() and file.stat().st_size == size

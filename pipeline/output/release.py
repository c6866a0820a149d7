"""The release: all that stands in `output/corpus`, swapped in one step whenever a batch is published.

output/corpus/data/<batch>.<key>-<n>.parquet   the articles of all batches, and nothing but Parquet
output/corpus/batches/<batch>/manifest.json    what a batch says of itself
output/corpus/listings/, changes/              what changed, and by what that is told (`changes.py`)
output/corpus/_manifest.json                   what the release is, made of what its batches say
output/corpus/README.md                        the same for people, and for the Hugging Face Hub

The next release is built beside the present one, of hard links to the files of all batches but the one that is being
published. So a reader sees the one or the other; and since names hold the key of what made a file, who goes by an old
listing finds nothing where a batch was published again, and never something else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

from pipeline.engine import storage, whole
from pipeline.engine.protocol import Engine
from pipeline.errors import CopydeskError
from pipeline.output import card, changes
from pipeline.output import manifest as manifests
from pipeline.output.changes import CHANGES, LISTINGS, ChangesFigures
from pipeline.output.layout import BATCHES, CORPUS, DATA, IN_STORE, Layout, published_names
from pipeline.output.manifest import Counts, Facts, MadeBy, Manifest, PartFigures

MANIFEST = "_manifest.json"  # a name that Spark and pyarrow pass over
CARD = "README.md"


class Batch(TypedDict):
    """What a release says of a batch; its manifest says more."""

    key: str
    release: int  # the one that it was first part of, as it is
    released: str  # ISO 8601, UTC
    schema: int
    rows: int
    files: dict[str, PartFigures]  # by their paths below the release
    listing: NotRequired[dict[str, PartFigures]]  # the same; not of what an earlier version has published
    steps: dict[str, Counts]
    languages: dict[str, int]
    made_by: dict[str, MadeBy]
    libraries: dict[str, str]
    models: dict[str, str]


class Release(TypedDict):
    """What `_manifest.json` says."""

    release: int  # goes up by one
    parent: int | None  # the one before
    created: str  # ISO 8601, UTC
    schema: int  # the newest version of the columns
    columns: dict[str, str]
    rows: int
    batches: dict[str, Batch]
    card: str  # the SHA-256 of README.md
    reaches: NotRequired[int]  # the earliest release since which changes can be told
    changes: NotRequired[dict[str, ChangesFigures]]  # the files that tell them, a release each, by their paths


def read(corpus: Path) -> Release | None:
    """What the release at `corpus` is; None when there is none, or its manifest is not as it was written."""
    return _release(whole.read_json(corpus / MANIFEST))


def told_by(content: bytes) -> Release | None:
    """The same by the bytes of its manifest."""
    return _release(whole.sealed(content))


def _release(found: Mapping[str, Any] | None) -> Release | None:
    return cast(Release, found) if found and isinstance(found.get("batches"), dict) else None


def facts(corpus: Path) -> dict[str, Facts]:
    """What the batches of a release tell for its card, by name."""
    return {name: manifest.get("facts") or Facts() for name, manifest in sorted(_batches(corpus).items())}


def file_name(batch: str, key: str, number: int) -> str:
    """What a file of articles is called, below the release."""
    return f"{DATA}/{batch}.{key}-{number:05d}{storage.SUFFIX}"


# --- making ------------------------------------------------------------------------------------------------------


@contextmanager
def built(layout: Layout) -> Iterator[Path]:
    """A folder to build the next release in; it becomes the present one when the block ends well."""
    folder = layout.output / f".{layout.next_corpus}.{os.getpid()}.tmp"
    folder.mkdir(parents=True)
    try:
        yield folder
        whole.put_in_place(folder, layout.corpus)
    finally:
        whole.remove(folder)


def complete(engine: Engine, folder: Path, layout: Layout, mine: Manifest, outputs: Sequence[Path]) -> Manifest:
    """Make a release of a folder that holds the data of one batch; returns that batch's manifest, with its release.

    `outputs` are those of its steps, which say why articles were set aside.
    """
    known = _batches(layout.corpus)
    present = read(layout.corpus)
    mine = _numbered(layout, mine, known, present)
    if mine["release"] > _newest(layout, known, present):
        _write_changes(engine, folder, layout, mine, outputs, _before(layout, known, present))
    others = {name: manifest for name, manifest in known.items() if name != layout.batch}
    for name, manifest in others.items():
        for file in (*manifest["files"], f"{BATCHES}/{name}/{whole.MANIFEST}"):
            _link(layout.corpus / file, folder / file)
    (folder / BATCHES / layout.batch).mkdir(parents=True)
    whole.write_json(folder / BATCHES / layout.batch / whole.MANIFEST, mine)
    release = _of({**others, layout.batch: mine})
    release["changes"] = _kept_changes(folder, layout.corpus, present, release["release"])
    release["reaches"] = release["release"] - len(release["changes"])
    told = {name: manifest.get("facts") or Facts() for name, manifest in sorted({**others, layout.batch: mine}.items())}
    whole.write_text(folder / CARD, card.of(release, told))
    release["card"] = whole.file_digest(folder / CARD)
    whole.write_json(folder / MANIFEST, release)
    return mine


def _numbered(layout: Layout, mine: Manifest, known: Mapping[str, Manifest], present: Release | None) -> Manifest:
    """With the number of its release: the next one, or as before where nothing of the batch has changed."""
    told = present["batches"] if present else {name: _told(manifest) for name, manifest in known.items()}
    before, withdrawn = told.get(layout.batch), told.keys() - known.keys() - {layout.batch}
    if before and (before["key"], before["files"]) == (mine["key"], mine["parts"]) and not withdrawn:
        return {**mine, "release": before["release"], "released": before["released"]}
    return {**mine, "release": _newest(layout, known, present) + 1, "released": mine["started"]}


def _newest(layout: Layout, known: Mapping[str, Manifest], present: Release | None) -> int:
    """The highest number of a release that anything here tells of; 0 where there is none."""
    told = [present["release"] if present else 0, *(manifest["release"] for manifest in known.values())]
    return max([*told, *map(changes.release_of, changes.files_in(layout.corpus))])


def _before(layout: Layout, known: Mapping[str, Manifest], present: Release | None) -> dict[str, Batch] | None:
    """What a release told of this batch, and of those that were withdrawn since; None: nobody knows any more."""
    if present is None:
        return None if known else {}
    return {name: batch for name, batch in present["batches"].items() if name == layout.batch or name not in known}


def _write_changes(
    engine: Engine,
    folder: Path,
    layout: Layout,
    mine: Manifest,
    outputs: Sequence[Path],
    before: Mapping[str, Batch] | None,
) -> None:
    """Write what changed, unless nobody knows what was published: who follows the corpus has to begin anew then."""
    work = folder / "before"
    listings = None if before is None else changes.listings(engine, layout.corpus, before, work)
    if listings is not None:
        changes.write(engine, folder, mine["release"], layout.batch, mine["key"], listings, outputs)
    whole.remove(work)


def _kept_changes(folder: Path, corpus: Path, present: Release | None, release: int) -> dict[str, ChangesFigures]:
    """The files of changes that stay in a release; those of the one before are linked, if they are sound."""
    known = present.get("changes", {}) if present else changes.figures_of(corpus)
    sound = {name: told for name, told in known.items() if not changes.damage(corpus, {name: told}, content=True)}
    found = changes.reaching({**sound, **changes.figures_of(folder)}, release)
    for name in found.keys() & sound.keys():
        _link(corpus / name, folder / name)
    return found


def _of(batches: Mapping[str, Manifest]) -> Release:
    """What a release is that consists of these batches."""
    newest = max(batches.values(), key=lambda manifest: manifest["release"])
    widest = max(batches.values(), key=lambda manifest: manifest["schema"])
    return {
        "release": newest["release"],
        "parent": newest["release"] - 1 or None,
        "created": newest["released"],
        "schema": widest["schema"],
        "columns": widest["columns"],
        "rows": sum(manifest["counts"]["published"] for manifest in batches.values()),
        "batches": {name: _told(batches[name]) for name in sorted(batches)},
        "card": "",
    }


def _told(manifest: Manifest) -> Batch:
    told: Batch = {
        "key": manifest["key"],
        "release": manifest["release"],
        "released": manifest["released"],
        "schema": manifest["schema"],
        "rows": manifest["counts"]["published"],
        "files": manifest["parts"],
        "steps": manifest["steps"],
        "languages": manifest["languages"],
        "made_by": manifest["made_by"],
        "libraries": manifest["libraries"],
        "models": manifest["models"],
    }
    if "listing" in manifest:
        told["listing"] = manifest["listing"]
    return told


def _batches(corpus: Path) -> dict[str, Manifest]:
    """The manifests of the batches in a release, by name; those that are sound."""
    found = {name: manifests.read(corpus / BATCHES / name) for name in published_names(corpus.parent)}
    return {name: manifest for name, manifest in found.items() if manifest}


def _link(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    whole.link(file, target)


# --- what is wrong with it ---------------------------------------------------------------------------------------


def refuse_older(output: Path) -> None:
    """Refuse a corpus as an earlier version has left it.

    Raises:
        CopydeskError: there is one.
    """
    older = sorted(path.name.partition("=")[2] for path in output.glob(f"{CORPUS}/batch=*/"))
    if older:
        corpus = output / CORPUS
        raise CopydeskError(
            f"{corpus} lies in folders batch=... as an earlier version published it: move it away (mv {corpus} "
            f"{corpus}.before), then publish its batches again, the earliest first: copydesk run --batch {older[0]}"
        )


def refuse_damage(layout: Layout) -> None:
    """Refuse to carry over what is damaged of other batches, unless this one's own is, and is about to be mended.

    Sizes and the ends of files are looked at. A batch whose folder has gone was withdrawn by hand.

    Raises:
        CopydeskError: something of another batch is missing or damaged.
    """
    damaged = _damage_by_batch(layout.corpus, published_names(layout.output), content=False)
    others = [said for name, found in damaged.items() for said in found if name != layout.batch]
    if others and layout.batch not in damaged:
        name = next(iter(damaged))
        raise CopydeskError(
            f"{layout.corpus}/{others[0]}; nothing is published, and what was stays. "
            f"copydesk run --batch {name} makes it again"
        )


def damage(corpus: Path) -> tuple[list[str], int]:
    """What is wrong with a release, byte for byte, and how many files were looked at.

    What lies among its data and belongs to no batch is wrong, too.
    """
    if not corpus.is_dir():
        return [], 0
    known = _batches(corpus)
    named = {name for manifest in known.values() for name in manifest["files"]}
    folders = (corpus / name for name in (DATA, LISTINGS, CHANGES))
    there = [path.relative_to(corpus).as_posix() for f in folders for path in sorted(f.rglob("*")) if not path.is_dir()]
    present = read(corpus)
    told = present.get("changes", {}) if present else changes.figures_of(corpus)
    names = sorted({*published_names(corpus.parent), *(present["batches"] if present else ())})
    found = [said for some in _damage_by_batch(corpus, names, content=True).values() for said in some]
    named |= told.keys()
    found += damage_of_changes(corpus, content=True)
    unnamed = [f"{name} is named by no manifest" for name in there if name not in named]
    front = damage_of_front(corpus, {name: manifest["key"] for name, manifest in known.items()})
    return [*front, *found, *unnamed], len({*named, *there}) + len(known) + 2


def damage_of_changes(corpus: Path, *, content: bool = False) -> list[str]:
    """What is wrong with the files of changes that a release names."""
    present = read(corpus)
    return changes.damage(corpus, present.get("changes", {}), content=content) if present else []


def damage_of_front(corpus: Path, keys: Mapping[str, str]) -> list[str]:
    """What is wrong with the manifest of a release, which must tell of batches with these keys, and with its card."""
    release = read(corpus)
    if release is None or not keys.items() <= {name: b["key"] for name, b in release["batches"].items()}.items():
        return [f"{MANIFEST} is missing, or does not tell of what lies there"]
    try:
        same = whole.file_digest(corpus / CARD) == release["card"]
    except OSError:
        same = False
    return [] if same else [f"{CARD} is missing, or not as it was written"]


def _damage_by_batch(corpus: Path, names: Iterable[str], *, content: bool) -> dict[str, list[str]]:
    """What is wrong with the files and the manifest of each of these batches; those that are sound are not listed."""
    found: dict[str, list[str]] = {}
    for name in names:
        manifest = manifests.read(corpus / BATCHES / name)
        if manifest is None:
            found[name] = [f"{BATCHES}/{name}/{whole.MANIFEST} is missing, or not as it was written"]
        elif said := damage_of(corpus, manifest, content=content):
            found[name] = said
    return found


def damage_of(corpus: Path, manifest: Manifest, *, content: bool = False) -> list[str]:
    """What is wrong with the files of one batch; those that lie in a store alone are told by their sizes there."""
    held = _in_store(corpus)
    here = {name: told for name, told in manifest["files"].items() if name not in held}
    other = [
        f"{name} has {held[name]:,} bytes where {size:,} were written"
        for name, (size, _) in manifest["files"].items()
        if held.get(name, size) != size
    ]
    return other + storage.damage(corpus, here, content=content)


def _in_store(corpus: Path) -> Mapping[str, int]:
    """The files of a release that are known to lie in a store, with their sizes there (`remote.py`)."""
    note = whole.read_json(corpus.parent / IN_STORE)
    return note.get("held", {}) if note else {}


def is_away(layout: Layout) -> bool:
    """Whether there is no release because one that was moved away has not come back."""
    return not layout.corpus.exists() and bool(_moved_away(layout))


def recover(layout: Layout) -> None:
    """Let a release come back that a killed run has moved away, as it must where folders cannot be exchanged.

    For whoever has the turn: nobody else is publishing.
    """
    for old in _moved_away(layout):
        if layout.corpus.exists():
            whole.remove(old)
        else:
            old.rename(layout.corpus)


def _moved_away(layout: Layout) -> list[Path]:
    return sorted(layout.output.glob(f".{CORPUS}.*.old"))

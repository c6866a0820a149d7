"""Under which names a release lies in a store, and what lies there under none of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.engine import whole
from pipeline.engine.stores.store import Object
from pipeline.output import release
from pipeline.output.layout import BATCHES, CORPUS, HISTORY
from pipeline.output.manifest import PartFigures
from pipeline.output.release import MANIFEST, Batch, Release


def data(present: Release) -> dict[str, PartFigures]:
    """The files of articles of a release."""
    return {name: told for batch in present["batches"].values() for name, told in batch["files"].items()}


def told(present: Release) -> dict[str, PartFigures]:
    """The files that tell of them: listings, and what changed."""
    listings = {name: told for batch in present["batches"].values() for name, told in batch.get("listing", {}).items()}
    return {**listings, **present.get("changes", {})}


def manifest_of(batch: str, told: Batch) -> str:
    """Under which name what a batch says of itself lies in a store: another one whenever that is another."""
    return f"{CORPUS}/{BATCHES}/{batch}/{told['key']}-{told['release']}.json"


def places(present: Release) -> dict[str, str]:
    """What batches say of themselves: names in a store to places below the release."""
    return {manifest_of(name, told): f"{BATCHES}/{name}/{whole.MANIFEST}" for name, told in present["batches"].items()}


def place_of(rest: str) -> str:
    """The place below a release of what has that name in it in a store."""
    return f"{rest.rpartition('/')[0]}/{whole.MANIFEST}" if rest.startswith(f"{BATCHES}/") else rest


def unnamed(there: Mapping[str, Object], corpus: Path) -> list[Object]:
    """What lies there among corpus and history and is no part of the release in the folder `corpus`, nor left by it."""
    present = release.read(corpus)
    keys = {name: told["key"] for name, told in present["batches"].items()} if present else {}
    known = {*names(corpus, present), *(f"{CORPUS}/{name}" for name in data(present))} if present else set()
    found = []
    for name, one in there.items():
        top, *parts = name.split("/")
        is_left = top == HISTORY and len(parts) > 3 and keys.get(parts[1]) == parts[2]
        if top in (CORPUS, HISTORY) and not is_left and name not in known and name != f"{CORPUS}/{MANIFEST}":
            found.append(one)
    return found


def names(corpus: Path, present: Release) -> dict[str, str]:
    """The files of a release that lies in a folder, but for its manifest: names in a store to places below it."""
    manifests_of = {place: name for name, place in places(present).items()}
    there = [path.relative_to(corpus).as_posix() for path in sorted(corpus.rglob("*")) if path.is_file()]
    return {manifests_of.get(place, f"{CORPUS}/{place}"): place for place in there if place != MANIFEST}


def is_plain(name: str) -> bool:
    """Whether a name may be one on this machine."""
    return all(part and part[0] != "." and part.isprintable() for part in name.split("/"))

"""Which objects of a store an input holds; they are named and chosen as files of a folder are.

A store has no folders: what a key says up to a slash stands for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.engine import stores
from pipeline.engine.stores.file import Place, StoredFile
from pipeline.engine.stores.store import Object
from pipeline.errors import InputError
from pipeline.sources import find
from pipeline.sources.find import Entry, Found, Pattern
from pipeline.sources.names import tells_of_others

LEADS_OUT = "a name that leads out of the input"


def find_input(root: str, output: str = "", pattern: str = "") -> Found:
    """What an input holds, on this machine or in a store; see `find.find_files`.

    Raises:
        InputError: nothing is there, or nothing that is wanted; or it lies in the output.
        SettingsError: there is no such bucket, or it may not be read.
        StoreError: the store does not answer.
    """
    return _find_objects(root, output, pattern) if stores.is_url(root) else find.find_files(root, output, pattern)


def below(root: str | Path) -> Callable[[Place], str]:
    """What files of an input are called below it."""
    if isinstance(root, str) and stores.is_url(root):
        start = f"{root.rstrip('/')}/"
        return lambda place: str(place).removeprefix(start) if str(place) != root else str(place).rpartition("/")[2]
    folder = Path(root)
    is_folder = folder.is_dir()
    return lambda place: _path_below(place, folder) if is_folder else place.name


def _path_below(place: Place, folder: Path) -> str:
    return place.relative_to(folder).as_posix() if isinstance(place, Path) else place.url


def _find_objects(root: str, output: str, pattern: str) -> Found:
    address = stores.address_of(root.rstrip("/"))
    named = f"{root}/{pattern}" if pattern else root
    outputs = f"{output.rstrip('/')}/" if stores.is_url(output) else ""
    if outputs and f"{root.rstrip('/')}/".startswith(outputs):
        raise InputError(f"{root}: lies in the output; name where the articles lie, or another --output")
    store = stores.opened(address)
    folder = f"{address.key}/" if address.key else ""
    is_there = False
    entries: list[Entry] = []
    wanted = Pattern(pattern)
    for found in store.objects(folder):
        is_there = True
        entries += _entry(found, address.root, folder, outputs, wanted)
    if not is_there and not pattern:
        entries += [_of(one, address.root) for one in store.objects(address.key) if one.key == address.key]
    if not is_there and not entries:
        raise InputError(f"{named}: no such object, and none below it; name where the articles lie: copydesk run URL")
    if pattern and not entries:
        raise InputError(f"{named}: no such object; see what lies in {root}")
    return find.sorted_out(named, sorted(entries, key=lambda entry: str(entry.path)))


def _entry(found: Object, root: str, folder: str, outputs: str, pattern: Pattern) -> Iterator[Entry]:
    """What an object below the input is of it: nothing if it is hidden, not named, or stands for a folder."""
    name = found.key.removeprefix(folder)
    parts = name.split("/")
    if (name.endswith("/") or not name) and not found.size:
        return
    if not pattern.names(name) or any(part.startswith(".") and part != ".." for part in parts):
        return
    if outputs and f"{root}{found.key}".startswith(outputs):
        return
    entry = _of(found, root)
    yield entry._replace(reason=LEADS_OUT) if ".." in parts else entry


def _of(found: Object, root: str) -> Entry:
    file = StoredFile(f"{root}{found.key}", found.size, found.tag)
    if tells_of_others(file.name):
        return Entry(file, find.OF_OTHERS, wanted=False)
    return Entry(file, "", find.is_known(file))

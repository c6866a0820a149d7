"""Following the corpus: what became of its documents from one release to the present one, all in all."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from pipeline import engine as engines
from pipeline.engine import storage, whole
from pipeline.errors import CopydeskError, InputError, NotKeptError
from pipeline.output import changes, release
from pipeline.output.changes import ADDED, CHANGED
from pipeline.output.corpus import Corpus, read_corpus
from pipeline.output.release import Release
from pipeline.records import Document
from pipeline.stages import tables

if TYPE_CHECKING:
    import pyarrow.dataset

MEMORY = "1GB"  # while changes are added up; what is more is spilled
TRIES = 5  # at a release that is replaced while its changes are read

# A row for each article that a release has changed: in which of them first, and in which last.
_SPANS = """
SELECT batch, id, min(release) AS earliest, max(release) AS latest FROM found WHERE better IS NULL GROUP BY batch, id
"""
# What became of each, all in all; nothing where it is again as it was.
_NET = f"""
SELECT old.content_before, new.content_after, old.digest_before, new.digest_after, new.reason, new.better,
  new.better_batch, new.release, new.batch, new.id,
  CASE WHEN old.content_before IS NULL THEN 'added' WHEN new.content_after IS NULL THEN 'withdrawn'
    ELSE 'changed' END AS kind
FROM ({_SPANS}) span
JOIN found old ON old.batch = span.batch AND old.id = span.id AND old.release = span.earliest
JOIN found new ON new.batch = span.batch AND new.id = span.id AND new.release = span.latest
WHERE old.better IS NULL AND new.better IS NULL
  AND coalesce(old.content_before, '') <> coalesce(new.content_after, '')
"""
# A row for each article that is there no more.
_GONE = f"""
SELECT new.batch, new.id FROM ({_SPANS}) span
JOIN found new ON new.batch = span.batch AND new.id = span.id AND new.release = span.latest
WHERE new.better IS NULL AND new.content_after IS NULL
"""
# A row for each better copy, where both are still there; `standing` are the listings of the present release.
_SUPERSEDED = f"""
SELECT min(found.content_before) AS content_before, min(found.content_after) AS content_after,
  min(found.digest_before) AS digest_before, min(found.digest_after) AS digest_after, min(found.reason) AS reason,
  found.better, found.better_batch, max(found.release) AS release, found.batch, found.id, min(found.kind) AS kind
FROM found
JOIN (SELECT DISTINCT batch, id, better FROM standing WHERE better IS NOT NULL) still
  ON found.batch = still.batch AND found.id = still.id AND found.better = still.better
LEFT JOIN ({_GONE}) gone ON found.batch = gone.batch AND found.id = gone.id
WHERE found.better_batch IN ({{batches}}) AND gone.id IS NULL
GROUP BY found.batch, found.id, found.better_batch, found.better
"""
_ADDED_UP = f"""
SELECT {", ".join(changes.ROWS.names)} FROM (({_NET}) UNION ALL ({_SUPERSEDED})) every
ORDER BY batch, id, kind, better_batch, better
"""
# A row for each article that is there, for those who have none; `found` are listings.
_ALL = """
SELECT {release} AS release, 'added' AS kind, batch, id, better AS content_before, content AS content_after,
  better AS digest_before, digest AS digest_after, reason, better, better AS better_batch
FROM found WHERE better IS NULL ORDER BY batch, id
"""
_COUNTS = "SELECT batch, kind, count(*) AS number FROM listed GROUP BY batch, kind ORDER BY batch, kind"


class Change(NamedTuple):
    """What became of a document; one that is superseded is still there."""

    kind: str  # "added", "changed", "withdrawn" or "superseded"
    batch: str
    id: str
    document: Document | None  # as it is now, where it was added or changed
    reason: str  # why it was withdrawn, or what is better about the other one; else ""
    better: tuple[str, str] | None  # batch and id of the other one, which supersedes it
    text_changed: bool  # False where only other columns are others now


class Changes:
    """What became of the documents of a corpus from the release `since` to `release`, all in all.

    A document that came and went meanwhile is not among them, and none that is again as it was. Iterate over `Change`s,
    in the order of batches and ids; or take `dataset`, which lists them, and `articles`, the rows that were added or
    changed. The list stays as it is; of a batch that is published again meanwhile the documents are gone, and who
    reads on gets an `InputError`.
    """

    def __init__(self, corpus: Corpus, since: int, folder: Path) -> None:
        """`folder` holds the list, and goes with this."""
        self.since, self.release = since, corpus.release
        self._corpus, self._listed = corpus, str(folder / "listed")
        weakref.finalize(self, whole.remove, folder)
        self._counts = storage.read_table(str(folder / "counts")).to_pylist()

    def __repr__(self) -> str:
        told = ", ".join(f"{sum(n.get(k, 0) for n in self.counts.values()):,} {k}" for k in changes.KINDS)
        return f"<Changes {self._corpus.folder}: release {self.since} to {self.release}, {told}>"

    def __len__(self) -> int:
        return sum(row["number"] for row in self._counts)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many changes, by batch and kind."""
        found: dict[str, dict[str, int]] = {}
        for row in self._counts:
            found.setdefault(row["batch"], {})[row["kind"]] = row["number"]
        return found

    @property
    def dataset(self) -> pyarrow.dataset.Dataset:
        """The list as an Arrow dataset: the columns of `changes.ROWS`, and no documents."""
        return storage.as_arrow([self._listed])

    def articles(self) -> Iterator[pa.RecordBatch]:
        """The rows of the corpus that were added or changed, in the order of the list.

        Raises:
            InputError: a batch was published again meanwhile.
        """
        wanted = ((change.batch, change.id) for change in self.listed() if change.kind in (ADDED, CHANGED))
        for batch, pairs in groupby(wanted, key=lambda pair: pair[0]):
            yield from self._corpus.pick(batch, (identity for _, identity in pairs))

    def listed(self) -> Iterator[Change]:
        """The changes without their documents, which need not be read for this."""
        for rows in storage.read_rows(self._listed):
            for row in rows.to_pylist():
                better = (row["better_batch"], row["better"]) if row["better"] is not None else None
                differs = row["digest_before"] != row["digest_after"]
                yield Change(row["kind"], row["batch"], row["id"], None, row["reason"] or "", better, differs)

    def __iter__(self) -> Iterator[Change]:
        documents = (document for rows in self.articles() for document in tables.to_documents(rows))
        for change in self.listed():
            if change.kind in (ADDED, CHANGED):
                document = next(documents, None)
                if document is None or document.id != change.id:
                    raise CopydeskError(f"{self._corpus.folder}: {change.batch}/{change.id} is not there; {_VERIFY}")
                change = change._replace(document=document)
            yield change


_VERIFY = "copydesk verify says what is damaged"


def changes_since(path: str | Path, since: int) -> Changes:
    """What became of the documents of the corpus at `path` since a release; 0 is before the first one.

    Raises:
        InputError: there is no corpus there, or no such release.
        NotKeptError: what changed since then is not kept any more, or damaged: begin anew with all of it.
    """
    for _ in range(TRIES):
        corpus = read_corpus(path)
        found = release.read(_home_of(corpus))
        if found is None or found["release"] != corpus.release:
            continue
        _refuse(corpus, found, since)
        folder = Path(tempfile.mkdtemp(prefix="copydesk-"))
        try:
            return _added_up(corpus, found, since, folder)
        except (CopydeskError, FileNotFoundError):
            whole.remove(folder)
            if read_corpus(path).release == corpus.release:
                raise
        except BaseException:
            whole.remove(folder)
            raise
    raise InputError(f"{path}: other releases came while the changes of each were read; try again")


def _home_of(corpus: Corpus) -> Path:
    """The folder of a corpus that can be followed.

    Raises:
        InputError: it lies in a store.
    """
    if isinstance(corpus.folder, Path):
        return corpus.folder
    raise InputError(f"{corpus.folder}: what changed is told of a corpus on this machine; copy it, or read it anew")


def _refuse(corpus: Corpus, found: Release, since: int) -> None:
    """Refuse a release that nothing is known of."""
    reaches = found.get("reaches", found["release"])
    if not isinstance(since, int):
        raise InputError(f"{corpus.folder}: since is the number of a release, as {found['release']}; got {since!r}")
    if not 0 <= since <= found["release"]:
        raise InputError(f"{corpus.folder}: there is no release {since}; the newest is {found['release']}")
    if 0 < since < reaches:
        raise NotKeptError(
            f"{corpus.folder}: what changed since release {since} is not kept any more, but since {reaches}: "
            "begin anew with all of it, which is what changed since 0"
        )


def _added_up(corpus: Corpus, found: Release, since: int, folder: Path) -> Changes:
    with closing(engines.opened("local", 1, MEMORY, str(folder))) as engine:
        listed = str(folder / "listed")
        listings = changes.listings(engine, _home_of(corpus), found["batches"], folder / "listings")
        if listings is None:
            raise InputError(f"{corpus.folder}: articles are missing; {_VERIFY}")
        if since == 0:
            engine.sql(_ALL.format(release=found["release"]), listed, found=listings)
        else:
            batches = ", ".join(map(changes.literal, found["batches"]))
            told = _told(corpus, found, since, folder)
            engine.sql(_ADDED_UP.format(batches=batches), listed, found=told, standing=listings)
        engine.sql(_COUNTS, str(folder / "counts"), listed=listed)
    return Changes(corpus, since, folder)


def _told(corpus: Corpus, found: Release, since: int, folder: Path) -> list[str]:
    """The files that tell what changed since a release; an empty one where nothing did."""
    files = {name: told for name, told in found.get("changes", {}).items() if told["release"] > since}
    if damage := changes.damage(_home_of(corpus), files, content=True):
        raise NotKeptError(f"{corpus.folder}/{damage[0]}: begin anew with all of it, which is what changed since 0")
    storage.write_rows(folder / "nothing", [], changes.ROWS)
    return [str(_home_of(corpus) / name) for name in files] or [str(folder / "nothing")]

"""What changed with a release: its articles compared with those of the release before, as one file of the release.

output/corpus/listings/<batch>.<key>.parquet    the articles of a batch by their digests: what is compared
output/corpus/changes/<release>.<key>.parquet   what changed with a release, ordered by batch and id

Texts are not compared, and not kept twice: a listing has some 60 bytes for each article. The changes of the newest
releases stay in the release, as many as `reaching` says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engine import storage, whole
from pipeline.engine.protocol import Engine
from pipeline.output.manifest import PartFigures, part_figures
from pipeline.stages import tables

if TYPE_CHECKING:
    from pipeline.output.release import Batch

CHANGES, LISTINGS = "changes", "listings"  # folders of a release
ADDED, CHANGED, WITHDRAWN, SUPERSEDED = KINDS = ("added", "changed", "withdrawn", "superseded")
BY_HAND = "batch withdrawn by hand"
NOT_READ = "not in the input any more"
# What is kept: to follow more than that is as much work as to read all again.
MOST_RELEASES = 1_000
MOST_CHANGES = 1_000_000  # in all of them; those of the newest release stay, however many they are

LISTING = pa.schema(
    [
        ("batch", pa.string()),
        ("id", pa.string()),
        ("content", pa.string()),  # the digest of all columns; null for what was superseded
        ("digest", pa.string()),  # that of the text, as it is published
        ("better", pa.string()),  # of an article of an earlier batch: the id of a better copy in this one
        ("reason", pa.string()),  # why that one is better
    ]
)
ROWS = pa.schema(
    [
        ("release", pa.int64()),
        ("kind", pa.string()),  # one of KINDS
        ("batch", pa.string()),
        ("id", pa.string()),
        ("content_before", pa.string()),  # the digest of all columns; null where there was no article
        ("content_after", pa.string()),  # null where there is none any more
        ("digest_before", pa.string()),  # the column `digest`, of the text
        ("digest_after", pa.string()),
        ("reason", pa.string()),  # why it was withdrawn, or superseded
        ("better", pa.string()),  # the id of what supersedes it
        ("better_batch", pa.string()),
    ]
)

# A row for each article that differs in anything, and for each that was superseded and was not before. `now` and
# `before` are listings, `aside` the articles that the batch has set aside.
_COMPARED = """
SELECT {release} AS release,
  CASE WHEN now.id IS NULL THEN 'withdrawn' WHEN now.better IS NOT NULL THEN 'superseded'
    WHEN before.id IS NULL THEN 'added' ELSE 'changed' END AS kind,
  coalesce(now.batch, before.batch) AS batch, coalesce(now.id, before.id) AS id,
  before.content AS content_before, now.content AS content_after,
  before.digest AS digest_before, now.digest AS digest_after,
  CASE WHEN now.id IS NOT NULL THEN now.reason WHEN before.batch <> {batch} THEN {by_hand}
    ELSE coalesce(aside.reason, {not_read}) END AS reason,
  now.better AS better, CASE WHEN now.better IS NOT NULL THEN {batch} END AS better_batch
FROM now FULL OUTER JOIN before
  ON now.batch = before.batch AND now.id = before.id AND coalesce(now.better, '') = coalesce(before.better, '')
LEFT JOIN aside ON before.id = aside.id
WHERE (now.id IS NULL AND before.better IS NULL) OR (before.id IS NULL AND now.id IS NOT NULL)
  OR now.content <> before.content
ORDER BY batch, id, kind, coalesce(now.better, '')
"""
# A row for each article that a step has set aside; `place` is a dataset of its output.
_ASIDE = "SELECT id, {number} AS step, concat(verdict, ': ', reason) AS reason FROM {place}"
# A row for each id: what the last step that set it aside says.
_REASONS = """
SELECT every.id, min(every.reason) AS reason
FROM ({every}) every JOIN (SELECT id, max(step) AS step FROM ({every}) steps GROUP BY id) last
  ON every.id = last.id AND every.step = last.step
GROUP BY every.id
"""
_REASON = pa.schema([("id", pa.string()), ("reason", pa.string())])


class ChangesFigures(PartFigures):
    """A file of changes: what it holds, and of which release."""

    release: int


def listing_name(batch: str, key: str) -> str:
    """What the listing of a batch is called, below the release."""
    return f"{LISTINGS}/{batch}.{key}{storage.SUFFIX}"


def file_name(release: int, key: str) -> str:
    """What the changes of a release are called, below it; `key` is that of the batch that was published."""
    return f"{CHANGES}/{release:08d}.{key}{storage.SUFFIX}"


# --- listings ----------------------------------------------------------------------------------------------------


def write_listing(
    engine: Engine, work: Path, published: Iterable[str], superseded: str | None, batch: str, key: str
) -> dict[str, PartFigures]:
    """Write the listing of a batch into the release that is being made in `work`; returns its name and figures.

    `published` are its files of articles, below `work`; `superseded` is the side table of the search for copies.
    """
    articles, better, target = work / "articles", work / "better", work / listing_name(batch, key)
    datasets = [engine.map_rows(listed, [str(work / name) for name in published], str(articles))]
    if superseded:
        datasets.append(engine.map_rows(listed_superseded, superseded, str(better)))
    storage.write_file(target, storage.read_rows(datasets), LISTING)
    whole.remove(articles, better)
    return {listing_name(batch, key): part_figures(target)}


def listed(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Articles as rows of `LISTING`; `content` is the start of the SHA-256 of all their columns, 32 hex digits."""
    told = pc.binary_join_element_wise(*map(_with_lengths, rows.columns), pa.scalar("", pa.string()))
    content = [hashlib.sha256(row).hexdigest()[:32] for row in told.cast(pa.binary()).to_pylist()]
    nulls = pa.nulls(rows.num_rows, pa.string())
    return pa.RecordBatch.from_arrays(
        [rows["batch"], rows["id"], pa.array(content, pa.string()), rows["digest"], nulls, nulls], schema=LISTING
    )


def _with_lengths(column: pa.Array) -> pa.Array:
    """Values as text, each with its length before it, so that no two rows are the same text; `-:` is null."""
    if pa.types.is_list(column.type):
        column = pa.array([value if value is None else json.dumps(value) for value in column.to_pylist()], pa.string())
    elif pa.types.is_floating(column.type):  # its bits: digits may differ from version to version of Arrow
        column = column.view(pa.int32() if column.type == pa.float32() else pa.int64())
    elif pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    text = column.cast(pa.string())
    length = pc.fill_null(pc.binary_length(text).cast(pa.string()), "-")
    return pc.binary_join_element_wise(length, pc.fill_null(text, ""), ":")


def listed_superseded(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of the side table `superseded` as rows of `LISTING`."""
    told = zip(*(rows[name].to_pylist() for name in ("kind", "similarity", "why")), strict=True)
    reasons = [f"{kind} copy, {similarity:.2f} alike; better: {why}" for kind, similarity, why in told]
    nulls = pa.nulls(rows.num_rows, pa.string())
    return pa.RecordBatch.from_arrays(
        [rows["batch"], rows["id"], nulls, nulls, rows["better"], pa.array(reasons, pa.string())], schema=LISTING
    )


def listings(engine: Engine, corpus: Path, batches: Mapping[str, Batch], work: Path) -> list[str] | None:
    """The listings of these batches of a release, as datasets; what is missing is made from their articles in `work`.

    None where a batch has lost both.
    """
    found = []
    for name, batch in batches.items():
        told = batch.get("listing", {})
        if told and not damage(corpus, told, content=True):
            found += [str(corpus / file) for file in told]
        elif damage(corpus, batch["files"]):
            return None
        else:
            found.append(engine.map_rows(listed, [str(corpus / file) for file in batch["files"]], str(work / name)))
    return found


def damage(corpus: Path, files: Mapping[str, PartFigures], *, content: bool = False) -> list[str]:
    """What is wrong with files of a release, by their sizes, and with `content` by their SHA-256."""
    found = []
    for name, figures in files.items():
        file = corpus / name
        if not file.is_file():
            found.append(f"{name} is missing")
        elif file.stat().st_size != figures["bytes"]:
            found.append(f"{name} has {file.stat().st_size:,} bytes where {figures['bytes']:,} were written")
        elif content and whole.file_digest(file) != figures["sha256"]:
            found.append(f"{name} holds other bytes than were written")
    return found


# --- changes -----------------------------------------------------------------------------------------------------


def write(
    engine: Engine, work: Path, release: int, batch: str, key: str, before: Sequence[str], outputs: Sequence[Path]
) -> None:
    """Write what changed with a release that is being made in `work`, of which `batch` is published anew.

    `before` are the listings of the articles that may be others now: those of the batch and of batches that were
    withdrawn. `outputs` are those of the batch's steps, in their order: they say why an article was set aside.
    """
    folder, nothing = work / "compared", work / "nothing"
    storage.write_rows(nothing, [], LISTING)
    compared = _COMPARED.format(
        release=release, batch=literal(batch), by_hand=literal(BY_HAND), not_read=literal(NOT_READ)
    )
    datasets = {"now": str(work / listing_name(batch, key)), "before": list(before) or str(nothing)}
    if before:
        datasets["aside"] = _reasons(engine, work / "aside", outputs)
    else:
        storage.write_rows(work / "aside", [], _REASON)
        datasets["aside"] = str(work / "aside")
    engine.sql(compared, str(folder), **datasets)
    storage.write_file(work / file_name(release, key), storage.read_rows(str(folder)), ROWS)
    whole.remove(folder, nothing, work / "aside")


def _reasons(engine: Engine, out: Path, outputs: Sequence[Path]) -> str:
    """Why articles were set aside, a row for each id."""
    places = {
        f"{place}_{number}": f"{output}/{place}"
        for number, output in enumerate(outputs)
        for place in (tables.DROPPED, tables.QUARANTINED)
    }
    each = (_ASIDE.format(number=place.rpartition("_")[2], place=place) for place in places)
    return engine.sql(_REASONS.format(every=" UNION ALL ".join(each)), str(out), **places)


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def files_in(folder: Path) -> list[Path]:
    """The files of changes below a release, the earliest first."""
    return sorted((folder / CHANGES).glob(f"[0-9]*{storage.SUFFIX}"))


def release_of(file: Path) -> int:
    """The number of the release whose changes a file holds."""
    return int(file.name.partition(".")[0])


def figures_of(folder: Path) -> dict[str, ChangesFigures]:
    """What the files of changes below a release hold; one that is no Parquet any more is passed over."""
    found: dict[str, ChangesFigures] = {}
    for file in files_in(folder):
        with suppress(pa.ArrowException):
            found[f"{CHANGES}/{file.name}"] = {**part_figures(file), "release": release_of(file)}
    return found


def reaching(files: Mapping[str, ChangesFigures], release: int) -> dict[str, ChangesFigures]:
    """Those of the files that lead to a release without a gap, no more than are kept, the earliest first."""
    found: dict[str, ChangesFigures] = {}
    rows = 0
    for name, figures in sorted(files.items(), key=lambda entry: -entry[1]["release"]):
        rows += figures["rows"]
        if figures["release"] != release - len(found) or len(found) == MOST_RELEASES or (found and rows > MOST_CHANGES):
            break
        found[name] = figures
    return dict(reversed(found.items()))

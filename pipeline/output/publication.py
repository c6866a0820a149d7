"""What a batch publishes: the articles that its last stage has kept, as files of the corpus."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engine import storage, whole
from pipeline.engine.protocol import Engine
from pipeline.errors import BalanceError
from pipeline.output import columns
from pipeline.output.columns import AS_READ, COLUMNS
from pipeline.output.manifest import OTHERS, Counts, Facts, Manifest, part_figures
from pipeline.output.release import file_name
from pipeline.sources.columns import plain
from pipeline.sources.meta import as_json
from pipeline.sources.page.dates import iso_date

FILE_BYTES = 32 << 20  # of text and metadata in a file: what is held in memory while it is written
MOST_SITES = 200  # told of one by one; the smaller ones are summed up
SITE_LENGTH = 100

_WITHOUT_CUTS = pa.schema([field for field in COLUMNS if field.name != "cuts"])
# The rows, by their ids, with the number of passages that were cut from each; `findings`: of the stage that cuts.
_ORDERED = """
SELECT d.*, coalesce(c.cuts, 0) AS cuts
FROM documents d LEFT JOIN (
    SELECT id, count(*) AS cuts FROM findings WHERE after = '' GROUP BY id
) c ON d.id = c.id
ORDER BY d.id
"""


def write(
    engine: Engine, folder: Path, kept: str, cut: str | None, batch: str, key: str, steps: Mapping[str, Counts]
) -> Manifest:
    """Write the data of a batch into `folder`, ordered by id; returns what its manifest says of it.

    `kept` is the dataset of its documents, `cut` that of the findings of the stage that cuts, `steps` the documents by
    place of each step that led to them.

    Raises:
        BalanceError: not every document that was kept is among what was written.
    """
    rows, ordered, nothing = folder / "rows", folder / "ordered", folder / "nothing"
    engine.map_rows(partial(to_published, batch=batch), kept, str(rows))
    if cut is None:
        storage.write_rows(nothing, [], _NO_FINDINGS)
    engine.sql(_ORDERED, str(ordered), documents=str(rows), findings=cut or str(nothing))
    whole.remove(rows, nothing)
    names: list[str] = []
    facts = _Facts()
    for table in tables_of(storage.read_rows(str(ordered))):
        names.append(file_name(batch, key, len(names)))
        (folder / names[-1]).parent.mkdir(exist_ok=True)
        storage.write_part(folder / names[-1], table)
        facts.add(table)
        del table  # before the next one is put together
    whole.remove(ordered)
    files = {name: folder / name for name in names}
    read, published = storage.count_rows(kept), storage.count_rows([str(file) for file in files.values()])
    if read != published:
        raise BalanceError(f"publishing: kept {read:,}, but published {published:,}; nothing is published")
    return {
        "counts": {"published": published},
        "steps": dict(steps),
        "parts": {name: part_figures(file) for name, file in files.items()},
        "columns": {field.name: str(field.type) for field in COLUMNS},
        "schema": columns.VERSION,
        "languages": dict(sorted(facts.languages.items())),
        "facts": facts.told(),
    }


def tables_of(rows: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The rows in tables of about `FILE_BYTES`, cut at the same rows however they come in; at least one table."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    for some in rows:
        start = 0
        for row, size in enumerate(_sizes(some)):
            if held and held + size > FILE_BYTES:
                full = _table([*waiting, some.slice(start, row - start)])
                waiting, held, start = [], 0, row  # before it is written: memory for one file, not for two
                yield full
                del full
            held += size
        waiting.append(some.slice(start))
    yield _table(waiting)


def _sizes(rows: pa.RecordBatch) -> list[int]:
    """The bytes of text and metadata of each row."""
    sizes: list[int] = pc.add(pc.binary_length(rows["text"]), pc.binary_length(rows["meta"])).to_pylist()
    return sizes


def _table(rows: Sequence[pa.RecordBatch]) -> pa.Table:
    if not rows:
        return COLUMNS.empty_table()
    return pa.Table.from_batches(rows).select(COLUMNS.names).cast(COLUMNS).combine_chunks()


class _Facts:
    """What the card tells of the articles, added up file by file."""

    def __init__(self) -> None:
        self.languages: Counter[str] = Counter()
        self._sites: Counter[str] = Counter()
        self._days: list[date] = []  # the first and the last
        self._dated = self._characters = self._bytes = 0

    def add(self, table: pa.Table) -> None:
        """Count the articles of a file."""
        for counter, column, unknown in ((self.languages, "language", "und"), (self._sites, "site", "")):
            for entry in pc.value_counts(pc.fill_null(table[column], unknown)):
                counter[entry["values"].as_py()] += entry["counts"].as_py()
        days = pc.min_max(table["published"]).as_py().values()
        self._days = sorted([*self._days, *(day.date() for day in days if day)])
        self._days = [*self._days[:1], *self._days[-1:]]
        self._dated += table.num_rows - table["published"].null_count
        self._characters += pc.sum(pc.utf8_length(table["text"])).as_py() or 0
        self._bytes += pc.sum(pc.binary_length(table["text"])).as_py() or 0

    def told(self) -> Facts:
        """All of them."""
        ranked = sorted(self._sites.items(), key=lambda site: (-site[1], site[0]))
        sites = {site[:SITE_LENGTH]: number for site, number in ranked[:MOST_SITES]}
        if others := sum(number for _, number in ranked[MOST_SITES:]):
            sites[OTHERS] = others
        first, last = (day.isoformat() for day in self._days) if self._days else (None, None)
        return {
            "sites": sites,
            "first": first,
            "last": last,
            "dated": self._dated,
            "characters": self._characters,
            "bytes": self._bytes,
        }


_NO_FINDINGS = pa.schema([("id", pa.string()), ("after", pa.string())])


# --- a document as a row ------------------------------------------------------------------------------------------


def to_published(rows: pa.RecordBatch, batch: str) -> pa.RecordBatch:
    """Documents as the last stage keeps them, as rows of `COLUMNS`, but for `cuts`."""
    told: dict[str, Any] = {"batch": [batch] * rows.num_rows, "authors": [], "published": [], "digest": [], "meta": []}
    for text, published, meta in zip(*(rows[n].to_pylist() for n in ("text", "published", "meta")), strict=True):
        fields = json.loads(meta) if meta else {}
        moment = moment_of(published)
        told["authors"].append(authors_of(fields))
        told["published"].append(moment)
        told["digest"].append(hashlib.sha256(text.encode()).hexdigest()[:16])
        if published and (moment is None or moment.isoformat() != published):
            meta = as_json({**fields, AS_READ: published})
        told["meta"].append(meta or "{}")
    return columns.with_columns(rows, _WITHOUT_CUTS, told)


def moment_of(published: str | None) -> datetime | None:
    """When an article was published; a day is its midnight, a time without a zone is UTC. None: it is no date.

    >>> moment_of("Wed, 20 Nov 2019 10:15:00 +0100").isoformat(), moment_of("Nov. 20, 2019").isoformat()
    ('2019-11-20T09:15:00+00:00', '2019-11-20T00:00:00+00:00')
    """
    told = iso_date(published) if published else None
    if told is None:
        return None
    try:
        moment = datetime.fromisoformat(told)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the year 0 or 10000, in UTC
        return None


_AUTHORS = frozenset((
    "author", "authors", "authorname", "authornames", "articleauthor", "byline", "bylines", "creator", "creators",
    "dccreator", "writer", "writers",
))  # fmt: skip
_BY = re.compile(r"^by\s+", re.IGNORECASE)


def authors_of(meta: Mapping[str, Any]) -> list[str]:
    """The authors that a record names, each once; a string of several is cut at semicolons and line breaks alone.

    >>> authors_of({"byline": "By Ada Bell; Chi Dao", "authors": [{"name": "Ada Bell"}, "Eve Fox"]})
    ['Ada Bell', 'Chi Dao', 'Eve Fox']
    """
    found = [name for field, value in meta.items() if plain(field) in _AUTHORS for name in _names(value)]
    # half a surrogate pair, which JSON can say and UTF-8 cannot, is written as in JSON
    return list(dict.fromkeys(name.encode("utf-8", "backslashreplace").decode() for name in found))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from filter(None, (_BY.sub("", name.strip()) for name in re.split(r"[;\r\n]", value)))
    elif isinstance(value, Mapping):
        yield from _names(value.get("name"))
    elif isinstance(value, list):
        for one in value:
            yield from _names(one)

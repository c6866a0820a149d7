"""What a batch publishes: the articles that its last stage has kept, as files of the corpus."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from operator import itemgetter
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
from pipeline.sources.page.dates import moment_of

FILE_BYTES = 32 << 20  # of text and metadata in a file: what is held in memory while it is written
MOST_SITES = 200  # told of one by one; the smaller ones are summed up
SITE_LENGTH = 100

# The documents, by their ids, with the number of passages that were cut from each, and the bytes of its text and
# metadata; `findings`: of the stage that cuts.
_ORDERED = """
SELECT d.*, coalesce(c.cuts, 0) AS cuts,
       CAST((bit_length(d.text) + coalesce(bit_length(d.meta), 0)) / 8 AS BIGINT) AS size
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
    ordered, nothing, files, told = (folder / name for name in ("ordered", "nothing", "files", "told"))
    if cut is None:
        storage.write_rows(nothing, [], _NO_FINDINGS)
    engine.sql(_ORDERED, str(ordered), documents=kept, findings=cut or str(nothing))
    whole.remove(nothing)
    (folder / file_name(batch, key, 0)).parent.mkdir(exist_ok=True)
    size = _plan(ordered, files)
    written = partial(write_file, folder=str(folder), batch=batch, key=key)
    engine.split_rows(written, str(files), str(told), bytes_named=size)
    whole.remove_leftovers_below(folder)
    made = sorted(storage.read_table(str(told)).to_pylist(), key=itemgetter("name"))
    parts = {row["name"]: json.loads(row["figures"]) for row in made}
    facts = _Facts(json.loads(row["facts"]) for row in made)
    whole.remove(ordered, files, told)
    read, published = storage.count_rows(kept), sum(row["rows"] for row in parts.values())
    if read != published:
        raise BalanceError(f"publishing: kept {read:,}, but published {published:,}; nothing is published")
    return {
        "counts": {"published": published},
        "steps": dict(steps),
        "parts": parts,
        "columns": {field.name: str(field.type) for field in COLUMNS},
        "schema": columns.VERSION,
        "languages": dict(sorted(facts.languages.items())),
        "facts": facts.told(),
    }


# --- files ---------------------------------------------------------------------------------------------------------

_FILES = pa.schema([
    ("number", pa.int64()), ("parts", pa.list_(pa.string())),
    ("first", pa.list_(pa.int64())), ("rows", pa.list_(pa.int64())),
])  # fmt: skip
_TOLD = pa.schema([("name", pa.string()), ("figures", pa.string()), ("facts", pa.string())])  # the last two as JSON


def _plan(ordered: Path, out: Path) -> int:
    """Write into `out` of which rows each file is made; returns the bytes of what is ordered."""
    sizes = (size for rows in storage.read_rows(str(ordered), ["size"], 50_000) for size in rows["size"].to_pylist())
    for number, pieces in enumerate(storage.pieces(str(ordered), rows_of_files(sizes, FILE_BYTES))):
        named = [{"number": number, **dict(zip(_FILES.names[1:], zip(*pieces, strict=True), strict=True))}]
        storage.write_rows(out, [pa.RecordBatch.from_pylist(named, _FILES)], _FILES, f"{number:05d}")
    return sum(part.stat().st_size for part in storage.parts(str(ordered)))


def rows_of_files(sizes: Iterable[int], most: int) -> Iterator[int]:
    """How many rows go into each file: as many as come to `most` bytes, or one that is larger; at least one file.

    >>> list(rows_of_files([5, 5, 1, 20, 1], 10)), list(rows_of_files([], 10))
    ([2, 1, 1, 1], [0])
    """
    rows = held = 0
    for size in sizes:
        if rows and held + size > most:
            yield rows
            rows = held = 0
        rows, held = rows + 1, held + size
    yield rows


def write_file(rows: pa.RecordBatch, folder: str, batch: str, key: str) -> Iterator[Mapping[str, pa.RecordBatch]]:
    """Write the files that these rows plan, each in one step; yields what is to be told of them.

    It is a file of the corpus that is made, not rows; made twice it is the same file.
    """
    told: dict[str, list[str]] = {name: [] for name in _TOLD.names}
    for row in rows.to_pylist():
        file = Path(folder, file_name(batch, key, row["number"]))
        documents = storage.read_pieces(zip(row["parts"], row["first"], row["rows"], strict=True))
        table = pa.Table.from_batches([to_published(some, batch) for some in documents], COLUMNS).combine_chunks()
        storage.write_part(file, table)
        told["name"].append(file_name(batch, key, row["number"]))
        told["figures"].append(json.dumps(part_figures(file)))
        told["facts"].append(json.dumps(facts_of(table)))
    yield {"": pa.RecordBatch.from_pydict(told, _TOLD)}


def facts_of(table: pa.Table) -> dict[str, Any]:
    """What the card tells of the articles of a file, as JSON can say it."""
    days = pc.min_max(table["published"]).as_py().values()
    return {
        "languages": _counted(pc.fill_null(table["language"], "und")),
        "sites": _counted(pc.fill_null(table["site"], "")),
        "days": [day.date().isoformat() for day in days if day],
        "dated": table.num_rows - table["published"].null_count,
        "characters": pc.sum(pc.utf8_length(table["text"])).as_py() or 0,
        "bytes": pc.sum(pc.binary_length(table["text"])).as_py() or 0,
    }


def _counted(values: pa.ChunkedArray) -> dict[str, int]:
    return {entry["values"].as_py(): entry["counts"].as_py() for entry in pc.value_counts(values)}


class _Facts:
    """The same of all files."""

    def __init__(self, files: Iterable[Mapping[str, Any]]) -> None:
        self.languages: Counter[str] = Counter()
        self._sites: Counter[str] = Counter()
        self._days: list[str] = []
        self._sums: Counter[str] = Counter(dated=0, characters=0, bytes=0)
        for file in files:
            self.languages.update(file["languages"])
            self._sites.update(file["sites"])
            self._days += file["days"]
            self._sums.update({name: file[name] for name in self._sums})

    def told(self) -> Facts:
        """All of them."""
        ranked = sorted(self._sites.items(), key=lambda site: (-site[1], site[0]))
        sites = {site[:SITE_LENGTH]: number for site, number in ranked[:MOST_SITES]}
        if others := sum(number for _, number in ranked[MOST_SITES:]):
            sites[OTHERS] = others
        return {
            "sites": sites,
            "first": min(self._days, default=None),
            "last": max(self._days, default=None),
            "dated": self._sums["dated"],
            "characters": self._sums["characters"],
            "bytes": self._sums["bytes"],
        }


_NO_FINDINGS = pa.schema([("id", pa.string()), ("after", pa.string())])


# --- a document as a row ------------------------------------------------------------------------------------------


def to_published(rows: pa.RecordBatch, batch: str) -> pa.RecordBatch:
    """Documents as the last stage keeps them, with their `cuts`, as rows of `COLUMNS`."""
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
    return columns.with_columns(rows, COLUMNS, told)


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

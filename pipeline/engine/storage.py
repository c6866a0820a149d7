"""Datasets: folders of Parquet parts. The one place that opens, writes, counts, moves and digests them.

Whatever stands above `engine/` names a dataset and gets rows; how its parts lie on the disk is known here alone.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.engine import whole
from pipeline.engine.protocol import Dataset
from pipeline.engine.whole import Inventory, file_hash
from pipeline.errors import CopydeskError

if TYPE_CHECKING:
    import pyarrow.dataset

# A part: small enough that two workers have four parts each of 4,000 documents, and seldom wait for the last one.
PART_BYTES = 2 << 20
PART_ROWS = 500
ROW_GROUP = 5_000  # rows of wide text that DuckDB can still spill (measured at a 300 MB limit)
ORDERED_ROWS = 20 * ROW_GROUP  # of a query's result in one part, where the order of its rows must repeat
HELD_ROWS = 500_000  # of a side table: 50 MB of copies, 250 MB of lines of sites
COMPRESSION: Final = "zstd"
SUFFIX = ".parquet"


# --- reading -----------------------------------------------------------------------------------------------------


def parts(dataset: Dataset) -> list[Path]:
    """The Parquet files of a dataset, in order; hidden files and folders are no part of it.

    Raises:
        CopydeskError: there is none.
    """
    found: list[Path] = []
    for path in map(Path, [dataset] if isinstance(dataset, str) else dataset):
        if path.is_file():
            found.append(path)
        else:
            inside = (p for p in path.rglob(f"*{SUFFIX}") if not any(n[0] == "." for n in p.relative_to(path).parts))
            found += sorted(inside, key=_in_order)
    if not found:
        raise CopydeskError(f"{dataset}: no Parquet files there; remove the folder and run again")
    return found


def _in_order(part: Path) -> str:
    """Numbers in names have five and three digits, and more where there are more parts: these come after the others."""
    name = part.name
    if _NUMBERED.fullmatch(name):
        name = re.sub(r"\d+", lambda number: number[0].zfill(_MOST_DIGITS), name)
    return f"{part.parent.as_posix()}/{name}"


_NUMBERED = re.compile(rf"(?:part-)?\d+-\d+{re.escape(SUFFIX)}")
_MOST_DIGITS = 12


def number_of(part: Path) -> int | None:
    """The number of the part of the input that a part was made of; None where it was made of several."""
    match = re.match(r"part-(\d{5,})-", part.name)
    return int(match[1]) if match else None


def count_rows(dataset: Dataset) -> int:
    """Rows as the files' own footers tell, not as whoever wrote them counted."""
    return sum(pq.read_metadata(part).num_rows for part in parts(dataset))


def schema_of(dataset: Dataset) -> pa.Schema:
    """The columns of a dataset: those of its first part."""
    return pq.read_schema(parts(dataset)[0])


def read_rows(dataset: Dataset, columns: Sequence[str] | None = None, rows: int = 1_000) -> Iterator[pa.RecordBatch]:
    """All rows of a dataset in order, at most `rows` at a time.

    With one thread: there is a worker for each core, and several threads take a sixth more CPU time for a part.
    """
    for part in parts(dataset):
        with pq.ParquetFile(part) as file:
            yield from file.iter_batches(batch_size=rows, columns=columns, use_threads=False)


def read_table(dataset: Dataset, columns: Sequence[str] | None = None) -> pa.Table:
    """A dataset that is known to be small, whole."""
    return pa.concat_tables(pq.read_table(part, columns=columns) for part in parts(dataset))


Piece = tuple[str, int, int]  # of a part: its path, the first row, how many rows


def pieces(dataset: Dataset, counts: Iterable[int]) -> Iterator[list[Piece]]:
    """Where the rows of a dataset lie, cut into so many at a time, in their order; ends where either does."""
    rows_of = [(str(part), 0, count_rows(str(part))) for part in parts(dataset)]
    left = [piece for piece in rows_of if piece[2]][::-1] or rows_of[:1]
    for count in counts:
        if not left:
            return
        found: list[Piece] = []
        while left and (count or not found):
            part, first, rows = left.pop()
            some = min(rows, count)
            found.append((part, first, some))
            count -= some
            if some < rows:
                left.append((part, first + some, rows - some))
        yield found


def read_pieces(pieces: Iterable[Piece]) -> Iterator[pa.RecordBatch]:
    """The rows of such pieces: of a part only the row groups that hold them are read."""
    for part, first, rows in pieces:
        with pq.ParquetFile(part) as file:
            begin = 0
            for group in range(file.metadata.num_row_groups):
                end = begin + file.metadata.row_group(group).num_rows
                if begin < first + rows and end > first:
                    for some in file.iter_batches(batch_size=1_000, row_groups=[group]):
                        skip = max(first - begin, 0)
                        yield some.slice(skip, max(first + rows - begin - skip, 0))
                        begin += some.num_rows
                begin = end


def find_rows(dataset: Dataset, column: str, value: str) -> pa.Table:
    """The rows of a dataset that hold `value` in `column`."""
    return select_rows(dataset, f"{column} = $1", [value])


def select_rows(
    dataset: Dataset, condition: str, values: Sequence[str], columns: str = "*", order: str = "", most: int = 0
) -> pa.Table:
    """The rows of a dataset that meet a condition of SQL, `$1` being the first of the values; at most `most`, if any.

    Of datasets with other columns a row has those of all, null where it has none.
    DuckDB reads the other columns of those rows alone: of 200,000 articles one is found by its id in 0.2 s of CPU time,
    where Arrow, which reads the texts of all, takes 2.4 s.
    """
    query = f"SELECT {columns} FROM read_parquet($0, union_by_name = true) WHERE {condition}"
    query += f" ORDER BY {order}" if order else ""
    query += f" LIMIT {most}" if most else ""
    given = {f"v{number}": value for number, value in enumerate(values, 1)}
    named = query.replace("$", "$v")  # DuckDB takes no list among parameters that have numbers
    with asking() as ask:
        return ask(named, {"v0": [str(part) for part in parts(dataset)], **given})


@contextmanager
def asking(**tables: pa.Table) -> Iterator[Callable[[str, Mapping[str, Any]], pa.Table]]:
    """How to ask DuckDB: a query over files, and over these tables by name, with the values of its parameters.

    Raises:
        CopydeskError: a file has gone meanwhile, or is damaged.
    """
    import duckdb

    with duckdb.connect(config={"enable_external_file_cache": False}) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        try:
            yield lambda query, values: connection.execute(query, values).to_arrow_table()
        except duckdb.Error as error:
            first_line = str(error).partition("\n")[0]
            raise CopydeskError(f"what lies there has changed just now, or is damaged: {first_line}") from error


def parts_made_of(dataset: Dataset, number: int) -> list[str]:
    """The parts of a dataset that were made of one part of the input; none where nothing of it came here."""
    return [str(part) for part in parts(dataset) if number_of(part) == number]


def pick_rows(files: Iterable[Path], column: str, values: Iterator[str]) -> Iterator[pa.RecordBatch]:
    """The rows of Parquet files that hold one of `values` in `column`, by which both are ordered.

    A row group that holds none is not read; nothing else than one row group is in memory.
    """
    wanted = next(values, None)
    for part in files:
        with pq.ParquetFile(part) as file:
            for group in range(file.num_row_groups):
                there = file.read_row_group(group, columns=[column])[column]
                here = []
                while wanted is not None and len(there) and wanted <= there[-1].as_py():
                    here.append(wanted)
                    wanted = next(values, None)
                if here:
                    mask = pc.is_in(there, pa.array(here, pa.string()))
                    yield from file.read_row_group(group).filter(mask).to_batches()


@lru_cache(maxsize=8)  # the path holds the key of the step that is being made
def is_held(side_table: str) -> bool:
    """Whether each worker holds a side table whole, to read it once; of a larger one it reads what it asks for."""
    return count_rows(side_table) <= HELD_ROWS


def rows_among(dataset: Dataset, column: str, values: pa.Array) -> pa.Table:
    """The rows that hold one of the values; row groups whose span in that column has none of them are not read."""
    only = pc.field(column).isin(values)
    return pa.concat_tables(pq.read_table(part, filters=only, use_threads=False) for part in parts(dataset))


def as_arrow(datasets: Sequence[str]) -> pyarrow.dataset.Dataset:
    """Several datasets as one of Arrow's own; a column that one of them has not is null there."""
    import pyarrow.dataset as ds

    schema = pa.unify_schemas([schema_of(dataset) for dataset in datasets])
    return ds.dataset([str(part) for part in parts(datasets)], schema=schema, format="parquet")


def digest_of(dataset: Dataset) -> str:
    """A digest over names and bytes of the parts, 16 hex digits: equal bytes, equal digest."""
    return _digest_of((part.name, file_hash(part)) for part in parts(dataset))


def digests(files: Inventory) -> dict[str, str]:
    """The digest of each dataset of an inventory, by the name of its folder."""
    datasets: dict[str, list[tuple[str, str]]] = {}
    for path, (_, digest) in files.items():
        folder, _, name = path.rpartition("/")
        if folder and path.endswith(SUFFIX):
            datasets.setdefault(folder, []).append((name, digest))
    return {folder: _digest_of(named) for folder, named in sorted(datasets.items())}


def _digest_of(named: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256("".join(f"{name}\0{digest}\0" for name, digest in named).encode()).hexdigest()[:16]


def damage(folder: Path, files: Inventory, dataset: str = "", *, content: bool = False) -> list[str]:
    """What is wrong with the files of an output, or of one dataset of it; `content`: their bytes are looked at, too.

    Sizes and the ends of Parquet files are looked at in any case: a file that was cut short has none.
    """
    below = f"{dataset}/" if dataset else ""
    found = whole.damage(folder, files, below, content=content)
    sound = (name for name in files if name.startswith(below) and not any(said.startswith(name) for said in found))
    return found + [f"{name} has no end" for name in sound if name.endswith(SUFFIX) and not _has_end(folder / name)]


def _has_end(part: Path) -> bool:
    with part.open("rb") as stream:
        stream.seek(-len(_MAGIC), os.SEEK_END)
        return stream.read() == _MAGIC


_MAGIC = b"PAR1"


# --- writing -----------------------------------------------------------------------------------------------------


class PartWriter:
    """Writes rows into `folder` as `<stem>-000.parquet`, `<stem>-001.parquet`, ... each of about `PART_BYTES`.

    The names and bytes depend on the rows alone. Files get their names when they are complete.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self.folder, self.stem = folder, stem
        self.files: list[Path] = []  # written so far
        self._waiting: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def write(self, rows: pa.RecordBatch) -> None:
        """Take more rows; a part is written when there are enough."""
        if rows.num_rows == 0:
            return
        self._waiting.append(rows)
        self._rows += rows.num_rows
        self._bytes += rows.nbytes
        if self._bytes >= PART_BYTES or self._rows >= PART_ROWS:
            self.close()

    def close(self) -> None:
        """Write what waits."""
        if self._waiting:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = self.folder / f"{self.stem}-{len(self.files):03d}{SUFFIX}"
            # texts and ids are all different, and what is not is as small when it is compressed
            write_part(file, pa.Table.from_batches(self._waiting), dictionaries=False)
            self.files.append(file)
        self._waiting, self._rows, self._bytes = [], 0, 0


def write_part(target: Path, table: pa.Table, *, dictionaries: bool = True) -> None:
    """One Parquet file, in one step."""
    temporary = whole.unfinished(target)
    pq.write_table(table, temporary, compression=COMPRESSION, row_group_size=ROW_GROUP, use_dictionary=dictionaries)
    temporary.replace(target)


def write_file(target: Path, rows: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
    """Rows of any number as one Parquet file, in one step: the bytes depend on the rows, not on how they come in."""
    temporary = whole.unfinished(target)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(temporary, schema, compression=COMPRESSION) as file:
        for group in _groups(rows, schema):
            file.write_table(group, ROW_GROUP)
    temporary.replace(target)


def write_rows(folder: Path, rows: Iterable[pa.RecordBatch], schema: pa.Schema, stem: str = "part") -> None:
    """A dataset of these rows; without any it still has its schema."""
    writer = PartWriter(folder, stem)
    for some in rows:
        writer.write(some)
    writer.close()
    if not holds_parts(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_part(folder / f"{stem}-000{SUFFIX}", schema.empty_table())


def write_ordered(folder: Path, rows: Iterable[pa.RecordBatch], schema: pa.Schema, first: int = 0) -> None:
    """A dataset of rows in their order, in parts of `ORDERED_ROWS` that are numbered from `first`.

    The files depend on the rows alone, not on who made them: the kinds of its columns are told one way (`plain`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    schema = plain(schema)
    groups = _groups(rows, schema)
    for number in itertools.count(first):
        part = list(itertools.islice(groups, 1))
        if not part and number > first:
            return
        file = folder / f"part-{number:05d}-000{SUFFIX}"
        temporary = whole.unfinished(file)
        with pq.ParquetWriter(temporary, schema, compression=COMPRESSION) as writer:
            for group in itertools.chain(part, itertools.islice(groups, ORDERED_ROWS // ROW_GROUP - 1)):
                writer.write_table(group, ROW_GROUP)
        temporary.replace(file)


def _groups(rows: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows in tables of `ROW_GROUP`, but for the last one."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    for some in rows:
        while held + some.num_rows >= ROW_GROUP:
            yield _group([*waiting, some.slice(0, ROW_GROUP - held)], schema)
            waiting, some, held = [], some.slice(ROW_GROUP - held), 0
        waiting.append(some)
        held += some.num_rows
    if held:
        yield _group(waiting, schema)


def _group(rows: list[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_batches(rows).select(schema.names).cast(schema).combine_chunks()  # pages end where chunks do


def plain(schema: pa.Schema) -> pa.Schema:
    """The same columns, whoever made them: any may be null, and nothing is said besides."""
    return pa.schema([pa.field(field.name, _plain(field.type)) for field in schema])


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return pa.timestamp(kind.unit, "UTC") if pa.types.is_timestamp(kind) and kind.tz else kind


def holds_parts(folder: Path) -> bool:
    """Whether parts lie in a folder."""
    return any(folder.glob(f"*{SUFFIX}"))


def move(dataset: Path, target: Path) -> None:
    """Let a dataset stand at `target`, where nothing is."""
    dataset.rename(target)


def add_parts(source: Path, target: Path) -> None:
    """Move the parts of a dataset into another one, behind those that it has."""
    for number, part in enumerate(parts(str(source))):
        part.rename(target / f"part-more-{number:05d}{SUFFIX}")


def copy(dataset: Path, target: Path) -> None:
    """Copy the parts of a dataset into the folder `target`."""
    for part in parts(str(dataset)):
        shutil.copyfile(part, target / part.name)

"""An export: some rows and columns of a release, in their order, as a folder that others read.

OUT/data/part-00000.jsonl.zst ...   the rows, and nothing else
OUT/_export.json                    what it is of, and of each file its rows, bytes and SHA-256
OUT/README.md, OUT/croissant.json   of `hf` alone: the card, and the same for machines
OUT/index.csv                       of `txt` alone, whose data are files of an article each

The folder appears whole or not at all, and its bytes depend on the release and on what is asked for alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import config
from pipeline.engine import whole
from pipeline.engine.expressions import Expressions
from pipeline.engine.protocol import Progress
from pipeline.errors import BalanceError, CopydeskError, SettingsError
from pipeline.output import card, release
from pipeline.output.columns import COLUMNS
from pipeline.output.corpus import Corpus
from pipeline.output.export import articles, croissant, shapes
from pipeline.output.layout import DATA
from pipeline.output.manifest import Facts, PartFigures
from pipeline.output.release import Release

MANIFEST: Final = "_export.json"  # a name that Spark and pyarrow pass over
CROISSANT: Final = "croissant.json"
TEXTS, HUB = "txt", "hf"
KINDS: Final = (*shapes.SHAPES, TEXTS, HUB)
SHARD_BYTES: Final = 256_000_000
_COUNTED: Final = "language"


class Wanted(NamedTuple):
    """What of a corpus is asked for, and how."""

    kind: str = "jsonl.zst"  # one of `KINDS`
    where: str = ""  # SQL over the columns; "": all rows
    columns: Sequence[str] = ()  # none named: all of them
    shard_bytes: int = SHARD_BYTES  # of a file, before it is packed


class Exported(TypedDict):
    """What `_export.json` says."""

    kind: str
    release: int
    where: str
    columns: list[str]
    rows: int
    of_rows: int  # that the release has
    languages: dict[str, int]  # rows by language
    files: dict[str, PartFigures]  # by their paths below the folder; of `txt` the index alone


def write(
    corpus: Corpus, out: Path, wanted: Wanted, progress: Progress | None = None, *, replace: bool = False
) -> Exported:
    """Write what is wanted of a corpus into the folder `out`, in the place of an export that stands there.

    `replace` lets it take the place of anything else that does.

    Raises:
        SettingsError: nobody can want that, or something else stands there.
        InputError: a batch was published again meanwhile.
        CopydeskError: a value is not what the condition takes it for.
    """
    here = corpus.folder if isinstance(corpus.folder, Path) else None
    if wanted.kind == HUB and here is None:
        raise SettingsError(f"{corpus.folder}: a folder for the Hub is made of a corpus on this machine; copy it first")
    refuse_place(out, here, replace=replace)
    with Expressions() as expressions:
        rows = _Rows(corpus, wanted, expressions, progress)
        whole.remove_leftovers(out.parent, out.name, spare=whole.is_in_use)
        with whole.whole_folder(out) as folder:
            files = dict(_written(folder, rows, expressions))
            exported: Exported = {
                "kind": wanted.kind,
                "release": corpus.release,
                "where": wanted.where,
                "columns": rows.schema.names,
                "rows": rows.taken,
                "of_rows": rows.read,
                "languages": dict(sorted(rows.languages.items())),
                "files": files,
            }
            if wanted.kind == HUB and here:
                _write_front(folder, corpus.manifest, release.facts(here), exported)
            whole.write_json(folder / MANIFEST, exported)
    return exported


def _written(folder: Path, rows: _Rows, expressions: Expressions) -> Iterator[tuple[str, PartFigures]]:
    """Write the files; yields each of them with its figures."""
    if rows.wanted.kind == TEXTS:
        articles.write(folder, rows, expressions, rows.schema)
        files: Iterable[tuple[Path, int]] = [(folder / articles.INDEX, rows.taken)]
    else:
        shape = shapes.SHAPES["parquet" if rows.wanted.kind == HUB else rows.wanted.kind]
        (folder / DATA).mkdir()
        pieces = (shape.of(some, expressions) for some in rows)
        files = shapes.write(folder / DATA, shape, pieces, rows.schema, rows.wanted.shard_bytes)
    for file, count in files:
        name = file.relative_to(folder).as_posix()
        yield name, {"rows": count, "bytes": file.stat().st_size, "sha256": whole.file_digest(file)}


def _write_front(folder: Path, told: Release, facts: Mapping[str, Facts], exported: Exported) -> None:
    """What people, the Hub and machines read of it before they read it."""
    names = tuple(exported["columns"])
    part = card.Part(exported["rows"], exported["where"], names, exported["languages"])
    whole.write_text(folder / release.CARD, card.of(told, facts, part))
    machines = croissant.metadata(
        card.NAME,
        f"{exported['rows']:,} articles of release {told['release']}; README.md says more.",
        card.license_names(facts.values()),
        f"{told['release']}.0.0",
        told["created"],
        schema_of(names),
        exported["files"],
    )
    whole.write_text(folder / CROISSANT, json.dumps(machines, ensure_ascii=False, indent=1) + "\n")


class _Rows:
    """The rows that are wanted, some at a time; how many were read and taken is known when all of them were."""

    def __init__(
        self, corpus: Corpus, wanted: Wanted, expressions: Expressions, progress: Progress | None = None
    ) -> None:
        self.wanted, self._corpus, self._expressions, self._progress = wanted, corpus, expressions, progress
        self.schema = schema_of(wanted.columns)
        asked = refuse_condition(expressions, wanted.where) if wanted.where else set()
        needed = {*self.schema.names, *asked, _COUNTED, *(articles.NEEDED if wanted.kind == TEXTS else ())}
        self._read = [name for name in COLUMNS.names if name in needed]
        self.read = self.taken = 0
        self.languages: Counter[str] = Counter()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Rows with the columns that are wanted; with `txt` those of `articles.NEEDED`, too.

        Raises:
            BalanceError: the files hold other rows than the release says.
        """
        for some in self._corpus.rows(self._read):
            self.read += some.num_rows
            taken = self._of_condition(some)
            self.taken += taken.num_rows
            for entry in pc.value_counts(pc.fill_null(taken[_COUNTED], "und")):
                self.languages[entry["values"].as_py()] += entry["counts"].as_py()
            if taken.num_rows:
                yield taken if self.wanted.kind == TEXTS else taken.select(self.schema.names)
            if self._progress:
                self._progress(self.read, len(self._corpus))
        if self.read != len(self._corpus):
            raise BalanceError(
                f"{self._corpus.folder}: has {self.read:,} rows where {len(self._corpus):,} were published"
            )

    def _of_condition(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        if not self.wanted.where:
            return rows
        return rows.filter(self._expressions.over(self.wanted.where, shapes.readable(rows)))


# --- what nobody can want ----------------------------------------------------------------------------------------


def schema_of(names: Sequence[str]) -> pa.Schema:
    """Some columns of the corpus, in this order; all of them where none is named.

    Raises:
        SettingsError: there is no such column, or it is named twice.
    """
    for number, name in enumerate(names):
        _refuse_unknown(name)
        if name in names[:number]:
            raise SettingsError(f"the column {name!r} is named twice")
    return pa.schema([COLUMNS.field(name) for name in names or COLUMNS.names], COLUMNS.metadata)


def refuse_condition(expressions: Expressions, condition: str) -> set[str]:
    """The columns that a condition names.

    Raises:
        SettingsError: it is none, names a column that is not there, or is neither true nor false.
    """
    try:
        names = {name.lower() for name in expressions.columns(condition)}  # SQL does not tell them apart
        for name in sorted(names):
            _refuse_unknown(name)
        kind = expressions.kind(condition, shapes.readable(pa.RecordBatch.from_pylist([], COLUMNS)).schema)
    except CopydeskError as error:
        raise SettingsError(f"where {condition}: {error}") from error
    if kind != "BOOLEAN":
        raise SettingsError(f"where {condition}: neither true nor false, but {kind}; compare it with something")
    return names


def _refuse_unknown(column: str) -> None:
    if column not in COLUMNS.names:
        raise SettingsError(f"there is no column {column!r}; {config.closest(column, COLUMNS.names)}")


def refuse_place(out: Path, corpus: Path | None, *, replace: bool) -> None:
    """Refuse to write where something else stands, or where the corpus, if it is on this machine, would be lost.

    Raises:
        SettingsError: that is so.
    """
    place, source = out.resolve(), corpus.resolve() if corpus else None
    if source and (place == source or place in source.parents or source in place.parents):
        raise SettingsError(f"{out}: the corpus {corpus} lies there; name a folder of its own")
    if place in (here := Path.cwd(), *here.parents):
        raise SettingsError(f"{out}: is the folder that you are in, or one around it; name one of its own")
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise SettingsError(f"{out}: is no folder; name one, or none that is there")
    if not replace and out.exists() and any(out.iterdir()) and whole.read_json(out / MANIFEST) is None:
        raise SettingsError(
            f"{out}: holds something else than an export; name another folder, or replace it: --replace"
        )

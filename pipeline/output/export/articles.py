"""The corpus as texts alone: a file an article, `data/<batch>/<id>.txt`, and `index.csv`, which says what each is.

A file holds the text and nothing else, byte for byte, as `copydesk run` reads it: its hash is in the column `digest`.
One file of many articles would need a mark between them that no text has, and so an escape that every reader must know.

An id of small letters, digits, `-` and `_` is the name of its file. Of any other one its safe characters are, with a
hash of all of it: no id leads out of the folder, hides its file, or takes the place of another, also where large and
small letters are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engine import text_files
from pipeline.engine.expressions import Expressions
from pipeline.output.export import shapes
from pipeline.output.layout import DATA
from pipeline.stages.tables import with_column

SUFFIX: Final = ".txt"
INDEX: Final = "index.csv"
PATH: Final = pa.field("path", pa.string())  # of the index, before the columns
NEEDED: Final = ("id", "batch", "text")  # what a file is made of
_NAME: Final = """
CASE WHEN regexp_full_match({0}, '[a-z0-9][a-z0-9_-]{{0,99}}') THEN {0}
ELSE concat(left(ltrim(regexp_replace(lower({0}), '[^a-z0-9_]+', '-', 'g'), '-_'), 40), '~', left(sha256({0}), 16)) END
"""


def paths(rows: pa.RecordBatch, expressions: Expressions) -> pa.Array:
    """The path of each article, below the folder of the export."""
    batch, identity = _NAME.format("batch"), _NAME.format("id")
    return expressions.over(f"concat('{DATA}/', {batch}, '/', {identity}, '{SUFFIX}')", rows)


def write(folder: Path, rows: Iterable[pa.RecordBatch], expressions: Expressions, columns: pa.Schema) -> None:
    """The articles and their index; the rows have `id`, `batch` and `text` besides those columns.

    Raises:
        FileExistsError: two of them have the same batch and id.
    """
    index = pa.schema([PATH, *(field for field in columns if field.name != "text")])

    def listed() -> Iterator[pa.RecordBatch]:
        for some in rows:
            names = paths(some, expressions)
            for batch in pc.unique(pc.replace_substring_regex(names, "/[^/]*$", "")).to_pylist():
                (folder / batch).mkdir(parents=True, exist_ok=True)
            text_files.write_texts(folder, names, some["text"])
            yield shapes.csv_lines(with_column(some, PATH, names).select(index.names), expressions)

    (folder / DATA).mkdir()
    shapes.write_csv(folder / INDEX, listed(), index)

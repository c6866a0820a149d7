"""Which documents say again what another says: exact, near and contained copies, and which copy is kept.

`find` is for documents at hand; `search` is the same for a whole batch on any engine, against all earlier batches.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pyarrow as pa

from pipeline.engine import storage
from pipeline.engine.inprocess import InProcessEngine
from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.search import remember, search
from pipeline.facts.duplicates.signature import VERSION, signatures
from pipeline.records import Duplicate

__all__ = ["VERSION", "Policy", "duplicates_of", "find", "remember", "search", "signatures"]

_ROWS = 10_000


def find(documents: Iterable[tuple[str, str]], policy: Policy = Policy()) -> Iterator[Duplicate]:  # noqa: B008 - frozen
    """The copies among `documents`, pairs of id and text, in their order; the copy that is kept is not among them.

    >>> story = "The council voted on Monday to close the old bridge for repairs until the end of the year, and asked "
    >>> story += "drivers to take the ferry, which will run every twenty minutes from six in the morning."
    >>> [(d.id, d.of, d.kind) for d in find([("a", story), ("b", "Unlike it."), ("c", story.upper())])]
    [('c', 'a', 'exact')]

    Raises:
        InputError: two documents have one id.
    """
    with tempfile.TemporaryDirectory(prefix="copydesk-") as work, closing(InProcessEngine()) as engine:
        ids: list[str] = []
        parts = []
        for number, table in enumerate(_tables(documents)):
            ids += table["id"].to_pylist()
            parts.append(f"{work}/documents-{number:05d}.parquet")
            storage.write_part(Path(parts[-1]), table)
        if not ids:
            return
        found = duplicates_of(storage.read_table(search(engine, parts, {}, "", policy, work)), policy)
    yield from (found[name] for name in ids if name in found)


def duplicates_of(table: pa.Table, policy: Policy) -> dict[str, Duplicate]:
    """The rows of the side table `duplicates` that a search leaves, by the id of the copy."""
    columns = (table[name].to_pylist() for name in ("id", "of", "similarity", "kind", "of_batch", "why"))
    found = (Duplicate._make((*row, policy.limit(row[3]))) for row in zip(*columns, strict=True))
    return {duplicate.id: duplicate for duplicate in found}


def _tables(documents: Iterable[tuple[str, str]]) -> Iterator[pa.Table]:
    """The documents as tables of `_ROWS` rows at most: those of a generator are never all in memory."""
    left = iter(documents)
    while rows := list(islice(left, _ROWS)):
        yield pa.table({"id": [row[0] for row in rows], "text": [row[1] for row in rows]})

"""The search for copies in a whole batch, on any engine: pure functions over rows, and plain SQL.

1. Exact copies (`exact`): equal hashes. The best of each group, its head, goes on for all of them.
2. Copies of what is published (`published`): heads that share a key with a document of an earlier batch.
3. Candidates (`candidates`): the heads that are left, in buckets, one for each key that several of them have.
4. Near copies (`stars`): in each bucket of a band all are compared with the best one, the copies taken out, and the
   rest looked at again, for a few rounds.
5. Contained copies (`contained`): buckets of anchors, among what is left; small ones all with all, large ones as stars.
6. Decision (`decide`): of two copies the worse one is dropped if the better one is kept.
7. The side tables (`side_tables`).

Each phase takes tables and leaves tables (`tables`), and costs time linear in the documents of a bucket. All order is
by `rank` and `length_rank`, which the documents alone determine: files, workers and engines change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from pipeline.engine.protocol import Dataset, Engine
from pipeline.engine.storage import read_table
from pipeline.errors import InputError
from pipeline.facts.duplicates import candidates, contained, decide, exact, published, rows, side_tables
from pipeline.facts.duplicates.edges import Comparison
from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.signature import signatures
from pipeline.facts.duplicates.stars import stars
from pipeline.facts.duplicates.tables import Tables

# A row for each id that several documents have.
_TWICE = "SELECT min(id) AS id FROM signatures GROUP BY doc HAVING count(*) > 1 ORDER BY id"


def search(
    engine: Engine, documents: Dataset, history: Mapping[str, str], batch: str, policy: Policy, work: str
) -> str:
    """Find the copies in `documents`; return the dataset of the side table with one row for each copy.

    `documents` has the columns that `signatures` asks for. `history` names what `remember` left of each published
    batch; only batches that come before `batch` by name are looked at. Left in `work`, ordered, are:

    * `duplicates`: `id, of, of_batch, similarity, kind, why, cluster` (the kept document's batch and id);
    * `clusters`: `cluster, id, batch, kind` ("kept" for the document kept);
    * `superseded`: `id, batch, better, similarity, kind, why`: published documents of which there is now a better copy.

    What else is in `work` then, the folder `tables`, is of no further use; tables that the engine kept are gone.

    Raises:
        InputError: two documents have one id, or the history was written by another version of the signatures.
    """
    try:
        return _search(engine, documents, history, batch, policy, work)
    finally:
        engine.drop()


def _search(
    engine: Engine, documents: Dataset, history: Mapping[str, str], batch: str, policy: Policy, work: str
) -> str:
    tables = Tables(engine, f"{work}/tables")
    signed = tables.map_rows("signatures", partial(signatures, policy=policy), documents)
    _refuse_ids_used_twice(tables, signed, batch)
    keys = tables.map_rows("keys", rows.keys, signed)

    equal = exact.copies(tables.inside("exact"), signed)
    folders = [history[name] for name in sorted(history) if name < batch]
    earlier = published.copies(tables.inside("published"), signed, keys, equal, folders, policy)

    buckets = candidates.buckets(tables, signed, keys, equal, earlier.copies)
    comparison = Comparison(candidates.members(tables, signed, buckets), policy)
    none = decide.undecided(tables, equal)
    near = stars(tables.inside("near"), candidates.bands(tables, buckets), "rank", none, comparison)
    found = contained.copies(tables.inside("contained"), candidates.anchors(tables, buckets), near, comparison)

    twins = side_tables.twins(tables, signed, equal, earlier.copies, found, batch, policy)
    return side_tables.write(Tables(engine, work), signed, twins, earlier.compared, batch)


def remember(engine: Engine, documents: Dataset, batch: str, out: str) -> str:
    """Write what later batches must know of the `documents` that `batch` publishes: `out/documents`, `out/keys`."""
    return engine.split_rows(partial(rows.remembered, batch=batch), documents, out)


def _refuse_ids_used_twice(tables: Tables, signed: str, batch: str) -> None:
    twice = tables.write("twice", _TWICE, signatures=signed)
    if tables.any_rows(twice):
        name = read_table(twice)["id"][0].as_py()
        raise InputError(f'duplicates: batch {batch}: two documents have the id "{name}"; ids must be unique')

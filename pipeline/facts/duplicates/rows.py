"""Pure functions over rows, which a search maps over its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from pipeline.facts.duplicates.compare import Folded, Likeness, compare, fold
from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.signature import signatures
from pipeline.facts.duplicates.words import mix

BAND, ANCHOR = 0, 1  # kinds of keys

KEYS = pa.schema([("key", pa.int64()), ("kind", pa.int8()), ("doc", pa.int64()), ("anchors", pa.int32())])
# A pair of copies; `kind` is "near" or "contained".
EDGES = pa.schema(
    [
        ("better", pa.int64()),
        ("worse", pa.int64()),
        ("similarity", pa.float64()),
        ("kind", pa.string()),
        ("why", pa.string()),
        ("better_length_rank", pa.string()),
        ("worse_length_rank", pa.string()),
    ]
)
# A document and a published one, `of` in `of_batch`, that are copies.
OLD = pa.schema(
    [
        ("doc", pa.int64()),
        ("of", pa.string()),
        ("of_batch", pa.string()),
        ("similarity", pa.float64()),
        ("kind", pa.string()),
        ("why", pa.string()),
        ("copy", pa.int8()),  # 1: `doc` is the copy, and dropped; 0: `doc` is the better one, and `of` superseded
    ]
)
EXACT = pa.schema([OLD.field("doc"), ("head", pa.int64()), *(OLD.field(i) for i in range(2, 6))])


def keys(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Signatures to one row for each band and each anchor, with the number of anchors of its document."""
    docs = rows.column("doc").to_numpy()
    anchors = rows.column("anchors").value_lengths().to_numpy()
    columns = []
    for name, kind in (("bands", BAND), ("anchors", ANCHOR)):
        lists = rows.column(name)
        times = lists.value_lengths().to_numpy()
        values = lists.flatten().to_numpy()
        columns.append((values, np.full(len(values), kind, np.int8), np.repeat(docs, times), np.repeat(anchors, times)))
    return pa.RecordBatch.from_arrays(
        [
            pa.array(np.concatenate(pair), field.type)
            for pair, field in zip(zip(*columns, strict=True), KEYS, strict=True)
        ],
        schema=KEYS,
    )


def edges(rows: pa.RecordBatch, policy: Policy) -> pa.RecordBatch:
    """Candidate pairs, with words and ranks of both, to the copies among them, the better one told from the worse."""
    texts = _fold_once(rows)
    found = []
    for row in rows.drop_columns(["one_words", "other_words"]).to_pylist():
        likeness = compare(texts[row["one"]], texts[row["other"]], policy)
        if not likeness.kind:
            continue
        contained = likeness.kind == "contained"
        one_wins = likeness.contained == 1 if contained else row["one_rank"] < row["other_rank"]
        better, worse = ("one", "other") if one_wins else ("other", "one")
        why = "the longer one" if contained else policy.reason(row[f"{better}_rank"], row[f"{worse}_rank"])
        length_ranks = row[f"{better}_length_rank"], row[f"{worse}_length_rank"]
        found.append((row[better], row[worse], likeness.similarity, likeness.kind, why, *length_ranks))
    return _rows(found, EDGES)


def _fold_once(rows: pa.RecordBatch) -> dict[int, Folded]:
    """The words of each document of the pairs, read once even if it stands in many of them."""
    numbers = np.concatenate([rows.column("one").to_numpy(), rows.column("other").to_numpy()])
    unique, where = np.unique(numbers, return_index=True)
    both = pa.concat_arrays([rows.column("one_words"), rows.column("other_words")])
    return dict(zip(unique.tolist(), fold(both.take(pa.array(where))), strict=True))


def compared_with_old(rows: pa.RecordBatch, policy: Policy) -> pa.RecordBatch:
    """Candidate pairs of a document and a published one to what each is to the other.

    What is published stays: a copy of it is dropped even if it is the better one, and then the published one is
    recorded as superseded as well. A published document that stands in a longer new one is only recorded.
    """
    mine = fold(rows.column("words"))
    theirs = fold(rows.column("old_words"))
    found = []
    for row, one, other in zip(rows.drop_columns(["words", "old_words"]).to_pylist(), mine, theirs, strict=True):
        likeness = Likeness(1.0, "exact") if row["equal"] else compare(one, other, policy)
        if not likeness.kind:
            continue
        pair = (row["doc"], row["old_id"], row["old_batch"], likeness.similarity, likeness.kind)
        if likeness.kind == "contained":
            found.append((*pair, "the longer one", int(likeness.contained == 0)))
            continue
        found.append((*pair, "published before", 1))
        old_rank = policy.rank({**row, "id": row["old_id"]})
        if policy.order[0] != "id" and row["rank"].rpartition("/")[0] < old_rank.rpartition("/")[0]:
            found.append((*pair, policy.reason(row["rank"], old_rank), 0))
    return _rows(found, OLD)


def nothing_old(rows: pa.RecordBatch) -> pa.RecordBatch:
    """No rows: there are no earlier batches."""
    return _rows([], OLD)


def exact(rows: pa.RecordBatch, policy: Policy, batch: str) -> pa.RecordBatch:
    """Exact copies and the heads of their groups, with the reason for the choice."""
    found = [
        (row["doc"], row["head"], batch, 1.0, "exact", policy.reason(row["head_rank"], row["rank"]))
        for row in rows.to_pylist()
    ]
    return _rows(found, EXACT)


def remembered(rows: pa.RecordBatch, batch: str) -> Iterator[Mapping[str, pa.RecordBatch]]:
    """Published documents to what later batches compare with: `documents`, and a row for each of their `keys`."""
    yield of_signatures(signatures(rows, ranked=False), batch)  # how it ranks is for those of a batch


def of_signatures(rows: pa.RecordBatch, batch: str) -> Mapping[str, pa.RecordBatch]:
    """The same for signatures at hand."""
    salt = np.uint64(xxhash.xxh3_64_intdigest(batch.encode()))
    numbers = pa.array(mix(rows.column("doc").to_numpy().view(np.uint64) + salt).view(np.int64))
    signed = rows.set_column(0, "doc", numbers)  # one id may be published by several batches
    documents = signed.drop_columns(["rank", "length_rank", "bands", "anchors"])
    batches = pa.array([batch] * len(signed), pa.string())
    return {"documents": documents.append_column("batch", batches), "keys": keys(signed).drop_columns(["anchors"])}


def _rows(found: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*found, strict=True) if found else [[] for _ in schema]
    return pa.RecordBatch.from_arrays(
        [pa.array(list(column), field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )

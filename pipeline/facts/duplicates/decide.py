"""Which documents are dropped, decided from the best one down: those that are a worse copy of one that is kept.

Chains A~B~C do not merge A with C: once B is dropped in favour of A it speaks for nobody.
"""

from __future__ import annotations

from typing import NamedTuple

from pipeline.engine.protocol import Dataset
from pipeline.facts.duplicates.tables import Tables, literal

# No row.
_NONE = "SELECT doc FROM documents WHERE doc IS NULL"
# A row for each edge of which it is not decided yet whether it counts.
_OPEN = "SELECT better, worse, better_length_rank, worse_length_rank FROM edges"
# A row for each document that is the worse copy of one of which there is no better copy: of one that is kept.
_WORSE = """
SELECT DISTINCT edge.worse AS doc
FROM edges edge LEFT JOIN (SELECT DISTINCT worse FROM edges) beaten ON edge.better = beaten.worse
WHERE beaten.worse IS NULL
"""
# A row for each edge between documents of which neither is dropped.
_STILL_OPEN = """
SELECT edge.better, edge.worse, edge.better_length_rank, edge.worse_length_rank
FROM edges edge LEFT JOIN dropped a ON edge.better = a.doc LEFT JOIN dropped b ON edge.worse = b.doc
WHERE a.doc IS NULL AND b.doc IS NULL
"""
# One row: the rank of the longest document.
_LONGEST = """
SELECT min(length_rank) AS length_rank
FROM (SELECT better_length_rank AS length_rank FROM edges UNION ALL SELECT worse_length_rank FROM edges) ranks
"""
# A row for each document that is a copy of that one, better or worse.
_LIKE_LONGEST = """
SELECT DISTINCT doc
FROM (
  SELECT worse AS doc FROM edges JOIN longest ON edges.better_length_rank = longest.length_rank
  UNION ALL
  SELECT better AS doc FROM edges JOIN longest ON edges.worse_length_rank = longest.length_rank
) copies
"""
# A row for each document dropped and each one that is kept and the better copy of the two.
_BETTER = """
SELECT edge.worse AS doc, kept.id AS of, {batch} AS of_batch, edge.similarity, edge.kind, edge.why, kept.rank
FROM edges edge JOIN dropped ON edge.worse = dropped.doc JOIN signatures kept ON edge.better = kept.doc
LEFT JOIN dropped gone ON edge.better = gone.doc
WHERE gone.doc IS NULL
"""
# A row for each document that has no such copy, having been dropped from a ring, and each one kept that is like it.
_LONGER = """
SELECT edge.better AS doc, kept.id AS of, {batch} AS of_batch, edge.similarity, edge.kind, 'longest' AS why, kept.rank
FROM edges edge JOIN dropped ON edge.better = dropped.doc JOIN signatures kept ON edge.worse = kept.doc
LEFT JOIN dropped gone ON edge.worse = gone.doc
LEFT JOIN better ON edge.better = better.doc
WHERE gone.doc IS NULL AND better.doc IS NULL
"""
# A row for each copy: how similar the most similar document is.
_MOST = "SELECT doc, max(similarity) AS similarity FROM copies GROUP BY doc"
# A row for each copy: which of the most similar documents comes first.
_FIRST = """
SELECT copies.doc, min({order}) AS first
FROM copies JOIN most ON copies.doc = most.doc AND copies.similarity = most.similarity
GROUP BY copies.doc
"""
# A row for each copy: that document.
_CHOSEN = """
SELECT DISTINCT copies.doc, copies.of, copies.of_batch, copies.similarity, copies.kind, copies.why
FROM copies JOIN firsts ON copies.doc = firsts.doc AND {order} = firsts.first
"""


class Decision(NamedTuple):
    """Tables of the edges found so far, and of the documents that are dropped for them (as `doc`)."""

    edges: tuple[str, ...]
    dropped: tuple[str, ...]


def undecided(tables: Tables, documents: str) -> Decision:
    """The decision without any edges, which drops none of `documents`."""
    return Decision((), (tables.sql("none-dropped", _NONE, documents=documents),))


def decide(tables: Tables, before: Decision, edges: str) -> Decision:
    """The decision made anew with the table `edges` beside those that were found before."""
    if not tables.any_rows(edges):
        return before
    every = (*before.edges, edges)
    dropped: list[str] = []
    left = tables.sql("open", _OPEN, edges=every)
    while tables.any_rows(left):
        here = tables.inside(f"decision-{len(dropped) + 1}")
        worse = here.sql("dropped", _WORSE, edges=left)
        dropped.append(worse if tables.any_rows(worse) else _from_ring(here, left))
        left = here.sql("open", _STILL_OPEN, edges=left, dropped=dropped[-1])
    return Decision(every, tuple(dropped))


def _from_ring(tables: Tables, edges: str) -> str:
    """Copies of which each is better than the next, since one is contained in another: the longest is kept."""
    longest = tables.sql("longest", _LONGEST, edges=edges)
    return tables.sql("dropped-from-ring", _LIKE_LONGEST, edges=edges, longest=longest)


def twins(tables: Tables, found: Decision, signatures: str, batch: str) -> str:
    """For each document dropped the one that is kept of it: `doc, of, of_batch, similarity, kind, why`."""
    datasets = {"edges": found.edges, "dropped": found.dropped, "signatures": signatures}
    better = tables.sql("better", _BETTER.format(batch=literal(batch)), **datasets)
    longer = tables.sql("longer", _LONGER.format(batch=literal(batch)), better=better, **datasets)
    return most_similar(tables, [better, longer], "copies.rank")


def most_similar(tables: Tables, copies: Dataset, order: str) -> str:
    """For each `doc` the most similar of the documents it is a copy of; among equals the first by `order`, in SQL."""
    most = tables.sql("most", _MOST, copies=copies)
    firsts = tables.sql("firsts", _FIRST.format(order=order), copies=copies, most=most)
    return tables.sql("chosen", _CHOSEN.format(order=order), copies=copies, firsts=firsts)

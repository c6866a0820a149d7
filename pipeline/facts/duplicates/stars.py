"""Buckets compared as stars: all members with the best one, never all pairs.

A page that thousands copied costs a comparison each, not millions. The copies found leave the bucket, and what was not
like the first representative is compared with the next one, for a few rounds.
"""

from __future__ import annotations

from pipeline.facts.duplicates.decide import Decision, decide
from pipeline.facts.duplicates.edges import Comparison
from pipeline.facts.duplicates.tables import Tables

ROUNDS = 6  # a bucket is looked at this often, each time with another representative

# A row for each bucket that has more than one member: the rank of its best one.
_REPRESENTATIVES = "SELECT key, min({order}) AS first FROM buckets GROUP BY key HAVING count(*) > 1"
# A row for each representative (`one`) and other member (`other`) that share enough buckets.
_PAIRS = """
SELECT a.doc AS one, b.doc AS other
FROM representatives JOIN buckets a ON a.key = representatives.key AND a.{order} = representatives.first
JOIN buckets b ON b.key = representatives.key
WHERE a.doc <> b.doc
GROUP BY a.doc, b.doc HAVING {enough}
"""
# A row for each pair that was not compared before, whichever of the two came first.
_NEW_PAIRS = """
SELECT pairs.one, pairs.other
FROM pairs
LEFT JOIN compared same ON pairs.one = same.one AND pairs.other = same.other
LEFT JOIN compared turned ON pairs.one = turned.other AND pairs.other = turned.one
WHERE same.one IS NULL AND turned.one IS NULL
"""
# A row for each member of a bucket that is neither dropped nor was its representative before.
_LEFT = """
SELECT buckets.key, buckets.doc, buckets.anchors, buckets.rank, buckets.length_rank
FROM buckets
LEFT JOIN dropped ON buckets.doc = dropped.doc
LEFT JOIN representatives ON buckets.key = representatives.key AND buckets.{order} = representatives.first
WHERE dropped.doc IS NULL AND representatives.key IS NULL
"""
ANY = "count(*) >= 1"


def stars(
    tables: Tables, buckets: str, order: str, found: Decision, comparison: Comparison, enough: str = ANY
) -> Decision:
    """The edges between members of `buckets`, added to those found before.

    `order` names the column by which the best member is told, `rank` or `length_rank`. `enough` says in SQL how many
    buckets the two of a pair, `a` and `b`, must share.
    """
    left = buckets
    representatives: list[str] = []
    compared: list[str] = []
    for number in range(1, ROUNDS + 1):
        here = tables.inside(f"round-{number}")
        first = here.sql("representatives", _REPRESENTATIVES.format(order=order), buckets=left)
        pairs = here.sql("pairs", _PAIRS.format(order=order, enough=enough), buckets=left, representatives=first)
        if compared:
            pairs = here.sql("new-pairs", _NEW_PAIRS, pairs=pairs, compared=compared)
        if not tables.any_rows(pairs):
            break
        representatives.append(first)
        compared.append(pairs)
        found = decide(here, found, comparison.edges(here, pairs))
        gone = {"dropped": found.dropped, "representatives": representatives}
        left = here.sql("left", _LEFT.format(order=order), buckets=buckets, **gone)
    return found

"""Contained copies: documents that stand in a longer one share its anchors, and no band need be the same.

Looked for among those that are left when the near copies are dropped.
"""

from __future__ import annotations

from pipeline.facts.duplicates.candidates import FEW, SMALL
from pipeline.facts.duplicates.decide import Decision, decide
from pipeline.facts.duplicates.edges import Comparison
from pipeline.facts.duplicates.stars import stars
from pipeline.facts.duplicates.tables import Tables

_ENOUGH = f"count(*) * {FEW} >= min(a.anchors) OR count(*) * {FEW} >= min(b.anchors)"

# A row for each member of a bucket that is not dropped.
_LEFT = """
SELECT buckets.key, buckets.doc, buckets.anchors, buckets.rank, buckets.length_rank
FROM buckets LEFT JOIN dropped ON buckets.doc = dropped.doc
WHERE dropped.doc IS NULL
"""
# A row for each bucket that has more than one member.
_SIZES = "SELECT key, count(*) AS size FROM buckets GROUP BY key HAVING count(*) > 1"
# A row for each two members of small buckets that share enough of them.
_PAIRS = f"""
SELECT a.doc AS one, b.doc AS other
FROM buckets a JOIN sizes ON a.key = sizes.key JOIN buckets b ON a.key = b.key
WHERE sizes.size <= {SMALL} AND a.length_rank < b.length_rank
GROUP BY a.doc, b.doc HAVING {_ENOUGH}
"""
# A row for each member of a large bucket.
_LARGE = f"""
SELECT buckets.key, buckets.doc, buckets.anchors, buckets.rank, buckets.length_rank
FROM buckets JOIN sizes ON buckets.key = sizes.key
WHERE sizes.size > {SMALL}
"""
# A row for each document that was dropped for a near copy of it (`edge.better`) and is not any more, since that one
# turned out to be the worse copy of another (`one`), which it was never compared with.
_FOLLOWERS = """
SELECT DISTINCT next.better AS one, edge.worse AS other
FROM edges edge JOIN edges next ON edge.better = next.worse
JOIN dropped_before ON edge.worse = dropped_before.doc
LEFT JOIN dropped ON edge.worse = dropped.doc
WHERE dropped.doc IS NULL AND next.better <> edge.worse
"""


def copies(tables: Tables, buckets: str, near: Decision, comparison: Comparison) -> Decision:
    """The edges of near copies, and those of copies that share anchors only; `buckets` are those of anchors."""
    left = tables.sql("left", _LEFT, buckets=buckets, dropped=near.dropped)
    sizes = tables.sql("sizes", _SIZES, buckets=left)
    pairs = tables.sql("pairs", _PAIRS, buckets=left, sizes=sizes)
    found = _with_pairs(tables.inside("small"), near, pairs, comparison)
    large = tables.sql("large", _LARGE, buckets=left, sizes=sizes)
    if tables.any_rows(large):
        found = stars(tables.inside("large"), large, "length_rank", found, comparison, _ENOUGH)
    if not near.edges or found == near:
        return found
    datasets = {"edges": found.edges, "dropped": found.dropped, "dropped_before": near.dropped}
    return _with_pairs(tables.inside("follow"), found, tables.sql("followers", _FOLLOWERS, **datasets), comparison)


def _with_pairs(tables: Tables, found: Decision, pairs: str, comparison: Comparison) -> Decision:
    return decide(tables, found, comparison.edges(tables, pairs)) if tables.any_rows(pairs) else found

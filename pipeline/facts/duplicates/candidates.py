"""Which documents may be copies of each other: those in one bucket, that is, of one key (a band or an anchor).

Only heads go into buckets, and of these only the ones that no earlier batch has.
"""

from __future__ import annotations

from pipeline.facts.duplicates.rows import ANCHOR, BAND
from pipeline.facts.duplicates.tables import Tables

SMALL = 8  # documents; the members of a bucket of an anchor up to this size are compared all with all
FEW = 3  # a pair must share one in so many of the anchors of the one that has fewer; real copies share half

# A row for each key that several documents have.
_SHARED = "SELECT key, kind FROM keys GROUP BY key, kind HAVING count(*) > 1"
# A row for each such key of a document that is neither an exact copy nor a copy of a published document.
_UNSETTLED = """
SELECT keys.key, keys.kind, keys.doc, keys.anchors
FROM keys JOIN shared ON keys.key = shared.key AND keys.kind = shared.kind
LEFT JOIN (SELECT doc FROM exact UNION ALL SELECT doc FROM published) settled ON keys.doc = settled.doc
WHERE settled.doc IS NULL
"""
# The same with the document's ranks: a row for each member of a bucket.
_BUCKETS = """
SELECT unsettled.key, unsettled.kind, unsettled.doc, unsettled.anchors, signatures.rank, signatures.length_rank
FROM unsettled JOIN signatures ON unsettled.doc = signatures.doc
"""
# A row for each document that is in any bucket.
_MEMBERS = """
SELECT signatures.doc, signatures.words, signatures.rank, signatures.length_rank
FROM signatures JOIN (SELECT DISTINCT doc FROM buckets) member ON signatures.doc = member.doc
"""


def buckets(tables: Tables, signatures: str, keys: str, exact: str, published: str) -> str:
    """Documents by the keys they share: `key, kind, doc, anchors, rank, length_rank`.

    `exact` and `published` hold, as `doc`, the documents that are known to be copies already.
    """
    shared = tables.sql("shared", _SHARED, keys=keys)
    unsettled = tables.sql("unsettled", _UNSETTLED, keys=keys, shared=shared, exact=exact, published=published)
    return tables.sql("buckets", _BUCKETS, unsettled=unsettled, signatures=signatures)


def bands(tables: Tables, buckets: str) -> str:
    """The buckets of bands, whose members may be near copies."""
    return tables.sql("bands", f"SELECT * FROM buckets WHERE kind = {BAND}", buckets=buckets)


def anchors(tables: Tables, buckets: str) -> str:
    """The buckets of anchors, whose members may contain each other."""
    return tables.sql("anchors", f"SELECT * FROM buckets WHERE kind = {ANCHOR}", buckets=buckets)


def members(tables: Tables, signatures: str, buckets: str) -> str:
    """What candidates are compared by: `doc, words, rank, length_rank`."""
    return tables.sql("members", _MEMBERS, signatures=signatures, buckets=buckets)

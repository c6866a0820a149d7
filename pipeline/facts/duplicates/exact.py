"""Copies letter for letter: documents of one hash. The best of each group is its head, and stands for all of them."""

from __future__ import annotations

from pipeline.facts.duplicates.tables import Tables

# A row for each hash that several documents have, with the rank of the best of them.
_GROUPS = """
SELECT exact_high, exact_low, min(rank) AS rank FROM signatures GROUP BY exact_high, exact_low HAVING count(*) > 1
"""
# A row for each member of a group but its head.
_COPIES = """
SELECT copy.doc, head.doc AS head, copy.rank, head.rank AS head_rank
FROM signatures copy
JOIN groups ON copy.exact_high = groups.exact_high AND copy.exact_low = groups.exact_low
JOIN signatures head ON head.exact_high = groups.exact_high AND head.exact_low = groups.exact_low
  AND head.rank = groups.rank
WHERE copy.rank > groups.rank
"""


def copies(tables: Tables, signatures: str) -> str:
    """The exact copies of a batch: `doc, head, rank, head_rank`."""
    groups = tables.sql("groups", _GROUPS, signatures=signatures)
    return tables.write("copies", _COPIES, signatures=signatures, groups=groups)

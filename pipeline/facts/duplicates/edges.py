"""From candidate pairs to edges: the pairs that are copies by all their words, the better one told from the worse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from pipeline.facts.duplicates import rows
from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.tables import Tables

# A row for each candidate pair, with the words and ranks of both.
_TEXTS = """
SELECT a.doc AS one, b.doc AS other, a.words AS one_words, b.words AS other_words, a.rank AS one_rank,
  b.rank AS other_rank, a.length_rank AS one_length_rank, b.length_rank AS other_length_rank
FROM pairs JOIN members a ON pairs.one = a.doc JOIN members b ON pairs.other = b.doc
"""


@dataclass(frozen=True)
class Comparison:
    """What pairs are compared by: `members`, the table of documents in buckets, and the policy's limits."""

    members: str
    policy: Policy

    def edges(self, tables: Tables, pairs: str) -> str:
        """Those of the pairs (`one, other`) that are copies, with the columns of `rows.EDGES`."""
        texts = tables.write("texts", _TEXTS, pairs=pairs, members=self.members)
        return tables.map_rows("edges", partial(rows.edges, policy=self.policy), texts)

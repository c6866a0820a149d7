"""What a search leaves: each copy with the document that is kept, clusters, and published documents superseded."""

from __future__ import annotations

from functools import partial

from pipeline.facts.duplicates import decide, rows
from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.tables import Tables, literal

# A row for each copy: dropped heads, exact copies of these, exact copies of heads that are kept.
_TWINS = """
SELECT doc, of, of_batch, similarity, kind, why FROM heads
UNION ALL
SELECT exact.doc, heads.of, heads.of_batch, heads.similarity, heads.kind, heads.why
FROM exact JOIN heads ON exact.head = heads.doc
UNION ALL
SELECT exact.doc, kept.id AS of, exact.of_batch, exact.similarity, exact.kind, exact.why
FROM exact JOIN signatures kept ON exact.head = kept.doc LEFT JOIN heads ON exact.head = heads.doc
WHERE heads.doc IS NULL
"""
# A row for each copy, by id.
_DUPLICATES = """
SELECT signatures.id, twins.of, twins.of_batch, twins.similarity, twins.kind, twins.why,
  concat(twins.of_batch, '/', twins.of) AS cluster
FROM twins JOIN signatures ON twins.doc = signatures.doc
ORDER BY id
"""
# A row for each document of a cluster, the kept one included.
_CLUSTERS = """
SELECT cluster, id, {batch} AS batch, kind FROM duplicates
UNION ALL
SELECT DISTINCT cluster, of AS id, of_batch AS batch, 'kept' AS kind FROM duplicates
ORDER BY cluster, batch, id
"""
# A row for each published document and better copy of it in this batch.
_SUPERSEDED = """
SELECT compared.of AS id, compared.of_batch AS batch, signatures.id AS better, compared.similarity, compared.kind,
  compared.why
FROM compared JOIN signatures ON compared.doc = signatures.doc
WHERE compared.copy = 0
ORDER BY batch, id, better
"""


def twins(
    tables: Tables, signatures: str, exact: str, published: str, found: decide.Decision, batch: str, policy: Policy
) -> str:
    """Each copy of the batch and the document that is kept of it: `doc, of, of_batch, similarity, kind, why`."""
    heads = [published]
    if found.edges:
        heads.append(decide.twins(tables.inside("twins"), found, signatures, batch))
    reasons = tables.map_rows("exact", partial(rows.exact, policy=policy, batch=batch), exact)
    return tables.sql("twins", _TWINS, heads=heads, exact=reasons, signatures=signatures)


def write(tables: Tables, signatures: str, twins: str, compared: str, batch: str) -> str:
    """The side tables `duplicates`, `clusters` and `superseded`; returns the first. See `search`."""
    duplicates = tables.write("duplicates", _DUPLICATES, twins=twins, signatures=signatures)
    tables.write("clusters", _CLUSTERS.format(batch=literal(batch)), duplicates=duplicates)
    tables.write("superseded", _SUPERSEDED, compared=compared, signatures=signatures)
    return duplicates

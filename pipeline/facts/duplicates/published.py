"""Copies of what earlier batches have published: heads that share a hash or keys with a document of the history."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from pipeline.engine.storage import read_table
from pipeline.errors import InputError
from pipeline.facts.duplicates import rows
from pipeline.facts.duplicates.candidates import FEW, SMALL
from pipeline.facts.duplicates.decide import most_similar
from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.rows import BAND
from pipeline.facts.duplicates.signature import VERSION
from pipeline.facts.duplicates.tables import Tables

# A row for each batch that was signed by another version.
_OTHER_VERSIONS = f"""
SELECT batch, min(version) AS version FROM documents WHERE version <> {VERSION} GROUP BY batch ORDER BY batch
"""
# A row for each published document in a bucket, that is, for each key that it has in common with this batch.
_BUCKETS = """
SELECT old.key, old.kind, old.doc AS published
FROM old_keys old JOIN (SELECT DISTINCT key, kind FROM keys) mine ON old.key = mine.key AND old.kind = mine.kind
"""
# A row for each such bucket: its size and its representative.
_SIZES = "SELECT key, kind, count(*) AS size, min(published) AS first FROM buckets GROUP BY key, kind"
# A row for each head and published document that share a band, or enough anchors.
_ALIKE = f"""
SELECT keys.doc, buckets.published
FROM buckets JOIN sizes ON buckets.key = sizes.key AND buckets.kind = sizes.kind
JOIN keys ON buckets.key = keys.key AND buckets.kind = keys.kind
LEFT JOIN exact ON keys.doc = exact.doc
WHERE exact.doc IS NULL AND (sizes.size <= {SMALL} OR buckets.published = sizes.first)
GROUP BY keys.doc, buckets.published HAVING min(buckets.kind) = {BAND} OR count(*) * {FEW} >= min(keys.anchors)
"""
# A row for each head whose letters a published document has.
_EQUAL = """
SELECT signatures.doc, min(documents.doc) AS published
FROM signatures
JOIN documents ON signatures.exact_high = documents.exact_high AND signatures.exact_low = documents.exact_low
LEFT JOIN exact ON signatures.doc = exact.doc
WHERE exact.doc IS NULL
GROUP BY signatures.doc
"""
# A row for each of these pairs, with all that they are compared by.
_TEXTS = """
SELECT pair.doc, mine.rank, mine.words, old.id AS old_id, old.batch AS old_batch, old.site, old.published,
  old.translation_score, old.repairs, old.damage, old.letters, old.words AS old_words,
  CASE WHEN mine.exact_high = old.exact_high AND mine.exact_low = old.exact_low THEN 1 ELSE 0 END AS equal
FROM (SELECT DISTINCT doc, published FROM pairs) pair
JOIN signatures mine ON pair.doc = mine.doc
JOIN documents old ON pair.published = old.doc
"""
# A row for each head and published document of which it is a copy.
_COPIES = "SELECT doc, of, of_batch, similarity, kind, why FROM compared WHERE copy = 1"


class Published(NamedTuple):
    """Tables of what a batch has in common with the batches before it."""

    compared: str  # a row for each head and published document that are copies, either way: the columns of `rows.OLD`
    copies: str  # `doc, of, of_batch, similarity, kind, why`, a row for each head that is a copy of a published one


def copies(tables: Tables, signatures: str, keys: str, exact: str, folders: Sequence[str], policy: Policy) -> Published:
    """The heads of a batch against all documents of the history: `folders` are what `remember` has left.

    Raises:
        InputError: an earlier batch was signed by another version.
    """
    if not folders:
        nothing = tables.map_rows("compared", rows.nothing_old, exact)
        return Published(nothing, tables.sql("copies", _COPIES, compared=nothing))
    documents = [f"{folder}/documents" for folder in folders]
    _refuse_other_versions(tables, documents)
    shared = tables.sql("buckets", _BUCKETS, old_keys=[f"{folder}/keys" for folder in folders], keys=keys)
    sizes = tables.sql("sizes", _SIZES, buckets=shared)
    alike = tables.sql("alike", _ALIKE, buckets=shared, sizes=sizes, keys=keys, exact=exact)
    equal = tables.sql("equal", _EQUAL, signatures=signatures, documents=documents, exact=exact)
    texts = tables.write("texts", _TEXTS, pairs=[alike, equal], signatures=signatures, documents=documents)
    compared = tables.map_rows("compared", partial(rows.compared_with_old, policy=policy), texts)
    found = tables.sql("copies", _COPIES, compared=compared)
    return Published(compared, most_similar(tables, found, "concat(copies.of_batch, '/', copies.of)"))


def _refuse_other_versions(tables: Tables, documents: Sequence[str]) -> None:
    other = tables.write("versions", _OTHER_VERSIONS, documents=documents)
    if tables.any_rows(other):
        first = read_table(other).to_pylist()[0]
        raise InputError(
            f"duplicates: the history of batch {first['batch']} has signatures of version {first['version']},"
            f" this is version {VERSION}: publish that batch again"
        )

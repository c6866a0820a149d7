"""The search for copies in a whole batch, against any engine: pure functions over Arrow batches, and plain SQL.

1. Exact: equal hashes; every member points to the best one of its group, and only that one (the head) goes on.
2. Earlier batches: heads that share bands or anchors with a published document are compared with it.
3. Near: in each bucket of heads that share a band all are compared with the best one (a star, never all pairs), the
   copies are taken out, and the rest is looked at again, for a few rounds.
4. Contained: buckets that share an anchor, among what is left; small ones all with all, large ones as stars.
5. Decision: of two copies the worse is dropped if the better is kept. Chains A~B~C do not merge A with C: once B is
   dropped in favour of A it speaks for nobody.

Every step costs linear time in the documents of a bucket. All order is by `rank` and `bulk`, which the documents
alone determine: files, workers and engines change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pyarrow.dataset as pads

from pipeline.engine.protocol import Dataset, Engine
from pipeline.errors import InputError
from pipeline.facts.duplicates import steps
from pipeline.facts.duplicates.policy import Policy
from pipeline.facts.duplicates.signature import VERSION, signatures

ROUNDS = 6  # a bucket of a band or an anchor is looked at this often, each time with another best one
SMALL = 8  # documents; a bucket of an anchor up to this size is compared all with all
FEW = 3  # a pair must share one in so many of the anchors of the one that has fewer; real copies share half


def search(
    engine: Engine, documents: Dataset, history: Mapping[str, str], batch: str, policy: Policy, work: str
) -> str:
    """Find the copies in `documents`; return the folder of the side table, one row for each copy.

    `documents` has the columns that `signatures` asks for. `history` names what `remember` left of each published
    batch; only batches that come before `batch` by name are looked at. Left in `work`, ordered, are:

    * `duplicates`: `id, of, of_batch, similarity, kind, why, cluster` (the kept document's batch and id);
    * `clusters`: `cluster, id, batch, kind` ("kept" for the document kept);
    * `superseded`: `id, batch, better, similarity, kind, why`: published documents of which there is now a better copy.

    Raises:
        InputError: two documents have one id, or the history was written by another version of the signatures.
    """
    return _Search(engine, batch, policy, work).run(documents, history)


def remember(engine: Engine, published: Dataset, batch: str, out: str) -> str:
    """Write what later batches must know of the documents that `batch` published: `out/documents`, `out/keys`."""
    return engine.split_rows(partial(steps.remembered, name=batch), published, out)


def rows(dataset: Dataset) -> int:
    """How many rows a dataset has, by its files' footers."""
    return int(pads.dataset(dataset, format="parquet").count_rows())


class _Search:
    """One search: the engine, and where its intermediate tables go. Methods take and return folders."""

    def __init__(self, engine: Engine, batch: str, policy: Policy, work: str) -> None:
        self.engine, self.batch, self.policy, self.work = engine, batch, policy, work
        self.steps = 0

    def run(self, documents: Dataset, history: Mapping[str, str]) -> str:
        self.signed = self.map(partial(signatures, policy=self.policy), documents, "signed")
        self.refuse_twice_used_ids()
        self.keys = self.map(steps.keys, self.signed, "keys")
        self.twins = self.exact()
        earlier = [history[name] for name in sorted(history) if name < self.batch]
        old = self.against(earlier) if earlier else None
        crowd = self.crowd(old)
        self.members = self.sql(
            "members",
            "SELECT s.doc AS doc, s.words AS words, s.rank AS rank, s.bulk AS bulk FROM signed s"
            " JOIN (SELECT DISTINCT doc FROM crowd) c ON s.doc = c.doc",
            signed=self.signed, crowd=crowd,
        )  # fmt: skip
        near = self.stars(self.part(crowd, steps.BAND), "rank", [])
        edges = self.contained(self.part(crowd, steps.ANCHOR), near)
        return self.publish(edges, old)

    def sql(self, name: str, query: str, **datasets: Dataset) -> str:
        self.steps += 1
        return self.engine.sql(query, f"{self.work}/steps/{self.steps:03d}-{name}", **datasets)

    def map(self, function: steps.Function, dataset: Dataset, name: str) -> str:
        self.steps += 1
        return self.engine.map_rows(function, dataset, f"{self.work}/steps/{self.steps:03d}-{name}")

    def refuse_twice_used_ids(self) -> None:
        twice = self.sql(
            "twice", "SELECT min(id) AS id FROM signed GROUP BY doc HAVING count(*) > 1", signed=self.signed
        )
        if rows(twice):
            name = pads.dataset(twice, format="parquet").head(1)["id"][0].as_py()
            raise InputError(f'duplicates: batch {self.batch}: two documents have the id "{name}"; ids must be unique')

    def exact(self) -> str:
        """Copies letter for letter: `doc`, and the best of its group as `head`."""
        best = self.sql(
            "exact",
            "SELECT exact_high, exact_low, min(rank) AS rank FROM signed GROUP BY exact_high, exact_low"
            " HAVING count(*) > 1",
            signed=self.signed,
        )
        return self.sql(
            "twins",
            "SELECT m.doc AS doc, h.doc AS head, m.rank AS rank, h.rank AS head_rank FROM signed m"
            " JOIN best b ON m.exact_high = b.exact_high AND m.exact_low = b.exact_low"
            " JOIN signed h ON h.exact_high = b.exact_high AND h.exact_low = b.exact_low AND h.rank = b.rank"
            " WHERE m.rank > b.rank",
            signed=self.signed,
            best=best,
        )

    def crowd(self, old: str | None) -> str:
        """The keys that several documents share, for heads that no earlier batch has: `key, kind, doc, rank, bulk`."""
        shared = self.sql("shared", "SELECT key, kind FROM keys GROUP BY key, kind HAVING count(*) > 1", keys=self.keys)
        settled = self.sql(
            "settled", "SELECT doc FROM twins" + (" UNION ALL SELECT doc FROM old" if old else ""),
            twins=self.twins, **({"old": old} if old else {}),
        )  # fmt: skip
        met = self.sql(
            "met",
            "SELECT k.key AS key, k.kind AS kind, k.doc AS doc, k.anchors AS anchors FROM keys k"
            " JOIN shared s ON k.key = s.key AND k.kind = s.kind"
            " LEFT JOIN settled o ON k.doc = o.doc WHERE o.doc IS NULL",
            keys=self.keys, shared=shared, settled=settled,
        )  # fmt: skip
        return self.sql(
            "crowd",
            "SELECT m.key AS key, m.kind AS kind, m.doc AS doc, m.anchors AS anchors, s.rank AS rank, s.bulk AS bulk"
            " FROM met m JOIN signed s ON m.doc = s.doc",
            met=met,
            signed=self.signed,
        )

    def part(self, crowd: str, kind: int) -> str:
        return self.sql("part", f"SELECT * FROM crowd WHERE kind = {kind}", crowd=crowd)

    def stars(self, crowd: str, order: str, edges: list[str], enough: str = "") -> list[str]:
        """Compare the members of each bucket with its first by `order`; again among those that are left.

        `enough` is a HAVING clause: how many buckets the two must share.
        """
        used: list[str] = []
        tested: list[str] = []
        left = crowd
        for _ in range(ROUNDS):
            first = self.sql(
                "first", f"SELECT key, min({order}) AS first FROM crowd GROUP BY key HAVING count(*) > 1", crowd=left
            )
            used.append(first)
            pairs = self.sql(
                "pairs",
                "SELECT h.doc AS one, m.doc AS other FROM crowd m JOIN first f ON m.key = f.key"
                f" JOIN crowd h ON h.key = f.key AND h.{order} = f.first WHERE m.doc <> h.doc"
                f" GROUP BY h.doc, m.doc{enough}",
                crowd=left, first=first,
            )  # fmt: skip
            if tested:
                pairs = self.without(pairs, tested)
            if not rows(pairs):
                break
            tested.append(pairs)
            edges = [*edges, self.verify(pairs)]
            left = self.left(crowd, order, used, self.decide(edges))
        return edges

    def without(self, pairs: str, tested: Sequence[str]) -> str:
        """Pairs that were not compared before, whichever of the two came first."""
        return self.sql(
            "new",
            "SELECT p.one AS one, p.other AS other FROM pairs p"
            " LEFT JOIN tested t ON p.one = t.one AND p.other = t.other"
            " LEFT JOIN tested u ON p.one = u.other AND p.other = u.one WHERE t.one IS NULL AND u.one IS NULL",
            pairs=pairs, tested=tested,
        )  # fmt: skip

    def left(self, crowd: str, order: str, used: Sequence[str], gone: Dataset) -> str:
        """The crowd without those dropped, and without those that were the first of their bucket before."""
        return self.sql(
            "left",
            "SELECT c.key AS key, c.doc AS doc, c.anchors AS anchors, c.rank AS rank, c.bulk AS bulk FROM crowd c"
            f" LEFT JOIN gone g ON c.doc = g.doc LEFT JOIN used u ON c.key = u.key AND c.{order} = u.first"
            " WHERE g.doc IS NULL AND u.key IS NULL",
            crowd=crowd, gone=gone, used=used,
        )  # fmt: skip

    def verify(self, pairs: str) -> str:
        """The pairs that are copies: `better, worse, similarity, kind, why, rank, bulk` (the better one's)."""
        texts = self.sql(
            "texts",
            "SELECT a.doc AS one, b.doc AS other, a.words AS one_words, b.words AS other_words, a.rank AS one_rank,"
            " b.rank AS other_rank, a.bulk AS one_bulk, b.bulk AS other_bulk FROM pairs p"
            " JOIN members a ON p.one = a.doc JOIN members b ON p.other = b.doc",
            pairs=pairs, members=self.members,
        )  # fmt: skip
        return self.map(partial(steps.verified, policy=self.policy), texts, "edges")

    def decide(self, edges: Sequence[str]) -> str | list[str]:
        """The documents to drop, as `doc`: those whose better copy is kept, decided from the best one down."""
        if not edges:
            return self.sql("gone", "SELECT doc FROM twins WHERE doc IS NULL", twins=self.twins)
        gone = []
        live = self.sql("live", "SELECT better, worse, bulk, worse_bulk FROM edges", edges=list(edges))
        while rows(live):
            lost = self.sql(
                "gone",
                "SELECT DISTINCT e.worse AS doc FROM live e LEFT JOIN (SELECT DISTINCT worse FROM live) b"
                " ON e.better = b.worse WHERE b.worse IS NULL",
                live=live,
            )
            gone.append(lost if rows(lost) else self.ring(live))
            live = self.sql(
                "live",
                "SELECT e.better AS better, e.worse AS worse, e.bulk AS bulk, e.worse_bulk AS worse_bulk FROM live e"
                " LEFT JOIN gone g ON e.better = g.doc LEFT JOIN gone h ON e.worse = h.doc"
                " WHERE g.doc IS NULL AND h.doc IS NULL",
                live=live, gone=gone[-1],
            )  # fmt: skip
        return gone or self.sql("gone", "SELECT better AS doc FROM live", live=live)

    def ring(self, live: str) -> str:
        """Copies of which each is better than the next, since one is contained in another: the longest is kept."""
        longest = self.sql(
            "longest",
            "SELECT min(bulk) AS bulk FROM (SELECT bulk FROM live UNION ALL SELECT worse_bulk AS bulk FROM live) b",
            live=live,
        )
        return self.sql(
            "gone",
            "SELECT e.worse AS doc FROM live e JOIN longest l ON e.bulk = l.bulk"
            " UNION ALL SELECT e.better AS doc FROM live e JOIN longest l ON e.worse_bulk = l.bulk",
            live=live, longest=longest,
        )  # fmt: skip

    def contained(self, crowd: str, near: list[str]) -> list[str]:
        """The edges found so far, and those of copies that share anchors only."""
        before = self.decide(near)
        left = self.left(crowd, "bulk", [self.none_used()], before)
        sizes = self.sql(
            "sizes", "SELECT key, count(*) AS size FROM crowd GROUP BY key HAVING count(*) > 1", crowd=left
        )
        pairs = self.sql(
            "pairs",
            "SELECT a.doc AS one, b.doc AS other FROM crowd a JOIN sizes s ON a.key = s.key"
            f" JOIN crowd b ON a.key = b.key WHERE s.size <= {SMALL} AND a.bulk < b.bulk GROUP BY a.doc, b.doc"
            f" HAVING count(*) * {FEW} >= min(a.anchors) OR count(*) * {FEW} >= min(b.anchors)",
            crowd=left, sizes=sizes,
        )  # fmt: skip
        edges = [*near, self.verify(pairs)] if rows(pairs) else near
        large = self.sql(
            "large",
            "SELECT c.key AS key, c.doc AS doc, c.anchors AS anchors, c.rank AS rank, c.bulk AS bulk FROM crowd c"
            f" JOIN sizes s ON c.key = s.key WHERE s.size > {SMALL}",
            crowd=left, sizes=sizes,
        )  # fmt: skip
        enough = f" HAVING count(*) * {FEW} >= min(m.anchors) OR count(*) * {FEW} >= min(h.anchors)"
        edges = self.stars(large, "bulk", edges, enough) if rows(large) else edges
        return self.follow(edges, before)

    def none_used(self) -> str:
        return self.sql("used", "SELECT key, '' AS first FROM keys WHERE key IS NULL", keys=self.keys)

    def follow(self, edges: list[str], before: Dataset) -> list[str]:
        """Copies of a document that turned out to be contained in another: compared with that one, too."""
        if not edges:
            return edges
        pairs = self.sql(
            "pairs",
            "SELECT DISTINCT f.better AS one, e.worse AS other FROM edges e JOIN edges f ON e.better = f.worse"
            " JOIN before b ON e.worse = b.doc LEFT JOIN gone g ON e.worse = g.doc"
            " WHERE g.doc IS NULL AND f.better <> e.worse",
            edges=edges, before=before, gone=self.decide(edges),
        )  # fmt: skip
        return [*edges, self.verify(pairs)] if rows(pairs) else edges

    def against(self, earlier: Sequence[str]) -> str:
        """What earlier batches have: `doc, of, of_batch, similarity, kind, why`, one row for each head they have."""
        known = [f"{folder}/documents" for folder in earlier]
        self.refuse_other_versions(known)
        met = self.sql(
            "met",
            "SELECT o.key AS key, o.kind AS kind, o.doc AS old FROM old_keys o"
            " JOIN (SELECT DISTINCT key, kind FROM keys) f ON o.key = f.key AND o.kind = f.kind",
            old_keys=[f"{folder}/keys" for folder in earlier], keys=self.keys,
        )  # fmt: skip
        sizes = self.sql(
            "sizes", "SELECT key, kind, count(*) AS size, min(old) AS first FROM met GROUP BY key, kind", met=met
        )
        alike = self.sql(
            "alike",
            "SELECT f.doc AS doc, m.old AS old FROM met m JOIN sizes s ON m.key = s.key AND m.kind = s.kind"
            " JOIN keys f ON m.key = f.key AND m.kind = f.kind LEFT JOIN twins t ON f.doc = t.doc"
            f" WHERE t.doc IS NULL AND (s.size <= {SMALL} OR m.old = s.first) GROUP BY f.doc, m.old"
            f" HAVING min(m.kind) = {steps.BAND} OR count(*) * {FEW} >= min(f.anchors)",
            met=met, sizes=sizes, keys=self.keys, twins=self.twins,
        )  # fmt: skip
        equal = self.sql(
            "equal",
            "SELECT s.doc AS doc, min(o.doc) AS old FROM signed s"
            " JOIN known o ON s.exact_high = o.exact_high AND s.exact_low = o.exact_low"
            " LEFT JOIN twins t ON s.doc = t.doc WHERE t.doc IS NULL GROUP BY s.doc",
            signed=self.signed, known=known, twins=self.twins,
        )  # fmt: skip
        texts = self.sql(
            "texts",
            "SELECT p.doc AS doc, s.rank AS rank, s.words AS words, o.id AS old_id, o.batch AS old_batch,"
            " o.site AS site, o.published AS published, o.translation_score AS translation_score,"
            " o.repairs AS repairs, o.letters AS letters, o.words AS old_words,"
            " CASE WHEN s.exact_high = o.exact_high AND s.exact_low = o.exact_low THEN 1 ELSE 0 END AS equal"
            " FROM (SELECT DISTINCT doc, old FROM pairs) p"
            " JOIN signed s ON p.doc = s.doc JOIN known o ON p.old = o.doc",
            pairs=[alike, equal], signed=self.signed, known=known,
        )  # fmt: skip
        self.old = self.map(partial(steps.compared_with_old, policy=self.policy), texts, "old")
        return self.best_of(
            self.sql("copies", "SELECT * FROM old WHERE copy = 1", old=self.old), "concat(of_batch, '/', of)"
        )

    def refuse_other_versions(self, known: list[str]) -> None:
        other = self.sql(
            "versions",
            "SELECT batch, min(version) AS version FROM known"
            f" WHERE version <> {VERSION} GROUP BY batch ORDER BY batch",
            known=known,
        )
        if rows(other):
            first = pads.dataset(other, format="parquet").head(1).to_pylist()[0]
            raise InputError(
                f"duplicates: the history of batch {first['batch']} has signatures of version {first['version']},"
                f" this is version {VERSION}: publish that batch again"
            )

    def best_of(self, found: str, order: str) -> str:
        """For each `doc` the most similar of the documents it is a copy of; among equals the first by `order`."""
        top = self.sql("top", "SELECT doc, max(similarity) AS similarity FROM found GROUP BY doc", found=found)
        best = self.sql(
            "best",
            f"SELECT f.doc AS doc, min({order}) AS first FROM found f"
            " JOIN top t ON f.doc = t.doc AND f.similarity = t.similarity GROUP BY f.doc",
            found=found, top=top,
        )  # fmt: skip
        return self.sql(
            "chosen",
            "SELECT DISTINCT f.doc AS doc, f.of AS of, f.of_batch AS of_batch, f.similarity AS similarity,"
            f" f.kind AS kind, f.why AS why FROM found f JOIN best b ON f.doc = b.doc AND {order} = b.first",
            found=found, best=best,
        )  # fmt: skip

    def publish(self, edges: list[str], old: str | None) -> str:
        """Write the side tables; return that of the duplicates."""
        here = "'" + self.batch.replace("'", "''") + "'"
        heads = [old] if old else []
        if edges:
            heads.append(self.best_of(self.kept_partners(edges, here), "rank"))
        exact = self.map(partial(steps.told_why, policy=self.policy, name=self.batch), self.twins, "exact")
        if not heads:
            nothing = "SELECT e.*, s.id AS of FROM exact e JOIN signed s ON e.head = s.doc WHERE e.doc IS NULL"
            heads.append(self.sql("none", nothing, exact=exact, signed=self.signed))
        copies = self.sql(
            "copies",
            "SELECT doc, of, of_batch, similarity, kind, why FROM heads UNION ALL"
            " SELECT e.doc AS doc, h.of AS of, h.of_batch AS of_batch, h.similarity AS similarity, h.kind AS kind,"
            " h.why AS why FROM exact e JOIN heads h ON e.head = h.doc UNION ALL"
            " SELECT e.doc AS doc, s.id AS of, e.of_batch AS of_batch, e.similarity AS similarity, e.kind AS kind,"
            " e.why AS why FROM exact e JOIN signed s ON e.head = s.doc LEFT JOIN heads h ON e.head = h.doc"
            " WHERE h.doc IS NULL",
            heads=heads, exact=exact, signed=self.signed,
        )  # fmt: skip
        duplicates = self.engine.sql(
            "SELECT s.id AS id, c.of AS of, c.of_batch AS of_batch, c.similarity AS similarity, c.kind AS kind,"
            " c.why AS why, concat(c.of_batch, '/', c.of) AS cluster FROM copies c JOIN signed s ON c.doc = s.doc"
            " ORDER BY id",
            f"{self.work}/duplicates", copies=copies, signed=self.signed,
        )  # fmt: skip
        self.engine.sql(
            f"SELECT cluster, id, {here} AS batch, kind FROM duplicates UNION ALL"
            " SELECT DISTINCT cluster, of AS id, of_batch AS batch, 'kept' AS kind FROM duplicates"
            " ORDER BY cluster, batch, id",
            f"{self.work}/clusters", duplicates=duplicates,
        )  # fmt: skip
        self.superseded(old is not None)
        return duplicates

    def kept_partners(self, edges: list[str], here: str) -> str:
        """For each document dropped, the documents kept of which it is a copy."""
        gone = self.sql("gone", "SELECT DISTINCT doc FROM gone", gone=self.decide(edges))
        forward = self.sql(
            "forward",
            f"SELECT e.worse AS doc, k.id AS of, {here} AS of_batch, e.similarity AS similarity, e.kind AS kind,"
            " e.why AS why, e.rank AS rank FROM edges e JOIN gone g ON e.worse = g.doc"
            " JOIN signed k ON e.better = k.doc LEFT JOIN gone h ON e.better = h.doc WHERE h.doc IS NULL",
            edges=edges, gone=gone, signed=self.signed,
        )  # fmt: skip
        ringed = self.sql(
            "ringed",
            f"SELECT e.better AS doc, k.id AS of, {here} AS of_batch, e.similarity AS similarity, e.kind AS kind,"
            " 'longest' AS why, k.rank AS rank FROM edges e JOIN gone g ON e.better = g.doc"
            " JOIN signed k ON e.worse = k.doc LEFT JOIN gone h ON e.worse = h.doc"
            " LEFT JOIN forward f ON e.better = f.doc WHERE h.doc IS NULL AND f.doc IS NULL",
            edges=edges, gone=gone, signed=self.signed, forward=forward,
        )  # fmt: skip
        return self.sql("partners", "SELECT * FROM forward", forward=[forward, ringed])

    def superseded(self, judged: bool) -> None:
        table = self.old if judged else None
        out = f"{self.work}/superseded"
        if table is None:
            table = self.map(steps.nothing_old, self.twins, "old")
        self.engine.sql(
            "SELECT o.of AS id, o.of_batch AS batch, s.id AS better, o.similarity AS similarity, o.kind AS kind,"
            " o.why AS why FROM old o JOIN signed s ON o.doc = s.doc WHERE o.copy = 0 ORDER BY batch, id, better",
            out, old=table, signed=self.signed,
        )  # fmt: skip

"""Train `pipeline/facts/translation/english.npz`: `python -m benchmarks.train_translation` (needs scikit-learn).

Two families of n-grams (runs of words, letters inside words), and for each two linear heads:

* `within`: human scores less the mean of their language pair, so that the head learns what sets good and bad apart
  and not what Nepali Wikipedia writes about;
* `across`: the scores as they are, with news beside them, written by people and by strong systems, which reads well.

A last line of factors joins the heads; it is fitted on predictions for documents that the heads have not seen.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

from benchmarks import data
from pipeline.facts.translation import tokens as tokens_of

OUT = Path(__file__).resolve().parents[1] / "pipeline" / "facts" / "translation" / "english.npz"
SETS = ("translation_scored", "translation_documents", "translation_passages")


class Rows:
    """All labelled texts: what is known about each, as arrays."""

    def __init__(self) -> None:
        scored, news = data.load(SETS[0]), data.load(SETS[1]) + data.load(SETS[2])
        rows = scored + news
        self.rows = rows
        self.texts = [row["text"] for row in rows]
        self.scored = np.arange(len(rows)) < len(scored)
        self.pair = np.array([row["pair"] for row in rows])
        self.doc = np.array([row["id"].rsplit("/", 1)[0] for row in scored] + [row["doc"] for row in news])
        self.kind = np.array(["scored"] * len(scored) + [row["kind"] for row in news])
        self.human_z = np.array([row.get("human_z") or 0.0 for row in rows])
        self.score = np.where(self.kind == "machine", np.clip(80 + 30 * self.human_z, 50, 95), 88.0)
        self.score[self.scored] = [row["score"] for row in scored]

    def folds(self, number: int = 5):
        return list(GroupKFold(number).split(self.texts, groups=self.doc))


def matrices(texts):
    """Share of each n-gram bucket among a text's n-grams, for words and for letters."""
    words, letters = [], []
    for start in range(0, len(texts), 500):
        tokens = tokens_of.tokenise(texts[start : start + 500])
        size, documents = len(tokens.ends), tokens.documents
        share = sp.diags(1 / np.maximum(np.diff(tokens.ends, prepend=0), 1))
        words.append(
            share
            @ sum(counts(documents, buckets, size, tokens_of.WORD_BUCKETS) for buckets in tokens_of.word_grams(tokens))
        )
        buckets, owners = tokens_of.letter_grams(tokens.distinct)
        spelled = counts(owners, buckets, len(tokens.distinct), tokens_of.LETTER_BUCKETS)
        letters.append(share @ counts(documents, tokens.ids, size, len(tokens.distinct)) @ spelled)
    return [scale(sp.vstack(parts).tocsr()) for parts in (words, letters)]


def counts(rows, columns, height, width):
    return sp.csr_matrix((np.ones(len(columns)), (rows, columns)), shape=(height, width))


def scale(matrix):
    """Weigh rare buckets up and drop those of fewer than three texts; rows have length 1 on average."""
    seen = np.asarray((matrix > 0).sum(0)).ravel()
    factor = np.where(seen >= 3, np.log(matrix.shape[0] / np.maximum(seen, 1)) + 1, 0)
    weighed = matrix @ sp.diags(factor)
    length = np.sqrt(weighed.multiply(weighed).sum() / matrix.shape[0])
    return weighed.tocsr() / length, factor / length


def heads(matrix, rows, train):
    """Coefficients of the heads `within` and `across`, learned on the rows numbered `train`, constants last."""
    own = train[rows.scored[train]]
    mean = {pair: rows.score[own][rows.pair[own] == pair].mean() for pair in set(rows.pair[own])}
    within = Ridge(alpha=1.0, solver="sparse_cg").fit(matrix[own], rows.score[own] - [mean[p] for p in rows.pair[own]])
    across = Ridge(alpha=1.0, solver="sparse_cg").fit(
        matrix[train], rows.score[train], sample_weight=np.where(rows.scored[train], 1.0, 0.3)
    )
    return np.stack([np.append(model.coef_, model.intercept_) for model in (within, across)], axis=1)


def joined(features, rows, train):
    """The factors that join the heads: half `within`, half `across` their pair."""
    weight = np.where(rows.scored[train], 1.0, 0.3)
    model = Ridge(alpha=1.0).fit(features[train], rows.score[train], sample_weight=weight)
    return np.append(model.coef_, model.intercept_)


def quantised(matrix):
    """int8 and the step of each column."""
    step = np.abs(matrix).max(0) / 127
    return np.round(matrix / step).astype(np.int8), step


def unseen(rows, parts, train, folds=5):
    """The heads' answers for `train`, each from heads that have not seen its document."""
    out = np.zeros((len(rows.texts), 2 * len(parts)))
    for learn, answer in GroupKFold(folds).split(train, groups=rows.doc[train]):
        for number, (matrix, _) in enumerate(parts):
            learned = heads(matrix, rows, train[learn])
            out[train[answer], 2 * number : 2 * number + 2] = matrix[train[answer]] @ learned[:-1]
    return out


def main() -> None:
    rows = Rows()
    parts = matrices(rows.texts)
    everything = np.arange(len(rows.texts))
    mix = joined(unseen(rows, parts, everything), rows, everything)
    stored = {}
    for name, (matrix, factor) in zip(("word", "letter"), parts, strict=True):
        learned = heads(matrix, rows, everything)[:-1] * factor[:, None]
        stored[f"{name}s"], stored[f"{name}_steps"] = quantised(learned)
    digests = " ".join(f"{name}={data.digest(name)}" for name in SETS)
    np.savez_compressed(OUT, **stored, mix=mix, data=np.array(digests))
    print(f"{OUT.name}: {OUT.stat().st_size / 1e6:.2f} MB, mix {np.round(mix, 3)}")


if __name__ == "__main__":
    main()

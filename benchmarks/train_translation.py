"""Train `pipeline/facts/translation/english.npz`: `python -m benchmarks.train_translation [--lexicon]`.

Needs scikit-learn, and with `--lexicon` the packages named in `translation_lexicon.py`; otherwise the lexicon stays as
it is stored. Takes about three minutes on one core. What is learned, in two layers:

1. Two families of hashed n-grams (runs of words, letters inside words), and for each two linear heads: `within` learns
   human scores less the mean of their language pair, so that it sees what sets good and bad apart and not what
   Nepali Wikipedia writes about; `across` learns the scores as they are, with news beside them that reads well.
2. A line and trees over the heads' answers and the features that need no labels, fitted on answers of heads that
   have not seen the document.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

from benchmarks import data
from pipeline.facts.translation import features as features_of
from pipeline.facts.translation import marks, model
from pipeline.facts.translation import tokens as tokens_of
from pipeline.facts.translation.weights import Weights, to_arrays, unpacked
from pipeline.facts.trees import Trees

OUT = Path(__file__).resolve().parents[1] / "pipeline" / "facts" / "translation" / "english.npz"
SETS = ("translation_scored", "translation_documents", "translation_passages", "articles")
LEXICON = ("vocabulary", "ranks", "frequency", "word_list", "pair_checks", "pair_counts", "directions")
ARTICLE = 1200  # letters of an article
NEWS_WEIGHT = 0.02  # of 0.02, 0.1 and 0.3: more costs correlation with the human scores
FINER_NEWS = 0.01
DEPTH = 4  # of the trees
GROWTH = {
    "learning_rate": 0.05, "max_depth": DEPTH, "max_leaf_nodes": None, "min_samples_leaf": 30,
    "l2_regularization": 5.0, "max_features": 0.3, "early_stopping": False, "random_state": 0,
}  # fmt: skip


class Rows(NamedTuple):
    """All labelled texts, as arrays of one length."""

    texts: list[str]
    scored: np.ndarray  # by a person, 0-100
    pair: np.ndarray
    doc: np.ndarray
    kind: np.ndarray
    human_z: np.ndarray
    score: np.ndarray  # 0-100; of news: what it should come to

    def folds(self, which: np.ndarray, number: int = 5) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Row numbers to learn from and to answer for, no document on both sides."""
        for learn, answer in GroupKFold(number).split(which, groups=self.doc[which]):
            yield which[learn], which[answer]


def load_rows() -> Rows:
    scored, news = data.load(SETS[0]), data.load(SETS[1]) + data.load(SETS[2]) + articles()
    kind = np.array(["scored"] * len(scored) + [row["kind"] for row in news])
    human_z = np.array([row.get("human_z") or 0.0 for row in scored + news])
    score = np.where(kind == "machine", np.clip(82 + 30 * human_z, 50, 95), 88.0)
    score[: len(scored)] = [row["score"] for row in scored]
    return Rows(
        [row["text"] for row in scored + news],
        kind == "scored",
        np.array([row["pair"] for row in scored + news]),
        np.array([row["id"].rsplit("/", 1)[0] for row in scored] + [row["doc"] for row in news]),
        kind,
        human_z,
        score,
    )


def articles() -> list[dict[str, str]]:
    """Every second article as scraped: original English with all its dirt, which must read well too."""
    texts = [text[:ARTICLE] for text in data.article_texts()[::2] if len(text) >= ARTICLE // 2]
    return [
        {"id": f"article/{number}", "text": text, "kind": "article", "pair": "en", "doc": f"article/{number}"}
        for number, text in enumerate(texts)
    ]


class Parts(NamedTuple):
    """The stretches of all texts: n-gram shares, features that need no labels, and the row each stretch belongs to."""

    families: list[tuple[sp.csr_matrix, np.ndarray]]  # words, letters; each with its buckets' factors
    shown: np.ndarray
    row: np.ndarray
    size: np.ndarray  # tokens


def measure_parts(texts: list[str], scored: np.ndarray, weights: Weights) -> Parts:
    """The stretches of the texts, of which `scored` tells those that people scored."""
    words, letters, shown, rows, sizes = [], [], [], [], []
    for start in range(0, len(texts), 500):
        tokens = tokens_of.tokenise(texts[start : start + 500])
        keys = tokens_of.keys(tokens.distinct)
        parts = features_of.stretches(tokens.ends)
        size = parts.ends - parts.starts
        part = np.repeat(np.arange(len(size)), size)
        runs = (
            count(part, buckets, len(size), tokens_of.WORD_BUCKETS) for buckets in tokens_of.run_grams(tokens, keys)
        )
        types = features_of.types_of(tokens, parts)
        holds = sp.csr_matrix(
            (types.weight, types.ids, np.append(types.starts, types.ends[-1:])), shape=(len(size), len(keys))
        )
        holds = sp.diags(1 / np.asarray(holds.sum(1)).ravel()) @ holds
        single = count(np.arange(len(keys)), tokens_of.single_gram(keys), len(keys), tokens_of.WORD_BUCKETS)
        words.append(sp.diags(1 / size) @ sum(runs) + holds @ single)
        buckets, owners = tokens_of.letter_grams(tokens.distinct)
        letters.append(holds @ count(owners, buckets, len(keys), tokens_of.LETTER_BUCKETS))
        shown.append(features_of.shown(tokens, keys, types, parts, weights))
        rows.append(parts.documents + start)
        sizes.append(size)
    row = np.concatenate(rows)
    families = [scale(sp.vstack(family).tocsr(), scored[row]) for family in (words, letters)]
    return Parts(families, np.concatenate(shown), row, np.concatenate(sizes))


def count(rows: np.ndarray, columns: np.ndarray, height: int, width: int) -> sp.csr_matrix:
    return sp.csr_matrix((np.ones(len(columns)), (rows, columns)), shape=(height, width))


def scale(matrix: sp.csr_matrix, scored: np.ndarray) -> tuple[sp.csr_matrix, np.ndarray]:
    """Weigh rare buckets up and drop those in fewer than three scored stretches; these have length 1 on average.

    News does not count here, so that no head learns "this is news" from words that stand in news alone.
    """
    seen = np.asarray((matrix[scored] > 0).sum(0)).ravel()
    factor = np.where(seen >= 3, np.log(scored.sum() / np.maximum(seen, 1)) + 1, 0)
    weighed = matrix @ sp.diags(factor)
    length = np.sqrt(weighed[scored].multiply(weighed[scored]).sum() / scored.sum())
    return weighed.tocsr() / length, factor / length


def pair_means(rows: Rows, which: np.ndarray) -> np.ndarray:
    """For each row the mean human score of its pair, less that of all pairs; 0 for news."""
    own = which[rows.scored[which]]
    shift = np.zeros(len(rows.texts))
    for pair in set(rows.pair[own]):
        mean = rows.score[own][rows.pair[own] == pair].mean()
        shift[rows.scored & (rows.pair == pair)] = mean - rows.score[own].mean()
    return shift


def learn_heads(parts: Parts, rows: Rows, learn: np.ndarray) -> list[np.ndarray]:
    """For each family the coefficients of `within` and `across`, constants last, learned on the rows `learn`."""
    shift = pair_means(rows, learn)
    mine = np.isin(parts.row, learn)
    scored = mine & rows.scored[parts.row]
    weight = np.where(rows.scored[parts.row], 1.0, NEWS_WEIGHT)
    learned = []
    for (matrix, _), alpha in zip(parts.families, (1.0, 3.0), strict=True):
        within = ridge(alpha).fit(matrix[scored], (rows.score - shift)[parts.row[scored]])
        across = ridge(alpha).fit(matrix[mine], rows.score[parts.row[mine]], sample_weight=weight[mine])
        learned.append(np.stack([np.append(head.coef_, head.intercept_) for head in (within, across)], axis=1))
    return learned


def ridge(alpha: float) -> Ridge:
    return Ridge(alpha=alpha, solver="sparse_cg", tol=1e-3)


def head_answers(parts: Parts, learned: list[np.ndarray]) -> np.ndarray:
    pairs = zip(parts.families, learned, strict=True)
    return np.concatenate([matrix @ coefficients[:-1] for (matrix, _), coefficients in pairs], axis=1)


def unseen_answers(parts: Parts, rows: Rows, learn: np.ndarray) -> np.ndarray:
    """The heads' answers for the rows `learn`, each from heads that have not seen its document."""
    out = np.zeros((len(parts.row), features_of.HEADS))
    for train, answer in rows.folds(learn):
        asked = np.isin(parts.row, answer)
        out[asked] = head_answers(parts, learn_heads(parts, rows, train))[asked]
    return out


class Joint(TypedDict):
    """What the second layer adds to `Weights`."""

    center: np.ndarray
    scale: np.ndarray
    slopes: np.ndarray
    finer: Trees
    sound: Trees


def learn_joint(answers: np.ndarray, parts: Parts, rows: Rows, learn: np.ndarray) -> Joint:
    """The second layer: `finer` within language pairs, `sound` for all of them (see `model.stretch_scores`)."""
    table = np.concatenate((answers, parts.shown), axis=1)
    mine = np.isin(parts.row, learn)
    table, row = table[mine], parts.row[mine]
    target, scored = (rows.score - pair_means(rows, learn))[row], rows.scored[row]
    weight = np.where(scored, 1.0, FINER_NEWS) / np.bincount(row, minlength=len(rows.texts))[row]
    center, spread = table.mean(0), table.std(0) + 1e-6
    line = Ridge(alpha=30.0).fit(np.clip((table - center) / spread, -4, 4), target, sample_weight=weight)
    finer = HistGradientBoostingRegressor(max_iter=160, **GROWTH).fit(table, target, sample_weight=weight)
    clear = ~scored | (rows.score[row] < 45) | (rows.score[row] >= 65)
    reads_well, weight = ~scored | (rows.score[row] >= 65), np.where(scored, 1.0, NEWS_WEIGHT)
    sound = [
        complete(
            HistGradientBoostingClassifier(max_iter=100, **GROWTH).fit(
                table[clear, :width], reads_well[clear], sample_weight=weight[clear]
            )
        )
        for width in (table.shape[1], features_of.HEADS)
    ]
    columns, limits, leaves = (np.concatenate(arrays) for arrays in zip(*sound, strict=True))
    return {
        "center": center,
        "scale": spread,
        "slopes": np.append(line.coef_, line.intercept_),
        "finer": Trees.complete(*complete(finer)),
        "sound": Trees.complete(columns, limits, leaves / len(sound)),
    }


def complete(
    trees: HistGradientBoostingClassifier | HistGradientBoostingRegressor,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `Trees.complete` takes: columns, limits and leaves, a row a tree.

    Where a branch ends early, both ways lead to its answer.
    """
    inner, leaves = 2**DEPTH - 1, 2**DEPTH
    chosen = [round_[0].nodes for round_ in trees._predictors]
    which = np.zeros((len(chosen), inner), np.int16)
    limits = np.full((len(chosen), inner), np.inf, np.float32)
    answers = np.zeros((len(chosen), leaves), np.float32)

    def fill(tree: int, nodes: np.ndarray, node: int, at: int, depth: int) -> None:
        if depth == DEPTH:
            answers[tree, at - inner] = nodes[node]["value"]
            return
        left, right = node, node
        if not nodes[node]["is_leaf"]:
            which[tree, at], limits[tree, at] = nodes[node]["feature_idx"], nodes[node]["num_threshold"]
            left, right = nodes[node]["left"], nodes[node]["right"]
        fill(tree, nodes, left, 2 * at + 1, depth + 1)
        fill(tree, nodes, right, 2 * at + 2, depth + 1)

    for tree, nodes in enumerate(chosen):
        fill(tree, nodes, 0, 0, 0)
    answers += trees._baseline_prediction.item() / len(chosen)
    return which, limits, answers


def learn_all(parts: Parts, rows: Rows, learn: np.ndarray) -> tuple[list[np.ndarray], Joint]:
    """Heads and second layer from the rows `learn`."""
    return learn_heads(parts, rows, learn), learn_joint(unseen_answers(parts, rows, learn), parts, rows, learn)


def cross_validated(parts: Parts, rows: Rows, weights: Weights) -> np.ndarray:
    """Each text's score, marks included, from weights that have not seen its document."""
    out = np.zeros(len(rows.texts))
    for learn, answer in rows.folds(np.arange(len(rows.texts))):
        heads, joint = learn_all(parts, rows, learn)
        table = np.concatenate((head_answers(parts, heads), parts.shown), axis=1)
        each = model.stretch_scores(table, weights._replace(**joint))
        out[answer] = model.joined(each, parts.row, parts.size, len(rows.texts))[answer]
    number = np.bincount(parts.row, minlength=len(rows.texts))
    marked = marks.find(pa.array(rows.texts, pa.string()))
    return out * [marks.share_left(marked.get(text, ()), size) for text, size in enumerate(number.tolist())]


def quantised(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 and the step of each column."""
    step = np.abs(matrix).max(0) / 127
    return np.round(matrix / step).astype(np.int8), step


def lexicon(build: bool) -> dict[str, np.ndarray]:
    if build:
        from benchmarks import translation_lexicon

        return translation_lexicon.build()
    with np.load(OUT) as stored:
        return {name: stored[name] for name in LEXICON}


def bare(words: dict[str, np.ndarray]) -> Weights:
    """Weights that hold the lexicon alone."""
    empty = dict.fromkeys(Weights._fields, np.zeros(0))
    return Weights(**(empty | words | {"data": "", "vectors": unpacked(words["directions"])}))


def main() -> None:
    parser = argparse.ArgumentParser(description="train the score of English translations")
    parser.add_argument("--lexicon", action="store_true", help="build the lexicon anew")
    words = lexicon(parser.parse_args().lexicon)
    rows, weights = load_rows(), bare(words)
    parts = measure_parts(rows.texts, rows.scored, weights)
    heads, joint = learn_all(parts, rows, np.arange(len(rows.texts)))
    runs, letters = (
        quantised(coefficients[:-1] * factor[:, None])
        for coefficients, (_, factor) in zip(heads, parts.families, strict=True)
    )
    digests = " ".join(f"{name}={data.digest(name)}" for name in SETS)
    trained = weights._replace(
        **joint, words=runs[0], word_steps=runs[1], letters=letters[0], letter_steps=letters[1], data=digests
    )
    np.savez_compressed(OUT, **to_arrays(trained))  # type: ignore[arg-type]  # one of its own keywords is a bool
    print(f"{OUT.name}: {OUT.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

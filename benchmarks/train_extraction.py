"""`python -m benchmarks.train_extraction [--folds 5]`: train `pipeline/sources/page/page.npz` on the labelled pages.

With `--folds`, first says how well models read the pages of hosts that they were not trained on: that figure, not the
one of the benchmark, tells how new pages will be read. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
import base64
import random
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import data
from benchmarks.quality.extraction import SETS, compare, group_of, summary, tokens
from pipeline.sources.charset.decode import decode
from pipeline.sources.page import article
from pipeline.sources.page.blocks import Block, layout
from pipeline.sources.page.features import NAMES, features
from pipeline.sources.page.metadata import metadata

FILE = Path(article.__file__).with_name("page.npz")
# Swept on held-out hosts: fewer leaves or stronger regularisation lose up to one point of F1 on each set.
SETTINGS = {
    "max_iter": 150, "max_leaf_nodes": 32, "learning_rate": 0.09, "min_samples_leaf": 20, "l2_regularization": 5,
    "max_features": 0.2, "max_depth": 14,
}  # fmt: skip
# One model flips on a few pages whatever the seed; the mean of three gains 0.3 points of F1, on news a whole one.
MODELS = 3
NEGATIVES = 0.6  # share of the blocks outside of articles that each model sees, weighted up for the others
NEWS_WEIGHT = 3.0  # there are few pages of today's news, and they are what the pipeline reads


class Page(NamedTuple):
    """One labelled page: rows of features, whether each block is in the article, how much it weighs."""

    group: str
    host: str
    blocks: list[Block]
    rows: np.ndarray
    inside: np.ndarray
    weights: np.ndarray
    gold: str


def load() -> Iterator[Page]:
    for name in SETS:
        for row in data.load(name):
            root = article.parse(decode(base64.b64decode(row["html_b64"])).text)
            found = layout(root)
            if not found.blocks:
                continue
            rows = features(found, article.clues(metadata(root)))
            words = [tokens(block.text) for block in found.blocks]
            inside = labels(words, tokens(row["text"]))
            group = group_of(name, row)
            sizes = np.array([len(w) for w in words]) + 0.5
            weights = np.minimum(sizes / max(sizes[inside].sum(), 20), 1) * (NEWS_WEIGHT if group == "news" else 1)
            host = row.get("host") or row["url"].split("/")[2]
            yield Page(group, host, found.blocks, rows, inside, weights, row["text"])


def labels(words: list[list[str]], gold: list[str]) -> np.ndarray:
    """Which blocks are part of the gold text: half of their shingles stand in it, or, if they are too short to have

    any, they follow right after a block that does. Of blocks that say the same, only as many as the gold text has.
    """
    places: dict[tuple[str, ...], list[int]] = {}
    for i in range(len(gold) - 3):
        places.setdefault(tuple(gold[i : i + 4]), []).append(i)
    inside = np.zeros(len(words), dtype=bool)
    ends: list[list[int]] = [[] for _ in words]
    same: dict[tuple[str, ...], list[int]] = {}
    for i, own in enumerate(words):
        hits = [places.get(tuple(own[k : k + 4])) for k in range(len(own) - 3)]
        if sum(hit is not None for hit in hits) * 2 >= max(len(hits), 1):
            inside[i] = True
            ends[i] = [place + 4 for place in [hit for hit in hits if hit][-1]]
            same.setdefault(tuple(own), []).append(i)
    sizes = [min(len(own), 40) for own in words]
    for own_words, copies in same.items():
        allowed = max(1, min(len(places.get(own_words[k : k + 4], [0])) for k in range(len(own_words) - 3)))
        weight = np.array(sizes) * inside
        company = {i: weight[max(0, i - 6) : i + 7].sum() for i in copies}
        for i in sorted(copies, key=company.__getitem__, reverse=True)[allowed:]:
            inside[i], ends[i] = False, []
    last = [0]
    for i, own in enumerate(words):
        if ends[i]:
            last = ends[i]
        elif 0 < len(own) < 4 and len("".join(own)) > 1:
            starts = [s for end in last for s in range(end, end + 4) if gold[s : s + len(own)] == own]
            if starts:
                inside[i], last = True, [starts[0] + len(own)]
    return inside


def fit(learned: Sequence[Page]) -> list[Any]:
    """Models that differ in their seeds and in the blocks outside of articles that they saw."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = np.concatenate([page.rows for page in learned])
    inside = np.concatenate([page.inside for page in learned])
    weights = np.concatenate([page.weights for page in learned])
    weights = np.where(inside, weights, weights / NEGATIVES)
    models = []
    for seed in range(MODELS):
        seen = inside | (np.random.RandomState(seed).random_sample(len(inside)) < NEGATIVES)
        model = HistGradientBoostingClassifier(random_state=seed, **SETTINGS)
        models.append(model.fit(rows[seen], inside[seen], sample_weight=weights[seen]))
    return models


def chances(models: list[Any], rows: np.ndarray) -> np.ndarray:
    mean = np.mean([model.decision_function(rows) for model in models], axis=0)
    chance: np.ndarray = 1 / (1 + np.exp(-mean))
    return chance


def text_of(page: Page, chance: np.ndarray) -> str:
    kept = article.chosen(chance, page.rows, np.array([len(b.text) for b in page.blocks]))
    return article.joined([b for b, keep in zip(page.blocks, kept, strict=True) if keep])


def cross_validate(learned: list[Page], folds: int) -> None:
    hosts = sorted({page.host for page in learned})
    random.Random(0).shuffle(hosts)
    fold = {host: i % folds for i, host in enumerate(hosts)}
    scores: dict[str, list[Any]] = {}
    for held in range(folds):
        models = fit([page for page in learned if fold[page.host] != held])
        for page in learned:
            if fold[page.host] == held:
                found = text_of(page, chances(models, page.rows))
                scores.setdefault(page.group, []).append(compare(page.gold, found))
    for group, of_group in scores.items():
        print(
            f"{group:<22} held-out hosts, {folds} folds: P {{:.4f}} R {{:.4f}} F1 {{:.4f}}".format(*summary(of_group))
        )


def export(models: list[Any], file: Path) -> None:
    """All trees as one row of nodes, those of the models in turn; a leaf leads to itself."""
    column: list[int] = []
    limit: list[float] = []
    left: list[int] = []
    right: list[int] = []
    value: list[float] = []
    roots: list[int] = []
    depth = 0
    for (tree,) in chain.from_iterable(zip(*(model._predictors for model in models), strict=True)):
        base = len(column)
        roots.append(base)
        for i, node in enumerate(tree.nodes):
            leaf = bool(node["is_leaf"])
            depth = max(depth, int(node["depth"]))
            column.append(0 if leaf else node["feature_idx"])
            limit.append(0 if leaf else node["num_threshold"])
            left.append(base + (i if leaf else node["left"]))
            right.append(base + (i if leaf else node["right"]))
            value.append(node["value"] / len(models) if leaf else 0)
    np.savez_compressed(
        file, column=np.array(column, np.int16), limit=np.array(limit, np.float32), left=np.array(left, np.int32),
        right=np.array(right, np.int32), value=np.array(value, np.float16), roots=np.array(roots, np.int32),
        depth=np.array(depth), base=np.mean([m._baseline_prediction[0, 0] for m in models]), names=np.array(NAMES),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_extraction", description="train the page model")
    parser.add_argument("--folds", type=int, default=0, help="first cross-validate over hosts in so many folds")
    options = parser.parse_args()
    learned = list(load())
    print(f"{len(learned)} pages, {sum(len(p.blocks) for p in learned)} blocks")
    if options.folds:
        cross_validate(learned, options.folds)
    export(fit(learned), FILE)
    print(f"{FILE}: {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""`python -m benchmarks.train_extraction [--folds 4]`: train `pipeline/sources/page/page.npz` on the labelled pages.

With `--folds`, first says how well models read the pages of sites that they were not trained on: that figure, not the
one of the benchmark, tells how new pages will be read. `--sets` names the sets to learn from; figures are of all.
Needs catboost.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import data
from benchmarks.quality.extraction import compare, group_of, summary, tokens
from benchmarks.trees import plain
from pipeline.sources.charset.decode import decode
from pipeline.sources.page import article
from pipeline.sources.page.blocks import Layout, layout
from pipeline.sources.page.choice import chosen
from pipeline.sources.page.features import NAMES, features
from pipeline.sources.page.metadata import metadata

FILE = Path(article.__file__).with_name("page.npz")
SETS = ("news", "press", "web", "world", "press_more", "web_more")
DEPTH = 6
# On held-out sites depth 7 gains 0.2 points of F1 on blogs and loses 0.4 on the press of 2011.
SETTINGS = {
    "iterations": 400, "depth": DEPTH, "learning_rate": 0.12, "l2_leaf_reg": 6, "border_count": 64, "thread_count": 2,
    "allow_writing_files": False, "verbose": 0,
}  # fmt: skip
# One model flips on a few pages whatever the seed; the mean of three does so less.
MODELS = 3
NEGATIVES = 0.35  # share of the blocks outside of articles that each model sees, weighted up for the others
WEIGHTS = {"news": 3.0, "world": 3.0}  # there are few pages of today's news, and they are what the pipeline reads


class Page(NamedTuple):
    """One labelled page: rows of features, whether each block is in the article, how much it weighs."""

    group: str
    of_set: str
    site: str
    layout: Layout
    rows: np.ndarray
    inside: np.ndarray
    weights: np.ndarray
    gold: str


def load() -> Iterator[Page]:
    for name in SETS:
        for row in data.load(f"extraction_{name}"):
            root = article.parse(decode(base64.b64decode(row["html_b64"])).text)
            found = layout(root)
            if not found.blocks:
                continue
            rows = features(found, article.clues(metadata(root)))
            words = [tokens(block.text) for block in found.blocks]
            inside = labels(words, tokens(row["text"]))
            sizes = np.array([len(w) for w in words]) + 0.5
            weights = np.minimum(sizes / max(sizes[inside].sum(), 20), 1) * WEIGHTS.get(name, 1.0)
            site = site_of(row.get("host") or row["url"] or row["id"])
            yield Page(group_of(name, row), name, site, found, rows, inside, weights, row["text"])


def site_of(address: str) -> str:
    """What is registered of a host, `example.co.uk`: pages of its parts are alike."""
    parts = address.split("//")[-1].split("/")[0].lower().split(":")[0].split(".")
    is_deep = len(parts) > 2 and (len(parts[-2]) <= 2 or parts[-2] in ("com", "net", "org", "gov", "edu"))
    return ".".join(parts[-3 if is_deep else -2 :])


def fold_of(site: str, folds: int) -> int:
    """The same for a site whatever the others are, so that figures can be compared when sets are added."""
    return int(hashlib.md5(site.encode()).hexdigest(), 16) % folds


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
    from catboost import CatBoostClassifier, Pool

    rows = np.concatenate([page.rows for page in learned])
    inside = np.concatenate([page.inside for page in learned])
    weights = np.concatenate([page.weights for page in learned])
    weights = np.where(inside, weights, weights / NEGATIVES)
    models = []
    for seed in range(MODELS):
        seen = inside | (np.random.RandomState(seed).random_sample(len(inside)) < NEGATIVES)
        model = CatBoostClassifier(random_seed=seed, **SETTINGS)
        models.append(model.fit(Pool(rows[seen], inside[seen], weight=weights[seen])))
    return models


def chances(models: list[Any], rows: np.ndarray) -> np.ndarray:
    mean = np.mean([model.predict(rows, prediction_type="RawFormulaVal") for model in models], axis=0)
    chance: np.ndarray = 1 / (1 + np.exp(-mean))
    return chance


def text_of(page: Page, chance: np.ndarray) -> str:
    kept = chosen(page.layout, page.rows, chance).kept
    return article.joined([block for block, keep in zip(page.layout.blocks, kept, strict=True) if keep])


def cross_validate(pages: list[Page], folds: int, sets: Sequence[str]) -> None:
    scores: dict[str, list[Any]] = {}
    for held in range(folds):
        models = fit([page for page in pages if fold_of(page.site, folds) != held and page.of_set in sets])
        for page in pages:
            if fold_of(page.site, folds) == held:
                found = text_of(page, chances(models, page.rows))
                scores.setdefault(page.group, []).append(compare(page.gold, found))
    for group, of_group in scores.items():
        figures = "P {:.4f} R {:.4f} F1 {:.4f}".format(*summary(of_group))
        print(f"{group:<24} {len(of_group):>4} pages of held-out sites, {folds} folds: {figures}", flush=True)


def export(models: list[Any], file: Path) -> None:
    """All trees, those of the models in turn, so that the first of them are the first of each."""
    parts = [plain(model, DEPTH) for model in models]
    columns, limits, leaves = (np.stack([part[i] for part in parts], axis=1) for i in range(3))
    np.savez_compressed(
        file,
        columns=columns.reshape(-1, columns.shape[-1]),
        limits=limits.reshape(-1, limits.shape[-1]),
        leaves=(leaves.reshape(-1, leaves.shape[-1]) / len(models)).astype(np.float16),
        base=np.mean([part[3] for part in parts]),
        names=np.array(NAMES),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_extraction", description="train the page model")
    parser.add_argument("--folds", type=int, default=0, help="first cross-validate over sites in so many folds")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS, help="the sets to learn from")
    options = parser.parse_args()
    pages = list(load())
    print(f"{len(pages)} pages, {sum(len(p.layout.blocks) for p in pages)} blocks", flush=True)
    if options.folds:
        cross_validate(pages, options.folds, options.sets)
    export(fit([page for page in pages if page.of_set in options.sets]), FILE)
    print(f"{FILE}: {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""Train `pipeline/rules/boilerplate/lines.npz`: `python -m benchmarks.train_lines` (needs catboost, scikit-learn).

The lines of labelled pages, alone and among the other pages of their site, and of articles with a few leftovers as
lines to spare. The lexicon (log odds of words) is learned first, and for the trees' training it is learned on other
sites than the line's own, so that the trees do not trust it more than it deserves.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import data
from benchmarks.line_pages import (
    ARTICLES,
    BOILERPLATE,
    CONTENT,
    SCRAPED,
    SENTENCES,
    UNSURE,
    WIDER,
    WIDER_SETS,
    Counts,
    Page,
    among_others,
    counts_of_sites,
    domain,
    excerpt,
    leftovers,
    pages,
    wider,
    with_leftovers,
)  # fmt: skip
from benchmarks.trees import plain
from pipeline.facts.trees import SymmetricTrees
from pipeline.rules.boilerplate import features as shape
from pipeline.rules.boilerplate import model as lines_model
from pipeline.rules.boilerplate.doubtful import sparing, worth_asking
from pipeline.rules.boilerplate.features import features
from pipeline.rules.boilerplate.grammar import flatten
from pipeline.rules.boilerplate.model import Model

if TYPE_CHECKING:
    pass

SETS = (
    "boilerplate_lines", "translation_documents", "articles", "extraction_news", "extraction_web", "extraction_press",
    "language_sentences", *WIDER_SETS,
)  # fmt: skip
MIN_SITES = 5  # a word of fewer sites says nothing
DEPTH = 6  # of the trees
TREES = {
    "depth": DEPTH, "iterations": 400, "learning_rate": 0.1, "l2_leaf_reg": 5, "border_count": 64,
    "bootstrap_type": "Bernoulli", "subsample": 0.5, "rsm": 0.3,
}  # fmt: skip
MODELS = 3  # each on leftovers drawn anew, and averaged: one alone is off by a point or two on a set, either way
FOLDS = 5
STORED = Path(__file__).with_name("folds")
FEW = (1, 1, 2, 3, 5)  # leftovers in an article
# of a line in an article with leftovers; with less, more of such articles is lost; with more, less of whole pages goes
WEIGHTS = {ARTICLES: 0.1, SCRAPED: 0.1, SENTENCES: 0.1}
WEIGHT = 0.15
AMONG_OTHERS = 0.7  # weight of a page with the uses of its lines
LESS_SURE = 0.3  # weight of pages whose labels nobody has looked at; with twice that, less of the others goes
OF_CONTENT = 2  # weight of a line of the article against one of the site: losing it costs more
MOST_LINES = 100  # of one page, drawn by chance: more teach little and take long


def lexicon(chosen: Sequence[Page]) -> shape.Lexicon:
    """Log odds of each word, in hundredths: on how many sites it stands in boilerplate, and on how many in content."""
    sites: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for page in chosen:
        flat = flatten(page.text)
        for line, label in zip(page.lines, page.labels, strict=True):
            if label == UNSURE or page.kind in WEIGHTS:
                continue
            for word in set(shape.words(flat[line.start : line.end])):
                sites[word][label == CONTENT].add(page.site)
    odds = {w: np.log((len(b) + 0.5) / (len(c) + 0.5)) for w, (b, c) in sites.items() if len(b) + len(c) >= MIN_SITES}
    return shape.Lexicon({word: round(100 * float(odd)) for word, odd in sorted(odds.items())})


def versions(
    page: Page, pool: Sequence[Sequence[str]], counts: Counts, chance: random.Random
) -> Iterator[tuple[Page, float]]:
    """The page, and its article or some of it with leftovers of other pages, with the weight of their lines."""
    if page.kind not in WEIGHTS:
        yield page, 1.0
        among = among_others(page, counts)
        if among is not None:
            yield among, AMONG_OTHERS
        yield with_leftovers(excerpt(page, chance), pool, chance.choice(FEW), chance), WEIGHT
    if page.kind == SCRAPED:
        yield page, WEIGHTS[page.kind]
    else:
        yield with_leftovers(page, pool, chance.choice(FEW), chance), WEIGHTS.get(page.kind, WEIGHT)


def table(
    chosen: Sequence[Page], words: shape.Lexicon, pool: Sequence[Sequence[str]], counts: Counts, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels and weights of the lines whose label is known; characters count, and pages."""
    rows, wanted, weights = [], [], []
    chance = random.Random(seed)
    for whole in chosen:
        for page, share in versions(whole, pool, counts, chance):
            found = sparing(page.lines)
            sure = [n for n, label in enumerate(page.labels) if label != UNSURE]
            if sure and worth_asking(found):
                drawn = sorted(chance.sample(sure, min(len(sure), MOST_LINES)))
                rows.append(features(page.text, found, words)[drawn])
                wanted += [page.labels[n] == BOILERPLATE for n in drawn]
                sizes = np.clip([len(page.lines[n].text) for n in drawn], 10, 400)
                share *= (LESS_SURE if page.kind == WIDER else 1.0) * len(sure) / len(drawn)
                costs = np.array([OF_CONTENT if page.labels[n] == CONTENT else 1 for n in drawn])
                weights.append(share * costs * sizes**0.8 / max(len(sure), 20) ** 0.5)
    return np.concatenate(rows), np.array(wanted), np.concatenate(weights)


def folds(chosen: Sequence[Page], number: int) -> Iterator[tuple[list[Page], list[Page]]]:
    """Pages to learn from and pages to try, no site in both."""
    from sklearn.model_selection import GroupKFold

    for learn, test in GroupKFold(number).split(chosen, groups=[page.site for page in chosen]):
        yield [chosen[n] for n in learn], [chosen[n] for n in test]


def beside(tried: Sequence[Page], more: Sequence[Page]) -> list[Page]:
    """Those of `more` whose publisher has none of the pages to try."""
    publishers = {domain(page.site) for page in tried}
    return [page for page in more if domain(page.site) not in publishers]


def train(chosen: Sequence[Page]) -> Model:
    from catboost import CatBoostClassifier

    from_pages = [page for page in chosen if page.kind not in WEIGHTS]
    pool, counts = leftovers(from_pages), counts_of_sites(from_pages)
    quarters = [(others, lexicon(learn)) for learn, others in folds(chosen, 4)]
    words = lexicon(chosen)
    models = []
    for seed in range(MODELS):
        tables = [table(others, learned, pool, counts, seed) for others, learned in quarters]
        rows, wanted, weights = (np.concatenate(parts) for parts in zip(*tables, strict=True))
        grown = CatBoostClassifier(thread_count=1, verbose=0, allow_writing_files=False, random_seed=seed, **TREES)
        models.append(plain(grown.fit(rows, wanted, sample_weight=weights), DEPTH))
    columns, limits, leaves = (np.concatenate(arrays) for arrays in list(zip(*models, strict=True))[:3])
    trees = SymmetricTrees.of(columns, limits, leaves / np.float32(MODELS))
    return Model(trees, words, sum(model.bias for model in models) / MODELS)


def digests() -> str:
    return " ".join(f"{name}={data.digest(name)}" for name in SETS)


def save(trained: Model, file: Path) -> None:
    trees = trained.trees
    np.savez_compressed(
        file,
        columns=trees.columns[trees.questions.T].astype(np.int16),
        limits=trees.limits[trees.questions.T],
        leaves=trees.leaves.astype(np.float16),
        words=np.array(" ".join(trained.lexicon.odds)),
        odds=np.array(list(trained.lexicon.odds.values()), np.int16),
        bias=np.array(trained.bias),
        data=np.array(digests()),
    )


def unseen(everything: Sequence[Page]) -> Iterator[tuple[Model, list[Page]]]:
    """The stored models of `FOLDS` parts of the sites, each with the pages that it has not seen.

    They are kept so that the benchmark needs no training; SystemExit when they were trained on other data.
    """
    for number, (_, test) in enumerate(folds(everything, FOLDS)):
        file = STORED / f"lines-{number}.npz"
        with np.load(file) as stored:
            if str(stored["data"]) != digests():
                raise SystemExit(f"{file}: trained on other data; run `python -m benchmarks.train_lines`")
        yield lines_model.load(file), test


def main() -> None:
    everything, more = pages(), list(wider())
    STORED.mkdir(exist_ok=True)
    for number, (learn, test) in enumerate(folds(everything, FOLDS)):
        save(train([*learn, *beside(test, more)]), STORED / f"lines-{number}.npz")
        print(f"fold {number + 1} of {FOLDS}", flush=True)
    trained = train([*everything, *more])
    save(trained, lines_model.WEIGHTS)
    size = lines_model.WEIGHTS.stat().st_size / 1e6
    told = f"{len(trained.trees.leaves)} trees, {len(trained.lexicon.odds)} words"
    print(f"{lines_model.WEIGHTS.name}: {size:.2f} MB, {told}")


if __name__ == "__main__":
    main()

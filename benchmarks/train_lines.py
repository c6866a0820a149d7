"""Train `pipeline/rules/boilerplate/lines.npz`: `python -m benchmarks.train_lines` (needs catboost, scikit-learn).

The lines of `boilerplate_lines`, with those of news written or translated by people as lines to spare. The lexicon
(log odds of words) is learned first, and for the trees' training it is learned on other sites than the line's own, so
that the trees do not trust it more than it deserves.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlparse

import numpy as np

from benchmarks import data
from pipeline.rules.boilerplate import features as shape
from pipeline.rules.boilerplate import model as lines_model
from pipeline.rules.boilerplate.doubtful import is_paragraph
from pipeline.rules.boilerplate.features import features
from pipeline.rules.boilerplate.model import Model
from pipeline.rules.boilerplate.phrases import flatten
from pipeline.rules.boilerplate.view import Line, view

SETS = ("boilerplate_lines", "translation_documents", "articles", "extraction_news", "extraction_web")
MIN_SITES = 4  # a word of fewer sites says nothing
TREES = {"depth": 6, "iterations": 300, "learning_rate": 0.1, "l2_leaf_reg": 5, "border_count": 64, "random_seed": 1}
UNSURE, CONTENT, ARTICLES, SCRAPED = "unsure", "content", "articles", "scraped"
SCRAPED_STEP = 5  # one in so many of the set `articles`
SEED = 7
FOLDS = 5
STORED = Path(__file__).with_name("folds")
HALF_CLEAN = 0.1  # the weight of a line in a page made up from another; with 1.0 whole pages are judged worse


@dataclass(frozen=True)
class Page:
    """A labelled text; `site` is what cross-validation keeps together."""

    id: str
    kind: str
    site: str
    text: str
    lines: tuple[Line, ...]
    labels: tuple[str, ...]


def pages() -> list[Page]:
    """All labelled pages, and articles whose every line is content."""
    sites = _sites()
    found = []
    for row in data.load("boilerplate_lines"):
        text = [line.replace("\n", " ").replace("\r", " ") for line in row["lines"]]
        labels = [label for line, label in zip(text, row["labels"], strict=True) if line and not line.isspace()]
        site = row["host"] or sites.get(row["id"]) or row["id"]
        found.append(_page(row["id"], row["set"], site, "\n".join(text), labels))
    articles = (row for row in data.load("translation_documents") if row["kind"] != "machine")
    found += [_page(row["id"], ARTICLES, row["doc"], row["text"], None) for row in articles]
    texts = data.article_texts()[::SCRAPED_STEP]
    return found + [_scraped(f"{SCRAPED}{number}", text) for number, text in enumerate(texts)]


def _scraped(identity: str, text: str) -> Page:
    """An article with leftovers of which nobody said what they are: its paragraphs are content, as far as known."""
    found = view(text)
    labels = tuple(CONTENT if is_paragraph(line.text) and not line.rule else UNSURE for line in found)
    return Page(identity, SCRAPED, identity, text, found, labels)


def _page(identity: str, kind: str, site: str, text: str, labels: list[str] | None) -> Page:
    found = view(text)
    return Page(identity, kind, site, text, found, tuple(labels or [CONTENT] * len(found)))


def _sites() -> dict[str, str]:
    urls = {row["id"]: row["url"] for name in ("extraction_news", "extraction_web") for row in data.load(name)}
    hosts = {i: urlparse(url if "//" in url else "//" + url).netloc for i, url in urls.items()}
    return {i: host.removeprefix("www.") for i, host in hosts.items()}


def lexicon(chosen: list[Page]) -> dict[str, float]:
    """Log odds of each word: on how many sites it stands in boilerplate, and on how many in content."""
    sites: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for page in chosen:
        flat = flatten(page.text)
        for line, label in zip(page.lines, page.labels, strict=True):
            if label == UNSURE or page.kind in (ARTICLES, SCRAPED):
                continue
            for word in set(shape.words(flat[line.start : line.end])):
                sites[word][label == CONTENT].add(page.site)
    odds = {w: np.log((len(b) + 0.5) / (len(c) + 0.5)) for w, (b, c) in sites.items() if len(b) + len(c) >= MIN_SITES}
    return {word: round(float(odd), 2) for word, odd in sorted(odds.items())}


def half_clean(page: Page, chance: random.Random) -> Iterator[Page]:
    """The page as it stands when boilerplate has been cut from it, and excerpts of its article.

    Without these the trees would take every text for a whole page, and find boilerplate in clean ones.
    """
    content = [n for n, label in enumerate(page.labels) if label == CONTENT]
    if page.kind not in (ARTICLES, SCRAPED):
        yield _only(page, [n for n, label in enumerate(page.labels) if label != "boilerplate"])
    for _ in range(2):
        start, size = chance.randrange(max(len(content), 1)), chance.randint(3, 12)
        yield _only(page, content[start : start + size])


def _only(page: Page, kept: list[int]) -> Page:
    text = "\n".join(page.lines[n].text for n in kept)
    return replace(page, text=text, lines=view(text), labels=tuple(page.labels[n] for n in kept))


def table(chosen: list[Page], words: dict[str, float]):
    """Features, labels and weights of the lines whose label is known; long lines count for more."""
    rows, wanted, weights = [], [], []
    chance = random.Random(SEED)
    versions = [(page, 1.0) for page in chosen]
    versions += [(half, HALF_CLEAN) for page in chosen for half in half_clean(page, chance)]
    for page, share in versions:
        known = [n for n, label in enumerate(page.labels) if label != UNSURE]
        if known:
            rows.append(features(page.text, page.lines, words)[known])
            wanted += [page.labels[n] == "boilerplate" for n in known]
            weights += [share * min(max(len(page.lines[n].text), 10), 300) ** 0.5 for n in known]
    return np.concatenate(rows), np.array(wanted), np.array(weights)


def folds(chosen: list[Page], number: int):
    """Pages to learn from and pages to try, no site in both."""
    from sklearn.model_selection import GroupKFold

    for learn, test in GroupKFold(number).split(chosen, groups=[page.site for page in chosen]):
        yield [chosen[n] for n in learn], [chosen[n] for n in test]


def train(chosen: list[Page]) -> Model:
    from catboost import CatBoostClassifier

    tables = [table(others, lexicon(learn)) for learn, others in folds(chosen, 4)]
    rows, wanted, weights = (np.concatenate(parts) for parts in zip(*tables, strict=True))
    trees = CatBoostClassifier(thread_count=1, verbose=0, allow_writing_files=False, **TREES)
    trees.fit(rows, wanted, sample_weight=weights)
    return _plain(trees, lexicon(chosen))


def _plain(trees, words: dict[str, float]) -> Model:
    """The trees as arrays; shallower ones are filled up with questions that all lines answer with no."""
    import json
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trees.json"
        trees.save_model(str(file), format="json")
        stored = json.loads(file.read_text())
    depth = TREES["depth"]
    columns = np.zeros((len(stored["oblivious_trees"]), depth), np.int16)
    limits = np.full(columns.shape, np.inf, np.float32)
    leaves = np.zeros((len(columns), 2**depth), np.float32)
    scale, (bias,) = stored["scale_and_bias"]
    for number, tree in enumerate(stored["oblivious_trees"]):
        for level, split in enumerate(tree["splits"]):
            columns[number, level] = split["float_feature_index"]
            limits[number, level] = split["border"]
        leaves[number, : len(tree["leaf_values"])] = tree["leaf_values"]
    return Model(columns.astype(np.int64), limits, leaves * np.float32(scale), words, float(bias))


def digests() -> str:
    return " ".join(f"{name}={data.digest(name)}" for name in SETS)


def save(trained: Model, file: Path) -> None:
    np.savez_compressed(
        file,
        columns=trained.columns.astype(np.int16),
        limits=trained.limits,
        leaves=trained.leaves.astype(np.float16),
        words=np.array(" ".join(trained.lexicon)),
        odds=np.array([round(odd * 100) for odd in trained.lexicon.values()], np.int16),
        bias=np.array(trained.bias),
        data=np.array(digests()),
    )


def unseen(everything: list[Page]):
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
    everything = pages()
    trained = train(everything)
    save(trained, lines_model.WEIGHTS)
    size = lines_model.WEIGHTS.stat().st_size / 1e6
    print(f"{lines_model.WEIGHTS.name}: {size:.2f} MB, {len(trained.leaves)} trees, {len(trained.lexicon)} words")
    STORED.mkdir(exist_ok=True)
    for number, (learn, _) in enumerate(folds(everything, FOLDS)):
        save(train(learn), STORED / f"lines-{number}.npz")
        print(f"fold {number + 1} of {FOLDS}")


if __name__ == "__main__":
    main()

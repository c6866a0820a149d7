"""`python -m benchmarks.train_language`: fit what `pipeline.facts.language` adds to langdetect's profiles.

Written into the package: `neighbours.npz`, n-grams counted in `language_sentences` of languages that langdetect lacks,
and `certainty.npz`, the constants that turn sums into probabilities. All constants are fitted on scores that come from
profiles counted on other sentences (five folds). Texts are sentences, their first words, and five sentences together,
so that the probabilities hold for all lengths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks import data
from pipeline import text
from pipeline.facts import language
from pipeline.facts.language import certainty, profiles
from pipeline.facts.language.certainty import Weights

FOLDS = 5
# Bosnian and Malay share nearly all n-grams with Croatian and Indonesian: to know them would cost those two a third of
# their texts. They come out as hr and id.
INSEPARABLE = ("bs", "ms")
# Languages of langdetect without texts in the set take the constants of a language counted on like texts.
LIKE = {"kn": "te", "ml": "ta", "ne": "hi", "zh-tw": "zh-cn"}
RARITY = 0.3  # weight of a text in a language that langdetect lacks: news in them is rarer than a third of a corpus
ENGLISH_NEWS = 2000
PENALTY = 3e-4  # on the squared constants of a language; 1e-2 to 1e-5 differ by 0.1 points
PACKAGE = Path(language.__file__).parent


class Texts(NamedTuple):
    """Texts with their languages and folds; `sums` as `language.sums_of` makes them, from other folds' profiles."""

    texts: list[str]
    codes: NDArray[np.str_]
    folds: NDArray[np.int64]


def count(texts: Sequence[str], least: int = 2) -> profiles.Counts:
    """All n-grams of the texts that occur `least` times, in langdetect's manner."""
    grams: Counter[str] = Counter()
    for each in texts:
        ngram = NGram()
        for letter in NGram.normalize_vi(each):
            ngram.add_char(letter)
            grams.update(filter(None, map(ngram.get, (1, 2, 3))))
    sums = [sum(n for gram, n in grams.items() if len(gram) == length) for length in (1, 2, 3)]
    kept = sorted(gram for gram, n in grams.items() if n >= least)
    return profiles.Counts(np.array(kept, "<U3"), np.array([grams[gram] for gram in kept]), np.array(sums))


def sentences() -> Texts:
    rows = [row for row in data.load("language_sentences") if row["lang"] not in INSEPARABLE]
    codes = np.array([row["lang"] for row in rows])
    folds = np.zeros(len(rows), np.int64)
    for code in np.unique(codes):
        folds[codes == code] = np.arange(np.count_nonzero(codes == code)) % FOLDS
    return Texts([row["text"] for row in rows], codes, folds)


def with_english_news(whole: Texts) -> Texts:
    """The sentences, and those of English news of `translation_documents` that people wrote or translated.

    Two thousand sentences: what this project reads most is English, full of names from everywhere.
    """
    rows = [row["text"] for row in data.load("translation_documents") if row["kind"] in ("original", "human")]
    english = [(row[a:b], number % FOLDS) for number, row in enumerate(rows) for a, b in text.sentences(row)]
    english = english[:: len(english) // ENGLISH_NEWS][:ENGLISH_NEWS]
    return Texts(
        whole.texts + [sentence for sentence, _ in english],
        np.concatenate([whole.codes, np.full(len(english), "en")]),
        np.concatenate([whole.folds, [fold for _, fold in english]]),
    )


def neighbours_of(whole: Texts, taken: NDArray[np.bool_]) -> dict[str, profiles.Counts]:
    lacking = sorted(set(whole.codes.tolist()) - set(profiles.installed(profiles.package())))
    return {
        code: count([sentence for sentence, use in zip(whole.texts, taken & (whole.codes == code), strict=True) if use])
        for code in lacking
    }


def with_other_lengths(whole: Texts) -> Texts:
    """The sentences, their first four words, and joins of five in the same language and fold."""
    texts, codes, folds = list(whole.texts), whole.codes.tolist(), whole.folds.tolist()
    texts += [" ".join(sentence.split()[:4])[:40] for sentence in whole.texts]
    codes, folds = codes * 2, folds * 2
    for code in np.unique(whole.codes):
        for fold in range(FOLDS):
            members = np.flatnonzero((whole.codes == code) & (whole.folds == fold)).tolist()
            for first in range(0, len(members) - 4, 5):
                texts.append(" ".join(whole.texts[i] for i in members[first : first + 5]))
                codes.append(code)
                folds.append(fold)
    return Texts(texts, np.array(codes), np.array(folds))


def held_out_sums(whole: Texts, texts: Texts) -> NDArray[np.float64]:
    """The sums of each text under profiles of neighbours counted on the other folds."""
    installed, package = profiles.installed(profiles.package()), profiles.package()
    sums: NDArray[np.float64] | None = None
    for fold in range(FOLDS):
        packed = profiles.pack(installed, neighbours_of(whole, whole.folds != fold), package)
        chosen = np.flatnonzero(texts.folds == fold)
        found = language.sums_of([texts.texts[i] for i in chosen], packed)
        sums = np.zeros((len(texts.texts), found.shape[1])) if sums is None else sums
        sums[chosen] = found
    assert sums is not None
    return sums


def fit_posterior(
    nats: NDArray[np.float64], letters: NDArray[np.float64], truth: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[float, float, NDArray[np.float64], NDArray[np.float64]]:
    """Scale, shrink, louder and prior by maximum likelihood, the last two held near 0."""
    count, width = nats.shape
    log_length = np.log(letters / certainty.REFERENCE)
    row, share = np.arange(count), weight / weight.sum()

    def loss(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        louder, prior = x[2 : 2 + width], x[2 + width :]
        scale = np.exp(x[0] - x[1] * log_length)
        loud = nats - louder * letters[:, None]
        scores = scale[:, None] * loud + prior
        scores -= scores.max(axis=1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        error = np.exp(scores)
        error[row, truth] -= 1
        error *= share[:, None]
        by_scale = (error * loud).sum(axis=1) * scale
        gradient = [by_scale.sum(), -(by_scale * log_length).sum()]
        by_louder = -(error * (scale * letters)[:, None]).sum(axis=0) + 2 * PENALTY * louder
        by_prior = error.sum(axis=0) + 2 * PENALTY * prior
        penalty = PENALTY * ((louder**2).sum() + (prior**2).sum())
        return float(-(share * scores[row, truth]).sum() + penalty), np.r_[gradient, by_louder, by_prior]

    start = np.r_[np.log(0.15), 0.4, np.zeros(2 * width)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 400}).x
    return float(np.exp(found[0])), float(found[1]), found[2 : 2 + width], found[2 + width :]


def usual_nats(
    nats: NDArray[np.float64],
    letters: NDArray[np.float64],
    truth: NDArray[np.int64],
    installed: dict[str, profiles.Counts],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nats a letter of each known language's own texts, and their spread.

    Where there are no texts, what the profile leads to expect, corrected as for a language counted on like texts.
    """
    order, expected = list(installed), np.array([_expected(counts) for counts in installed.values()])
    each = [nats[truth == i, i] / letters[truth == i] for i in range(len(installed))]
    each = [values if len(values) else np.array([np.nan]) for values in each]
    middle = np.array([np.median(values) for values in each])
    spread = np.array([np.subtract(*np.quantile(values, [0.75, 0.25])) / 1.35 for values in each])
    like = [order.index(LIKE.get(code, code)) for code in order]
    return expected * (middle / expected)[like], spread[like]


def _expected(counts: profiles.Counts) -> float:
    length = np.char.str_len(counts.grams)
    share = counts.counts / counts.sums[length - 1]
    return float((share * np.log1p(share / profiles.ALPHA)).sum())


def logistic(
    features: NDArray[np.float64], right: NDArray[np.bool_], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The weights of a logistic regression."""

    def loss(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        signed = np.where(right, 1, -1)
        margin = signed * (features @ x)
        return float((weight * np.logaddexp(0, -margin)).sum()), -(
            features.T @ (weight * signed / (1 + np.exp(margin)))
        )

    return np.asarray(minimize(loss, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B").x)


def fit(
    sums: NDArray[np.float64], codes: NDArray[np.str_], order: Sequence[str], installed: dict[str, profiles.Counts]
) -> Weights:
    """All constants from the held-out sums of texts in the languages `order`, the known ones first."""
    letters, nats = sums[:, -1], sums[:, : len(order)]
    enough = letters >= certainty.MIN_LETTERS
    letters, nats, codes = letters[enough], nats[enough], codes[enough]
    truth = np.array([order.index(code) for code in codes])
    foreign = truth >= len(installed)
    weight = np.where(foreign, RARITY, 1.0)
    seen = np.array([code not in LIKE for code in order])
    place = np.cumsum(seen) - 1
    from_seen = [int(place[order.index(LIKE.get(code, code))]) for code in order]
    scale, shrink, louder, prior = fit_posterior(nats[:, seen], letters, place[truth], weight)
    louder, prior = louder[from_seen], prior[from_seen]
    usual, spread = usual_nats(nats, letters, truth, installed)
    weights = Weights(scale, shrink, louder, prior, usual, spread, np.zeros(3), np.array([0.0, 1.0]))
    weights = weights._replace(fit=_fit_of_hidden(nats, letters, truth, weight, weights))
    best, raw = certainty.raw_probability(sums[enough], len(installed), weights)
    features = np.stack([np.ones_like(raw), certainty.logit(raw)], axis=1)
    return weights._replace(sureness=logistic(features, best == truth, weight))


def _fit_of_hidden(
    nats: NDArray[np.float64],
    letters: NDArray[np.float64],
    truth: NDArray[np.int64],
    weight: NDArray[np.float64],
    weights: Weights,
) -> NDArray[np.float64]:
    """How much a text must fit: learned on neighbours whose profiles are hidden, one half of them after the other."""
    count = len(weights.usual)
    rows, right, weigh = [], [], []
    for half in range(2):
        hidden = (np.arange(nats.shape[1]) >= count) & (np.arange(nats.shape[1]) % 2 == half)
        use = np.flatnonzero((truth < count) | hidden[truth])
        best = (certainty.posterior(nats[use], letters[use], weights) * ~hidden).argmax(axis=1)
        # mistakes among known languages are no matter of the fit
        kept = (best < count) & ((best == truth[use]) | hidden[truth[use]])
        use, best = use[kept], best[kept]
        rows.append(certainty.fit_features(nats[use, best], letters[use], best, weights))
        right.append(best == truth[use])
        weigh.append(weight[use])
    return logistic(np.concatenate(rows), np.concatenate(right), np.concatenate(weigh))


class Judged(NamedTuple):
    """Cross-validated answers for the sentences of the set; `best` are codes, also where the answer would be "und"."""

    codes: NDArray[np.str_]
    best: NDArray[np.str_]
    probability: NDArray[np.float64]


def cross_validated() -> Judged:
    """Each sentence judged by profiles of neighbours and constants that come from the other folds."""
    whole = sentences()
    installed = profiles.installed(profiles.package())
    texts = with_other_lengths(with_english_news(whole))
    sums = held_out_sums(whole, texts)
    order = [*installed, *sorted(set(whole.codes.tolist()) - set(installed))]
    size = len(whole.texts)
    best, probability = np.zeros(size, np.int64), np.zeros(size)
    for fold in range(FOLDS):
        weights = fit(sums[texts.folds != fold], texts.codes[texts.folds != fold], order, installed)
        chosen = np.flatnonzero(whole.folds == fold)
        best[chosen], probability[chosen] = certainty.judge(sums[chosen], len(installed), weights)
    return Judged(whole.codes, np.array(order)[best], probability)


def main() -> None:
    whole = sentences()
    installed = profiles.installed(profiles.package())
    counted = neighbours_of(whole, np.ones(len(whole.texts), bool))
    texts = with_other_lengths(with_english_news(whole))
    sums = held_out_sums(whole, texts)
    weights = fit(sums, texts.codes, [*installed, *counted], installed)
    np.savez_compressed(
        PACKAGE / "neighbours.npz",
        codes=np.array(list(counted)),
        sizes=np.array([len(counts.grams) for counts in counted.values()]),
        sums=np.stack([counts.sums for counts in counted.values()]).astype(np.int32),
        grams=np.concatenate([counts.grams for counts in counted.values()]),
        counts=np.concatenate([counts.counts for counts in counted.values()]).astype(np.uint16),
    )
    np.savez_compressed(
        PACKAGE / "certainty.npz", data=np.array(data.digest("language_sentences")), **weights._asdict()
    )
    print(weights)


if __name__ == "__main__":
    main()

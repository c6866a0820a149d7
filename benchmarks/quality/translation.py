"""The score of English translations, cross-validated by document and judged within language pairs; the rules' alarms.

The weights in the package have seen all labelled texts, so they are not what is measured here: for each fifth of the
documents, both layers are learned anew from the other four (`benchmarks/train_translation.py`, needs scikit-learn). The
lexicon is as stored; it has seen no label.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks import data, train_translation
from benchmarks.quality import Measure, _pace
from pipeline import edits
from pipeline.facts.translation import qualities, quality
from pipeline.facts.translation.weights import load
from pipeline.records import Facts, Language
from pipeline.rules import encoding, translation
from pipeline.rules.translation.score import GARBLED

SEEDS = Path(__file__).resolve().parents[2] / "seeds"


def measure() -> list[Measure]:
    rows = train_translation.load_rows()
    weights = train_translation.bare(train_translation.lexicon(build=False))
    parts = train_translation.measure_parts(rows.texts, rows.scored, weights)
    score = train_translation.cross_validated(parts, rows, weights)
    show_rules(rows)
    return [*of_scores(rows, score), *of_seeds(score[rows.kind == "original"]), *of_package()]


def of_scores(rows: train_translation.Rows, score: np.ndarray) -> list[Measure]:
    """How well the score ranks and parts, on scores that have not seen the document."""
    correlations = {
        pair: rank_correlation(score[rows.scored & (rows.pair == pair)], rows.score[rows.scored & (rows.pair == pair)])
        for pair in sorted(set(rows.pair[rows.scored]))
    }
    garbled, good = rows.scored & (rows.score < 40), rows.scored & (rows.score >= 70)
    limit = np.quantile(score[rows.kind == "original"], 0.01)
    people = rows.kind == "human"
    strong = (rows.kind == "machine") & (rows.human_z >= 0)
    mean = float(np.mean(list(correlations.values())))
    by_pair = " ".join(f"{pair} {value:.2f}" for pair, value in correlations.items())
    return [
        Measure("Spearman with human scores, mean of pairs", mean, ">= .60", by_pair),
        Measure("AUC garbled against good", area(score[good], score[garbled]), ">= .985"),
        Measure("garbled found at 1 % false alarms", share(score[garbled] < limit), ">= .90", f"limit {limit:.3f}"),
        Measure("human and strong systems flagged there", share(score[people | strong] < limit), "<= .02"),
        Measure("  of these, human translations", share(score[people] < limit)),
        Measure("good Wikipedia translations flagged there", share(score[good] < limit), "as few as can be"),
        Measure("articles as scraped flagged there", share(score[rows.kind == "article"] < limit), "as few as can be"),
        Measure("garbled set aside by default", share(score[garbled] < GARBLED), "", f"score below {GARBLED}"),
        Measure("original news set aside by default", share(score[rows.kind == "original"] < GARBLED), "0"),
        Measure("human translations set aside by default", share(score[people] < GARBLED), "few"),
        Measure("5 % of original news score below", float(np.quantile(score[rows.kind == "original"], 0.05))),
    ]


def share(holds: np.ndarray) -> float:
    """Of how many it holds."""
    return float(np.mean(holds))


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, ties at their mean."""
    _, at, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[at]


def area(high: np.ndarray, low: np.ndarray) -> float:
    """The chance that one of `high` scores above one of `low`."""
    rank = ranks(np.concatenate((high, low)))[: len(high)]
    return float((rank.sum() - len(high) * (len(high) + 1) / 2) / len(high) / len(low))


def of_seeds(original: np.ndarray) -> list[Measure]:
    """The translated seed against the two others, as it came and after the encoding stage."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(SEEDS.glob("*.txt"))]
    measures = []
    for name, versions in (("raw", texts), ("repaired", [edits.run(text, encoding.RULES)[0] for text in texts])):
        first, translated, last = (quality(text).score or 0.0 for text in versions)
        above = share(original > translated)
        measures += [
            Measure(f"seed 001 {name}: below the others by", min(first, last) - translated, "> 0", f"{translated:.2f}"),
            Measure(f"seed 001 {name}: share of original news above it", above, ">= .95"),
        ]
    return measures


def of_package() -> list[Measure]:
    """Cost and size of what is shipped."""
    texts = data.article_texts()[:2000]
    kilobytes = sum(map(len, texts)) / 1500
    qualities(texts[:10], ["en"] * 10)
    spent = []
    for _ in range(3):
        start = time.process_time()
        qualities(texts, ["en"] * len(texts))
        spent.append(time.process_time() - start)
    note = f"{min(spent) / kilobytes * 1000:.3f} ms a document of 1.5 kB; to be 0.2"
    stored = train_translation.OUT.stat().st_size / 1e6
    digests = " ".join(f"{name}={data.digest(name)}" for name in train_translation.SETS)
    return [
        Measure("speed, times ftfy.fix_text", _pace.times_ftfy(min(spent), texts), "", note),
        Measure("weights, MB", stored, "<= 2"),
        Measure("weights learned from this data", float(load().data == digests), "1"),
    ]


def show_rules(rows: train_translation.Rows) -> None:
    """Print how often each rule hits, by kind of text."""
    facts = Facts(language=Language("en", 0.99))
    groups = {
        "original": [rows.texts[n] for n in np.flatnonzero(rows.kind == "original")],
        "human": [rows.texts[n] for n in np.flatnonzero(rows.kind == "human")],
        "machine": [rows.texts[n] for n in np.flatnonzero(rows.kind == "machine")[::4]],
        "articles": data.article_texts()[::4],
        "garbled": [rows.texts[n] for n in np.flatnonzero(rows.scored & (rows.score < 40))],
    }
    print("\nshare of texts with a finding of the rule, %")
    print(f"  {'':<36}" + "".join(f"{name:>10}" for name in groups))
    for rule in translation.RULES:
        shares = [np.mean([any(True for _ in rule.find(text, facts)) for text in texts]) for texts in groups.values()]
        print(f"  {rule.name:<36}" + "".join(f"{100 * share:>10.2f}" for share in shares))

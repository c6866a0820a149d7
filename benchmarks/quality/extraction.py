"""Page to article: 4-gram shingle precision, recall and F1 as scrapinghub/article-extraction-benchmark defines them.

Words are runs of letters and digits, Chinese and Japanese characters one by one. A page counts as one, whatever its
length; F1 is that of the mean precision and the mean recall over the pages. What pages say of themselves is measured
too (`_told.py`). `COPYDESK_PEERS=1` runs trafilatura beside ours and compares the CPU time of both.

The model that reads the pages (`pipeline/sources/page/page.npz`) was trained on these very pages, so these figures only
guard against changes; how well pages of other sites are read, `python -m benchmarks.train_extraction --folds 4` says
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
from benchmarks.quality._told import TOLD, Found, told
from pipeline.sources.page.article import extract

SETS = ("extraction_news", "extraction_press", "extraction_web", "extraction_world")
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


def run(rows: list[dict[str, Any]], extractor: Callable[[bytes], Found]) -> tuple[list[Found], float]:
    """What is found on each page, and the CPU time in seconds."""
    pages = [base64.b64decode(row["html_b64"]) for row in rows]
    start = time.process_time()
    found = [extractor(page) for page in pages]
    return found, time.process_time() - start


def _ours(page: bytes) -> Found:
    article = extract(page)
    if article is None:
        return Found("")
    return Found(article.text, article.title, article.authors, article.date, article.url)


def _trafilatura(page: bytes) -> Found:
    import trafilatura

    found = trafilatura.bare_extraction(page, include_comments=False, with_metadata=True)
    if found is None:
        return Found("")
    authors = tuple(name for name in (found.author or "").split("; ") if name)
    return Found(found.text or "", found.title, authors, found.date, found.url)


def group_of(name: str, row: dict[str, Any]) -> str:
    """The set a page is reported under; the press of five languages falls into two."""
    short = name.removeprefix("extraction_")
    if not short.startswith("press"):
        return short
    return f"{short}, English" if row["lang"] == "English" else f"{short}, el pl ru zh"


def _groups(name: str, rows: list[dict[str, Any]], found: list[Found]) -> dict[str, list[Score]]:
    groups: dict[str, list[Score]] = {}
    for row, one in zip(rows, found, strict=False):
        groups.setdefault(group_of(name, row), []).append(compare(row["text"], one.text))
    return groups


def measure() -> list[Measure]:
    measures, spent, pages = [], {"ours": 0.0, "trafilatura": 0.0}, 0
    peers = os.environ.get("COPYDESK_PEERS", "") not in ("", "0")
    for name in SETS:
        rows = data.load(name)
        pages += len(rows)
        found, seconds = run(rows, _ours)
        spent["ours"] += seconds
        theirs: list[Found] = []
        if peers:
            theirs, seconds = run(rows, _trafilatura)
            spent["trafilatura"] += seconds
        beside = _groups(name, rows, theirs)
        for group, scores in _groups(name, rows, found).items():
            precision, recall, f1 = summary(scores)
            note = f"P {precision:.3f} R {recall:.3f}"
            if peers:
                note += "; trafilatura P {:.3f} R {:.3f} F1 {:.4f}".format(*summary(beside[group]))
            measures.append(Measure(f"{group}: F1", f1, "trafilatura's or better", note))
        if name in TOLD:
            measures += told(name.removeprefix("extraction_"), rows, found, theirs)
    if peers:
        ratio = spent["ours"] / spent["trafilatura"]
        note = ", ".join(f"{who} {seconds / pages * 1000:.0f} ms a page" for who, seconds in spent.items())
        measures.append(Measure("CPU time, of trafilatura's", ratio, "below 1", note))
    return measures

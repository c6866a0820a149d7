"""What is read of a page besides its article, against what people or the publisher's own parser read of it.

Titles are equal when their words are; authors are scored by F1 over names, a page as one; days must be the same; of the
address its site counts. Gold dates of extraction_web are at times those of the last change that the page shows.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable
from typing import Any, NamedTuple

from benchmarks.quality import Measure
from pipeline.sources.records import site_of

TOLD = ("extraction_web", "extraction_world")
_BETWEEN = re.compile(r"\s*(?:;|,|&|\band\b)\s*")
_DAY = 10  # characters


class Found(NamedTuple):
    """What an extractor found on a page."""

    text: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    date: str | None = None
    url: str | None = None


def told(name: str, rows: list[dict[str, Any]], ours: list[Found], theirs: list[Found]) -> list[Measure]:
    """Shares of the pages whose gold says anything; another extractor's in the notes, if there is one."""
    measures = []
    for subject, score in _SUBJECTS.items():
        value = _mean(score(row, found) for row, found in zip(rows, ours, strict=True))
        if value is None:
            continue
        peer = _mean(score(row, found) for row, found in zip(rows, theirs, strict=False))
        note = "" if peer is None else f"trafilatura {peer:.3f}"
        measures.append(Measure(f"{name}: {subject}", value, "trafilatura's or better", note))
    return measures


def _mean(scores: Iterable[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return statistics.fmean(known) if known else None


def _words(text: str | None) -> str:
    return " ".join(re.findall(r"\w+", (text or "").lower()))


def _title(row: dict[str, Any], found: Found) -> float | None:
    return float(_words(row["title"]) == _words(found.title)) if row.get("title") else None


def _authors(row: dict[str, Any], found: Found) -> float | None:
    gold = {_words(name) for line in row.get("authors") or () for name in _BETWEEN.split(line)} - {""}
    names = {_words(name) for line in found.authors for name in _BETWEEN.split(line)} - {""}
    return 2 * len(gold & names) / (len(gold) + len(names)) if gold else None


def _day(row: dict[str, Any], found: Found) -> float | None:
    return float(row["date"][:_DAY] == (found.date or "")[:_DAY]) if row.get("date") else None


def _site(row: dict[str, Any], found: Found) -> float | None:
    return float(site_of(row["url"]) == site_of(found.url or ""))


_SUBJECTS = {"title": _title, "authors": _authors, "day": _day, "site": _site}

"""Limits that a batch must keep to be published: how many of its documents may be set aside or dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.config import Run
from pipeline.engine import storage
from pipeline.errors import LimitError
from pipeline.output.manifest import Manifest
from pipeline.run.books import reasons

_MOST_REASONS = 3  # said of a batch
_LONGEST = 160  # characters of one


def check(books: Mapping[Path, Manifest], run: Run) -> None:
    """Look at the books of all steps, by their outputs, before publishing.

    Raises:
        LimitError: more of the documents are quarantined, or dropped, than `[run]` allows; what is published stays.
    """
    read = next(iter(books.values()))["counts"]["read"]
    for place, limit in (("quarantined", run.max_quarantined), ("dropped", run.max_dropped)):
        found = sum(manifest["counts"][place] for manifest in books.values())  # type: ignore[literal-required]
        if found > limit * read:
            raise LimitError(
                f"{found:,} of {read:,} documents are {place}: {found / read:.1%} > {limit:.1%} ([run] max_{place}); "
                f"nothing is published, and what was stays; --publish-anyway publishes it. Most often: "
                + "; ".join(_most_often(books, place))
            )


def _most_often(outputs: Iterable[Path], place: str) -> Sequence[str]:
    """The most frequent reasons, each as it was given to one of the documents, with its number."""
    found: Counter[tuple[Path, str]] = Counter()
    for output in outputs:
        found.update({(output, reason): number for reason, number in reasons(output, [place]).items()})
    return [f"{_one(output, place, reason)} ({n:,})" for (output, reason), n in found.most_common(_MOST_REASONS)]


def _one(output: Path, place: str, reason: str) -> str:
    for rows in storage.read_rows(f"{output}/{place}", ["reason"]):
        for whole in rows["reason"].to_pylist():
            if str(whole).startswith(reason):
                return str(whole)[:_LONGEST]
    return reason

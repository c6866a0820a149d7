"""Limits that a batch must keep to be published: how many of its documents may be set aside or dropped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.config import Run
from pipeline.errors import LimitError
from pipeline.output.manifest import Manifest
from pipeline.run.books import most_often


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
                + "; ".join(most_often(books, [place]))
            )

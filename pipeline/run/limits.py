"""Limits that a batch must keep to be published: how much of it, and of each source, may be set aside or left unread.

Shares are compared with limits, and with those of the batch before: what `figures` makes of the books stays with each
published batch, so that later ones can be compared with it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.config import Run
from pipeline.output.manifest import OTHERS, Losses, Manifest, SourceFigures
from pipeline.run import books

# settings of `[run]`; 1.0: no limit
NAMES = ("max_quarantined", "max_dropped", "max_quarantined_source", "max_rise", "max_left_out")
ASIDE = ("dropped", "quarantined")
_MOST_KINDS = 3  # of what nobody reads, named
_MOST_SOURCES = 5  # named, those that lost most
# Standard errors by which a share must differ from that of the batch before, besides `max_rise`: what 20 documents show
# may be chance. How often ordinary nights are stopped, decision 15 tells.
_CHANCE = 4.0


class Before(NamedTuple):
    """The batch published before: its name, and its figures by source."""

    name: str
    figures: Mapping[str, SourceFigures]


def exceeded(outputs: Mapping[Path, Manifest], run: Run, before: Before | None) -> list[str]:
    """The limits of `[run]` that a batch is over, by the books of all its steps: a sentence for each."""
    manifests = list(outputs.values())
    mine = figures(manifests)
    risen = _risen(mine, run, before) if before else []
    return [*_of_all(outputs, run), *_of_input(manifests[0], run), *_of_sources(mine, run, before), *risen]


def figures(manifests: Sequence[Manifest]) -> dict[str, SourceFigures]:
    """What became of the documents of each source over all steps, by their books."""
    read = {source: books.sum_of(counts) for source, counts in manifests[0]["sources"].items()}
    lost: dict[str, list[Losses]] = {source: [] for source in read}
    for manifest in manifests:
        for source, losses in manifest["losses"].items():
            lost.setdefault(source if source in read else OTHERS, []).append(losses)
    return {source: {"read": read.get(source, 0), **books.added(entries)} for source, entries in lost.items()}


def _of_all(outputs: Mapping[Path, Manifest], run: Run) -> Iterator[str]:
    """More of all documents in a place than may be there."""
    read = next(iter(outputs.values()))["counts"]["read"]
    for place, limit in (("quarantined", run.max_quarantined), ("dropped", run.max_dropped)):
        found = sum(manifest["counts"][place] for manifest in outputs.values())  # type: ignore[literal-required]
        if found > limit * read:
            yield (
                f"{found:,} of {read:,} documents are {place}: {found / read:.1%} > {limit:.1%} ([run] max_{place}), "
                f"most often by {'; '.join(books.most_often(outputs, [place]))}"
            )


def _of_input(reading: Manifest, run: Run) -> Iterator[str]:
    """More of the input's files read by nobody than may be."""
    unread, listed = reading["entries"]["unread"], reading["entries"]["listed"]
    if unread > run.max_left_out * listed:
        kinds = [f"{kind} {number:,}" for kind, number in reading["left_out_kinds"].items()]
        yield (
            f"{unread:,} of {listed:,} files and folders of the input are read by nobody: {unread / listed:.1%} > "
            f"{run.max_left_out:.1%} ([run] max_left_out)" + (f": {', '.join(kinds[:_MOST_KINDS])}" if kinds else "")
        )


def _of_sources(mine: Mapping[str, SourceFigures], run: Run, before: Before | None) -> list[str]:
    """Sources with more in quarantine than may be, which were not like that when the batch before was published."""
    limit, found = run.max_quarantined_source, {}
    for source, entry in _judged(mine, run).items():
        earlier = before.figures.get(source) if before else None
        known = earlier and earlier["read"] and _share(earlier, "quarantined") > limit
        share = _share(entry, "quarantined")
        if share > limit and not known:
            number = books.sum_of(entry["quarantined"])
            said = f"{source}: {number:,} of {entry['read']:,} documents are quarantined: {share:.1%} > {limit:.1%}"
            found[source] = number, f"{said} ([run] max_quarantined_source), {_most(entry, 'quarantined')}"
    return _worst(found)


def _risen(mine: Mapping[str, SourceFigures], run: Run, before: Before) -> list[str]:
    """Shares, of the whole and of sources, that have risen by more than they may, and than chance lets them."""
    found = {}
    earlier = {"all documents": _together(before.figures), **_judged(before.figures, run)}
    for source, entry in {"all documents": _together(mine), **_judged(mine, run)}.items():
        was = earlier.get(source)
        if was is None or min(was["read"], entry["read"]) < max(1, run.min_source):
            continue
        for place in (place for place in ASIDE if _rises(was, entry, place, run.max_rise)):
            rise = f"{_share(was, place):.0%} -> {_share(entry, place):.0%} since {before.name}"
            said = f"{source}: {place} {rise} ([run] max_rise {run.max_rise:.0%}), {_most(entry, place)}"
            found[f"{source} {place}"] = books.sum_of(_lost(entry, place)), said
    return _worst(found)


def _rises(was: SourceFigures, entry: SourceFigures, place: str, limit: float) -> bool:
    old, new = _share(was, place), _share(entry, place)
    both = (old * was["read"] + new * entry["read"]) / (was["read"] + entry["read"])
    error = math.sqrt(max(0.0, both * (1 - both)) * (1 / was["read"] + 1 / entry["read"]))
    return new - old > limit and new - old > _CHANCE * error


def _judged(sources: Mapping[str, SourceFigures], run: Run) -> dict[str, SourceFigures]:
    """Sources by themselves, with enough documents that a share tells something."""
    least = max(1, run.min_source)
    return {s: entry for s, entry in sources.items() if entry["read"] >= least and s != OTHERS}


def _together(sources: Mapping[str, SourceFigures]) -> SourceFigures:
    return {"read": sum(entry["read"] for entry in sources.values()), **books.added(sources.values())}


def _share(entry: SourceFigures, place: str) -> float:
    return min(1.0, books.sum_of(_lost(entry, place)) / entry["read"])


def _lost(entry: SourceFigures, place: str) -> dict[str, int]:
    return entry["dropped"] if place == "dropped" else entry["quarantined"]


# --- in words --------------------------------------------------------------------------------------------------------


def _worst(found: Mapping[str, tuple[int, str]]) -> list[str]:
    """What is said of the sources that lost most, and how many more there are."""
    said = [words for _, words in sorted(found.values(), key=lambda entry: (-entry[0], entry[1]))]
    more = len(said) - _MOST_SOURCES
    return [*said[:_MOST_SOURCES], f"and {more:,} more like that"] if more > 0 else said


def _most(entry: SourceFigures, place: str) -> str:
    """The reason that took most of a source's documents."""
    reason, number = Counter(_lost(entry, place)).most_common(1)[0]
    return f"most by {reason} ({number:,})"

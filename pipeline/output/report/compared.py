"""What has changed since the batch before: shares of documents, by rule and by source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from pipeline.output.manifest import OTHERS, Counts, Removed, SourceFigures
from pipeline.output.report.figures import Material

_CHANCE = 3.0  # standard errors by which two shares must differ to be told at the top
_LEAST = 0.01  # and by how much
_NOTHING: Removed = {"dropped": {}, "quarantined": {}, "edited": {}}


class Change(NamedTuple):
    """A share of documents in the batch before, and in this one."""

    was: float
    now: float
    of_before: int  # documents
    of_now: int

    @property
    def difference(self) -> float:
        """Above 0 where it has risen."""
        return self.now - self.was

    @property
    def is_told(self) -> bool:
        """Whether chance alone would hardly explain it."""
        if not self.of_before or not self.of_now:
            return False
        both = (self.was * self.of_before + self.now * self.of_now) / (self.of_before + self.of_now)
        error = math.sqrt(max(0.0, both * (1 - both)) * (1 / self.of_before + 1 / self.of_now))
        return abs(self.difference) >= _LEAST and abs(self.difference) > _CHANCE * error


def of_rules(material: Material) -> dict[str, Change]:
    """The share of the documents of its stage on which each rule found something; of rules the batch before knew."""
    found: dict[str, Change] = {}
    if material.before is None:
        return found
    manifest = material.before.manifest
    removed = manifest.get("facts", {}).get("removed", {})
    for step in material.steps:
        then, now = manifest.get("steps", {}).get(step["step"], Counts()).get("read", 0), step["counts"]["read"]
        told = removed.get(step["step"], _NOTHING)
        earlier = _hit(told)
        rules = step["rules"]
        for rule in sorted({*rules, *earlier}) if then and now else ():
            documents = rules[rule]["documents"] if rule in rules else 0
            known = rule in earlier or "remarked" in told  # an earlier version has not kept remarks
            if known or rules[rule]["edits"]:
                found[rule] = _change(earlier.get(rule, 0), then, documents, now)
    return found


def _hit(removed: Removed) -> dict[str, int]:
    """Documents that each rule has changed, remarked or set aside."""
    aside = {**removed["dropped"], **removed["quarantined"]}
    edited = {rule: edited["documents"] for rule, edited in removed["edited"].items()}
    return {**{name: entry["documents"] for name, entry in aside.items()}, **removed.get("remarked", {}), **edited}


def of_sources(material: Material) -> dict[str, Change]:
    """The share of its documents that each source has lost; of sources in both batches."""
    earlier = material.before.manifest.get("figures", {}) if material.before else {}
    found = {}
    for source, entry in material.figures.items():
        was = earlier.get(source)
        if was and source != OTHERS and was["read"] and entry["read"]:
            found[source] = _change(_lost(was), was["read"], _lost(entry), entry["read"])
    return found


def of_all(material: Material) -> dict[str, Change]:
    """The shares of all documents: `kept`, `dropped` and `quarantined`."""
    then = material.before.manifest.get("steps", {}) if material.before else {}
    now = {step["step"]: step["counts"] for step in material.steps}
    first_then, first_now = next(iter(then.values()), None), next(iter(now.values()))
    if not first_then or not first_then["read"] or not first_now["read"]:
        return {}
    changes = {}
    for place in ("dropped", "quarantined"):
        was, is_ = (sum(counts[place] for counts in steps.values()) for steps in (then, now))
        changes[place] = _change(was, first_then["read"], is_, first_now["read"])
    return changes


def come_and_gone(material: Material) -> tuple[list[str], list[str]]:
    """Sources that the batch before had not, and those that this one has not any more; the largest first."""
    earlier = material.before.manifest.get("figures", {}) if material.before else {}
    if not earlier:
        return [], []
    new = {source: entry["read"] for source, entry in material.figures.items() if source not in earlier}
    gone = {source: entry["read"] for source, entry in earlier.items() if source not in material.figures}
    return _largest(new), _largest(gone)


def _largest(sources: Mapping[str, int]) -> list[str]:
    return sorted(sources, key=lambda source: (-sources[source], source))


def _lost(entry: SourceFigures) -> int:
    return sum(entry["dropped"].values()) + sum(entry["quarantined"].values())


def _change(was: int, of_before: int, now: int, of_now: int) -> Change:
    return Change(min(1.0, was / of_before), min(1.0, now / of_now), of_before, of_now)

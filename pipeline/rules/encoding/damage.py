"""What the stage could not mend: how many places of damage are left in a document, and when that is too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from pipeline.records import Bounds, Count, Finding, Guard, Hit, Verdict


def places(findings: Sequence[Finding]) -> Counter[str]:
    """The places of damage left, by the rule that remarked them: a remark of this stage is a place it cannot mend."""
    reviews = {review.name for review in REVIEWS}
    rules = (finding.rule for finding in findings if not finding.is_edit)
    return Counter(rule.partition("/")[2] for rule in rules if rule not in reviews)


def damage_left(text: str, findings: Sequence[Finding]) -> Iterator[Hit]:
    """Damage that could not be mended stays in the text: one remark says in how many places, rule by rule.

    "5 places: lost_letter 3, replacement_character 2". The column `damage` of the corpus holds the number.
    """
    found = places(findings)
    if found:
        yield Hit(0, 0, None, _described(found))


def too_damaged(
    text: str,
    findings: Sequence[Finding],
    *,
    max_damage: Annotated[float, Bounds(0, None)] = 10.0,
    min_places: Count = 5,
) -> Iterator[Hit]:
    """More is damaged and cannot be mended than a reader would put up with; the article is set aside.

    `max_damage` counts places of damage in 1,000 characters. The default is some five times what the worst of 4,697
    scraped articles has (1.8), and less than a German text has that lost all its umlauts (some 15). Documents with
    fewer than `min_places` are spared: one lost letter in a headline is no ruin.
    """
    found = places(findings)
    density = 1000 * found.total() / max(1, len(text))
    if found.total() >= min_places and density > max_damage:
        yield Hit(0, 0, None, f"{density:.1f} > {max_damage:.1f} in 1,000 characters; {_described(found)}")


def _described(found: Counter[str]) -> str:
    number = found.total()
    rules = ", ".join(f"{rule} {count}" for rule, count in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
    return f"{number} place{'s' * (number > 1)}: {rules}"


REVIEWS: tuple[Guard, ...] = (
    Guard("encoding/damage_left", damage_left),
    Guard("encoding/too_damaged", too_damaged, Verdict.QUARANTINE),
)

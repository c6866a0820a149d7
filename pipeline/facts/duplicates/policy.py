"""Which of several copies is kept, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import SettingsError
from pipeline.records import Count, Share, Table

ORDER = ("preferred_source", "intact", "earliest", "best_translation", "fewest_repairs", "longest", "id")

# What is said of the kept copy when a criterion decided.
_REASONS = {
    "preferred_source": "from a preferred source",
    "intact": "fewer characters lost",
    "earliest": "earliest",
    "best_translation": "best translation",
    "fewest_repairs": "fewest repairs",
    "longest": "longest",
    "id": "first by id",
}


@dataclass(frozen=True)
class Policy(Table):
    """How copies are told and which one is kept.

    `intact` counts places that could not be mended. The criteria of `order` apply one after the other until one
    decides; the id always decides last. A copy without a date comes after those with one, likewise one without a
    translation score. `preferred` names sites, best first.

    A near copy shares at least `min_similarity` of its 3-word shingles with the kept one (Jaccard), a contained copy
    has at least `min_contained` of its own in the kept one. Papers that quote the same agency pass that too, so two
    more things must hold, by which real copies (119 pairs of duplicates_pairs) and other reports of the same story
    (the articles) part cleanly:

    * `max_own`, the largest share of words (one word is always allowed) which the copy says in its own way in the
      midst of passages that both share ("kill 32", "killed 44"). Scrapers damage and cut: at most 0.3 % in copies;
      from 1.3 % up in reports.
    * `max_lost`, the largest share of words in passages that only the copy has, and that go lost with it, its own
      wordings included. Of two real copies the better choice loses 3.8 % at most. Where the other choice loses more
      than `max_loss_by_choice`, there is none: the text that loses less is a contained copy, whatever the criteria
      say of it.

    Texts of fewer than `min_words` words are compared exactly only.
    """

    order: tuple[str, ...] = ORDER
    preferred: tuple[str, ...] = ()
    min_similarity: Share = 0.5
    min_contained: Share = 0.75
    max_own: Share = 0.01
    max_lost: Share = 0.05
    max_loss_by_choice: Share = 0.1
    min_words: Count = 20

    def __post_init__(self) -> None:
        for name in self.order:
            if name not in _REASONS:
                raise SettingsError(f'duplicates: order has no criterion "{name}"; there are: {", ".join(_REASONS)}')

    def rank(self, fields: Mapping[str, Any]) -> str:
        """A text that sorts before that of every worse copy.

        `fields` are `id`, `letters`, `site`, `published` (ISO 8601), `translation_score`, `repairs`, `damage`, or None.
        """
        return "/".join(_KEYS[name](self, fields) for name in self._names)

    def limit(self, kind: str) -> float:
        """The least similarity of a copy of that kind."""
        return {"near": self.min_similarity, "contained": self.min_contained}.get(kind, 1.0)

    @property
    def _names(self) -> tuple[str, ...]:
        return *(name for name in self.order if name != "id"), "id"

    def reason(self, better: str, worse: str) -> str:
        """What decided between two ranks."""
        last = len(self._names) - 1
        pairs = zip(self._names, better.split("/", last), worse.split("/", last), strict=True)
        return next((_REASONS[name] for name, one, other in pairs if one != other), _REASONS["id"])


def _preferred(policy: Policy, fields: Mapping[str, Any]) -> str:
    site = fields.get("site")
    return f"{policy.preferred.index(site) if site in policy.preferred else len(policy.preferred):04d}"


def _intact(policy: Policy, fields: Mapping[str, Any]) -> str:
    return f"{min(fields.get('damage') or 0, 9_999_999):07d}"


def _earliest(policy: Policy, fields: Mapping[str, Any]) -> str:
    moment = _moment(fields.get("published"))
    return "~" if moment is None else moment.strftime("%Y%m%d%H%M%S")


def _best_translation(policy: Policy, fields: Mapping[str, Any]) -> str:
    """In steps of a twentieth: the same article scores a little differently with another site's furniture."""
    score = fields.get("translation_score")
    return "~" if score is None else f"{20 - round(float(score) * 20):02d}"


def _fewest_repairs(policy: Policy, fields: Mapping[str, Any]) -> str:
    return f"{min(fields.get('repairs') or 0, 9_999_999):07d}"


def _longest(policy: Policy, fields: Mapping[str, Any]) -> str:
    return f"{9_999_999_999 - fields['letters']:010d}"


def _id(policy: Policy, fields: Mapping[str, Any]) -> str:
    return str(fields["id"])


_KEYS: Mapping[str, Callable[[Policy, Mapping[str, Any]], str]] = {
    "preferred_source": _preferred,
    "intact": _intact,
    "earliest": _earliest,
    "best_translation": _best_translation,
    "fewest_repairs": _fewest_repairs,
    "longest": _longest,
    "id": _id,
}


def _moment(value: str | None) -> datetime | None:
    """A date as ISO 8601 has it, in UTC; without a zone it is taken for UTC."""
    try:
        moment = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

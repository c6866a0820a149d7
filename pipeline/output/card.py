"""The card of a release, `README.md`: what the Hugging Face Hub reads at its head, then the facts.

It is made of the manifest of the release and of what its batches tell, and so is the same wherever it is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from pipeline.output import licenses
from pipeline.output.known_limits import KNOWN
from pipeline.output.manifest import OTHERS, Facts
from pipeline.output.markdown import row, shown, table

if TYPE_CHECKING:
    from pipeline.output.release import Release

# The Hub's names of sizes: fewer rows than the number, at least as many as the one before it.
_SIZES: Final = (
    (1_000, "1K"),
    (10_000, "10K"),
    (100_000, "100K"),
    (1_000_000, "1M"),
    (10_000_000, "10M"),
    (10**8, "100M"),
)
NAME: Final = "Clean news articles"
_MOST_SITES = 20
_MOST_ROWS = 100  # of a table
_WIDEST = 80  # characters of an example
K = TypeVar("K")


class Part(NamedTuple):
    """What of a release was exported."""

    rows: int
    where: str
    columns: tuple[str, ...]
    languages: Mapping[str, int]


def of(release: Release, facts: Mapping[str, Facts], part: Part | None = None) -> str:
    """The card of a release, or of a part of it, in Markdown; `facts` are those of its batches."""
    told = list(facts.values())
    paragraphs = (
        _head(release, told, part),
        _what(release, part),
        _size(release, told),
        _sites(told),
        _batches(release),
        _removed(told),
        _edited(told),
        _limits(release),
        _again(release, facts),
        _columns(release, part),
    )
    return "\n".join(line for lines in paragraphs for line in (*lines, "")) + "\n"


def license_names(facts: Iterable[Facts]) -> list[str]:
    """The licences that the batches are published under, as the settings have said then."""
    return sorted({told.get("license") or licenses.UNKNOWN for told in facts})


def size_category(rows: int) -> str:
    """How the Hub calls a dataset of so many rows.

    >>> size_category(999), size_category(1_000), size_category(123_456_789)
    ('n<1K', '1K<n<10K', '100M<n<1B')
    """
    least = "n"
    for number, name in (*_SIZES, (10**9, "1B")):
        if rows < number:
            return f"n<{name}" if least == "n" else f"{least}<n<{name}"
        least = name
    return "n>1B"


# --- what it is --------------------------------------------------------------------------------------------------


def _head(release: Release, told: Iterable[Facts], part: Part | None) -> Iterator[str]:
    languages = sorted(_languages(release, part))
    yield "---"
    yield f"pretty_name: {NAME}"
    yield from licenses.head(license_names(told))
    if languages:
        yield "language:"
        yield from (f'- "{code}"' for code in languages)  # in quotes: "no" is false in YAML
    yield "size_categories:"
    yield f"- {size_category(part.rows if part else release['rows'])}"
    yield "configs:"
    yield "- config_name: default"
    yield "  data_files: data/*.parquet"
    yield "---"


def _languages(release: Release, part: Part | None) -> Counter[str]:
    """Articles by language, as ISO 639 names it."""
    found: Counter[str] = Counter()
    for counted in [part.languages] if part else [batch["languages"] for batch in release["batches"].values()]:
        for code, number in counted.items():
            found[code.partition("-")[0]] += number
    del found["und"]
    return found


def _what(release: Release, part: Part | None) -> Iterator[str]:
    yield f"# {NAME}"
    yield ""
    whole = f"elease {release['release']} of {release['created']}"
    if part is None:
        yield f"R{whole}: {release['rows']:,} articles, one a row."
        yield "`_manifest.json` says of each batch what made it, and of each file its SHA-256."
    else:
        yield f"{part.rows:,} of the {release['rows']:,} articles of r{whole}, one a row."
        if part.where:
            yield f"They are those of which this holds: {shown(part.where, 1_000)}"
    languages = _languages(release, part).most_common()
    if languages:
        yield ""
        yield f"Languages: {', '.join(f'{code} {number:,}' for code, number in languages)}."
    if part:
        yield ""
        yield "All that is said below, but for the columns, is said of the whole release."


def _size(release: Release, told: Iterable[Facts]) -> Iterator[str]:
    known = [facts for facts in told if "characters" in facts]
    if not known:
        yield "What an earlier version has published tells nothing of its size."
        return
    days = sorted(day for facts in known for day in (facts["first"], facts["last"]) if day)
    characters, size = (sum(facts[name] for facts in known) for name in ("characters", "bytes"))
    packed = sum(file["bytes"] for batch in release["batches"].values() for file in batch["files"].values())
    yield f"The texts have {characters:,} characters, which are {size:,} bytes; the files have {packed:,}."
    if days:
        dated = sum(facts["dated"] for facts in known)
        yield f"Published from {days[0]} to {days[-1]}, as far as a date is known: of {dated:,} articles."


def _sites(told: Iterable[Facts]) -> Iterator[str]:
    sites: Counter[str] = Counter()
    for facts in told:
        sites.update(facts.get("sites", {}))
    others = sites.pop(OTHERS, 0)
    ranked = sorted(sites.items(), key=lambda site: (-site[1], site[0]))
    others += sum(number for _, number in ranked[_MOST_SITES:])
    yield "## Sources"
    yield ""
    yield from table("site", ">articles")
    yield from (row(shown(site, _WIDEST) or "(not told)", number) for site, number in ranked[:_MOST_SITES])
    if others:
        yield row(OTHERS, others)


def _batches(release: Release) -> Iterator[str]:
    yield "## Batches"
    yield ""
    yield from table("batch", ">release", ">articles", ">read", ">dropped", ">quarantined")
    for name, batch in release["batches"].items():
        steps = batch["steps"].values()
        read = next(iter(steps))["read"]
        aside = (sum(step[place] for step in steps) for place in ("dropped", "quarantined"))
        yield row(name, batch["release"], batch["rows"], read, *aside)


# --- what was done -----------------------------------------------------------------------------------------------


def _removed(told: Iterable[Facts]) -> Iterator[str]:
    counts: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], str] = {}
    for facts in told:
        for step, removed in facts.get("removed", {}).items():
            for place in ("dropped", "quarantined"):
                for reason, aside in removed[place].items():
                    counts[step, place, reason] += aside["documents"]
                    examples.setdefault((step, place, reason), aside["example"])
    yield "## What was set aside"
    yield ""
    if not counts:
        yield "Nothing."
        return
    yield "Documents that were read and are not here, by the step and the reason; and how it was given to one of them."
    yield ""
    yield from table("step", "place", "reason", ">documents", "example")
    for (step, place, reason), number in _most(counts):
        yield row(step, place, shown(reason, _WIDEST), number, shown(examples[step, place, reason], 2 * _WIDEST))


def _edited(told: Iterable[Facts]) -> Iterator[str]:
    counts: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    examples: dict[str, tuple[str, str]] = {}
    for facts in told:
        for removed in facts.get("removed", {}).values():
            for rule, edited in removed["edited"].items():
                counts[rule] += edited["edits"]
                documents[rule] += edited["documents"]
                examples.setdefault(rule, (edited["before"], edited["after"]))
    yield "## What was changed"
    yield ""
    if not counts:
        yield "Nothing."
        return
    yield "Edits of texts by rule, in what was kept and in what was set aside later; and one of them."
    yield ""
    yield from table("rule", ">edits", ">documents", "before", "after")
    for rule, number in _most(counts):
        before, after = examples[rule]
        yield row(rule, number, documents[rule], _passage(before, "(nothing)"), _passage(after, "(cut)"))


def _passage(text: str, nothing: str) -> str:
    return shown(text, _WIDEST) or (nothing if text == "" else "(white space)")


def _most(counts: Counter[K]) -> list[tuple[K, int]]:
    """What there is most of."""
    return sorted(counts.items(), key=lambda entry: (-entry[1], str(entry[0])))[:_MOST_ROWS]


def _limits(release: Release) -> Iterator[str]:
    steps = {step for batch in release["batches"].values() for step in batch["steps"]}
    yield "## Known limits"
    yield ""
    yield from (f"- {step}: {said}" for step, said in KNOWN.items() if step in steps)


def _again(release: Release, facts: Mapping[str, Facts]) -> Iterator[str]:
    yield "## How to make it again"
    yield ""
    yield "With Copydesk and the input of a batch, the earliest batch first: `copydesk run INPUT --batch NAME`."
    yield "The same input, settings and versions make the same bytes."
    yield ""
    yield from table("batch", "Copydesk", "key", "settings that differ from the defaults")
    for name, batch in release["batches"].items():
        told = facts.get(name, Facts())
        changed = "; ".join(f"{where} = {value}" for where, value in told.get("settings", {}).items())
        yield row(name, told.get("version", ""), batch["key"], shown(changed, 1_000) or "none")


def _columns(release: Release, part: Part | None) -> Iterator[str]:
    yield "## Columns"
    yield ""
    yield from table(f"column (schema {release['schema']})", "type")
    for name, kind in release["columns"].items():
        if part is None or name in part.columns:
            yield row(f"`{name}`", f"`{kind}`")

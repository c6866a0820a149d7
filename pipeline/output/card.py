"""The card of a release, `README.md`: what the Hugging Face Hub reads at its head, then the facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

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
_STEP_COLUMNS = ("read", "kept", "dropped", "quarantined")


def of(release: Release) -> str:
    """The card of a release, in Markdown."""
    return "\n".join([*_head(release), *_facts(release), *_columns(release)]) + "\n"


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


def _head(release: Release) -> Iterator[str]:
    languages = sorted(_languages(release))
    yield "---"
    yield "pretty_name: Clean news articles"
    if languages:
        yield "language:"
        yield from (f'- "{code}"' for code in languages)  # in quotes: "no" is false in YAML
    yield "size_categories:"
    yield f"- {size_category(release['rows'])}"
    yield "configs:"
    yield "- config_name: default"
    yield "  data_files: data/*.parquet"
    yield "---"


def _languages(release: Release) -> Counter[str]:
    """Articles by language, as ISO 639 names it."""
    found: Counter[str] = Counter()
    for batch in release["batches"].values():
        for code, number in batch["languages"].items():
            found[code.partition("-")[0]] += number
    del found["und"]
    return found


def _facts(release: Release) -> Iterator[str]:
    yield ""
    yield "# Clean news articles"
    yield ""
    yield f"Release {release['release']} of {release['created']}: {release['rows']:,} articles, one a row."
    yield "`_manifest.json` says of each batch what made it, and of each file its SHA-256."
    languages = _languages(release).most_common()
    if languages:
        yield ""
        yield f"Languages: {', '.join(f'{code} {number:,}' for code, number in languages)}."
    yield ""
    yield "| batch | release | articles | read | dropped | quarantined |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, batch in release["batches"].items():
        steps = batch["steps"].values()
        read = next(iter(steps))["read"]
        aside = (sum(step[place] for step in steps) for place in ("dropped", "quarantined"))
        numbers = (batch["release"], batch["rows"], read, *aside)
        yield f"| {name} | {' | '.join(f'{number:,}' for number in numbers)} |"
    yield ""


def _columns(release: Release) -> Iterator[str]:
    yield f"| column (schema {release['schema']}) | type |"
    yield "|---|---|"
    for name, kind in release["columns"].items():
        yield f"| `{name}` | {kind} |"

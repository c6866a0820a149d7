"""The documents of a batch that meet some conditions, a page at a time, in the order in which they lie.

Files are looked through some at a time until a page is full, or the time is up: then the page says how far it came, and
where to go on. So a page takes as long whatever the batch, and nothing is held of one between two requests but the ids
that a rule has found something on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline.engine import storage
from pipeline.errors import SettingsError
from pipeline.run.runs import Run
from pipeline.run.steps.step import Made
from pipeline.stages import tables

ROWS = 50  # of a page
SECONDS = 0.5  # after which a page is shown as it is
BEGINNING = 240  # characters of a text
_FILES = 256  # looked through at once, at most
_SCORE, _LANGUAGE = "translation_score", "language"


class Filters(NamedTuple):
    """What documents must meet; "" and None: nothing."""

    words: str = ""  # in the text, whatever their case, and blanks between them
    begins: str = ""  # its id
    site: str = ""
    rule: str = ""  # that has found something on it, or set it aside
    place: str = ""
    language: str = ""
    low: float | None = None  # translation scores
    high: float | None = None


class Row(NamedTuple):
    """A document: where it ended, and by what people know it."""

    id: str
    site: str
    title: str
    place: str
    step: str  # that set it aside, "" where none has
    reason: str
    language: str
    score: float | None
    beginning: str


class Page(NamedTuple):
    """Documents; where to go on ("" at the end), and the share of the files that was looked through before."""

    rows: list[Row]
    next: str
    done: float


def filters_of(given: Mapping[str, str]) -> Filters:
    """What a form has asked for.

    Raises:
        SettingsError: a score is no number, or there is no such place.
    """
    texts = {name: given.get(name, "").strip()[:500] for name in Filters._fields[:6]}
    if texts["place"] not in ("", *tables.PLACES):
        raise SettingsError(f"place: must be one of {', '.join(tables.PLACES)}; got {texts['place']!r}")
    try:
        low, high = (float(given[name]) if given.get(name, "").strip() else None for name in ("low", "high"))
    except ValueError as error:
        raise SettingsError(f"score: must be a number; {error}") from error
    return Filters(**texts, low=low, high=high)


def search(run: Run, filters: Filters, start: str = "", seconds: float = SECONDS) -> Page:
    """The next page of documents from `start` on, which is the `next` of another."""
    until = time.monotonic() + seconds
    datasets = [(made, place) for made, place in _datasets(run) if filters.place in ("", place)]
    place, file, row = _position(start)
    found: list[Row] = []
    sizes = [len(storage.parts(f"{made.output}/{name}")) for made, name in datasets]
    ruled = {"ruled": _found_by(run, filters.rule)} if filters.rule else {}
    with storage.asking(**ruled) as ask:
        for number in range(place, len(datasets)):
            made, name = datasets[number]
            query, values = _query(made, name, filters)
            files = storage.parts(f"{made.output}/{name}") if query else []
            many = 1
            while file < len(files):
                some = files[file : file + (1 if row else many)]
                asked = {**values, "files": [str(path) for path in some], "row": row}
                table = ask(f"{query} LIMIT {ROWS - len(found) + 1}", asked)
                rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
                found += [Row(*told[2:]) for told in rows]
                if len(found) > ROWS:
                    path, at = rows[-1][:2]
                    there = file + [str(one) for one in some].index(path)
                    done = (sum(sizes[:number]) + there) / max(sum(sizes), 1)
                    return Page(found[:ROWS], f"{number}.{there}.{at}", done)
                file, row, many = file + len(some), 0, min(many * 2, _FILES)
                if time.monotonic() > until and (number, file) != (len(datasets) - 1, len(files)):
                    return Page(found, f"{number}.{file}.0", (sum(sizes[:number]) + file) / max(sum(sizes), 1))
            file = row = 0
    return Page(found, "", 1.0)


def _datasets(run: Run) -> Iterator[tuple[Made, str]]:
    """Where documents ended: kept by the last step, or set aside by one."""
    if run:
        yield run[-1], tables.KEPT
    yield from ((made, place) for place in (tables.DROPPED, tables.QUARANTINED) for made in run)


def _position(told: str) -> tuple[int, int, int]:
    found = re.fullmatch(r"(\d{1,6})\.(\d{1,9})\.(\d{1,9})", told)
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)


def _query(made: Made, place: str, filters: Filters) -> tuple[str, dict[str, Any]]:
    """SQL for the rows of some files of a dataset; "" where none of them can meet the conditions."""
    dataset = f"{made.output}/{place}"
    there = set(storage.schema_of(dataset).names)
    is_aside = place != tables.KEPT
    asked: list[str] = []
    values: dict[str, Any] = {}
    scored = filters.low is not None or filters.high is not None
    if (filters.language and _LANGUAGE not in there) or (scored and _SCORE not in there):
        return "", {}
    for name, condition, value in (
        ("begins", "starts_with(id, $begins)", filters.begins),
        ("site", "site = $site", filters.site),
        ("language", f"{_LANGUAGE} = $language", filters.language),
        ("low", f"{_SCORE} >= $low", filters.low),
        ("high", f"{_SCORE} <= $high", filters.high),
        ("words", "regexp_matches(text, $words, 'i')", r"[\s\pZ]+".join(map(re.escape, filters.words.split()))),
    ):
        if value not in ("", None):
            asked.append(condition)
            values[name] = value
    if filters.rule:
        ruled = "id IN (SELECT id FROM ruled)"
        asked.append(f"({ruled} OR starts_with(reason, $rule))" if is_aside else ruled)
        values |= {"rule": filters.rule} if is_aside else {}
    columns = ("filename, file_row_number", "id", "coalesce(site, '')", "coalesce(title, '')", f"'{place}'")
    aside = (f"'{made.step}'", "coalesce(reason, '')") if is_aside else ("''", "''")
    told = (f"coalesce({_LANGUAGE}, '')" if _LANGUAGE in there else "''", _SCORE if _SCORE in there else "NULL")
    beginning = f"coalesce(text[:{BEGINNING}], '')"
    selected = ", ".join((*columns, *aside, *told, beginning))
    source = "read_parquet($files, filename = true, file_row_number = true)"
    return f"SELECT {selected} FROM {source} WHERE {' AND '.join(('file_row_number >= $row', *asked))}", values


# --- what a rule has found something on ---------------------------------------------------------------------------


def _found_by(run: Run, rule: str) -> pa.Table:
    """The ids of the documents that a rule has found something on."""
    for made in run:
        if made.step == rule.partition("/")[0]:
            return _ids(f"{made.output}/{tables.FOUND}", made.manifest["digests"][tables.FOUND], rule)
    return pa.table({"id": pa.array([], pa.string())})


@lru_cache(maxsize=4)
def _ids(findings: str, digest: str, rule: str) -> pa.Table:
    """The same in a dataset of findings, which `retry` may replace: what it holds is told by its digest."""
    return storage.select_rows(findings, "rule = $1", [rule], "DISTINCT id")


def rules_of(run: Run) -> dict[str, int]:
    """The rules that found something, and on how many documents, the most frequent first."""
    found = {rule: told["documents"] for made in run for rule, told in made.manifest.get("rules", {}).items()}
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))


def sites_of(run: Run, most: int = 500) -> Sequence[str]:
    """The sites that most documents are of."""
    sources: Mapping[str, Any] = run[0].manifest.get("sources", {}) if run else {}
    return list(sources)[:most]


def counts_of(run: Run) -> dict[str, int]:
    """How many documents were read, and where they ended."""
    counts = [made.manifest["counts"] for made in run]
    if not counts:
        return {}
    aside = {place: sum(count[place] for count in counts) for place in (tables.DROPPED, tables.QUARANTINED)}  # type: ignore[literal-required]
    return {"read": counts[0]["read"], tables.KEPT: counts[-1]["kept"], **aside}


def reasons_of(run: Run, most: int = 100) -> list[tuple[str, str, int, str]]:
    """Why documents are in quarantine: the step, the reason, how many, the id of one; the most frequent first."""
    found: list[tuple[str, str, int, str]] = []
    for made in run:
        if made.manifest["counts"]["quarantined"]:
            rows = _grouped(Path(made.output) / tables.QUARANTINED, most)
            found += [(made.step, *row) for row in rows]
    return sorted(found, key=lambda entry: -entry[2])[:most]


_REASONS = """
SELECT left(reason, 300) AS reason, count(*) AS n, min(id) AS id FROM read_parquet($files)
GROUP BY ALL ORDER BY n DESC, reason LIMIT $most
"""


def _grouped(dataset: Path, most: int) -> list[tuple[str, int, str]]:
    files = [str(part) for part in storage.parts(str(dataset))]
    with storage.asking() as ask:
        found = ask(_REASONS, {"files": files, "most": most}).to_pylist()
    return [(row["reason"] or "", row["n"], row["id"]) for row in found]

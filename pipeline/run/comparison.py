"""Two runs side by side: which documents newly fall, return or change, through which rule.

A document is one in both by its id; of several with one id, as reading sets them aside, the first is compared with the
first. DuckDB does it, within its memory limit: texts are compared by their hashes. What is told are counts and a few
examples, which are drawn by the hash of the id: evenly, and the same ones each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.engine import storage
from pipeline.engine.protocol import Dataset, Engine
from pipeline.run import books
from pipeline.run.runs import Run
from pipeline.run.steps.step import Made
from pipeline.stages import tables

EXAMPLES = 3  # documents of each group
GROUPS = 500  # the largest
WIDEST = 300  # characters of a reason, and of what was found
BEGINNING = 80  # characters of a text by which people know it
# What can be told of a document: kept by the first run alone; by the second alone; set aside by both, but otherwise;
# kept by both with another text; with the same text and other findings; not in the first run; not in the second.
FALLS, RETURNS, MOVES, CHANGES, REMARKED, NEW, GONE = KINDS = (
    *("falls", "returns", "moves", "changes", "remarked", "new", "gone"),
)


class Group(NamedTuple):
    """Documents of which the same can be told; with places before and after, or the rule whose findings differ."""

    kind: str
    step: str
    rule: str  # or why it was set aside, where that was no rule
    place: str  # where the documents are now; for those that return or are gone, where they were
    was: str  # of those that move: the rule and the place before
    documents: int
    examples: list[dict[str, Any]]


class Comparison(NamedTuple):
    """Counts by place of both runs, documents by kind, and the groups of each kind, the largest first."""

    counts: tuple[dict[str, int], dict[str, int]]
    documents: dict[str, int]
    groups: list[Group]


# --- how each document ended -------------------------------------------------------------------------------------

_ENDED = """
SELECT id, {number} AS number, '{place}' AS place, '{step}' AS step, {reason} AS reason, hash(text) AS text,
  left(coalesce(text, ''), {beginning}) AS beginning
FROM {dataset}
"""
# A row for each document of a run; its rule is the reason without its particulars.
_FATES = """
SELECT e.*, regexp_replace(e.reason, '{particulars}', '\\1\\2') AS rule FROM ({ended}) e
"""


def _fates(engine: Engine, run: Run, name: str) -> str:
    """How each document of a run ended."""
    datasets: dict[str, Dataset] = {"kept": run[-1].kept}
    ended = [_ended("kept", tables.KEPT, "", "''")]
    for made in run:
        for place in (tables.DROPPED, tables.QUARANTINED):
            dataset = f"{place}_{made.step}"
            datasets[dataset] = f"{made.output}/{place}"
            ended.append(_ended(dataset, place, made.step, f"left(reason, {WIDEST})", is_first=made is run[0]))
    query = _FATES.format(particulars=books.PARTICULARS.replace("'", "''"), ended=" UNION ALL ".join(ended))
    return engine.table(query, name, **datasets)


def _ended(dataset: str, place: str, step: str, reason: str, *, is_first: bool = False) -> str:
    """The documents that ended in a dataset; several may have one id where they were not read for that very reason."""
    number = "row_number() OVER (PARTITION BY id ORDER BY file, line, hash(text))" if is_first else "1"
    values = {"number": number, "place": place, "step": step, "reason": reason, "dataset": dataset}
    return _ENDED.format(beginning=BEGINNING, **values)


# --- whose findings differ ---------------------------------------------------------------------------------------

_FOUND = """
SELECT id, rule, count(*) AS findings, count(after) AS edits, sum(hash(before, after)) AS what FROM {dataset}
GROUP BY id, rule
"""
# Findings are the same if they have found the same, wherever: what was cut before them moves them.
_OTHERS = """
SELECT '{step}' AS step, coalesce(a.id, b.id) AS id, coalesce(a.rule, b.rule) AS rule,
  coalesce(a.edits, 0) + coalesce(b.edits, 0) > 0 AS edits
FROM ({one}) a FULL JOIN ({other}) b ON a.id = b.id AND a.rule = b.rule
WHERE a.what IS DISTINCT FROM b.what
"""
_NO_OTHERS = "SELECT '' AS step, id, '' AS rule, false AS edits FROM a WHERE false"


def _others(engine: Engine, one: Run, other: Run, fates: str) -> str:
    """The rules whose findings on a document differ, with their steps; steps that both runs share are passed over."""
    datasets: dict[str, Dataset] = {"a": fates}
    queries = [_NO_OTHERS]
    for before, after in zip(one, other, strict=True):
        if before.manifest["digests"][tables.FOUND] != after.manifest["digests"][tables.FOUND]:
            names = {side: f"{side}_{before.step}" for side in ("one", "other")}
            for side, made in (("one", before), ("other", after)):
                datasets[names[side]] = f"{made.output}/{tables.FOUND}"
            found = {side: _FOUND.format(dataset=name) for side, name in names.items()}
            queries.append(_OTHERS.format(step=before.step, **found))
    return engine.table(" UNION ALL ".join(queries), "others", **datasets)


# --- side by side ------------------------------------------------------------------------------------------------

_PAIRS = f"""
SELECT coalesce(a.id, b.id) AS id, md5(concat(coalesce(a.id, b.id), ' ', coalesce(a.number, b.number))) AS draw,
  coalesce(b.beginning, a.beginning) AS beginning, a.reason AS reason_before, b.reason AS reason_after,
  a.place AS place_before, a.step AS step_before, a.rule AS rule_before,
  b.place AS place_after, b.step AS step_after, b.rule AS rule_after,
  CASE
    WHEN a.id IS NULL THEN '{NEW}'
    WHEN b.id IS NULL THEN '{GONE}'
    WHEN a.place = 'kept' AND b.place <> 'kept' THEN '{FALLS}'
    WHEN a.place <> 'kept' AND b.place = 'kept' THEN '{RETURNS}'
    WHEN a.place <> b.place OR a.step <> b.step OR a.rule <> b.rule THEN '{MOVES}'
    WHEN a.place = 'kept' AND a.text <> b.text THEN '{CHANGES}'
    WHEN a.place = 'kept' AND o.id IS NOT NULL THEN '{REMARKED}'
    ELSE 'same'
  END AS kind
FROM a FULL JOIN b ON a.id = b.id AND a.number = b.number
LEFT JOIN (SELECT DISTINCT id FROM others) o ON o.id = a.id
"""
_EXAMPLE = "{'id': id, 'beginning': beginning, 'before': reason_before, 'after': reason_after}"
_GROUPED = f"""
SELECT kind, place_before, step_before, rule_before, place_after, step_after, rule_after, count(*) AS documents,
  arg_min({_EXAMPLE}, draw, {EXAMPLES}) AS examples
FROM pairs WHERE kind NOT IN ('{CHANGES}', '{REMARKED}', 'same') GROUP BY ALL
"""
# Of a document that has changed, what changes it; it is in the group of each such rule.
_BY_RULE = f"""
SELECT p.kind, NULL AS place_before, NULL AS step_before, NULL AS rule_before, 'kept' AS place_after,
  coalesce(o.step, '') AS step_after, coalesce(o.rule, '') AS rule_after, count(*) AS documents,
  arg_min({_EXAMPLE.replace(" id,", " p.id,")}, draw, {EXAMPLES}) AS examples
FROM pairs p LEFT JOIN others o ON o.id = p.id AND (o.edits OR p.kind = '{REMARKED}')
WHERE p.kind IN ('{CHANGES}', '{REMARKED}') GROUP BY ALL
"""
_GROUPS = f"""
SELECT * FROM ({_GROUPED} UNION ALL {_BY_RULE})
ORDER BY documents DESC, kind, step_after, rule_after, place_after, step_before, rule_before, place_before
LIMIT {GROUPS}
"""


def compare(engine: Engine, one: Run, other: Run, work: Path) -> Comparison:
    """What became of the documents of one run in the other; `engine` is that of one machine, `work` an empty folder.

    Raises:
        CopydeskError: the memory limit and spilling are not enough, or an output is damaged.
    """
    a, b = _fates(engine, one, "a"), _fates(engine, other, "b")
    counts = (_counts(engine, a, work / "a"), _counts(engine, b, work / "b"))
    others = _others(engine, one, other, a)
    pairs = engine.table(_PAIRS, "pairs", a=a, b=b, others=others)
    kinds = _rows(
        engine, "SELECT kind, count(*) AS n FROM pairs GROUP BY kind ORDER BY kind", work / "kinds", pairs=pairs
    )
    found = {row["kind"]: row["n"] for row in kinds}
    grouped = _rows(engine, _GROUPS, work / "groups", pairs=pairs, others=others)
    documents = {kind: found.get(kind, 0) for kind in (*KINDS, "same")}
    engine.drop()
    groups = [_group(row) for row in grouped]
    return Comparison(counts, documents, [_with_findings(group, one, other) for group in groups])


def _counts(engine: Engine, fates: str, out: Path) -> dict[str, int]:
    query = "SELECT place, count(*) AS n FROM fates GROUP BY place ORDER BY place"
    found = {row["place"]: row["n"] for row in _rows(engine, query, out, fates=fates)}
    return {"read": sum(found.values()), **{place: found.get(place, 0) for place in tables.PLACES}}


def _rows(engine: Engine, query: str, out: Path, **datasets: Dataset) -> list[dict[str, Any]]:
    return storage.read_table(engine.sql(query, str(out), **datasets)).to_pylist()  # type: ignore[no-any-return]


def _group(row: Mapping[str, Any]) -> Group:
    """A group as people see it: by where the documents are now, or were."""
    side = "before" if row["kind"] in (RETURNS, GONE) else "after"
    was = f"{_name(row['rule_before'])}, {row['place_before']}" if row["kind"] == MOVES else ""
    told = [row[f"{what}_{side}"] for what in ("step", "rule", "place")]
    return Group(row["kind"], told[0], _name(told[1]), told[2], was, row["documents"], row["examples"])


def _name(rule: str) -> str:
    return rule.removesuffix(":").strip()


# --- examples ----------------------------------------------------------------------------------------------------


def _with_findings(group: Group, one: Run, other: Run) -> Group:
    """Of documents that have changed, with what the rule found on them in one of the runs alone."""
    if group.kind not in (CHANGES, REMARKED) or not group.step:
        return group
    sides = [next(made for made in run if made.step == group.step) for run in (one, other)]
    return group._replace(
        examples=[{**example, **_differences(group, example["id"], sides)} for example in group.examples]
    )


def _differences(group: Group, identity: str, sides: Sequence[Made]) -> dict[str, list[dict[str, Any]]]:
    found = [list(_findings(made, identity, group.rule)) for made in sides]
    alone = [[f for f in mine if _what(f) not in map(_what, theirs)] for mine, theirs in (found, found[::-1])]
    return {"lost": alone[0][:EXAMPLES], "gained": alone[1][:EXAMPLES]}


def _what(finding: Mapping[str, Any]) -> tuple[Any, Any]:
    return finding["before"], finding["after"]


def _findings(made: Made, identity: str, rule: str) -> Iterator[dict[str, Any]]:
    table = storage.select_rows(
        f"{made.output}/{tables.FOUND}", "id = $1 AND rule = $2", [identity, rule], order="number"
    )
    for row in table.to_pylist():
        yield {name: value[:WIDEST] if isinstance(value, str) else value for name, value in row.items()}

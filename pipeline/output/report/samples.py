"""The findings of the report: a row for each rule, which opens on samples, and whole documents with all changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline import diff
from pipeline.diff import change, shown
from pipeline.output.report import charts, compared
from pipeline.output.report.figures import Changed, Figures, Material
from pipeline.output.report.sections import section
from pipeline.output.report.words import brief, change_of, number_of, percent, place_of
from pipeline.stages.tables import FindingRow

_MOST_RULES = 500  # rows
_NAME = 100  # characters of a name
_NO_ROOM = "<li>No room on this page.</li>\n"


def rules(material: Material, figures: Figures, budget: int, known: set[str]) -> Iterator[str]:
    """A row for each rule that found something, which opens on samples; those take `budget` bytes at most.

    `known`: the places of documents that are on the page already.
    """
    found = [(rule, entry, step) for step in material.steps for rule, entry in step["rules"].items()]
    yield section(
        "findings",
        "Findings",
        "Documents in which a rule found something, of those that its stage has read. Each opens on samples, drawn "
        "evenly over sites: <del>deleted</del> <ins>inserted</ins> <mark>remarked</mark>.",
    )
    if not found:
        yield '<p class="none">No rule found anything.</p></section>\n'
        return
    changes = compared.of_rules(material)
    samples = _within(budget, set(known), {rule: figures.samples.get(rule, []) for rule, *_ in found[:_MOST_RULES]})
    for rule, entry, step in found[:_MOST_RULES]:
        of_stage = step["counts"]["read"] or 1
        kind = number_of(entry["edits"], "edit") if entry["edits"] else number_of(entry["findings"], "remark")
        yield f'<details class="rule" id="{place_of("rule", rule)}"><summary><code>{brief(rule)}</code>'
        yield charts.shares([("hit", entry["documents"] / of_stage)])
        yield f'<span class="n">{number_of(entry["documents"], "document")}</span>'
        yield f'<span class="n">{percent(min(1.0, entry["documents"] / of_stage))}</span>'
        yield f'{change_of("span", changes.get(rule), material)}<span class="n soft">{kind}</span></summary>\n'
        yield f"<ul>\n{''.join(samples[rule])}</ul></details>\n"
    if len(found) > _MOST_RULES:
        yield f"<p>{len(found) - _MOST_RULES:,} more rules found something.</p>\n"
    yield "</section>\n"


def _within(budget: int, known: set[str], samples: Mapping[str, Sequence[FindingRow]]) -> dict[str, list[str]]:
    """The samples as HTML, the first of each rule, then the second of each, as long as there is room."""
    written: dict[str, list[str]] = {rule: [] for rule in samples}
    for turn in range(max(map(len, samples.values()), default=0)):
        for rule, rows in samples.items():
            if turn >= len(rows):
                continue
            html = _sample(rows[turn], known)
            budget -= len(html.encode())
            if budget < 0:
                return {r: each or [_NO_ROOM] for r, each in written.items()}
            written[rule].append(html)
    return written


def _sample(row: FindingRow, known: set[str]) -> str:
    """A finding amid what stood around it. The first of a document bears the place that links to it lead to."""
    middle = change(row.before, row.after)
    kind = "remarked" if row.after is None else "changed" if row.after else "deleted"
    place = place_of("doc", row.id)
    here = f' id="{place}"' if place not in known else ""
    known.add(place)
    quote = f"<q>{brief(row.left, 80)}{middle}{brief(row.right, 80)}</q>" if middle else ""
    detail = f" · {shown(row.detail)}" if row.detail else ""
    site = f" · {brief(row.site, _NAME)}" if row.site else ""
    return (
        f'<li{here} data-find data-kind="{kind}">{quote}'
        f'<small><a href="#{place}">{brief(row.id, _NAME)}</a>{site}{detail}</small></li>\n'
    )


# --- documents -------------------------------------------------------------------------------------------------------


def documents(figures: Figures, budget: int) -> Iterator[str]:
    """Documents with all that a stage has changed in them, as long as there is room in `budget` bytes."""
    about = "All that a stage has changed and remarked in a document; rule and reason show on hover and on focus."
    pieces, known = [section("documents", "Documents", about)], set[str]()
    for each in figures.documents:
        place = place_of("doc", each.findings[0].id)
        html = _document(each, "" if place in known else f' id="{place}"')
        known.add(place)
        budget -= len(html.encode())
        if budget > 0:
            pieces.append(html)
    if len(pieces) > 1:
        yield from (*pieces, "</section>\n")


def _document(document: Changed, here: str) -> str:
    first = document.findings[0]
    findings = [row.finding for row in document.findings]
    remarks = "".join(f"<li>{remark}</li>" for remark in diff.told(findings))
    said = f"{number_of(len(findings), 'finding')} of {brief(document.step)}"
    return (
        f'<details class="document"{here} data-find><summary><code>{brief(first.id, _NAME)}</code> '
        f'<span class="soft">{brief(first.site, _NAME)} · {said}</span></summary>\n'
        f"<q>{''.join(diff.of_text(document.text, findings))}</q>"
        f"{f'<ul>{remarks}</ul>' if remarks else ''}</details>\n"
    )

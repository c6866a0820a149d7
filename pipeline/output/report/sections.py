"""The sections of the report below its head: the stream of documents, tables of the books, findings with samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline.diff import shown
from pipeline.output.manifest import OTHERS, CharsetFigures, FieldsFigures, Manifest
from pipeline.output.report import charts, compared
from pipeline.output.report.figures import Figures, Material
from pipeline.output.report.words import brief, cell, change_of, number_of, place_of

_MOST_REASONS = 100  # rows; what is beyond them is summed up
_MOST_CHARSETS = 5  # of a source
_MOST_FIELDS = 30  # guesses
_NAME = 100  # characters of a name, here and below


def head_of(columns: Mapping[str, bool]) -> str:
    """The head of a table: its columns, and whether they hold numbers."""
    cells = "".join(f'<th{" class=n" if number else ""} scope="col">{name}' for name, number in columns.items())
    return f"<thead><tr>{cells}</tr></thead>"


def section(place: str, title: str, about: str = "") -> str:
    return f'<section id="{place}"><h2>{title}</h2>\n' + (f'<p class="about">{about}</p>\n' if about else "")


# --- the stream ------------------------------------------------------------------------------------------------------


def stream(material: Material) -> Iterator[str]:
    """What each step has kept of what was read, as a stream that narrows."""
    read = material.steps[0]["counts"]["read"] or 1
    yield section("steps", "Steps", "Read, kept, dropped, quarantined: all documents of the batch from above to below.")
    yield '<div class="steps" role="table">\n'
    names = ("step", "", "read", "kept", "dropped", "quarantined", "findings", "seconds")
    yield '<div role="row" class="head">' + "".join(f'<span role="columnheader">{n}</span>' for n in names) + "</div>\n"
    for step in material.steps:
        counts = step["counts"]
        parts = [counts[name] / read for name in ("read", "kept", "dropped", "quarantined")]
        cells = "".join(
            f'<span role="cell" class="n {name if counts[name] else "zero"}" data-l="{name}">{counts[name]:,}</span>'
            for name in ("read", "kept", "dropped", "quarantined", "findings")
        )
        yield f'<div role="row"><b role="rowheader">{brief(step["step"])}</b>'
        yield f'<span role="cell" class="pic">{charts.stream(*parts)}</span>{cells}'
        yield f'<span role="cell" class="n" data-l="seconds"><time>{step["seconds"]:.2f}</time></span></div>\n'
    yield "</div></section>\n"


def slowest(material: Material) -> Iterator[str]:
    """The rules that take longest; nothing where nobody has measured them."""
    if not material.costs:
        return
    about = "CPU time of the slowest rules, measured on some of the documents when this page was made."
    yield section("slowest", "Slowest rules", about)
    longest = max(cost.milliseconds for cost in material.costs) or 1.0
    yield f"<table>{head_of({'rule': False, 'share of the slowest': False, 'ms a document': True})}<tbody>\n"
    for rule, milliseconds in material.costs:
        bar = charts.shares([("bar", milliseconds / longest)])
        yield f'<tr><th scope="row"><code>{brief(rule, _NAME)}</code></th><td class="wide">{bar}</td>'
        yield f'<td class="n" data-l="ms a document"><time>{milliseconds:.4f}</time></td></tr>\n'
    yield "</tbody></table></section>\n"


# --- set aside -------------------------------------------------------------------------------------------------------


def aside(material: Material) -> Iterator[str]:
    """Why documents were set aside, with the reason as it was given to one of them."""
    rows = []
    for step in material.steps:
        told = step.get("set_aside", {})
        for reason, count in step["reasons"].items():
            where = [place for place in ("dropped", "quarantined") if reason in told.get(place, {})]
            example = next((told[place][reason]["example"] for place in where), "")
            rows.append((count, step["step"], reason, " ".join(where), example))
    yield section("aside", "Why documents were set aside")
    if not rows:
        yield '<p class="none">None was.</p></section>\n'
        return
    rows.sort(key=lambda row: (-row[0], row[1:3]))
    yield "<table>" + head_of({"step": False, "reason": False, "documents": True, "": False, "one of them": False})
    yield "<tbody>\n"
    for count, name, reason, places, example in rows[:_MOST_REASONS]:
        yield f'<tr data-find><th scope="row">{brief(name)}<td>{_rule(reason, material.steps)}'
        yield f'{cell(count, "documents")}<td class="{places}">{places}<td class="said">{brief(example, 300)}</tr>\n'
    more = rows[_MOST_REASONS:]
    if more:
        documents = sum(row[0] for row in more)
        yield f'<tr><th scope="row">{len(more):,} more<td>{cell(documents, "documents")}<td><td></tr>\n'
    yield "</tbody></table></section>\n"


def _rule(name: str, steps: Sequence[Manifest]) -> str:
    linked = any(name in step["rules"] for step in steps)
    return f'<a href="#{place_of("rule", name)}">{brief(name)}</a>' if linked else brief(name, 200)


# --- sources ---------------------------------------------------------------------------------------------------------


def sources(material: Material, figures: Figures) -> Iterator[str]:
    """What became of each source's documents, over all steps."""
    changes = compared.of_sources(material)
    about = "What became of the documents of each source, the largest first."
    if material.before:
        about += f" Change: of the share lost, in points, since batch {shown(material.before.name)}."
    yield section("sources", "Sources", about)
    columns = {"source": False, "": False, "read": True, "kept": True, "dropped": True, "quarantined": True}
    columns |= {"findings": True, "edits": True, **({"change": True} if material.before else {})}
    yield f"<table>{head_of(columns)}<tbody>\n"
    for source, entry in sorted(_totals(material.steps).items(), key=lambda each: (-each[1]["read"], each[0])):
        of_all = max(1, entry["read"])
        parts = [(place, entry[place] / of_all) for place in ("kept", "dropped", "quarantined")]
        found = figures.sites.get(source)
        yield f'<tr data-find><th scope="row">{brief(source, _NAME)}<td class="wide">{charts.shares(parts)}'
        yield "".join(cell(entry[name], name) for name in ("read", "kept", "dropped", "quarantined"))
        told = found if source != OTHERS else None
        yield "".join(cell(n, name) for n, name in zip(told, ("findings", "edits"), strict=True)) if told else _NOTHING
        yield f"{change_of('td', changes.get(source), material)}</tr>\n"
    yield "</tbody></table></section>\n"


_NOTHING = '<td class="n soft" data-l="findings">–<td class="n soft" data-l="edits">–'


def _totals(steps: Sequence[Manifest]) -> dict[str, dict[str, int]]:
    totals: dict[str, dict[str, int]] = {}
    for step in steps:
        for source, counts in step["sources"].items():
            entry = totals.setdefault(source, {"read": 0, "kept": 0, "dropped": 0, "quarantined": 0})
            if step is steps[0]:
                entry["read"] = sum(counts.values())
            entry["dropped"] += counts.get("dropped", 0)
            entry["quarantined"] += counts.get("quarantined", 0)
    for source, counts in steps[-1]["sources"].items():
        totals[source]["kept"] = counts.get("kept", 0)
    return totals


# --- how the input was read ------------------------------------------------------------------------------------------


def charsets(found: Mapping[str, CharsetFigures]) -> Iterator[str]:
    """How bytes became text: worth a look where it was guessed or characters were lost."""
    guessed = {
        source: entry
        for source, entry in found.items()
        if entry["replaced"] or any(not name.startswith("utf-8,") for name in entry["charsets"])
    }
    yield section("charsets", "Charsets")
    if not guessed:
        yield '<p class="none">Everything was UTF-8.</p></section>\n'
        return
    columns = {"source": False, "charset, and how it was told": False, "documents": True}
    yield "<table>" + head_of({**columns, "least certainty": True, "characters replaced": True}) + "<tbody>\n"
    for source, entry in guessed.items():
        ranked = sorted(entry["charsets"].items(), key=lambda each: (-each[1], each[0]))[:_MOST_CHARSETS]
        names = "<br>".join(brief(name, 40) for name, _ in ranked)
        counts = "<br>".join(f"{count:,}" for _, count in ranked)
        yield f'<tr data-find><th scope="row">{brief(source, _NAME)}<td>{names}'
        yield f'<td class="n" data-l="documents">{counts}<td class="n" data-l="least certainty">'
        yield f"{entry['least_certainty']:.2f}{cell(entry['replaced'], 'characters replaced')}</tr>\n"
    yield "</tbody></table></section>\n"


def fields(guessed: Sequence[FieldsFigures]) -> Iterator[str]:
    """Which fields of records were taken for what, where no setting says so."""
    if not guessed:
        return
    yield section("fields", "Fields that were guessed")
    yield f"<table>{head_of({'first file': False, 'files': True, 'field, and why': False})}<tbody>\n"
    for alike in guessed[:_MOST_FIELDS]:
        pairs = list(alike["fields"].items())[:20]
        told = [f"{what} from <code>{brief(name, 60)}</code>: {brief(why)}" for what, (name, why) in pairs]
        yield f'<tr data-find><th scope="row">{brief(alike["file"], _NAME)}{cell(alike["files"], "files")}'
        yield f"<td>{'<br>'.join(told)}</tr>\n"
    yield "</tbody></table></section>\n"


def left_out(reading: Manifest) -> Iterator[str]:
    """What of the input nobody has read: by kind, and by name."""
    kinds = reading.get("left_out_kinds", {})
    if not kinds:
        return
    total = number_of(sum(kinds.values()), "entry", "entries")
    yield f'<section id="left-out"><h2>Left out of the input</h2>\n<p>{total}.</p>\n'
    yield f"<table>{head_of({'kind': False, 'number': True})}<tbody>\n"
    for kind, number in kinds.items():
        yield f'<tr data-find><th scope="row">{brief(kind, _NAME)}{cell(number, "number")}</tr>\n'
    yield "</tbody></table>\n<details><summary>Their names</summary><ul>\n"
    yield from (f"<li data-find>{brief(name, 160)}</li>\n" for name in reading.get("left_out", ()))
    yield "</ul></details></section>\n"


# --- how it was made -------------------------------------------------------------------------------------------------


def settings(material: Material) -> Iterator[str]:
    """The settings that are not as by default."""
    yield section("settings", "Settings that differ from the defaults")
    if not material.settings:
        yield '<p class="none">None does.</p></section>\n'
        return
    yield f"<table>{head_of({'setting': False, 'value': False})}<tbody>\n"
    for name, value in material.settings.items():
        yield f'<tr data-find><th scope="row"><code>{brief(name)}</code><td><code>{brief(value)}</code></tr>\n'
    yield "</tbody></table></section>\n"

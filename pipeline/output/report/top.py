"""What a person wants to know first: what was published, what was lost and why, what has changed, what to decide."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from pipeline.diff import shown
from pipeline.output.manifest import OTHERS
from pipeline.output.report import compared
from pipeline.output.report.compared import Change
from pipeline.output.report.figures import Figures, Material
from pipeline.output.report.words import brief, number_of, percent, place_of

_MOST_REASONS = 6
_MOST_CHANGES = 6
_MOST_NAMED = 3  # sources that have come or gone
_LOSING = 0.5  # a source that loses more than this is worth a decision
_LEAST = 20  # documents of such a source


def top(material: Material, figures: Figures) -> Iterator[str]:
    """The head of the page."""
    yield from _head(material)
    yield from _refusal(material)
    yield '<div class="first">\n'
    yield from _lost(material)
    yield from _changed(material)
    yield from _to_decide(material, figures)
    yield "</div>\n"


def _head(material: Material) -> Iterator[str]:
    counts = _totals(material)
    started = escape(material.made[-1][1].get("started", "")).replace("T", " ").replace("Z", " UTC")
    published = material.published is not None
    kept = counts["kept"]
    yield f'<header><p class="kicker">Copydesk report</p><h1>Batch {shown(material.batch)}</h1>\n'
    yield (
        f'<p class="lead"><b>{counts["read"]:,}</b> read, <b>{kept if published else 0:,}</b> published. '
        f"Finished <time>{started}</time>.</p>\n"
    )
    told = {"published" if published else "would be published": kept, **{p: counts[p] for p in _ASIDE}}
    yield '<dl class="tiles">'
    for name, count in told.items():
        kind = name if name in _ASIDE else "kept"
        of_all = percent(count / counts["read"]) if counts["read"] else "0%"
        yield f'<div class="{kind}"><dt>{name}</dt><dd>{count:,} <small>{of_all}</small></dd></div>'
    yield "</dl></header>\n"


_ASIDE = ("dropped", "quarantined")


def _totals(material: Material) -> dict[str, int]:
    """Documents read, kept to the end, and set aside by any step."""
    steps = [step["counts"] for step in material.steps]
    aside = {place: sum(counts[place] for counts in steps) for place in _ASIDE}  # type: ignore[literal-required]
    return {"read": steps[0]["read"], "kept": steps[-1]["kept"], **aside}


def _refusal(material: Material) -> Iterator[str]:
    """Why nothing was published, and what stands there instead."""
    if not material.refused:
        return
    yield '<section class="refused"><h2 id="refused">Not published</h2>\n<ul>\n'
    yield from (f"<li>{shown(reason)}</li>\n" for reason in material.refused)
    yield (
        f"</ul>\n<p>What was published before, if anything, stays: "
        f'<a href="../../corpus/README.md">corpus</a>, <a href="report.html">its report</a>. '
        f"<code>copydesk run --batch {shown(material.batch)} --publish-anyway</code> publishes this.</p></section>\n"
    )


# --- lost ----------------------------------------------------------------------------------------------------------


def _lost(material: Material) -> Iterator[str]:
    rows = sorted(
        ((count, step["step"], reason) for step in material.steps for reason, count in step["reasons"].items()),
        key=lambda row: (-row[0], row[1:]),
    )
    read = material.steps[0]["counts"]["read"]
    yield "<section><h2>Lost, and why</h2>\n"
    if not rows:
        yield '<p class="none">No document was set aside.</p></section>\n'
        return
    yield '<ol class="plain">\n'
    for count, step, reason in rows[:_MOST_REASONS]:
        name = (
            reason if reason.startswith(f"{step}/") else f"{step}: {reason}".replace(f"{step}: {step}: ", f"{step}: ")
        )
        yield f"<li><b>{count:,}</b> <small>{percent(count / read)}</small> {_linked(name, material)}</li>\n"
    more = sum(count for count, *_ in rows[_MOST_REASONS:])
    yield f'<li><b>{more:,}</b> <a href="#aside">for other reasons</a></li>\n' if more else ""
    yield "</ol></section>\n"


def _linked(rule: str, material: Material) -> str:
    """A rule's name, which leads to what it found."""
    if any(rule in step["rules"] for step in material.steps):
        return f'<a href="#{place_of("rule", rule)}">{brief(rule)}</a>'
    return f'<a href="#aside">{brief(rule)}</a>'


# --- since the batch before ------------------------------------------------------------------------------------------


def _changed(material: Material) -> Iterator[str]:
    if material.before is None:
        yield "<section><h2>Since the batch before</h2>\n"
        yield '<p class="none">No earlier batch is published to compare with.</p></section>\n'
        return
    yield f'<section><h2>Since batch {shown(material.before.name)}</h2>\n<ul class="plain">\n'
    totals = compared.of_all(material)
    if first := next(iter(totals.values()), None):
        yield f"<li><b>{first.of_before:,} → {first.of_now:,}</b> read</li>\n"
    yield from (f"<li>{_told(change)} {place}</li>\n" for place, change in totals.items())
    told = [(rule, "rule", change) for rule, change in compared.of_rules(material).items() if change.is_told]
    told += [(source, "lost of", change) for source, change in compared.of_sources(material).items() if change.is_told]
    told.sort(key=lambda entry: (-abs(entry[2].difference), entry[0]))
    for name, what, change in told[:_MOST_CHANGES]:
        link = _linked(name, material) if what == "rule" else f'lost of <a href="#sources">{brief(name)}</a>'
        yield f"<li>{_told(change)} {link}</li>\n"
    if len(told) > _MOST_CHANGES:
        yield f"<li>and {number_of(len(told) - _MOST_CHANGES, 'share')} more, under Findings and Sources</li>\n"
    for names, said in zip(compared.come_and_gone(material), ("new", "gone"), strict=True):
        if names:
            more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
            listed = ", ".join(brief(name, 40) for name in names[:_MOST_NAMED])
            yield f"<li><b>{len(names):,}</b> {said}: {listed}{more}</li>\n"
    yield "</ul></section>\n"


def _told(change: Change) -> str:
    return f"<b>{percent(change.was)} → {percent(change.now)}</b>"


# --- to decide -------------------------------------------------------------------------------------------------------


def _to_decide(material: Material, figures: Figures) -> Iterator[str]:
    told = list(_questions(material))
    yield "<section><h2>To decide</h2>\n"
    if told:
        yield '<ul class="plain">\n'
        yield from (f"<li>{question}</li>\n" for question in told)
        yield "</ul></section>\n"
    else:
        yield '<p class="none">Nothing waits for a decision.</p></section>\n'


def _questions(material: Material) -> Iterator[str]:
    """What only a person can tell, each with a link to the figures. HTML."""
    reading = material.steps[0]
    if material.refused:
        yield '<a href="#refused">Publish it anyway</a>, or mend what it was refused for'
    for source, lost, read in _losing(material):
        yield f'<a href="#sources">{brief(source, 60)}</a> lost {lost:,} of {read:,}: is it still what it was?'
    if count := _totals(material)["quarantined"]:
        told = number_of(count, "document")
        yield f'<a href="#aside">{told} in quarantine</a>: mend the cause, and <code>copydesk retry</code>'
    if reading.get("fields"):
        yield '<a href="#fields">Fields were guessed</a>: are they the right ones?'
    if unread := reading.get("entries", {}).get("unread", 0):
        told = number_of(unread, "entry", "entries")
        yield f'<a href="#left-out">{told} of the input left out</a>: should they be read?'
    damaged = sum(entry["replaced"] for entry in reading.get("charsets", {}).values())
    if damaged:
        told = number_of(damaged, "character")
        yield f'<a href="#charsets">{told} lost in decoding</a>: is a charset declared wrongly?'


def _losing(material: Material) -> list[tuple[str, int, int]]:
    """The sources that lose more than half of what is read of them: the largest losses first."""
    found = []
    for source, entry in material.figures.items():
        lost = sum(entry["dropped"].values()) + sum(entry["quarantined"].values())
        if source != OTHERS and entry["read"] >= _LEAST and lost > _LOSING * entry["read"]:
            found.append((source, lost, entry["read"]))
    return sorted(found, key=lambda entry: (-entry[1], entry[0]))[:_MOST_NAMED]

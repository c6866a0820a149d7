"""`report.html`: what a batch did, in one file. Everything that comes from documents is escaped.

The page is written from the steps' manifests alone, so its size does not grow with the batch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path

import xxhash

from pipeline.diff import change, shown
from pipeline.engine import whole
from pipeline.output.manifest import CharsetFigures, FieldsFigures, Manifest
from pipeline.stages.tables import FindingRow

_KEY = re.compile(r'<meta name="copydesk-key" content="([0-9a-f]+)">')
_SEAL = re.compile(r"<!-- copydesk-seal ([0-9a-f]{16}) -->\n\Z")  # by which a page that was cut or changed is told


def key_of(file: Path) -> str | None:
    """What the report at `file` was made of, as it says itself; None when it is not there, or not as it was written."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    key, seal = _KEY.search(text, 0, 2_000), _SEAL.search(text)
    return key[1] if key and seal and seal[1] == _seal(text[: seal.start()]) else None


def _seal(text: str) -> str:
    return xxhash.xxh3_64_hexdigest(text.encode())


def write(file: Path, key: str, batch: str, manifests: Sequence[Manifest], refused: Sequence[str] = ()) -> None:
    """Write the report of a batch, in one step; `refused`: why it is not published."""
    text = "".join(render(key, batch, manifests, refused))
    whole.write_text(file, f"{text}<!-- copydesk-seal {_seal(text)} -->\n")


def render(key: str, batch: str, manifests: Sequence[Manifest], refused: Sequence[str] = ()) -> Iterator[str]:
    """The page, piece by piece."""
    style = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    published = manifests[-1].get("counts", {}).get("published", 0)
    steps = [m for m in manifests if "rules" in m]
    read = steps[0]["counts"]["read"]
    yield (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="copydesk-key" content="{key}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>Copydesk: {escape(batch)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
    )
    yield (
        f'<header><p class="kicker">Copydesk report</p><h1>Batch {escape(batch)}</h1>\n'
        f'<p class="lead"><b>{read:,}</b> read, <b>{published:,}</b> published. '
        f"Finished {escape(manifests[-1].get('started', ''))}.</p></header>\n"
    )
    yield from _refusal(batch, refused)
    yield from _counts(steps)
    yield from _set_aside(steps)
    yield from _left_out(steps[0])
    yield from _scores(steps)
    yield from _rules(steps)
    yield from _sources(steps)
    yield from _charsets(steps[0].get("charsets", {}))
    yield from _fields(steps[0].get("fields", []))
    yield "</main>\n</body>\n</html>\n"


def _refusal(batch: str, reasons: Sequence[str]) -> Iterator[str]:
    """Why nothing was published, and what stands there instead."""
    if not reasons:
        return
    yield '<section class="refused"><h2>Not published</h2>\n<ul>\n'
    yield from (f"<li>{shown(reason)}</li>\n" for reason in reasons)
    yield (
        f"</ul>\n<p>What was published before, if anything, stays: "
        f'<a href="../../corpus/README.md">corpus</a>, <a href="report.html">its report</a>. '
        f"<code>copydesk run --batch {escape(batch)} --publish-anyway</code> publishes this.</p></section>\n"
    )


def _left_out(reading: Manifest) -> Iterator[str]:
    """What of the input nobody has read, by kind."""
    kinds = reading.get("left_out_kinds", {})
    if not kinds:
        return
    yield f"<section><h2>Left out of the input</h2>\n<p>{number_of(sum(kinds.values()), 'entry', 'entries')}.</p>\n"
    yield '<table><thead><tr><th>kind<th class="n">number</tr></thead><tbody>\n'
    for kind, number in kinds.items():
        yield f'<tr><th scope="row">{shown(kind)}{_number(number)}</tr>\n'
    yield "</tbody></table></section>\n"


def _counts(steps: Sequence[Manifest]) -> Iterator[str]:
    yield '<section><h2>Steps</h2>\n<table><thead><tr><th>step<th class="n">read<th class="n">kept<th class="n">dropped'
    yield '<th class="n">quarantined<th class="n">findings<th class="n">seconds</tr></thead><tbody>\n'
    for step in steps:
        counts = step["counts"]
        cells = "".join(_number(counts[name]) for name in ("read", "kept", "dropped", "quarantined", "findings"))
        yield f'<tr><th scope="row">{escape(step["step"])}{cells}<td class="n">{step["seconds"]:.2f}</tr>\n'
    yield "</tbody></table></section>\n"


def _number(value: int) -> str:
    return f'<td class="n{"" if value else " zero"}">{value:,}'


def _set_aside(steps: Sequence[Manifest]) -> Iterator[str]:
    rows = [(step["step"], reason, count) for step in steps for reason, count in step["reasons"].items()]
    yield "<section><h2>Why documents were set aside</h2>\n"
    if not rows:
        yield '<p class="none">None was.</p></section>\n'
        return
    yield '<table><thead><tr><th>step<th>reason<th class="n">documents</tr></thead><tbody>\n'
    for step, reason, count in sorted(rows, key=lambda row: -row[2]):
        yield f'<tr><th scope="row">{escape(step)}<td>{shown(reason)}{_number(count)}</tr>\n'
    yield "</tbody></table></section>\n"


def _scores(steps: Sequence[Manifest]) -> Iterator[str]:
    """Translation scores in ten bars, with the limits of the rules that judge by them."""
    for step in steps:
        scores = step.get("scores")
        if not scores:
            continue
        limits = {
            rule: value
            for rule, settings in step["made_of"]["rules"].items()
            for name, value in settings.items()
            if name == "min_score"
        }
        yield f"<section><h2>Scores: {escape(step['step'])}</h2>\n<p>1 reads well. "
        yield "; ".join(f"<code>{escape(rule)}</code> below {value:g}" for rule, value in limits.items())
        yield '.</p>\n<table class="bars"><tbody>\n'
        most = max(scores) or 1
        for bin_, count in enumerate(scores):
            low, high = bin_ / len(scores), (bin_ + 1) / len(scores)
            marks = " ".join(f"◂ {value:g}" for value in limits.values() if low <= value < high)
            yield f'<tr><th scope="row">{low:.2f}–{high:.2f}<td class="bar">'
            yield f'<i style="width:{100 * count / most:.1f}%"></i>'
            yield f'{_number(count)}<td class="limit">{marks}</tr>\n'
        yield "</tbody></table></section>\n"


def _rules(steps: Sequence[Manifest]) -> Iterator[str]:
    yield "<section><h2>Findings per rule</h2>\n"
    found = [(rule, entry) for step in steps for rule, entry in step["rules"].items()]
    if not found:
        yield '<p class="none">No rule found anything.</p>\n'
    for rule, entry in found:
        kind = number_of(entry["edits"], "edit") if entry["edits"] else "remarks only"
        documents = number_of(entry["documents"], "document")
        yield f"<details open><summary><code>{escape(rule)}</code> <span>{entry['findings']:,} in {documents}, {kind}"
        yield "</span></summary>\n<ul>\n"
        for row in (FindingRow(**example) for example in entry["examples"]):
            yield f"<li>{_diff(row)}<small>{shown(row.id)}"
            yield f" · {shown(row.detail)}" if row.detail else ""
            yield "</small></li>\n"
        yield "</ul></details>\n"
    yield "</section>\n"


def number_of(count: int, noun: str, plural: str = "") -> str:
    """A number and what it counts: "1 document", "2 documents"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {plural or noun + 's'}"


def _diff(row: FindingRow) -> str:
    """A finding amid what stood around it: what was taken out, what was put in, or what was remarked."""
    middle = change(row.before, row.after)
    return f"<q>{shown(row.left)}{middle}{shown(row.right)}</q>" if middle else ""


def _sources(steps: Sequence[Manifest]) -> Iterator[str]:
    """What became of each source's documents, over all steps."""
    totals: dict[str, dict[str, int]] = {}
    for step in steps:
        for source, counts in step["sources"].items():
            entry = totals.setdefault(source, {"read": 0, "kept": 0, "dropped": 0, "quarantined": 0})
            if step is steps[0]:
                entry["read"] = sum(counts.values())
            entry["kept"] = 0
            entry["dropped"] += counts.get("dropped", 0)
            entry["quarantined"] += counts.get("quarantined", 0)
    for source, counts in steps[-1]["sources"].items():
        totals[source]["kept"] = counts.get("kept", 0)
    yield '<section><h2>Sources</h2>\n<table><thead><tr><th>source<th class="n">read<th class="n">kept'
    yield '<th class="n">dropped<th class="n">quarantined</tr></thead><tbody>\n'
    for source, entry in sorted(totals.items(), key=lambda item: (-item[1]["read"], item[0])):
        yield f'<tr><th scope="row">{shown(source)}' + "".join(_number(value) for value in entry.values()) + "</tr>\n"
    yield "</tbody></table></section>\n"


def _charsets(sources: Mapping[str, CharsetFigures]) -> Iterator[str]:
    """How bytes became text: worth a look where it was guessed or characters were lost."""
    guessed = {
        source: entry
        for source, entry in sources.items()
        if entry["replaced"] or any(not name.startswith("utf-8,") for name in entry["charsets"])
    }
    yield "<section><h2>Charsets</h2>\n"
    if not guessed:
        yield '<p class="none">Everything was UTF-8.</p></section>\n'
        return
    yield '<table><thead><tr><th>source<th>charset, and how it was told<th class="n">documents'
    yield '<th class="n">least certainty<th class="n">characters replaced</tr></thead><tbody>\n'
    for source, entry in guessed.items():
        names = "<br>".join(shown(name) for name in entry["charsets"])
        counts = "<br>".join(f"{count:,}" for count in entry["charsets"].values())
        yield f'<tr><th scope="row">{shown(source)}<td>{names}<td class="n">{counts}'
        yield f'<td class="n">{entry["least_certainty"]:.2f}{_number(entry["replaced"])}</tr>\n'
    yield "</tbody></table></section>\n"


def _fields(guessed: Sequence[FieldsFigures]) -> Iterator[str]:
    """Which fields of records were taken for what, where no setting says so."""
    if not guessed:
        return
    yield '<section><h2>Fields that were guessed</h2>\n<table><thead><tr><th>first file<th class="n">files'
    yield "<th>field, and why</tr></thead><tbody>\n"
    for alike in guessed:
        fields = alike["fields"].items()
        told = [f"{what} from <code>{shown(name)}</code>: {shown(why)}" for what, (name, why) in fields]
        yield f'<tr><th scope="row">{shown(alike["file"])}{_number(alike["files"])}<td>{"<br>".join(told)}</tr>\n'
    yield "</tbody></table></section>\n"

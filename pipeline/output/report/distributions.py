"""The charts of the report: how long, in which languages, how well, how much cut, how alike, from when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date

from pipeline.output.report import figures as counted
from pipeline.output.report.charts import Bar, Mark, histogram, shares
from pipeline.output.report.figures import CUT_BINS, PER_DECADE, Figures, Material
from pipeline.output.report.words import brief, number_of, percent

_PER_BAR = PER_DECADE // 10  # ten bars for each power of ten
_MOST_LANGUAGES = 8
_MOST_BARS = 60  # of dates


def distributions(material: Material, figures: Figures) -> Iterator[str]:
    """All charts for which there are figures."""
    charts = [
        _lengths(figures),
        _languages(figures),
        _scores(material),
        _cuts(material, figures),
        _similarities(figures),
        _dates(figures),
    ]
    yield '<section id="distributions"><h2>Distributions</h2>\n<div class="charts">\n'
    yield from (f"<figure>{chart}</figure>\n" for chart in charts if chart)
    yield "</div></section>\n"


def _figure(title: str, chart: str, said: str) -> str:
    return f"<figcaption><b>{title}</b> {said}</figcaption>{chart}"


def _lengths(figures: Figures) -> str:
    bins = figures.lengths
    sums = [sum(bins[start : start + _PER_BAR]) for start in range(0, len(bins), _PER_BAR)]
    first = next((number for number, count in enumerate(sums) if count), None)
    if first is None:
        return ""
    bars = [Bar(f"{_at(n)} to {_at(n + 1)} characters", count) for n, count in enumerate(sums) if n >= first]
    powers = range(len(bins) // PER_DECADE + 1)
    ticks = [
        Mark((10 * power - first) / len(bars), f"{10**power:,}")
        for power in powers
        if 0 <= 10 * power - first <= len(bars)
    ]
    said = f"characters of the articles kept; half of them have more than {_round(counted.median_length(figures)):,}."
    return _figure("Length.", histogram("Length of the articles", bars, ticks), said)


def _at(bar: int) -> str:
    return f"{_round(round(10 ** (bar / 10))):,}"


def _round(value: int) -> int:
    """To two digits."""
    return int(float(f"{value:.1e}"))


def _languages(figures: Figures) -> str:
    total = figures.languages.total()
    if not total:
        return ""
    ranked = sorted(figures.languages.items(), key=lambda entry: (-entry[1], entry[0]))
    rest = sum(count for _, count in ranked[_MOST_LANGUAGES:])
    rows = ranked[:_MOST_LANGUAGES] + ([(f"{len(ranked) - _MOST_LANGUAGES} others", rest)] if rest else [])
    table = "".join(
        f'<tr><th scope="row">{brief(code, 20)}<td class="wide">{shares([("bar", count / total)])}'
        f'<td class="n">{count:,}<td class="n">{percent(count / total)}</tr>'
        for code, count in rows
    )
    return _figure("Language.", f'<table class="small"><tbody>{table}</tbody></table>', "of the articles kept.")


def _scores(material: Material) -> str:
    found = next(((step, step["scores"]) for step in material.steps if sum(step.get("scores", []))), None)
    if found is None:
        return ""
    step, scores = found
    bars = [Bar(f"{n / len(scores):.2f} to {(n + 1) / len(scores):.2f}", count) for n, count in enumerate(scores)]
    limits = list(counted.limits_of([step]))
    marks = [Mark(value, f"{rule.partition('/')[2]} {value:g}") for rule, value in limits]
    said = f"of {number_of(sum(scores), 'document')}; 1 reads well."
    said += "".join(f" <code>{brief(rule)}</code> below {value:g}." for rule, value in limits)
    return _figure("Translation score,", histogram("Translation score", bars, _TENTHS, marks), said)


_TENTHS = [Mark(n / 5, f"{n / 5:g}") for n in range(6)]
_PERCENT = [Mark(n / 4, f"{n / 4:.0%}") for n in range(5)]


def _cuts(material: Material, figures: Figures) -> str:
    count = sum(figures.cuts)
    if not count:
        return ""
    bars = [Bar(f"{n / CUT_BINS:.0%} to {(n + 1) / CUT_BINS:.0%}", each) for n, each in enumerate(figures.cuts)]
    limits = [Mark(v, f"{rule.partition('/')[2]} {v:.0%}") for rule, v in counted.limits_of(material.steps, "max_cut")]
    said = f"of the characters, of {number_of(count, 'document')} that lost some as boilerplate."
    return _figure("Share cut,", histogram("Share cut", bars, _PERCENT, limits), said)


def _similarities(figures: Figures) -> str:
    total = figures.similarities.total()
    if not total:
        return ""
    lowest = min((*figures.similarities, *figures.similarity_limits))
    first = int(lowest * 20) / 20
    bars = [
        Bar(f"{(low := first + n / 50):.2f} to {low + 0.01:.2f}", _between(figures.similarities, low))
        for n in range(round((1 - first) * 50) + 1)
    ]
    limits = [Mark((v - first) / (1.02 - first), f"{v:g}") for v in sorted(figures.similarity_limits)]
    ticks = [Mark((v / 10 - first) / (1.02 - first), f"{v / 10:g}") for v in range(11) if v / 10 >= first]
    said = f"of {number_of(total, 'copy', 'copies')} with what they repeat; {figures.exact:,} more are exact."
    return _figure("Similarity", histogram("Similarity of copies", bars, ticks, limits), said)


def _between(similarities: Counter[float], low: float) -> int:
    """Of a bar that is two hundredths wide."""
    return similarities[round(low, 2)] + similarities[round(low + 0.01, 2)]


# --- dates -----------------------------------------------------------------------------------------------------------


def _dates(figures: Figures) -> str:
    """By days, months, years or more, so that there are no more bars than can be told apart."""
    if not figures.days:
        return ""
    first, last = min(figures.days), max(figures.days)
    fitting = (each for each in _UNITS if each[1](last) - each[1](first) < _MOST_BARS)
    unit, number = next(fitting, _UNITS[-1])
    sums: Counter[int] = Counter()
    for day, count in figures.days.items():
        sums[number(day)] += count
    names = {number(day): _name(day, unit) for day in sorted(figures.days, reverse=True)}
    bars = [Bar(names.get(n, ""), sums[n]) for n in range(number(first), number(last) + 1)]
    ticks = [Mark(0, first.isoformat()), Mark(1, last.isoformat())] if first != last else [Mark(0.5, first.isoformat())]
    said = f"of {number_of(figures.days.total(), 'article')} that have one, by {unit}."
    return _figure("Date", histogram("Dates of the articles", bars, ticks), said)


_UNITS: tuple[tuple[str, Callable[[date], int]], ...] = (
    ("day", lambda day: day.toordinal()),
    ("month", lambda day: 12 * day.year + day.month),
    ("year", lambda day: day.year),
    ("ten years", lambda day: day.year // 10),
    ("two hundred years", lambda day: day.year // 200),
)


def _name(day: date, unit: str) -> str:
    return {"day": day.isoformat(), "month": f"{day:%Y-%m}", "year": str(day.year)}.get(unit, f"from {day.year}")

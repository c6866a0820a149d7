"""Charts as SVG, by hand: no script, no font, no inline style; their colours are those of the page (`style.css`).

Numbers in them have two decimals at most, so that the same figures make the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 360, 150  # of a chart, in its own units; about pixels on a phone
LEFT, BOTTOM, TOP = 6, 22, 18  # what is left free beside the bars


class Bar(NamedTuple):
    """A bar of a histogram: what it stands for, and how many documents there are."""

    label: str
    documents: int


class Mark(NamedTuple):
    """Something at a place between 0 and 1 along the axis: a tick, or a limit."""

    at: float
    label: str


def histogram(title: str, bars: Sequence[Bar], ticks: Sequence[Mark], limits: Sequence[Mark] = ()) -> str:
    """Bars side by side over an axis; limits are drawn across them, each named at the top."""
    most = max((bar.documents for bar in bars), default=0) or 1
    width, height = WIDTH - 2 * LEFT, HEIGHT - BOTTOM - TOP
    step = width / max(1, len(bars))
    pieces = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
    for number, bar in enumerate(bars):
        if bar.documents:
            tall = max(1.0, height * bar.documents / most)
            x, y = LEFT + number * step, TOP + height - tall
            pieces.append(
                f'<rect class="bar" x="{_n(x + 0.5)}" y="{_n(y)}" width="{_n(max(0.5, step - 1))}" height="{_n(tall)}">'
                f"<title>{escape(bar.label)}: {bar.documents:,}</title></rect>"
            )
    base = TOP + height
    pieces.append(f'<path class="axis" d="M{LEFT} {base + 0.5}H{WIDTH - LEFT}"/>')
    pieces += (_tick(mark, width, base) for mark in ticks)
    pieces += _limits(limits, width, base)
    return "".join([*pieces, "</svg>"])


def _tick(mark: Mark, width: float, base: float) -> str:
    x = LEFT + mark.at * width
    anchor = "start" if mark.at < 0.05 else "end" if mark.at > 0.95 else "middle"
    return f'<text x="{_n(x)}" y="{base + 15}" text-anchor="{anchor}">{escape(mark.label)}</text>'


def _limits(limits: Sequence[Mark], width: float, base: float) -> Iterator[str]:
    """Their names stand on the side where there is room, and not over each other."""
    ordered = sorted(limits)
    for number, mark in enumerate(ordered):
        x = LEFT + mark.at * width
        left = number < len(ordered) - 1 or mark.at > 0.6
        anchor, beside = ("end", x - 3) if left and mark.at > 0.3 else ("start", x + 3)
        yield f'<path class="limit" d="M{_n(x)} {4}V{base}"/>'
        yield f'<text class="limit" x="{_n(beside)}" y="12" text-anchor="{anchor}">{escape(mark.label)}</text>'


def shares(parts: Sequence[tuple[str, float]]) -> str:
    """One bar, as wide as there is room, of parts with their share of it: `kept`, `dropped`, `quarantined`, `hit`."""
    pieces, done = ['<svg class="shares" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'], 0.0
    for kind, share in parts:
        if share > 0:
            wide = max(0.6, 100 * share)
            pieces.append(f'<rect class="{kind}" x="{_n(min(done, 99.4))}" width="{_n(wide)}" height="8"/>')
        done += 100 * share
    return "".join([*pieces, "</svg>"])


def stream(read: float, kept: float, dropped: float, quarantined: float) -> str:
    """A piece of the stream of documents, from what a step read (above) to what it kept; what it lost leaves it.

    All are shares of what the batch has read. The next piece joins it below.
    """
    wide, high = 1000, 40
    k, d, r = wide * kept, wide * (kept + dropped), wide * read
    d = max(d, k + 5) if dropped else d  # what is there can be seen
    q = max(wide * (kept + dropped + quarantined), d + 5) if quarantined else d
    pieces = [
        '<svg class="stream" viewBox="0 0 1010 40" preserveAspectRatio="none" aria-hidden="true">',
        f'<path class="kept" d="M0 0H{_n(r)}L{_n(k)} {high}H0z"/>',
    ]
    if dropped:
        pieces.append(f'<path class="dropped" d="M{_n(r)} 0L{_n(k)} {high}H{_n(d)}z"/>')
    if quarantined:
        pieces.append(f'<path class="quarantined" d="M{_n(r)} 0L{_n(d)} {high}H{_n(q)}z"/>')
    return "".join([*pieces, "</svg>"])


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")

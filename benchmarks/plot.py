"""Lines over a logarithmic axis, as SVG: what the pictures of the benchmarks need, and no more."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 40, 48
COLOURS = ("#0b6e99", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#be123c", "#475569", "#0f766e")


class Axis(NamedTuple):
    """What is told, and the numbers that are marked."""

    name: str
    marks: Sequence[float]


def lines(title: str, across: Axis, up: Axis, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """A picture of each series of points by its name; both axes are logarithmic, and end at their marks."""

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * _share(value, across)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * _share(value, up)

    middle = (LEFT + WIDTH - RIGHT) / 2
    made = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12" fill="#334155">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15" fill="#0f172a">{escape(title)}</text>',
        f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(across.name)}</text>',
        f'<text x="14" y="{HEIGHT / 2:.0f}" text-anchor="middle" transform="rotate(-90 14 {HEIGHT / 2:.0f})">'
        f"{escape(up.name)}</text>",
    ]
    for mark in across.marks:
        made.append(_line(x(mark), TOP, x(mark), HEIGHT - BOTTOM, "#e2e8f0"))
        made.append(f'<text x="{x(mark):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{_told(mark)}</text>')
    for mark in up.marks:
        made.append(_line(LEFT, y(mark), WIDTH - RIGHT, y(mark), "#e2e8f0"))
        made.append(f'<text x="{LEFT - 6}" y="{y(mark) + 4:.1f}" text-anchor="end">{_told(mark)}</text>')
    names = _apart({name: y(points[-1][1]) for name, points in series.items()})
    for (name, points), colour in zip(series.items(), COLOURS, strict=False):
        path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
        made.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        made += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{colour}"/>' for a, b in points]
        at = WIDTH - RIGHT + 10
        made.append(f'<text x="{at}" y="{names[name] + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*made, "</svg>", ""])


def _share(value: float, axis: Axis) -> float:
    first, last = math.log(axis.marks[0]), math.log(axis.marks[-1])
    return min(max((math.log(value) - first) / (last - first), 0), 1)


def _apart(heights: Mapping[str, float], least: float = 15) -> dict[str, float]:
    """Heights of the names, moved down where they would stand on each other."""
    placed: dict[str, float] = {}
    last = -least
    for name, height in sorted(heights.items(), key=lambda pair: pair[1]):
        placed[name] = last = max(height, last + least)
    return placed


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _told(mark: float) -> str:
    for size, name in ((1e6, "M"), (1e3, "k")):
        if mark >= size:
            return f"{mark / size:g}{name}"
    return f"{mark:g}"

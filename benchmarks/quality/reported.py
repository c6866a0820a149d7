"""Small cases made after public bug reports: the share that comes out right, in each group of kinds.

`python -m benchmarks.quality reported` prints the groups and the kinds that fail. To see each failing case with its
input, what was wanted and what came, name kinds by a pattern:

    COPYDESK_SHOW='html|script' python -m benchmarks.quality reported
    COPYDESK_SHOW=. python -m benchmarks.quality reported

The cases were made to find weak spots: a share here is no rate in the world.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import Any

import pipeline
from benchmarks import data
from benchmarks.quality import Measure

Case = dict[str, Any]  # a row of the set `reported_cases`

# Group to its kinds, of which the first that fits counts.
GROUPS = {
    "harmless": r"harmless|ZWJ/ZWNJ|markdown bold|markdown link|wiki refs",
    "leftovers": r"boilerplate|noscript|video|teaser",
    "markup": r"html|MT-broken tag|script|css|bbcode|shortcode|markdown",
    "lost letters": r"(?i)lost letter|lost umlaut|U\+FFFD|names in English",
    "escapes": r"escape",
    "mojibake": r"mojibake|single.byte",
    "entities and marks": r"entity|apostrophe|quotes",
    "characters": r"",
}
ENCODING = ("markup", "lost letters", "escapes", "mojibake", "entities and marks", "characters")


def group_of(case: Case) -> str:
    """The group that the case's kind belongs to.

    >>> group_of({"face": "clean", "kind": "css media"}), group_of({"face": "clean", "kind": "zwsp"})
    ('markup', 'characters')
    """
    if case["face"] == "detect_language":
        return "language"
    return next(group for group, kinds in GROUPS.items() if re.search(kinds, case["kind"]))


def came(case: Case) -> str:
    """What comes of the case's input: a text, a language, or whether the line in question is kept."""
    if case["face"] == "detect_language":
        return pipeline.detect_language(case["input"]).code
    text = pipeline.clean(case["input"]).text
    if "line" in case:
        return "kept" if case["line"] in text.split("\n") else "gone"
    return text


def is_right(case: Case, got: str) -> bool:
    """Whether that was wanted; how the lines of markup break is a matter of taste, so its white space is not compared.

    >>> is_right({"face": "clean", "kind": "html list", "want": "one two"}, "one\\ntwo")
    True
    """
    if group_of(case) == "markup":
        return bool(got.split() == case["want"].split())
    return bool(got == case["want"])


def measure() -> list[Measure]:
    """The share of cases that are right, in all and for each group."""
    shown = os.environ.get("COPYDESK_SHOW", "")
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    kinds: Counter[tuple[str, str]] = Counter()
    for case in data.load("reported_cases"):
        group, got = group_of(case), came(case)
        if is_right(case, got):
            right[group] += 1
            continue
        wrong[group] += 1
        kinds[group, case["kind"]] += 1
        if shown and re.search(shown, case["kind"]):
            print(_described(case, got))
    for (group, kind), number in sorted(kinds.items()):
        print(f"    {number:>3} wrong: {group}: {kind}")
    every = Measure("right, of all", _share(right.total(), wrong.total()), "", f"{wrong.total()} wrong")
    groups = [_of_group(group, right[group], wrong[group]) for group in (*GROUPS, "language")]
    good, bad = (sum(counts[group] for group in ENCODING) for counts in (right, wrong))
    return [every, Measure("encoding's groups", _share(good, bad), ">= 0.97", f"{bad} wrong of {good + bad}"), *groups]


def _of_group(group: str, right: int, wrong: int) -> Measure:
    return Measure(group, _share(right, wrong), "1" if group == "harmless" else ">= 0.97", f"{wrong} wrong")


def _share(right: int, wrong: int) -> float:
    return right / (right + wrong) if right + wrong else 1.0


def _described(case: Case, got: str) -> str:
    said = f"\n    line {case['line']!r}" if "line" in case else ""
    return f"  {case['kind']}\n    from {case['input']!r}{said}\n    want {case['want']!r}\n    got  {got!r}"

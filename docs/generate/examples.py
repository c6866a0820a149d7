"""The cases of a rule as its page shows them: what it mends and spares, and the places where the texts differ."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from docs.generate.markup import code, escaped, visible
from pipeline.records import Guard, Rule
from pipeline.stages.stage import Stage
from tests import cases
from tests.cases import Case

# what a case says of its document besides the text, and what that is called on the page
_GIVEN = (
    *("settings", "site", "language", "probability", "passages"),
    *("score", "lines", "paragraphs", "duplicate", "meta"),
)


class Examples(NamedTuple):
    """The cases of one rule, as HTML, by what becomes of the text."""

    mended: list[str]
    remarked: list[str]
    spared: list[str]


def examples_of(judge: Rule | Guard, stage: Stage, found: Sequence[Case]) -> Examples:
    """The examples of one rule of a stage, out of all cases."""
    mine = [case for case in found if case["rule"] == judge.name]
    return Examples(
        [_example(case, _changed(case["before"], case["after"])) for case in mine if "after" in case],
        [_example(case, _remarked(case, judge, stage)) for case in mine if _is_remarked(case)],
        [_example(case, _line("same", visible(case["before"]))) for case in mine if _is_spared(case)],
    )


def _is_remarked(case: Case) -> bool:
    return "after" not in case and bool(case.get("remarked"))


def _is_spared(case: Case) -> bool:
    return bool(case.get("untouched")) and not case.get("remarked")


def _example(case: Case, body: str) -> str:
    given = "".join(
        f"<li>{name}: {code(json.dumps(case[name], ensure_ascii=False))}</li>" for name in _GIVEN if name in case
    )
    given = f'<ul class="given">{given}</ul>' if given else ""
    return f'<div class="case"><p>{escaped(case["title"])}</p>{given}{body}</div>'


def _line(kind: str, body: str) -> str:
    return f'<pre class="{kind}">{body}</pre>'


def _remarked(case: Case, judge: Rule | Guard, stage: Stage) -> str:
    """The text with the places that the rule remarks on, and what it says of each."""
    found = cases.result(case, stage).findings
    hits = sorted((finding for finding in found if finding.rule == judge.name), key=lambda finding: finding.start)
    text, done, marked = case["before"], 0, []
    for hit in (hit for hit in hits if hit.end > hit.start >= done):
        marked += [visible(text[done : hit.start]), f"<mark>{visible(text[hit.start : hit.end])}</mark>"]
        done = hit.end
    said = "".join(f"<li>{escaped(hit.detail)}</li>" for hit in hits if hit.detail)
    notes = f'<ul class="said">{said}</ul>' if said else ""
    return _line("same", "".join(marked) + visible(text[done:])) + notes


# --- what differs ----------------------------------------------------------------------------------------------------


def _changed(before: str, after: str) -> str:
    """Both texts, one below the other, with what is only in one of them marked."""
    pieces = list(differences(before, after))
    gone = "".join(_marked("del", a, a == b) for a, b in pieces)
    come = "".join(_marked("ins", b, a == b) for a, b in pieces)
    return _line("before", gone) + _line("after", come)


def _marked(tag: str, text: str, is_same: bool) -> str:
    return visible(text) if is_same or not text else f"<{tag}>{visible(text)}</{tag}>"


def differences(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Pieces of both texts that correspond, in order; equal ones are equal, others differ.

    >>> list(differences("the & # 39; end", "the ' end"))
    [('the ', 'the '), ('& # 39;', "'"), (' end', ' end')]
    """
    old, new = _words(before), _words(after)
    for _, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield "".join(old[a:b]), "".join(new[c:d])


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\s|[^\w\s]", text)

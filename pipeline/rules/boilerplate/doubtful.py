"""What only neighbours decide: bare words of a menu, titles without a heading. The line model is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.rules.boilerplate.features import LONG, ends_sentence
from pipeline.rules.boilerplate.phrases import KEPT
from pipeline.rules.boilerplate.view import Line, view

Scores = Callable[[str, Sequence[Line]], Sequence[float]]

MAX_ROUNDS = 6  # most texts settle in two
SPARED = ("byline", KEPT)  # what the user decides


def link_like(text: str, additions: str, min_score: float, scores: Scores) -> list[float | None]:
    """For each line of the view of a text its score, if it is to be cut; None for the others.

    What other rules cut for certain is left to them. The text that is left is judged again, until nothing more is
    found in it: so a second look at a clean text finds nothing. A text that does not come to rest is left alone.
    """
    found = view(text, additions)
    chosen: list[float | None] = [None] * len(found)
    if not worth_asking(found):
        return chosen
    left = list(range(len(found)))
    lines: Sequence[Line] = found
    for _ in range(MAX_ROUNDS):
        new = {
            number: float(score)
            for number, line, score in zip(left, lines, scores(text, lines), strict=True)
            if score > min_score and not line.rule
        }
        if not new:
            return chosen
        for number, score in new.items():
            chosen[number] = score
        left = [n for n in left if chosen[n] is None and found[n].rule in ("", *SPARED)]
        text = "\n".join(found[n].text for n in left)
        lines = view(text, additions)
        if not worth_asking(lines):
            return chosen
    return [None] * len(found)


def worth_asking(found: Sequence[Line]) -> bool:
    """Whether a text has lines that may be links: in an article of full paragraphs no line is.

    Two of them at least, or one beside a phrase: a short line alone among paragraphs is a sub-heading or a quote.
    """
    short = sum(not is_paragraph(line.text) for line in found)
    return short > 2 or (short > 0 and any(line.rule or line.doubtful for line in found))


def is_paragraph(line: str) -> bool:
    return len(line) >= LONG and ends_sentence(line)

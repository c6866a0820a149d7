"""What only neighbours decide: bare words of a menu, titles without a heading. The line model is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline.facts.lines import shape
from pipeline.records import LineUse
from pipeline.rules.boilerplate.features import LONG
from pipeline.rules.boilerplate.phrases import KEPT
from pipeline.rules.boilerplate.view import Line, ends_sentence, view

Scores = Callable[[str, Sequence[Line]], Sequence[float]]
Uses = Mapping[str, LineUse]

# added to the limit, in log odds; swept on boilerplate_lines, on sites that the model had not seen
TITLE, PARAGRAPH, SEEN_BEFORE = -4.5, -0.5, -3.0
MIN_SHARE, MIN_DOCUMENTS = 0.2, 3  # of a site's documents
SHORT_SENTENCE = 40  # characters
MAX_LINES = 3_000  # a longer text is no article, and would take the model's memory
MAX_ROUNDS = 6  # most texts settle in two
SPARED = ("byline", KEPT)  # what the user decides


def learned(line: str, use: LineUse, min_share: float = MIN_SHARE, min_documents: int = MIN_DOCUMENTS) -> bool:
    """Whether the site adds this line to its pages, as far as counting can tell.

    Short sentences are spared: "Yes." stands in many interviews.
    """
    if use.decision:
        return use.decision == "accept"
    often = use.documents >= max(min_documents, min_share * use.of)
    return often and (len(line) >= SHORT_SENTENCE or not ends_sentence(line))


def link_like(text: str, additions: str, min_score: float, scores: Scores, uses: Uses) -> list[str | None]:
    """For each line of the view of a text why it is to be cut; None for those that stay.

    What other rules cut for certain is left to them. The text that is left is judged again, until nothing more is
    found in it: so a second look at a clean text finds nothing. A text that does not come to rest is left alone.
    """
    found = _with_learned(view(text, additions), uses)
    chosen: list[str | None] = [None] * len(found)
    left = list(range(len(found)))
    lines = found
    for _ in range(MAX_ROUNDS):
        if not worth_asking(lines):
            return chosen
        settled = True
        for number, line, score in zip(left, lines, scores(text, lines), strict=True):
            limit = min_score + _leaning(line, uses)
            if not line.rule and score > limit:
                chosen[number] = f"score {score:.1f} > {limit:.1f}"
                settled = False
        if settled:
            return chosen
        left = [n for n in left if chosen[n] is None and found[n].rule in ("", *SPARED)]
        text = "\n".join(found[n].text for n in left)
        lines = _with_learned(view(text, additions), uses)
    return [None] * len(found)


def _with_learned(found: Sequence[Line], uses: Uses) -> Sequence[Line]:
    """The lines with those that are known as the site's marked as certain, and those that the user wants as kept."""
    if not uses:
        return found
    marked = []
    for line in found:
        use = uses.get(shape(line.text))
        if use is not None and use.decision == "reject":
            line = line._replace(rule=KEPT)
        elif use is not None and not line.rule and learned(line.text, use):
            line = line._replace(rule="site_line")
        marked.append(line)
    return marked


def _leaning(line: Line, uses: Uses) -> float:
    """What is added to the limit: less than nothing under a heading of links, or for what another page has, too."""
    if is_paragraph(line.text):
        return PARAGRAPH
    use = uses.get(shape(line.text)) if uses else None
    seen = SEEN_BEFORE if use is not None and use.documents > 1 else 0.0
    return min(seen, TITLE if line.title else 0.0)


def worth_asking(found: Sequence[Line]) -> bool:
    """Whether a text has lines that may be links: in an article of full sentences no line is.

    Three lines that end no sentence, or one beside a phrase: one or two alone are sub-headings.
    """
    if len(found) > MAX_LINES:
        return False
    bare = sum(not ends_sentence(line.text) for line in found)
    return bare > 2 or (bare > 0 and any(line.rule or line.doubtful for line in found))


def is_paragraph(line: str) -> bool:
    return len(line) >= LONG and ends_sentence(line)

"""What only neighbours decide: bare words of a menu, titles without a heading. The line model is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from pipeline.facts.lines import Judge, shape
from pipeline.records import LineUse
from pipeline.rules.boilerplate.phrases import KEPT
from pipeline.rules.boilerplate.view import Line, certain, ends_sentence, is_paragraph, view

Scores = Callable[[str, Sequence[Line]], Sequence[float]]
Uses = Mapping[str, LineUse]

# Added to the limit, in log odds; swept on boilerplate_lines, on sites that the model had not seen.
PARAGRAPH = -0.2  # for a long line that ends a sentence: the model was trained to spare them most of all
HEADLINE = 0.3  # for a line as long as a headline: it may be the article's own, and costs most when it is
SENTENCE = 0.5  # for a short line that ends a sentence
IN_SHORT_TEXT = 0.6  # where there is little to tell an article from a page by
UNDER_HEADING = -1.0  # for a title under a heading that opens a block
BEFORE_PROSE = 3.0  # for the last of them, where prose follows: it may be its heading
LIST_ITEM = 1.0  # for a line with a mark or a number before it, which menus of pages have seldom
LISTED = 2.0  # for an item of a list that a sentence announces
ON_OTHER_PAGES = -1.0  # for a line that another page of the site has, too
MIN_SHARE, MIN_DOCUMENTS = 0.2, 3  # of a site's documents, for a line to be the site's
SHORT_SENTENCE = 40  # characters
SHORT_HEADLINE = 30  # characters
SHORT_TEXT = 12  # lines
LONGEST = 1_200  # characters; a longer line is no link, and the worst to lose
MAX_LINES = 3_000  # a longer text is no article, and would take the model's memory
_ITEM = re.compile(r"\s*(?:[-*•–]|\d{1,2}[.)])\s")
BYLINE = "byline"  # the one kind of line that is recognised and kept by default


def learned(line: str, use: LineUse, min_share: float = MIN_SHARE, min_documents: int = MIN_DOCUMENTS) -> bool:
    """Whether the site adds this line to its pages, as far as counting can tell.

    Short sentences are spared: "Yes." stands in many interviews.
    """
    if use.decision:
        return use.decision == "accept"
    often = use.documents >= max(min_documents, min_share * use.of)
    return often and (len(line) >= SHORT_SENTENCE or not ends_sentence(line))


def link_like(
    text: str,
    additions: str,
    min_score: float,
    scores: Scores,
    uses: Uses,
    spared: Collection[str] = (BYLINE,),
    judge: Judge = learned,
) -> list[str | None]:
    """For each line of the view of a text why it is to be cut; None for those that stay. Empty when none is.

    The model is asked only about a text that holds a line which a phrase cuts for certain: the site has been at work
    there. What is certain is left to its own rule, and gone thereafter: so a second look at a clean text finds nothing.
    Phrases of the rules in `spared` are not cut by them, and say nothing of the rest. `judge` says of a line and its
    use whether it is the site's.
    """
    if certain(text, additions) <= {KEPT, *spared}:  # most texts: no line is looked at
        return []
    found = sparing(view(text, additions), spared)
    if not worth_asking(found):
        return []
    found = [_with_use(line, uses, judge) for line in found] if uses else found
    limit = min_score + IN_SHORT_TEXT * (len(found) <= SHORT_TEXT)
    limits = [limit + _leaning(line, uses) for line in found]
    return [
        f"score {score:.1f} > {limit:.1f}" if score > limit and not line.rule and len(line.text) <= LONGEST else None
        for line, score, limit in zip(found, scores(text, found), limits, strict=True)
    ]


def sparing(found: Sequence[Line], spared: Collection[str] = (BYLINE,)) -> Sequence[Line]:
    """The lines, with those marked as kept that the rules in `spared` would cut."""
    return [line._replace(rule=KEPT) if line.rule in spared else line for line in found]


def worth_asking(found: Sequence[Line]) -> bool:
    """Whether the site has left something for certain in the text."""
    return len(found) <= MAX_LINES and any(line.rule not in ("", KEPT) for line in found)


def _with_use(line: Line, uses: Uses, judge: Judge) -> Line:
    """The line, marked as certain if it is the site's by its use, and as kept if the user wants it so."""
    use = uses.get(shape(line.text))
    if use is not None and use.decision == "reject":
        return line._replace(rule=KEPT)
    if use is not None and not line.rule and judge(line.text, use):
        return line._replace(rule="site_line")
    return line


def _leaning(line: Line, uses: Uses) -> float:
    """What is added to the limit for a line of this kind."""
    leaning = ON_OTHER_PAGES if uses and shape(line.text) in uses else 0.0
    if is_paragraph(line.text):
        return leaning + PARAGRAPH
    leaning += HEADLINE * (len(line.text) >= SHORT_HEADLINE) + SENTENCE * ends_sentence(line.text)
    leaning += UNDER_HEADING * line.title + BEFORE_PROSE * line.last_title + LISTED * line.listed
    return leaning + LIST_ITEM * bool(_ITEM.match(line.text))

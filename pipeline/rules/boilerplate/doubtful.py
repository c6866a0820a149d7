"""What only neighbours decide: bare words of a menu, titles without a heading. The line model is asked."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence

from pipeline.facts.lines import MAX_LINE, Judge, shape
from pipeline.records import LineUse
from pipeline.rules.boilerplate.about import about
from pipeline.rules.boilerplate.captions import is_credited
from pipeline.rules.boilerplate.features import LONG_WORD, words
from pipeline.rules.boilerplate.grammar import flatten
from pipeline.rules.boilerplate.phrases import KEPT
from pipeline.rules.boilerplate.quoted import quoted
from pipeline.rules.boilerplate.view import (
    INTRODUCTION,
    Line,
    certain,
    ends_sentence,
    is_paragraph,
    looks_like_title,
    view,
)

Scores = Callable[[str, Sequence[Line]], Sequence[float]]
Uses = Mapping[str, LineUse]

# Added to the limit, in log odds; swept on boilerplate_lines, on sites that the model had not seen.
HEADLINE = 0.3  # for a line as long as a headline: it may be the article's own
SHORT_LINE = 0.6  # for a shorter one: there is little to tell it by, and little gained
SENTENCE = 0.5  # for a line that ends a sentence and is no paragraph
IN_SHORT_TEXT = 0.6  # where there is little to tell an article from a page by
UNDER_HEADING = -1.8  # for a title under a heading that opens a block
BEFORE_PROSE = 3.0  # for the last of them, where prose follows: it may be its heading
BETWEEN_SENTENCES = 1.0  # for a sentence that stands between sentences, as those of articles do
BESIDE_PROSE = 2.0  # for what opens a text before prose, announces something in it, or is its last sentence
LIST_ITEM = 1.0  # for a line with a mark or a number before it, which menus of pages have seldom
LISTED = 2.0  # for an item of a list that a sentence announces
COMMENT = -3.0  # for a line among readers' comments
CREDITED = -1.5  # for a caption that says whose the picture is
ABOUT = -2.5  # for a heading near the end that says about whom the paragraph under it is, and for that paragraph
QUOTED = 4.0  # for a line of messages or of a tweet that the article shows
ON_OTHER_PAGES = -1.0  # for a line that another page of the site has, too
MIN_SHARE, MIN_DOCUMENTS = 0.2, 3  # of a site's documents, for a line to be the site's
COPY = 0.9  # share of a text; the worst page of boilerplate_lines with other pages of its site loses less
# The same of lines that fewer than half of the site's documents have; and of those lines that are counted at all.
VERSION, VERSION_COUNTED = 0.25, 0.5
SHORT_SENTENCE = 40  # characters
SHORT_HEADLINE = 30  # characters
SHORT_TEXT = 12  # lines
NEAR_PROSE = 5  # lines from a headline to the first paragraph
SAID, MIN_SAID = 0.6, 3  # share of the long words of a headline that its article says, too; long words
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
    found = with_uses(found, uses, judge)
    limits = _limits(found, min_score)
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


def counted(found: Sequence[Line], uses: Uses, own: Collection[int], judge: Judge = learned) -> set[int] | None:
    """The lines that count as the site's by how often they stand there, by number; the user's decisions aside.

    `own` are the article's own headlines, which are spared. None for a text that would lose too much of itself: it is
    an article which the site has several times, whole or in versions. What a site adds and is as long, its rules for
    comments for one, stands in most of its documents.
    """
    by_count = {
        number: use
        for number, line in enumerate(found)
        if number not in own
        and not line.rule
        and (use := uses.get(shape(line.text)))
        and not use.decision
        and judge(line.text, use)
    }
    size = sum(len(line.text) for line in found)
    lost = sum(len(found[number].text) for number in by_count)
    seldom = sum(len(found[number].text) for number, use in by_count.items() if use.documents < use.of / 2)
    could = sum(len(line.text) for line in found if len(line.text) <= MAX_LINE)
    is_version = seldom >= max(VERSION * size, VERSION_COUNTED * could, 1)
    return None if is_version or lost >= COPY * size else set(by_count)


def with_uses(found: Sequence[Line], uses: Uses, judge: Judge = learned) -> Sequence[Line]:
    """The lines with how often they stand on their site: certain if that makes them the site's, and kept if the user
    wants it so."""
    if not uses:
        return found
    documents = max(use.of for use in uses.values())
    own = headlines(found)
    of_site = counted(found, uses, own, judge)
    told = []
    for number, line in enumerate(found):
        use = uses.get(shape(line.text), LineUse(0, documents))
        rule = line.rule
        if use.decision == "reject":
            rule = KEPT
        elif not rule and (use.decision or number in (of_site or ())):
            rule = "site_line"
        told.append(
            line._replace(rule=rule, pages=0 if number in own or of_site is None else use.documents, of=documents)
        )
    return told


def headlines(found: Sequence[Line]) -> set[int]:
    """The lines that may be the article's own headline, by number: other pages of its site link to it in these words.

    A title soon before prose that takes up most of its words.
    """
    titles = [n for n, line in enumerate(found) if len(line.text) >= SHORT_HEADLINE and looks_like_title(line.text)]
    prose = [n for n, line in enumerate(found) if is_paragraph(line.text)]
    said = {word for number in prose for word in _long_words(found[number].text)}
    own = set()
    for number in titles:
        telling = _long_words(found[number].text)
        near = bisect_right(prose, number + NEAR_PROSE) > bisect_right(prose, number)
        if near and len(telling) >= MIN_SAID and sum(word in said for word in telling) >= SAID * len(telling):
            own.add(number)
    return own


def _long_words(text: str) -> list[str]:
    return [word for word in words(flatten(text)) if len(word) >= LONG_WORD]


def _limits(found: Sequence[Line], min_score: float) -> list[float]:
    """What the score of each line is to pass, by its kind and by what stands around it."""
    limit = min_score + IN_SHORT_TEXT * (len(found) <= SHORT_TEXT)
    limits = [limit + _leaning(line) for line in found]
    places = (
        (BETWEEN_SENTENCES, _between_sentences(found)),
        (BESIDE_PROSE, _beside_prose(found)),
        (QUOTED, quoted(found)),
        (ABOUT, about(found)),
    )
    for leaning, numbers in places:
        for number in numbers:
            limits[number] += leaning
    return limits


def _between_sentences(found: Sequence[Line]) -> set[int]:
    """Which lines are sentences between lines that end as sentences or announce something, and are not the site's."""
    said = [line.rule in ("", KEPT) and line.text.rstrip().endswith((":", "：")) for line in found]
    ends = [line.rule in ("", KEPT) and ends_sentence(line.text) for line in found]
    said = [False, *(one or other for one, other in zip(said, ends, strict=True)), False]
    return {number for number, end in enumerate(ends) if end and said[number] and said[number + 2]}


def _beside_prose(found: Sequence[Line]) -> set[int]:
    """The title before a text's prose, the sentence after it, and what announces something there."""
    prose = [False, *(not line.rule and is_paragraph(line.text) for line in found), False]
    last = len(found) - 1
    beside = set()
    for number, line in enumerate(found):
        before, after = prose[number], prose[number + 2]
        announces = len(line.text) >= INTRODUCTION and line.text.rstrip().endswith((":", "："))
        opens = number == 0 and looks_like_title(line.text)
        closes = number == last and len(line.text) >= SHORT_HEADLINE and ends_sentence(line.text)
        if (announces and (before or after)) or (opens and after) or (closes and before):
            beside.add(number)
    return beside


def _leaning(line: Line) -> float:
    """What is added to the limit for a line of this kind."""
    leaning = ON_OTHER_PAGES * bool(line.pages) + COMMENT * line.comment + CREDITED * is_credited(line.text)
    if is_paragraph(line.text):
        return leaning
    leaning += HEADLINE if len(line.text) >= SHORT_HEADLINE else SHORT_LINE
    leaning += SENTENCE * ends_sentence(line.text)
    leaning += UNDER_HEADING * line.title + BEFORE_PROSE * line.last_title + LISTED * line.listed
    return leaning + LIST_ITEM * bool(_ITEM.match(line.text))

"""The rules of the stage `boilerplate`: each names a kind of line that the site added, and cuts such lines whole.

What a phrase says for certain (`phrases.toml`, and the user's own file) goes by itself. Where there is such a line, the
others are judged by the line model, which looks at their neighbours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated

import pyarrow as pa

from pipeline.facts.lines import Judge, evidence, shape
from pipeline.records import (
    DERIVED,
    NO_FACTS,
    Bounds,
    Facts,
    Finding,
    Guard,
    Hit,
    LineUse,
    Rule,
    Share,
    Trigger,
    Verdict,
)
from pipeline.rules.boilerplate.doubtful import (
    BYLINE,
    MIN_DOCUMENTS,
    MIN_SHARE,
    Scores,
    counted,
    headlines,
    learned,
    link_like,
)
from pipeline.rules.boilerplate.model import default_model
from pipeline.rules.boilerplate.phrases import KEPT
from pipeline.rules.boilerplate.view import certain, cuts, view

# log odds; swept on sites the model had not seen: with less, news and web lose over 0.5 % of their content
MIN_SCORE = 0.1

Additions = Annotated[str, DERIVED]  # the text of the user's file of phrases
Documents = Annotated[int, Bounds(2, None)]  # a line of one document says nothing of its site


def _phrases(rule: str, text: str, additions: str) -> Iterator[Hit]:
    """Hits on the lines that are `boilerplate/<rule>` for certain."""
    if rule not in certain(text, additions):
        return iter(())
    found = view(text, additions)
    return cuts(text, found, ["" if line.rule == rule else None for line in found])


def related_links(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """Links to other pages of the site: "Related stories", "Read more: ...", tags, "Skip to content".

    Cut: they belong to other articles. A heading that stands alone goes alone; of the lines under it that look like
    titles the line model decides (`link_like_line`), which favours cutting them.
    """
    return _phrases("related_links", text, additions)


def share_prompt(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """An invitation to share the article or to follow somebody: "Share this on Facebook". Cut.

    A network's bare name is doubtful, since an article about it may have it for a sub-heading: see `link_like_line`.
    """
    return _phrases("share_prompt", text, additions)


def newsletter_pitch(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """A pitch for a newsletter, a subscription, an account or a donation: "Sign up for our daily briefing". Cut.

    Only whole lines: a sentence of the article about newsletters is spared.
    """
    return _phrases("newsletter_pitch", text, additions)


def advertisement(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """A marker of an advertisement: "Advertisement", "Story continues below advertisement". Cut."""
    return _phrases("advertisement", text, additions)


def photo_credit(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """Who took or sold a picture that is not there: "Photo: J. Doe/Getty Images". Cut.

    A caption that describes a picture without crediting anyone reads like the article's own words and is spared.
    """
    return _phrases("photo_credit", text, additions)


def copyright_notice(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """A notice of rights or of first publication, a link to legal pages: "© 2019 The Daily". Cut."""
    return _phrases("copyright_notice", text, additions)


def cookie_notice(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """A notice about cookies, consent, scripts or the browser: "We use cookies to ...". Cut.

    Articles about cookies speak of them inside sentences, not in these phrases.
    """
    return _phrases("cookie_notice", text, additions)


def comment_prompt(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """An invitation to comment, a count of comments, house rules: "Leave a comment", "12 Comments". Cut."""
    return _phrases("comment_prompt", text, additions)


def app_pitch(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """A pitch for the site's app or its notifications: "Download our app". Cut."""
    return _phrases("app_pitch", text, additions)


def continued(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """A remark that the text goes on: "Story continues below", "Scroll down for video". Cut."""
    return _phrases("continued", text, additions)


def video_remains(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """What a video player left behind: "Play video", "Current time 0:00", "This video is not available". Cut."""
    return _phrases("video_remains", text, additions)


def agency_notice(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """How the article came about: "This story has not been edited by ... staff", contacts for the press. Cut."""
    return _phrases("agency_notice", text, additions)


def date_stamp(text: str, facts: Facts, *, additions: Additions = "") -> Iterator[Hit]:
    """When the page was made or how long it takes to read: "Published: 12 May 2019", "5 min read". Cut.

    A date that opens a sentence is spared.
    """
    return _phrases("date_stamp", text, additions)


def byline(text: str, facts: Facts, *, cut: bool = False, additions: Additions = "") -> Iterator[Hit]:
    """Who wrote the article: "By our correspondent", "Additional reporting by ...". Kept, unless `cut` is set.

    It stands in the article's own column and many want it; a dateline ("LONDON (AP) -") is part of its sentence.
    """
    return _phrases("byline", text, additions) if cut else iter(())


def link_like_line(
    text: str,
    facts: Facts,
    *,
    min_score: float = MIN_SCORE,
    min_share: Annotated[Share, DERIVED] = MIN_SHARE,
    min_documents: Annotated[Documents, DERIVED] = MIN_DOCUMENTS,
    spared: Annotated[tuple[str, ...], DERIVED] = (BYLINE,),
    additions: Additions = "",
) -> Iterator[Hit]:
    """A line that looks like a link or an entry of a menu, beside lines that are the site's for certain. Cut.

    No phrase tells these from sub-headings, so the line model looks at length, words, place and neighbours. A text
    without a certain line is left alone, whatever its lines look like. `min_score` is in log odds; `min_share` and
    `min_documents` are those of `site_line`, whose lines are certain, too; `spared` names the rules whose lines are to
    stay: they are not cut here either, and say nothing of the lines around them.
    """
    judge = partial(learned, min_share=min_share, min_documents=min_documents)
    return link_like_hits(text, default_model().scores, facts, min_score, additions, spared, judge)


def link_like_hits(
    text: str,
    scores: Scores,
    facts: Facts = NO_FACTS,
    min_score: float = MIN_SCORE,
    additions: str = "",
    spared: Collection[str] = (BYLINE,),
    judge: Judge = learned,
) -> Iterator[Hit]:
    """What `link_like_line` finds, with the line model handed in, and what judges whether a line is the site's."""
    found = link_like(text, additions, min_score, scores, facts.lines, spared, judge)
    if any(found):
        yield from cuts(text, view(text, additions), found)


def site_line(
    text: str,
    facts: Facts,
    *,
    min_share: Share = MIN_SHARE,
    min_documents: Documents = MIN_DOCUMENTS,
    additions: Additions = "",
) -> Iterator[Hit]:
    """A line that the site puts into many of its articles, by count over this batch and all before it. Cut.

    `min_share` is of the site's documents; a line of fewer than `min_documents` is never cut. A short sentence is
    spared ("Yes." stands in many interviews), and so are the article's own headline, which other pages link to, and
    what the user has rejected; what was accepted is cut. A text that would lose nine tenths, or a quarter to lines that
    most of the site's documents do not have, is an article that the site has several times, and left to the duplicates
    stage.
    """
    if not facts.lines:
        return
    found = view(text, additions)
    judge = partial(learned, min_share=min_share, min_documents=min_documents)
    of_site = counted(found, facts.lines, headlines(found), judge) or set()
    uses = [facts.lines.get(shape(line.text)) for line in found]
    yield from cuts(text, found, [_why(use, n in of_site) for n, use in enumerate(uses)])


def _why(use: LineUse | None, is_counted: bool) -> str | None:
    """Why a line is the site's, by the user's decision or by its use; None if it is not."""
    if use and use.decision:
        return "accepted by the user" if use.decision == "accept" else None
    return evidence(use) if use and is_counted else None


def mostly_boilerplate(before: str, findings: Sequence[Finding], *, max_cut: Share = 0.9) -> Iterator[Hit]:
    """Nearly all of the text would be cut: it is likely a list or an index page. Kept as it is, in quarantine.

    `max_cut` is of its characters. The worst labelled page with an article loses 0.69; of the whole pages of the
    extraction sets, menus and all, one loses more than 0.9.
    """
    lost = sum(len(finding.before) for finding in findings if finding.is_edit)
    if lost > max_cut * len(before):
        yield Hit(0, len(before), None, f"{lost / len(before):.2f} of the text would be cut > {max_cut:.2f}")


_FINDERS = (
    link_like_line,  # what neighbours decide comes first, while they are still there
    site_line,
    related_links,
    share_prompt,
    newsletter_pitch,
    advertisement,
    photo_credit,
    byline,
    copyright_notice,
    cookie_notice,
    comment_prompt,
    app_pitch,
    continued,
    video_remains,
    agency_notice,
    date_stamp,
)


def _have_phrases(texts: pa.StringArray, facts: Sequence[Facts], additions: str) -> Iterator[frozenset[str]]:
    """The kinds of line that phrases tell in each text, looked for where the facts do not say."""
    for number, known in enumerate(facts):
        yield certain(texts[number].as_py(), additions) if known.phrases is None else known.phrases


def _hold(kind: str, texts: pa.StringArray, facts: Sequence[Facts], *, additions: str, **_: object) -> list[bool]:
    return [kind in kinds for kinds in _have_phrases(texts, facts, additions)]


def _beside_phrases(
    texts: pa.StringArray, facts: Sequence[Facts], *, additions: str, spared: Collection[str], **_: object
) -> list[bool]:
    return [not kinds <= {KEPT, *spared} for kinds in _have_phrases(texts, facts, additions)]


def _have_uses(texts: pa.StringArray, facts: Sequence[Facts], **_: object) -> list[bool]:
    return [bool(known.lines) for known in facts]


def rules(additions: str = "") -> tuple[Rule, ...]:
    """The rules under the default phrases and the user's; `additions` is the text of the user's file."""
    triggers: Mapping[str, Trigger] = {"link_like_line": _beside_phrases, "site_line": _have_uses}
    names = ((finder, finder.__name__) for finder in _FINDERS)
    found = (
        Rule(f"boilerplate/{name}", finder, trigger=triggers.get(name, partial(_hold, name))) for finder, name in names
    )
    return tuple(rule.with_settings(additions=additions) if additions else rule for rule in found)


RULES = rules()
GUARD = Guard("boilerplate/mostly_boilerplate", mostly_boilerplate, Verdict.QUARANTINE)

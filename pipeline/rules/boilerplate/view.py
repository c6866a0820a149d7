"""What the lines of a text are, seen together: phrases, blocks under a heading, and what only neighbours can decide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import starmap
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.records import Hit
from pipeline.rules.boilerplate import openings
from pipeline.rules.boilerplate.comments import MAX_STAMP, MIN_BUTTONS, commented, stamped
from pipeline.rules.boilerplate.phrases import MAX_LINE, Kind, phrases_of
from pipeline.text import cut_lines, paragraphs

LONG = 80  # characters of a paragraph; scripts without spaces say as much in a third of that
MAX_TITLE = 140  # characters; of the titles under such headings 99 in 100 are shorter
MAX_BLOCK = 100  # lines under one heading
MIN_ROW = 3  # doubtful lines, one after the other
MIN_ARTICLE = 3  # paragraphs before comments that are told by their dates alone: a report may go on hour by hour
MAX_DATED = 1  # paragraphs that follow a date
INTRODUCTION, MAX_ITEM = 40, 60  # characters of a sentence that announces a list, and of its items
MAX_REASONS = 3  # in one finding
_SENTENCE_ENDS = re.compile(r"[.;,:。；，：][\"'”’»)\]]*\s*$|[.!?][\"'”’»)\]]* +\w+ +\w|[。！？].")
_SENTENCE_END = re.compile(r"[.!?…。！？؟۔।॥።։။។][\"'”’»)\]」』]*\s*$")
# ", she said." and the like: a comma, words of speech, and at most a few words that say whose they are
_SPEECH = re.compile(
    r"[,，][\"'”’»]*\s+(?:[^\W\d]+\s+){0,4}?(?:said|says|told|added|wrote|explained|asked|warned|sagte|sagt|erklärte|betonte"
    r"|dit|a déclaré|a expliqué|explique|affirme|dijo|dice|afirmó|explicó|señaló|disse|afirmou|explicou|ha detto"
    r"|ha spiegato|zei|zegt|aldus|powiedział|powiedziała|mówi|сказал|сказала|говорит|заявил|заявила|sade|säger|sa"
    r"|řekl|řekla|uvedl|uvedla|dedi|diyor|είπε|δήλωσε|ujar|kata|cho biết|nói)\b[^,.!?]{0,40}[.!?]\s*$"
    r"|[,，][\"'”’»]*\s+(?:dit|affirme|explique)-(?:il|elle|on)\b[^,.!?]{0,40}[.!?]\s*$",
    re.IGNORECASE,
)
TRAIL = "related_links"  # the rule that cuts a trail
_TRAIL = re.compile(
    r"\W{0,3}(?:home|homepage|startseite|accueil|inicio|início|home page|strona główna|главная|αρχική|ana sayfa"
    r"|anasayfa|الرئيسية|首页|首頁|hem|domů|úvod|trang chủ|beranda|you are here|sie sind hier|vous êtes ici)"
    r"(?:\s*[>»›→]\s*[^>»›→]{1,80})+$",
    re.IGNORECASE,
)
_ARROW = re.compile("[>»›→]")
COMMENT = "comment_prompt"  # the rule that cuts the buttons of comments
_LETTER = re.compile(r"[^\W\d_]")
DATE = "date_stamp"  # the rule that cuts dates
_DATED = re.compile(r"\W*(?:[^\W\d_]+\W+)?\d")  # a number, or a day or a month before it
_SINCE = re.compile(r"\d ?[-–] ?\)\s*$")  # a life that has not ended
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
MAX_NEWSLESS = 6  # long words; of longer stamps in labelled pages one is the site's, five are entries of programmes


class Line(NamedTuple):
    """A line that is not blank. `rule` is what it is for certain: the name of the rule that cuts it, or ""."""

    start: int
    end: int
    text: str
    rule: str = ""
    doubtful: str = ""  # the rule of a phrase that neighbours decide
    title: bool = False  # it looks like a title and stands under a heading that opens a block
    last_title: bool = False  # the same, but prose follows: it may be the heading of that prose
    listed: bool = False  # an item of a list that a sentence of the article announces
    comment: bool = False  # it stands among readers' comments
    pages: int = 0  # documents of the site that have the line
    of: int = 0  # documents of the site; 0: nothing is known of it


@lru_cache(maxsize=8)
def view(text: str, additions: str = "") -> tuple[Line, ...]:
    """The lines of a text that are not blank. All rules of the stage ask for the same text in turn: it is kept."""
    spans, kinds = _phrased(text, additions)
    found = list(starmap(Line, ((start, end, text[start:end]) for start, end in spans)))
    for number, kind in kinds.items():
        line = found[number]
        doubtful = kind.doubtful or (ends_sentence(line.text) and (not kind.sentences or reports_speech(line.text)))
        doubtful = doubtful or (kind.rule == DATE and dates_news(line.text))
        found[number] = line._replace(doubtful=kind.rule) if doubtful else line._replace(rule=kind.rule)
    if _ARROW.search(text):
        for number, line in enumerate(found):
            if not line.rule and is_trail(line.text):
                found[number] = line._replace(rule=TRAIL, doubtful="")
    for number in _chronicle(found):
        found[number] = found[number]._replace(rule="", doubtful=DATE)
    listed = _listed(found)
    for number in listed:
        line = found[number]
        found[number] = line._replace(rule="", doubtful=line.rule or line.doubtful, listed=True)
    for row in _rows({number: kind for number, kind in kinds.items() if number not in listed}):
        for number in row:
            found[number] = found[number]._replace(rule=kinds[number].rule)
    if _may_have_comments(spans):
        _mark_comments(found)
    for opening in (number for number, kind in kinds.items() if kind.opens):
        titles, last = _titles(found, opening)
        for number in titles:
            found[number] = found[number]._replace(title=number != last, last_title=number == last)
    return tuple(found)


def _mark_comments(found: list[Line]) -> None:
    """Marks the lines among readers' comments; the buttons of these are certain."""
    texts = [line.text for line in found]
    for row in commented(texts):
        for number in range(row[0], row[-1]):
            found[number] = found[number]._replace(comment=True, listed=False)
        for number in row:
            found[number] = found[number]._replace(rule=COMMENT)
    for row in stamped(texts):
        if sum(not line.rule and is_paragraph(line.text) for line in found[: row[0]]) >= MIN_ARTICLE:
            for number in range(row[0], min(row[-1] + 2, len(found))):
                found[number] = found[number]._replace(comment=True, listed=False)


@lru_cache(maxsize=8)
def certain(text: str, additions: str = "") -> frozenset[str]:
    """The rules that a line of the text is cut by for certain."""
    spans, kinds = _phrased(text, additions)
    if not (kinds or _may_have_comments(spans) or _ARROW.search(text)):  # most texts: no line is looked at by itself
        return frozenset()
    return frozenset(line.rule for line in view(text, additions) if line.rule)


def certain_in(texts: pa.StringArray, additions: str = "") -> list[frozenset[str]]:
    """The same for each of many texts, none of which is null."""
    if not openings.COMPILED:
        return [certain(text, additions) for text in texts.to_pylist()]
    phrases = phrases_of(additions)
    looked = phrases.openings.look(texts, MAX_LINE + 1, MAX_STAMP + 1)  # a line's end counts here
    at = set(np.flatnonzero(looked.arrows | (looked.shorts >= MIN_BUTTONS)).tolist())
    for number, line in looked.lines:
        if number not in at and phrases.kind(line.removesuffix("\r")):
            at.add(number)
    return [certain(texts[n].as_py(), additions) if n in at else frozenset() for n in range(len(texts))]


@lru_cache(maxsize=8)
def _phrased(text: str, additions: str) -> tuple[Sequence[tuple[int, int]], Mapping[int, Kind]]:
    r"""Start and end of the lines that are not blank, without the ``\r`` of their ending; which of them are phrases."""
    spans = [(start, end - (text[end - 1] == "\r" and end < len(text))) for start, end in paragraphs(text)]
    return spans, phrases_of(additions).kinds(text, spans)


def _may_have_comments(spans: Sequence[tuple[int, int]]) -> bool:
    """Most articles have no three lines as short as buttons and dates are."""
    return sum(end - start <= MAX_STAMP for start, end in spans) >= MIN_BUTTONS


def _chronicle(found: Sequence[Line]) -> list[int]:
    """The dates in a text that tells what happened day by day: they are its headings, and no stamps of the page."""
    dates = [number for number, line in enumerate(found[:-1]) if line.rule == DATE]
    return dates if sum(is_paragraph(found[number + 1].text) for number in dates) > MAX_DATED else []


def _listed(found: Sequence[Line]) -> list[int]:
    """The lines under a sentence that ends in a colon, "The most used apps were:", up to the next paragraph."""
    listed: list[int] = []
    in_list = False
    for number, line in enumerate(found):
        announces = line.text.rstrip().endswith((":", "：")) and len(line.text) >= INTRODUCTION
        if announces or ends_sentence(line.text) or len(line.text) > MAX_ITEM:
            in_list = announces and not (line.rule or line.doubtful)
        elif in_list:
            listed.append(number)
    return listed


def _rows(kinds: Mapping[int, Kind]) -> Iterator[Sequence[int]]:
    """Doubtful lines that stand in a row: "Facebook", "Twitter", "Print" are a bar of buttons and vouch for each other.

    Of 728 such lines in `boilerplate_lines` 606 are the site's, 122 nobody's, and none is the article's.
    """
    row: list[int] = []
    for number in sorted(n for n, kind in kinds.items() if kind.doubtful):
        if row and number != row[-1] + 1:
            if len(row) >= MIN_ROW:
                yield row
            row = []
        row.append(number)
    if len(row) >= MIN_ROW:
        yield row


def _titles(found: Sequence[Line], opening: int) -> tuple[list[int], int | None]:
    """The lines under the heading numbered `opening` that look like titles, and which of them prose follows."""
    titles = []
    end = min(len(found), opening + 1 + MAX_BLOCK)
    number = opening + 1
    while number < end and (found[number].rule or found[number].doubtful or looks_like_title(found[number].text)):
        if not found[number].rule:
            titles.append(number)
        number += 1
    before_prose = bool(titles) and titles[-1] == number - 1 and number < len(found)
    return titles, titles[-1] if before_prose else None


def is_paragraph(line: str) -> bool:
    return len(line) >= LONG and ends_sentence(line)


def ends_sentence(line: str) -> bool:
    """Whether a line ends in a full stop or the like, quotes and brackets aside."""
    return bool(_SENTENCE_END.search(line[-8:]))


def reports_speech(line: str) -> bool:
    """Whether a sentence says who said it: then it is the article's, whatever it begins with.

    >>> reports_speech("Sign up now, the coach told them."), reports_speech("Sign up now to read on.")
    (True, False)
    """
    return bool(_SPEECH.search(line[-60:]))


def dates_news(line: str) -> bool:
    """Whether a line that begins with a date goes on to say what happened then, or is when a life began.

    >>> dates_news("3 May 2021 Forty boats saved from storm off northern islands, rescuers report")
    True
    >>> dates_news("(3 May 1921 - )")
    True
    >>> dates_news("3 May 2021 | 10:31 | Updated 4 May 2021 by Anna Doe")
    False
    """
    return bool(_SINCE.search(line)) or (bool(_DATED.match(line)) and len(_LONG_WORD.findall(line)) > MAX_NEWSLESS)


def is_trail(line: str) -> bool:
    """Whether the line says where on the site the page is.

    >>> is_trail("Home > News > Local"), is_trail("Home > Away, a novel in which nobody travels.")
    (True, False)
    """
    return len(line) <= MAX_TITLE and bool(_TRAIL.match(line)) and not ends_sentence(line)


def looks_like_title(line: str) -> bool:
    """Whether a line could be the title of an article: short, of one piece, with no end of a sentence.

    >>> looks_like_title("Five things to know about the vote"), looks_like_title("The vote was held on Monday.")
    (True, False)
    """
    return len(line) <= MAX_TITLE and not _SENTENCE_ENDS.search(line) and bool(_LETTER.search(line))


def cuts(text: str, found: Sequence[Line], reasons: Sequence[str | None]) -> Iterator[Hit]:
    """Hits that delete the lines with a reason; neighbours go in one hit, since their separators are the same."""
    number = 0
    while number < len(found):
        first = number
        while number < len(found) and reasons[number] is not None:
            number += 1
        if number > first:
            start, end = cut_lines(text, found[first].start, found[number - 1].end)
            details = dict.fromkeys(reason for reason in reasons[first:number] if reason)
            yield Hit(start, end, "", "; ".join(list(details)[:MAX_REASONS]))
        number += 1

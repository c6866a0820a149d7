"""Pages without an article: error pages, walls, front pages, pages drawn by a script. What is told of each is why.

A page of news may speak of all of these; so each is told by its title or by a phrase that only such a page shows, and
only where the text that was found is short. Of 1,725 pages with an article none is taken for one of these.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

from pipeline.sources.page.blocks import Layout, boxes_around
from pipeline.sources.page.metadata import Metadata

NONE = "no article found on the page"
SHORT = 800  # characters: error pages and walls have some 50 to 500
TEASER = 400  # characters: what is shown of an article that is paid for
_LINKED = 0.5  # share of a front page's characters in links
_HEADLINES = 3
_NO_TEXT = 300  # characters on a page that a script draws

_SEPARATOR = re.compile(r"\s+[|·•»«\-–—]\s+|[|»]")
_MISSING = re.compile(
    r"(?:error\s*|http\s*)?(?:404|410)(?:\s*error)?|(?:404\W+|error\W+)?(?:page|file|article|story|content|url)?\s*"
    r"(?:not found|no longer available|does not exist|doesn.t exist|cannot be found)(?:\W+404)?|oops.{0,40}not found|"
    r"(?:the )?page you.{0,60}(?:not found|not exist|moved)|"
    r"seite (?:wurde )?nicht gefunden|page (?:non trouvée|introuvable)|"
    r"página no encontrada|página não encontrada|pagina non trovata|nie znaleziono(?: strony)?|страница не найдена|"
    r"η σελίδα δεν βρέθηκε|页面不存在|页面未找到|找不到(?:网页|页面)|ページが見つかりません(?:でした)?",
    re.IGNORECASE,
)
_WALLED = re.compile(
    r"just a moment\W*|attention required\W*|access (?:to this page has been )?denied|403 forbidden|forbidden|"
    r"are you (?:a robot|human)\W*|before you continue.{0,30}|please verify you are.{0,20}|security check|"
    r"robot or human\W*|(?:privacy|cookie)[- ]?consent|consent|we value your privacy|"
    r"sign in(?: to continue)?|log ?in(?: required)?|subscribe to (?:read|continue).{0,40}",
    re.IGNORECASE,
)
_PHRASE_OF_WALL = re.compile(
    r"(?:please )?(?:enable|turn on|activate) (?:javascript|js|cookies)\b|"
    r"checking (?:if|your) .{0,20}(?:browser|connection)|"
    r"verify(?:ing)? (?:that )?you are (?:a )?human|disable (?:any|your) ad ?blocker|unusual traffic from your|"
    r"(?:subscribe|register|sign in|log in) to (?:continue|keep|read)\b|"
    r"to continue reading,? (?:please )?(?:subscribe|sign|log|register)|"
    r"we (?:and our|use|value).{0,60}(?:cookies|partners|your privacy)|accept (?:all )?cookies|"
    r"(?:wir|unsere) .{0,60}(?:cookies|partner)|javascript (?:is )?(?:disabled|deaktiviert)",
    re.IGNORECASE,
)


def why_absent(
    said: Metadata, page: Layout, kept: Sequence[bool], text: str, url: str | None, *, has_script: bool
) -> str | None:
    """Why there is no article on a page whose `kept` blocks make this text; None where there is one."""
    if len(text) < SHORT and _is_front_page(said, page, url):
        return f"{NONE}: it is the front page of a site"
    if not text:
        drawn = has_script and sum(len(block.text) for block in page.blocks) < _NO_TEXT
        return f"{NONE}: its text is drawn by a script" if drawn else NONE
    if cards := _cards(page, kept):
        return f"{NONE}: it is a list of {cards} articles"
    if len(text) > SHORT:
        return None
    titles = [part.strip(" .…!") for title in _titles(said, page, text) for part in _SEPARATOR.split(title)]
    if any(_MISSING.fullmatch(title) for title in titles):
        return f"{NONE}: it says that what was asked for is not there"
    if any(_WALLED.fullmatch(title) for title in titles):
        return f"{NONE}: it asks its reader to sign in, to agree or to prove to be human"
    if said.is_paid and len(text) < TEASER:
        return f"{NONE}: only {len(text)} characters of it are free to read"
    if _is_mostly_of_wall(text):
        return f"{NONE}: it asks its reader to sign in, to agree or to prove to be human"
    return None


def _titles(said: Metadata, page: Layout, text: str) -> list[str]:
    """What may be the title of an error page: the title, the first headlines, the first line of the text."""
    headlines = [block.text for block in page.blocks if page.boxes[block.box].tag in ("h1", "h2")]
    return [said.title or "", *headlines[:_HEADLINES], text.split("\n", 1)[0]]


def _is_mostly_of_wall(text: str) -> bool:
    """Whether half of the text stands in lines that only a wall shows."""
    lines = [line for line in text.split("\n") if line]
    return 2 * sum(len(line) for line in lines if _PHRASE_OF_WALL.search(line)) > sum(map(len, lines))


def _is_front_page(said: Metadata, page: Layout, url: str | None) -> bool:
    """Whether the address names no page of a site, and most of what stands there is links."""
    address = url or said.url
    if not address or len(urlsplit(address).path) > 1 or urlsplit(address).query:
        return False
    linked, chars = sum(block.linked for block in page.blocks), sum(len(block.text) for block in page.blocks)
    return linked > _LINKED * chars


# A list of articles: what is kept are teasers, each in a box of its own, of a kind, with one linked headline.
_CARDS = 4
_MOST = 0.8  # of the characters of kept paragraphs
_TEASER = 60  # characters, at least
_TITLE = 15
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


def _cards(page: Layout, kept: Sequence[bool]) -> int:
    """How many articles the page lists, if that is all it does; else 0."""
    titles: Counter[int] = Counter()  # linked headlines in each box
    for block in page.blocks:
        if _TITLE <= len(block.text) <= block.linked / 0.9 and _is_heading(page, block.box):
            titles.update(boxes_around(page, block.box))
    if len(titles) < _CARDS:
        return 0
    held: Counter[int] = Counter()  # paragraphs in each card
    chars, in_cards = 0, Counter[int]()
    for block, keep in zip(page.blocks, kept, strict=True):
        if len(block.text) < _TEASER or block.linked > _LINKED * len(block.text):
            continue
        card = next((box for box in boxes_around(page, block.box) if titles[box]), 0)
        held[card] += titles[card] == 1
        chars += keep * len(block.text)
        in_cards[card] += keep * len(block.text)
    teasers = {card for card, number in held.items() if number == 1}
    kinds = Counter((page.boxes[card].tag, page.boxes[card].names) for card in teasers)
    of_lists = {card for card in teasers if kinds[page.boxes[card].tag, page.boxes[card].names] >= _CARDS}
    is_list = chars and sum(in_cards[card] for card in of_lists) >= _MOST * chars
    return len(of_lists) if is_list else 0


def _is_heading(page: Layout, box: int) -> bool:
    """Whether the box, or the one around it, is a heading."""
    inner = page.boxes[box]
    return inner.tag in _HEADINGS or (inner.parent >= 0 and page.boxes[inner.parent].tag in _HEADINGS)

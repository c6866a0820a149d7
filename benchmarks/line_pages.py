"""Texts whose lines are labelled content, boilerplate or unsure: to train the line model on, and to try it on."""

from __future__ import annotations

import base64
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlparse

from benchmarks import data
from pipeline.facts.lines import MIN_DOCUMENTS, shape
from pipeline.records import LineUse
from pipeline.rules.boilerplate.comments import is_buttons
from pipeline.rules.boilerplate.doubtful import sparing, with_uses, worth_asking
from pipeline.rules.boilerplate.view import Line, is_paragraph, view
from pipeline.sources.charset.decode import decode
from pipeline.sources.page.article import parse
from pipeline.sources.page.blocks import layout

CONTENT, BOILERPLATE, UNSURE = "content", "boilerplate", "unsure"
LABELLED = ("news", "web", "press")  # kinds of pages in `boilerplate_lines`
ARTICLES, SCRAPED, SENTENCES, MORE = "articles", "scraped", "sentences", "more"  # the other kinds
WIDER = "wider"  # more to learn from, and never measured on
WIDER_SETS = ("extraction_web_more", "extraction_press_more", "extraction_world")
WIDE_AROUND, WIDE_STEP = 60, 3  # lines around the article of one such page in so many: a page with its menus
WIDE_LINES = 700  # more is a list
EXTRACTION = ("extraction_news", "extraction_web", "extraction_press")
AROUND = 10  # lines before and after the article that pages are cut down to, as those of `boilerplate_lines` are
MAX_LINES = 1_500
SCRAPED_STEP = 5  # one in so many of the set `articles`
SHORT = (2, 3, 4, 6, 9)  # lines of a short text
LEFTOVER = 6  # lines at most
MANY_WORDS = 6  # words: a shorter line that stands inside the article may be there by chance


@dataclass(frozen=True)
class Page:
    """A labelled text; `site` is what cross-validation keeps together."""

    id: str
    kind: str
    site: str
    text: str
    lines: tuple[Line, ...]
    labels: tuple[str, ...]


def pages() -> list[Page]:
    """All labelled pages, pages labelled by comparing them with their article, and articles."""
    return [*_labelled(), *_compared(), *articles(), *_scraped(), *_sentences()]


def made(identity: str, kind: str, site: str, pairs: Sequence[tuple[str, str]]) -> Page:
    """A page of lines with their labels."""
    stated = [(_one_line(line), label) for line, label in pairs if line and not line.isspace()]
    text = "\n".join(line for line, _ in stated)
    return Page(identity, kind, site, text, view(text), tuple(label for _, label in stated))


def _one_line(text: str) -> str:
    return text.replace("\n", " ").replace("\r", " ")


def _labelled() -> Iterator[Page]:
    urls = {row["id"]: row["url"] for name in EXTRACTION[:2] for row in data.load(name)}
    for row in data.load("boilerplate_lines"):
        site = row["host"] or _host(urls.get(row["id"], "")) or row["id"]
        yield made(row["id"], row["set"], site, list(zip(row["lines"], row["labels"], strict=True)))


def _host(url: str) -> str:
    return urlparse(url if "//" in url else "//" + url).netloc.removeprefix("www.")


def _compared() -> Iterator[Page]:
    """The pages of the extraction sets that are not in `boilerplate_lines`."""
    labelled = {row["id"] for row in data.load("boilerplate_lines")}
    for row in (row for name in EXTRACTION for row in data.load(name) if row["id"] not in labelled):
        pairs = _around(_pairs(row), AROUND)
        if 0 < len(pairs) <= MAX_LINES:
            yield made(row["id"], MORE, row.get("host") or _host(row["url"]), pairs)


def wider() -> Iterator[Page]:
    """Pages of sets that are only learned from, some with all the menus around the article."""
    rows = (row for name in WIDER_SETS for row in data.load(name))
    for number, row in enumerate(rows):
        pairs = _around(_pairs(row), AROUND if number % WIDE_STEP else WIDE_AROUND)
        if 0 < len(pairs) <= WIDE_LINES:
            site = _host(row.get("host") or row.get("url") or "") or row.get("publisher") or row["id"]
            yield made(row["id"], WIDER, site, pairs)


_SECOND = {"co", "com", "org", "net", "gov", "ac", "edu", "or", "ne", "go"}  # below the domains of countries


def domain(site: str) -> str:
    """What hosts of one publisher have in common.

    >>> domain("news.example.co.uk"), domain("www.example.com")
    ('example.co.uk', 'example.com')
    """
    parts = site.split(".")
    below = len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in _SECOND
    return ".".join(parts[-3 if below else -2 :])


def _pairs(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The lines of a page of an extraction set, with labels by comparison with its article."""
    root = parse(decode(base64.b64decode(row["html_b64"])).text)
    texts = [block.text for block in layout(root).blocks]
    return list(zip(texts, compared(texts, row["text"]), strict=True))


def _around(pairs: Sequence[tuple[str, str]], lines: int) -> Sequence[tuple[str, str]]:
    """The lines of the article with so many before and after; none where there is no article."""
    inside = [n for n, (_, label) in enumerate(pairs) if label == CONTENT]
    return pairs[max(0, inside[0] - lines) : inside[-1] + 1 + lines] if inside else []


_WORD = re.compile(r"[\u3040-\u9fff]|[^\W_\u3040-\u9fff]+")


def compared(texts: Sequence[str], article: str) -> list[str]:
    """Labels of the lines of a page, by what of them stands in its article.

    On the pages that are in `boilerplate_lines` 97 in 100 labels come out as they are there.
    """
    words = _WORD.findall(article.lower())
    whole = {" ".join(_WORD.findall(line.lower())) for line in article.split("\n")}
    shingles = set(_shingles(words))
    inside = f" {' '.join(words)} "
    labels = []
    for text in texts:
        mine = _WORD.findall(text.lower())
        line = " ".join(mine)
        if not mine:
            labels.append(UNSURE)
        elif line in whole or f" {line} " in inside:
            labels.append(CONTENT if line in whole or len(mine) >= MANY_WORDS else UNSURE)
        else:
            own = _shingles(mine)
            share = sum(one in shingles for one in own) / max(len(own), 1)
            labels.append(CONTENT if share >= 0.7 else BOILERPLATE if share <= 0.1 else UNSURE)
    return labels


def _shingles(words: Sequence[str]) -> list[tuple[str, ...]]:
    return list(zip(words, words[1:], words[2:], words[3:], strict=False))


def articles() -> Iterator[Page]:
    """News written or translated by people: all content."""
    for row in data.load("translation_documents"):
        if row["kind"] != "machine":
            yield made(row["id"], ARTICLES, row["doc"], [(line, CONTENT) for line in row["text"].split("\n")])


def _scraped() -> Iterator[Page]:
    """Articles with leftovers of which nobody said what they are: paragraphs are content, as far as known."""
    for number, text in enumerate(data.article_texts()[::SCRAPED_STEP]):
        found = view(text)
        labels = tuple(CONTENT if is_paragraph(line.text) and not line.rule else UNSURE for line in found)
        yield Page(f"{SCRAPED}{number}", SCRAPED, f"{SCRAPED}{number}", text, found, labels)


def _sentences() -> Iterator[Page]:
    """Short texts in all languages: their sentences are content, whatever the model makes of their words."""
    by_language: dict[str, list[str]] = {}
    for row in data.load("language_sentences"):
        by_language.setdefault(row["lang"], []).append(row["text"])
    for language, texts in by_language.items():
        for number, size in enumerate(SHORT):
            pairs = [(text, CONTENT) for text in texts[10 * number : 10 * number + size]]
            yield made(f"{language}-{number}", SENTENCES, language, pairs)


# --- a page among the other pages of its site -------------------------------------------------------------------------

Counts = Mapping[str, tuple[Counter[str], int]]  # site to documents of each shape of a line, and documents


def counts_of_sites(chosen: Sequence[Page]) -> Counts:
    """How often each line stands on its site, of sites with several pages."""
    by_site: dict[str, list[set[str]]] = {}
    for page in chosen:
        by_site.setdefault(domain(page.site), []).append({shape(line.text) for line in page.lines})
    return {
        site: (Counter(line for of_page in pages for line in of_page), len(pages))
        for site, pages in by_site.items()
        if len(pages) > 1
    }


def among_others(page: Page, counts: Counts) -> Page | None:
    """The page with the uses of its lines; None if its site has no other page."""
    if domain(page.site) not in counts:
        return None
    documents, of = counts[domain(page.site)]
    shapes = {shape(line.text) for line in page.lines}
    uses = {line: LineUse(documents[line], of, 0) for line in shapes if documents[line] >= MIN_DOCUMENTS}
    return replace(page, lines=tuple(with_uses(page.lines, uses)))


# --- an article with a few leftovers ------------------------------------------------------------------------------


def leftovers(chosen: Sequence[Page]) -> list[list[str]]:
    """Lines of boilerplate that follow each other on the pages, the first of them certain.

    Buttons of comments only where a phrase knows them: among themselves they are certain, and one alone is not.
    """
    found = []
    for page in chosen:
        for start, line in enumerate(page.lines):
            end = start
            while end < min(len(page.lines), start + LEFTOVER) and page.labels[end] == BOILERPLATE:
                end += 1
            alone = view(line.text) if is_buttons(line.text) else [line]
            if end > start and worth_asking(sparing(alone)):
                found.append([one.text for one in page.lines[start:end]])
    return found


def excerpt(page: Page, chance: random.Random) -> Page:
    """A few lines of the page's article."""
    pairs = [(line.text, label) for line, label in zip(page.lines, page.labels, strict=True) if label != BOILERPLATE]
    start = chance.randrange(len(pairs))
    return made(page.id, page.kind, page.site, pairs[start : start + chance.choice(SHORT)])


def with_leftovers(page: Page, pool: Sequence[Sequence[str]], count: int, chance: random.Random) -> Page:
    """The page without its own boilerplate, and with `count` leftovers of others at places drawn by `chance`."""
    pairs = [(line.text, label) for line, label in zip(page.lines, page.labels, strict=True) if label != BOILERPLATE]
    for _ in range(count):
        drawn = chance.choice(pool)
        left = [(text, BOILERPLATE) for text in drawn[: chance.randint(1, len(drawn))]]
        place = len(pairs) if chance.random() < 0.4 else chance.randint(0, len(pairs))
        pairs[place:place] = left
    return made(page.id, page.kind, page.site, pairs)

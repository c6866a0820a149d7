"""Rules of CSS that a scraper took for text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.records import Facts, Hit
from pipeline.rules.encoding.markup import cuts
from pipeline.rules.encoding.markup.about_code import is_about
from pipeline.rules.encoding.markup.cuts import Cut
from pipeline.rules.encoding.markup.scripts import end_of_brackets

_PROPERTY = (
    r"(?:font|margin|padding|border|background|text|line|letter|word|list|max|min|grid|flex|align|justify|overflow"
    r"|transition|animation|transform|box|outline|column|white|vertical|object|pointer|z)-[a-z-]{2,30}|font|margin|padding"
    r"|border|background|display|color|width|height|float|clear|position|top|left|right|bottom|overflow|visibility|opacity"
    r"|content|cursor|flex|grid|gap|fill|transform|transition|animation|filter|src|outline|zoom|-(?:webkit|moz|ms|o)-[a-z-]+"
    r"|--[a-z][a-z0-9-]*"
)
_BODY = re.compile(r"\{[^{}]{0,5000}\}")
_DECLARATION = re.compile(rf"[{{;\s](?:{_PROPERTY})\s?:\s?[^;{{}}:\n]{{1,300}}(?:;|\s*\}}|://)")
STYLE_TRIGGER = r"\{[^{}]*:"
_OPENS = re.compile(STYLE_TRIGGER)
# A selector that is all that stands before the bracket, and one behind prose, which must begin with a sign.
_ELEMENT = (
    "body|html|div|p|a|ul|ol|li|h[1-6]|img|table|tbody|thead|td|tr|th|span|input|textarea|select|form|iframe|section"
    "|article|aside|header|footer|nav|button|label|figure|figcaption|blockquote|pre|code|strong|em|b|i|video|svg|main|hr"
    "|object|embed|audio|picture|small|sup|sub|dl|dt|dd|address|center|font|tfoot|caption|fieldset|legend|u|s"
)
_SIGNED = r"(?:[.#][\w-]{1,80}|\[[^\]\n]{1,60}\]|::?[a-z-]{1,30}(?:\([^()\n]{1,40}\))?)"
_COMPOUND = rf"(?:(?:(?:{_ELEMENT})(?![\w-])|\*){_SIGNED}*+|{_SIGNED}++)"
_MORE = rf"(?:(?:\s{{0,3}}[>+~,]\s{{0,3}}|\s){_COMPOUND})"
_SELECTOR = re.compile(rf"\s*(?:/\*[^*]{{0,300}}\*/\s*)?({_COMPOUND}{_MORE}{{0,40}}+)\s{{0,3}}")
_BEHIND_PROSE = re.compile(rf"(?<=\s)(?=[.#]){_COMPOUND}{_MORE}{{0,10}}+\s{{0,3}}\Z")
_AT_RULE = re.compile(
    r"(?:(?<=[\s>;}])|\A)@(?:-[a-z]+-)?(?:media|supports|keyframes|font-face|layer|container|page)\b[^{};\n]{0,200}\{"
)
_IMPORT = re.compile(r"(?:(?<=[\s>;}])|\A)@(?:import (?:url\(|[\"'])|charset [\"'])[^;\n]{1,300};")
_TRIES = 30


def find_stray_style(text: str, facts: Facts) -> Iterator[Hit]:
    """Rules of CSS between the paragraphs or in them: they go whole.

    `.article-body p { font-size: 16px; }`, `@media (max-width: 600px) { ... }`, `@import url(...);` beside them. A
    selector and a property of CSS prove it. Spared: texts about pages and programs, and those that announce a listing
    with a colon.
    """
    if not _OPENS.search(text):
        return
    found = sorted([*_at_rules(text), *_imports(text)]) if "@" in text else []
    found = sorted([*found, *_rules(text, found)])
    if found and not is_about(text, found):
        yield from cuts.hits(text, found)


def _imports(text: str) -> Iterator[Cut]:
    for match in _IMPORT.finditer(text):
        yield Cut(*match.span())


def _at_rules(text: str) -> Iterator[Cut]:
    """`@media (...) { .ad { display: none; } }`."""
    done = tries = 0
    for match in _AT_RULE.finditer(text):
        if match.start() < done or tries > _TRIES:
            continue
        end = end_of_brackets(text, match.end() - 1)
        if end and _DECLARATION.search(text, match.end() - 1, end):
            yield Cut(match.start(), end)
        done, tries = max(done, end), tries + (not end)


def _rules(text: str, inside: list[Cut]) -> Iterator[Cut]:
    """`.ad, #top a:hover { display: none; }`, but for those inside the cuts `inside`."""
    done, others = 0, iter([*inside, Cut(len(text), len(text))])
    other = next(others)
    for match in _BODY.finditer(text):
        while other.end <= match.start() < len(text):
            other = next(others)
        if other.start <= match.start() or not _DECLARATION.search(text, *match.span()):
            continue
        start = _selector(text, max(done, match.start() - 400), match.start())
        if start is not None:
            yield Cut(start, match.end())
            done = match.end()


def _selector(text: str, first: int, bracket: int) -> int | None:
    """Where the selector before a bracket begins; None where none stands there."""
    line = max(text.rfind("\n", first, bracket), text.rfind("}", first, bracket)) + 1
    while line - 2 > first and text[line - 2] == ",":  # "h1,\nh2 {"
        line = text.rfind("\n", first, line - 1) + 1
    whole = _SELECTOR.fullmatch(text, max(line, first), bracket)
    if whole:
        return whole.start(1)
    first = max(line, first)
    behind = _BEHIND_PROSE.search(text[first:bracket])
    return first + behind.start() if behind else None

"""Scripts and styles that a scraper took for text: snippets of advertisers and counters, JSON-LD, rules of CSS."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pipeline.records import Facts, Hit
from pipeline.rules.encoding.markup import cuts
from pipeline.rules.encoding.markup.about_code import is_about
from pipeline.rules.encoding.markup.cuts import Cut

_W = "[A-Za-z0-9_$]"
# What only a page's own scripts call: advertisers, counters, comments, players.
_VENDORS = (
    r"adsbygoogle|googletag|google_(?:ad|page|custom)[a-z_]{0,30}|_taboola|taboola|_gaq|_gat|gtag|fbq|_fbq|dataLayer|pbjs"
    r"|apstag|OneSignal|NREUM|twttr|disqus_[a-z_]{1,30}|DISQUS|jwplayer|addthis[a-z_]{0,20}|_sf_async_config|_comscore"
    r"|amzn_assoc_[a-z_]{1,30}|COMSCORE|_qevents|_wpemojiSettings|_paq|ytplayer|instgrm|mixpanel|_hsq|_satellite"
    r"|yaCounter[0-9]{0,12}|__tcfapi|wpcf7|_cf_[a-z_]{1,30}|OA_[a-z]{1,20}|nitroAds|ezstandalone"
)
_CALLED = r"ga|FB|ym|VK|OBR|tp|Ya|EB"
# Where a script begins: a call or an assignment to one of these, to the page, or a function called on the spot.
_GIVEN = r"(?:\(['\"\[{)]|\(function\b| ?= ?[\w'\"\[{(!]|\[)"  # a call, an assignment, an element
_BEGINS = (
    rf"\(?(?:window\.|self\.|top\.)?(?:{_VENDORS})(?:\.{_W}{{1,40}}){{0,4}}{_GIVEN}"
    rf"|(?:{_CALLED})(?:\.{_W}{{1,40}}){{0,4}}\((?:['\"\[{{]|[0-9]{{4}})"
    rf"|(?:window|document)(?:\.{_W}{{1,40}}){{1,4}}{_GIVEN}"
    rf"|{_W}{{1,40}}(?:\.{_W}{{1,40}}){{1,4}}\(function ?\("
    r"|(?:jQuery|\$)\((?:document|window|function|['\"][^'\"\n]{0,80}['\"]\)\.)"
    rf"|[;!(+]?function ?{_W}{{0,40}} ?\([A-Za-z0-9_$, ]{{0,80}}\) ?\{{"
    r"|\(\(\) ?=> ?\{|set(?:Timeout|Interval)\(|if ?\((?:!?window|!?document|typeof)\b"
    rf"|(?:var|let|const) {_W}{{1,60}} ?[=;]"
    r"|//<!\[CDATA\["
)
# At most words of prose one look at what follows is enough.
_LIKE_CODE = rf"(?=[(;!+/]|{_W}[A-Za-z0-9_$.]{{0,100}}+(?: {_W}{{1,60}}+)? ?[=(\[;])"
_SCRIPT = re.compile(rf"(?:(?<=[\s>])|\A){_LIKE_CODE}(?:{_BEGINS})")
_DATA = re.compile(r"(?:(?<=[\s>;])|\A)\[?\{[ \t\r\n]{0,40}\"@(?:context|type|graph|id)\"")
SCRIPT_TRIGGER = (
    rf"(?:{_VENDORS})[.(=\[ ]|(?:{_CALLED})(?:\.{_W}+)*\(|(?:window|document)\.{_W}|(?:jQuery|\$)\(|function ?{_W}* ?\("
    rf"|\(\(\) ?=>|(?:var|let|const) {_W}+ ?[=;]|//<!\[CDATA\[|\{{[ \t\r\n]*\"@"
    r"|set(?:Timeout|Interval)\(|if ?\((?:!?window|!?document|typeof)"
)
# What a script that has begun goes on with.
_GOES_ON = re.compile(
    rf"{_BEGINS}|{_W}{{1,40}}(?:\.{_W}{{1,40}}){{1,5}} ?[(=]|{_W}{{1,40}} ?= ?[\w'\"\[{{(!]|{_W}{{1,40}}\(['\"\w$)]"
    r"|[})\]]|(?:if|for|while|switch) ?\(|(?:try|else) ?\{|//(?!\s?-->)|/\*"
)
# Signs that a script works on a page, and is none of a lesson in arithmetic.
_ON_PAGE = re.compile(
    r"\b(?:document|window|navigator|location)\.|createElement|getElement|\.(?:src|push|async|innerHTML|href)\b"
    r"|querySelector|\(function ?\(\)|addEventListener|setTimeout|jQuery|\$\(|CDATA|\"@context|https?://|\.js['\"]"
    rf"|(?<![\w$])(?:(?:{_VENDORS})[ .(=\[]|(?:{_CALLED})[.(])"
)
_CODE = re.compile(rf"[{{=]|\((?<={_W}\()")  # what every script has, and hardly any prose
_LONGEST = 50_000  # characters of one script
_TRIES = 30  # scripts whose brackets never close, after which no more are looked for
_SIGN = re.compile(r"[()\[\]{}\n;\"'`]|//|/\*")
_STRING = {quote: re.compile(rf"(?:[^{quote}\\\n]|\\.){{0,5000}}+{quote}") for quote in "\"'`"}
_NESTS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_CALLS_ON = re.compile(r"\s?[)(.,;=&|]")
_INSIDE = tuple("{(,=&|?;}+")  # what begins behind one of these is part of something larger
_PROSE = re.compile(r"\w+ \w+ \w+")


def find_stray_script(text: str, facts: Facts) -> Iterator[Hit]:
    """Scripts of a page between its paragraphs or in them: they go whole.

    `(adsbygoogle = window.adsbygoogle || []).push({});`, `var disqus_shortname = ...`, `ga('create', ...)`,
    `!function(d,s,id){...}(document)`, JSON-LD (`{"@context":"https://schema.org",...}`). Each begins like a script
    of a page and is read up to the end of its last statement. Spared: texts about programs and pages, texts that
    announce a listing with a colon, and what has no sign of a page in it (`let x = 5`).
    """
    if not _CODE.search(text):
        return
    scripts = sorted([*_cuts(text, _SCRIPT, _end_of_script), *_cuts(text, _DATA, end_of_brackets)])
    if scripts and not is_about(text, scripts):
        yield from cuts.hits(text, scripts)


def _cuts(text: str, begins: re.Pattern[str], end_of: Callable[[str, int], int]) -> Iterator[Cut]:
    done = tries = 0
    for match in begins.finditer(text):
        start = match.start()
        if start < done or text[max(0, start - 40) : start].rstrip(" \t").endswith(_INSIDE):
            continue
        end = end_of(text, start)
        if end and _ON_PAGE.search(text, start, end) and _is_whole(text, start, end):
            yield Cut(start, end)
        done, tries = max(done, end), tries + (not end)
        if tries > _TRIES:
            return


def _is_whole(text: str, start: int, end: int) -> bool:
    """Does it end as a script does, or fill its lines? "The call document.write(x) is old" does not."""
    if text[end - 1] in ";}]":
        return True
    line = text.rfind("\n", 0, start) + 1
    newline = text.find("\n", end)
    return not text[line:start].strip() and not text[end : newline if newline >= 0 else len(text)].strip()


def _end_of_script(text: str, start: int) -> int:
    """The end of the last statement of a script that begins at `start`; 0 if it is none."""
    end, at, last = 0, start, min(len(text), start + _LONGEST)
    while stop := _end_of_statement(text, at, last):
        end = at = stop
        while at < last and text[at].isspace() and at - end < 200:
            at += 1
        if at >= last or not _GOES_ON.match(text, at):
            break
    return end


def _end_of_statement(text: str, start: int, last: int) -> int:
    """Where a statement ends: at a semicolon or a line's end outside of brackets; 0 if it is none.

    What stands on its last line behind the last bracket may be prose: it is none of the statement then.
    """
    depth, at, closed = 0, start, start
    while match := _SIGN.search(text, at, last):
        sign, at = match[0], match.end()
        if sign in _NESTS:
            depth = max(0, depth + _NESTS[sign])  # what was opened before the script began may close
            closed = at if depth == 0 else closed
            if sign == "}" and depth == 0 and not _CALLS_ON.match(text, at):
                return at
        elif sign in _STRING:
            string = _STRING[sign].match(text, at, last)
            at = string.end() if string else at
        elif sign == "//" and text[match.start() - 1 : match.start()] != ":":
            if text.startswith("-->", at):  # a comment of the page ends, which the script stood in
                return 0 if depth else match.start()
            at = max(text.find("\n", at, last), at)
        elif sign == "/*":
            at = max(text.find("*/", at, last) + 2, at)
        elif depth == 0 and sign in ";\n" and not _PROSE.search(text, closed, at):
            return at if sign == ";" else match.start()
        elif depth == 0 and sign in ";\n":
            break
    if depth:
        return 0
    return last if match is None and not _PROSE.search(text, closed, last) else closed if closed > start else 0


def end_of_brackets(text: str, start: int) -> int:
    """Where the brackets close that open at `start`; 0 if they do not."""
    depth, at, last = 0, start, start + _LONGEST
    while match := _SIGN.search(text, at, last):
        sign, at = match[0], match.end()
        if sign in _NESTS:
            depth += _NESTS[sign]
            if depth == 0:
                return at
        elif sign == '"':
            string = _STRING[sign].match(text, at, last)
            at = string.end() if string else at
    return 0

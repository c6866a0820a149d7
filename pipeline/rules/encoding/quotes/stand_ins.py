"""Other characters in the place of apostrophes and quotation marks, and apostrophes with a blank behind them.

Each is mended only where the text proves it, since every one of these characters has a use of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.edits import disjoint
from pipeline.records import Count, Facts, Hit
from pipeline.rules.encoding.spared import Spared

_TAIL = r"(?:s|t|re|ve|ll|d|m)(?![^\W_])"
_VOWEL = "aeiouyhàâäèéêëìíîïòóôöùúûüAEIOUHÀÉÈÊ"
_ELIDED = r"(?:[lLdDjJnNcCmMsStT]|[qQ]u|(?:[dDnNsS]|[aA]l)(?:e|a|u)l?l|[uU]n|[jJ]usqu|[lL]orsqu|[pP]uisqu)"

_ACCENT = re.compile(
    rf"(?<=[^\W\d_])(?P<mark>[´`])(?={_TAIL})|(?<![^\W_]){_ELIDED}(?P<elided>[´`])(?=[{_VOWEL}])"
    r"|(?<![^\W_])[OD](?P<name>[´`])(?=[A-Z][a-z])|(?<![^\W_])(?P<before>´)n(?P<after>´)(?![^\W_])"
    r"|(?<![^\W_])(?P<decade>´)(?=\d0s?(?![^\W_]))"
)
ACCENT_TRIGGER = r"[A-Za-z][´`][A-Za-z\x{c0}-\x{ff}]|´n´|´\d0"


def find_accent_for_apostrophe(text: str, facts: Facts) -> Iterator[Hit]:
    """An acute accent or a backtick in the place of an apostrophe: it becomes one.

    `Paul´s`, ``it`s``, `l´homme`, `salt ´n´ pepper`, `the ´60s`. Spared: accents that belong to a letter (`caf´e`, as
    programs that set type leave them), and backticks in a text that has others, which mark code.
    """
    if "´" not in text and "`" not in text:
        return
    hits = [
        Hit(match.start(group), match.end(group), "’")
        for match in _ACCENT.finditer(text)
        for group in ("mark", "elided", "name", "before", "after", "decade")
        if match[group]
    ]
    backticks = sum(text[hit.start] == "`" for hit in hits)
    code = text.count("`") > backticks
    yield from disjoint(hit for hit in hits if not (code and text[hit.start] == "`"))


_COMMAS = re.compile(
    r"(?<![^\s(\[„»]),,(?=[^\W_])(?P<quoted>[^\n\"„“”]{1,300}?)(?<!\d)(?P<closing>''|``|´´)(?![\w'´`])"
)
COMMAS_TRIGGER = r"(?:^|[\s(\[]),,[^\s,]"
# Polish, Romanian, Hungarian and others close with another mark than German and Czech.
_EASTERN = re.compile("[ąęłńśźżășțőű]")


def find_commas_for_quote(text: str, facts: Facts) -> Iterator[Hit]:
    """Two commas and two apostrophes in the place of quotation marks: `,,Das ist vorbei''` is `„Das ist vorbei“`.

    Polish, Romanian and Hungarian close with `”`. Spared: two commas in a row, which nothing closes.
    """
    for match in _COMMAS.finditer(text) if ",," in text else ():
        yield Hit(match.start(), match.start() + 2, "„")
        yield Hit(*match.span("closing"), "”" if _EASTERN.search(text) else "“")


_DOUBLED = re.compile(r'(?<![^\s(\[])""(?=\w)(?P<quoted>[^"\n]{1,400}?[\w.,!?…)])""(?=[\s.,;:!?)\]]|$)', re.MULTILINE)
DOUBLED_TRIGGER = r"(?:^|[\s(\[])\"\"[^\s\"]"


def find_doubled_quote(text: str, facts: Facts) -> Iterator[Hit]:
    """Quotation marks doubled, as a table of comma-separated values escapes them: one of each two goes.

    `They called it ""a gift"" then`. Spared: lines with single ones besides, which quote an empty word, and code.
    """
    if '""' not in text:
        return
    spared = Spared(text)
    for match in _DOUBLED.finditer(text):
        first = text.rfind("\n", max(0, match.start() - 2000), match.start()) + 1 or max(0, match.start() - 2000)
        last = text.find("\n", match.end(), match.end() + 2000)
        line = text[first : last if last >= 0 else match.end() + 2000]
        if line.count('"') == 2 * line.count('""') and not spared.is_code(*match.span()):
            yield Hit(match.start(), match.start() + 1, "")
            yield Hit(match.end() - 1, match.end(), "")


_SPLIT = re.compile(r"['’] (?=[^\W\d_])")
_AFTER_SPLIT, _BEFORE_SPLIT = re.compile(rf"{_TAIL}(?![.'’]\w)"), re.compile(rf"(?<![^\W_]){_ELIDED}$")
_LONGEST = 8  # characters that are elided, and the one before them
_OPENS = re.compile(r"(?<![^\s(\[\"“])['‘](?=\w)")
SPLIT_TRIGGER = (
    r"[A-Za-z\x{80}-\x{10ffff}]['’] (?:s|t|re|ve|ll|d|m)(?:[^A-Za-z]|$)"
    r"|(?:^|[^A-Za-z0-9\x{80}-\x{10ffff}])(?:[lLdDjJnNcCmMsStT]|[qQ]u|[A-Za-z]{2,4}l|[uU]n|[jJ]usqu"
    r"|[lL]orsqu|[pP]uisqu)['’] [aeiouyhAEIOUHÀ-ÿ]"
)


def find_split_apostrophe(text: str, facts: Facts, *, evidence: Count = 2) -> Iterator[Hit]:
    """An apostrophe with a blank behind it, as translators leave it: the blank goes.

    `The president' s aide said they don' t know`, `L' idée qu' elle avait`, where the text has it `evidence` times.
    Spared: texts with quotations between single marks, one of which might close there.
    """
    if "' " not in text and "’ " not in text:
        return
    blanks = [match.end() - 1 for match in _SPLIT.finditer(text) if _is_split(text, *match.span())]
    if len(blanks) >= evidence and not _OPENS.search(text):
        for at in blanks:
            yield Hit(at, at + 1, "")


def _is_split(text: str, at: int, end: int) -> bool:
    if text[at - 1 : at].isalpha() and _AFTER_SPLIT.match(text, end):
        return True
    return text[end] in _VOWEL and bool(_BEFORE_SPLIT.search(text[max(0, at - _LONGEST) : at]))

"""Markup in brackets that was never carried out: shortcodes of WordPress, codes of forums, images of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.records import Facts, Hit
from pipeline.rules.encoding.markup import cuts
from pipeline.rules.encoding.markup.about_code import is_about
from pipeline.rules.encoding.markup.cuts import Cut

# Names that no transcript or note puts in brackets.
_CERTAIN = (
    r"gallery|(?:vc|et_pb|su|fusion|av|mk|tie|penci|td|wpb)_[a-z_]{2,40}|(?:one|two|three)_(?:half|third|fourth|fifth)s?"
    r"(?:_last|_first)?|rev_slider|contact-form(?:-7)?|gravityform|mc4wp_form|adrotate|wp_ad_camp_\d|wpvideo"
)
# Names that may be a word, too: they want attributes, a slash, or their end.
_KNOWN = (
    r"(?:wp_)?caption|embed|audio|video|playlist|youtube|vimeo|soundcloud|tweet|twitter|instagram|facebook|dropcaps?"
    r"|pullquote|blockquote|button|columns?|col|row|section|tabs?|toggles?|accordions?|spacer|divider|highlight|ad|ads"
    r"|adsense|slideshow|poll|spoiler|table|social|footnote|ref|iframe|googlemaps|recipe|newsletter|signup|related"
)
_VALUE = r"(?:\"[^\"\n]{0,500}\"|'[^'\n]{0,500}'|[“”″][^“”″\n]{0,500}[“”″]|[^\s\[\]\"'=“”″]{1,200})"
_SHORTCODE = re.compile(
    rf"\[(?:/\s?(?P<closed>{_CERTAIN}|{_KNOWN})|(?P<certain>{_CERTAIN})(?![\w-])(?P<more>[^\[\]]{{0,2000}}?)"
    rf"|(?P<known>{_KNOWN}|[a-z][a-z0-9]{{1,20}}(?:[_-][a-z0-9]{{1,20}}){{0,5}})"
    rf"(?P<attributes>(?:\s{{1,3}}(?:[A-Za-z][\w-]{{0,40}}\s?=\s?{_VALUE}|https?://[^\s\[\]]{{1,300}}+)){{0,30}}+))\s{{0,3}}/?\]",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"=\s?[\"'“”″]")
_NAMED = re.compile(_KNOWN, re.IGNORECASE)
# Between these and their ends stand addresses, or what is said of a picture.
_HIDDEN = re.compile(
    r"(?:wp_)?caption|embed|audio|video|playlist|youtube|vimeo|soundcloud|tweet|twitter|instagram|facebook|iframe", re.I
)
_SPACE = re.compile(r"\s")
_IN_LINE = re.compile(r"dropcaps?|highlight|button|footnote|ref|su_highlight|su_dropcap|tooltip", re.IGNORECASE)
_LONGEST = 2_000  # characters between a code that hides and its end
_OPENS_CERTAIN = (
    r"gallery|vc_|et_pb_|su_|fusion_|av_|mk_|tie_|penci_|td_|wpb_|one_|two_|three_|rev_|contact|gravity|mc4wp"
)
SHORTCODE_TRIGGER = (
    rf"\[(?:/\s?[A-Za-z]|(?i:{_OPENS_CERTAIN}|adrotate|wp_ad|wpvideo)|[A-Za-z][\w-]*\s+(?:[A-Za-z][\w-]*\s?=|https?:)"
    r"|[^\[\]\n]*\]\()"
)


class _Code(NamedTuple):
    start: int
    end: int
    name: str
    closes: bool
    proved: bool  # by itself


def find_shortcode(text: str, facts: Facts) -> Iterator[Hit]:
    """Shortcodes of WordPress that no theme has carried out: they go, and with them captions and addresses of media.

    `[gallery ids="1,2,3"]`, `[caption id="attachment_1" width="600"] The harbour [/caption]`, `[vc_row]`, whatever has
    attributes. Spared: notes and transcripts (`[sic]`, `[video]`, `[laughs]`), and texts about pages and programs.
    """
    codes = list(_shortcodes(text))
    ends = _ends(codes)
    found = []
    for code, end in zip(codes, ends, strict=True):
        if code.proved or end is not None:
            last = end.end if end and _hides(text, code, end) else code.end
            found.append(Cut(code.start, last, "" if _IN_LINE.fullmatch(code.name) else "\n"))
    yield from _unless_quoted(text, found)


def _hides(text: str, code: _Code, end: _Code) -> bool:
    """Is what stands between a caption, or an address?"""
    between = text[code.end : min(end.start, code.end + _LONGEST)].strip()
    caption = code.name.endswith("caption") and end.start - code.end <= _LONGEST
    return caption or (bool(_HIDDEN.fullmatch(code.name)) and not _SPACE.search(between))


def _fills_line(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start] in ("", "\n") and text[end : end + 1] in ("", "\n", "\r")


def _shortcodes(text: str) -> Iterator[_Code]:
    for match in _SHORTCODE.finditer(text):
        name = (match["closed"] or match["certain"] or match["known"]).lower()
        quoted = bool(_QUOTED.search(match["attributes"] or ""))
        certain = match["certain"] and ("_" in name or match["more"] or _fills_line(text, *match.span()))
        proved = bool(match["closed"] or certain or quoted or (match["attributes"] and _NAMED.fullmatch(name)))
        yield _Code(*match.span(), name, bool(match["closed"]), proved)


def _ends(codes: Sequence[_Code]) -> list[_Code | None]:
    """For each code the next one that closes it, before another of its name opens."""
    ends: list[_Code | None] = []
    following: dict[str, _Code] = {}
    for code in reversed(codes):
        end = following.get(code.name)
        ends.append(end if end is not None and end.closes and not code.closes else None)
        following[code.name] = code
    return ends[::-1]


_FORUM = re.compile(
    r"\[(?:(?P<slash>/)?(?P<name>b|i|u|s|url|img|quote|color|size|font|center|list|email|youtube|align)"
    r"(?P<value>=[^\[\]\n]{1,300})?|\*)\]",
    re.IGNORECASE,
)


def find_forum_code(text: str, facts: Facts) -> Iterator[Hit]:
    """Codes of forums around words: `[b]`, `[url=...]` and the like go, images with their address.

    `[b]The council[/b]`, `[url=https://example.com]Tuesday[/url]`, `[img]...[/img]`, `[quote=Anna]`. Each wants its
    end. Spared: letters in brackets (`[b]`, `[s]`), and texts about pages and programs.
    """
    if "[/" not in text:
        return
    opened: dict[str, list[re.Match[str]]] = {}
    found: list[Cut] = []
    items: list[re.Match[str]] = []
    for match in _FORUM.finditer(text):
        name = (match["name"] or "").lower()
        if not name:
            items.append(match)
        elif not match["slash"]:
            opened.setdefault(name, []).append(match)
        elif opened.get(name):
            first = opened[name].pop()
            if first.end() < match.start():
                found += _around(name, first, match)
    if any(cut.gap for cut in found):
        found += [Cut(*match.span(), "\n") for match in items]
    yield from _unless_quoted(text, found)


def _around(name: str, first: re.Match[str], last: re.Match[str]) -> list[Cut]:
    if name in ("img", "youtube"):
        return [Cut(first.start(), last.end())]
    gap = "\n" if name in ("quote", "list", "center") else ""
    return [Cut(*first.span(), gap), Cut(*last.span(), gap)]


_TARGET = (
    r"\(\s?<?[^\s()<>\"]{0,500}(?:/|\.\w)[^\s()<>\"]{0,500}(?:\([^\s()]{0,200}\)[^\s()]{0,200})?>?"
    r"(?:\s\"[^\"\n]{0,200}\")?\s?\)"
)
_IMAGE = re.compile(
    rf"(?<![\w!?.])!\[[^\[\]\n]{{0,500}}\]{_TARGET}|\[\s?!\[[^\[\]\n]{{0,500}}\]{_TARGET}[^\[\]\n]{{0,200}}\]{_TARGET}"
)


def find_markdown_image(text: str, facts: Facts) -> Iterator[Hit]:
    """Images of Markdown, with a link around them or not: `![Council](https://example.com/x.jpg)`; they go.

    Spared: links and emphasis, which hold words of the text, and texts about Markdown and programs.
    """
    if "![" in text:
        yield from _unless_quoted(text, [Cut(*match.span()) for match in _IMAGE.finditer(text)])


TEASER_TRIGGER = r"\[(?:…|\.\.\.)\]\s*$"
_TEASER = re.compile(r"(?<=\w[.!?\w\"'”’»)])\s\[(?:…|\.\.\.)\](?=[ \t\r\n]*\Z)")


def find_teaser_mark(text: str, facts: Facts) -> Iterator[Hit]:
    """Three dots in brackets at the very end, where a feed has cut the article off: they go.

    `... opposed since last year. [&#8230;]`. Spared: an omission inside the text, and one that stands by itself.
    """
    if text.rstrip(" \t\r\n").endswith(("[…]", "[...]")):
        for match in _TEASER.finditer(text, max(0, len(text.rstrip()) - 8)):
            yield Hit(*match.span(), "")


def _unless_quoted(text: str, found: list[Cut]) -> Iterator[Hit]:
    """The cuts, but for a text that speaks about such codes or shows one between quotation marks."""
    found.sort()
    marks = [text[cut.start - 1 : cut.start] + text[cut.end : cut.end + 1] for cut in found]
    if found and not is_about(text, found) and not any(mark in ("``", '""', "“”", "''", "‘’", "«»") for mark in marks):
        yield from cuts.hits(text, found)

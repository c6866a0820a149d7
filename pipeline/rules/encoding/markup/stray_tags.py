"""Markup left in plain text: tags, comments, and what lies between the tags of a script."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from pipeline.records import Facts, Hit
from pipeline.rules.encoding.markup import cuts
from pipeline.rules.encoding.markup.about_code import holds_listing, speaks_of_code
from pipeline.rules.encoding.markup.cuts import Cut
from pipeline.rules.encoding.markup.tags import HIDDEN, LINES, VOID, Tag, pairs, tags

_COMMENT = re.compile(r"<! ?(?:--|–|—|- )|(?:--|–|—| -) ?>")
_LONGEST_COMMENT = 20_000  # characters; of what Word and themes write, seen up to 6,000
_MARKER = re.compile(
    r"(?://|/\*)?\s?<!\[CDATA\[(?:\s?\*/)?|(?://|/\*)?\s?\]\]>(?:\s?\*/)?|<!\[(?:end)?if[^\]<>]{0,60}\]>"
)
_HEADER = re.compile(r"<!DOCTYPE [^<>]{1,200}>|<\?xml [^<>?]{1,200}\?>", re.IGNORECASE)

# What a text says beside a tag that it speaks about.
_SAID_BEFORE = re.compile(
    r"(?:\b(?:tags?|elements?|attributes?|elemente?|balises?|etiquetas?|elementos?|elementi|znacznik\w{0,4}|etiket\w{0,6}"
    r"|тег\w{0,3}|элемент\w{0,3}|ετικέτ\w{1,2}|write|type|types|typing|enter|insert|schreib\w{0,3}|tipp\w{0,3}|écri\w{1,4}"
    r"|tape\w{0,2}|escrib\w{1,4}|scriv\w{1,4}|escrev\w{1,4}|napisz|wpisz|напиши\w{0,2}|введите)"
    r"|标签|标记|元素|输入|タグ|要素|入力|태그|요소|وسم)\s?[:\"'“‘«„(`]?\s?(?=<)",
    re.IGNORECASE,
)
_SAID_AFTER = re.compile(
    r"[\"'”’»“)`]?(?: (?:tags?|elements?|attributes?|etiketi|etiketleri|тег\w{0,3}|элемент\w{0,3}|balise)\b"
    r"|[ \u00a0]?[-–](?:Tags?|Elemente?s?|tags?|тег\w{0,3}|Attribute?s?)\b|\s?(?:标签|标记|元素|タグ|要素|태그|요소))"
)
_JOINS = re.compile(r" (?:and|or|to|und|oder|et|ou|y|o|e|i|en|och|og|ve|и|или|та|και|and then) | ?[和与と] ?")
_QUOTED = {"`": "`", '"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "„": "“", "(": ")", "「": "」"}
_BEFORE_TEXT = re.compile(r"[\w\"'“‘«¿¡([]")
_AFTER_TEXT = re.compile(r"[\w.!?…:;,\"'”’»)\]]")


def find_stray_tag(text: str, facts: Facts) -> Iterator[Hit]:
    """Tags and comments of a page in the text: a tag of a block becomes a line break, any other goes.

    `<p>`, `<br />`, `<a href="...">`, `<!-- more -->`, what translators made of them (`</ li>`, `< b >`), and all that
    lies between `<script>` and `</script>`. They must be used as markup somewhere: a pair around words, attributes, a
    tag that touches the text it is for. Spared: texts about markup and programs ("a <b> tag is for bold words",
    `<p> element`, a listing), and whatever is no tag of HTML: `a < b`, `<3`, `List<String>`, `<grin>`, `<a@b.c>`.
    """
    if "<" not in text:
        return
    found = list(tags(text))
    apart = [Cut(first.start, last.end) for first, last in pairs(text, found) if first.name in HIDDEN]
    apart += _comments(text)
    apart += [Cut(*match.span()) for match in _MARKER.finditer(text)] if "<![" in text else []
    found = list(_beside(found, sorted(apart)))
    marked = [*apart, *(Cut(tag.start, tag.end, tag.gap) for tag in found)]
    whole = _is_whole(text, found)
    if not marked or (not whole and _is_subject(text, found, marked)):
        return
    if whole or _is_used(text, found):
        apart = [*marked, *(Cut(*match.span()) for match in _HEADER.finditer(text))]
    yield from cuts.hits(text, apart)


def _beside(found: list[Tag], apart: list[Cut]) -> Iterator[Tag]:
    """The tags that do not lie in a script or a comment."""
    done, following = 0, iter([*apart, Cut(sys.maxsize, sys.maxsize)])
    cut = next(following)
    for tag in found:
        while cut.start <= tag.start:
            done, cut = max(done, cut.end), next(following)
        if tag.start >= done:
            yield tag


def _comments(text: str) -> Iterator[Cut]:
    """Comments from their beginnings to their ends; a beginning without an end is none."""
    begins: int | None = None
    for match in _COMMENT.finditer(text) if "<!" in text else ():
        if match[0].startswith("<"):
            begins = match.start()
        elif begins is not None:
            if match.end() - begins <= _LONGEST_COMMENT:
                yield Cut(begins, match.end())
            begins = None


def _is_whole(text: str, found: list[Tag]) -> bool:
    """Does the text begin and end with tags, as a piece of a page does? Then all of it is markup."""
    if len(found) < 2 or found[0].closes or not (found[-1].closes or found[-1].alone):
        return False
    before, after = text[: found[0].start], text[found[-1].end :]
    is_block = found[0].name in LINES and (found[-1].name in LINES or found[-1].name in HIDDEN)
    return is_block and not before.strip() and not after.strip()


def _is_subject(text: str, found: list[Tag], marked: list[Cut]) -> bool:
    """Does the text speak about one of its tags, or about pages and programs at all?"""
    outside = cuts.outside(text, sorted(marked))
    if speaks_of_code(outside) or holds_listing(outside):
        return True
    said = {match.end() for match in _SAID_BEFORE.finditer(text)}
    for tag in found:
        before, after = text[tag.start - 1 : tag.start], text[tag.end : tag.end + 1]
        if tag.start in said or (before and _QUOTED.get(before) == after):
            return True
        if after and after in ".,;:!?)。，" and before.isspace() and not (tag.closes or tag.attributes):
            return True  # "for a new line write <br>."
        if after and after not in "<\n" and _SAID_AFTER.match(text, tag.end):
            return True
    return any(_JOINS.fullmatch(text[first.end : last.start]) for first, last in pairs(text, found))


def _is_used(text: str, found: list[Tag]) -> bool:
    """Is there a tag that does something: a pair around words, attributes, a tag that touches its text?"""
    if any(tag.attributes or ":" in tag.name or (tag.name in VOID and text[tag.end - 2] in "/ ") for tag in found):
        return True
    if any(text[first.end : last.start].strip() for first, last in pairs(text, found)):
        return True
    return sum(tag.name == "br" for tag in found) > 1 or any(_touches(text, tag) for tag in found)


def _touches(text: str, tag: Tag) -> bool:
    before, after = text[tag.start - 1 : tag.start], text[tag.end : tag.end + 1]
    if tag.name == "br":
        return (bool(_AFTER_TEXT.match(before)) or bool(_BEFORE_TEXT.match(after))) and before != "("
    if tag.closes:
        return bool(_AFTER_TEXT.match(before))
    opens = tag.name in LINES and bool(_BEFORE_TEXT.match(after))
    return opens and (not before or before.isspace() or before in '.!?>"”…')

"""XML and SGML: feeds, sitemaps, and corpora of one element a record, be they well-formed or not.

What the file is, its root says. The tag of a corpus's records is the one that stands several times, as far out as
possible, and holds most of the text; `[read] record_tag` names it where that is another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from pipeline.config import Read
from pipeline.errors import RecordError
from pipeline.sources.charset.decode import Decoded, decode
from pipeline.sources.charset.labels import declared_in
from pipeline.sources.charset.of_lines import UTF_8, Charset, charset_of
from pipeline.sources.elements import Elements, Piece
from pipeline.sources.formats import feed, html
from pipeline.sources.packed import ENDS_EARLY
from pipeline.sources.records import Failure, File, Format, Record, attempt, beside, from_fields, start_of
from pipeline.sources.streams import cut, open_marked, whole
from pipeline.sources.tree import PARTS, TOKEN, Element, fields, local, parse

SAMPLE = 1 << 20  # bytes
_DEEPEST = 5  # levels around the records
_MOST = 0.5  # of the text that a file begins with: what its records hold
_TEXTS = ("body", "text", "content", "body.content")  # of a record without the field that is asked for
_IDS = ("docno", "docid", "newid", "itemid", "guid")
_PREFIX = r"(?:[\w.-]+:)?"

Make = Callable[[Element, Decoded, int], Record]


def read(file: File, settings: Read) -> Iterator[Record | Failure]:
    """The records; `line` counts them, and is 0 where the root is the record.

    Raises:
        RecordError: it holds no element, or is a list of other files.
    """
    with open_marked(file.path) as stream:
        begin = stream.read(SAMPLE)
    declared = declared_in(begin) or charset_of(begin).name
    sample = decode(begin, declared).text
    root = next((token["start"] for token in TOKEN.finditer(sample) if token["start"]), "")
    kind = local(root.lower())
    if not root:
        raise RecordError("no XML: there is no element in it")
    if kind == "html":
        yield from html.read(file, settings)
        return
    if kind == "sitemapindex":
        raise RecordError("a list of sitemaps, which holds no article")
    make: Make = partial(_from_element, file, settings)
    tag = re.escape(settings.record_tag)
    if kind in feed.ENTRIES and not tag:
        tag, make = _PREFIX + feed.ENTRIES[kind], partial(_from_entry, file, kind == "urlset")
    is_guessed = not tag
    tag = tag or re.escape(record_tag(sample))
    if not tag:
        content = whole(file.path, settings.max_record_bytes)
        is_closed = re.search(rf"</{re.escape(root)}\s*+>|/>\s*+\Z", decode(content, declared).text) is not None
        yield _record(Piece(content, "" if is_closed else cut(ENDS_EARLY)), declared, UTF_8, make, file, 0)
        return
    with open_marked(file.path) as stream:
        found = Elements(stream, tag, settings.max_record_bytes)
        inside, is_whole = 0, True
        for number, piece in enumerate(found, 1):
            inside, is_whole = inside + len(piece.content), is_whole and not piece.fault
            yield _record(piece, declared, stream.charset, make, file, number)
        if is_guessed and is_whole:
            yield from beside(file, found.size, found.size - inside, f"beside its elements <{tag}> ([read] record_tag)")


def _record(piece: Piece, declared: str, charset: Charset, make: Make, file: File, number: int) -> Record | Failure:
    if piece.fault:
        return Failure(file.name, number, piece.fault, start_of(piece.content))

    def made() -> Record:
        page = decode(piece.content, declared)
        if charset.how != "utf-8":  # it has been decoded on the way
            page = Decoded(page.text, *charset)
        return make(parse(page.text), page, number)

    return attempt(made, file, number, piece.content)


def _from_entry(file: File, is_sitemap: bool, entry: Element, page: Decoded, number: int) -> Record:
    if is_sitemap:
        raise feed.sitemap_entry(entry)
    return feed.record_of(entry, page, file, number)


def _from_element(file: File, settings: Read, element: Element, page: Decoded, number: int) -> Record:
    found = fields(element)
    own = element.own_text.strip()
    if settings.text_field not in found:
        name = next((name for name in _TEXTS if name in found), "")
        if name or own:
            found[settings.text_field] = found.pop(name) if name else own
    text = found.get(settings.text_field)
    if isinstance(text, list):
        found[settings.text_field] = "\n\n".join(text)
    if settings.id_field not in found and (name := next((name for name in _IDS if name in found), "")):
        found[settings.id_field] = found[name]
    return from_fields(found, file, number, settings, Charset(page.charset, page.how, page.certainty))


def record_tag(sample: str) -> str:
    """The tag of the records in a file that begins so; "" when nothing in it stands several times.

    >>> record_tag("<docs><doc><t>One</t><p>Some words.</p><p>More.</p></doc><doc><t>Two</t></doc></docs>")
    'doc'
    """
    counts: Counter[tuple[int, str]] = Counter()
    sizes: Counter[tuple[int, str]] = Counter()
    total = at = 0
    stack: list[str] = []
    for token in TOKEN.finditer(sample):
        size = len(sample[at : token.start()].strip()) + len(token["cdata"] or "") + len(token["rest"] or "")
        at = token.end()
        total += size
        inside = stack if not token["start"] else [*stack, token["start"]]
        sizes.update(dict.fromkeys(enumerate(inside[: _DEEPEST + 1]), size))
        if token["start"]:
            counts[len(stack), token["start"]] += 1
            if not token["empty"] and len(stack) < _DEEPEST + 50:
                stack.append(token["start"])
        elif token["end"] and token["end"] in stack:
            del stack[len(stack) - 1 - stack[::-1].index(token["end"]) :]
    found = [
        (depth, -sizes[depth, name], name)
        for (depth, name), count in counts.items()
        if count > 1 and depth < _DEEPEST and sizes[depth, name] >= _MOST * total and local(name.lower()) not in PARTS
    ]
    return min(found)[2] if found else ""


FORMAT = Format((".xml", ".rss", ".atom", ".sgm", ".sgml"), read)

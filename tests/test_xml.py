"""Feeds, sitemaps and corpora in XML or SGML, well-formed or not: a record each, and what is hostile costs itself."""

from __future__ import annotations

import gzip
import html
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config import Read
from pipeline.records import Verdict
from pipeline.sources import elements, read, streams, tree
from pipeline.sources.formats.xml import record_tag
from pipeline.sources.records import Failure, Record
from tests.runs import reading

TEXT = "The council met on Monday and closed the old bridge for repairs."
MORE = "Engineers had found cracks in two pillars, and the mayor asked drivers to take the ferry instead."


def found(content: str | bytes, name: str = "a.xml", **values: Any) -> list[Record | Failure]:
    """What reading makes of a file with this content."""
    return reading(name, content, **values)


def records(content: str | bytes, name: str = "a.xml", **values: Any) -> list[Record]:
    """All that it holds, which is sound."""
    entries = found(content, name, **values)
    assert [entry for entry in entries if isinstance(entry, Failure)] == []
    return [entry for entry in entries if isinstance(entry, Record)]


def kept(entries: list[Record | Failure]) -> list[tuple[int, str]]:
    return [(entry.line, entry.text) for entry in entries if isinstance(entry, Record)]


def failures(entries: list[Record | Failure]) -> list[tuple[int, str]]:
    return [(entry.line, entry.reason) for entry in entries if isinstance(entry, Failure)]


# --- feeds -----------------------------------------------------------------------------------------------------------

RSS = f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Harbour News</title><link>https://harbour.example/</link><description>All of it</description>
<item><title>Bridge &amp; ferry</title><link>https://www.harbour.example/bridge</link>
<guid isPermaLink="false">h-1</guid>
<description>{TEXT[:20]}...</description><pubDate>Wed, 20 Nov 2024 10:15:00 GMT</pubDate>
<content:encoded><![CDATA[<p>{TEXT}</p><p>{MORE} See &lt;b&gt; &amp; R&amp;D.</p>
<script>x()</script>]]></content:encoded>
<dc:creator>Ann Ore</dc:creator><dc:creator>Bo Ley</dc:creator><category>Town</category><category>Traffic</category>
<media:content url="x.jpg"><media:description>{"A photograph. " * 30}</media:description></media:content></item>
<item><title>Plain</title><link>https://harbour.example/2</link><author>a@b.example (Cy Dow)</author>
<description>{TEXT} &lt;a href="x"&gt;More&lt;/a&gt;</description></item>
<item><title>A mere headline</title><link>https://harbour.example/3</link></item>
</channel></rss>"""

RDF = f"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="r" xmlns="http://purl.org/rss/1.0/" xmlns:dc="d">
<channel rdf:about="https://a.example/"><title>A</title><items><rdf:Seq>
<rdf:li resource="x"/></rdf:Seq></items></channel>
<item rdf:about="https://a.example/1"><title>One</title><link>https://a.example/1</link>
<description>{TEXT}</description>
<dc:date>2024-11-20T10:15:00+01:00</dc:date><dc:subject>Town</dc:subject></item></rdf:RDF>"""

ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><id>urn:feed</id>
<updated>2024-01-01T00:00:00Z</updated>
<author><name>The feed</name></author>
<entry><id>urn:1</id><title type="html">One &amp;amp; only</title><link rel="self" href="https://a.example/1.xml"/>
<link rel="alternate" href="https://a.example/1"/><updated>2024-11-21T00:00:00Z</updated>
<published>2024-11-20T10:15:00Z</published><author><name>Ann Ore</name><email>a@b.example</email></author>
<category term="town" label="Town"/><summary>{TEXT[:30]}</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{TEXT}</p><p>{MORE}</p></div></content></entry>
<entry><id>urn:2</id><title>Two</title><link href="https://a.example/2"/>
<content type="html">&lt;p&gt;{TEXT}&lt;br/&gt;x
</content></entry></feed>"""

SITEMAP = """<urlset xmlns="s" xmlns:news="n"><url><loc>https://a.example/1</loc><news:news><news:publication>
<news:name>A</news:name></news:publication><news:publication_date>2024-11-20</news:publication_date>
<news:title>A bridge</news:title></news:news></url><url><loc>https://a.example/2</loc></url></urlset>"""


@pytest.mark.parametrize("name", ["a.rss", "a.xml", "a.XML"])
def test_an_item_of_rss_is_a_record(folder: Path, name: str) -> None:
    first, second, third = found(RSS, name)
    assert isinstance(first, Record)
    assert (first.id, first.line, first.title) == ("h-1", 1, "Bridge & ferry")
    assert first.text == f"{TEXT}\n\n{MORE} See <b> & R&D."
    assert (first.url, first.site) == ("https://www.harbour.example/bridge", "harbour.example")
    assert first.published == "2024-11-20T10:15:00+00:00"
    assert first.meta == {"authors": ["Ann Ore", "Bo Ley"], "categories": ["Town", "Traffic"]}
    assert isinstance(second, Record)
    assert (second.id, second.text, second.meta) == ("a:2", f"{TEXT} More", {"authors": ["Cy Dow"]})
    assert isinstance(third, Failure)
    reason = 'no text: the feed names the article "A mere headline" at https://harbour.example/3 and does not hold it'
    assert (third.line, third.reason) == (3, reason)


def test_an_item_of_rss_1_is_a_record(folder: Path) -> None:
    [record] = records(RDF, "a.rss")
    assert (record.id, record.url, record.text) == ("a:1", "https://a.example/1", TEXT)
    assert (record.published, record.meta) == ("2024-11-20T10:15:00+01:00", {"categories": ["Town"]})


@pytest.mark.parametrize("prefix", ["", "a:"])
def test_an_entry_of_atom_is_a_record(folder: Path, prefix: str) -> None:
    content = ATOM
    for name in ("feed", "entry") if prefix else ():
        content = content.replace(f"<{name}", f"<{prefix}{name}").replace(f"</{name}", f"</{prefix}{name}")
    first, second = records(content, "a.atom")
    assert (first.id, first.title, first.url) == ("urn:1", "One & only", "https://a.example/1")
    assert (first.text, first.published) == (f"{TEXT}\n\n{MORE}", "2024-11-20T10:15:00+00:00")
    assert first.meta == {"authors": ["Ann Ore"], "categories": ["Town"]}
    assert (second.text, second.url) == (f"{TEXT}\nx", "https://a.example/2")


def test_what_a_sitemap_names_is_set_aside(folder: Path) -> None:
    assert failures(found(SITEMAP)) == [
        (
            1,
            'no text: a sitemap names the article "A bridge" of 2024-11-20 at https://a.example/1 and does not hold it',
        ),
        (2, "no text: a sitemap names a page at https://a.example/2 and does not hold it"),
    ]
    content = "<sitemapindex><sitemap><loc>https://a.example/s.xml</loc></sitemap></sitemapindex>"
    assert failures(found(content)) == [(0, "a list of sitemaps, which holds no article")]


def test_a_broken_item_costs_itself(folder: Path) -> None:
    good = "".join(f"<item><guid>{n}</guid><description>{TEXT}</description></item>" for n in range(3))
    broken = "<item><title>Not closed</title><description>x & y"
    entries = found(f"<rss><channel>{good}{broken}{good.replace('<guid>', '<guid>b')}</channel></rss>")
    assert [entry.id for entry in entries if isinstance(entry, Record)] == ["0", "1", "2", "b0", "b1", "b2"]
    assert failures(entries) == [(4, "not closed before the next begins")]


def test_of_a_feed_that_breaks_off_all_before_is_kept(folder: Path) -> None:
    at = RSS.index("<title>Plain") + 40
    entries = found(RSS[:at])
    assert len(kept(entries)) == 1
    assert failures(entries) == [(2, "cannot be read from here on: it ends too early")]
    packed = gzip.compress(RSS.encode(), 0)
    assert len(kept(found(packed[: at + 10], "a.rss.gz"))) == 1


@pytest.mark.parametrize("charset", ["iso-8859-2", "windows-1251", "utf-16", "utf-8", "gb18030"])
def test_a_feed_is_read_in_the_charset_that_it_declares(folder: Path, charset: str) -> None:
    text = {"windows-1251": "Мэр сказал, что мост закрыт.", "gb18030": "市长说大桥将关闭。"}.get(
        charset, "Žluťoučký kůň"
    )
    content = f'<?xml version="1.0" encoding="{charset}"?><rss><item><description>{text}</description></item></rss>'
    [record] = records(content.encode(charset))
    assert record.text == text


def test_a_page_called_xml_is_one(folder: Path) -> None:
    page = f"<?xml version='1.0'?><html xmlns='x'><body><article><p>{TEXT}</p><p>{MORE}</p></article></body></html>"
    [record] = records(page)
    assert (record.id, record.text) == ("a", f"{TEXT}\n\n{MORE}")


# --- corpora ---------------------------------------------------------------------------------------------------------

WIRE = "<!DOCTYPE wire SYSTEM 'wire.dtd'>\n" + "".join(
    f"""<STORY KIND="NEWS" NEWID="{n}">
<DATE>26-FEB-1987 15:01</DATE><PLACES><D>norway</D><D>chad</D></PLACES>
<UNKNOWN>&#5;&#5;f07{n}</UNKNOWN><TEXT>&#2;
<TITLE>BRIDGE {n} &lt;HARBOUR></TITLE><DATELINE>    TOWN, Feb 26 - </DATELINE><BODY>{TEXT}
   Rates &lt;RT&gt; rose & fell, {n}.
 &#3;</BODY></TEXT>
</STORY>
"""
    for n in range(1, 4)
)


@pytest.mark.parametrize("name", ["a.sgm", "a.sgml", "a.xml", "a.sgm.gz"])
def test_stories_of_a_wire_are_records(folder: Path, name: str) -> None:
    content = gzip.compress(WIRE.encode()) if name.endswith("gz") else WIRE.encode()
    first, *others = records(content, name)
    assert len(others) == 2
    assert (first.id, first.line, first.title) == ("1", 1, "BRIDGE 1 <HARBOUR>")
    assert first.text == f"{TEXT}\n   Rates <RT> rose & fell, 1."
    assert first.meta == {
        "kind": "NEWS",
        "newid": "1",
        "date": "26-FEB-1987 15:01",
        "d": ["norway", "chad"],
        "unknown": "f071",
        "dateline": "TOWN, Feb 26 -",
    }


DUMPS = {
    "rows": "<docs>{}</docs>",
    "rows deeper": '<export date="x"><head><by>me</by></head><docs>{}</docs></export>',
    "rows without a root": "{}",
}


@pytest.mark.parametrize("around", DUMPS)
def test_rows_of_a_dump_are_records(folder: Path, around: str) -> None:
    rows = "".join(
        f'<doc id="d{n}" url="https://a.example/{n}"><title>T{n}</title><text>{TEXT}</text></doc>\n' for n in range(3)
    )
    found = records(DUMPS[around].format(rows))
    assert [(record.id, record.title, record.text) for record in found] == [(f"d{n}", f"T{n}", TEXT) for n in range(3)]
    assert found[0].site == "a.example"


def test_a_record_may_be_its_own_text_or_hold_all_in_attributes(folder: Path) -> None:
    plain = "".join(f'<doc id="{n}" title="T">\n{TEXT}\n</doc>\n' for n in range(3))
    assert [(record.id, record.text) for record in records(plain)] == [(str(n), TEXT) for n in range(3)]
    rows = "".join(f'<row Id="{n}" Body="&lt;p&gt;{TEXT} > 3&lt;/p&gt;"/>' for n in range(3))
    [first, *_] = records(f"<posts>{rows}</posts>", text_is_html=True)
    assert (first.id, first.text) == ("0", f"{TEXT} > 3")


def test_a_file_of_one_record_is_called_as_the_file(folder: Path) -> None:
    content = (
        f'<newsitem itemid="7" date="2024-11-20"><title>T</title><headline>A bridge</headline>'
        f"<text><p>{TEXT}</p>\n<p>{MORE}</p></text><metadata><code code='C1'/><code code='C2'/></metadata></newsitem>"
    )
    [record] = records(content)
    assert (record.id, record.line, record.title, record.text) == ("7", 0, "T", f"{TEXT}\n\n{MORE}")
    assert record.meta == {"itemid": "7", "date": "2024-11-20", "headline": "A bridge", "code.code": ["C1", "C2"]}
    for codec in ("utf-8", "utf-16"):
        [record] = records(f"<article><text>{TEXT}</text></article>".encode(codec))
        assert (record.id, record.text) == ("a", TEXT)
    assert failures(found(f"<article><text>{TEXT}")) == [(0, "cannot be read from here on: it ends too early")]


def test_the_tag_of_records_can_be_set(folder: Path) -> None:
    first = f"<part><body>{TEXT}</body></part><part><body>{MORE}</body></part>"
    content = f"<docs><doc>{first}</doc><doc><part><body>x</body></part></doc></docs>"
    assert [record.text for record in records(content, record_tag="Part")] == [TEXT, MORE, "x"]
    assert [record.text for record in records(content)] == [f"{TEXT}\n\n{MORE}", "x"]


def test_cdata_and_comments_are_what_they_are(folder: Path) -> None:
    text = "a <doc> b </doc> ]] > c &amp;"
    content = (
        f"<docs><!-- <doc><text>no</text></doc> --><doc><text><![CDATA[{text}]]></text></doc><doc><text>two <!-- x -->"
    )
    content += "three</text></doc></docs>"
    assert [record.text for record in records(content)] == [text, "two three"]
    mixed = f"<docs><doc><text><![CDATA[1 < 2]]><br/>{TEXT}</text></doc><doc><text>x</text></doc></docs>"
    assert records(mixed)[0].text == f"1 < 2\n{TEXT}"


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text("ab<>&\"'-![]é \n", min_size=1).filter(lambda t: bool(t.strip())), min_size=2), st.integers(1, 9)
)
def test_elements_are_cut_as_they_were_written_however_they_come(folder: Path, texts: list[str], size: int) -> None:
    pieces = [f'<d n="{html.escape(text)}">{html.escape(text)}</d>' for text in texts]
    Path("a.xml").write_text("<all>" + " \n".join(pieces) + "</all>")
    with pytest.MonkeyPatch.context() as patch, streams.open_file(Path("a.xml")) as stream:
        patch.setattr(elements, "_CHUNK", size)
        found = [piece.content.decode() for piece in elements.Elements(stream, "d", 1 << 20)]
    assert found == pieces
    assert [tree.parse(piece).own_text for piece in found] == texts


# --- what is hostile -------------------------------------------------------------------------------------------------

LAUGHS = '<!DOCTYPE l [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


def test_entities_are_never_expanded_or_fetched(folder: Path) -> None:
    Path("secret.txt").write_text("the secret")
    doctype = f'{LAUGHS}<!ENTITY x SYSTEM "file://{folder}/secret.txt"><!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>'
    content = f"{doctype}<docs><doc><text>{TEXT} &j; &x; &amp;</text></doc><doc><text>two</text></doc></docs>"
    assert [record.text for record in records(content)] == [f"{TEXT} &j; &x; &", "two"]
    feed = f"{doctype}<rss><channel><item><description>{TEXT} &j; &x;</description></item></channel></rss>"
    assert [record.text for record in records(feed, "a.rss")] == [f"{TEXT} &j; &x;"]


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("<a>" * 100_000, "elements in one record: deeper than 100 levels"),
        ("<a/>" * 60_000, "elements in one record: more than 50,000"),
        ("<text>" + "x" * 300_000, "larger than max_record_bytes = 2"),
        ("<text " + "a='1' " * 60_000 + "/>", "larger than max_record_bytes = 2"),
        ("<text a='" + "x" * 300_000, "larger than max_record_bytes = 2"),
    ],
)
def test_what_is_too_large_or_too_deep_costs_itself(folder: Path, inside: str, reason: str) -> None:
    good = f"<doc><text>{TEXT}</text></doc>"
    most = 200_000 if reason.startswith("larger") else 1_000_000
    entries = found(f"<docs>{good}{good}<doc>{inside}</doc>{good}</docs>", max_record_bytes=most)
    assert [text for _, text in kept(entries)] == [TEXT] * 3
    [(line, said)] = failures(entries)
    assert (line, said[: len(reason)]) == (3, reason)


@pytest.mark.parametrize(
    "mark",
    [
        "<!--",
        "<![CDATA[",
        "<doc ",
        "<doc a='",
        "<doc",
        "<",
        "&",
        "]]>",
        "<!",
        "<![",
        '"',
        "<!DOCTYPE a [",
        "</a ",
        "<a ' ",
    ],
)
def test_marks_without_end_end(folder: Path, mark: str) -> None:
    good = f"<doc><text>{TEXT}</text></doc>"
    entries = found(f"<docs>{good}{good}{mark * 50_000}{good}{good}</docs>", max_record_bytes=100_000, record_tag="doc")
    assert [text for _, text in kept(entries)][:2] == [TEXT] * 2
    assert len(kept(entries)) >= 3


def test_what_repeats_without_end_takes_time_in_proportion(folder: Path) -> None:
    """A tag of one name without end, elements of one name: nothing is looked through again for each of them."""
    inside = [
        f"<text {'a' * 400_000}>{TEXT}</text>",
        "<k>v</k>" * 49_000 + f"<text>{TEXT}</text>",
        f"<text>{TEXT}</text>",
    ]
    content = "<docs>" + "".join(f"<doc>{markup}</doc>" for markup in inside) + "</docs>"
    first, second, third = records(content, record_tag="doc")
    assert (first.text, second.text, third.text) == (TEXT, TEXT, TEXT)
    assert second.meta == {"k": ["v"] * 49_000}


@pytest.mark.slow
def test_a_large_dump_takes_little_memory(folder: Path) -> None:
    row = f"<doc><text>{TEXT * 40}</text></doc>\n".encode()
    Path("a.xml").write_bytes(b"<docs>" + row * 4_000 + b"</docs>")
    tracemalloc.start()
    try:
        assert sum(isinstance(entry, Record) for entry in read.read_file(Path("a.xml"), "a.xml", Read())) == 4_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 9_000_000


def test_what_is_no_xml_is_told(folder: Path) -> None:
    assert failures(found("no tags")) == [(0, "no XML: there is no element in it")]
    assert failures(found("")) == [(0, "no XML: there is no element in it")]
    [(line, reason)] = failures(found("<svg><path d='x'/></svg>"))
    assert (line, reason) == (0, 'no "text"; found "path.d". hint: [read] text_field = "..."')


def test_the_tag_of_records_holds_most_and_is_no_part_of_a_text() -> None:
    assert record_tag(f"<docs><x/><x/><doc>{TEXT}</doc></docs>") == ""
    assert record_tag(f"<a><text><p>{TEXT}</p><p>{TEXT}</p></text></a>") == ""
    assert record_tag(f"<docs><k/><k/><doc><t>{TEXT}</t></doc><doc><t>{TEXT}</t></doc></docs>") == "doc"
    assert record_tag("<n:docs><n:doc>x</n:doc><n:doc>y</n:doc></n:docs>") == "n:doc"


def test_what_stands_beside_the_records_is_said(folder: Path) -> None:
    of_one = "".join(f"<article><text>{MORE} {TEXT} {n}</text></article>" for n in range(8))
    of_other = "".join(f"<brief><text>{MORE} {n}</text></brief>" for n in range(6))
    *read, left = found(f"<news>{of_one}{of_other}</news>")
    assert all(isinstance(entry, Record) for entry in read)
    assert len(read) == 8
    assert isinstance(left, Failure)
    assert (left.line, left.verdict) == (0, Verdict.DROP)
    size, unread = len(f"<news>{of_one}{of_other}</news>"), len(f"<news>{of_other}</news>")
    assert left.reason == (
        f"{unread:,} of {size:,} bytes stand beside its elements <article> ([read] record_tag), and are not read"
    )
    assert len(found(f"<news><head>{TEXT}</head>{of_one}</news>")) == 8
    assert len(found(f"<news>{of_one}{of_other}</news>", record_tag="article")) == 8

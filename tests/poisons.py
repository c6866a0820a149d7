"""What is made to break a batch: some eighty cases, each with what is to become of it.

A case is a folder of its own in the input. `records` puts what is poisonous between ten good records in one file; other
cases are files, or what only looks like one, and ten good files lie beside them.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import random
import socket
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

NEIGHBOURS = 10
GOOD_URL = "http://a.example/good"  # of pages in web archives that are neighbours
MOST = 1_000_000  # `max_record_bytes` of the batch

# --- what may become of a case ---------------------------------------------------------------------------------------

PUBLISHED = "published"


def aside(reason: str) -> str:
    """Quarantined for a reason that begins so."""
    return f"quarantined: {reason}"


def left_out(name: str) -> str:
    """Listed as what is no input; of this name, and for a reason if that says so."""
    return f"left out: {name}"


class Poison(NamedTuple):
    """A case: how it is made in a folder, and what becomes of it, one entry for each record."""

    name: str
    make: Callable[[Path], object]
    becomes: tuple[str, ...]
    inside: int = 0  # neighbours in the same file


def file(name: str | bytes, content: bytes | str) -> Callable[[Path], object]:
    """A file with this content."""
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/" + os.fsencode(name))).write_bytes(data)


WHO = (
    "The mayor of the town", "A spokesman for the harbour", "The owner of the mill", "A teacher at the old school",
    "The new head of the hospital", "A farmer from the valley", "The minister of transport", "One of the neighbours",
    "The director of the museum", "A young engineer", "The captain of the ferry", "The editor of the paper",
)  # fmt: skip
SAID = (
    "told reporters on Monday", "wrote in a letter to the council", "explained during a long meeting",
    "said after the storm", "promised a crowd of visitors", "admitted under questioning in court",
    "repeated in an interview", "warned his listeners last week", "announced with a smile", "denied again in spring",
)  # fmt: skip
WHAT = (
    "that the bridge would stay closed until the end of the year", "that nobody had been hurt in the fire",
    "that the price of bread had doubled since winter", "that trains to the coast would run every hour",
    "that forty houses were without water", "that a second doctor would arrive in autumn",
    "that the orchestra had found a new home near the market", "that the river had never been so low",
    "that wolves were seen close to the village", "that the library was going to open on Sundays",
    "that the factory had sold its last machine", "that votes would be counted by hand this time",
)  # fmt: skip


def prose(seed: str, sentences: int = 6) -> str:
    """Sentences like those of news; another seed gives others."""
    chance = random.Random(seed)

    def name() -> str:
        return "".join(chance.choice("bdfgklmnprstv") + chance.choice("aeiou") for _ in range(3)).capitalize()

    return " ".join(
        f"{chance.choice(WHO)}, {name()} {name()} of {name()}, {chance.choice(SAID)} {chance.choice(WHAT)}."
        for _ in range(sentences)
    )


def good(case: str) -> list[dict[str, str]]:
    """The neighbours of a case."""
    return [{"id": f"{case}.good{n}", "text": prose(f"{case} {n}")} for n in range(NEIGHBOURS)]


def lines(case: str, *poisonous: bytes) -> Callable[[Path], object]:
    """JSON lines: five good ones, what is poisonous, and five good ones."""
    neighbours = [json.dumps(record).encode() for record in good(case)]
    content = b"\n".join([*neighbours[:5], *poisonous, *neighbours[5:], b""])
    return lambda folder: (folder / "a.jsonl").write_bytes(content)


def rows(case: str, *poisonous: bytes) -> Callable[[Path], object]:
    """CSV, the same."""
    neighbours = [f'{record["id"]},"{record["text"]}"'.encode() for record in good(case)]
    content = b"\n".join([b"id,text", *neighbours[:5], *poisonous, *neighbours[5:], b""])
    return lambda folder: (folder / "a.csv").write_bytes(content)


def page(text: str) -> str:
    """A page with an article."""
    paragraphs = "".join(f"<p>{sentence}.</p>" for sentence in text.split(". "))
    return f"<html><head><title>A bridge</title></head><body><article>{paragraphs}</article></body></html>"


def story(case: str) -> str:
    """The same, with prose that no other case has."""
    return page(prose(f"page {case}"))


def entry(body: bytes, headers: str = "", url: str = "http://a.example/", more: str = "") -> bytes:
    """A page in a web archive."""
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n{headers}\r\n".encode() + body
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n{more}Content-Length: {len(answer)}\r\n\r\n"
    return head.encode() + answer + b"\r\n\r\n"


def archive(case: str, *poisonous: bytes, name: str = "a.warc") -> Callable[[Path], object]:
    """A web archive, the same; its pages have the ids of the file and their numbers."""
    neighbours = [entry(page(record["text"]).encode(), url=GOOD_URL) for record in good(case)]
    content = b"".join([*neighbours[:5], *poisonous, *neighbours[5:]])
    return lambda folder: (folder / name).write_bytes(content)


def table(case: str, other: pa.Array | None = None, text: str = "") -> Callable[[Path], object]:
    """Parquet, the same: one row is poisonous, by its text or by its value in another column (the last one of it)."""
    records = good(case)
    records.insert(5, {"id": "poison", "text": text or prose(case)})
    columns: dict[str, Any] = {name: [record[name] for record in records] for name in ("id", "text")}
    if other is not None:
        columns["other"] = pa.concat_arrays([pa.nulls(5, other.type), other[-1:], pa.nulls(5, other.type)])
    return lambda folder: pq.write_table(pa.table(columns), folder / "a.parquet")


# --- the cases -------------------------------------------------------------------------------------------------------

ATTRIBUTES = " ".join(f"a{number}=1" for number in range(40_000))
DECLARED = {"@type": "NewsArticle", "headline": "x", "articleBody": "<p>word" * 60_000}
BILLION = '<!DOCTYPE l [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


def record(text: str, **more: Any) -> bytes:
    """A line of JSON."""
    return json.dumps({"text": text, **more}).encode()


def naughty(name: str, text: str) -> bytes:
    return record(f"{prose(name)} {text}", id=f"{name}.poison")


def symlink(target: str, name: str = "a.txt") -> Callable[[Path], object]:
    return lambda folder: (folder / name).symlink_to(target)


def listening(folder: Path) -> None:
    """A socket; its path may have 107 bytes, so it is made from where it lies."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("a.txt")
    finally:
        os.chdir(here)


def unreadable(folder: Path) -> None:
    """A file that may not be opened, unless by whoever may open everything."""
    (folder / "a.txt").write_text(prose("unreadable"))
    (folder / "a.txt").chmod(0)


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, content)
    return buffer.getvalue()


def zstd(content: bytes) -> bytes:
    packed: bytes = pa.compress(content, codec="zstd", asbytes=True)
    return packed


def deep(folder: Path) -> None:
    """Folders in folders, until a path is as long as one may be."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        for _ in range(18):
            Path("d" * 240).mkdir()
            os.chdir("d" * 240)
        Path("a.txt").write_text("too deep")
    finally:
        os.chdir(here)


def parquet_of(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    pq.write_table(pa.table({"text": [prose("parquet")]}), folder / "a.parquet")
    (folder / "a.parquet").write_bytes(damage((folder / "a.parquet").read_bytes()))


def pointing_list(count: int, value: str) -> pa.Array:
    """One list that points so many times to a value, which a dictionary holds once."""
    values = pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array([value]))
    return pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), values)


BIG = "x" * 30_000_000


CUT = aside("cannot be read from here on: it ends too early")
XXE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def tarred(name: str, content: bytes) -> bytes:
    """A tar file with one member, packed."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def nested_parts(depth: int) -> str:
    """A saved page of parts in each other."""
    begins = (f"--b{n - 1}\nContent-Type: multipart/mixed; boundary=b{n}\n\n" for n in range(1, depth))
    return f"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b0\n\n{''.join(begins)}"


def greedy() -> bytes:
    """A small xz file whose head asks for a window of 1.5 GB."""
    content = bytearray(lzma.compress(b"x"))
    size = (content[12] + 1) * 4  # of the head of its block: flags, the filter's number, its one property, a checksum
    content[16] = 37
    content[8 + size : 12 + size] = zlib.crc32(content[12 : 8 + size]).to_bytes(4, "little")
    return bytes(content)


TOO_LARGE = aside("larger than max_record_bytes = 1,000,000 bytes")
TOO_LONG = aside("line longer than max_record_bytes = 1,000,000 bytes")
NO_ARTICLE = aside("no article found on the page")

NAUGHTY = {
    "bidi": "\u202eright to left\u202c \u2066isolated\u2069 \u200f\u200e",
    "c1": "".join(map(chr, range(0x80, 0xA0))),
    "c0": "".join(chr(n) for n in range(1, 32) if chr(n) not in "\n"),
    "noncharacters": "\ufdd0\uffff\U0010ffff\ufffe",
    "zalgo": "Z" + "\u0300\u0316\u035f" * 2_000,
    "zero width": "\u200b\u200c\u200d\u2060\ufeff" * 1_000,
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 500,
    "separators": "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e" * 500,
    "private": "\ue000\uf8ff\U000f0000" * 200,
    "tags": "<script>alert(1)</script><img src=x onerror=alert(2)>&lt;b&gt;",
    "quotes": "' OR 1=1; DROP TABLE documents; -- \"",
    "terminal": "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "markup of rich": "[red]not red[/] [link=x]y[/link] [/]",
    "format": "%s %n {0} {} ${HOME} $(reboot) `reboot` {{7*7}}",
    "data uri": "data:text/html;base64," + "QUJD" * 10_000,
    "one word": "w" * 100_000,
    "one letter a line": "\n".join("abcdefgh" * 1_000),
    "entities": "&amp;" * 20_000,
    "mojibake": "\u00c3\u0192\u00c2\u00a9" * 5_000,
    "replacement": "\ufffd" * 50_000,
    "nul": "a\0b",
}

# In a field, or in the text of one record of many.
RECORDS: dict[str, tuple[bytes, str]] = {
    "lone surrogate": (b'{"text": "half \\ud800 a pair"}', aside("not UTF-8: lone surrogate U+D800 at character 6")),
    "surrogate as a key": (b'{"\\ud800": "x"}', aside('no "text"; found "\\ud800"')),
    "surrogate in metadata": (record(prose("sm"), m="\ud800"), PUBLISHED),
    "bytes of another charset": ('{"text": "caf\u00e9"}'.encode("latin-1"), aside("not UTF-8: byte 0xe9 at column 14")),
    "line of utf-16": ('{"text": "x"}'.encode("utf-16-le"), aside("not JSON: ")),
    "nul bytes": (b"\0" * 1_000, aside("not JSON: ")),
    "no json": (b"<html>", aside("not JSON: ")),
    "half an object": (b'{"text": "x', aside("not JSON: ")),
    "a list": (b'["text"]', aside("not a JSON object but list")),
    "no text": (b'{"body": "x"}', aside('no "text"; found "body"')),
    "text of another type": (b'{"text": {"a": 1}}', aside('no "text"; it is dict, not a string')),
    "blank text": (b'{"text": " \\n\\u00a0"}', aside("no text: it is empty")),
    "a key twice": (b'{"text": "x", "text": "y"}', aside('a key twice in one object: "text"')),
    "nan": (record(prose("nan"), n=float("nan"), m=[float("-inf")]), PUBLISHED),
    "number without end": (b'{"text": "x", "n": ' + b"9" * 5_000 + b"}", aside("not JSON: Exceeds the limit")),
    "number out of range": (record(prose("range"), n=1e308, m=-(2**70)), PUBLISHED),
    "dates out of range": (record(prose("dates"), published="9999-99-99T99:99:99+99:99"), PUBLISHED),
    "fields of other types": (record(prose("types"), id=[1], url={"a": 1}, title=7, site=1.5, published=[]), PUBLISHED),
    "url without end": (record(prose("url"), url="http://[" + "a." * 30_000), PUBLISHED),
    "id without end": (record(prose("id"), id="i" * 30_000), aside("its id is longer than 20,000 characters")),
    "id with line breaks": (record(prose("id of breaks"), id="a\nb\r\t\x1b[31m\u202e"), PUBLISHED),
    "metadata without end": (record(prose("meta"), m="x" * 900_000), PUBLISHED),
    "nested": (b'{"text": "x", "m": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", aside("nested 100,001 levels deep")),
    "many objects": (
        b'{"text": "x", "m": [' + b"{}," * 200_000 + b"1]}",
        aside("200,002 objects and lists in one"),
    ),
    "many keys": (record(prose("keys"), m={f"k{n}": n for n in range(50_000)}), PUBLISHED),
    "a long line": (b'{"text": "' + b"x" * 5_000_000 + b'"}', TOO_LONG),
}

ROWS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "quote that is not closed": (b'p,"not closed', (aside("not CSV: a quotation mark that is not closed"),)),
    "too few fields": (b"p", (aside("1 fields where the header has 2"),)),
    "too many fields": (b"p," * 100_000, (aside("100,001 fields where the header has 2"),)),
    "bad bytes": (b"p,caf\xe9", (aside("not UTF-8: byte 0xe9 at character 4"),)),
    "nul in a field": (b"p,a\0b", (PUBLISHED,)),
    "formula": (b'q,"=HYPERLINK(""http://a.example"")"', (PUBLISHED,)),
    "a long field": (b'p,"' + b"x" * 3_000_000 + b'"', (TOO_LONG,)),
}

ENTRIES: dict[str, tuple[bytes, str]] = {
    "length that is a lie": (entry(story("archive").encode(), "Content-Length: 99999\r\n"), aside("cut off: ")),
    "chunks broken off": (
        entry(b"40\r\n" + story("archive").encode()[:64], "Transfer-Encoding: chunked\r\n"),
        aside("cut off: "),
    ),
    "packed and broken off": (
        entry(gzip.compress(story("archive").encode())[:-30], "Content-Encoding: gzip\r\n"),
        aside("cut off: the packed page ends too early"),
    ),
    "bomb of gzip on a page": (entry(gzip.compress(BIG.encode()), "Content-Encoding: gzip\r\n"), TOO_LARGE),
    "packing that is not known": (
        entry(b"\x1b\x03\x04" * 99, "Content-Encoding: br\r\n"),
        aside("packed as br, which is not read"),
    ),
    "entry without an address": (
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n",
        aside("an entry that does not tell its address"),
    ),
    "a page too large": (entry(b"<p>" + b"x" * 3_000_000), TOO_LARGE),
}

PAGES: dict[str, tuple[str | bytes, str]] = {
    "attributes": (
        f"<html><body><div {ATTRIBUTES}>{story('attributes')}",
        aside("40,000 attributes in one tag, the limit is 1,000"),
    ),
    "divs in each other": (
        "<div>" * 100_000 + story("divs in each other"),
        aside("elements nested deeper than 2,048 levels"),
    ),
    "elements": (story("elements") + "<p>" * 301_000, aside("more than 300,000 elements")),
    "comment that is not closed": ("<!--" + story("comment that is not closed"), NO_ARTICLE),
    "comments that are not closed": (story("comments that are not closed") + "<!--" * 100_000, PUBLISHED),
    "script that is not closed": ("<script>" + story("script that is not closed"), NO_ARTICLE),
    "billion laughs": (f"{BILLION}]>{story('billion laughs')}<p>&j;</p>", PUBLISHED),
    "links": (story("links") + "<a href=x>link</a> " * 40_000, PUBLISHED),
    "data uri in a page": (
        story("data uri in a page") + f"<img src='data:image/png;base64,{'QUJD' * 100_000}'>",
        PUBLISHED,
    ),
    "charsets that are none": (
        f"<meta charset=x><meta charset=utf-7>{story('charsets that are none')}",
        PUBLISHED,
    ),
    "page of utf-16 without a mark": (story("page of utf-16 without a mark").encode("utf-16-le"), PUBLISHED),
    "page of bytes": (bytes(range(256)) * 1_000, aside("binary, not a page: ")),
    "page of noise": (random.Random(2).randbytes(50_000), aside("binary, not a page: ")),
    "declared text nested": (
        f'<script type="application/ld+json">{"[" * 100_000}</script>' + story("declared text nested"),
        PUBLISHED,
    ),
    "declared text of many tags": (
        '<script type="application/ld+json">'
        + json.dumps({"@type": "NewsArticle", "headline": "x", "articleBody": "<p>word</p>" * 60_000}).replace(
            "</", "<\\/"
        )
        + "</script>",
        aside("more than 50,000 elements"),
    ),
    "an empty page": ("", NO_ARTICLE),
}

FILES: dict[str, tuple[str | bytes, str | bytes, tuple[str, ...]]] = {  # name, content
    "bomb of gzip": ("a.txt.gz", gzip.compress(BIG.encode()), (TOO_LARGE,)),
    "bomb of gzip in lines": ("a.jsonl.gz", gzip.compress(BIG.encode()), (TOO_LONG,)),
    "bomb of zstd": ("a.html.zst", zstd(BIG.encode()), (TOO_LARGE,)),
    "bomb in a bomb": ("a.txt.gz", gzip.compress(gzip.compress(BIG.encode())), (aside("binary, not text"),)),
    "members without end": ("a.txt.gz", gzip.compress(b"x") * 100_000, (PUBLISHED,)),
    "bomb of bz2": ("a.txt.bz2", bz2.compress(BIG.encode()), (TOO_LARGE,)),
    "bomb of xz": ("a.jsonl.xz", lzma.compress(BIG.encode()), (TOO_LONG,)),
    "xz that asks for memory": ("a.txt.xz", greedy(), (aside("unreadable file: Memory usage limit exceeded"),)),
    "bomb of zip": ("a.zip", zipped("a.txt", BIG.encode()), (aside("unpacks from 29,"),)),
    "bomb of tar": ("a.tgz", tarred("a.jsonl", BIG.encode()), (aside("it unpacks to more than 200 times its size"),)),
    "bomb in a zip": ("a.zip", zipped("a.txt.gz", gzip.compress(BIG.encode())), (TOO_LARGE,)),
    "zip in a zip": ("a.zip", zipped("b.zip", zipped("a.txt", b"x")), (aside("an archive in an archive"),)),
    "way out of a zip": ("a.zip", zipped("../../a.txt", b"x"), (aside("a path that leads out of the archive"),)),
    "zip broken off": ("a.zip", zipped("a.txt", b"x")[:-30], (aside("broken file: BadZipFile"),)),
    "billion laughs in a feed": ("a.rss", f"{BILLION}]><rss><item><description>{prose('laughs')} &j;", (CUT,)),
    "entity of a file": ("a.xml", f"{XXE}<docs><doc><text>{prose('xxe')} &x;</text></doc></docs>", (PUBLISHED,)),
    "elements in each other": ("a.xml", "<a>" * 200_000, (CUT,)),
    "elements in each other, closed": ("a.xml", "<a>" * 100_000 + "</a>" * 100_000, (aside("elements in one"),)),
    "comments of xml without end": ("a.xml", "<a>" + "<!--" * 200_000, (CUT,)),
    "lists in each other": ("a.json", "[" * 200_000, (CUT,)),
    "objects in each other": ("a.json", '{"a":' * 200_000, (CUT,)),
    "parts in each other": ("a.mhtml", nested_parts(2_000), (aside("2,000 boundaries"),)),
    "zip called text": ("a.txt", zipped("a.txt", b"x"), (aside("binary, not text: it holds NUL bytes"),)),
    "text called gzip": ("a.txt.gz", prose("text"), (aside("unreadable file: "),)),
    "gzip broken off": (
        "a.jsonl.gz",
        gzip.compress(record(prose("cut")))[:-20],
        (aside("cannot be read"),),
    ),
    "bytes that mean nothing": ("a.txt", random.Random(1).randbytes(50_000), (aside("binary, not text"),)),
    "text of utf-16 without a mark": ("a.txt", prose("utf-16").encode("utf-16-be"), (PUBLISHED,)),
    "text of ebcdic": ("a.txt", prose("ebcdic").encode("cp500"), (PUBLISHED,)),
    "text of latin-1": ("a.txt", f"{prose('latin')} El niño comió la piña.".encode("latin-1"), (PUBLISHED,)),
    "header of latin-1": ("a.csv", "id,t\u00edtulo\n1,x\n".encode("latin-1"), (aside('no "text"; found "id"'),)),
    "header of utf-16": (
        "a.csv",
        "id,text\n1,x\n".encode("utf-16-le"),
        (aside('no "text"; found "i'), aside("1 fields where the header has 2")),
    ),
    "header twice": ("a.csv", "id,text,text\n1,x,y\n", (aside('several columns are called "text"'),)),
    "an empty text": ("a.txt", "", (aside("no text: it is empty"),)),
    "empty lines": ("a.jsonl", "", ()),
    "empty rows": ("a.csv", "", ()),
    "an empty archive": ("a.warc", "", ()),
    "an empty table": ("a.parquet", "", (aside("broken file: "),)),
    "a table that is none": (
        "a.parquet",
        b"PAR1" + bytes(1_000) + b"PAR1",
        (aside("unreadable file: Couldn't deserialize"),),
    ),
    "an archive that is none": ("a.warc", "no archive", (aside("broken archive: no entry begins with"),)),
    "an archive of the old kind": ("a.arc", "filedesc://a.arc 0 0 text/plain 1\n", (left_out("a.arc"),)),
    "name that is not utf-8": (b"caf\xe9.txt", prose("name"), (PUBLISHED,)),
    "name with a line break": ("a\nb\r.txt", prose("break"), (PUBLISHED,)),
    "name of 255 bytes": ("n" * 251 + ".txt", prose("long"), (PUBLISHED,)),
    "name like markup": ("a[", prose("odd"), (left_out("a["),)),
    "name like an option": ("--help.txt", prose("option"), (PUBLISHED,)),
    "name of bidi": ("\u202etxt.exe.txt", prose("bidi name"), (PUBLISHED,)),
    "lines without end": ("a.txt", "a\n" * 499_000 + "\n" * 2_000, (PUBLISHED,)),
    "breaks without end": ("a.txt", prose("breaks without end") + "\n" * 900_000, (PUBLISHED,)),
}


def markup_folder(folder: Path) -> None:
    (folder / "a[").mkdir()
    (folder / "a[" / "b].txt").write_text(prose("folder"))


THINGS: dict[str, tuple[Callable[[Path], object], str | None]] = {
    "link to itself": (symlink("a.txt"), aside("a link that leads to itself")),
    "link to nowhere": (symlink("nowhere"), aside("a link that leads nowhere")),
    "link to its own folder": (symlink(".", "round"), left_out("round: a link to a folder, which is not followed")),
    "link to a device": (symlink("/dev/zero"), aside("a device, not a file")),
    "pipe": (lambda folder: os.mkfifo(folder / "a.txt"), aside("a named pipe, not a file")),
    "socket": (listening, aside("a socket, not a file")),
    "folder called text": (lambda folder: (folder / "a.txt").mkdir(), None),
    "folder like markup": (markup_folder, PUBLISHED),
    "file that may not be read": (unreadable, PUBLISHED if os.geteuid() == 0 else aside("unreadable file: ")),
    "path too long": (deep, aside("unreadable ")),
    "table broken off": (lambda folder: parquet_of(folder, lambda data: data[:-50]), aside("broken file: ")),
    "table with a broken page": (
        lambda folder: parquet_of(folder, lambda data: data[:10] + b"\xff" * 40 + data[50:]),
        aside("unreadable file: Couldn't deserialize"),
    ),
}

TABLES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a large cell": (
        table("a large cell", text="x" * 30_000_000),
        aside("30,000,006 bytes, larger than"),
    ),
    "a cell that a dictionary makes large": (
        table("dictionary", pointing_list(100_000, "x" * 1_000)),
        aside("100,000,"),
    ),
}

POISONS: list[Poison] = [
    *(
        Poison(n, lines(n, record(f"{prose(n)} {t}", id=f"{n}.poison")), (PUBLISHED,), NEIGHBOURS)
        for n, t in NAUGHTY.items()
    ),
    *(Poison(name, lines(name, line), (becomes,), NEIGHBOURS) for name, (line, becomes) in RECORDS.items()),
    *(Poison(name, rows(name, row), becomes, NEIGHBOURS) for name, (row, becomes) in ROWS.items()),
    *(Poison(name, archive(name, made), (becomes,), NEIGHBOURS) for name, (made, becomes) in ENTRIES.items()),
    *(Poison(name, file("a.html", made), (becomes,)) for name, (made, becomes) in PAGES.items()),
    *(Poison(name, file(called, made), becomes) for name, (called, made, becomes) in FILES.items()),
    *(Poison(name, make, (becomes,) if becomes else ()) for name, (make, becomes) in THINGS.items()),
    *(Poison(name, make, (becomes,), NEIGHBOURS) for name, (make, becomes) in TABLES.items()),
]

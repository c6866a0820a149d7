"""Archives that break off: what is whole is kept as without the cut, the rest is told, nothing is lost in silence."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config import Read
from pipeline.sources import packed, read
from pipeline.sources.formats import warc
from pipeline.sources.records import Failure, Record

TEXT = "The council met on Monday and closed the old bridge for repairs."
CANNOT = "cannot be read from here on: "
EARLY = f"{CANNOT}it ends too early"


def records(name: str, content: bytes, **values: Any) -> list[Record | Failure]:
    """What reading makes of a file with this content."""
    path = Path(name)
    path.write_bytes(content)
    return list(read.read_file(path, name, Read(**values)))


def kept(found: Iterable[Record | Failure]) -> list[Record]:
    return [record for record in found if isinstance(record, Record)]


def failures(found: Iterable[Record | Failure]) -> list[tuple[int, str]]:
    return [(failure.line, failure.reason) for failure in found if isinstance(failure, Failure)]


def zstd(*contents: bytes) -> bytes:
    """Zstandard frames, one for each content."""
    return b"".join(pa.compress(content, codec="zstd", asbytes=True) for content in contents)


def members(*contents: bytes) -> bytes:
    """gzip members, one for each content."""
    return b"".join(gzip.compress(content, mtime=0) for content in contents)


def bzip2(*contents: bytes) -> bytes:
    """bzip2 streams, one for each content."""
    return b"".join(map(bz2.compress, contents))


def xz(*contents: bytes) -> bytes:
    """xz streams, one for each content."""
    return b"".join(map(lzma.compress, contents))


def plain(*contents: bytes) -> bytes:
    return b"".join(contents)


def noise(seed: int) -> str:
    """Words that packing cannot shorten much, so that a cut falls into each of them."""
    return " ".join(f"{(seed * 7919 + n * n * 104729) % 99991:x}" for n in range(40))


JSON_LINES = [json.dumps({"id": f"r{n}", "text": f"{TEXT} {noise(n)}"}).encode() + b"\n" for n in range(30)]
ROWS = [b"id,text\r\n"] + [f'r{n},"{TEXT}\r\n""{noise(n)}"""\r\n'.encode() for n in range(30)]
PAGE = "".join(f"<p>{TEXT} Part {n} of it was told to the people of the town.</p>" for n in range(3))


def entry(number: int, kind: str = "response", page: str = PAGE, head: str = "", more: str = "") -> bytes:
    """An entry of a web archive: a page as a server sent it; `head` and `more` are further lines of its heads."""
    page = f"<html><body><article><h1>Story {number}</h1>{page}<p>{TEXT} {noise(number)}</p></article></body></html>"
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{more}\r\n{page}".encode()
    return (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://www.a.example/{number}\r\n{head}"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
    ).encode() + answer + b"\r\n\r\n"  # fmt: skip


ENTRIES = [entry(n, "response" if n % 3 else "request") for n in range(8)]

# A file with many records, packed in several ways: how it is called, and its pieces put together.
FILES: dict[str, tuple[list[bytes], Callable[..., bytes]]] = {
    "a.jsonl.gz": (JSON_LINES, members),
    "one.jsonl.gz": ([b"".join(JSON_LINES)], members),
    "a.jsonl.zst": (JSON_LINES, zstd),
    "one.jsonl.zst": ([b"".join(JSON_LINES)], zstd),
    "a.csv.gz": (ROWS, members),
    "one.csv.gz": ([b"".join(ROWS)], members),
    "one.csv.zst": ([b"".join(ROWS)], zstd),
    "a.warc": (ENTRIES, plain),
    "a.warc.gz": (ENTRIES, members),
    "one.warc.gz": ([b"".join(ENTRIES)], members),
    "a.warc.zst": (ENTRIES, zstd),
    "a.jsonl.bz2": (JSON_LINES, bzip2),
    "one.csv.bz2": ([b"".join(ROWS)], bzip2),
    "a.warc.xz": (ENTRIES, xz),
    "one.jsonl.xz": ([b"".join(JSON_LINES)], xz),
}


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_cut_off_all_before_it_is_read_as_it_was_and_one_failure_tells_of_the_rest(
    folder: Path, name: str
) -> None:
    pieces, pack = FILES[name]
    content = pack(*pieces)
    ends = {len(pack(*pieces[:number])) for number in range(len(pieces) + 1)}  # nothing shows there that more came
    blank = {end - n for end in ends for n in range(1, 5)} if pack is plain else set()  # the lines between entries
    all_of_it = records(name, content)
    assert failures(all_of_it) == []
    for at in {*range(1, len(content), max(1, len(content) // 120)), *range(len(content) - 40, len(content))}:
        found = records(name, content[:at])
        whole = kept(found)
        assert whole == all_of_it[: len(whole)]
        told = [failure for failure in found if isinstance(failure, Failure)]
        assert len(told) == (at not in ends | blank), at
        assert [failure.file for failure in told] == [name for _ in told]
        assert all(found[-1] is failure for failure in told)
        assert all(failure.line > whole[-1].line for failure in told if whole)


@pytest.mark.parametrize("name", ["a.jsonl.gz", "one.jsonl.gz", "a.jsonl.zst", "one.csv.gz", "a.csv.gz", "a.warc.gz"])
def test_all_is_kept_that_could_be_unpacked_before_the_cut(folder: Path, name: str) -> None:
    """A cut costs the record that it falls into, and no more than what one packed block holds."""
    pieces, pack = FILES[name]
    content = pack(*pieces)
    share = len(kept(records(name, content[: len(content) * 3 // 4]))) / len(kept(records(name, content)))
    assert share > 0.65


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    # Of a block of bzip2 or xz nothing is handed out unless all of it is sound.
    st.sampled_from(sorted(name for name in FILES if not name.endswith((".bz2", ".xz")))),
    st.floats(0, 1),
    st.binary(min_size=1, max_size=30),
)
def test_garbage_where_a_file_goes_on_costs_nothing_that_is_before_it(
    folder: Path, name: str, share: float, garbage: bytes
) -> None:
    pieces, pack = FILES[name]
    content = pack(*pieces)
    at = int(share * len(content))
    before = kept(records(name, content[:at]))
    found = kept(records(name, content[:at] + garbage + content[at:]))
    surely = max(0, len(before) - 1)  # the last record before the cut may go on in the garbage
    assert found[:surely] == before[:surely]


SUFFIXES = {members: ".gz", zstd: ".zst", bzip2: ".bz2", xz: ".xz"}


@pytest.mark.parametrize("pack", SUFFIXES)
@pytest.mark.parametrize("rest", [b"no such thing", b"\x1f\x8b\x08", b"\x28\xb5\x2f", b"\0\0\0x"])
def test_what_follows_the_last_member_and_is_none_is_told(
    folder: Path, pack: Callable[..., bytes], rest: bytes
) -> None:
    found = records(f"a.jsonl{SUFFIXES[pack]}", pack(*JSON_LINES) + rest)
    assert len(kept(found)) == len(JSON_LINES)
    [(line, reason)] = failures(found)
    assert line == len(JSON_LINES) + 1
    assert reason.startswith(CANNOT)


def test_zeros_behind_a_gzip_member_are_padding(folder: Path) -> None:
    found = records("a.jsonl.gz", members(*JSON_LINES[:3]) + b"\0" * 100_000 + members(*JSON_LINES[3:]) + b"\0" * 512)
    assert (len(kept(found)), failures(found)) == (len(JSON_LINES), [])


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.txt.gz", "a.jsonl", "a.csv", "a.warc"])
def test_a_file_without_a_byte_holds_nothing_that_could_be_lost(folder: Path, name: str) -> None:
    expected = [(0, "no text: it is empty")] if ".txt" in name else []
    assert failures(records(name, b"")) == expected


@pytest.mark.parametrize("name", ["a.txt.gz", "a.html.gz", "a.txt.zst", "a.html.zst", "a.txt.bz2", "a.html.xz"])
def test_half_a_text_or_page_is_none(folder: Path, name: str) -> None:
    page = f"<html><body><article>{PAGE}<p>{noise(1)}</p></article></body></html>".encode()
    [pack] = [pack for pack, suffix in SUFFIXES.items() if name.endswith(suffix)]
    content = pack(page)
    assert len(kept(records(name, content))) == 1
    for at in range(1, len(content), 7):
        [failure] = records(name, content[:at])
        assert isinstance(failure, Failure)
        assert (failure.file, failure.line) == (name, 0)
        assert failure.reason.startswith((CANNOT, "unreadable file: "))


def test_the_cut_record_is_told_by_its_line_and_shown(folder: Path) -> None:
    [*_, failure] = records("a.jsonl.gz", members(b"".join(JSON_LINES[:3]))[:-60])
    assert isinstance(failure, Failure)
    assert (failure.line, failure.reason) == (3, EARLY)
    assert failure.start.startswith('{"id": "r2", "text": "The council')
    [*_, failure] = records("a.csv.gz", members(b"".join(ROWS[:4]))[:-60])
    assert isinstance(failure, Failure)
    assert (failure.line, failure.reason, failure.start) == (6, EARLY, f'r2,"{TEXT}')


def test_a_line_that_is_too_long_and_cut_is_one_failure(folder: Path) -> None:
    content = members(JSON_LINES[0] + b'{"text": "' + b"x" * 5_000_000)[:-10]
    assert failures(records("a.jsonl.gz", content, max_record_bytes=1_000)) == [(2, EARLY)]


def test_a_fault_that_zlib_sees_late_costs_no_record_before_it(folder: Path) -> None:
    content = bytearray(gzip.compress(b"".join(JSON_LINES), mtime=0))
    content[-5] ^= 1  # of the checksum: all of the text is there
    found = records("a.jsonl.gz", bytes(content))
    assert len(kept(found)) == len(JSON_LINES)
    assert failures(found) == [
        (len(JSON_LINES) + 1, f"{CANNOT}Error -3 while decompressing data: incorrect data check")
    ]


# --- files with a byte order mark ----------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-8"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.jsonl.gz", "a.csv.zst"])
def test_records_are_read_in_the_charset_that_a_byte_order_mark_says(folder: Path, codec: str, name: str) -> None:
    pieces = JSON_LINES if ".jsonl" in name else ROWS
    content = ("\ufeff" + b"".join(pieces).decode() + ("" if ".csv" in name else '{"text": "Zoë 😀"}')).encode(codec)
    pack = {"gz": members, "st": zstd}.get(name[-2:], plain)
    found = kept(records(name, pack(content)))
    expected = kept(records(name, pack(content.decode(codec).encode())))
    assert [(r.id, r.text, r.line) for r in found] == [(r.id, r.text, r.line) for r in expected]
    said = ("utf-8", "utf-8") if codec == "utf-8" else (codec, "bom")
    assert {(record.charset, record.charset_from) for record in found} == {said}


def test_half_a_surrogate_pair_in_utf_16_costs_its_record(folder: Path) -> None:
    lines = ['{"id": "1", "text": "a"}\n', '{"id": "2", "text": "\ud800"}\n', '{"id": "3", "text": "c"}\n']
    content = "".join(["\ufeff", *lines]).encode("utf-16-le", "surrogatepass")
    found = records("a.jsonl", content)
    assert [record.id for record in kept(found)] == ["1", "3"]
    assert failures(found) == [(2, "not UTF-8: byte 0xed at column 22")]


@pytest.mark.parametrize(
    ("codec", "rest", "why"),
    [("utf-16-le", b"a", "it ends too early"), ("utf-32-be", b"\x7f\xff\xff\xff", "not utf-32-be: ")],
)
def test_what_no_charset_can_read_ends_the_file_and_is_told(folder: Path, codec: str, rest: bytes, why: str) -> None:
    found = records("a.jsonl", ("\ufeff" + JSON_LINES[0].decode()).encode(codec) + rest)
    assert len(kept(found)) == 1
    [(line, reason)] = failures(found)
    assert line == 2
    assert reason.startswith(CANNOT + why)


# --- web archives --------------------------------------------------------------------------------------------------


def test_an_entry_that_has_less_than_it_promises_is_told_with_both_numbers(folder: Path) -> None:
    content = entry(0) + entry(1)[:-500]
    found = records("a.warc", content)
    assert [record.id for record in kept(found)] == ["a:1"]
    [(line, reason)] = failures(found)
    promised = len(entry(1).partition(b"\r\n\r\n")[2]) - 4
    assert (line, reason) == (2, f"broken archive: cut off: {promised - 496:,} of the {promised:,} bytes of an entry")


def test_a_cut_in_what_is_no_page_is_told_as_well(folder: Path) -> None:
    found = records("a.warc", entry(0) + entry(1, "request")[:-100])
    assert len(kept(found)) == 1
    assert [line for line, _ in failures(found)] == [2]


def test_pages_that_the_crawler_has_cut_are_set_aside(folder: Path) -> None:
    found = records("a.warc", entry(0) + entry(1, head="WARC-Truncated: length\r\n") + entry(2))
    assert [record.id for record in kept(found)] == ["a:1", "a:3"]
    assert failures(found) == [(2, "cut off by the crawler: WARC-Truncated: length")]


def answered(headers: str, body: bytes) -> bytes:
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{headers}\r\n".encode() + body
    head = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\n"
    return f"{head}Content-Length: {len(answer)}\r\n\r\n".encode() + answer + b"\r\n\r\n"


ARTICLE = f"<html><article>{PAGE}</article></html>".encode()
GZIP = gzip.compress(ARTICLE, mtime=0)
DEFLATE = zlib.compress(ARTICLE)


def chunked(content: bytes, size: int = 100, end: bytes = b"0\r\n\r\n") -> bytes:
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    return b"".join(f"{len(piece):x};a=b\r\n".encode() + piece + b"\r\n" for piece in pieces) + end


IN_CHUNKS = "Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("", ARTICLE),
        (f"Content-Length: {len(ARTICLE)}\r\n", ARTICLE),
        ("Content-Length: 5\r\n", ARTICLE),
        ("Content-Length: many\r\n", ARTICLE),
        ("Content-Encoding: gzip\r\n", GZIP),
        (f"Content-Encoding: X-GZip\r\nContent-Length: {len(GZIP)}\r\n", GZIP),
        ("Content-Encoding: gzip\r\n", gzip.compress(ARTICLE[:200], mtime=0) + gzip.compress(ARTICLE[200:]) + b"\0\0"),
        ("Content-Encoding: gzip\r\n", gzip.compress(ARTICLE, 0)),
        ("Content-Encoding: deflate\r\n", DEFLATE),
        ("Content-Encoding: deflate\r\n", DEFLATE[2:-4]),
        (IN_CHUNKS, chunked(ARTICLE)),
        (IN_CHUNKS, chunked(ARTICLE, end=b"000\r\nTrailer: x\r\n\r\n")),
        (f"{IN_CHUNKS}Content-Encoding: gzip\r\nContent-Length: 999999\r\n", chunked(GZIP, 7)),
        # unpacked by the crawler, with the server's headers
        (IN_CHUNKS, ARTICLE),
        ("Content-Encoding: gzip\r\nContent-Length: 999999\r\n", ARTICLE),
        (f"{IN_CHUNKS}Content-Encoding: gzip\r\n", ARTICLE),
        ("Content-Encoding: br\r\nContent-Length: 999999\r\n", ARTICLE),
    ],
)
def test_a_page_is_read_from_what_the_server_sent_or_the_crawler_made_of_it(
    folder: Path, headers: str, body: bytes
) -> None:
    [record] = records("a.warc", answered(headers, body))
    assert isinstance(record, Record)
    assert record.text == kept(records("b.warc", answered("", ARTICLE)))[0].text


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        (
            "Content-Length: 999999\r\n",
            ARTICLE,
            f"cut off: {len(ARTICLE):,} of the 999,999 bytes that the server promised",
        ),
        ("Content-Encoding: identity\r\nContent-Length: 999999\r\n", ARTICLE, "cut off: "),
        ("Content-Length: 9\r\n", b"", "cut off: 0 of the 9 bytes that the server promised"),
        (
            f"Content-Encoding: gzip\r\nContent-Length: {len(GZIP)}\r\n",
            GZIP[:-9],
            f"cut off: {len(GZIP) - 9:,} of the {len(GZIP):,} bytes that the server promised",
        ),
        ("Content-Encoding: gzip\r\n", GZIP[:-20], "cut off: the packed page ends too early"),
        ("Content-Encoding: deflate\r\n", DEFLATE[:-20], "cut off: the packed page ends too early"),
        (
            "Content-Encoding: gzip\r\n",
            GZIP[:60] + b"\xff" * 20 + GZIP[80:],
            "the page cannot be unpacked: Error",
        ),
        ("Content-Encoding: br\r\n", b"\x1b\x03\x04" * 300, "packed as br, which is not read"),
        (IN_CHUNKS, chunked(ARTICLE, end=b""), f"cut off: no chunk follows the {len(ARTICLE):,} bytes that came"),
        (IN_CHUNKS, chunked(ARTICLE)[:300], "cut off: no chunk follows the 2"),
        (IN_CHUNKS, chunked(ARTICLE, end=b"x\r\n\r\n"), f"cut off: no chunk follows the {len(ARTICLE):,} bytes"),
        (f"{IN_CHUNKS}Content-Encoding: gzip\r\n", chunked(GZIP[:-20]), "cut off: the packed page ends too early"),
        (f"{IN_CHUNKS}Content-Encoding: gzip\r\n", chunked(GZIP)[:-30], "cut off: no chunk follows the "),
    ],
)
def test_a_page_that_its_server_has_broken_off_is_set_aside(
    folder: Path, headers: str, body: bytes, reason: str
) -> None:
    found = records("a.warc", answered(headers, body) + answered("", ARTICLE))
    assert [record.id for record in kept(found)] == ["a:2"]
    [(line, why)] = failures(found)
    assert line == 1
    assert why.startswith(reason)


def test_a_packed_page_is_unpacked_no_further_than_it_may_be_large(folder: Path) -> None:
    bomb = answered("Content-Encoding: gzip\r\n", gzip.compress(b"<p>" + b"x" * 50_000_000))
    members_of_it = answered("Content-Encoding: gzip\r\n", gzip.compress(b"x" * 9_000) * 2_000)
    found = records("a.warc", bomb + members_of_it + answered("", ARTICLE), max_record_bytes=10_000)
    why = "larger than max_record_bytes = 10,000 bytes"
    assert (failures(found), len(kept(found))) == ([(1, why), (2, why)], 1)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n", "an entry that does not tell"),
        (b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/\r\nContent-Length: 0\r\n\r\n", ""),
        (
            b"WARC/9.9\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/\r\nContent-Length: 0\r\n\r\n",
            "broken record",
        ),
    ],
)
def test_an_entry_that_breaks_the_library_costs_itself(folder: Path, broken: bytes, reason: str) -> None:
    found = records("a.warc", entry(0) + broken + entry(1))
    assert len(kept(found)) == 2
    assert all(why.startswith(reason) for _, why in failures(found))
    assert len(failures(found)) == bool(reason)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"WARC/1.0\r\nWARC-Type: response\r\n\r\n", "an entry that does not tell its length"),
        (b"WARC/1.0\r\nContent-Length: -5\r\n\r\n", "an entry that does not tell its length"),
        (b"no archive\r\n", "no entry begins with b'no archive\\r\\n'"),
        (b"WARC/1.0\r\nX: " + b"x" * warc.MAX_HEAD + b"\r\n\r\n", "an entry with a head of more than 1,048,576 bytes"),
        (b"WARC/1.0\r\nContent-Length: 12345678901\r\n\r\n", "cut off: "),
    ],
)
def test_what_is_no_entry_ends_the_archive_and_is_told(folder: Path, broken: bytes, reason: str) -> None:
    found = records("a.warc", entry(0) + broken + entry(1))
    assert len(kept(found)) == 1
    [(line, why)] = failures(found)
    assert line == 2
    assert why.startswith(f"broken archive: {reason}")


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [b".jsonl.zst", b".jsonl.gz", b".jsonl", b".warc.gz"])
def test_a_packed_file_may_have_a_name_that_is_not_utf_8(folder: Path, suffix: bytes) -> None:
    path = Path(os.fsdecode(b"caf\xe9" + suffix))
    pieces = ENTRIES if b"warc" in suffix else JSON_LINES
    path.write_bytes({b"zst": zstd, b".gz": members}.get(suffix[-3:], plain)(*pieces))
    found = list(read.read_file(path, "a", Read()))
    assert failures(found) == []
    assert kept(found) != []


def test_pieces_are_handed_out_before_the_fault_and_a_fault_before_them_is_raised() -> None:
    def pieces(*given: bytes) -> Iterable[bytes]:
        yield from given
        raise OSError("gone")

    stream = io.BufferedReader(packed.Pieces(pieces(b"", b"ab", b"", b"cd")))  # type: ignore[arg-type]
    assert (stream.read(), stream.raw.fault) == (b"abcd", "gone")
    with pytest.raises(OSError, match="gone"):
        io.BufferedReader(packed.Pieces(pieces(b""))).read()  # type: ignore[arg-type]

"""Archives and saved pages: what is in them is read as if it lay there by itself, and nothing gets out of them."""

from __future__ import annotations

import base64
import io
import json
import quopri
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pipeline
from pipeline.engine import storage
from pipeline.records import Verdict
from pipeline.sources.archives import tars, zips
from pipeline.sources.records import Failure, Record
from tests.runs import ARTICLE, made, reading, run

TEXT = "The council met on Monday and closed the old bridge for repairs."
ON_PAGE = f"<article><p>{TEXT}</p><p>{TEXT} Again.</p></article>"
PAGE = f"<html><head><title>A bridge</title></head><body>{ON_PAGE}</body></html>"
FILES = {
    "one.txt": TEXT,
    "deep/er/two.html": PAGE,
    "deep/rows.jsonl": json.dumps({"text": TEXT}) + "\n" + json.dumps({"id": "r", "text": TEXT}),
    "deep/table.csv": f"id;text\nc;{TEXT}\n",
}
IDS = ["one", "deep/er/two", "deep/rows:1", "r", "c"]


def kept(entries: list[Record | Failure]) -> list[str]:
    return [entry.id for entry in entries if isinstance(entry, Record)]


def failures(entries: list[Record | Failure]) -> list[tuple[str, str]]:
    return [(entry.file, entry.reason) for entry in entries if isinstance(entry, Failure)]


def zipped(files: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tarred(files: dict[str, str | bytes], mode: str = "w:") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


PACKERS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "a.zip": zipped,
    "stored.zip": lambda files: zipped(files, zipfile.ZIP_STORED),
    "bz.zip": lambda files: zipped(files, zipfile.ZIP_BZIP2),
    "a.tar": tarred,
    "a.tar.gz": lambda files: tarred(files, "w:gz"),
    "a.TGZ": lambda files: tarred(files, "w:gz"),
    "a.tar.bz2": lambda files: tarred(files, "w:bz2"),
    "a.txz": lambda files: tarred(files, "w:xz"),
}


@pytest.mark.parametrize("name", PACKERS)
def test_members_are_read_as_files_of_their_own(folder: Path, name: str) -> None:
    entries = reading(name, PACKERS[name](FILES))
    assert kept(entries) == [identity if len(identity) == 1 else f"{name}/{identity}" for identity in IDS]
    assert {entry.file for entry in entries} == {f"{name}/{member}" for member in FILES}
    assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_what_is_of_no_known_kind_is_left_out_and_counted_and_hidden_names_are_not_there(
    folder: Path, name: str
) -> None:
    others = {
        "a.jpg": b"x",
        "b.JPG": b"x",
        "notes": b"x",
        "README.txt": b"x",
        ".hidden/a.txt": b"x",
        "__MACOSX/._a.txt": b"x",
    }
    *records, last = reading(name, PACKERS[name](FILES | others))
    assert len(records) == len(IDS)
    reason = "4 members of no known kind: 2 .jpg, 1 no suffix, 1 README.txt"
    assert last == Failure(name, 0, reason, verdict=Verdict.DROP)


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_what_is_not_to_be_read_is_set_aside_and_its_neighbours_are_read(folder: Path, name: str) -> None:
    files = {
        "first.txt": TEXT,
        "/etc/a.txt": TEXT,
        "x/../../b.txt": TEXT,
        "C:\\c.txt": TEXT,
        "inner.zip": zipped({"a.txt": TEXT}),
        "inner.tar.gz": tarred({"a.txt": TEXT}),
        "./first.txt": TEXT,
        "empty.txt": "",
        "last.txt": TEXT,
    }
    entries = reading(name, PACKERS[name](files))
    assert kept(entries) == [f"{name}/first", f"{name}/last"]
    out = "a path that leads out of the archive"
    nested = "an archive in an archive, which is not read"
    assert failures(entries) == [
        (f"{name}/etc/a.txt", out),
        (f"{name}/x/../../b.txt", out),
        (f"{name}/C:\\c.txt", out),
        (f"{name}/inner.zip", nested),
        (f"{name}/inner.tar.gz", nested),
        (f"{name}/first.txt", "another member of this name comes before it"),
        (f"{name}/empty.txt", "no text: it is empty"),
    ]
    assert [path.name for path in folder.iterdir()] == [name]


def test_links_and_devices_are_not_followed(folder: Path) -> None:
    Path("secret.txt").write_text("the secret")
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind in (
            ("a", tarfile.SYMTYPE),
            ("b", tarfile.LNKTYPE),
            ("c", tarfile.FIFOTYPE),
            ("d", tarfile.CHRTYPE),
        ):
            member = tarfile.TarInfo(f"{name}.txt")
            member.type, member.linkname = kind, str(folder / "secret.txt")
            archive.addfile(member)
    link, device = "a link in an archive, which is not followed", "a device or a pipe, not a file"
    said = [reason for _, reason in failures(reading("a.tar", stream.getvalue()))]
    assert said == [link, link, device, device]
    linked = zipfile.ZipInfo("a.txt")
    linked.external_attr = (stat.S_IFLNK | 0o777) << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped_link:
        zipped_link.writestr(linked, str(folder / "secret.txt"))
    assert failures(reading("a.zip", stream.getvalue())) == [("a.zip/a.txt", link)]


def test_members_that_cannot_be_unpacked_cost_themselves(folder: Path) -> None:
    content = zipped({"a.txt": TEXT, "b.txt": TEXT * 3, "c.txt": TEXT}, zipfile.ZIP_STORED)
    broken = content.replace((TEXT * 3).encode(), (TEXT * 3).upper().encode())
    entries = reading("a.zip", broken)
    assert kept(entries) == ["a.zip/a", "a.zip/c"]
    assert failures(entries) == [("a.zip/b.txt", "broken member: BadZipFile: Bad CRC-32 for file 'b.txt'")]
    at = content.index(b"PK\x01\x02")
    encrypted = content[: at + 8] + b"\x01" + content[at + 9 :]
    assert failures(reading("b.zip", encrypted)) == [("b.zip/a.txt", "encrypted")]
    packed = content[: at + 10] + b"\x0e" + content[at + 11 :]
    assert failures(reading("c.zip", packed)) == [("c.zip/a.txt", "packed in a way that is not read: method 14 of zip")]


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tar.bz2"])
def test_of_a_tar_that_breaks_off_all_before_is_kept_and_one_failure_tells(folder: Path, name: str) -> None:
    files = {f"{n}.txt": "".join(chr(97 + n * i % 23) for i in range(4_000)) for n in range(1, 9)}
    content = PACKERS[name](files)
    assert len(kept(reading(name, content))) == 8
    before = -1
    for at in range(700, len(content) - 1, len(content) // 23):
        entries = reading(name, content[:at])
        assert len(failures(entries)) == 1 or len(kept(entries)) == 8, at
        assert len(kept(entries)) >= before
        before = len(kept(entries))


def test_a_tar_without_its_end_is_told(folder: Path) -> None:
    content = tarred({"a.txt": TEXT})[:1024]
    entries = reading("a.tar", content)
    assert kept(entries) == ["a.tar/a"]
    assert failures(entries) == [("a.tar", "cannot be read from here on: it ends too early")]
    assert failures(reading("b.tar", b"no archive")) == [("b.tar", "broken archive: truncated header")]
    assert failures(reading("c.zip", b"no archive")) == [("c.zip", "broken file: BadZipFile: File is not a zip file")]
    assert failures(reading("d.zip.gz", b"x")) == [("d.zip.gz", "a zip that is packed once more, which is not read")]


def test_a_bomb_is_unpacked_no_further_than_its_bound(folder: Path) -> None:
    most = 10_000
    long = "".join(f"{TEXT} {n * 7919}" for n in range(500))
    entries = reading("a.zip", zipped({"a.txt": long, "b.txt": TEXT}), max_record_bytes=most)
    assert kept(entries) == ["a.zip/b"]
    assert failures(entries) == [("a.zip/a.txt", "larger than max_record_bytes = 10,000 bytes")]
    bomb = json.dumps({"text": "x" * 20_000_000})
    [(name, reason)] = failures(reading("b.zip", zipped({"a.jsonl": bomb}), max_record_bytes=most))
    assert (name, reason[:15], reason[-18:]) == ("b.zip/a.jsonl", "unpacks from 19", "limit is 200 times")
    [(name, reason)] = failures(reading("b.tgz", tarred({"a.jsonl": bomb}, "w:gz"), max_record_bytes=most))
    assert (name, reason) == ("b.tgz", "it unpacks to more than 200 times its size: b.tgz/a.jsonl is not read any more")
    rows = "".join(json.dumps({"text": f"{TEXT} {n}"}) + "\n" for n in range(2_000))
    assert len(kept(reading("c.zip", zipped({"a.jsonl": rows}), max_record_bytes=most))) == 2_000


def test_heads_without_end_are_not_held(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("a.txt")
        member.pax_headers = {"comment": "x" * (tars.MAX_HEAD + 1)}
        archive.addfile(member)
    [(_, reason)] = failures(reading("a.tar", stream.getvalue()))
    assert reason == "a head of 1,049,088 bytes, the limit is 1,048,576"
    monkeypatch.setattr(zips, "MAX_LIST", 1_000)
    content = zipped({f"{n}.txt": TEXT for n in range(50)})
    [(_, reason)] = failures(reading("a.zip", content))
    assert reason.startswith("a list of members of 2,")


def test_an_archive_is_an_input_and_what_it_leaves_out_is_in_the_books(place: Path) -> None:
    texts = {f"{n}.txt": f"Story {n} of the day. {ARTICLE} {n * 31}" for n in range(5)}
    Path("in.zip").write_bytes(zipped({**texts, "a.jpg": b"x"}))
    assert run("in.zip") == 0
    assert sorted(document.id for document in pipeline.read_corpus("output/corpus")) == [
        f"in.zip/{n}" for n in range(5)
    ]
    [row] = storage.read_table(f"{made('reading', input='in.zip').output}/dropped").to_pylist()
    assert (row["file"], row["reason"]) == ("in.zip", "reading: 1 members of no known kind: 1 .jpg")


def test_files_about_the_others_are_left_out(place: Path) -> None:
    Path("in").mkdir()
    for n in range(5):
        Path(f"in/{n}.txt").write_text(f"Story {n} of the day. {ARTICLE} {n * 31}")
    for name in ("README.txt", "license.txt", "requirements.txt", "dataset_infos.json"):
        Path(f"in/{name}").write_text(ARTICLE)
    assert run("in") == 0
    reading = made("reading", input="in").manifest
    assert reading["left_out_kinds"] == {"about the files beside it": 4}


# --- saved pages -----------------------------------------------------------------------------------------------------


def saved(
    body: bytes, kind: str, encoding: str, where: str = "Content-Location: https://www.a.example/bridge"
) -> bytes:
    head = "From: <Saved by a browser>\r\nSnapshot-Content-Location: https://www.a.example/snapshot\r\n"
    head += 'MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="--x--"\r\n\r\n'
    part = f"----x--\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n{where}\r\n\r\n"
    image = "----x--\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n"
    return (head + image + part).encode() + body + f"\r\n{image}----x----\r\n".encode()


@pytest.mark.parametrize("name", ["a.mhtml", "a.mht"])
@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("quoted-printable", quopri.encodestring), ("base64", base64.encodebytes), ("8bit", bytes), ("binary", bytes)],
)
def test_a_saved_page_is_its_article(folder: Path, name: str, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    page = PAGE.replace("Again.", "Où est passée la clé = à midi ?").encode("cp1252")
    [record] = reading(name, saved(pack(page), "text/html; charset=windows-1252", encoding))
    assert isinstance(record, Record)
    assert (record.id, record.title, record.charset) == ("a", "A bridge", "cp1252")
    assert record.text == f"{TEXT}\n\n{TEXT} Où est passée la clé = à midi ?"
    assert (record.url, record.site) == ("https://www.a.example/bridge", "a.example")
    [record] = reading(name, saved(pack(page), "text/html", encoding, "Content-ID: <f@x>"))
    assert isinstance(record, Record)
    assert record.url == "https://www.a.example/snapshot"


def test_what_is_no_saved_page_is_told(folder: Path) -> None:
    assert failures(reading("a.mhtml", b"")) == [("a.mhtml", "no page: none of its parts is HTML")]
    assert failures(reading("a.mhtml", saved(b"x", "text/plain", "8bit"))) == [
        ("a.mhtml", "no page: none of its parts is HTML")
    ]
    many = (
        b"Content-Type: multipart/mixed; boundary=b0\n\n" + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 60
    )
    assert failures(reading("a.mhtml", many)) == [("a.mhtml", "61 boundaries of parts, the limit is 50")]

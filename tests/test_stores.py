"""Input in a store: what lies there is read as files are, whatever it is called."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import config
from pipeline.console import cli
from pipeline.engine.stores.address import address_of, as_path
from pipeline.engine.stores.s3 import S3
from pipeline.engine.stores.store import Object
from pipeline.errors import SettingsError, StoreError
from pipeline.stages.order import STAGES
from tests import s3
from tests.runs import articles, fails, made, plan, published_files, quarantined, run


def as_jsonl(rows: list[dict[str, str]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def as_parquet(rows: list[dict[str, str]]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


def as_zip(name: str, content: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


# --- input -------------------------------------------------------------------------------------------------------


def test_what_lies_in_a_bucket_is_read_as_the_same_files_are(place: Path, bucket: s3.Bucket) -> None:
    some = articles(10)
    files = {
        "inbox/d1/a.jsonl": as_jsonl(some[:2]).encode(),
        "inbox/d1/b.jsonl.gz": gzip.compress(as_jsonl(some[2:4]).encode()),
        "inbox/d1/c.parquet": as_parquet(some[4:6]),
        "inbox/d1/d.zip": as_zip("e.jsonl", as_jsonl(some[6:8])),
        "inbox/d1/deep/er/f.txt": some[8]["text"].encode(),
        "inbox/d1/.hidden/g.txt": b"not looked at",
        "inbox/d1/h.dat": b"of no known kind",
        "inbox/d2/i.txt": some[9]["text"].encode(),
    }
    for name, content in files.items():
        bucket.put(name, content)
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)
    assert run(f"{bucket.url}/inbox/{{batch}}/**", "--batch", "d1", "--output", "far") == 0
    assert run("inbox/{batch}/**", "--batch", "d1", "--output", "near") == 0
    far, near = (
        made("reading", batch="d1", output=name, input=where)
        for name, where in (("far", f"{bucket.url}/inbox/d1/**"), ("near", "inbox/d1/**"))
    )
    assert far.manifest["counts"] == near.manifest["counts"]
    assert far.manifest["counts"]["kept"] == 9
    assert far.manifest["digests"]["kept"] == near.manifest["digests"]["kept"]
    assert far.manifest["left_out"] == [f"{bucket.url}/inbox/d1/h.dat"]


def test_a_large_file_of_lines_is_read_by_several(place: Path, bucket: s3.Bucket) -> None:
    bucket.put("in/a.jsonl", as_jsonl([{**row, "text": row["text"] * 40} for row in articles(400)]))
    assert run(f"{bucket.url}/in", "--until", "reading") == 0
    assert made("reading", input=f"{bucket.url}/in").manifest["counts"]["kept"] == 400


def test_names_that_could_be_paths_are_names(place: Path, bucket: s3.Bucket) -> None:
    texts = iter(articles(4))
    for name in ("in//a.txt", "in/../b.txt", "in/c ?#%41\x1b.txt", "in/d\\..\\e.txt"):
        bucket.put(name, next(texts)["text"])
    bucket.put("in/folder/", b"")
    assert run(f"{bucket.url}/in", "--max-quarantined", 1) == 0
    reading = made("reading", input=f"{bucket.url}/in")
    assert reading.manifest["counts"]["kept"] == 3
    assert [row["id"] for row in quarantined()] == ["../b.txt"]
    assert "leads out" in quarantined()[0]["reason"]
    assert sorted(path.name for path in place.iterdir()) == ["configs", "output"]


def test_what_cannot_be_read_is_set_aside_with_its_address(
    place: Path, bucket: s3.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("in/a.jsonl", as_jsonl(articles(3)))
    bucket.put("in/b.txt", "Gone.")
    fetch = S3.fetch

    def gone(self: S3, found: Object, start: int, size: int) -> bytes:
        if found.key == "in/b.txt":
            found = found._replace(key="in/c.txt")
        return fetch(self, found, start, size)

    monkeypatch.setattr(S3, "fetch", gone)
    assert run(f"{bucket.url}/in", "--workers", 1, "--max-quarantined", 1) == 0
    [row] = quarantined()
    assert (row["id"], row["reason"]) == ("b.txt", f"reading: unreadable file: {bucket.url}/in/c.txt: gone")


def test_an_object_that_was_written_anew_is_read_again_and_the_same_is_not(place: Path, bucket: s3.Bucket) -> None:
    bucket.put("in/a.jsonl", as_jsonl(articles(2)))
    assert run(f"{bucket.url}/in") == 0
    bucket.put("in/a.jsonl", as_jsonl(articles(2)))
    assert all(state.fresh for state in plan(input=f"{bucket.url}/in").states())
    bucket.put("in/a.jsonl", as_jsonl(articles(3)))
    [first, *_] = plan(input=f"{bucket.url}/in").states()
    assert (first.fresh, first.why) == (False, "a.jsonl changed")


def test_commands_that_look_at_files_look_into_a_bucket(
    place: Path, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.put("in/a.jsonl", as_jsonl(articles(2)))
    assert cli.main(["look", f"{bucket.url}/in/a.jsonl", "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert (told["file"], [record["id"] for record in told["records"]]) == (f"{bucket.url}/in/a.jsonl", ["a0", "a1"])
    assert cli.main(["rules", "try", "encoding/mojibake", "--on", f"{bucket.url}/in"]) == 0
    assert "of 2 documents" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("s3://not-there-at-all/in", "no such bucket"),
        ("{bucket}/nothing", "no such object, and none below it"),
        ("{bucket}/nothing/*.txt", "no such object"),
        ("s3://", "names no bucket"),
        ("s3://key:secret@bucket/in", "credentials are no part of a URL"),
        ("https://example.org/a.txt", "nothing is read off the web"),
        ("nowhere://bucket/in", "nowhere"),
    ],
)
def test_what_is_wrong_with_an_address_is_one_line(
    place: Path, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str], where: str, said: str
) -> None:
    code, line = fails(capsys, where.format(bucket=bucket.url))
    assert code == 2
    assert said in line
    assert "secret" not in line


def test_refused_credentials_are_one_line(
    place: Path, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    code, line = fails(capsys, f"{bucket.url}/in")
    assert code == 2
    assert "access is refused (NoCredentialsError); look at the credentials" in line
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    code, line = fails(capsys, f"{bucket.url}/in")
    assert (code, "the store does not answer" in line) == (1, True)


def test_an_outage_of_any_store_is_one_and_sets_no_file_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.engine.stores.others import Other

    store = Other(address_of("memory://"))

    def fail(*_: object) -> bytes:
        raise TimeoutError("503")

    monkeypatch.setattr(store._files, "cat_file", fail)
    with pytest.raises(StoreError, match=r"^memory:///a.txt: TimeoutError$"):
        store.fetch(Object("a.txt", 9, ""), 0, 9)


@pytest.mark.parametrize("url", ["file://out", "file://seeds/a"])
def test_a_file_of_another_machine_is_none_of_ours(url: str) -> None:
    with pytest.raises(SettingsError, match="names no path of this machine"):
        as_path(url)


def test_a_path_may_hold_what_ends_one_in_other_urls() -> None:
    assert as_path("file:///srv/in%232/a#b?c") == "/srv/in#2/a#b?c"


def test_a_place_has_one_spelling() -> None:
    run = config.parse(STAGES, {}, "here", {"output": "S3://bucket/x/", "input": "S3://bucket/in"}).run
    assert (run.output, run.input) == ("s3://bucket/x", "s3://bucket/in")


def test_other_filesystems_are_read_by_fsspec(place: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    files = fsspec.filesystem("memory")
    files.pipe_file("/here/in/a.jsonl", as_jsonl(articles(3)).encode())
    assert run("memory://here/in", "--workers", 1) == 0
    assert len(published_files("demo")) == 1
    files.pipe_file("/here/in/a.jsonl", as_jsonl(articles(4)).encode())
    [first, *_] = plan(input="memory://here/in").states()
    assert first.why == "a.jsonl changed"
    (place / "local").mkdir()
    (place / "local" / "a.jsonl").write_text(as_jsonl(articles(3)))
    assert run(f"file://{place}/local", "--batch", "b2") == 0

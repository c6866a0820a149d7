"""Outputs in a store: what is published there, whoever is killed, comes second, or comes from another machine."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas
import polars
import pyarrow.dataset
import pytest

import pipeline
from pipeline.console import cli
from pipeline.engine.stores import lease as leases
from pipeline.engine.stores.lease import Lease
from pipeline.engine.stores.s3 import S3
from pipeline.errors import InputError
from tests import s3
from tests.runs import articles, one_line, run, write_jsonl


@pytest.fixture
def out(place: Path, bucket: s3.Bucket) -> str:
    """Where outputs go; two days' articles lie in `in/`, the later with a copy of one of the earlier."""
    write_jsonl(place / "in" / "d1" / "a.jsonl", articles(3))
    write_jsonl(place / "in" / "d2" / "a.jsonl", [*articles(5, 3), {**articles(1)[0], "id": "copy"}])
    return f"{bucket.url}/some/where"


def publish(batch: str, out: str, machine: str = "m1", *more: object) -> int:
    """A run of a day on a machine that has a folder of its own to work in."""
    return run(f"in/{batch}", "--batch", batch, "--output", out, "--work", machine, "--workers", 1, *more)


def released(bucket: s3.Bucket) -> dict[str, bytes]:
    """The data of the release, by the names of its files."""
    return {key.rpartition("/")[2]: bucket.get(key) for key in bucket.keys("some/where/corpus/data/")}


def at_home(*batches: str) -> dict[str, bytes]:
    """The same of these batches published in a folder of this machine."""
    for batch in batches:
        assert run(f"in/{batch}", "--batch", batch, "--output", "home", "--workers", 1) == 0
    return {file.name: file.read_bytes() for file in Path("home/corpus/data").iterdir()}


def ids(out: str) -> list[str]:
    return [document.id for document in pipeline.read_corpus(f"{out}/corpus")]


# --- what is published -------------------------------------------------------------------------------------------


def test_what_two_machines_publish_is_what_one_publishes_at_home(
    out: str, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("d1", out, "m1") == 0
    assert f"corpus  {out}/corpus" in capsys.readouterr().out
    assert publish("d2", out, "m2") == 0
    assert released(bucket) == at_home("d1", "d2")
    assert ids(out) == ["a0", "a1", "a2", "a3", "a4"]
    assert list(Path("m1/corpus").glob("data/*")) == list(Path("m2/corpus").glob("data/*")) == []
    release = json.loads(bucket.get("some/where/corpus/_manifest.json"))
    assert (release["release"], release["rows"], list(release["batches"])) == (2, 5, ["d1", "d2"])
    batches = bucket.keys("some/where/corpus/batches/")
    assert [key.split("/")[-2] for key in batches] == ["d1", "d2"]
    assert {"report.html", "last.json"} <= {key.split("/")[-1] for key in bucket.keys("some/where/runs/d2/")}
    assert cli.main(["verify", "--output", out, "--work", "m3"]) == 0
    assert publish("d2", out, "m2") == 0
    assert "Nothing to do" in capsys.readouterr().out


def test_commands_on_another_machine_tell_of_what_is_published(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish("d1", out, "m1") == 0
    assert publish("d2", out, "m1") == 0
    capsys.readouterr()
    assert cli.main(["status", "--output", out, "--work", "m2", "--json"]) == 0
    assert [(row["batch"], row["published"]) for row in json.loads(capsys.readouterr().out)] == [("d2", 2), ("d1", 3)]
    assert cli.main(["plan", "--batch", "d1", "--output", out, "--work", "m2"]) == 0
    assert "never run" in capsys.readouterr().out
    assert cli.main(["explain", "a1", "--batch", "d1", "--output", out, "--work", "m1"]) == 0
    assert f"in release 1, {out}/corpus, batch d1" in capsys.readouterr().out


def test_what_is_published_again_takes_the_place_of_what_was(out: str, bucket: s3.Bucket) -> None:
    assert publish("d1", out) == 0
    before = released(bucket)
    reader = pipeline.read_corpus(f"{out}/corpus")
    write_jsonl(Path("in/d1/b.jsonl"), articles(8, 6))
    assert publish("d1", out, "m2") == 0
    assert released(bucket).keys().isdisjoint(before)
    assert len(bucket.keys("some/where/corpus/batches/d1/")) == 1
    assert len({key.split("/")[5] for key in bucket.keys("some/where/history/")}) == 1
    assert ids(out) == ["a0", "a1", "a2", "a6", "a7"]
    with pytest.raises(InputError, match="published again meanwhile"):
        list(reader)


def test_readers_take_the_corpus_as_it_lies(out: str, s3_server: dict[str, str]) -> None:
    assert publish("d1", out) == 0
    where, titles = f"{out}/corpus/data", ["a0", "a1", "a2"]
    with pytest.raises(InputError, match="what changed is told of a corpus on this machine; copy it, or read it anew"):
        pipeline.read_corpus(f"{out}/corpus", since=0)
    assert pipeline.read_corpus(where).to_pandas()["id"].tolist() == titles
    assert pyarrow.dataset.dataset(where).to_table()["id"].to_pylist() == titles
    assert pandas.read_parquet(where)["id"].tolist() == titles
    options = {
        "aws_endpoint_url": s3_server["AWS_ENDPOINT_URL"],
        "aws_access_key_id": "key",
        "aws_secret_access_key": "secret",
        "aws_region": "us-east-1",
        "aws_allow_http": "true",
    }
    assert polars.scan_parquet(f"{where}/*.parquet", storage_options=options).collect()["id"].to_list() == titles
    with pytest.raises(InputError, match="no published batch"):
        pipeline.read_corpus(f"{out}/elsewhere")


def test_the_same_under_luigi(out: str, bucket: s3.Bucket) -> None:
    settings = Path("configs/copydesk.toml")
    settings.write_text(f'[run]\noutput = "{out}"\nwork = "../m1"\nworkers = 1\n{settings.read_text()}')
    for day in ("d1", "d2"):
        task = ["--module", "pipeline.tasks", "CleanCorpus", "--name", day, "--input-folder", f"in/{day}"]
        luigi = [sys.executable, "-m", "luigi", *task, "--local-scheduler", "--workers", "2", "--log-level", "ERROR"]
        subprocess.run(luigi, check=True, stderr=subprocess.DEVNULL)
    assert released(bucket) == at_home("d1", "d2")


def test_a_batch_that_is_over_its_limits_is_refused_there(
    out: str, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("in/d1/bad.jsonl").write_text("{}\n" * 3)
    assert publish("d1", out) == 3
    assert "some/where/runs/d1/refused.html" in bucket.keys("some/where")
    assert bucket.keys("some/where/corpus") == []
    Path("in/d1/bad.jsonl").unlink()
    assert publish("d1", out) == 0
    assert "some/where/runs/d1/refused.html" not in bucket.keys("some/where")


# --- what is wrong there -----------------------------------------------------------------------------------------


def test_what_is_lost_or_changed_there_is_named_and_made_again(
    out: str, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("d1", out) == 0
    sound = released(bucket)
    [data] = bucket.keys("some/where/corpus/data/")
    content = bucket.get(data)

    def said() -> list[str]:
        capsys.readouterr()
        assert cli.main(["verify", "--output", out, "--work", "m1", "--json"]) == 1
        return [line.removeprefix(f"{out}/") for line in json.loads(capsys.readouterr().out)["damaged"]]

    name = data.removeprefix("some/where/")
    bucket.put(data, content[:-1] + b"?")
    assert said() == [f"{name} holds other bytes than were written"]
    assert cli.main(["rerun", "publishing", "--batch", "d1", "--output", out, "--work", "m1"]) == 0
    bucket.remove(data)
    assert said() == [f"{name} is missing"]
    assert publish("d2", out) == 1
    assert f"{name} is missing" in one_line(capsys)
    assert publish("d1", out) == 0
    assert released(bucket) == sound
    bucket.put("some/where/corpus/data/stray.parquet", "?")
    assert said() == ["corpus/data/stray.parquet is named by no manifest"]
    assert cli.main(["gc", "--yes", "--output", out, "--work", "m1"]) == 0
    assert released(bucket) == sound
    for key in bucket.keys("some/where/history/"):
        bucket.remove(key)
    assert all(line.endswith("is missing, or not as it was written") for line in said())
    assert publish("d2", out, "m2") == 0
    assert ids(out) == ["a0", "a1", "a2", "a3", "a4"]
    assert [line.partition("/d1/")[0] for line in said()] == ["history/files"]  # not the rest, which d2 needed
    assert cli.main(["rerun", "publishing", "--batch", "d1", "--output", out, "--work", "m1"]) == 0
    assert cli.main(["verify", "--output", out, "--work", "m1"]) == 0


def test_a_batch_that_has_lost_what_it_says_of_itself_is_damaged_and_not_withdrawn(
    out: str, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("d1", out) == 0
    sound = released(bucket)
    [told] = bucket.keys("some/where/corpus/batches/d1/")
    bucket.remove(told)
    assert publish("d2", out, "m2") == 1
    assert "batches/d1/manifest.json is missing" in one_line(capsys)
    assert bucket.keys("some/where/corpus/data/") != []
    assert publish("d1", out, "m2") == 0
    assert released(bucket) == sound
    for key in (*bucket.keys("some/where/corpus/batches/d1/"), *bucket.keys("some/where/corpus/data/")):
        bucket.remove(key)
    assert publish("d2", out, "m2") == 0
    assert [key for key in bucket.keys("some/where/corpus/data/") if "/d1." in key] == []


def test_a_manifest_that_is_none_stops_everything(
    out: str, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("d1", out) == 0
    bucket.put("some/where/corpus/_manifest.json", "{}")
    capsys.readouterr()
    assert publish("d2", out) == 1
    assert f"{out}/corpus/_manifest.json is not as it was written" in one_line(capsys)


def test_hostile_keys_there_touch_nothing_here(out: str, bucket: s3.Bucket) -> None:
    assert publish("d1", out) == 0
    for name in (
        "corpus/../../evil",
        "corpus/a//b",
        "history/../../../evil/x/y",
        "runs/../../last.json",
        "runs/.x/last.json",
    ):
        bucket.put(f"some/where/{name}", "{}")
    assert publish("d2", out, "m2") == 0
    assert not {"evil", "last.json"} & {path.name for path in Path().iterdir()}
    assert ids(out) == ["a0", "a1", "a2", "a3", "a4"]


def test_a_folder_to_work_in_belongs_to_one_output(
    out: str, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("in/d1", "--output", "mine") == 0
    capsys.readouterr()
    assert publish("d1", out, "mine") == 2
    assert "mine holds outputs of its own" in one_line(capsys)
    assert publish("d1", out, "m1") == 0
    capsys.readouterr()
    assert publish("d1", f"{bucket.url}/other", "m1") == 2
    assert f"m1 is of {out}" in one_line(capsys)
    assert Path("mine/corpus/_manifest.json").exists()


@pytest.mark.parametrize("url", ["gs://bucket/out", "memory://out", "abfs://c@host/out"])
def test_outputs_go_where_a_write_can_fail(place: Path, capsys: pytest.CaptureFixture[str], url: str) -> None:
    assert run("in", "--output", url) == 2
    assert "no write that fails" in (said := one_line(capsys)) or "credentials" in said


# --- several at once ---------------------------------------------------------------------------------------------


def test_two_machines_at_once_come_out_as_one_after_the_other(
    out: str, bucket: s3.Bucket, s3_server: dict[str, str]
) -> None:
    started = [start("d1", out, "m1"), start("d2", out, "m2")]
    assert [process.wait() for process in started] == [0, 0]
    later = json.loads(bucket.get("some/where/corpus/_manifest.json"))["batches"]
    assert sorted(later) == ["d1", "d2"]
    assert publish("d1", out, "m1") == publish("d2", out, "m2") == 0  # what the earlier makes stale is made again
    assert released(bucket) == at_home("d1", "d2")


def start(batch: str, out: str, machine: str) -> subprocess.Popen[bytes]:
    arguments = ["run", f"in/{batch}", "--batch", batch, "--output", out, "--work", machine, "--workers", "1"]
    return subprocess.Popen([sys.executable, "-m", "pipeline", *arguments], stdout=subprocess.DEVNULL)


def lease(bucket: s3.Bucket, owner: str) -> Lease:
    return Lease(S3(bucket.name), "out/.lease.json", f"{bucket.url}/out", owner)


def test_who_comes_second_is_told_who_is_there_and_waits(bucket: s3.Bucket) -> None:
    first, second = lease(bucket, "one"), lease(bucket, "two")
    told: list[str] = []
    is_told = threading.Event()

    def tell(words: str) -> None:
        told.append(words)
        is_told.set()

    first.take("batch d1", tell)
    waiting = threading.Thread(target=second.take, args=("batch d2", tell))
    waiting.start()
    assert is_told.wait(60)
    first.check()
    assert waiting.is_alive()
    first.give_back()
    waiting.join(60)
    second.check()
    second.give_back()
    assert len(told) == 1
    assert f"process {os.getpid()}, batch d1, which has {bucket.url}/out since 20" in told[0]
    assert f"once {bucket.url}/out/.lease.json is removed" in told[0]


@pytest.mark.parametrize(
    "held",
    [
        {"owner": "one", "who": "a process of this folder that was killed", "seconds": 60},
        {"owner": "two", "who": "one that has ended", "seconds": -5},
        {},
    ],
)
def test_a_lease_that_nobody_holds_is_taken_over(bucket: s3.Bucket, held: dict[str, Any]) -> None:
    bucket.put("out/.lease.json", json.dumps(held))
    mine = lease(bucket, "one")
    mine.take("batch d1", pytest.fail)
    assert json.loads(bucket.get("out/.lease.json"))["owner"] == "one"
    mine.give_back()
    assert json.loads(bucket.get("out/.lease.json")) == {}


def test_who_has_lost_the_lease_does_not_publish(
    out: str, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "SECONDS", -1.0)  # it has ended before it is used
    assert publish("d1", out) == 1
    assert "the lease has ended meanwhile" in one_line(capsys)
    assert bucket.keys("some/where/corpus/") == []


def test_who_has_not_read_what_stands_there_does_not_publish_over_it(
    out: str, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publish("d1", out) == 0
    write = S3.write
    manifest = "some/where/corpus/_manifest.json"

    def late(self: S3, key: str, content: Any, over: str | None = None) -> str:
        if key == manifest:  # another machine, whose lease this one has taken over without seeing it
            bucket.put(key, bucket.get(key) + b"\n")
        return write(self, key, content, over)

    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(S3, "write", late)
        assert publish("d2", out) == 1
    assert "somebody else has published meanwhile; what he has published stays" in one_line(capsys)
    assert ids(out) == ["a0", "a1", "a2"]


def test_a_store_that_writes_whatever_the_condition_is_refused(
    out: str, bucket: s3.Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = S3.write
    monkeypatch.setattr(S3, "write", lambda self, key, content, over=None: write(self, key, content))
    assert publish("d1", out) == 2
    assert "knows no conditional writes" in one_line(capsys)
    assert bucket.keys("some/where/corpus/") == bucket.keys("some/where/history/") == []


# --- kills -------------------------------------------------------------------------------------------------------


class CutOffError(BaseException):
    """The process is killed: nothing that it does reaches the store any more."""


def cut_off(monkeypatch: pytest.MonkeyPatch, after: int) -> Callable[[], int]:
    """Let so many changes of the store happen, and none thereafter; returns how to ask how many there were."""
    made = 0

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*arguments: Any, **named: Any) -> Any:
            nonlocal made
            if made >= after:
                raise CutOffError
            made += 1
            return change(*arguments, **named)

        return instead

    for name in ("write", "remove"):
        monkeypatch.setattr(S3, name, counted(getattr(S3, name)))
    return lambda: made


@pytest.mark.slow
def test_a_run_cut_off_after_any_change_leaves_a_whole_release(
    out: str, bucket: s3.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publish("d1", out) == 0
    write_jsonl(Path("in/d1/b.jsonl"), articles(8, 6))
    assert publish("d1", out, "m1", "--until", "duplicates") == 0
    old, new = ["a0", "a1", "a2"], ["a0", "a1", "a2", "a6", "a7"]
    seen = []
    for after in range(100):
        with monkeypatch.context() as patch:
            changes = cut_off(patch, after)
            with suppress(CutOffError):
                publish("d1", out)
            is_whole = changes() < after
        seen.append(ids(out))
        if is_whole:
            break
    assert seen == sorted(seen, key=len)
    assert (seen[0], seen[-1]) == (old, new)
    assert [one for one in seen if one not in (old, new)] == []
    assert len(seen) > 10
    assert released(bucket) == at_home("d1")
    assert cli.main(["verify", "--output", out, "--work", "m2"]) == 0


@pytest.mark.slow
def test_kills_at_random_are_never_seen_by_a_reader(out: str, bucket: s3.Bucket) -> None:
    assert publish("d1", out) == 0
    old, new = ["a0", "a1", "a2"], ["a0", "a1", "a2", "a6", "a7"]
    write_jsonl(Path("in/d1/b.jsonl"), articles(8, 6))
    assert publish("d1", out, "m1", "--until", "duplicates") == 0
    seen: list[list[str]] = []
    ends: list[int] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            with suppress(InputError):  # published again between the manifest and the files
                seen.append(ids(out))

    reader = threading.Thread(target=read)
    reader.start()
    chance = random.Random(7)
    try:
        for _ in range(4):
            before, wanted = len(bucket.keys()), chance.randrange(1, 12)
            process = start("d1", out, "m1")
            while process.poll() is None and len(bucket.keys()) < before + wanted:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            ends.append(process.wait())
        assert start("d1", out, "m1").wait() == 0
    finally:
        over.set()
        reader.join()
    assert old in seen
    assert -signal.SIGKILL in ends
    assert [one for one in seen if one not in (old, new)] == []
    assert ids(out) == new
    assert cli.main(["verify", "--output", out, "--work", "m2"]) == 0

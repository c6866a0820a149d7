"""The corpus is a release: swapped whole, numbered, and told of by manifests that say what is wrong with it."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import pipeline
from benchmarks import faults
from pipeline.console import cli
from pipeline.engine import storage, whole
from pipeline.errors import CopydeskError
from pipeline.output import release
from pipeline.output.layout import Layout
from pipeline.run import gc
from tests.runs import articles, fails, made, published_files, published_rows, run, tree, write_jsonl

CORPUS = Path("output/corpus")


def publish(batch: str, first: int, last: int, *more: object) -> int:
    write_jsonl(Path(batch, "a.jsonl"), articles(last, first))
    return run(batch, "--batch", batch, "--workers", 1, *more)


def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CORPUS / release.MANIFEST).read_text())
    return found


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink()  # it may have a second name
    file.write_bytes(content)


def verified(capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    cli.main(["verify", "--json"])
    damaged: list[str] = json.loads(capsys.readouterr().out)["damaged"]
    return damaged


# --- numbers -----------------------------------------------------------------------------------------------------


def test_each_publication_is_a_release_with_the_one_before_as_its_parent(two: Path) -> None:
    assert (told()["release"], told()["parent"]) == (2, 1)
    assert [(name, batch["release"]) for name, batch in told()["batches"].items()] == [("b1", 1), ("b2", 2)]
    write_jsonl(Path("b1/more.jsonl"), articles(7, 5))
    assert run("--batch", "b1") == 0
    assert (told()["release"], told()["parent"]) == (3, 2)
    assert [(name, batch["release"]) for name, batch in told()["batches"].items()] == [("b1", 3), ("b2", 2)]


def test_publishing_the_same_again_makes_no_new_release(two: Path) -> None:
    before = {
        path: path.read_bytes() for path in sorted(CORPUS.rglob("*")) if path.is_file() and path.suffix != ".json"
    }
    release_before = told()
    assert run("--batch", "b1", "--again", "publishing") == 0
    assert {path: path.read_bytes() for path in before} == before
    assert told() == release_before


def test_the_release_says_what_its_files_are_and_what_made_them(two: Path) -> None:
    found = told()
    assert found["rows"] == 5
    for name, batch in found["batches"].items():
        [(file, figures)] = batch["files"].items()
        assert file == f"data/{name}.{batch['key']}-00000.parquet"
        path = CORPUS / file
        rows = 3 if name == "b1" else 2
        assert figures == {"rows": rows, "bytes": path.stat().st_size, "sha256": whole.file_digest(path)}
        assert batch["steps"]["duplicates"] == {"read": rows, "kept": rows, "dropped": 0, "quarantined": 0}
        language = made("language", batch=name, input=name).manifest
        made_by = batch["made_by"]["language"]
        assert (made_by["key"], made_by["code"]) == (language["key"], language["made_of"]["code"])
        assert batch["libraries"]["python"] == ".".join(map(str, sys.version_info[:2]))
        assert batch["models"]["facts/language/certainty.npz"] == language["models"]["facts/language/certainty.npz"]


def test_settings_alone_change_the_hash_of_the_settings(place: Path) -> None:
    assert publish("b1", 0, 3) == 0
    before = told()["batches"]["b1"]["made_by"]
    settings = Path("configs/copydesk.toml")
    settings.write_text(settings.read_text() + '[rules."translation/low_score"]\nmin_score = 0.1\n')
    assert run("--batch", "b1", "--again", "publishing") == 0
    after = told()["batches"]["b1"]["made_by"]
    assert [step for step in before if before[step]["settings"] != after[step]["settings"]] == ["translation"]
    assert [step for step in before if before[step]["code"] != after[step]["code"]] == []


# --- files of other batches --------------------------------------------------------------------------------------


def test_files_of_other_batches_are_linked_and_not_written_again(two: Path) -> None:
    [file] = (CORPUS / "data").glob("b1.*")
    before = file.stat().st_ino
    assert publish("b3", 5, 7) == 0
    assert file.stat().st_ino == before
    assert pipeline.read_corpus(CORPUS).batches == ("b1", "b2", "b3")


def test_they_are_copied_where_the_file_system_has_no_links(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    before = tree(CORPUS)
    monkeypatch.setattr(os, "link", no_links)
    assert publish("b3", 5, 7) == 0
    after = tree(CORPUS)
    assert before.items() <= after.items()
    assert sorted(name.partition("/")[0] for name in after.keys() - before.keys()) == ["changes", "data", "listings"]


def test_a_release_moved_away_by_a_killed_run_comes_back(two: Path) -> None:
    """As a run leaves it that was killed between two renames, where folders cannot be exchanged."""
    before = tree(CORPUS)
    CORPUS.rename("output/.corpus.77.old")
    assert gc.waste_of(Layout(Path("output"), "b1"), older_than=0) == []
    assert publish("b3", 5, 7) == 0
    assert before.items() <= tree(CORPUS).items()
    assert told()["release"] == 3
    assert faults.leftovers(two) == []


# --- damage ------------------------------------------------------------------------------------------------------


def test_verify_names_a_part_that_is_lost_or_changed_and_what_no_manifest_names(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verified(capsys) == []
    [one], [other] = (CORPUS / "data").glob("b1.*"), (CORPUS / "data").glob("b2.*")
    one.unlink()
    flip(other)
    (CORPUS / "data" / ".hidden").touch()
    assert verified(capsys) == [
        f"{one} is missing",
        f"{other} holds other bytes than were written",
        f"{CORPUS}/data/.hidden is named by no manifest",
    ]


@pytest.mark.parametrize("name", ["README.md", "_manifest.json"])
@pytest.mark.parametrize("harm", ["deleted", "flipped"])
def test_a_card_or_manifest_of_the_release_that_is_damaged_is_named_and_written_again(
    two: Path, capsys: pytest.CaptureFixture[str], name: str, harm: str
) -> None:
    file = CORPUS / name
    before = file.read_bytes()
    if harm == "deleted":
        file.unlink()
    else:
        flip(file)
    assert [said.partition(" ")[0] for said in verified(capsys)] == [str(file)]
    assert run("--batch", "b1") == 0
    assert file.read_bytes() == before
    assert verified(capsys) == []


@pytest.mark.parametrize("name", ["data/b1.*", "batches/b1/manifest.json"])
def test_what_is_damaged_of_another_batch_is_not_carried_over(
    two: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    [file] = CORPUS.glob(name)
    file.unlink()
    before = tree(CORPUS), told()
    capsys.readouterr()
    code, said = fails(capsys, "b2", "--batch", "b2", "--again", "publishing", "--workers", 1)
    assert code == 1
    assert said.startswith(f"copydesk: {file} is missing")
    assert said.endswith("nothing is published, and what was stays. copydesk run --batch b1 makes it again")
    assert (tree(CORPUS), told()) == before
    assert run("--batch", "b1") == 0
    assert verified(capsys) == []


def test_batches_that_are_both_damaged_are_mended_one_after_the_other(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(CORPUS)
    for file in (CORPUS / "data").glob("*"):
        file.unlink()
    for name in ("b1", "b2"):
        assert run("--batch", name) == 0
    assert tree(CORPUS) == before
    assert told()["release"] == 2
    assert verified(capsys) == []


def test_a_batch_that_is_lost_for_good_is_withdrawn_by_hand(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(CORPUS / "batches" / "b1")
    assert f"{CORPUS}/batches/b1/manifest.json is missing, or not as it was written" in verified(capsys)
    assert run("--batch", "b2", "--again", "publishing") == 0
    assert (told()["release"], list(told()["batches"])) == (3, ["b2"])
    assert [row.id for row in pipeline.read_corpus(CORPUS)] == ["a3", "a4"]
    assert verified(capsys) == []


# --- what was there before ---------------------------------------------------------------------------------------


def test_a_corpus_of_an_earlier_version_is_refused_with_what_to_do(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(CORPUS)
    Path("output/corpus/batch=b1").mkdir(parents=True)
    capsys.readouterr()
    code, said = fails(capsys, "b1", "--batch", "b1")
    assert code == 1
    assert said == (
        "copydesk: output/corpus lies in folders batch=... as an earlier version published it: move it away (mv "
        "output/corpus output/corpus.before), then publish its batches again, the earliest first: "
        "copydesk run --batch b1"
    )
    for refused in (lambda: pipeline.read_corpus(CORPUS), lambda: release.refuse_older(Path("output"))):
        with pytest.raises(CopydeskError, match=r"as an earlier version published it"):
            refused()
    shutil.move("output/corpus", "output/corpus.before")
    assert run("--batch", "b1") == 0
    assert run("--batch", "b2") == 0
    assert len(pipeline.read_corpus(CORPUS)) == 5


# --- who reads while others publish ------------------------------------------------------------------------------

READER = """
import json, select, sys
import pipeline
from pipeline.errors import InputError
seen, reads = {}, 0
while not select.select([sys.stdin], [], [], 0.01)[0]:
    try:
        corpus = pipeline.read_corpus("output/corpus")
        rows = corpus.dataset.to_table(columns=["id", "batch"]).to_pydict()
    except FileNotFoundError:  # of Arrow
        continue
    except InputError as error:
        assert str(error).endswith("published again meanwhile; call read_corpus again"), error
        continue
    reads += 1
    if reads == 1:
        print("reading", flush=True)
    ids = sorted(zip(rows["batch"], rows["id"]))
    assert seen.setdefault(corpus.release, ids) == ids, (corpus, ids, seen)
print(json.dumps(seen), flush=True)
"""


@pytest.mark.slow
def test_who_reads_in_a_loop_sees_whole_releases_however_publications_are_killed(two: Path) -> None:
    chance = random.Random(19)
    done = faults.copydesk(two, "run", "--batch", "b1", "--again", "publishing")
    points = [n for n, change in enumerate(done.changes) if "/corpus" in change or "/.corpus" in change]
    ids = {"b1": ["a0", "a1", "a2"], "b2": ["a3", "a4"]}
    released = {told()["release"]: dict(ids)}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    environment = {**os.environ, "PYTHONPATH": str(faults.ROOT)}
    with subprocess.Popen([sys.executable, "-c", READER], cwd=two, env=environment, **pipes) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
        for number, kill_at in enumerate([-1, *chance.sample(points[1:], 2), points[-1], -1]):
            batch, first = ("b1", "b2")[number % 2], 10 * (number + 1)
            write_jsonl(two / batch / "a.jsonl", articles(first + 3, first))
            assert run("--batch", batch, "--until", "duplicates") == 0
            died = faults.copydesk(two, "run", "--batch", batch, "--publish-anyway", kill_at=kill_at)
            assert died.code == (0 if kill_at < 0 else -signal.SIGKILL)
            if told()["release"] not in released:
                ids[batch] = [f"a{n}" for n in range(first, first + 3)]
                released[told()["release"]] = dict(ids)
        said, _ = reader.communicate("stop\n", timeout=60)
        assert reader.returncode == 0
    seen = {int(number): rows for number, rows in json.loads(said).items()}
    assert {min(released), max(released)} <= seen.keys() <= released.keys()
    for number, rows in seen.items():
        mine = released[number]
        assert rows == sorted([name, identity] for name in mine for identity in mine[name])


# --- data --------------------------------------------------------------------------------------------------------


def test_rows_are_those_that_the_last_stage_has_kept_in_the_order_of_their_ids(place: Path) -> None:
    rows = [*articles(12), {**articles(1)[0], "id": "copy"}]
    random.Random(3).shuffle(rows)
    write_jsonl(Path("in/a.jsonl"), rows)
    assert run("in", "--max-dropped", 1) == 0
    kept = storage.read_table(made("duplicates", input="in").kept, ["id", "text"]).to_pylist()
    assert published_rows("demo", ["id", "text"]) == sorted(kept, key=lambda row: row["id"])


def test_a_large_batch_is_cut_into_files_at_the_same_rows(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_jsonl(Path("in/a.jsonl"), articles(40))
    assert run("in", "--output", "one") == 0
    monkeypatch.setattr("pipeline.output.publication.FILE_BYTES", 5_000)
    assert run("in") == 0
    names = sorted(published_files("demo"))
    assert [name[-13:] for name in names] == [f"{n:05d}.parquet" for n in range(len(names))]
    assert len(names) > 3
    tables = [pq.read_table(CORPUS / "data" / name) for name in names]
    one = pq.read_table("one/corpus/data")
    assert [row for table in tables for row in table.to_pylist()] == one.to_pylist()
    assert {table.schema.metadata[b"copydesk.schema"] for table in tables} == {b"1"}
    assert max(table["text"].nbytes for table in tables) < 6_000


def test_a_batch_of_which_nothing_is_kept_has_a_file_with_its_columns(place: Path) -> None:
    assert publish("b1", 0, 3) == 0
    write_jsonl(Path("b2/a.jsonl"), articles(3))
    assert run("b2", "--batch", "b2", "--max-dropped", 1) == 0
    assert len(published_files("b2")) == 1
    assert published_rows("b2") == []
    assert len(pipeline.read_corpus(CORPUS)) == 3


def test_the_places_of_a_batch_are_told_from_those_of_one_whose_name_goes_on(two: Path) -> None:
    assert publish("b1.5", 5, 7) == 0
    assert [row["id"] for row in published_rows("b1")] == ["a0", "a1", "a2"]
    assert [row["id"] for row in published_rows("b1.5")] == ["a5", "a6"]
    assert Layout(Path("output"), "b1").next_corpus == "corpus.b1"

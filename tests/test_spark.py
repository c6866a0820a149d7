"""The engine of a Spark cluster makes the bytes of the local one, also where tasks are tried again or run twice.

One cluster of a master and two workers on the loopback serves all tests. Its Python workers have never seen the
project: the package comes to them as the session ships it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import luigi
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from luigi.task_register import Register

from pipeline import tasks
from pipeline.console import cli
from pipeline.engine import local, resume, session, storage, task
from pipeline.engine import spark as spark_engine
from pipeline.engine.limits import Clock
from pipeline.engine.local import LocalEngine
from pipeline.engine.protocol import Closable, Engine
from pipeline.engine.task import Place
from pipeline.engine.worker import Split
from pipeline.errors import CopydeskError, SettingsError
from tests import killed as killed_runs
from tests import poisons, scheduler, spark, test_engine
from tests.killed import ancestor
from tests.runs import ROOT, SEEDS, articles, made, published_files, run, tree, write_jsonl
from tests.s3 import Bucket
from tests.spark import Cluster
from tests.test_engine import by_parity, double, fail

pytestmark = pytest.mark.slow

SCHEMA = test_engine.SCHEMA


@pytest.fixture(scope="module")
def cluster(s3_server: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if reason := spark.why_not():
        pytest.skip(reason)
    with spark.started(tmp_path_factory.mktemp("cluster"), s3_server) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def engine(cluster: Cluster) -> Iterator[Engine]:
    """The engine, with a session that all tests share; its workers get the functions of tests by value."""
    from pyspark import cloudpickle

    from pipeline.engine.spark import SparkEngine

    for module in (test_engine, killed_runs, sys.modules[__name__]):
        cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]
    with closing(SparkEngine(cluster.settings, str(cluster.folder))) as engine:
        yield engine


@pytest.fixture(params=["local", "spark"])
def each(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Closable]:
    """One engine after the other, for what both promise in the same words; each with two processes."""
    if request.param == "spark":
        yield request.getfixturevalue("engine")
        return
    monkeypatch.setattr(local, "IN_PROCESS_BYTES", 0)
    with closing(LocalEngine(workers=2)) as engine:
        yield engine


@pytest.fixture
def dataset(tmp_path: Path) -> str:
    """Six parts of 1,500 rows: each makes several files of an output."""
    folder = tmp_path / "in [1]"
    folder.mkdir()
    for number in range(6):
        rows = [{"id": f"{number}-{i}", "n": i if i % 7 else None} for i in range(1_500)]
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / f"part-{number}.parquet")
    return str(folder)


# --- the bytes of the local engine ---------------------------------------------------------------------------------


def split(engine: Engine, dataset: str, out: str) -> None:
    engine.split_rows(by_parity, dataset, out)


def map_several(engine: Engine, dataset: str, out: str) -> None:
    engine.map_rows(double, [dataset, f"{dataset}/part-0.parquet"], out)


def group(engine: Engine, dataset: str, out: str) -> None:
    query = """
    SELECT n, count(*) AS documents, min(id) AS first, '' AS nothing, CASE WHEN n IS NULL THEN 1 ELSE 0 END AS open
    FROM t GROUP BY n HAVING count(*) > 5 ORDER BY n
    """
    engine.sql(query, f"{out}/grouped", t=dataset)
    engine.sql("SELECT id, n FROM t WHERE n < 0 ORDER BY id DESC", f"{out}/none", t=dataset)


def join_and_sort_many(engine: Engine, dataset: str, out: str) -> None:
    """More rows than a part of what is ordered holds, with a text to tell ties by."""
    query = "SELECT a.n, a.id, b.id AS other FROM a JOIN b ON a.n = b.n ORDER BY a.n DESC, other, a.id"
    few = engine.table(
        "SELECT * FROM t WHERE n < 1400 UNION ALL SELECT * FROM t WHERE n < 700", f"{out}/few", t=dataset
    )
    engine.sql(query, f"{out}/joined", a=few, b=[few, dataset])
    engine.drop()


@pytest.mark.parametrize("operation", [split, map_several, group, join_and_sort_many])
def test_the_bytes_of_the_local_engine(
    engine: Engine, dataset: str, tmp_path: Path, operation: Callable[[Engine, str, str], None]
) -> None:
    with closing(LocalEngine(workers=1)) as local:
        operation(local, dataset, str(tmp_path / "local"))
    operation(engine, dataset, str(tmp_path / "spark"))
    made = tree(tmp_path / "local")
    assert made.keys() == tree(tmp_path / "spark").keys()
    assert made == tree(tmp_path / "spark")
    assert list((tmp_path / "spark").rglob(".*")) == []
    if operation is join_and_sort_many:
        assert len(made) > 1


def test_a_query_without_order_has_the_same_rows_and_columns(engine: Engine, dataset: str, tmp_path: Path) -> None:
    query = "SELECT DISTINCT a.n, concat(a.id, '/', b.id) AS both FROM a LEFT JOIN b ON a.n = b.n WHERE a.n < 20"
    of_spark = storage.read_table(engine.sql(query, str(tmp_path / "spark"), a=dataset, b=dataset))
    with closing(LocalEngine(workers=1)) as local:
        of_local = storage.read_table(local.sql(query, str(tmp_path / "local"), a=dataset, b=dataset))
    order = [("n", "ascending"), ("both", "ascending")]
    assert of_spark.sort_by(order).cast(of_local.schema) == of_local.sort_by(order)


def test_a_query_that_fails_is_one_line(each: Engine, dataset: str, tmp_path: Path) -> None:
    with pytest.raises(CopydeskError, match=r"^(DuckDB|Spark): [^\n]*nothing[^\n]*$"):
        each.sql("SELECT nothing FROM t", str(tmp_path / "out"), t=dataset)


def test_an_error_in_a_task_names_the_part_and_the_error(engine: Engine, dataset: str, tmp_path: Path) -> None:
    with pytest.raises(CopydeskError, match=r"^Spark: \S.*part-\d\.parquet: ValueError: no such luck$"):
        engine.map_rows(fail, dataset, str(tmp_path / "out"))


def die(rows: pa.RecordBatch) -> pa.RecordBatch:
    if rows.num_rows:
        os.kill(os.getpid(), signal.SIGKILL)
    return rows


def test_a_part_that_kills_its_workers_again_and_again_is_named(engine: Engine, dataset: str, tmp_path: Path) -> None:
    with pytest.raises(
        CopydeskError, match=r"^Spark: \S.*part-5\.parquet: workers died near this part again and again"
    ):
        engine.map_rows(die, f"{dataset}/part-5.parquet", str(tmp_path / "out"))


def told_of_worker(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Where its package is, whether it may be ended from outside, what it has loaded."""
    import pipeline

    said = json.dumps([pipeline.__file__, Clock(1)._in_worker, "pandas" in sys.modules, os.environ.get("PYTHONPATH")])
    return pa.RecordBatch.from_pydict({"said": [said][: rows.num_rows]}, pa.schema([("said", pa.string())]))


def test_workers_have_the_package_that_the_session_ships(
    cluster: Cluster, engine: Engine, dataset: str, tmp_path: Path
) -> None:
    for said in storage.read_table(engine.map_rows(told_of_worker, dataset, str(tmp_path / "out")))["said"].to_pylist():
        where, in_worker, has_pandas, path = json.loads(said)
        assert where.startswith(str(cluster.folder)), where
        assert (in_worker, has_pandas) == (True, False)
        assert str(ROOT) not in path.split(os.pathsep)


# --- attempts that fail, die, or run twice ---------------------------------------------------------------------------


def slow_part(rows: pa.RecordBatch) -> bool:
    return bool(rows.num_rows and rows["id"][0].as_py().startswith("3-1000"))


def fail_once_half_way(flag: Path, rows: pa.RecordBatch) -> Iterator[Mapping[str, pa.RecordBatch]]:
    """The rows before have been written by then."""
    if slow_part(rows) and not flag.exists():
        flag.touch()
        raise ValueError("no such luck")
    yield {"": double(rows)}


def kill_once_half_way(flag: Path, steps: int, rows: pa.RecordBatch) -> Iterator[Mapping[str, pa.RecordBatch]]:
    if slow_part(rows) and not flag.exists():
        flag.write_text(str(ancestor(steps)))
        os.kill(ancestor(steps), signal.SIGKILL)
        time.sleep(60)
    yield {"": double(rows)}


def hang_until_done_beside(flag: Path, out: Path, rows: pa.RecordBatch) -> Iterator[Mapping[str, pa.RecordBatch]]:
    """The first attempt goes on when another one has written all of the part, and writes it again."""
    if slow_part(rows) and not flag.exists():
        flag.touch()
        while not (out / "part-00003-002.parquet").exists():
            time.sleep(0.1)
    yield {"": double(rows)}


@pytest.fixture
def doubled(dataset: str, tmp_path: Path) -> dict[str, bytes]:
    """What every one of these is to leave."""
    with closing(LocalEngine(workers=1)) as local:
        return tree(local.map_rows(double, dataset, str(tmp_path / "local")))


@pytest.mark.parametrize("how", ["fails", "its Python dies", "its executor dies", "runs twice at once"])
def test_each_row_is_there_once_when_an_attempt(
    engine: Engine, dataset: str, tmp_path: Path, doubled: dict[str, bytes], how: str
) -> None:
    flag, out = tmp_path / "flag", tmp_path / "out"
    functions = {
        "fails": partial(fail_once_half_way, flag),
        "its Python dies": partial(kill_once_half_way, flag, 0),
        "its executor dies": partial(kill_once_half_way, flag, 2),
        "runs twice at once": partial(hang_until_done_beside, flag, out),
    }
    engine.split_rows(functions[how], dataset, str(out))
    assert flag.exists()
    assert tree(out) == doubled
    assert [path.name for path in out.rglob(".*")] == []


def test_two_attempts_at_once_leave_the_bytes_of_one(dataset: str, tmp_path: Path, doubled: dict[str, bytes]) -> None:
    """Without Spark: the same part by eight threads, whose process has one number."""
    (tmp_path / "out").mkdir()
    work = partial(task.work, task.here(), Split(partial(as_split, double), tmp_path / "out", resumable=True))
    parts = list(enumerate(map(str, storage.parts(dataset))))
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(partial(work, 0), parts * 4)) == sorted([number for number, _ in parts] * 4)
    resume.forget(tmp_path / "out")
    assert tree(tmp_path / "out") == doubled
    assert list((tmp_path / "out").rglob(".*")) == []


def as_split(function: Callable[[pa.RecordBatch], pa.RecordBatch], rows: pa.RecordBatch) -> Iterator[Any]:
    yield {"": function(rows)}


DEADLY = """
import os, signal

def die_on_one(rows):
    if "2-50" in rows["id"].to_pylist():
        os.kill(os.getpid(), signal.SIGKILL)
    yield {"good": rows}

def set_aside(rows):
    yield {"good": rows.slice(0, 0), "aside": rows}
"""


def test_a_row_that_kills_its_workers_is_given_up_and_no_other(
    each: Engine, dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The functions are in a module that workers import: they hand them to processes of their own."""
    (tmp_path / "deadly.py").write_text(DEADLY)
    monkeypatch.syspath_prepend(tmp_path)
    if not isinstance(each, LocalEngine):
        from pyspark import SparkContext

        SparkContext.getOrCreate().addPyFile(str(tmp_path / "deadly.py"))
    deadly = importlib.import_module("deadly")
    parts = [f"{dataset}/part-2.parquet", f"{dataset}/part-4.parquet"]
    out = each.split_rows(deadly.die_on_one, parts, str(tmp_path / "out"), give_up=deadly.set_aside)
    assert storage.read_table(f"{out}/aside")["id"].to_pylist() == ["2-50"]
    good = storage.read_table(f"{out}/good")["id"].to_pylist()
    assert good == [i for i in storage.read_table(parts)["id"].to_pylist() if i != "2-50"]


# --- Luigi, and how far a run is -------------------------------------------------------------------------------------


def wait_at_the_last_for(flag: Path, rows: pa.RecordBatch) -> pa.RecordBatch:
    deadline = time.monotonic() + 120
    while rows.num_rows and rows["id"][0].as_py().startswith("5-") and not flag.exists():
        if time.monotonic() > deadline:
            raise TimeoutError("nobody was told of the other parts")
        time.sleep(0.1)  # until the command has heard of the parts that are done
    return rows


def test_how_far_it_is_is_told_while_parts_are_worked_on(each: Closable, dataset: str, tmp_path: Path) -> None:
    flag, seen = tmp_path / "flag", list[tuple[int, int]]()

    def tell(done: int, total: int) -> None:
        seen.append((done, total))
        if done:
            flag.touch()

    each.progress = tell
    try:
        each.map_rows(partial(wait_at_the_last_for, flag), dataset, str(tmp_path / "out"))
    finally:
        each.progress = None
    assert {total for _, total in seen} == {9_000}
    done = [rows for rows, _ in seen]
    assert done == sorted(done)
    assert done[-1] == 9_000
    assert [rows for rows in done if 0 < rows < 9_000] != []


def fail_in_language(work: Callable[..., int], place: Place, split: Split, *arguments: Any) -> int:
    if "-language-" in str(split.out):
        raise ValueError("no such luck")
    return work(place, split, *arguments)


def cluster_settings(folder: Path, cluster: Cluster, run: str = "") -> None:
    """The settings of a folder whose batches are made on the cluster."""
    settings = folder / "configs" / "copydesk.toml"
    settings.write_text(f'[run]\nengine = "spark"\n{run}\n{settings.read_text()}\n{cluster.toml()}')


@pytest.mark.slow
def test_luigi_shows_what_fails_on_the_cluster_and_makes_it_the_next_time(
    engine: Engine, cluster: Cluster, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(6))
    assert run("in", "--output", "home", "--workers", 1, "--until", "language") == 0
    cluster_settings(place, cluster)
    port = scheduler.free_port()
    command = [scheduler.LUIGID, "--address", "127.0.0.1", "--port", str(port), "--state-path", "state.pickle"]
    with scheduler.running(command, port, os.environ):
        with monkeypatch.context() as patch:
            work = partial(fail_in_language, task.work)
            patch.setattr(spark_engine, "task", SimpleNamespace(**{**vars(task), "work": work}))
            assert not build(port)
        [(name, failed)] = scheduler.ask(port, "task_list", status="FAILED").items()
        assert failed["name"] == "CheckLanguage"
        said = scheduler.ask(port, "fetch_error", task_id=name)["error"]
        assert re.search(r"CopydeskError: Spark: .*ValueError: no such luck", said)
        assert build(port)
        shown = {told["name"]: told for told in scheduler.ask(port, "task_list", status="DONE").values()}
    assert shown.keys() == {"ReadDocuments", "RepairEncoding", "RemoveBoilerplate", "CheckLanguage"}
    for told in shown.values():
        assert told["progress_percentage"] == 100
        assert told["status_message"].startswith("6 read, 6 kept, 0 dropped, 0 quarantined")
    assert different(place / "output/runs/demo", place / "home/runs/demo") == []
    written = made("encoding", input="in").output.stat().st_mtime_ns
    assert cli.main(["rerun", "encoding", "--only", "--batch", "demo"]) == 0
    assert made("encoding", input="in").output.stat().st_mtime_ns > written
    assert different(place / "output/runs/demo", place / "home/runs/demo") == []


def build(port: int) -> bool:
    """Whether Luigi has made the batch up to `language`, in this process, for a scheduler on that port."""
    Register.clear_instance_cache()  # type: ignore[no-untyped-call]
    task_of_stage: Any = tasks.CheckLanguage
    wanted = task_of_stage(name="demo", input_folder="in")
    try:
        built = luigi.build([wanted], workers=1, scheduler_port=port, log_level="CRITICAL")  # type: ignore[no-untyped-call]
    finally:
        wanted.plan.turn.leave()  # this process goes on
    return bool(built)


# --- input and outputs in a store ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_batch_from_a_store_to_a_store_is_the_same_bytes(
    engine: Engine, cluster: Cluster, place: Path, bucket: Bucket
) -> None:
    """The machines of the cluster have keys of their own; the folder to work in is one that all of them see."""
    for name in ("a.jsonl", "b.jsonl"):
        rows = articles(5, 3) if name == "b.jsonl" else articles(3)
        write_jsonl(place / "in" / name, rows)
        bucket.put(f"in/{name}", (place / "in" / name).read_bytes())
    out = f"{bucket.url}/out"
    assert run(f"{bucket.url}/in", "--output", "home", "--workers", 1) == 0
    cluster_settings(place, cluster)
    assert run(f"{bucket.url}/in", "--output", out, "--work", "work") == 0
    published = {key.rpartition("/")[2]: bucket.get(key) for key in bucket.keys("out/corpus/data/")}
    assert published == published_files("demo", "home")
    assert published != {}
    assert cli.main(["verify", "--output", out, "--work", "work"]) == 0


# --- whole batches ---------------------------------------------------------------------------------------------------

SETTINGS = """
[run]
input = "{name}"
output = "output"
workers = 1
max_quarantined = 1.0
max_quarantined_source = 1.0
max_rise = 1.0
[rules."translation/low_score"]
enabled = false
"""
FURNITURE = "Read more: our newsletter brings you the news of the week every Friday"


def documents(first: int, last: int) -> Iterator[dict[str, str]]:
    """Articles of a few sites with furniture, a third of which copy others: as they are, in part, with more."""
    for number in range(first, last):
        text = poisons.prose(f"article {number - 2 if number % 3 == 0 else number}", 8)
        kind = number % 12
        text = {3: text.upper(), 6: text.partition(". ")[2], 9: f"{text} {poisons.prose(str(number), 1)}"}.get(
            kind, text
        )
        site = f"site{number % 4}.example"
        yield {
            "id": f"d{number}",
            "text": f"{text}\n{FURNITURE} on {site}\n\n{poisons.prose('shared', 3)}",
            "site": site,
        }


def alike(many: int) -> Iterator[dict[str, str]]:
    """One text on many sites, and texts in which there is nothing to compare."""
    for number in range(many):
        yield {"id": f"wire{number}", "text": poisons.prose("wire", 8), "site": f"site{number}.example"}
        yield {"id": f"empty{number}", "text": "* * *\n\n-- \u2014 --", "site": "site0.example"}


def run_batch(folder: Path, name: str, more: str = "", *options: str) -> None:
    """A run of a batch in a folder, which gets its settings."""
    (folder / f"{name}.toml").write_text(SETTINGS.format(name=name) + more)
    with contextlib.chdir(folder):
        assert cli.main(["run", "--batch", name, "--config", f"{name}.toml", *options]) == 0


def manifests(folder: Path) -> dict[str, Any]:
    """What every output says of itself, but for the clock."""
    found = {}
    for file in sorted(folder.rglob("manifest.json")):
        said = json.loads(file.read_text())
        found[str(file.relative_to(folder))] = {
            k: v for k, v in said.items() if k not in ("started", "seconds", "released", "seal")
        }
    return found


class Killed(NamedTuple):
    """Where the same batch was made on the local engine and on Spark, and what has died there meanwhile."""

    local: Path
    spark: Path
    deaths: Path


@pytest.fixture(scope="module")
def killed(engine: Engine, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """A batch against two earlier ones. On Spark it is killed in each step, and goes on when it is run again."""
    folder = tmp_path_factory.mktemp("killed")
    found = Killed(folder / "local", folder / "spark", folder / "deaths")
    found.deaths.mkdir()
    write_batches(found.local)
    run_batch(found.local, "b1")
    run_batch(found.local, "b2")
    shutil.copytree(found.local, found.spark)
    with killed_runs.killing(found.deaths, ASKING):
        run_batch(found.local, "b3")
    for step in STEPS:
        dies = start_to_die(found, cluster.toml() if step == STEPS[0] else HERE)
        cluster.mend()
        assert dies.wait(timeout=300) == -signal.SIGKILL, (found.spark / "said").read_text()
        with killed_runs.killing(found.deaths, ASKING):
            run_batch(found.spark, "b3", cluster.toml(), "--engine", "spark", "--until", step)
    cluster.mend()
    run_batch(found.spark, "b3", cluster.toml(), "--engine", "spark")
    return found


def start_to_die(found: Killed, where: str) -> subprocess.Popen[bytes]:
    """The command begins the next step, whose first task kills it."""
    (found.spark / "dies.toml").write_text(SETTINGS.format(name="b3") + where)
    command = [sys.executable, "-m", "tests.killed", str(found.deaths), "run", "--batch", "b3"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COPYDESK_SECRET": SECRET}
    with (found.spark / "said").open("a") as said:
        return subprocess.Popen(
            [*command, "--config", "dies.toml", "--engine", "spark"],
            cwd=found.spark, env=environment, stdout=said, stderr=said,
        )  # fmt: skip


SECRET = "do-not-print-me"
# the first dies on the cluster, and leaves its executors there; for the others a cluster of one process starts sooner
HERE = f'''
[spark]
master = "local[1]"
memory = "512m"
conf = {{ "spark.driver.extraJavaOptions" = "{spark.LEAN}" }}
'''


def write_batches(folder: Path) -> None:
    """Three inputs, of which the last holds copies of the others, and what is not as it should be."""
    for name, first, last in (("b1", 0, 40), ("b2", 30, 80), ("b3", 20, 260)):
        for file, at in enumerate(range(first, last, 60)):
            write_jsonl(folder / name / f"{file}.jsonl", documents(at, min(at + 60, last)))
    write_jsonl(folder / "b3" / "alike.jsonl", alike(40))
    for seed in SEEDS.glob("*.txt"):
        shutil.copy(seed, folder / "b3")
    for poison in poisons.POISONS:
        if poison.name in poisons.RECORDS:
            (folder / "b3" / poison.name).mkdir()
            poison.make(folder / "b3" / poison.name)


STEPS = ("reading", "encoding", "boilerplate", "language", "translation", "duplicates", "publishing")  # with tasks
ASKING = ("boilerplate", "duplicates")  # with many queries


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_step_in_which_everything_dies_once_has_the_bytes_of_the_local_engine(killed: Killed, step: str) -> None:
    """What the command had finished of it when it died is not made again."""
    who = ["driver", "executor", "worker", *(["query"] if step in ASKING else [])]
    assert {name for name in who if not (killed.deaths / f"{step}-{name}").exists()} == set()
    where = "corpus" if step == "publishing" else f"runs/b3/{STEPS.index(step)}-{step}-*"
    [expected], [made] = ([*(folder / "output").glob(where)] for folder in (killed.local, killed.spark))
    assert tree(expected) != {}
    assert different(made, expected) == []
    done = [line.split() for line in (killed.deaths / killed_runs.DONE).read_text().splitlines()]
    parts: dict[str, set[str]] = {}
    for of_step, number, process, is_resumable in done:
        if of_step == step and int(is_resumable):
            parts.setdefault(process, set()).add(number)
    if len(parts) > 1:
        before, after = parts.values()
        assert before.isdisjoint(after)
    assert len(parts) == {"boilerplate": 1, "duplicates": 1, "publishing": 0}.get(step, 2)  # killed before, if at all


def different(folder: Path, other: Path) -> list[str]:
    """The Parquet files that are not the same in both."""
    one, two = tree(folder), tree(other)
    return [name for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]


def test_a_batch_against_two_earlier_ones_is_the_same_bytes_on_both_engines(killed: Killed) -> None:
    assert different(killed.local / "output", killed.spark / "output") == []
    assert manifests(killed.local / "output") == manifests(killed.spark / "output")
    outputs = sorted((killed.local / "output/runs/b3").glob("*-duplicates-*/duplicates"))
    copies = storage.read_table([str(path) for path in outputs])
    assert {"b1", "b2", "b3"} <= set(copies["of_batch"].to_pylist())
    assert set(copies["kind"].to_pylist()) == {"exact", "near", "contained"}


def test_nothing_of_the_environment_is_in_what_a_run_says(killed: Killed) -> None:
    said = (killed.spark / "said").read_text() + (killed.spark / "output/runs/b3" / session.LOG).read_text()
    assert "WARN" in said  # Java greets
    assert SECRET not in said


def test_each_row_is_there_once_when_a_worker_dies(
    cluster: Cluster, engine: Engine, dataset: str, tmp_path: Path, doubled: dict[str, bytes]
) -> None:
    flag, out = tmp_path / "flag", tmp_path / "out"
    engine.split_rows(partial(kill_once_half_way, flag, 3), dataset, str(out))
    assert not Path(f"/proc/{flag.read_text()}/cwd").exists()
    cluster.mend()
    assert tree(out) == doubled
    assert list(out.rglob(".*")) == []


# --- what is not there -----------------------------------------------------------------------------------------------


def test_without_spark_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from pipeline.engine.spark import SparkEngine

    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(SettingsError, match=r"install it: pip install 'copydesk\[spark\]'"):
        SparkEngine().sql("SELECT 1 AS one", str(tmp_path / "out"))


def test_without_java_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(
        SettingsError, match=r"Spark runs on Java 17 or later, .* does not start; install it .* engine = "
    ):
        session.refuse_without_java()

"""The local engine: the same bytes whatever the workers, memory held, a killed worker replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline.engine import local, resume, storage, whole, worker
from pipeline.engine.inprocess import InProcessEngine
from pipeline.engine.limits import at_most
from pipeline.engine.local import LocalEngine
from pipeline.engine.protocol import Engine
from pipeline.engine.worker import Split
from pipeline.errors import CopydeskError

SCHEMA = pa.schema([("id", pa.string()), ("n", pa.int64())])


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(local, "IN_PROCESS_BYTES", 0)
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(5):
        rows = [{"id": f"{number}-{i}", "n": i} for i in range(100)]
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / f"part-{number}.parquet")
    return str(folder)


def double(rows: pa.RecordBatch) -> pa.RecordBatch:
    return rows.set_column(1, "n", pc.multiply(rows["n"], 2))


def by_parity(rows: pa.RecordBatch) -> Iterator[dict[str, pa.RecordBatch]]:
    even = pc.equal(pc.bit_wise_and(rows["n"], 1), 0)
    yield {"even": rows.filter(even), "odd": rows.filter(pc.invert(even)), "none": rows.slice(0, 0)}


def die_once(flag: str, rows: pa.RecordBatch) -> pa.RecordBatch:
    if rows.num_rows and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return rows


def die_always(driver: int, rows: pa.RecordBatch) -> pa.RecordBatch:
    if rows.num_rows and os.getpid() != driver:
        os.kill(os.getpid(), signal.SIGKILL)
    return rows


def fail(rows: pa.RecordBatch) -> pa.RecordBatch:
    if rows.num_rows:
        raise ValueError("no such luck")
    return rows


def digests(folder: str) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in Path(folder).rglob("*.parquet")}


def test_the_same_bytes_for_one_and_four_workers(dataset: str, tmp_path: Path) -> None:
    one = LocalEngine(workers=1).split_rows(by_parity, dataset, str(tmp_path / "one"))
    four = LocalEngine(workers=4).split_rows(by_parity, dataset, str(tmp_path / "four"))
    assert digests(one) == digests(four)
    assert storage.count_rows(f"{one}/even") == storage.count_rows(f"{one}/odd") == 250


def test_an_output_without_rows_has_its_schema(dataset: str, tmp_path: Path) -> None:
    out = LocalEngine(workers=1).split_rows(by_parity, dataset, str(tmp_path / "out"))
    assert storage.read_table(f"{out}/none").schema == SCHEMA
    assert storage.count_rows(f"{out}/none") == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_counts_all_rows(dataset: str, tmp_path: Path, workers: int) -> None:
    seen: list[tuple[int, int]] = []
    engine = LocalEngine(workers, progress=lambda done, total: seen.append((done, total)))
    engine.map_rows(double, dataset, str(tmp_path / "out"))
    assert seen[-1] == (500, 500)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def environment(rows: pa.RecordBatch) -> pa.RecordBatch:
    given = os.environ.get("STORE_KEY", "none")
    return rows.set_column(0, "id", pa.array([given] * rows.num_rows, pa.string()))


@pytest.mark.parametrize("key", ["one", "another"])
def test_workers_see_what_was_set_since_the_process_that_they_come_from_began(
    dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("STORE_KEY", key)
    with closing(LocalEngine(workers=2)) as engine:
        made = storage.read_table(engine.map_rows(environment, dataset, str(tmp_path / "out")))
    assert set(made["id"].to_pylist()) == {key}


def test_a_killed_worker_is_replaced_and_no_row_is_lost(dataset: str, tmp_path: Path) -> None:
    engine = LocalEngine(workers=2)
    out = engine.map_rows(partial(die_once, str(tmp_path / "flag")), dataset, str(tmp_path / "out"))
    assert sorted(storage.read_table(out)["id"].to_pylist()) == sorted(storage.read_table(dataset)["id"].to_pylist())


def note_worker(folder: Path, rows: pa.RecordBatch) -> pa.RecordBatch:
    if rows.num_rows:
        (folder / str(os.getpid())).touch()
    return rows


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    """Where workers leave their numbers."""
    (tmp_path / "seen").mkdir()
    return tmp_path / "seen"


def numbers(seen: Path) -> set[int]:
    return {int(file.name) for file in seen.iterdir()}


def test_workers_stay_from_one_split_to_the_next_and_go_with_the_engine(
    dataset: str, tmp_path: Path, seen: Path
) -> None:
    with closing(LocalEngine(workers=2)) as engine:
        for number in range(4):
            engine.map_rows(partial(note_worker, seen), dataset, str(tmp_path / f"out-{number}"))
            engine.rest()
        workers = numbers(seen)
        assert len(workers) in (1, 2)  # a fast one may have done it all
        assert os.getpid() not in workers
    until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def test_after_a_worker_has_died_or_a_split_has_failed_there_are_others(
    dataset: str, tmp_path: Path, seen: Path
) -> None:
    with closing(LocalEngine(workers=2)) as engine:
        engine.map_rows(partial(note_worker, seen), dataset, str(tmp_path / "before"))
        before = numbers(seen)
        engine.map_rows(partial(die_once, str(tmp_path / "flag")), dataset, str(tmp_path / "died"))
        with pytest.raises(ValueError, match="no such luck"):
            engine.map_rows(fail, dataset, str(tmp_path / "failed"))
        out = engine.map_rows(partial(note_worker, seen), dataset, str(tmp_path / "after"))
        assert storage.count_rows(out) == 500
        assert numbers(seen) - before != set()


def kill_myself(driver: int) -> None:
    assert os.getpid() != driver
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_function_runs_beside_in_a_worker_if_there_are_any(dataset: str, tmp_path: Path) -> None:
    with closing(LocalEngine(workers=2)) as engine:
        assert engine.beside(os.getpid)() == os.getpid()
        engine.map_rows(double, dataset, str(tmp_path / "out"))
        assert engine.beside(os.getpid)() not in (os.getpid(), None)
        assert engine.beside(partial(kill_myself, os.getpid()))() is None
        assert storage.count_rows(engine.map_rows(double, dataset, str(tmp_path / "after"))) == 500
        with pytest.raises(ZeroDivisionError):
            engine.beside(partial(divmod, 1, 0))()
        pool = engine._workers
        assert pool is not None
        for process in list(pool._processes.values()):
            process.kill()
        until(lambda: bool(pool._broken))
        assert engine.beside(os.getpid)() == os.getpid()


def test_a_split_that_was_interrupted_has_no_worker_left(dataset: str, tmp_path: Path, seen: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    engine = LocalEngine(workers=2, progress=interrupt)
    with pytest.raises(KeyboardInterrupt):
        engine.map_rows(partial(note_worker, seen), dataset, str(tmp_path / "out"))
    until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in numbers(seen)))


def test_a_few_thousand_documents_are_four_parts_for_each_of_two_workers(tmp_path: Path) -> None:
    rows = pa.RecordBatch.from_pylist([{"id": str(i), "n": i} for i in range(1_000)], schema=SCHEMA)
    storage.write_rows(tmp_path / "out", [rows.slice(at, 100) for at in range(0, 1_000, 100)] * 4, SCHEMA)
    assert len(storage.parts(str(tmp_path / "out"))) == 8


def test_parts_are_in_order_and_taken_over_however_many_digits_their_numbers_have(dataset: str, tmp_path: Path) -> None:
    names = ["part-00007-000", "part-00007-999", "part-00007-1000", "part-99999-000", "part-100000-000"]
    left, out = tmp_path / ".out.4711.tmp", tmp_path / "out"
    worker.work_through(Split(by_parity, left, resumable=True), Path(dataset, "part-0.parquet"), 100_000)
    resume.adopt(out, out)
    assert resume.finished(out) == {100_000}
    assert [part.stem for part in storage.parts(str(out / "odd"))] == names[-1:]
    for name in reversed(names[:-1]):
        (out / "odd" / f"{name}.parquet").touch()
    found = storage.parts(str(out / "odd"))
    assert [part.stem for part in found] == names
    assert [storage.number_of(part) for part in found] == [7, 7, 7, 99_999, 100_000]


def test_a_part_that_kills_its_workers_again_and_again_is_named(dataset: str, tmp_path: Path) -> None:
    with pytest.raises(CopydeskError, match=r"part-0\.parquet: a worker died 3 times"):
        LocalEngine(workers=2).map_rows(partial(die_always, os.getpid()), dataset, str(tmp_path / "out"))


def test_an_error_in_a_worker_reaches_the_caller(dataset: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such luck"):
        LocalEngine(workers=2).map_rows(fail, dataset, str(tmp_path / "out"))


def wait_for_ever(folder: str, rows: pa.RecordBatch) -> pa.RecordBatch:
    if rows.num_rows:
        Path(folder, str(os.getpid())).touch()
        signal.pause()
    return rows


@pytest.mark.parametrize("expected", [0, 1], ids=["workers", "copies"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_driver_leaves_no_orphans(dataset: str, tmp_path: Path, how: signal.Signals, expected: int) -> None:
    (tmp_path / "pids").mkdir()
    code = (
        "from functools import partial\n"
        "from pipeline.engine import local\n"
        "from tests.test_engine import wait_for_ever\n"
        f"local.IN_PROCESS_BYTES = {expected}\n"
        "engine = local.LocalEngine(workers=2)\n"
        f"engine.expect({expected} or -1)\n"
        f"assert bool(engine._workers) == {expected}\n"
        f"function = partial(wait_for_ever, {str(tmp_path / 'pids')!r})\n"
        f"engine.map_rows(function, {dataset!r}, {str(tmp_path / 'out')!r})\n"
    )
    root = Path(__file__).parents[1]
    driver = subprocess.Popen([sys.executable, "-c", code], cwd=root, stderr=subprocess.DEVNULL)
    until(lambda: len(list((tmp_path / "pids").iterdir())) == 2)
    driver.send_signal(how)
    driver.wait(timeout=30)
    workers = [int(file.name) for file in (tmp_path / "pids").iterdir()]
    until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def until(condition: Callable[[], bool]) -> None:
    """Ask again and again, for a minute at most: no event tells of another process's end."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        os.sched_yield()


def test_sql_orders_its_rows_and_keeps_the_schema_of_an_empty_result(dataset: str, tmp_path: Path) -> None:
    engine = LocalEngine(workers=2, memory_limit="300MB")
    query = "SELECT n, count(*) AS documents FROM t GROUP BY n HAVING count(*) > {} ORDER BY n DESC"
    out = engine.sql(query.format(4), str(tmp_path / "all"), t=dataset)
    assert storage.read_table(out)["n"].to_pylist() == list(range(99, -1, -1))
    empty = engine.sql(query.format(9), str(tmp_path / "none"), t=dataset)
    assert storage.read_table(empty).column_names == ["n", "documents"]


def test_duckdb_gets_its_share_of_the_memory_limit(dataset: str, tmp_path: Path) -> None:
    query = "SELECT current_setting('memory_limit') AS given FROM t LIMIT 1"
    out = LocalEngine(workers=1, memory_limit="2GiB").sql(query, str(tmp_path / "out"), t=dataset)
    assert storage.read_table(out)["given"].to_pylist() == ["1.5 GiB"]
    with pytest.raises(CopydeskError, match="memory_limit must be a number and KB, MB, GB or TB"):
        LocalEngine(memory_limit="much")


def write_half(target: Path) -> None:
    with whole.whole_folder(target) as folder:
        (folder / "a").touch()
        raise ValueError("half way")


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with pytest.raises(ValueError, match="half way"):
        write_half(target)
    assert list(tmp_path.iterdir()) == []
    for content in ("one", "two"):
        with whole.whole_folder(target) as folder:
            (folder / "a").write_text(content)
        assert (target / "a").read_text() == content
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_system_without_exchange_gets_the_folder_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "_exchange", lambda one, other: False)
    test_a_folder_appears_whole_or_not_at_all(tmp_path)


def test_the_engine_of_one_process_makes_the_same_rows(dataset: str, tmp_path: Path) -> None:
    def results(engine: Engine, out: Path) -> list[pa.Table]:
        doubled = engine.map_rows(double, dataset, f"{out}/doubled")
        split = engine.split_rows(by_parity, [dataset, doubled], f"{out}/split")
        counted = engine.sql(
            "SELECT e.n, count(*) AS pairs FROM even e JOIN doubled d ON e.n = d.n GROUP BY e.n ORDER BY e.n",
            f"{out}/counted", even=f"{split}/even", doubled=[doubled, dataset],
        )  # fmt: skip
        none = engine.sql("SELECT id FROM odd WHERE n < 0", f"{out}/none", odd=f"{split}/odd")
        datasets = (doubled, f"{split}/even", f"{split}/odd", f"{split}/none", counted, none)
        return [storage.read_table(made) for made in datasets]

    with closing(InProcessEngine()) as engine:
        made = results(engine, tmp_path / "one")
    assert [table.num_rows for table in made] == [500, 750, 250, 0, 100, 0]
    assert made == results(LocalEngine(workers=1), tmp_path / "other")


# --- rows that nobody can work on --------------------------------------------------------------------------------


def hold_the_interpreter_on_one(rows: pa.RecordBatch) -> Iterator[Mapping[str, pa.RecordBatch]]:
    with at_most(0.5):
        if "2-50" in rows["id"].to_pylist():
            sum(range(10**15))  # one loop in C: no signal is heard and no other thread runs until it is done
    yield {"good": rows}


def set_aside(rows: pa.RecordBatch) -> Iterator[Mapping[str, pa.RecordBatch]]:
    yield {"good": rows.slice(0, 0), "aside": rows}


def test_a_row_on_which_a_worker_hears_nothing_is_given_up_and_no_other(dataset: str, tmp_path: Path) -> None:
    function = hold_the_interpreter_on_one
    out = LocalEngine(workers=2).split_rows(function, dataset, str(tmp_path / "out"), give_up=set_aside)
    assert storage.read_table(f"{out}/aside")["id"].to_pylist() == ["2-50"]
    good = storage.read_table(f"{out}/good")["id"].to_pylist()
    assert good == [i for i in storage.read_table(dataset)["id"].to_pylist() if i != "2-50"]
    assert list((tmp_path / "out").rglob("*.tmp")) == []


def test_a_worker_that_dies_while_it_writes_leaves_nothing_over(dataset: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".part-00001-000.parquet.4711.tmp").write_bytes(b"half a part")
    LocalEngine(workers=2).map_rows(double, dataset, str(tmp_path / "out"))
    assert list((tmp_path / "out").rglob(".*")) == []


def test_no_more_workers_than_a_machine_can_have() -> None:
    assert LocalEngine(workers=99_999).workers == local.MOST_WORKERS


# --- what a killed run has finished --------------------------------------------------------------------------------


def count_and_double(log: Path, rows: pa.RecordBatch) -> Iterator[Mapping[str, pa.RecordBatch]]:
    if rows.num_rows:
        (log / rows["id"][0].as_py()).touch()
    yield {"": double(rows)}


def stop_at_the_fourth(rows: pa.RecordBatch) -> Iterator[Mapping[str, pa.RecordBatch]]:
    if rows.num_rows and rows["id"][0].as_py().startswith("3-"):
        raise KeyboardInterrupt
    yield {"": double(rows)}


@pytest.mark.parametrize("damage", ["", "part-00001-000.parquet", ".finished/00001.json"])
def test_parts_that_a_killed_run_has_finished_are_not_made_again(dataset: str, tmp_path: Path, damage: str) -> None:
    whole_run = LocalEngine(workers=1).split_rows(partial(count_and_double, tmp_path), dataset, str(tmp_path / "once"))
    target, log = tmp_path / "output", tmp_path / "log"
    log.mkdir()
    left = tmp_path / f".output.{os.getpid()}.tmp"  # the run that was killed had the same number as this one
    with pytest.raises(KeyboardInterrupt):
        LocalEngine(workers=1).split_rows(stop_at_the_fourth, dataset, str(left), resumable=True)
    if damage:
        (left / damage).write_bytes((left / damage).read_bytes()[:-2])
    with whole.whole_folder(target) as work:
        resume.adopt(target, work)
        LocalEngine(workers=2).split_rows(partial(count_and_double, log), dataset, str(work), resumable=True)
        resume.forget(work)
    again = ["1-0"] if damage else []
    assert sorted(path.name for path in log.iterdir()) == [*again, "3-0", "4-0"]
    assert digests(str(target)) == digests(whole_run)
    assert not left.exists()
    assert not (target / resume.NOTES).exists()


def test_workers_that_cannot_start_are_not_the_rows_fault(dataset: str, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from pipeline.engine.local import LocalEngine, storage\n"
        "import pipeline.engine.local as local; local.IN_PROCESS_BYTES = 0\n"
        "from pipeline.sources import read\n"
        "from pipeline.errors import CopydeskError\n"
        f"try: LocalEngine(workers=2).split_rows(read.give_up, {dataset!r}, 'out', give_up=read.give_up)\n"
        "except CopydeskError as error: print(error)\n"
    )
    # a program that is read from a pipe cannot be started again, as a worker does
    done = subprocess.run([sys.executable], input=program, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.stdout.startswith("workers die before they have any work"), done.stdout + done.stderr


def has_colorsys(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Whether the module is loaded where the rows are worked on."""
    return rows.set_column(1, "n", pa.array([int("colorsys" in sys.modules)] * rows.num_rows, pa.int64()))


PRELOADED = """
import sys
from contextlib import closing
from pipeline.engine import local, storage
from tests.test_engine import has_colorsys

local.IN_PROCESS_BYTES = 0
with closing(local.LocalEngine(workers=2, preload=["colorsys"])) as engine:
    print(set(storage.read_table(engine.map_rows(has_colorsys, sys.argv[1], sys.argv[2]))["n"].to_pylist()))
"""


def test_workers_begin_with_what_is_to_be_loaded_for_all(dataset: str, tmp_path: Path) -> None:
    """In a process of its own, since it is the first pool of a process that decides."""
    command = [sys.executable, "-c", PRELOADED, dataset, str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert (done.stdout, done.returncode) == ("{1}\n", 0), done.stderr


HELD = 1


def held(flag: str, rows: pa.RecordBatch) -> pa.RecordBatch:
    """What this module holds where the rows are worked on; the first worker of all dies."""
    return rows.set_column(1, "n", pa.array([HELD] * rows.num_rows, pa.int64())) if not flag else die_once(flag, rows)


COPIED = """
import sys
from contextlib import closing
from functools import partial
from pipeline.engine import local, storage
from tests import test_engine

def numbers(flag, out):
    made = engine.map_rows(partial(test_engine.held, flag), sys.argv[1], f"{sys.argv[2]}/{out}")
    return set(storage.read_table(made)["n"].to_pylist())

local.IN_PROCESS_BYTES = 10
with closing(local.LocalEngine(workers=2, preload=["colorsys"])) as engine:
    engine.expect(9)
    assert engine._workers is None
    test_engine.HELD = 2
    engine.expect(10)
    assert "colorsys" in sys.modules
    test_engine.HELD = 3
    print(numbers("", "copies"))
    assert numbers(f"{sys.argv[2]}/flag", "died") == set(range(100))
    print(numbers("", "others"))
"""


def test_workers_that_are_expected_are_copies_of_the_process_until_one_dies(dataset: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", COPIED, dataset, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], timeout=120)
    assert (done.stdout, done.returncode) == ("{2}\n{1}\n", 0), done.stderr
    assert done.stderr == ""


NOT_COPIED = """
import sys, threading
from pipeline.engine import local

engine = local.LocalEngine(workers=int(sys.argv[1]))
waits = threading.Event()
exec(sys.argv[2])
engine.expect(1 << 30)
waits.set()
print(engine._workers)
"""


@pytest.mark.parametrize(
    ("workers", "before"),
    [(2, "threading.Thread(target=waits.wait).start()"), (2, "import duckdb"), (1, "")],
    ids=["a thread", "DuckDB", "one worker"],
)
def test_a_process_that_has_threads_is_not_copied(workers: int, before: str) -> None:
    command = [sys.executable, "-c", NOT_COPIED, str(workers), before]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], timeout=120)
    assert (done.stdout, done.returncode) == ("None\n", 0), done.stderr

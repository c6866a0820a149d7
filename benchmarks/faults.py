"""`python -m benchmarks.faults`: kill a run before every change of the file system, fill the disk, flip bits.

Three runs are tried: a fresh one, one that publishes a batch again with another input, and one that is judged against
an earlier batch. Each is killed (SIGKILL) before every rename, exchange, link, unlink, mkdir and rmdir, one at a time,
then run again: corpus, history and books must be byte for byte those of a run that nobody disturbed, with nothing left
over. `--random` kills a run with two workers at so many moments, the run itself and one of its workers by turns.
`--disk` lets writing fail with "no space left" after so many bytes; `--flips` flips one bit in each file that a
run left: `copydesk verify` must name it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pipeline.console import verify
from pipeline.output import release

ROOT = Path(__file__).resolve().parents[1]
ARTICLE = (
    "The minister said on Monday that bridge number {0} over the river would be closed until the end of the year. "
    "Engineers found {1} cracks in its pillars during an inspection in spring. Drivers will have to take the ferry, "
    "which runs every {0} minutes, or go round by the motorway. The mayor of town {1} called the decision a blow to "
    "the shops in the old town, and asked the government for help with {0} million."
)

# What runs in the process that is to die: before the n-th change of the file system it kills itself.
WATCHED = """
import errno, io, json, os, signal, sys
kill_at, full_after, log = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
from pipeline.engine import local, storage, whole
from pipeline.sources import read
if "--workers" in sys.argv:  # as with a large input: many parts, and a pool for them
    local.IN_PROCESS_BYTES, read.PORTION_BYTES = 0, 20_000
seen = []
def before(name, path):
    if len(seen) == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    seen.append(f"{name} {path}")
def watched(name):
    real = getattr(os, name)
    def call(*arguments, **options):
        before(name, arguments[0])
        return real(*arguments, **options)
    setattr(os, name, call)
for name in ("rename", "replace", "link", "unlink", "mkdir", "rmdir"):
    watched(name)
exchange = whole._exchange
def watched_exchange(one, other):
    before("exchange", other)
    return exchange(one, other)
whole._exchange = watched_exchange
"""
_SHIM = (
    WATCHED
    + """
written = [0]
write_part = storage.write_part
def write_part_or_fail(target, table, **options):
    written[0] += table.nbytes
    if 0 <= full_after < written[0]:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))
    write_part(target, table, **options)
storage.write_part = write_part_or_fail
from pipeline.console import cli
code = cli.main(sys.argv[4:])
with open(log, "w") as stream:
    json.dump([seen, written[0]], stream)
sys.exit(code)
"""
)


class Outcome(NamedTuple):
    """How a watched run ended: its exit code (negative: the signal), the changes that it made, bytes in parts."""

    code: int
    changes: list[str]
    written: int


def copydesk(folder: Path, *arguments: str, kill_at: int = -1, full_after: int = -1) -> Outcome:
    """A run in `folder`, killed before its n-th change of the file system, or out of space after so many bytes."""
    log = folder / "changes.json"
    log.unlink(missing_ok=True)
    with _started(folder, *arguments, kill_at=kill_at, full_after=full_after) as process:
        code = process.wait(300)
    changes, written = json.loads(log.read_text()) if log.exists() else ([], 0)
    return Outcome(code, changes, written)


def _started(folder: Path, *arguments: str, kill_at: int = -1, full_after: int = -1) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _SHIM, str(kill_at), str(full_after), "changes.json", *arguments]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=nowhere, stderr=nowhere
    )


def write_articles(folder: Path, numbers: Sequence[int]) -> None:
    """A file of articles that differ by their numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ({"id": f"a{n}", "site": f"s{n % 2}.org", "text": ARTICLE.format(n, n * 7919)} for n in numbers)
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


class Scenario(NamedTuple):
    """What is there before the run (`prepare`), and the run."""

    name: str
    prepare: Callable[[Path], None]
    arguments: tuple[str, ...]


def _fresh(folder: Path) -> None:
    write_articles(folder / "in", range(12))


def _published(folder: Path) -> None:
    _fresh(folder)
    assert copydesk(folder, "run", "in", "--batch", "b1").code == 0
    write_articles(folder / "in", range(4, 18))


def _after_another(folder: Path) -> None:
    _fresh(folder)
    assert copydesk(folder, "run", "in", "--batch", "b0").code == 0
    write_articles(folder / "in", range(6, 20))


def _large(folder: Path) -> None:
    write_articles(folder / "in", range(600))


RUN = ("run", "in", "--batch", "b1")
LARGE = Scenario("with workers", _large, (*RUN, "--workers", "2"))
SCENARIOS = (
    Scenario("fresh", _fresh, RUN),
    Scenario("published again", _published, RUN),
    Scenario("after another batch", _after_another, RUN),
)


def left_by(folder: Path) -> dict[str, bytes]:
    """All that readers and later batches see: the Parquet files of corpus and history, the books, and the release."""
    output = folder / "output"
    found = {p.relative_to(output).as_posix(): p.read_bytes() for p in sorted(output.rglob("*.parquet"))}
    for manifest in sorted(output.glob("*/**/manifest.json")):
        told = json.loads(manifest.read_text(encoding="utf-8"))
        found[manifest.relative_to(output).as_posix()] = json.dumps(told.get("counts")).encode()
    present = release.read(output / "corpus")
    found["release"] = str(present and present["release"]).encode()
    return found


def leftovers(folder: Path) -> list[str]:
    """What is there and belongs to nothing."""
    return sorted(str(p) for p in (folder / "output").rglob("*") if p.name.endswith((".tmp", ".old")))


def kill_points(scenario: Scenario, work: Path) -> tuple[Path, list[str]]:
    """A folder as it is before the run, and the changes that an undisturbed run makes; `work/whole` is its result."""
    before, whole = work / "before", work / "whole"
    before.mkdir(parents=True)
    scenario.prepare(before)
    shutil.copytree(before, whole, symlinks=True)
    return before, copydesk(whole, *scenario.arguments).changes


def differences(folder: Path, whole: Path) -> list[str]:
    """How what a run left differs from what an undisturbed one leaves, and what is wrong with it."""
    mine, theirs = left_by(folder), left_by(whole)
    differ = [name for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]
    return [*differ, *verify.damage(folder / "output")[0], *leftovers(folder)]


def killed_at(scenario: Scenario, before: Path, whole: Path, point: int) -> list[str]:
    """Kill the run before its n-th change, run it again, and compare."""
    folder = whole.with_name("killed")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(before, folder, symlinks=True)
    killed = copydesk(folder, *scenario.arguments, kill_at=point)
    if killed.code != -signal.SIGKILL:
        return [f"not killed: exit code {killed.code}"]
    again = copydesk(folder, *scenario.arguments)
    return ([f"exit code {again.code}"] if again.code else []) + differences(folder, whole)


def killed_after(
    scenario: Scenario, before: Path, whole: Path, seconds: float, chance: random.Random, worker: bool
) -> list[str]:
    """Kill the run after so many seconds, or one of its workers; run it again, and compare.

    A run that loses a worker ends well by itself.
    """
    folder = whole.with_name("killed")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(before, folder, symlinks=True)
    said = []
    with _started(folder, *scenario.arguments) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        victims = _workers_of(process.pid) if worker else [process.pid]
        for victim in chance.sample(victims, min(len(victims), 1)):
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        code = process.wait(300)
        if worker and code:
            said = [f"exit code {code} after a worker was killed"]
    again = copydesk(folder, *scenario.arguments)
    return said + ([f"exit code {again.code}"] if again.code else []) + differences(folder, whole)


def _workers_of(pid: int) -> list[int]:
    """The workers of a run: the children of the server that it has started to fork them."""
    return [worker for server in _children(pid) for worker in _children(server)]


def _children(pid: int) -> list[int]:
    try:
        listed = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # gone meanwhile
        return []
    return [int(child) for some in listed for child in some]


def out_of_space(scenario: Scenario, before: Path, whole: Path, size: int) -> list[str]:
    """Let writing fail after so many bytes, run it again with space, and compare."""
    folder = whole.with_name("full")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(before, folder, symlinks=True)
    failed = copydesk(folder, *scenario.arguments, full_after=size)
    again = copydesk(folder, *scenario.arguments)
    said = [] if failed.code == 1 else [f"exit code {failed.code} with a full disk"]
    return said + ([f"exit code {again.code}"] if again.code else []) + differences(folder, whole)


def unnamed_flips(output: Path, chance: random.Random) -> Iterator[str]:
    """The files below `output` in which a flipped bit is not named by `copydesk verify`."""
    for file in sorted(path for path in output.rglob("*") if path.is_file() and path.stat().st_size):
        content = file.read_bytes()
        at = chance.randrange(len(content) * 8)
        changed = bytearray(content)
        changed[at // 8] ^= 1 << at % 8
        file.write_bytes(changed)
        if not any(str(file) in said or str(file.parent) in said for said in verify.damage(output)[0]):
            yield f"{file.relative_to(output)}: bit {at}"
        file.write_bytes(content)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description="kills, full disks, flipped bits")
    parser.add_argument("--every", type=int, default=1, help="one in so many kill points (default: each)")
    parser.add_argument("--random", type=int, default=100, help="moments to kill a run with workers at (default: 100)")
    parser.add_argument("--disk", type=int, default=20, help="sizes of a full disk (default: 20)")
    parser.add_argument("--flips", type=int, default=3, help="bits flipped in each file (default: 3)")
    options = parser.parse_args()
    wrong = 0
    for scenario in SCENARIOS:
        with tempfile.TemporaryDirectory(prefix="copydesk-") as name:
            work = Path(name)
            before, changes = kill_points(scenario, work)
            whole = work / "whole"
            points = range(0, len(changes), options.every)
            for point in points:
                found = killed_at(scenario, before, whole, point)
                wrong += bool(found)
                if found:
                    print(f"  {scenario.name}, killed before change {point} ({changes[point]}): {found[:3]}")
            print(f"{scenario.name}: killed before {len(points)} of {len(changes)} changes", flush=True)
            written = copydesk(_copy(before, work / "size"), *scenario.arguments).written
            sizes = [written * number // options.disk for number in range(options.disk)]
            for size in sizes:
                found = out_of_space(scenario, before, whole, size)
                wrong += bool(found)
                if found:
                    print(f"  {scenario.name}, disk full after {size:,} bytes: {found[:3]}")
            print(f"{scenario.name}: disk full at {len(sizes)} sizes up to {written:,} bytes", flush=True)
            chance = random.Random(1)
            flips = [said for _ in range(options.flips) for said in unnamed_flips(whole / "output", chance)]
            wrong += len(flips)
            for said in flips:
                print(f"  {scenario.name}, not named: {said}")
            print(f"{scenario.name}: {options.flips} bits flipped in each file", flush=True)
    with tempfile.TemporaryDirectory(prefix="copydesk-") as name:
        wrong += _random_kills(Path(name), options.random)
    print(f"{wrong} wrong")
    return 1 if wrong else 0


def _random_kills(work: Path, count: int) -> int:
    """Kill a run with workers at so many moments, evenly spread over its time; returns how often it went wrong."""
    started = time.monotonic()
    before, _ = kill_points(LARGE, work)
    seconds = time.monotonic() - started
    chance = random.Random(1)
    wrong = 0
    for number in range(count):
        moment = seconds * (number + chance.random()) / count
        found = killed_after(LARGE, before, work / "whole", moment, chance, worker=number % 2 == 1)
        wrong += bool(found)
        if found:
            print(f"  {LARGE.name}, {'a worker ' if number % 2 else ''}killed after {moment:.2f} s: {found[:3]}")
    print(f"{LARGE.name}: killed at {count} moments of {seconds:.1f} s", flush=True)
    return wrong


def _copy(before: Path, target: Path) -> Path:
    shutil.copytree(before, target, symlinks=True)
    return target


if __name__ == "__main__":
    sys.exit(main())

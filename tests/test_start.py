"""What starting costs is what is imported: a command loads what it needs, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine import cache
from pipeline.facts.language import profiles
from pipeline.rules.boilerplate import phrases
from pipeline.rules.boilerplate.grammar import parse, parts
from tests.runs import ARTICLE, SEEDS, run, write_jsonl

LOADED = """
import sys
from pipeline.__main__ import main
try:
    main()
except SystemExit:
    pass
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that are loaded by the end of a command."""
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


IMPORTED = """
import resource, subprocess, sys
def seconds(code):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(min(seconds("import pipeline") for _ in range(5)) - min(seconds("pass") for _ in range(5)))
"""


@pytest.mark.slow
def test_importing_the_face_takes_no_time() -> None:
    """CPU time beyond that of Python itself, the least of five: 0.1 s would be noticed."""
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True, timeout=120)
    assert float(done.stdout) < 0.1
    code = "import sys, pipeline; print(sorted({'pandas', 'polars', 'html', 'multiprocessing'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_face_does_without_pandas_polars_and_ipython() -> None:
    """pyarrow loads pandas by itself where it is installed; nobody here asks for it."""
    code = (
        "import sys\nclass Bare:\n    def find_spec(self, name, *_):\n"
        "        if name in ('pandas', 'polars', 'IPython'): raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Bare())\n"
        "import pipeline, pyarrow\nprint(pipeline.clean(['& # 39;x', 'b'])[0]._repr_html_().count('<del'))\n"
        "print(pipeline.clean(pyarrow.array(['& # 39;x', None])).findings['rule'].to_pylist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "1\n['encoding/spaced_entity']\n"


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_is_asked_before_any_command_loads_no_command(option: str) -> None:
    found = loaded(option)
    mine = {name for name in found if name.partition(".")[0] == "pipeline"}
    assert mine == {f"pipeline{name}" for name in ("", ".__main__", ".console", ".console.cli", ".errors", ".spared")}
    assert {"numpy", "pyarrow", "rich"} & found == set()


def test_phrases_are_parsed_when_a_line_begins_as_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = phrases.phrases_of.__wrapped__("")
    unread = mine.index.first["related"]
    assert isinstance(unread, list)
    parsed: list[str] = []
    monkeypatch.setattr(phrases, "parse", lambda line, sets: parsed.append(line) or parse(line, sets))  # type: ignore[func-returns-value]
    assert mine.kind("The storm came from the west.") is None
    kind = mine.kind("Related stories")
    assert kind is not None
    assert kind.rule == "related_links"
    opens = [phrases._first_words(parts(line, mine.index.sets)) for line in parsed]
    assert [words for words in opens if not words & {"the", "related"}] == []
    before = len(parsed)
    assert mine.kind("Related stories") == kind
    assert len(parsed) == before


def test_all_default_phrases_are_in_order() -> None:
    """None of them is looked at before a line begins as it does."""
    mine = phrases.phrases_of.__wrapped__("")
    seconds = [found for word in list(mine.index.first) if (found := mine._seconds(word))]
    assert sum(map(len, seconds)) > 40_000
    phrases_of_words = {written.exact for found in seconds for those in found.values() for written in those}
    assert len(phrases_of_words) > 1_600


def test_a_run_with_nothing_to_do_loads_nothing_that_only_making_or_a_terminal_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(SEEDS) == 0
    found = loaded("run", str(SEEDS), "--batch", "demo")
    only_making = {
        "luigi",
        "duckdb",
        "multiprocessing.pool",
        "concurrent.futures.process",
        "chardet",
        "langdetect",
        "bs4",
    }
    assert (only_making | {"rich", "http.client", "pipeline.tasks", "pipeline.engine.local"}) & found == set()


def test_a_run_loads_no_pandas(tmp_path: Path) -> None:
    """Arrow would, as soon as it makes an array of Python values, wherever pandas is installed."""
    command = ["-X", "importtime", "-m", "pipeline", "run", str(SEEDS), "--batch", "demo"]
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=120, cwd=tmp_path, check=True
    )
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert {"pyarrow", "duckdb", "luigi"} <= names
    assert "pandas.core" not in names


# --- what is kept between processes -------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of our own, in which nothing lies."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "copydesk"


def test_profiles_from_the_cache_are_those_that_are_packed(kept: Path) -> None:
    profiles.load.__wrapped__()
    assert [file.name.partition("-")[0] for file in kept.iterdir()] == ["profiles"]
    found = profiles.load.__wrapped__()
    packed = profiles.pack(profiles.installed(profiles.package()), profiles.neighbours(), profiles.package())
    assert found[:2] == packed[:2]
    assert found.alphabet.composed == packed.alphabet.composed
    for mine, made in zip([*found[3:], *found.alphabet[:2]], [*packed[3:], *packed.alphabet[:2]], strict=True):
        np.testing.assert_array_equal(mine, made, strict=True)


def counted(folder: Path) -> list[int]:
    """What some arrays hold, which are asked for twice, and how often they were made."""
    made: list[int] = []

    def make() -> cache.Arrays:
        made.append(1)
        return {"numbers": np.arange(3)}

    (folder / "source").write_text("three")
    for _ in range(2):
        assert cache.arrays("mine", [folder / "source"], make)["numbers"].tolist() == [0, 1, 2]
    return made


def test_what_is_kept_is_made_once(kept: Path, tmp_path: Path) -> None:
    assert len(counted(tmp_path)) == 1
    assert len(counted(tmp_path)) == 0


def test_what_is_kept_goes_by_what_it_was_made_of(kept: Path, tmp_path: Path) -> None:
    counted(tmp_path)
    (tmp_path / "source").write_text("four")
    cache.arrays("mine", [tmp_path / "source"], lambda: {"numbers": np.arange(4)})
    assert len(list(kept.iterdir())) == 1
    assert len(counted(tmp_path)) == 1


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied"])
def test_what_is_kept_and_damaged_is_made_again(kept: Path, tmp_path: Path, damage: str) -> None:
    counted(tmp_path)
    (file,) = kept.iterdir()
    content = bytearray(file.read_bytes())
    content[content.index(np.arange(3).tobytes())] ^= 1
    file.write_bytes({"cut": bytes(content[:-40]), "flipped": bytes(content), "emptied": b""}[damage])
    assert len(counted(tmp_path)) == 1


def test_where_nothing_can_be_kept_it_is_made_each_time(kept: Path, tmp_path: Path) -> None:
    kept.write_text("a file where the folder would be")
    assert len(counted(tmp_path)) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers are started one by one")
def test_workers_of_a_run_are_copies_of_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        rows = [{"text": f"{ARTICLE} It was said {number}-{row} times. " * 12} for row in range(200)]
        write_jsonl(tmp_path / "in" / f"{number}.jsonl", rows)
    found = loaded("run", "in", "--batch", "b", "--workers", "2", "--publish-anyway")
    assert {"multiprocessing.popen_fork", "multiprocessing.popen_forkserver"} & found == {"multiprocessing.popen_fork"}

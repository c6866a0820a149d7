"""What starting costs is what is imported: a command loads what it needs, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.rules.boilerplate import phrases
from pipeline.rules.boilerplate.grammar import parse
from tests.runs import SEEDS, run

LOADED = """
import sys
from pipeline.console import cli
try:
    cli.main(sys.argv[1:])
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
    assert mine == {"pipeline", "pipeline.console", "pipeline.console.cli", "pipeline.errors"}
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
    assert {line.lower().lstrip().partition(" ")[0] for line in parsed} <= {"the", "related"}
    before = len(parsed)
    assert mine.kind("Related stories") == kind
    assert len(parsed) == before


def test_all_default_phrases_are_in_order() -> None:
    """None of them is looked at before a line begins as it does."""
    mine = phrases.phrases_of.__wrapped__("")
    seconds = {word: mine._seconds(word) for word in list(mine.index.first)}
    assert sum(map(len, filter(None, seconds.values()))) > 40_000
    assert len(mine.exact) > 1_600


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

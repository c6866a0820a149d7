"""What the design promises of the code itself: the direction of imports, who may touch files, SQL that Spark reads."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
import sqlglot

from pipeline import config, tasks
from pipeline.engine import ENGINES
from pipeline.engine.local import LocalEngine
from pipeline.engine.protocol import Dataset
from pipeline.run import keys
from pipeline.run.plan import Plan
from pipeline.run.steps import chain
from pipeline.stages.order import STAGES

PACKAGE = Path(config.__file__).parent
# A room imports only from rooms that stand before it.
ORDER = (
    *("errors", "records", "text", "edits", "diff", "compiled", "spared", "engine", "facts", "rules", "stages"),
    *("config", "sources", "output", "face", "run", "tasks", "desk", "console", "__main__"),
)
# The library face imports what it needs when it is called.
FACE = PACKAGE / "__init__.py"
MODULES = [file for file in sorted(PACKAGE.rglob("*.py")) if file != FACE]


def room(name: str) -> str:
    return name.split(".")[0]


def of_package(file: Path) -> set[str]:
    """The modules of the package that a file imports, without the leading `pipeline.`."""
    prefix = PACKAGE.name + "."
    return {name.removeprefix(prefix) for name in keys.imports_of(file) if name.startswith(prefix)}


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts)


def as_ids(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("file", MODULES, ids=as_ids)
def test_a_module_imports_only_what_stands_before_it(file: Path) -> None:
    mine = ORDER.index(room(name_of(file)))
    assert [name for name in of_package(file) if ORDER.index(room(name)) > mine] == []


def test_no_two_modules_import_each_other() -> None:
    left = {name_of(file).removesuffix(".__init__"): _without_packages(of_package(file)) for file in MODULES}
    while left:
        ends = {name for name, names in left.items() if not names & (left.keys() - {name})}
        assert ends != set(), f"a circle among {sorted(left)}"
        left = {name: names for name, names in left.items() if name not in ends}


def _without_packages(names: set[str]) -> set[str]:
    """`from package import module` asks for the module alone."""
    return {name for name in names if not any(other.startswith(f"{name}.") for other in names)}


# --- who may touch files -----------------------------------------------------------------------------------------

PURE = ("errors", "records", "text", "edits", "diff", "rules")
TOUCHING = re.compile(
    r"\bopen\(|\bprint\(|\binput\(|\.read_text\(|\.read_bytes\(|\.write_text\(|\.write_bytes\(|\.iterdir\(|\.glob\("
    r"|\.rglob\(|\.unlink\(|\.mkdir\(|\bimport (?:os|shutil|subprocess|socket|time|random|logging|tempfile)\b"
)
ALLOWED = {  # what lies beside a module is part of it
    "rules/boilerplate/model.py": ["open("],
    "rules/boilerplate/phrases.py": [".read_text("],
}


def touches(code: str) -> list[str]:
    return sorted(set(TOUCHING.findall(code)))


@pytest.mark.parametrize("file", [f for f in MODULES if room(name_of(f)) in PURE], ids=as_ids)
def test_rules_and_what_stands_below_them_know_nothing_of_files_clocks_or_chance(file: Path) -> None:
    assert [
        found for found in touches(file.read_text(encoding="utf-8")) if found not in ALLOWED.get(as_ids(file), ())
    ] == []


@pytest.mark.parametrize(
    "code", ["open('x')", "Path(f).read_text()", "import os", "    import time", "for p in q.glob('*'): pass"]
)
def test_a_rule_that_touches_a_file_would_be_seen(code: str) -> None:
    assert touches(code) != []


def test_only_engines_open_parquet() -> None:
    """Sources read files of users, which may be Parquet; nothing else above `engine/` opens a path by itself."""
    opening = {"pyarrow.parquet", "pyarrow.dataset", "duckdb", "pyspark"}
    found = {}
    for file in MODULES:
        names = imported(file) & opening
        if names and room(name_of(file)) != "engine":
            found[as_ids(file)] = sorted(names)
    assert {name: what for name, what in found.items() if not name.startswith("sources/")} == {}
    assert all(what == ["pyarrow.parquet"] for what in found.values()), found


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in keys._running(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, pipeline; print(sorted({'pyarrow', 'numpy', 'ftfy', 'luigi', 'bs4', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- one list of stages ------------------------------------------------------------------------------------------


def test_luigis_tasks_are_the_steps_in_their_order() -> None:
    found: list[str] = []
    task: type[tasks.StepTask] | None = tasks.CleanCorpus.after
    while task is not None:
        found.append(task.step)
        task = task.after
    assert tuple(reversed(found)) == chain.NAMES


def test_a_stage_is_written_down_in_a_module_of_its_name() -> None:
    for stage in STAGES:
        assert stage.module == f"pipeline.stages.{stage.name}"
        assert {judge.stage for judge in stage.judges} == {stage.name}
        assert f"pipeline.rules.{stage.name}" in keys.imports_of(PACKAGE / "stages" / f"{stage.name}.py")


def test_the_least_of_the_engines_is_the_default() -> None:
    assert config.Run().engine in ENGINES


# --- SQL ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every query of a whole batch with copies in it, judged against an earlier batch."""
    seen: list[str] = []

    class Listening(LocalEngine):
        def sql(self, query: str, out: str, **datasets: Dataset) -> str:
            seen.append(query)
            return super().sql(query, out, **datasets)

        def table(self, query: str, name: str, **datasets: Dataset) -> str:
            seen.append(query)
            return super().table(query, name, **datasets)

    monkeypatch.setitem(cast(dict[str, Any], ENGINES), "local", lambda workers, memory, *_: Listening(workers, memory))
    texts = [file.read_text(encoding="utf-8") for file in sorted((PACKAGE.parent / "seeds").glob("*.txt"))]
    (tmp_path / "in").mkdir()
    for number, text in enumerate([*texts, texts[0].upper(), texts[0][: len(texts[0]) // 2], texts[2] + " More."]):
        (tmp_path / "in" / f"{number}.txt").write_text(text)
    for name in ("a", "b"):
        run = {"batch": name, "input": f"{tmp_path}/in", "output": f"{tmp_path}/out", "workers": 1}
        plan = Plan(config.parse(STAGES, {}, "test", run))
        for step in plan.steps:
            plan.make(step)
    return list(dict.fromkeys(seen))


ALLOWED_FUNCTIONS = {"count", "sum", "min", "max", "concat", "cast", "try_cast", "case", "coalesce", "and", "or", "if"}
ALLOWED_FUNCTIONS |= {"length", "floor"}  # characters of a text, and the whole number below: both as DuckDB has them
ALLOWED_FUNCTIONS |= {"bit_length"}  # of a text in UTF-8


def test_every_query_is_one_that_spark_reads(queries: list[str]) -> None:
    assert len(queries) > 10
    for query in queries:
        tree = sqlglot.parse_one(query, read="spark", error_level=sqlglot.ErrorLevel.RAISE)
        for function in tree.find_all(sqlglot.exp.Func):
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(function).__name__).lower()
            assert name in ALLOWED_FUNCTIONS, f"{name} in {query}"

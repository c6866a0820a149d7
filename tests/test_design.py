"""What the design promises of the code itself: the direction of imports, and SQL that Spark reads, too."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot

from pipeline import config, keys, knowledge, steps
from pipeline.engine.local import LocalEngine

PACKAGE = Path(config.__file__).parent
# A module imports only what stands before it.
ORDER = (
    *("errors", "records", "text", "edits", "engine", "facts", "rules", "stages", "batches", "config", "sources"),
    *("keys", "accounts", "corpus", "report", "knowledge", "trial", "steps", "tasks", "life", "learned", "show", "cli"),
    "__main__",
)
# The library face imports what it needs when it is called.
FACE = PACKAGE / "__init__.py"

MODULES = [file for file in sorted(PACKAGE.rglob("*.py")) if file != FACE]


def place(module):
    return ORDER.index(module.partition(".")[0])


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_stands_before_it(file):
    mine = place(".".join(file.relative_to(PACKAGE).with_suffix("").parts))
    upward = [name for name in keys.imports_of(file) if place(name) > mine]
    assert upward == []


def test_up_to_the_stages_nothing_knows_of_files_or_engines():
    for file in MODULES:
        part = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part in ("errors", "records", "text", "edits", "rules", "stages"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
            assert not names & {"open", "print", "input"}, file


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, pipeline; print(sorted({'pyarrow', 'numpy', 'ftfy', 'luigi', 'bs4', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_stage_depends_on_its_own_rules_and_on_no_others():
    for step in steps.STEPS[1:6]:
        files = {file.relative_to(PACKAGE).as_posix() for file in keys._closure(knowledge.modules(step))}
        others = {name for name in files if name.startswith("rules/")} - {"rules/__init__.py"}
        assert others
        assert all(name.startswith(f"rules/{step}") for name in others)
        assert {"edits.py", "records.py"} & files


# --- SQL ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def queries(tmp_path, monkeypatch):
    """Every query of a whole batch with copies in it, judged against an earlier batch."""
    seen = []
    real = LocalEngine.sql

    def sql(self, query, out, **datasets):
        seen.append(query)
        return real(self, query, out, **datasets)

    monkeypatch.setattr(LocalEngine, "sql", sql)
    texts = [file.read_text(encoding="utf-8") for file in sorted((PACKAGE.parent / "seeds").glob("*.txt"))]
    (tmp_path / "in").mkdir()
    for number, text in enumerate([*texts, texts[0].upper(), texts[0][: len(texts[0]) // 2], texts[2] + " More."]):
        (tmp_path / "in" / f"{number}.txt").write_text(text)
    for name in ("a", "b"):
        run = {"batch": name, "input": f"{tmp_path}/in", "output": f"{tmp_path}/out", "workers": 1}
        batch = steps.Batch(config.parse({}, "test", run))
        for step in steps.STEPS:
            batch.make(step)
    return list(dict.fromkeys(seen))


ALLOWED = {"count", "sum", "min", "max", "concat", "cast", "try_cast", "case", "coalesce"}


def test_every_query_is_one_that_spark_reads(queries):
    assert len(queries) > 10
    for query in queries:
        tree = sqlglot.parse_one(query, read="spark", error_level=sqlglot.ErrorLevel.RAISE)
        for function in tree.find_all(sqlglot.exp.Func):
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(function).__name__).lower()
            assert name in ALLOWED | {"and", "or", "if"}, f"{name} in {query}"

"""The corpus as it lies, read by the tools that others read it with: each takes the bare folder of its data."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.output.columns import COLUMNS
from tests import examples, spark
from tests.runs import ROOT, articles, published

DATA = "output/corpus/data"
BATCHES = {"2026-11-22": (0, 3), "2026-11-23": (3, 8)}  # names that look like days: the numbers of their articles
MOMENT = "2019-11-20T09:15:00+00:00"

# a row of the corpus as a reader has it: id, batch, authors, when it was published
Row = tuple[str, str, list[str], datetime | None]
NAMES = ("id", "batch", "authors", "published")

pytestmark = pytest.mark.filterwarnings("ignore")  # of the readers themselves


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two published batches; every other article has a date and authors."""
    told = {"published": MOMENT, "author": "Ada Bell; Chi Dao"}
    batches = {
        name: [{**row, **(told if n % 2 else {})} for n, row in enumerate(articles(last, first))]
        for name, (first, last) in BATCHES.items()
    }
    return published(tmp_path_factory.mktemp("readers"), batches)


def expected() -> list[Row]:
    rows: list[Row] = []
    for name, (first, last) in BATCHES.items():
        for n in range(last - first):
            told = n % 2 == 1
            authors = ["Ada Bell", "Chi Dao"] if told else []
            rows.append((f"a{first + n}", name, authors, datetime.fromisoformat(MOMENT) if told else None))
    return rows


def rows_of(columns: dict[str, list[Any]]) -> list[Row]:
    """What a reader has, as plain values: one that thinks that a batch is a day, or a date a string, is found out."""
    found = list(zip(*(columns[name] for name in NAMES), strict=True))
    return sorted((i, b, list(a), d if d is None or d != d else d.astimezone(UTC)) for i, b, a, d in found)


def by_pandas() -> dict[str, list[Any]]:
    import pandas

    frame = pandas.read_parquet(DATA)
    assert list(frame.columns) == COLUMNS.names
    assert str(frame["published"].dtype) == "datetime64[us, UTC]"
    frame["published"] = frame["published"].astype(object).where(frame["published"].notna(), None)
    return {name: frame[name].tolist() for name in NAMES}


def by_pyarrow_dataset() -> dict[str, list[Any]]:
    import pyarrow.dataset

    dataset = pyarrow.dataset.dataset(DATA)
    assert dataset.schema.names == COLUMNS.names
    found: dict[str, list[Any]] = dataset.to_table().to_pydict()
    return found


def by_pyarrow_table() -> dict[str, list[Any]]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(DATA)
    assert table.schema.names == COLUMNS.names
    found: dict[str, list[Any]] = table.to_pydict()
    return found


def by_polars_scan() -> dict[str, list[Any]]:
    import polars

    frame = polars.scan_parquet(DATA).collect()
    assert frame.columns == COLUMNS.names
    found: dict[str, list[Any]] = frame.to_dict(as_series=False)
    return found


def by_polars_read() -> dict[str, list[Any]]:
    import polars

    found: dict[str, list[Any]] = polars.read_parquet(DATA).to_dict(as_series=False)
    return found


def by_duckdb() -> dict[str, list[Any]]:
    import duckdb

    relation = duckdb.connect().sql(f"SELECT * FROM read_parquet('{DATA}/*.parquet')")
    assert relation.columns == COLUMNS.names
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    assert (types["batch"], types["published"]) == ("VARCHAR", "TIMESTAMP WITH TIME ZONE")
    found: dict[str, list[Any]] = relation.to_arrow_table().to_pydict()
    return found


def by_datasets_on_the_card() -> dict[str, list[Any]]:
    return _by_datasets("output/corpus")


def by_datasets_on_the_data() -> dict[str, list[Any]]:
    return _by_datasets(DATA)


def _by_datasets(path: str) -> dict[str, list[Any]]:
    import datasets

    datasets.disable_progress_bars()
    found = datasets.load_dataset(path, split="train", cache_dir="cache")
    assert list(found.features) == COLUMNS.names
    assert (found.features["batch"].dtype, found.features["published"].dtype) == ("string", "timestamp[us, tz=UTC]")
    columns: dict[str, list[Any]] = {name: list(found[name]) for name in NAMES}
    return columns


SPARK = f"""
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false") \\
    .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1") \\
    .config("spark.sql.session.timeZone", "UTC").getOrCreate()
frame = spark.read.parquet("{DATA}")
rows = frame.selectExpr("id", "batch", "authors", "date_format(published, \\"yyyy-MM-dd'T'HH:mm:ssXXX\\")").collect()
print(json.dumps({{"types": dict(frame.dtypes), "rows": [list(row) for row in rows]}}))
from tests import examples
examples.python(sys.argv[1])  # which takes the session that there is, and stops it
"""

# the recipes in the documentation, by their headings
RECIPES = dict(
    re.findall(
        r"^## ([^\n]+)\n(?:(?!^## ).)*?```python\n(.*?)```",
        (ROOT / "docs" / "readers.md").read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
)


@pytest.mark.slow
def test_spark_reads_it(corpus: Path) -> None:
    if reason := spark.why_not():
        pytest.skip(reason)
    command = [sys.executable, "-c", SPARK, RECIPES["Spark"]]
    done = subprocess.run(
        command, cwd=corpus, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert list(told["types"]) == COLUMNS.names
    assert (told["types"]["batch"], told["types"]["published"]) == ("string", "timestamp")
    rows = [(i, b, a, datetime.fromisoformat(d) if d else None) for i, b, a, d in told["rows"]]
    assert sorted(rows) == expected()


READERS = (
    *(by_pandas, by_pyarrow_dataset, by_pyarrow_table, by_polars_scan, by_polars_read, by_duckdb),
    *(by_datasets_on_the_card, by_datasets_on_the_data),
)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_each_reader_takes_the_folder_as_it_lies(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, reader: Callable[[], dict[str, list[Any]]]
) -> None:
    monkeypatch.chdir(corpus)
    assert rows_of(reader()) == expected()


def test_nothing_but_parquet_lies_among_the_data(corpus: Path) -> None:
    names = [path.name for path in (corpus / DATA).iterdir()]
    assert {name.rpartition(".")[2] for name in names} == {"parquet"}
    assert len(names) == len(BATCHES)


def test_there_is_a_recipe_for_every_reader() -> None:
    page = (ROOT / "docs" / "readers.md").read_text(encoding="utf-8")
    assert page.count("```python") == len(RECIPES)
    tried = {reader.__name__.split("_")[1] for reader in READERS} | {"spark", "copydesk"}
    assert {word.lower() for name in RECIPES for word in name.split()} >= tried


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "Spark"])
def test_a_recipe_gives_what_it_says(corpus: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(corpus)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(corpus / "cache"))
    examples.python(RECIPES[name])


def test_a_copy_of_the_corpus_costs_no_room(corpus: Path) -> None:
    page = (ROOT / "docs" / "readers.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    subprocess.run(["/bin/sh", "-c", command], cwd=corpus, check=True, timeout=60)
    copied = sorted((corpus / "corpus-of-today" / "data").iterdir())
    assert [file.name for file in copied] == sorted(file.name for file in (corpus / DATA).iterdir())
    assert all(file.samefile(corpus / DATA / file.name) for file in copied)

"""The corpus in other shapes: read back by those who read them, the same rows, and nothing of them runs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import pipeline
from pipeline.console import cli
from pipeline.console.export import size_of
from pipeline.engine.expressions import Expressions
from pipeline.errors import SettingsError
from pipeline.output.columns import COLUMNS
from pipeline.output.export import articles as texts
from pipeline.output.export import cells, shapes
from pipeline.output.export.export import KINDS, refuse_condition
from tests import runs
from tests.runs import ROOT, articles, keep_copies, one_line, run, tree

CORPUS = "output/corpus"
HOSTILE = (
    *(
        "=1+1",
        " =cmd|' /C calc'!A0",
        "＝1",
        "\u00a0+1",
        "@SUM(A1)",
        "-2",
        "\t=1",
        "'tis",
        "''",
        "'\\r",
        "a,b",
        'say "x"',
    ),
    *("two\nlines", "a\rb", "a\r\nb", "\\\r\\", "nul\0byte", "\ufeff=1", "\u2028", "", "plain", "../../etc/passwd"),
)
BLANK, RUN = " \t\r\n\u00a0\u200b\ufeff\u2028", "=+-@＝＋－＠﹢﹣﹦﹫"
pytestmark = pytest.mark.filterwarnings("ignore")  # of the readers themselves


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two published batches, of which all that strangers tell besides the text is hostile."""
    batches = {
        name: [
            {**row, "id": f"{said}{n}", "title": said, "author": said, "published": f"2026-11-0{1 + n % 9}"}
            for n, (row, said) in enumerate(zip(articles(start + len(HOSTILE), start), HOSTILE, strict=True))
        ]
        for name, start in (("2026-11-22", 0), ("2026-11-23", len(HOSTILE)))
    }
    return runs.published(tmp_path_factory.mktemp("export"), batches)


@pytest.fixture
def corpus(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A place to work in beside the corpus; its rows."""
    monkeypatch.chdir(tmp_path)
    Path("output").symlink_to(published / "output")
    rows: list[dict[str, Any]] = pipeline.read_corpus(CORPUS).dataset.to_table().to_pylist()
    assert len(rows) == 2 * len(HOSTILE)
    return rows


def export(*arguments: object) -> None:
    assert cli.main(["export", *map(str, arguments)]) == 0


def files(folder: str, suffix: str) -> list[str]:
    """The files of the data, in their order; nothing else lies there."""
    found = sorted(Path(folder, "data").iterdir())
    assert [file.name for file in found] == [f"part-{n:05d}.{suffix}" for n in range(len(found))]
    return list(map(str, found))


def told(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON can say it."""
    row = {name: float(str(np.float32(v))) if type(v) is float else v for name, v in row.items()}
    return {**row, "published": f"{row['published']:%Y-%m-%dT%H:%M:%SZ}"}


# --- JSON lines --------------------------------------------------------------------------------------------------


def by_json(folder: str) -> list[dict[str, Any]]:
    lines = (line for file in files(folder, "jsonl.zst") for line in pa.input_stream(file).read().split(b"\n"))
    return [json.loads(line) for line in lines if line]


def by_duckdb(folder: str) -> list[dict[str, Any]]:
    import duckdb

    columns = "{" + ", ".join(f"{name}: '{_of_duckdb(name)}'" for name in COLUMNS.names) + "}"
    found = duckdb.connect().sql(f"SELECT * FROM read_json('{folder}/data/*.zst', columns = {columns})")
    rows: list[dict[str, Any]] = found.to_arrow_table().to_pylist()
    return rows


def _of_duckdb(name: str) -> str:
    kinds = {"authors": "VARCHAR[]", "line": "BIGINT", "repairs": "INT", "cuts": "INT", "damage": "INT"}
    scores = dict.fromkeys(("language_probability", "translation_score"), "DOUBLE")
    return {**kinds, **scores}.get(name, "VARCHAR")


def by_polars(folder: str) -> list[dict[str, Any]]:
    import polars

    found = polars.concat(polars.read_ndjson(file, infer_schema_length=None) for file in files(folder, "jsonl.zst"))
    return found.to_dicts()


def by_datasets(folder: str) -> list[dict[str, Any]]:
    import datasets

    datasets.disable_progress_bars()
    found = datasets.load_dataset("json", data_files=f"{folder}/data/*.zst", split="train", cache_dir="cache")
    guessed = {"published": "%Y-%m-%dT%H:%M:%SZ", "batch": "%Y-%m-%d"}  # Arrow takes both for moments
    return [{**row, **{name: row[name].strftime(shape) for name, shape in guessed.items()}} for row in found]


@pytest.mark.parametrize("reader", [by_json, by_duckdb, by_polars, by_datasets])
def test_json_lines_are_read_as_the_rows_that_they_were(
    corpus: list[dict[str, Any]], reader: Callable[[str], list[dict[str, Any]]]
) -> None:
    export("out", "--shard-size", "9KB")
    assert len(files("out", "jsonl.zst")) > 2
    assert reader("out") == [told(row) for row in corpus]


def test_a_file_that_is_not_packed_says_the_same(corpus: list[dict[str, Any]]) -> None:
    export("packed")
    export("plain", "--to", "jsonl")
    [packed], [plain] = files("packed", "jsonl.zst"), files("plain", "jsonl")
    assert pa.input_stream(packed).read() == Path(plain).read_bytes()


# --- CSV ---------------------------------------------------------------------------------------------------------


def as_cells(row: dict[str, Any]) -> dict[str, str]:
    plain = {**told(row), "authors": json.dumps(row["authors"], ensure_ascii=False, separators=(",", ":"))}
    return {name: "" if value is None else str(value) for name, value in plain.items()}


def by_csv(file: str) -> list[dict[str, str]]:
    with Path(file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def by_pandas(file: str) -> list[dict[str, str]]:
    import pandas

    found: Any = pandas.read_csv(file, dtype=str, keep_default_na=False)
    return list(found.to_dict("records"))


def by_pyarrow(file: str) -> list[dict[str, str]]:
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    kinds = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(COLUMNS.names, pa.string()))
    rows: list[dict[str, str]] = pyarrow.csv.read_csv(file, parse_options=parsing, convert_options=kinds).to_pylist()
    return rows


@pytest.mark.parametrize("reader", [by_csv, by_pandas, by_pyarrow])
def test_cells_of_a_csv_file_are_read_back_as_they_were(
    corpus: list[dict[str, Any]], reader: Callable[[str], list[dict[str, str]]]
) -> None:
    export("out", "--to", "csv", "--shard-size", "9KB")
    found = [row for file in files("out", "csv") for row in reader(file)]
    assert [{n: cells.as_it_was(cell) for n, cell in row.items()} for row in found] == [as_cells(row) for row in corpus]


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("=+-@＝﹣'\"\\\t\r\n\0 \u00a0\u200b,a0r")) | st.text(), min_size=1))
@example(list(HOSTILE))
def test_no_cell_runs_and_each_comes_back(values: list[str]) -> None:
    made = cells.quoted(pa.array(values)).to_pylist()
    content = "".join(f"{cell},\r\n" for cell in made)
    assert "\0" not in content
    read = [row[0] for row in csv.reader(io.StringIO(content, newline=""), strict=True)]
    assert [cell for cell in read if cell[:1] in tuple("\t\r\n") or cell.lstrip(BLANK)[:1] in tuple(RUN)] == []
    assert [cells.as_it_was(cell) for cell in read] == values
    assert cells.quoted(pa.array([None, ""], pa.string())).to_pylist() == ["", '""']


# --- texts -------------------------------------------------------------------------------------------------------


def test_texts_lie_in_a_file_each_that_the_index_names(corpus: list[dict[str, Any]]) -> None:
    export("out", "--to", "txt", "--columns", "title,id,digest")
    index = [{n: cells.as_it_was(cell) for n, cell in row.items()} for row in by_csv("out/index.csv")]
    assert [(row["id"], row["title"]) for row in index] == [(row["id"], row["title"] or "") for row in corpus]
    assert list(index[0]) == ["path", "title", "id", "digest"]
    contents = [Path("out", row["path"]).read_bytes() for row in index]
    assert contents == [row["text"].encode() for row in corpus]
    assert [hashlib.sha256(content).hexdigest()[:16] for content in contents] == [row["digest"] for row in index]
    assert len(list(Path("out").rglob("*.txt"))) == len(corpus)


def test_texts_that_were_exported_are_read_again(corpus: list[dict[str, Any]]) -> None:
    export("out", "--to", "txt", "--where", "batch = '2026-11-22'")
    keep_copies(Path())
    assert run("out/data", "--output", "again", "--workers", 1) == 0
    again = pipeline.read_corpus("again/corpus").dataset.to_table()["text"].to_pylist()
    assert sorted(again) == sorted(row["text"] for row in corpus if row["batch"] == "2026-11-22")


@settings(deadline=None)
@given(st.lists(st.text(), unique=True, min_size=1, max_size=20), st.sampled_from(["b", "../x", "", "..", "A/b", "ü"]))
@example(["A", "a", "", ".", "..", "-", "a~b", "con\0", "/etc/passwd", "../../x", "~", "a" * 300, "İ", "i"], "b")
def test_no_id_leaves_the_folder_hides_or_takes_the_place_of_another(ids: list[str], batch: str) -> None:
    rows = pa.RecordBatch.from_pydict({"id": pa.array(ids), "batch": pa.array([batch] * len(ids))})
    with Expressions() as expressions:
        paths = texts.paths(rows, expressions).to_pylist()
    assert len({path.casefold() for path in paths}) == len(ids)
    for path in paths:
        data, folder, name = path.split("/")
        assert data == "data"
        assert all(part[0] not in ".-" and len(part) <= 110 and part.isascii() for part in (folder, name))


# --- Parquet, and the Hub ----------------------------------------------------------------------------------------


def test_parquet_holds_the_rows_as_they_are(corpus: list[dict[str, Any]]) -> None:
    export("out", "--to", "parquet", "--shard-size", "9KB")
    made = [pq.read_table(file) for file in files("out", "parquet")]
    assert len(made) > 2
    schema = pq.read_schema(next(Path(CORPUS, "data").iterdir()))
    assert all(table.schema.equals(schema, check_metadata=True) for table in made)
    assert [row for table in made for row in table.to_pylist()] == corpus


def test_the_hub_and_croissant_read_what_is_for_them(corpus: list[dict[str, Any]]) -> None:
    import datasets
    import mlcroissant

    export("out", "--to", "hf", "--shard-size", "9KB", "--columns", "id,batch,authors,published,line")
    wanted = [{n: row[n] for n in ("id", "batch", "authors", "published", "line")} for row in corpus]
    datasets.disable_progress_bars()
    assert list(datasets.load_dataset("out", split="train", cache_dir="cache")) == wanted
    found = mlcroissant.Dataset("out/croissant.json")
    assert found.metadata.ctx.issues.errors == set()
    records = [
        {n.removeprefix("default/"): _plain(value) for n, value in record.items()}
        for record in found.records("default")
    ]
    key = lambda row: (row["batch"], row["id"])  # noqa: E731 - files come in any order
    assert sorted(records, key=key) == sorted(wanted, key=key)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value


# --- which rows and columns --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("batch = '2026-11-23'", lambda row: row["batch"] == "2026-11-23"),
        ("title LIKE '%=1' AND NOT contains(id, '\ufeff')", lambda row: row["title"] in ("\t=1",)),
        ("published >= '2026-11-05' -- the later ones", lambda row: row["published"].day >= 5),
        ('day(published) IN (1, 2) OR "line" = 3', lambda row: row["published"].day in (1, 2) or row["line"] == 3),
        ("list_contains(authors, 'plain')", lambda row: "plain" in row["authors"]),
        ("json_extract_string(meta, '$.author') = '-2'", lambda row: json.loads(row["meta"]).get("author") == "-2"),
        ("TITLE IS NULL", lambda row: row["title"] is None),
        ("cuts > 1000", lambda row: False),
    ],
)
@pytest.mark.parametrize("kind", ["jsonl.zst", "csv"])
def test_a_condition_picks_out_rows(
    corpus: list[dict[str, Any]], kind: str, condition: str, holds: Callable[[dict[str, Any]], bool]
) -> None:
    export("out", "--where", condition, "--to", kind, "--columns", "batch,id")
    wanted = [{"batch": row["batch"], "id": row["id"]} for row in corpus if holds(row)]
    found = by_json("out") if kind == "jsonl.zst" else [row for file in files("out", "csv") for row in by_csv(file)]
    assert [{n: cells.as_it_was(v) if kind == "csv" else v for n, v in row.items()} for row in found] == wanted


def test_a_score_is_compared_as_it_is_shown(corpus: list[dict[str, Any]]) -> None:
    score = told(corpus[0])["translation_score"]
    export(
        "out", "--where", f"translation_score = {score} AND id = '{corpus[0]['id']}'", "--columns", "translation_score"
    )
    assert by_json("out") == [{"translation_score": score}]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("lang = 'en'", "there is no column 'lang'; did you mean 'language'?"),
        ("1=1; COPY (SELECT 1) TO 'stolen'", 'syntax error at or near ";"; one expression'),
        ("1=1) FROM rows; COPY (SELECT 1) TO 'stolen'; SELECT (1=1", "one expression"),
        ("1=1) FROM read_text('/etc/passwd') WHERE (1=1", "one expression"),
        ("1=1), (2=2", "one expression"),
        ("1=1) UNION ALL SELECT (true", "one expression"),
        ("read_text('/etc/passwd') IS NOT NULL", "there is no function 'read_text'"),
        ("id IN (SELECT content FROM read_text('/etc/passwd'))", "no subquery is possible here"),
        ("EXISTS (FROM 'https://a.example/x.csv')", "no subquery is possible here"),
        ("count(*) > 1", "there is no function 'count_star'"),
        ("row_number() OVER () < 3", "no window is possible here"),
        ("random() < 0.5", "there is no function 'random'"),
        ("published < now()", "there is no function 'now'"),
        ("age(published) < INTERVAL 1 YEAR", "there is no function 'age'"),
        ("version() = '1'", "there is no function 'version'"),
        ("len(list_resize([1], 100000000)) > 1", "there is no function 'list_resize'"),
        ("rpad('a', 2000000000, 'b') = ''", "there is no function 'rpad'"),
        ("current_setting('threads') = '1'", "there is no function 'current_setting'"),
        ("id = ?", "no parameter is possible here"),
        ("*", "no star is possible here"),
        ("translation_score", "neither true nor false, but DOUBLE; compare it with something"),
        ("lower(cuts, 1) = 'x'", "Binder Error: No function matches"),
        (" ", 'syntax error at or near ")"; one expression'),
        ("NOT " * 5_000 + "(1=1)", ""),
    ],
)
def test_a_condition_that_is_none_or_wants_more_is_refused_in_a_line(
    corpus: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], condition: str, said: str
) -> None:
    assert cli.main(["export", "out", "--where", condition]) == 2
    line = one_line(capsys)
    assert line.startswith("copydesk: where ")
    assert said in line
    assert sorted(path.name for path in Path().iterdir()) == ["output"]


@pytest.mark.parametrize("condition", ["CAST(title AS INT) = 1", "cuts > 'many'"])
def test_a_value_that_is_not_what_it_is_taken_for_ends_the_export(
    corpus: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], condition: str
) -> None:
    assert cli.main(["export", "out", "--where", condition]) == 1
    assert "Could not convert string" in one_line(capsys)
    assert sorted(path.name for path in Path().iterdir()) == ["output"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--columns", "id,titel"], "there is no column 'titel'; did you mean 'title'?"),
        (["--columns", "id,id"], "the column 'id' is named twice"),
        (["--shard-size", "much"], "--shard-size must be a size as 256MB, of at least 1 byte; got 'much'"),
        (["--shard-size", "0"], "--shard-size must be a size as 256MB, of at least 1 byte; got '0'"),
        (["--corpus", "nowhere"], "nowhere: no published batch"),
    ],
)
def test_what_nobody_can_want_is_refused(
    corpus: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert cli.main(["export", "out", *options]) == 2
    assert said in one_line(capsys)


def test_a_size_without_a_unit_is_in_bytes() -> None:
    assert [size_of(told) for told in ("7", "2kb", "1.5 G")] == [7, 2_000, 1_500_000_000]
    with pytest.raises(SettingsError):
        size_of("1TB")


# --- the folder --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_release_makes_the_same_bytes(corpus: list[dict[str, Any]], kind: str) -> None:
    for name in ("one", "two"):
        export(name, "--to", kind, "--shard-size", "9KB", "--where", "id != 'plain20'")
    one, two = (
        {path.relative_to(name).as_posix(): path.read_bytes() for path in Path(name).rglob("*") if path.is_file()}
        for name in ("one", "two")
    )
    assert one == two
    manifest = json.loads(one["_export.json"])
    assert (manifest["rows"], manifest["of_rows"]) == (len(corpus) - 2, len(corpus))
    for name, figures in manifest["files"].items():
        assert (figures["bytes"], figures["sha256"]) == (len(one[name]), hashlib.sha256(one[name]).hexdigest())
    if kind != "txt":
        assert sum(figures["rows"] for figures in manifest["files"].values()) == manifest["rows"]


def test_an_export_takes_the_place_of_an_export_alone(
    corpus: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out").mkdir()
    export("out")
    export("out", "--to", "csv")
    assert len(files("out", "csv")) == 1
    Path("mine").mkdir()
    Path("mine/notes.txt").touch()
    capsys.readouterr()
    assert cli.main(["export", "mine"]) == 2
    assert "mine: holds something else than an export; name another folder, or replace it: --replace" in one_line(
        capsys
    )
    export("mine", "--replace")
    assert not Path("mine/notes.txt").exists()


@pytest.mark.parametrize("out", ["output", "output/corpus", "output/corpus/data/x", ".", "file"])
def test_nothing_is_written_over_the_corpus_or_a_file(
    corpus: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], out: str
) -> None:
    Path("file").touch()
    before = tree("output")
    assert cli.main(["export", out, "--replace"]) == 2
    assert one_line(capsys).startswith(f"copydesk: {out}: ")
    assert tree("output") == before


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_that_breaks_off_leaves_what_was_there(
    corpus: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    export("out")
    before = Path("out/_export.json").read_bytes()
    Path(".out.99999999.tmp/data").mkdir(parents=True)  # of one that was killed

    class Gone(pipeline.read_corpus(CORPUS).__class__):  # type: ignore[misc]
        def rows(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
            yield from list(super().rows(columns))[:1]
            raise OSError(5, "Input/output error", "data")

    monkeypatch.setattr("pipeline.output.corpus.Corpus", Gone)
    assert cli.main(["export", "out", "--to", kind]) == 1
    assert Path("out/_export.json").read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["out", "output"]


def test_rows_that_are_missing_are_noticed(
    corpus: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pipeline.output.corpus.Corpus._rows", lambda *_: iter(()))
    assert cli.main(["export", "out"]) == 1
    assert f"output/corpus: has 0 rows where {len(corpus)} were published" in one_line(capsys)


def test_a_summary_says_what_was_written(corpus: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    export("out", "--where", "title = 'plain'", "--to", "jsonl")
    assert capsys.readouterr().out.startswith("2 of 44 articles of release 2 as jsonl, 1 file, 0.0 MB: out (")
    export("out", "--json")
    assert json.loads(capsys.readouterr().out)["rows"] == 44


# --- its page ----------------------------------------------------------------------------------------------------


def test_the_page_shows_conditions_and_an_undoing_that_work(corpus: list[dict[str, Any]]) -> None:
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    [conditions] = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    with Expressions() as expressions:
        for condition in conditions.splitlines():
            refuse_condition(expressions, condition)
    [example] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    scope: dict[str, Any] = {"re": re}
    exec(example, scope)
    made = cells.harmless(pa.array(HOSTILE)).to_pylist()
    assert [scope["as_it_was"](cell) for cell in made] == list(HOSTILE)
    [command] = re.findall(r"^copydesk (.*)", page, re.MULTILINE)
    assert cli.main(shlex.split(command)) == 0
    assert [kind for kind in KINDS if f"| `{kind}`" not in page] == []


PIECES = st.lists(st.lists(st.text(max_size=9), max_size=9), max_size=9)


@settings(deadline=None)
@given(pieces=PIECES, most=st.integers(1, 30), again=st.integers(1, 5))
def test_files_are_cut_at_the_same_rows_however_these_come_in(pieces: list[list[str]], most: int, again: int) -> None:
    def cut(lists: list[list[str]]) -> list[list[str]]:
        found: dict[int, list[str]] = {}
        rows = (pa.RecordBatch.from_pydict({"line": pa.array(some, pa.string())}) for some in lists)
        for number, piece in shapes.cut(rows, most):
            found.setdefault(number, []).extend(piece["line"].to_pylist())
        assert list(found) == list(range(len(found)))
        return list(found.values())

    flat = [line for some in pieces for line in some]
    made = cut(pieces)
    assert [line for file in made for line in file] == flat
    assert made == cut([flat[n : n + again] for n in range(0, len(flat), again)])
    sizes = [sum(len(line.encode()) for line in file) for file in made]
    assert all(
        size <= most or len([line for line in file if line]) == 1 for size, file in zip(sizes, made, strict=True)
    )
    assert all(size + len(after[0].encode()) > most for size, after in zip(sizes, made[1:], strict=False))

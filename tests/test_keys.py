"""What a step depends on is read off the code: each file in turn is edited, and exactly the steps that run it go stale.

What the keys say is held against what Python does: which modules a fresh interpreter loads for a step, and which files
of the package are opened while the step is made.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from pipeline import config
from pipeline.run import keys
from pipeline.run.batch import Batch
from pipeline.run.steps import chain
from pipeline.run.steps.step import MODEL
from pipeline.stages.order import STAGES

PACKAGE = Path(config.__file__).parent
SEEDS = PACKAGE.parent / "seeds"
STEPS = {step.name: step.modules for step in chain.chain(Batch(config.parse(STAGES, {}, "test")))}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, which the keys take for the real one; a file is read again when its bytes have changed."""
    copy = tmp_path / "pipeline"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    read = keys._read.__wrapped__
    remembered: dict[tuple[Path, int, int], keys._Read] = {}

    def read_again(file: Path) -> keys._Read:
        stat = file.stat()
        name = file, stat.st_mtime_ns, stat.st_size
        if name not in remembered:
            remembered[name] = read(file)
        return remembered[name]

    monkeypatch.setattr(keys, "PACKAGE", copy)
    monkeypatch.setattr(keys, "_read", read_again)
    monkeypatch.setattr(keys, "reached", keys.reached.__wrapped__)
    monkeypatch.setattr(keys, "_digest_of", keys._digest_of.__wrapped__)
    monkeypatch.setattr(keys, "_modules", cache(keys._modules.__wrapped__))  # files are edited here, none comes or goes
    return copy


def codes() -> dict[str, str]:
    return {step: keys.code_of(modules)["code"] for step, modules in STEPS.items()}


def stale(before: dict[str, str]) -> set[str]:
    after = codes()
    return {step for step in STEPS if after[step] != before[step]}


@pytest.mark.slow
def test_each_file_in_turn_makes_exactly_the_steps_stale_that_reach_it(package: Path) -> None:
    before = codes()
    reached = {step: keys.reached(frozenset(modules)).files for step, modules in STEPS.items()}
    files = [file for file in sorted(package.rglob("*")) if file.is_file()]
    assert set.union(*map(set, reached.values())) < set(files)
    for file in files:
        content = file.read_bytes()
        file.write_bytes(content + (b"\n_edited = 1\n" if file.suffix == ".py" else b"\n"))
        assert stale(before) == {step for step, of_step in reached.items() if file in of_step}, file
        if file.suffix == ".py":
            file.write_bytes(content + b"\n# nothing but a comment\n")
            assert stale(before) == set(), file
        file.write_bytes(content)


STAGE_NAMES = {stage.name for stage in STAGES}


@pytest.mark.parametrize(
    ("file", "steps"),
    [
        ("edits.py", set(STEPS)),
        ("config.py", set(STEPS)),
        ("run/books.py", set(STEPS)),
        ("run/steps/stage.py", STAGE_NAMES),
        ("engine/local.py", set(STEPS)),
        ("output/report/style.css", {"report"}),
        ("output/publication.py", {"publishing"}),
        ("output/columns.py", STAGE_NAMES | {"publishing"}),
        ("output/corpus.py", set()),
        ("sources/page/metadata.py", {"reading"}),
        ("rules/encoding/references/entities.py", {"encoding"}),
        ("rules/boilerplate/phrases.toml", {"boilerplate"}),
        ("rules/language.py", {"language"}),
        ("facts/translation/english.npz", {"translation"}),
        ("stages/duplicates.py", {"duplicates", "publishing"}),
        ("console/cli.py", set()),
        ("tasks.py", set()),
    ],
)
def test_what_a_newcomer_would_expect_of_an_edit(package: Path, file: str, steps: set[str]) -> None:
    before = codes()
    path = package / file
    path.write_bytes(path.read_bytes() + (b"\n_edited = 1\n" if path.suffix == ".py" else b"\n"))
    assert stale(before) == steps


def test_a_docstring_and_a_comment_make_no_difference_and_a_default_does(package: Path) -> None:
    before = codes()
    path = package / "rules" / "translation" / "loops.py"
    source = path.read_text(encoding="utf-8")
    path.write_text(source.replace('"""Remarks on loops', '# why\n"""Remarks on endless loops'), encoding="utf-8")
    assert stale(before) == set()
    path.write_text(source.replace("min_words: Count = 6", "min_words: Count = 7"), encoding="utf-8")
    assert stale(before) == {"translation"}


def _source(built: Path) -> Path:
    """The C that a module was built of, which counts in its place."""
    return built.with_name(f"{built.name.split('.')[0].removeprefix('_')}.c")


@pytest.mark.parametrize("step", STEPS)
def test_every_module_that_python_loads_for_a_step_is_reached(step: str) -> None:
    code = (
        f"import importlib, sys\nfor module in {STEPS[step]!r}: importlib.import_module(module)\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('pipeline.') and m.__file__), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {Path(line) for line in done.stdout.split("\n") if line}
    loaded = {_source(path) if path.suffix == ".so" else path for path in loaded}
    assert loaded - keys.reached(frozenset(STEPS[step])).files == set()


WATCHED = """
import json, sys
from pipeline import config
from pipeline.run.plan import Plan
from pipeline.stages.order import STAGES

plan = Plan(config.load(STAGES, batch="b", input=sys.argv[1], output=sys.argv[2], workers=1))
step = plan.step(sys.argv[3])
made = plan.made_before(step)
step.made_of(made)  # the keys read all that they count, once
opened = set()
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.add(arguments[0])
sys.addaudithook(hook)
step.make(made)
print(json.dumps(sorted(opened)))
"""


def test_every_file_of_the_package_that_a_step_opens_is_reached(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for file in SEEDS.glob("*.txt"):
        shutil.copyfile(file, tmp_path / "in" / file.name)
    text = (SEEDS / "000_e7ac5253860ec0da.txt").read_text(encoding="utf-8").replace("\n\n", "</p><p>")
    page = f"<html><body><article><h1>Rights</h1><p>{text}</p></article></body></html>"
    (tmp_path / "in" / "page.html").write_text(page, encoding="utf-8")
    seen = {}
    for step, modules in STEPS.items():
        arguments = [str(tmp_path / "in"), str(tmp_path / "out"), step]
        done = subprocess.run(
            [sys.executable, "-c", WATCHED, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        opened = {Path(name) for name in json.loads(done.stdout) if Path(name).is_relative_to(PACKAGE)}
        data = {file for file in opened if file.suffix not in (".py", ".pyc")}
        assert data - keys.reached(frozenset(modules)).files == set()
        seen[step] = {file.name for file in data}
    assert seen["report"] == {"filter.html", "filter.js", "style.css"}
    assert "phrases.toml" in seen["boilerplate"]
    assert {name for name in seen["encoding"] if not name.endswith(MODEL)} == set()  # those are noted, used or not


# --- libraries ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "libraries"),
    [
        ("reading", {"bs4", "chardet", "lxml", "numpy", "pyarrow", "warcio"}),
        ("encoding", {"ftfy", "pyarrow"}),
        ("boilerplate", {"numpy", "pyarrow", "xxhash"}),
        ("language", {"langdetect", "numpy", "pyarrow"}),
        ("translation", {"numpy", "pyarrow"}),
        ("duplicates", {"duckdb", "numpy", "pyarrow", "xxhash"}),
        ("publishing", {"numpy", "pyarrow", "xxhash"}),
    ],
)
def test_the_libraries_that_a_step_imports_are_in_its_key(step: str, libraries: set[str]) -> None:
    found = keys.code_of(STEPS[step])["libraries"]
    assert libraries | {"python"} <= found.keys()
    assert "not installed" not in found.values()
    assert {"luigi", "rich"} & found.keys() == set()


def test_a_library_of_another_version_makes_a_step_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    before, real = {step: keys.code_of(modules) for step, modules in STEPS.items()}, keys.version
    monkeypatch.setattr(keys, "version", lambda name: "0.0" if name == "langdetect" else real(name))
    assert [step for step, modules in STEPS.items() if keys.code_of(modules) != before[step]] == [
        "encoding",  # it asks which reading of a text is a language
        "language",
    ]


def test_a_library_known_by_another_name_has_a_version() -> None:
    assert keys.version("bs4").startswith("beautifulsoup4 4.")
    assert keys.version("no_such_library") == "not installed"


# --- what is kept between runs ---------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "sources.json"


SOURCE = b"import numpy\nfrom pipeline import text\nLIMIT = 6  # words\n"


def test_what_was_parsed_is_known_to_the_next_run_by_its_bytes(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = keys._Parsed(kept)
    said = first.of(SOURCE)
    first.keep()
    parsed: list[bytes] = []

    def parse(source: bytes) -> tuple[list[str], str]:
        parsed.append(source)
        return [], ""

    monkeypatch.setattr(keys, "_parse", parse)
    later = keys._Parsed(kept)
    names, meaning = later.of(SOURCE)
    assert (list(names), meaning) == (list(said[0]), said[1])
    assert parsed == []
    later.of(SOURCE.replace(b"6", b"7"))  # as long, and written within the same tick of the clock
    assert parsed == [SOURCE.replace(b"6", b"7")]


def test_a_source_with_another_meaning_has_another_digest_and_a_comment_none(kept: Path) -> None:
    parsed = keys._Parsed(kept)
    names, meaning = parsed.of(SOURCE)
    assert list(names) == ["numpy", "pipeline", "pipeline.text"]
    assert parsed.of(SOURCE.replace(b"words", b"lines"))[1] == meaning
    assert parsed.of(SOURCE.replace(b"6", b"7"))[1] != meaning


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff", b'{"0": 1}', None])
def test_what_was_kept_may_be_damaged_or_lost(kept: Path, damage: bytes | None) -> None:
    first = keys._Parsed(kept)
    said = first.of(SOURCE)
    first.keep()
    content = kept.read_bytes()
    kept.write_bytes(content.replace(said[1].encode(), b"0" * 64) if damage is None else damage)
    assert keys._Parsed(kept).of(SOURCE) == said


def test_that_nothing_can_be_kept_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    parsed = keys._Parsed(tmp_path / "file" / "sources.json")
    names, _ = parsed.of(SOURCE)
    parsed.keep()
    assert list(names) == ["numpy", "pipeline", "pipeline.text"]


def test_sources_of_old_versions_are_forgotten(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_PARSED", 2)
    for number in range(3):
        parsed = keys._Parsed(kept)
        parsed.of(b"LIMIT = %d" % number)
        parsed.keep()
    assert len(json.loads(kept.read_text())) - len(["seal"]) == 1

"""README and runbook are tried: their commands run, their Python runs, their output is what comes out.

Each part of the runbook that is about a fault is tried in a project that has it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

import pipeline
from benchmarks import faults
from pipeline import config
from pipeline.console import cli
from pipeline.engine import storage
from pipeline.records import Document, Facts, Result
from pipeline.run.steps import chain
from pipeline.stages import encoding
from pipeline.stages import stage as stages
from pipeline.stages.order import STAGES
from tests import examples, scheduler
from tests.runs import articles, write_jsonl

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNBOOK = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)


# --- commands ----------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A line of a block of commands, and the comment beside it, which names its exit code where that is not 0."""

    command: str
    comment: str

    @property
    def code(self) -> int:
        found = re.search(r"exit code (\d+)", self.comment)
        return int(found[1]) if found else 0


def lines(page: str) -> Iterator[Line]:
    for line in (line for block in blocks(page, "sh") for line in block.splitlines()):
        command, _, comment = line.partition(" #")
        yield Line(command.strip(), comment)


def attempt(command: str) -> int:
    """Its exit code: of `copydesk` here, of others in a shell."""
    words = shlex.split(command)
    if words[0] == "copydesk":
        return cli.main(words[1:])
    return subprocess.run(["/bin/sh", "-c", command], timeout=300).returncode


def shown(block: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> list[str]:
    """The lines of an example that are not among what its command prints."""
    command, _, example = block.partition("\n")
    capsys.readouterr()
    assert attempt(command.removeprefix("$ ")) == code
    said = [_without_keys(line.rstrip()) for line in capsys.readouterr().out.splitlines()]
    return [line for line in example.splitlines() if _without_keys(line) not in said]


def _without_keys(line: str) -> str:
    """Keys differ from version to version."""
    return re.sub(r"(?<=[.-])[0-9a-f]{12}(?=[-/])", "KEY", line)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, with this version of the programs on the path."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


# --- README ------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(here: Path) -> Path:
    """What its commands need, with the seeds also as the folder of articles that it names."""
    for name in ("seeds", "articles", "inbox/2026-11-21"):
        shutil.copytree(ROOT / "seeds", here / name)
    return here


def test_every_command_of_the_readme_runs(project: Path) -> None:
    assert cli.main(["run"]) == 0
    tried = [line for line in lines(README) if not line.command.startswith("make ")]
    assert {"copydesk", "LUIGI_CONFIG_PATH=configs/luigi.cfg"} == {line.command.split()[0] for line in tried}
    for line in tried:
        assert attempt(line.command) == line.code, line.command


def test_every_command_is_in_the_readme() -> None:
    assert [name for name in cli.COMMANDS if f"copydesk {name}" not in README] == []


def test_what_the_readme_shows_is_what_comes_out(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run"]) == 0
    examples = blocks(README, "console")
    assert examples != []
    for block in examples:
        assert shown(block, capsys) == []


def test_the_python_of_the_readme_runs_and_says_what_is_written_beside_it() -> None:
    assert examples.python(blocks(README, "python")[0])["pipeline"] is pipeline


def test_the_page_on_python_says_what_comes_out(project: Path) -> None:
    assert cli.main(["run"]) == 0
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    scope: dict[str, object] = {}
    for block in blocks(page, "python"):
        examples.python(block, scope)
    assert {"texts", "off", "corpus"} <= scope.keys()
    assert [name for name in pipeline.__all__ if f"pipeline.{name}(" not in page] == []


@pytest.mark.parametrize("name", ["start.md", "concepts.md"])
def test_what_a_page_for_beginners_shows_happens_in_that_order(
    project: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    found = re.findall(r"```(\w+)\n(.*?)```", page, re.DOTALL)
    assert {kind for kind, _ in found} <= {"sh", "console", "python"}
    assert found != []
    for kind, block in found:
        if kind == "console":
            assert shown(block, capsys) == []
        elif kind == "python":
            examples.python(block)
        for line in lines(f"```sh\n{block}```") if kind == "sh" else ():
            assert line.command.startswith("make ") or attempt(line.command) == line.code, line.command


def test_every_stage_is_in_the_readme() -> None:
    for step in chain.NAMES[:-1]:
        assert f"\n| {step} |" in README


def test_every_rule_of_encoding_is_in_its_page() -> None:
    page = (ROOT / "docs" / "encoding.md").read_text(encoding="utf-8")
    assert [judge.name for judge in encoding.STAGE.judges if judge.name.partition("/")[2] not in page] == []


def test_every_defence_names_a_test_that_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|.*\| ([^|]*) \|$", page, re.MULTILINE)
    said = re.findall(r"Tested\s+in\s([^.:]+)", page)
    assert rows[0] == "tested in"
    assert len(said) >= 5
    names = [re.findall("`([a-z_]+)`", cell) for cell in (*rows[1:], *said)]
    assert [] not in names
    assert [n for cell in names for n in cell if not (ROOT / "tests" / f"test_{n}.py").exists()] == []


def test_links_lead_somewhere() -> None:
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = [
        (file, link) for file in files for link in re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8"))
    ]
    assert links != []
    assert [f"{file.name}: {link}" for file, link in links if not (file.parent / link).exists()] == []


# --- the runbook -------------------------------------------------------------------------------------------------

DAY, BEFORE = "2026-11-24", "2026-11-23"
WITHOUT_TEXT = [{"id": f"b{number}", "body": "A text."} for number in range(5)]


def parts_of(page: str) -> dict[str, str]:
    """Its parts, by their headings."""
    found = re.split(r"^##+ (.+)\n", page, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


@pytest.fixture
def nights(here: Path) -> Path:
    """The inboxes of two nights, and what has come out of the first."""
    rules = ("duplicates/near_copy", "duplicates/contained_copy")  # the articles are much alike
    told = "".join(f'[rules."{rule}"]\nenabled = false\n' for rule in rules)
    (here / config.DEFAULT_FILE).write_text(f'[run]\ninput = "../inbox/{{batch}}"\n{told}')
    write_jsonl(here / "inbox" / BEFORE / "a.jsonl", articles(20))
    write_jsonl(here / "inbox" / DAY / "a.jsonl", articles(30, start=20))
    assert attempt(f"copydesk run --batch {BEFORE} --log logs/copydesk.jsonl") == 0
    return here


def make(code: int = 0) -> None:
    assert attempt(f"copydesk run --batch {DAY} --log logs/copydesk.jsonl") == code


def over_its_limits(project: Path, _: pytest.MonkeyPatch) -> Callable[[], object]:
    file = project / "inbox" / DAY / "a.jsonl"
    write_jsonl(file, [*articles(30, start=20), *WITHOUT_TEXT])
    make(code=3)
    return lambda: write_jsonl(file, articles(35, start=20))


def without_input(project: Path, _: pytest.MonkeyPatch) -> Callable[[], object]:
    make()
    (project / "inbox").rename(project / "away")
    return lambda: (project / "away").rename(project / "inbox")


def with_a_full_disk(project: Path, _: pytest.MonkeyPatch) -> None:
    assert faults.copydesk(project, "run", "--batch", DAY, full_after=20_000).code == 1


def killed(project: Path, _: pytest.MonkeyPatch) -> None:
    assert faults.copydesk(project, "run", "--batch", DAY, kill_at=100).code == -9


def busy(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document takes too long for the machine, once."""
    work = stages.run

    def breaks(stage: stages.Stage, document: Document, facts: Facts, idle: set[str]) -> Result:
        if stage.name == "translation" and document.id == "a25":
            raise TimeoutError("it takes too long")
        return work(stage, document, facts, idle)

    with monkeypatch.context() as patched:
        patched.setattr(stages, "run", breaks)
        make()


def damaged(project: Path, _: pytest.MonkeyPatch) -> None:
    """A bit of a step's output, one of the corpus and one of the history are turned."""
    make()
    for where in (f"runs/{DAY}/4-translation-*/kept/*", f"corpus/data/{DAY}.*", f"history/lines/{DAY}/*/*"):
        file = next((project / "output").glob(f"{where}.parquet"))
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)


def without_fault(_: Path, __: pytest.MonkeyPatch) -> None:
    make()


def made_late(project: Path, _: pytest.MonkeyPatch) -> None:
    make()
    write_jsonl(project / "inbox" / BEFORE / "late.jsonl", articles(22, start=20))
    assert attempt(f"copydesk run --batch {BEFORE}") == 0


RED = "A task is red on Luigi's page"
# What makes the fault of a part of the runbook, and how many documents are published in the end. What a fault returns
# mends it, where the part tells of that.
Fault = Callable[[Path, pytest.MonkeyPatch], Callable[[], object] | None]
FAULTS: Mapping[str, tuple[Fault, int]] = {
    "It failed at night: what do I type?": (over_its_limits, 0),
    "Not published": (over_its_limits, 15),
    "The input is not there": (without_input, 10),
    "The disk is full": (with_a_full_disk, 10),
    "It was killed": (killed, 10),
    "Set aside by a bad night": (busy, 10),
    "An output is damaged": (damaged, 10),
    "A day was made late": (made_late, 8),
    "What would other settings cost?": (without_fault, 10),
}


def test_every_part_with_commands_is_tried_with_its_fault() -> None:
    assert {name for name, part in parts_of(RUNBOOK).items() if blocks(part, "sh")} == {*FAULTS, RED}


@pytest.mark.parametrize("name", FAULTS)
def test_the_commands_of_the_runbook_mend_what_they_are_for(
    nights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    fault, in_the_end = FAULTS[name]
    mend = fault(nights, monkeypatch)
    part = parts_of(RUNBOOK)[name]
    examples = {block.partition("\n")[0].removeprefix("$ "): block for block in blocks(part, "console")}
    for line in lines(part):
        if mend and "mended" in line.comment:
            mend()
        if line.command in examples:
            assert shown(examples.pop(line.command), capsys, line.code) == []
        else:
            assert attempt(line.command) == line.code, line
    assert examples == {}
    assert published() == in_the_end
    if in_the_end:
        assert attempt("copydesk verify") == 0
        assert all(step["fresh"] for step in steps(capsys))


@pytest.mark.parametrize("way", ["mended", "published anyway"])
def test_a_red_task_becomes_green_as_the_runbook_says(nights: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    mend = over_its_limits(nights, monkeypatch)
    [again, *by_hand] = lines(parts_of(RUNBOOK)[RED])
    port = scheduler.free_port()
    environment = {**os.environ, "LUIGI_CONFIG_PATH": "configs/luigi.cfg"}
    with scheduler.running([scheduler.LUIGID, "--address", "127.0.0.1", "--port", str(port)], port, environment):

        def tasks(status: str) -> set[str]:
            return {task["name"] for task in scheduler.ask(port, "task_list", status=status).values()}

        def started(line: Line) -> int:
            return attempt(line.command + (f" --scheduler-port {port}" if " luigi " in line.command else ""))

        assert started(again) != again.code
        assert tasks("FAILED") == {"PublishCorpus"}
        if way == "mended":
            mend()
        for line in [again] if way == "mended" else by_hand:
            assert started(line) == line.code
        assert tasks("FAILED") == set()
        assert "PublishCorpus" in tasks("DONE")
    assert published() == (15 if way == "mended" else 10)


def published() -> int:
    """How many documents of the day."""
    return sum(storage.count_rows(str(file)) for file in Path("output/corpus/data").glob(f"{DAY}.*"))


def steps(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert attempt(f"copydesk plan --batch {DAY} --json") == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_what_the_log_says_by_the_runbook_is_what_the_code_says() -> None:
    table = re.findall(r"^\| [\d, none]+ \| (.*?) \| ", parts_of(RUNBOOK)["It failed at night: what do I type?"], re.M)
    said = [
        word
        for row in table
        for phrase in re.findall("`([^`]+)`", row)
        for word in re.split(r" ?\.\.\.;? ?| FILE", phrase)
    ]
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "pipeline").rglob("*.py"))
    code = re.sub(r"\{[A-Z_]+\}", "3", code) + os.strerror(errno.ENOSPC)
    assert len(said) >= 12
    assert [phrase for phrase in said if phrase not in code] == []


def test_the_settings_of_the_runbook_are_settings() -> None:
    [block] = blocks(RUNBOOK, "toml")
    settings = config.parse(STAGES, tomllib.loads(block), "operations.md", folder=Path("configs"))
    assert (settings.run.input, settings.run.only_new) == ("inbox/{batch}/*.jsonl.gz", False)


def test_what_the_runbook_shows_of_a_run_is_what_it_prints(nights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [block] = blocks(RUNBOOK, "text")
    rows = [*articles(4), {**articles(1)[0], "id": "copy"}, *WITHOUT_TEXT[:2]]
    write_jsonl(nights / "inbox" / DAY / "a.jsonl", [{**row, "id": f"c{n}"} for n, row in enumerate(rows)])
    (nights / "inbox" / DAY / "notes.pdf").touch()
    shutil.rmtree(nights / "output")
    capsys.readouterr()
    assert attempt(f"copydesk run --batch {DAY} --publish-anyway") == 0
    said = without_times(capsys.readouterr().out)
    pieces = [piece.strip() for piece in without_times(block).split("...") if piece.strip()]
    assert len(pieces) >= 3
    assert [piece for piece in pieces if piece not in said] == []


def without_times(text: str) -> str:
    return re.sub(r"\d+\.\d\d s", "S s", re.sub(r"\S+T\S+Z", "TIME", text))


def test_the_links_within_the_runbook_lead_to_its_parts() -> None:
    named = {re.sub(r"[^a-z0-9 -]", "", name.lower()).replace(" ", "-") for name in parts_of(RUNBOOK)}
    links = re.findall(r"\]\(#([^)]+)\)", RUNBOOK)
    assert len(links) >= 5
    assert set(links) - named == set()

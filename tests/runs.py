"""Whole batches, as tests run them: in a folder of their own, by the command."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline import config
from pipeline.config import Read
from pipeline.console import cli
from pipeline.engine import storage
from pipeline.run.plan import Plan
from pipeline.run.steps.step import Made
from pipeline.sources import read
from pipeline.sources.records import Failure, Record
from pipeline.stages.order import STAGES

ROOT = Path(__file__).parents[1]
SEEDS = ROOT / "seeds"
ARTICLE = (
    "The minister said on Monday that the bridge over the river would be closed until the end of the year. "
    "Engineers found cracks in two of its pillars during an inspection in spring. Drivers will have to take the "
    "ferry, which runs every twenty minutes, or go round by the motorway. The mayor called the decision a blow to "
    "the shops in the old town, and asked the government for help."
)


def keep_copies(folder: Path) -> None:
    """Write settings under which articles that are much alike stay, as those that tests make are."""
    (folder / config.DEFAULT_FILE).parent.mkdir()
    rules = ("duplicates/near_copy", "duplicates/contained_copy")
    (folder / config.DEFAULT_FILE).write_text("".join(f'[rules."{rule}"]\nenabled = false\n' for rule in rules))


def published(folder: Path, batches: Mapping[str, Iterable[Mapping[str, Any]]]) -> Path:
    """A folder in which batches of these records were published, the first one first."""
    keep_copies(folder)
    with contextlib.chdir(folder):
        for name, rows in batches.items():
            write_jsonl(Path(name, "a.jsonl"), rows)
            assert run(name, "--batch", name, "--workers", 1) == 0
    return folder


def run(*arguments: object) -> int:
    """`copydesk run` with these arguments, of the batch `demo` if they name none; its exit code."""
    named = [] if "--batch" in arguments else ["--batch", "demo"]
    return cli.main(["run", *map(str, arguments), *named])


def plan(**values: Any) -> Plan:
    """The plan of a batch under the settings here, with other values for some of `[run]`."""
    return Plan(config.load(STAGES, **{"batch": "demo", **values}))


def made(step: str, **values: Any) -> Made:
    """The current output of a step: `.output` is its folder, `.manifest` what it says of itself."""
    found = find(step, **values)
    assert found is not None, f"{step} has no current output"
    return found


def find(step: str, **values: Any) -> Made | None:
    """The same; None when there is none."""
    mine = plan(**values)
    return mine.made(mine.step(step))


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def reading(name: str, content: str | bytes, **values: Any) -> list[Record | Failure]:
    """What reading makes of a file of that name with this content, under these settings of `[read]`."""
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read.read_file(Path(name), name, Read(**values)))


def articles(count: int, start: int = 0) -> list[dict[str, str]]:
    return [{"id": f"a{i}", "text": f"Report {i}. {ARTICLE} It was number {i * 7919}."} for i in range(start, count)]


def tree(folder: Path | str) -> dict[str, bytes]:
    """The Parquet files below a folder, by their names."""
    files = sorted(Path(folder).rglob("*.parquet"))
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files if file.is_file()}


def published_files(batch: str, output: Path | str = "output") -> dict[str, bytes]:
    """The files that a batch has in the corpus, by their names; none if it is not published."""
    files = sorted(Path(output, "corpus", "data").glob(f"{batch}.{'[0-9a-f]' * 12}-*.parquet"))
    return {file.name: file.read_bytes() for file in files}


def published_rows(batch: str, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The articles that a batch has in the corpus."""
    files = [str(Path("output/corpus/data", name)) for name in published_files(batch)]
    return storage.read_table(files, columns).to_pylist()  # type: ignore[no-any-return]


def quarantined(folder: str = "output", name: str = "demo") -> list[dict[str, Any]]:
    """The rows that all steps of a batch have set aside in quarantine."""
    found: list[dict[str, Any]] = []
    for output in sorted(Path(folder).glob(f"runs/{name}/*/quarantined")):
        found += storage.read_table(str(output)).to_pylist()
    return found


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """A run that fails: its exit code, and the one line that it says."""
    code = run(*arguments)
    return code, one_line(capsys)


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    """A run that is over its limits: what it says, a line for the batch and one for each limit."""
    assert run(*arguments) == 3
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out
    return said.err.splitlines()


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What a command has said on standard error, which is one line and no traceback."""
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out
    assert said.err.count("\n") == 1, said.err
    return said.err.strip()

"""`copydesk explain`: which document is meant, what is told of it, that it fits the terminal and does it no harm."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipeline.console import cli, explain, show
from pipeline.engine import storage
from pipeline.run import life
from pipeline.sources import read
from pipeline.stages import stage as stages
from pipeline.stages.order import STAGES
from tests.runs import ARTICLE, ROOT, SEEDS, articles, made, one_line, plan, run, write_jsonl

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066 \x9b31m"
GERMAN = (
    "Der Bahnhof wird bis zum Jahresende umgebaut, teilte die Stadt am Montag mit. Während der Arbeiten halten die "
    "Züge auf dem östlichen Gleis. Die Kosten liegen bei zwölf Millionen Euro, die zum größten Teil der Bund trägt."
)
TOLD = (  # what is asked, what is told of it
    ("aaa", ["aaa-1", "published    in release 1, output/corpus, batch demo"]),
    ("the  MAYOR of\nNowhere", ["aaa-1"]),
    ("“Never” again", ["aaa-1"]),  # as it is published; `& # 39;` was read
    ("fun", ["funf", "language     dropped", "published    no; set aside by language", "0.80"]),
    ("a.jsonl:4", ["reading      quarantined", "  file                  a.jsonl", "  line                  4"]),
    ("a.jsonl:", ["a.jsonl:4"]),
)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert cli.main(["explain", *arguments]) == code
    return capsys.readouterr().out


@pytest.fixture
def four(place: Path) -> Path:
    """A batch of a document that is mended, one in another language, a plain one, and a line that is no record."""
    mended = f"{ARTICLE} The mayor of Nowhere said: & # 8220;Never& # 8221; again, and went.. Home."
    documents = [("aaa-1", mended), ("funf", GERMAN), ("b-1", f"{ARTICLE} And more.")]
    write_jsonl(place / "in" / "a.jsonl", [{"id": name, "text": text} for name, text in documents])
    with (place / "in" / "a.jsonl").open("a") as file:
        file.write('{"id": "x", "text": "broken\n')
    wanted = '[rules."language/unwanted_language"]\nwanted = ["en"]\n'
    settings = Path("configs/copydesk.toml")
    settings.write_text(settings.read_text() + wanted)
    assert run("in", "--workers", 1, "--publish-anyway") == 0
    return place


def test_a_document_is_found_by_its_beginning_or_by_words_of_its_text(
    four: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for asked, told in TOLD:
        said = shown(capsys, asked)
        assert [line for line in told if line not in said] == [], asked


def test_of_several_documents_each_is_named_with_its_first_words(
    four: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert cli.main(["explain", "the bridge over the river"]) == 2
    said = capsys.readouterr()
    assert [line.split("  ")[:2] for line in said.out.splitlines()] == [
        ["aaa-1", "a.jsonl, line 1"],
        ["b-1", "a.jsonl, line 3"],
    ]
    assert "“The minister said on Monday that the bridge over the river" in said.out
    assert said.err == (
        'copydesk: 2 documents of batch demo are like "the bridge over the river": copydesk explain ID\n'
    )
    assert cli.main(["explain", "aab-1"]) == 2
    assert one_line(capsys) == "copydesk: no document \"aab-1\" in batch demo; did you mean 'aaa-1'?"
    assert cli.main(["explain", "zzz\x1b[2J"]) == 2
    assert one_line(capsys).endswith("in batch demo; name its id, or words of its text in quotation marks")


def test_machines_are_told_everything(four: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(shown(capsys, "aaa-1", "--json"))
    steps = {step["step"]: step for step in told["steps"]}
    assert (told["published"], told["release"], told["twin"], told["superseded"]) == ("output/corpus", 1, None, [])
    assert list(steps) == ["reading", *(stage.name for stage in STAGES)]
    found = storage.read_table(str(made("encoding", input="in").output / "findings")).to_pylist()
    assert steps["encoding"]["findings"] == [row for row in found if row["id"] == "aaa-1"]
    [limit] = steps["language"]["limits"]["language_probability"].items()
    assert limit == ("language/unwanted_language min_probability", 0.8)


def test_every_limit_is_a_setting_of_a_rule() -> None:
    settings = {judge.name: judge.settings for stage in STAGES for judge in stage.judges}
    named = [limit for limits in life.LIMITS.values() for limit in limits]
    assert [(rule, name) for rule, name in named if name not in settings[rule]] == []
    columns = {column.name for stage in STAGES for column in stage.columns}
    assert life.LIMITS.keys() <= columns


def test_a_document_is_found_in_whatever_part_it_stands(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step looks only into the parts that were made of the one in which the step before has it."""
    monkeypatch.setattr(storage, "PART_ROWS", 4)
    monkeypatch.setattr("pipeline.engine.worker.ROWS_AT_ONCE", 4)
    monkeypatch.setattr(read, "PORTION_FILES", 1)
    documents = articles(20)
    documents[9]["text"] += " & # 39;Quoted& # 39;"
    for number in range(5):
        write_jsonl(place / "in" / f"{number}.jsonl", documents[4 * number : 4 * number + 4])
    assert run("in", "--workers", 1) == 0
    assert len(storage.parts(made("encoding", input="in").kept)) == 5
    for number in range(20):
        told = life.life_of(plan(input="in"), f"a{number}")
        assert [episode.place for episode in told.steps] == ["kept"] * 6
        assert [f.rule for f in told.steps[1].findings] == ["encoding/spaced_entity"] * 2 * (number == 9)


def test_a_copy_names_its_twin_and_a_worse_one_what_came_later(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("configs/copydesk.toml").unlink()
    teaser = ARTICLE[: len(ARTICLE) // 2].rpartition(" ")[0]
    for batch, documents in {"b1": [("teaser", teaser)], "b2": [("good", ARTICLE), ("same", ARTICLE)]}.items():
        write_jsonl(place / batch / "a.jsonl", [{"id": name, "text": text} for name, text in documents])
        assert run(batch, "--batch", batch, "--workers", 1, "--publish-anyway") == 0
    said = shown(capsys, "same", "--batch", "b2")
    assert "\nduplicates   dropped      duplicates/exact_copy: exact copy of good (batch b2): kept as " in said
    assert said.endswith("kept instead good (batch b2), exact copy, 1.00: copydesk explain good --batch b2\n")
    [better] = life.life_of(plan(batch="b1", input="b1"), "teaser").superseded
    assert (better["batch"], better["id"], better["kind"], better["why"]) == (
        "b2",
        "good",
        "contained",
        "the longer one",
    )
    said = shown(capsys, "teaser", "--batch", "b1")
    assert "better copy  good (batch b2), contained copy, 1.00: copydesk explain good --batch b2\n" in said


def test_what_is_not_published_yet_is_not_called_so(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jsonl(place / "in" / "a.jsonl", articles(2))
    assert run("in", "--until", "language") == 0
    assert "published    no; kept by language, the last step that was made" in shown(capsys, "a0")
    assert json.loads(shown(capsys, "a0", "--json"))["published"] is None


def test_the_traceback_of_a_rule_that_broke_is_told_when_asked_for(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mend = stages.run

    def broken(stage: Any, document: Any, *rest: Any) -> Any:
        if document.id == "a1" and stage.name == "encoding":
            raise ZeroDivisionError(f"a bad text{HOSTILE}")
        return mend(stage, document, *rest)

    monkeypatch.setattr(stages, "run", broken)
    documents = articles(2)
    documents[1]["text"] += " And went.. Home."
    write_jsonl(place / "in" / "a.jsonl", documents)
    assert run("in", "--publish-anyway", "--workers", 1) == 0
    said = shown(capsys, "a1")
    assert "encoding     quarantined  encoding: ZeroDivisionError: a bad text" in said
    assert "  a rule broke: --verbose shows the traceback\n" in said
    assert "ZeroDivisionError(f" not in said
    assert "  Traceback (most recent call last):\n" in shown(capsys, "a1", "--verbose")


# --- on a terminal -----------------------------------------------------------------------------------------------


def on_a_terminal(told: life.Life, width: int) -> list[str]:
    """What a terminal of that width shows, in color."""
    file = io.StringIO()
    terminal = Console(
        file=file, width=width, force_terminal=True, highlight=False, markup=False, emoji=False, soft_wrap=True
    )
    for hang, line in explain.lines(told):
        show.tell(terminal, line, hang)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_lines_break_between_words(place: Path, width: int) -> None:
    assert run(SEEDS, "--workers", 1) == 0
    told = life.life_of(plan(input=str(SEEDS)), "001_2059845ff647bd54")
    colored = on_a_terminal(told, width)
    plain = [ESCAPE.sub("", line) for line in colored]
    assert colored != plain
    assert max(map(len, plain)) <= width
    words = [word for _, line in explain.lines(told) for word in line.plain.split()]
    assert max(map(len, words)) <= 40 - 4
    assert " ".join(plain).split() == words


def test_a_real_terminal_is_told_in_color_and_one_without_color_is_not(place: Path) -> None:
    assert run(SEEDS, "--workers", 1) == 0
    said = in_a_terminal(["explain", "001_"], 80)
    assert "\x1b[31mquot;" in said
    assert max(len(ESCAPE.sub("", line)) for line in said.splitlines()) <= 80
    said = in_a_terminal(["explain", "001_"], 80, NO_COLOR="1")
    assert re.findall(r"\x1b\[[0-9;]*3[0-7]m", said) == []
    assert "[quot;]" in ESCAPE.sub("", said)


def in_a_terminal(arguments: list[str], columns: int, **environment: str) -> str:
    """What the command writes into a terminal of that width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    known = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "TERM")}
    command = [sys.executable, "-m", "pipeline", *arguments]
    process = subprocess.Popen(
        command, stdout=theirs, env={**known, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environment}
    )
    os.close(theirs)
    said = b"".join(_read(ours))
    os.close(ours)
    assert process.wait() == 0
    return said.decode()


def _read(stream: int) -> Iterator[bytes]:
    try:
        while some := os.read(stream, 1 << 16):
            yield some
    except OSError:  # Linux says so when the other end is closed
        return


def test_what_is_hostile_or_endless_is_shown_inert_and_short(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    endless = "x" * 1_000_000
    text = f"{ARTICLE} & # 39;{HOSTILE}& # 39; {endless}.. {ARTICLE}" + " Then he went,& # 39;& # 39; home." * 500
    record = {"id": f"{HOSTILE}{'i' * 5_000}", "text": text, "title": HOSTILE + endless, "url": f"http://x/{endless}"}
    write_jsonl(place / "in" / "a.jsonl", [record])
    assert run("in", "--publish-anyway", "--workers", 1) == 0
    said = shown(capsys, "\x1b]0;owned")
    assert len(said) < 60_000
    assert said.replace("\n", "").isprintable()
    assert "more findings: --verbose shows them" in said
    told = life.life_of(plan(input="in"), record["id"])
    for line in on_a_terminal(told, 80):
        assert ESCAPE.sub("", line).isprintable()
    capsys.readouterr()
    assert cli.main(["explain", endless[:900]]) == 0
    assert cli.main(["explain", "nothing\x1b[2J" * 1_000]) == 2
    assert len(one_line(capsys)) < 1_000

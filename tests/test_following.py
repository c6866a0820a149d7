"""Following a corpus: with real runs, by the command, by the example, and while publications are killed."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pipeline
from benchmarks import faults
from pipeline.console import cli
from pipeline.engine import whole
from pipeline.errors import InputError
from pipeline.output import changes, release
from tests.press import Press, Rows, applied, by_place
from tests.runs import ROOT, articles, one_line, run, write_jsonl

CORPUS = Path("output/corpus")


# --- whole runs --------------------------------------------------------------------------------------------------


def present() -> Rows:
    """All rows that are published."""
    return by_place(pipeline.read_corpus(CORPUS).dataset.to_table().to_pylist())


def changed_input() -> None:
    """Of `b1` one article says something else, one is in no language that is wanted, and one is gone."""
    rows = articles(3)
    rows[0]["text"] = rows[0]["text"].replace("bridge", "tunnel")
    rows[1]["text"] = "Der Bahnhof wird bis zum Jahresende umgebaut, und die Züge halten so lange nicht mehr hier. " * 9
    write_jsonl(Path("b1/a.jsonl"), rows[:2])
    settings = Path("configs/copydesk.toml")
    settings.write_text(settings.read_text() + '[rules."language/unwanted_language"]\nwanted = ["en"]\n')


def test_runs_say_what_changed_and_why_and_a_copy_comes_along(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = present()
    changed_input()
    assert run("--batch", "b1", "--max-dropped", 1, "--max-rise", 1) == 0
    write_jsonl(Path("b0/late.jsonl"), articles(6, 5))
    assert run("b0", "--batch", "b0") == 0
    found = pipeline.read_corpus(CORPUS, since=2)
    told = [(c.kind, c.batch, c.id, c.reason.partition(" ")[0]) for c in found if c.kind != "superseded"]
    assert told == [
        ("added", "b0", "a5", ""),
        ("changed", "b1", "a0", ""),
        ("withdrawn", "b1", "a1", "drop:"),
        ("withdrawn", "b1", "a2", "not"),
    ]
    assert applied(before, found) == present()
    capsys.readouterr()
    assert cli.main(["verify"]) == 0


# --- the command -------------------------------------------------------------------------------------------------


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert cli.main(["changes", *arguments]) == 0
    return capsys.readouterr().out


def test_the_command_counts_and_lists_them(press: Press, capsys: pytest.CaptureFixture[str]) -> None:
    press.publish("b1", {"u\x1b[31m": "one", "v": "one", **{f"w{n}": "one" for n in range(30)}})
    press.publish("b1", {"v": "two"}, aside={"u\x1b[31m": "a\nreason"})
    output = ["--output", str(press.output)]
    assert said(capsys, *output).splitlines()[:5] == [
        "release 1 to 2",
        "batch  added  changed  withdrawn  superseded",
        "b1         0        1         31           0",
        "withdrawn  b1/u\\x1b[31m: drop: a\\nreason",
        "changed    b1/v",
    ]
    assert said(capsys, *output).splitlines()[-1] == "and 12 more; --jsonl prints all"
    lines = [json.loads(line) for line in said(capsys, "--jsonl", "--since", "1", *output).splitlines()]
    assert len(lines) == 32
    assert lines[0] == {"kind": "withdrawn", "batch": "b1", "id": "u\x1b[31m", "reason": "drop: a\nreason"}
    assert said(capsys, "--jsonl", "--kind", "changed", *output) == (
        '{"kind": "changed", "batch": "b1", "id": "v", "text_changed": true}\n'
    )
    assert "\x1b" not in said(capsys, "--jsonl", *output)
    assert json.loads(said(capsys, "--json", "--kind", "withdrawn", "--kind", "added", *output)) == {
        "since": 1,
        "release": 2,
        "counts": {"b1": {"withdrawn": 31}},
    }
    assert said(capsys, "--batch", "b2", *output) == said(capsys, "--since", "2", *output).replace("2 to 2", "1 to 2")


def test_a_release_that_there_is_not_is_said_in_a_line(press: Press, capsys: pytest.CaptureFixture[str]) -> None:
    press.publish("b1", {"u": "one"})
    capsys.readouterr()
    assert cli.main(["changes", "--since", "9", "--output", str(press.output)]) == 2
    assert one_line(capsys) == f"copydesk: {press.corpus}: there is no release 9; the newest is 1"


# --- the example -------------------------------------------------------------------------------------------------


def searched(press: Press, *words: str) -> tuple[str, list[str]]:
    """What the example says it did, and where its hits are."""
    command = [
        sys.executable,
        str(ROOT / "examples" / "search_index.py"),
        str(press.corpus),
        "index.sqlite",
        *words,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=press.output.parent, env=environment, capture_output=True, text=True, check=True)
    return done.stderr.strip(), [line.partition(":")[0] for line in done.stdout.splitlines()]


def test_the_example_keeps_an_index_in_step(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    press.publish("b1", {"u": "the old bridge", "v": "the new bridge", "w": "a ferry"})
    assert searched(press, "bridge", "the") == ("release 0 to 1: 3 changes", ["b1/u", "b1/v"])
    press.publish("b1", {"u": "the old bridge", "v": "the new tunnel"})
    press.publish("b2", {"u": "no bridge"})
    assert searched(press, "bridge") == ("release 1 to 3: 3 changes", ["b2/u", "b1/u"])
    assert searched(press, "ferry") == ("release 3 to 3: 0 changes", [])
    assert searched(press, "tunnel") == ("release 3 to 3: 0 changes", ["b1/v"])
    monkeypatch.setattr(changes, "MOST_RELEASES", 1)
    for text in ("one bridge", "two"):
        press.publish("b1", {"u": text})
    assert searched(press, "bridge") == ("release 0 to 5: 2 changes", ["b2/u"])


# --- who reads while others publish ------------------------------------------------------------------------------

# Publishes what each line says in a process of its own, which kills itself before a change of the file system.
PUBLISHER = """
from contextlib import closing
from pathlib import Path
from tests.press import Press
for line in sys.stdin:
    kill_at, batch, documents = json.loads(line)
    if os.fork() == 0:
        seen.clear()
        with closing(local.LocalEngine(1)) as engine:
            Press(Path("."), engine).publish(batch, documents)
        Path("seen.json").write_text(json.dumps(seen))
        os._exit(0)
    print(os.wait()[1], flush=True)
"""


@pytest.mark.slow
def test_who_follows_in_a_loop_sees_whole_releases_wherever_a_publication_is_killed(press: Press) -> None:
    chance = random.Random(20)
    press.publish("b0", {"u": "one", "v": "one"})
    copies: dict[int, Rows] = {0: {}, 1: press.rows()}
    place = press.output.parent
    command = [sys.executable, "-c", faults.WATCHED + PUBLISHER, "-1", "-1", ""]
    environment = {**os.environ, "PYTHONPATH": str(faults.ROOT)}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    reads, points = 0, [-1]
    with subprocess.Popen(command, cwd=place, env=environment, **pipes) as publisher:
        assert publisher.stdin is not None
        assert publisher.stdout is not None
        for number in range(22):
            point = -1 if number in (0, 21) else chance.choice(points)
            documents = dict.fromkeys(chance.sample("uvwxyz", 4), f"{number}")
            print(json.dumps([point, f"b{number % 2}", documents]), file=publisher.stdin, flush=True)
            ended = False
            while not ended:
                ended = bool(select.select([publisher.stdout], [], [], 0)[0])
                reads += follow(press, copies)
            assert int(publisher.stdout.readline()) == (0 if point < 0 else signal.SIGKILL)
            if number == 0:
                seen = json.loads((place / "seen.json").read_text())
                first = next(n for n, change in enumerate(seen) if ".corpus." in change)
                points = list(range(first, len(seen)))
            whole.remove_leftovers(press.output)
        publisher.stdin.close()
    assert reads > 22
    assert len(copies) > 5
    assert release.damage(press.corpus)[0] == []


def follow(press: Press, copies: dict[int, Rows]) -> int:
    """Bring the newest copy up to date, and compare it with what is read; 0 where the release went meanwhile."""
    try:
        found = press.since(max(copies))
        mine = applied(copies[found.since], found)
        corpus = pipeline.read_corpus(press.corpus)
        theirs = by_place(corpus.dataset.to_table().to_pylist())
    except FileNotFoundError:  # of Arrow
        return 0
    except InputError as error:
        if "published again meanwhile" not in str(error):
            raise
        return 0
    assert copies.setdefault(found.release, mine) == mine
    assert corpus.release >= found.release
    if corpus.release == found.release:
        assert theirs == mine
    return 1

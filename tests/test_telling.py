"""How a run ended reaches whoever wants to know: at the terminal, in a log, by a webhook, in a file for Prometheus."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline import config
from pipeline.console import cli
from pipeline.errors import SettingsError
from pipeline.run import notify
from pipeline.run.outcome import Outcome
from pipeline.stages.order import STAGES
from tests.runs import articles, fails, run, write_jsonl

STEPS = ["reading", "encoding", "boilerplate", "language", "translation", "duplicates", "publishing", "report"]
ENDED = Outcome("2026-11-24", 12.5, 7, 4, 1, 2, 3, ())
REASON = 'reading: no "text"; found "id", "articleBody". hint: [read] text_field = "..." (2)'


@pytest.fixture
def mixed(place: Path) -> Path:
    """Four articles, a copy of one of them, two records whose text has another name, and a file nobody reads."""
    rows = [*articles(4), {**articles(1)[0], "id": "copy"}]
    rows += [{"id": f"b{n}", "articleBody": "Text."} for n in range(2)]
    write_jsonl(place / "in" / "a.jsonl", rows)
    (place / "in" / "notes.pdf").touch()
    return place


def test_a_run_ends_with_its_figures_and_its_reasons_with_their_hints(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("in", "--publish-anyway") == 0
    [last] = [line for line in capsys.readouterr().out.splitlines() if " published " in line and "Most often" in line]
    told = last.partition(" demo ")[2]
    assert told.startswith(f"published 4; dropped 1, quarantined 2, left out 1. Most often: {REASON}; duplicates/exact")


def test_where_there_is_no_terminal_each_step_is_a_line_with_its_documents(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("in", "--publish-anyway") == 0
    lines = capsys.readouterr().out.splitlines()
    steps = [re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ demo ([a-z]+)(?:$|: )", line) for line in lines]
    assert [step[1] for step in steps if step] == STEPS
    assert re.search(r" reading: read 7, kept 5, dropped 0, quarantined 2, findings 0, \d+\.\d\d s$", lines[0])
    assert re.search(r" publishing: published 4, \d+\.\d\d s$", lines[6])


def test_a_step_that_was_done_already_gets_no_line(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("in", "--publish-anyway") == 0
    capsys.readouterr()
    assert run("in", "--publish-anyway", "--again", "duplicates") == 0
    told = re.findall(r"Z demo ([a-z]+): ", capsys.readouterr().out)
    assert told == ["duplicates"]


def test_json_is_nothing_but_json_and_tells_the_same(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("in", "--publish-anyway", "--json") == 0
    ended = json.loads(capsys.readouterr().out)["outcome"]
    assert (ended["published"], ended["dropped"], ended["quarantined"], ended["left_out"]) == (4, 1, 2, 1)
    assert ended["reasons"][0] == REASON


def test_a_log_is_appended_to_as_text_or_as_json(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("in", "--publish-anyway", "--log", "logs/run.log") == 0
    assert Path("logs/run.log").read_text() == "".join(
        f"{line}\n" for line in capsys.readouterr().out.splitlines() if re.match(r"\d{4}-", line)
    )
    assert run("in", "--log", "run.jsonl", "--again", "report", "--publish-anyway") == 0
    assert run("in", "--log", "run.jsonl", "--max-quarantined", "0.01", "--again", "publishing") == 3
    events = [json.loads(line) for line in Path("run.jsonl").read_text().splitlines()]
    assert [event.get("step") for event in events] == ["report", None, None]
    assert [event.get("exit_code") for event in events] == [None, 0, 3]
    assert events[-1]["text"].startswith("failed (exit code 3): batch demo is not published, and what was stays;")


def test_a_log_that_cannot_be_written_stops_the_run_before_it_begins(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mixed / "file").touch()
    assert fails(capsys, "in", "--log", "file/run.log") == (1, "copydesk: file: File exists")
    assert not Path("output/corpus").exists()


@pytest.mark.parametrize("length", [10, 1_000])
def test_however_many_fields_a_record_has_the_hint_is_said(
    place: Path, length: int, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(place / "in" / "a.jsonl", [{"b" * 60 + str(n): "x" for n in range(length)}])
    assert run("in", "--publish-anyway") == 0
    assert 'hint: [read] text_field = "..." (1)' in capsys.readouterr().out


# --- the webhook -------------------------------------------------------------------------------------------------


@pytest.fixture
def hook() -> Iterator[tuple[str, list[Any], list[int]]]:
    """A server on this machine: its address, what was posted there, and the codes that it answers with."""
    posted: list[Any] = []
    codes = [204]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(codes[0])
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook?secret=s3cr3t", posted, codes
    server.shutdown()
    thread.join()
    server.server_close()


def settings(address: str) -> None:
    rules = Path(config.DEFAULT_FILE).read_text()
    Path(config.DEFAULT_FILE).write_text(f'{rules}\n[notify]\nwebhook = "{address}"\nmetrics = "run.prom"\n')


def test_one_message_a_run_is_posted(mixed: Path, hook: tuple[str, list[Any], list[int]]) -> None:
    address, posted, _ = hook
    settings(address)
    assert run("in", "--publish-anyway") == 0
    [(path, kind, message)] = posted
    assert (path, kind) == ("/hook?secret=s3cr3t", "application/json")
    assert (message["batch"], message["exit_code"], message["published"]) == ("demo", 0, 4)
    assert message["text"].startswith("copydesk, batch demo: published 4; dropped 1, quarantined 2, left out 1. Most")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["in"], 3, "2 of 7 documents are quarantined"),
        (["nowhere"], 2, "nowhere: no such file or folder"),
    ],
)
def test_a_run_that_fails_is_told_of_too(
    mixed: Path, hook: tuple[str, list[Any], list[int]], arguments: list[str], code: int, said: str
) -> None:
    address, posted, _ = hook
    settings(address)
    assert run(*arguments) == code
    [(_, _, message)] = posted
    assert (message["exit_code"], message["published"]) == (code, None)
    assert said in message["error"]


def test_that_nobody_listens_fails_no_run_and_is_said_without_the_secret(
    mixed: Path, hook: tuple[str, list[Any], list[int]], capsys: pytest.CaptureFixture[str]
) -> None:
    address, _, codes = hook
    codes[0] = 500
    settings(address)
    assert run("in", "--publish-anyway") == 0
    assert capsys.readouterr().err == "copydesk: 127.0.0.1 was not told: Internal Server Error\n"
    settings_file = Path(config.DEFAULT_FILE)
    settings_file.write_text(settings_file.read_text().replace(address, "http://127.0.0.1:1/s3cr3t"))
    assert run("in", "--publish-anyway") == 0
    assert capsys.readouterr().err.startswith("copydesk: 127.0.0.1 was not told: [Errno 111]")


@pytest.mark.parametrize("answer", [b"no HTTP\r\n\r\n", b""], ids=["garbage", "nothing"])
def test_whatever_a_server_answers_fails_no_run(mixed: Path, answer: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def answer_once() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(answer)

    thread = threading.Thread(target=answer_once)
    thread.start()
    notified = config.Notify(webhook=f"http://127.0.0.1:{server.getsockname()[1]}/s3cr3t?a b")
    said = list(notify.tell(ENDED, replace(notified, webhook=notified.webhook.replace(" ", "+"))))
    thread.join()
    server.close()
    assert [line.partition(": ")[0] for line in said] == ["127.0.0.1 was not told"]
    said += list(notify.tell(ENDED, notified))  # an address that cannot be
    assert said[-1] == "127.0.0.1 was not told: InvalidURL"
    assert "s3cr3t" not in "".join(said)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://example.org/x", "example.org/hook", "http://"])
def test_an_address_that_is_none_of_the_web_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="webhook must begin with http"):
        config.parse(STAGES, {"notify": {"webhook": address}}, "s.toml")


# --- Prometheus --------------------------------------------------------------------------------------------------


def metrics(file: Path) -> dict[str, float]:
    """The file as Prometheus reads it: names with labels to values; each name with its help and type before it."""
    found: dict[str, float] = {}
    typed = ""
    for line in file.read_text().splitlines():
        if line.startswith("# TYPE "):
            typed = line.split()[2]
            assert line == f"# TYPE {typed} gauge"
        elif not line.startswith("# HELP "):
            match = re.fullmatch(r'(([a-z_]+)(?:\{[a-z_]+="[^"\\]*"\})?) ([0-9.]+)', line)
            assert match is not None, line
            assert match[2] == typed
            found[match[1]] = float(match[3])
    return found


def test_the_file_for_prometheus_tells_the_documents_by_place_and_the_times(tmp_path: Path) -> None:
    file = tmp_path / "new" / "copydesk.prom"
    notify.write_metrics(ENDED, file, 1_000.5)
    assert metrics(file) == {
        'copydesk_documents{place="read"}': 7,
        'copydesk_documents{place="published"}': 4,
        'copydesk_documents{place="dropped"}': 1,
        'copydesk_documents{place="quarantined"}': 2,
        'copydesk_documents{place="left_out"}': 3,
        "copydesk_run_duration_seconds": 12.5,
        "copydesk_last_run_timestamp_seconds": 1_000.5,
        "copydesk_last_run_exit_code": 0,
        "copydesk_last_success_timestamp_seconds": 1_000.5,
        'copydesk_batch_info{batch="2026-11-24"}': 1,
    }
    assert [path.name for path in file.parent.iterdir()] == ["copydesk.prom"]


def test_a_failure_leaves_the_time_of_the_last_success(tmp_path: Path) -> None:
    file = tmp_path / "copydesk.prom"
    failed = ENDED._replace(exit_code=3, error="too many", published=None)
    notify.write_metrics(failed, file, 900)
    assert "copydesk_last_success_timestamp_seconds" not in metrics(file)
    notify.write_metrics(ENDED, file, 1_000)
    notify.write_metrics(failed, file, 2_000)
    found = metrics(file)
    assert found["copydesk_last_success_timestamp_seconds"] == 1_000
    assert found["copydesk_last_run_timestamp_seconds"] == 2_000
    assert found["copydesk_last_run_exit_code"] == 3
    assert found['copydesk_documents{place="published"}'] == 0


def test_a_run_writes_it_and_one_with_nothing_to_do_is_a_success(mixed: Path) -> None:
    Path(config.DEFAULT_FILE).write_text('[notify]\nmetrics = "run.prom"\n')
    assert run("in", "--publish-anyway") == 0
    first = metrics(Path("run.prom"))
    assert run("in", "--publish-anyway") == 0
    second = metrics(Path("run.prom"))
    assert second["copydesk_last_success_timestamp_seconds"] > first["copydesk_last_success_timestamp_seconds"]
    assert second['copydesk_documents{place="published"}'] == first['copydesk_documents{place="published"}']


def test_that_it_cannot_be_written_fails_no_run(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mixed / "file").touch()
    Path(config.DEFAULT_FILE).write_text('[notify]\nmetrics = "file/run.prom"\n')
    assert run("in", "--publish-anyway") == 0
    assert capsys.readouterr().err == "copydesk: file/run.prom was not written: File exists\n"


def test_a_command_for_machines_says_the_error_once(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "in", "--log", "x.log"]) == 3
    said = capsys.readouterr()
    assert said.err.count("2 of 7 documents") == 1
    assert "2 of 7 documents" not in said.out

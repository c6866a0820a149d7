"""The same batch under Luigi: by itself, and against a real scheduler."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline
from tests.runs import SEEDS, articles, plan, write_jsonl


def test_luigi_itself_runs_the_batch(place: Path) -> None:
    shutil.copytree(SEEDS, place / "seeds")
    luigi = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline.tasks", "CleanCorpus"]
    done = subprocess.run(
        [*luigi, "--CleanCorpus-batch", "demo", "--local-scheduler"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert len(pipeline.read_corpus("output/corpus")) == 3
    assert all(state.fresh for state in plan(input="seeds").states())


def test_luigi_tells_a_failure_by_its_exit_code(place: Path) -> None:
    luigi = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline.tasks", "CleanCorpus"]
    settings = {**os.environ, "LUIGI_CONFIG_PATH": str(SEEDS.parent / "configs" / "luigi.cfg")}
    done = subprocess.run(
        [*luigi, "--input-folder", "nowhere", "--local-scheduler"], capture_output=True, env=settings, timeout=120
    )
    assert done.returncode != 0
    assert b"nowhere: no such file or folder" in done.stderr


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


@pytest.fixture
def luigid(place: Path) -> Iterator[int]:
    port = free_port()
    command = [str(Path(sys.executable).with_name("luigid")), "--address", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--state-path", "state.pickle"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LUIGI_CONFIG_PATH": str(SEEDS.parent / "configs" / "luigi.cfg")},
    )
    deadline = time.monotonic() + 60
    while True:  # the server tells nobody that it is ready: ask until it answers
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert server.poll() is None, "luigid ended"
            assert time.monotonic() < deadline, "luigid does not answer"
    yield port
    server.terminate()
    server.wait(timeout=30)


def test_a_scheduler_on_loopback_runs_the_batch(place: Path, luigid: int) -> None:
    shutil.copytree(SEEDS, place / "seeds")
    luigi = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline.tasks", "CleanCorpus"]
    where = ["--scheduler-host", "127.0.0.1", "--scheduler-port", str(luigid)]
    done = subprocess.run([*luigi, "--CleanCorpus-batch", "demo", *where], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(pipeline.read_corpus("output/corpus")) == 3


def test_a_step_that_failed_runs_again_the_next_time(place: Path, luigid: int) -> None:
    luigi = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline.tasks", "CleanCorpus"]
    where = ["--scheduler-host", "127.0.0.1", "--scheduler-port", str(luigid)]
    settings = {**os.environ, "LUIGI_CONFIG_PATH": str(SEEDS.parent / "configs" / "luigi.cfg")}
    command = [*luigi, "--CleanCorpus-batch", "demo", "--input-folder", "in", *where]
    write_jsonl(place / "in" / "a.jsonl", [{"id": "a", "text": ""}, *articles(1)])
    done = subprocess.run(command, capture_output=True, text=True, env=settings, timeout=120)
    assert done.returncode != 0
    assert "1 of 2 documents are quarantined" in done.stderr
    write_jsonl(place / "in" / "a.jsonl", articles(2))
    done = subprocess.run(command, capture_output=True, text=True, env=settings, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(pipeline.read_corpus("output/corpus")) == 2

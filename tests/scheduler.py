"""Luigi's scheduler, as tests start it: `luigid`, on a port of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LUIGID = str(Path(sys.executable).with_name("luigid"))


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Iterator[None]:
    """A scheduler that answers; it is ended with the block, as systemd ends it."""
    quiet = subprocess.DEVNULL
    server = subprocess.Popen([*command], stdout=quiet, stderr=quiet, env=dict(environment))
    deadline = time.monotonic() + 60
    while True:  # the server tells nobody that it is ready: ask until it answers
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert server.poll() is None, "luigid ended"
            assert time.monotonic() < deadline, "luigid does not answer"
    try:
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)


def ask(port: int, method: str, **arguments: object) -> Any:
    """What luigid answers to a call."""
    body = urllib.parse.urlencode({"data": json.dumps(arguments)}).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/{method}", body, timeout=60) as answer:
        return json.load(answer)["response"]


def page(port: int, path: str) -> str:
    """A page of luigid."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=60) as answer:
        return str(answer.read().decode())

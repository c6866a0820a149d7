"""`copydesk desk`: batches in a browser: search, read, compare, decide."""

from __future__ import annotations

import argparse
import secrets
import signal
import socket
from contextlib import closing, suppress

from pipeline.console import show
from pipeline.errors import SettingsError
from pipeline.run import batch as batches
from pipeline.run import turns
from pipeline.run.plan import Plan
from pipeline.stages.order import STAGES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port of this machine (default: a free one)")
    parser.add_argument("--output", metavar="FOLDER", help="where outputs are (default: output)")
    parser.add_argument("--work", metavar="FOLDER", help="folder to work in where the output is in a store")
    parser.add_argument("--config", metavar="FILE", help="settings (default: those of each batch)")


def run(options: argparse.Namespace) -> int:
    """Serve on this machine alone, until Ctrl-C."""
    try:
        import uvicorn

        from pipeline.desk import app, guard
        from pipeline.desk.batches import Desk, Place
    except ImportError as error:
        raise SettingsError(f"the desk needs {error.name}: pip install 'copydesk[desk]'") from error
    run_table = show.settings_of(options).run
    turns.refresh(run_table)
    given = {name: value for name in ("output", "work", "config") if (value := getattr(options, name))}

    def plan_of(name: str) -> Plan:
        told = {**show.given(options), "batch": name}
        return Plan(batches.settings_of(STAGES, options.config, **told))

    named = tuple(part for name, value in given.items() for part in (f"--{name}", value))
    desk = Desk(Place(run_table.folder, named, plan_of))
    token = secrets.token_urlsafe(24)
    with closing(desk.jobs), _listening(options.port) as listener:
        port = listener.getsockname()[1]
        guarded = guard.Guard(app.app(desk), token, port)
        show.lines(f"http://127.0.0.1:{port}/?{guard.TOKEN}={token}", "Ctrl-C ends it.")
        config = uvicorn.Config(guarded, log_level="error", server_header=False, date_header=False, lifespan="off")
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended so, it takes along what it has started, too
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
    return 0


def _listening(port: int) -> socket.socket:
    """A port of this machine that no other machine can reach.

    Raises:
        SettingsError: it cannot be had.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise SettingsError(f"--port {port}: cannot be had ({error}); name another one, or none") from error
    return listener

"""What takes longer than a page: commands of `copydesk`, each in a process of its own, one at a time.

So what is asked for here does what it does in a terminal, and takes its turn as that does.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import CopydeskError

MOST_JOBS = 20  # whose results are kept
MOST_SAID = 4_000  # characters of what a command has said, shown


class Job:
    """A command that was started."""

    def __init__(self, number: int, title: str, back: str, arguments: Sequence[str], folder: Path) -> None:
        """`back`: the page that it was asked for on."""
        self.number, self.title, self.back, self.arguments = number, title, back, list(arguments)
        self._out, self._said = folder / f"{number}.out", folder / f"{number}.err"
        with self._out.open("wb") as out, self._said.open("wb") as said:
            command = [sys.executable, "-m", "pipeline", *arguments]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=said)

    @property
    def code(self) -> int | None:
        """The exit code; None as long as it runs."""
        return self._process.poll()

    @property
    def said(self) -> str:
        """The end of what it has said."""
        return self._said.read_text(encoding="utf-8", errors="replace")[-MOST_SAID:]

    @property
    def result(self) -> Any:
        """What it has printed, which is JSON; None where that is not whole."""
        try:
            return json.loads(self._out.read_text(encoding="utf-8"))
        except ValueError:
            return None

    def stop(self) -> None:
        """End it as Ctrl-C does, and wait for that."""
        if self.code is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def remove(self) -> None:
        """Let go of what it has printed."""
        self._out.unlink(missing_ok=True)
        self._said.unlink(missing_ok=True)


class Jobs:
    """The commands that were started from the desk."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="copydesk-desk-")
        self._jobs: dict[int, Job] = {}
        self._last = 0
        self._starting = threading.Lock()  # each page is made in a thread of its own

    def start(self, title: str, back: str, arguments: Sequence[str]) -> Job:
        """Start a command.

        Raises:
            CopydeskError: another one runs.
        """
        with self._starting:
            if running := self.running:
                raise CopydeskError(f"one at a time: {running.title} is still running, see /jobs/{running.number}")
            self._last += 1
            job = self._jobs[self._last] = Job(self._last, title, back, arguments, Path(self._folder.name))
            for number in sorted(self._jobs)[:-MOST_JOBS]:
                self._jobs.pop(number).remove()
            return job

    def get(self, number: int) -> Job | None:
        """The command of that number, if it is still known."""
        return self._jobs.get(number)

    @property
    def running(self) -> Job | None:
        """The command that runs."""
        return next((job for job in self._jobs.values() if job.code is None), None)

    def close(self) -> None:
        """Stop what runs, and let go of all."""
        for job in self._jobs.values():
            job.stop()
        self._folder.cleanup()

"""A lease: the right to write below a prefix of a store, of one holder at a time, wherever in the world he runs.

It is an object that says who holds it and for how long, written only over the one that was read before: of two that
take it at once the store refuses one. The holder writes it again long before it ends. One that has ended, since its
holder was killed, may be taken over. Its age is told by the clock of the store alone.

A holder that was stopped for longer than that, and does not know yet, is held off by what he writes: the manifest, too,
is written only over the one that he has read.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.engine.stores.s3 import S3, Found
from pipeline.engine.stores.store import ChangedError
from pipeline.errors import CopydeskError, SettingsError, StoreError

SECONDS = 60.0  # without a word of its holder, after which a lease has ended
_AGAIN = 1.0  # seconds after which who waits looks again
_SPARE = 0.25  # of that time: whoever holds less of it does nothing more


class Lease:
    """The lease of the object `key`; `owner` names those who cannot meet: of one owner the one that asks is the one.

    Raises:
        SettingsError: the store has no conditional writes.
    """

    def __init__(self, store: S3, key: str, shown: str, owner: str) -> None:
        self._store, self._key, self._shown, self._owner = store, key, shown, owner
        self._tag = ""
        self._until = 0.0  # by our own clock, from before it was written
        self._over = threading.Event()
        self._renewing: threading.Thread | None = None

    def take(self, what: str, tell: Callable[[str], object]) -> None:
        """Have it from now on; wait for whoever has it, and say so. `what` is it wanted for, for others to read."""
        body = self._body(what)
        told = ""
        while not self._written(body, over=""):
            found = self._store.read(self._key)
            if found is None:
                continue
            held = _read(found)
            if self._is_free(held, found) and self._written(body, over=found.tag):
                break
            if held.get("since") != told:
                told = str(held.get("since"))
                tell(self._waiting(held))
            time.sleep(_AGAIN)
        self._refuse_without_conditions(body)
        self._over.clear()
        self._renewing = threading.Thread(target=self._renew, args=(body,), daemon=True)
        self._renewing.start()

    def check(self) -> None:
        """Make sure that nobody else has it.

        Raises:
            CopydeskError: it has ended: somebody else may have it by now.
        """
        if time.monotonic() > self._until - _SPARE * SECONDS:
            raise CopydeskError(
                f"{self._shown}: the lease has ended meanwhile, and others may publish; nothing is published, and what "
                "was stays. Run again"
            )

    def give_back(self) -> None:
        """Let others have it; if the store does not hear of it, it ends by itself."""
        if self._renewing is None:
            return
        self._over.set()
        self._renewing.join()
        self._renewing = None
        with suppress(ChangedError, StoreError, SettingsError):
            self._store.write(self._key, b"{}", over=self._tag)
        self._until = 0.0

    def _body(self, what: str) -> bytes:
        who = f"{_user()}@{socket.gethostname()}, process {os.getpid()}, {what}"
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        told = {"owner": self._owner, "who": who, "since": since, "seconds": SECONDS, "process": os.getpid()}
        return json.dumps(told, indent=1).encode()

    def _written(self, body: bytes, over: str) -> bool:
        now = time.monotonic()
        try:
            self._tag = self._store.write(self._key, body, over)
        except ChangedError:
            return False
        self._until = now + SECONDS
        return True

    def _is_free(self, held: dict[str, Any], found: Found) -> bool:
        """Whether it was given back, has ended, or is what an earlier process of this owner has left."""
        owner, seconds = held.get("owner"), held.get("seconds")
        return (
            not owner or owner == self._owner or found.age > (seconds if isinstance(seconds, int | float) else SECONDS)
        )

    def _waiting(self, held: dict[str, Any]) -> str:
        return (
            f"waiting for {held.get('who')}, which has {self._shown} since {held.get('since')}; if it was killed, "
            f"its lease ends {SECONDS:.0f} s after its last word, or once {self._shown}/{_name(self._key)} is removed"
        )

    def _refuse_without_conditions(self, body: bytes) -> None:
        """Refuse a store that writes whatever the condition: two at once would not see each other."""
        for over in ("", '"0"'):
            try:
                self._store.write(self._key, body, over)
            except ChangedError:
                continue
            self._store.remove([self._key])
            raise SettingsError(
                f"{self._shown}: the store knows no conditional writes (If-None-Match, If-Match), without which two "
                "runs would not see each other; publish to another one, or into a folder"
            )

    def _renew(self, body: bytes) -> None:
        while not self._over.wait(SECONDS / 4):
            with suppress(StoreError, SettingsError):  # once more in a while, if the store does not answer
                if self._written(body, over=self._tag):
                    continue
                found = self._store.read(self._key)
                if found is None or found.content != body:  # else it was our own word, whose answer was lost
                    self._until = 0.0
                    return
                self._tag = found.tag


def owner_of(folder: Path) -> str:
    """Who holds what is taken for a folder of this machine, where a lock of the system holds off all others.

    It is another one on another machine, after a restart, and for another folder; another container has other folders.
    """
    with suppress(OSError):
        stat = folder.stat()
        machine = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{machine} {stat.st_dev} {stat.st_ino} {folder.resolve()}"
    return f"{socket.gethostname()} {os.getpid()} {time.time()}"


def _read(found: Found) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        told = json.loads(found.content)
        if isinstance(told, dict):
            return told
    return {"owner": "?", "who": "somebody", "since": "?"}


def _name(key: str) -> str:
    return key.rpartition("/")[2]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a process of a container may have no name
        return str(os.getuid())

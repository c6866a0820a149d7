"""Telling others how a run ended: by a webhook, and in a file for Prometheus. That it fails, fails no run."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.config import Notify
from pipeline.engine import whole
from pipeline.run.outcome import Outcome


def tell(outcome: Outcome, notify: Notify) -> Iterator[str]:
    """Tell those that the settings name; yields in words who could not be told."""
    if notify.webhook:
        from http.client import HTTPException  # with all that encrypts it takes 0.02 s to load, and few ask for it

        try:
            _post(outcome, notify.webhook, notify.webhook_seconds)
        except (OSError, ValueError, HTTPException) as error:
            # of the address only the host is said: the rest may be a secret
            why = getattr(error, "reason", None) or type(error).__name__
            yield f"{urlsplit(notify.webhook).hostname} was not told: {why}"
    if notify.metrics:
        try:
            write_metrics(outcome, Path(notify.metrics), time.time())
        except OSError as error:
            yield f"{notify.metrics} was not written: {error.strerror}"


def _post(outcome: Outcome, address: str, seconds: float) -> None:
    """One message a run. Chat programs show its `text`, others read the rest."""
    import urllib.request

    message = {"text": f"copydesk, batch {outcome.batch}: {outcome}", **outcome._asdict()}
    body = json.dumps(message).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json", "User-Agent": "copydesk"})
    with urllib.request.urlopen(request, timeout=seconds):
        pass


# --- Prometheus --------------------------------------------------------------------------------------------------

_SUCCESS = "copydesk_last_success_timestamp_seconds"


def write_metrics(outcome: Outcome, file: Path, now: float) -> None:
    """Write the file in one step; a run that failed leaves the time of the last success as it was."""
    places = ("read", "published", "dropped", "quarantined", "left_out")
    by_place = {f'{{place="{place}"}}': getattr(outcome, place) or 0 for place in places}
    succeeded = _last_success(file) if outcome.error else now
    metrics: Sequence[tuple[str, str, Mapping[str, float]]] = [
        ("copydesk_documents", "Documents of the last run by place; left_out counts files.", by_place),
        ("copydesk_run_duration_seconds", "How long the last run took.", {"": outcome.seconds}),
        ("copydesk_last_run_timestamp_seconds", "When the last run ended.", {"": now}),
        ("copydesk_last_run_exit_code", "Its exit code: 0 done, 3 not published.", {"": outcome.exit_code}),
        (_SUCCESS, "When a run last ended well.", {} if succeeded is None else {"": succeeded}),
        ("copydesk_batch_info", "The batch of the last run.", {f'{{batch="{outcome.batch}"}}': 1}),
    ]
    lines: list[str] = []
    for name, told, values in metrics:
        lines += [f"# HELP {name} {told}", f"# TYPE {name} gauge"]
        lines += [f"{name}{labels} {value}" for labels, value in values.items()]
    whole.write_text(file, "\n".join(lines) + "\n")


def _last_success(file: Path) -> float | None:
    with suppress(OSError, UnicodeDecodeError):
        found = re.search(rf"^{_SUCCESS} ([0-9.e+]+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        return float(found[1]) if found else None
    return None

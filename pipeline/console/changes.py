"""`copydesk changes`: what became of the articles of the corpus since a release, as `read_corpus(since=...)` has it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from typing import Any

from rich.text import Text

from pipeline.console import show
from pipeline.output.changes import KINDS
from pipeline.output.corpus import read_corpus
from pipeline.output.following import Change, Changes, changes_since
from pipeline.output.layout import CORPUS

MOST = 20  # changes listed for a person


def add_arguments(parser: argparse.ArgumentParser) -> None:
    told = "the release that a copy stands at; 0: nothing yet (default: the one before the newest)"
    parser.add_argument("--since", type=int, metavar="RELEASE", help=told)
    parser.add_argument("--kind", action="append", choices=KINDS, help="these alone; may be given again")
    parser.add_argument("--jsonl", action="store_true", help="print all changes, a line of JSON each")
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """How many changes of each kind, batch by batch, and the first of them; or all of them for machines."""
    corpus = f"{show.settings_of(options).run.output}/{CORPUS}"
    since = read_corpus(corpus).release - 1 if options.since is None else options.since
    found = changes_since(corpus, since)
    kinds = options.kind or KINDS
    asked = (c for c in found.listed() if c.kind in kinds and options.batch in (None, c.batch))
    if options.jsonl:
        for change in asked:
            show.as_json(_told(change), indent=None)
        return 0
    counts = {
        batch: {kind: number for kind, number in of.items() if kind in kinds}
        for batch, of in found.counts.items()
        if options.batch in (None, batch)
    }
    if options.json:
        show.as_json({"since": found.since, "release": found.release, "counts": counts})
    else:
        _print(found, counts, asked)
    return 0


def _told(change: Change) -> dict[str, Any]:
    """A change for machines; what does not apply is left out."""
    told: dict[str, Any] = {"kind": change.kind, "batch": change.batch, "id": change.id}
    told |= {"text_changed": change.text_changed} if change.kind == "changed" else {}
    told |= {"reason": change.reason} if change.reason else {}
    return told | ({"better": dict(zip(("batch", "id"), change.better, strict=True))} if change.better else {})


def _print(found: Changes, counts: dict[str, dict[str, int]], changes: Iterator[Change]) -> None:
    terminal = show.console()
    terminal.print(f"release {found.since} to {found.release}")
    number = sum(sum(of.values()) for of in counts.values())
    if not number:
        terminal.print("no changes")
        return
    table = show.grid("batch", numbers=KINDS)
    for batch, of in counts.items():
        table.add_row(batch, *(f"{of.get(kind, 0):,}" for kind in KINDS))
    terminal.print(table)
    for change in islice(changes, MOST):
        terminal.print(Text(_line(change)))
    if number > MOST:
        terminal.print(f"and {number - MOST:,} more; --jsonl prints all")


def _line(change: Change) -> str:
    """A change for a person: `withdrawn  2026-11-24/a1: drop: duplicates/exact_copy: ...`."""
    better = f" by {show.printable('/'.join(change.better))}" if change.better else ""
    reason = f": {show.printable(change.reason)}" if change.reason else ""
    same = "" if change.text_changed or change.kind != "changed" else ": the text is the same"
    return f"{change.kind:<10} {show.printable(f'{change.batch}/{change.id}')}{better}{reason}{same}"

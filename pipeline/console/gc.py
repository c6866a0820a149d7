"""`copydesk gc`: what of the output folder nobody needs any more; with --yes it is removed."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.text import Text

from pipeline.config import Run
from pipeline.console import carry, show
from pipeline.engine import whole
from pipeline.errors import SettingsError
from pipeline.output import remote as remotes
from pipeline.output.layout import Layout
from pipeline.run import gc, turns
from pipeline.run.gc import Waste


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="remove it; without this it is only said")
    parser.add_argument(
        "--keep", type=int, default=0, metavar="N", help="old outputs of each step to keep (default: 0)"
    )
    told = "also all steps of published batches made longer ago: they cannot be rerun then without their input"
    parser.add_argument("--runs-older-than", type=float, metavar="DAYS", help=told)
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Name it with its sizes, batch by batch; remove it if that is asked for."""
    if options.keep < 0 or (options.runs_older_than or 0) < 0:
        raise SettingsError("--keep and --runs-older-than must be at least 0")
    table = show.settings_of(options).run
    output = table.folder
    turns.refresh(table)
    found: list[Waste] = []
    busy: list[str] = []
    for name in [options.batch] if options.batch else gc.batches(output):
        layout = Layout(output, name)
        with gc.not_in_use(layout) as free:
            if not free:
                busy.append(name)
                continue
            waste = gc.waste_of(layout, options.keep, options.runs_older_than)
            if options.yes:
                whole.remove(*(Path(one.path) for one in waste))
            found += waste
    found += _in_store(table, removed=options.yes)
    if options.json:
        told = [{"path": str(one.path), "why": one.why, "bytes": one.size} for one in found]
        show.as_json({"removed": options.yes, "waste": told, "in_use": busy})
        return 0
    _print(found, busy, removed=options.yes)
    return 0


def _in_store(table: Run, *, removed: bool) -> list[Waste]:
    """What nobody needs of outputs in a store; whoever publishes there just now is waited for."""
    remote = remotes.of(table)
    if remote is None:
        return []
    with turns.alone(table.folder):
        try:
            remote.begin("copydesk gc", carry.say)
            return [Waste(name, "named by no manifest", size) for name, size in remote.waste(removed=removed)]
        finally:
            remote.end()


def _print(found: list[Waste], busy: list[str], *, removed: bool) -> None:
    table = show.grid("what", "why", numbers=("size",))
    for one in found:
        table.add_row(Text(show.printable(str(one.path))), one.why, megabytes(one.size))
    terminal = show.console()
    if found:
        terminal.print(table)
    what = f"{len(found):,} files and folders, {megabytes(sum(one.size for one in found))}"
    terminal.print(Text(f"{what}: " + ("removed" if removed else "nothing is removed; with --yes it is")))
    if busy:
        terminal.print(Text(show.printable(f"in use, and left: {', '.join(busy)}")))


def megabytes(size: int) -> str:
    """The size in MB: `1,234.5 MB`."""
    return f"{size / 1e6:,.1f} MB"

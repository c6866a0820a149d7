"""`copydesk compare`: two runs side by side: which documents newly fall, return or change, through which rule."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from rich.text import Text

from pipeline import config, engine
from pipeline.config import Settings
from pipeline.console import show
from pipeline.console.cli import STOPPED
from pipeline.console.show import printable, short
from pipeline.errors import InputError, SettingsError
from pipeline.run import comparison, runs, trial
from pipeline.run.comparison import CHANGES, FALLS, GONE, MOVES, NEW, REMARKED, RETURNS, Comparison, Group
from pipeline.run.plan import Plan
from pipeline.run.runs import Run
from pipeline.stages.order import STAGES
from pipeline.stages.tables import FindingRow

GROUPS = 20  # of each kind, shown
IDS = 80  # characters of an id
_RUN = (
    "a batch, as its last run has left it; BATCH~: as the run before that has; FOLDER/BATCH: a batch in another output "
    "folder"
)
_SAID = {
    FALLS: "fall: the first run keeps them, the second sets them aside",
    RETURNS: "return: the first run sets them aside, the second keeps them",
    MOVES: "move: both set them aside, by another rule or in another place",
    CHANGES: "change: both keep them, with another text",
    REMARKED: "are remarked otherwise: the same text, other findings",
    NEW: "are new: not in the first run",
    GONE: "are gone: not in the second run",
}


class Side(NamedTuple):
    """One of two runs that are compared, and what it is called."""

    name: str
    run: Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="+", metavar="RUN", help=_RUN)
    told = "compare one batch with what it would be under these settings: it is made so in a temporary folder"
    parser.add_argument("--settings", metavar="FILE", help=told)
    told = "the same under its own settings but for this one, as TOML has it; several times for several settings"
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help=told)
    told = "with --settings or --set: make both of N documents, drawn evenly, instead of all"
    parser.add_argument("--sample", type=int, metavar="N", default=0, help=told)
    parser.add_argument("--output", metavar="FOLDER", help="where outputs are (default: output)")
    parser.add_argument("--work", metavar="FOLDER", help=config.run_options()["work"].help)
    show.add_outer_options(parser)


def run(options: argparse.Namespace) -> int:
    """Compare, and tell; what that takes on the disk is removed in the end."""
    _check(options)
    first, before = _named(options, options.run[0])
    try:
        with trial.workplace(first.batch.layout.output) as folder:
            sides = _trial(options, first, folder) if _is_trial(options) else _two(options, first, before)
            found = _compared(first.batch.settings, sides, folder)
    except KeyboardInterrupt:
        print("copydesk: stopped; nothing is left of it", file=sys.stderr)
        return STOPPED
    if options.json:
        show.as_json(_plain(sides, found))
        return 0
    terminal = show.console()
    terminal.print(_table(sides, found))
    for hang, line in lines(found):
        show.tell(terminal, line, hang)
    return 0


def _is_trial(options: argparse.Namespace) -> bool:
    return bool(options.settings or options.set)


def _check(options: argparse.Namespace) -> None:
    wanted = 1 if _is_trial(options) else 2
    if len(options.run) != wanted:
        instead = "one batch with --settings FILE" if wanted == 1 else "two runs, or one batch with --settings FILE"
        raise SettingsError(f"compare: {len(options.run)} RUN given; name {instead}")
    if options.sample < 0 or (options.sample and not _is_trial(options)):
        raise SettingsError("compare: --sample takes a number of documents, and --settings FILE or --set beside it")


# --- which runs --------------------------------------------------------------------------------------------------


def _named(options: argparse.Namespace, name: str) -> tuple[Plan, bool]:
    """The plan of the batch that is named, and whether the run before its last is meant."""
    folder, _, batch = name.rpartition("/")
    given = {**vars(options), "batch": batch.removesuffix("~"), "output": folder or options.output}
    if not given["batch"]:
        raise SettingsError(f'compare: "{name}" names no batch; RUN is {_RUN}')
    return show.known_plan_of(argparse.Namespace(**given)), batch.endswith("~")


def _two(options: argparse.Namespace, first: Plan, before: bool) -> tuple[Side, Side]:
    second, before_second = _named(options, options.run[1])
    return Side(options.run[0], _run(first, before)), Side(options.run[1], _run(second, before_second))


def _run(plan: Plan, before: bool) -> Run:
    """What the run has left, which is whole.

    Raises:
        InputError: it has not come to its end, or there is none of it any more.
    """
    name, steps = plan.batch.name, [step.name for step in plan.steps if step.has_books]
    found = runs.before(plan) if before else runs.latest(plan)
    if found is None:
        raise InputError(f"batch {name}: nothing is left of a run before the last one; {name} is that")
    if len(found) < len(steps):
        raise InputError(f"batch {name}: not made yet from {steps[len(found)]} on; `copydesk run --batch {name}`")
    return found


def _trial(options: argparse.Namespace, plan: Plan, folder: Path) -> tuple[Side, Side]:
    """The batch under its own settings, and under others."""
    own = plan.batch.settings
    file = options.settings or (own.file if Path(own.file).is_file() else None)
    other = config.load(STAGES, file, options.set, **own.told)
    name, *_ = options.run
    made = [trial.made_under(plan, settings, folder, options.sample) for settings in (own, other)]
    return Side(name, made[0]), Side(
        f"{name} under {', '.join(filter(None, (options.settings, *options.set)))}", made[1]
    )


def _compared(settings: Settings, sides: tuple[Side, Side], folder: Path) -> Comparison:
    run_ = settings.run
    with closing(engine.opened("local", run_.workers, run_.memory_limit, str(folder))) as local:
        return comparison.compare(local, sides[0].run, sides[1].run, folder / "compared")


# --- what is told ------------------------------------------------------------------------------------------------


def _plain(sides: tuple[Side, Side], found: Comparison) -> dict[str, Any]:
    """The same for machines."""
    told = [
        {"run": side.name, "keys": {made.step: made.manifest["key"] for made in side.run}, "counts": counts}
        for side, counts in zip(sides, found.counts, strict=True)
    ]
    return {"runs": told, "documents": found.documents, "groups": [group._asdict() for group in found.groups]}


def _table(sides: tuple[Side, Side], found: Comparison) -> Any:
    """The documents of both runs, by place."""
    names = tuple(printable(short(side.name, IDS)) for side in sides)
    table = show.grid("", numbers=names)
    for place, count in found.counts[0].items():
        table.add_row(place, f"{count:,}", f"{found.counts[1][place]:,}")
    return table


def lines(found: Comparison) -> Iterator[tuple[int, Text]]:
    """What differs, for people: lines, each with how far in the rest of it stands where it is too long."""
    for kind, said in _SAID.items():
        if found.documents[kind]:
            yield 2, Text(f"{found.documents[kind]:,} {said}", style="bold")
            groups = [group for group in found.groups if group.kind == kind]
            for group in groups[:GROUPS]:
                yield from _group(group)
            if len(groups) > GROUPS:
                yield 4, Text(f"  and {len(groups) - GROUPS:,} more rules or reasons: --json tells them")
    if not any(found.documents[kind] for kind in _SAID):
        yield 2, Text("no document differs", style="bold")


def _group(group: Group) -> Iterator[tuple[int, Text]]:
    told = [group.rule or "the text as it was read", "" if group.kind in (CHANGES, REMARKED) else group.place]
    if group.rule == "" and group.place == "kept" and group.kind in (NEW, GONE):
        told = ["kept"]
    was = f" (was {group.was})" if group.was else ""
    yield 4, Text(printable(short(f"  {group.documents:>7,}  {', '.join(filter(None, told))}{was}", 300)))
    for example in group.examples:
        yield from _example(group, example)


def _example(group: Group, example: dict[str, Any]) -> Iterator[tuple[int, Text]]:
    """A document: its id, how its text begins, and why it is where it is, or what was found in one run alone."""
    words = show.first_words(example["beginning"], 60)
    reason = example["before"] if group.kind in (RETURNS, GONE) else example["after"]
    line = Text(f"           {printable(short(example['id'], IDS))}  ", style="cyan")
    line.append(show.quoted(words), style="default")
    yield 13, line.append(f"  {printable(short(reason, 200))}" if reason else "", style="default")
    for sign, side in (("-", "lost"), ("+", "gained")):
        for row in example.get(side, ()):
            finding = show.finding(FindingRow(**row))
            yield 13, Text(f"           {sign} ", style="red" if sign == "-" else "green") + finding

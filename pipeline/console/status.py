"""`copydesk status`: what a batch's last run did, step by step; or of all batches, what became of them.

The table of a batch closes its run, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.console import show
from pipeline.output.layout import Layout
from pipeline.output.manifest import FieldsFigures
from pipeline.run import batch as batches
from pipeline.run import later, overview, turns
from pipeline.run.plan import Plan, State

if TYPE_CHECKING:
    from rich.table import Table

MOST_KINDS = 5  # of what was left out, listed
MOST_GUESSES = 20  # of fields, listed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="the batch")
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """The last run's counts; steps that have gone stale say why. Of several batches without a name: a line for each."""
    options.batch = options.name or options.batch
    run_table = show.settings_of(options).run
    turns.refresh(run_table)
    known = batches.names(run_table.folder)
    if not run_table.batch and len(known) > 1:
        _print_all([overview.of(Layout(run_table.folder, name)) for name in known], options.json)
    else:
        _print_one(show.known_plan_of(options), options.json)
    return 0


def _print_one(plan: Plan, as_json: bool) -> None:
    gone = plan.go_on_without_input()
    states = list(plan.states())
    if as_json:
        show.as_json(summary(plan, states))
        return
    show.lines(f"batch {plan.batch.name}")
    show.console().print(counts(states))
    for said in filter(None, (*remarks(states), gone, overtaken(plan), *not_published(plan))):
        show.lines(show.printable(said))
    for state in states:
        if not state.fresh:
            show.lines(f"{state.step} is to be made: {show.printable(state.why)}")
    if all(state.fresh for state in states):
        show.where(plan)


def _print_all(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    """All batches, the one that was run last first."""
    if as_json:
        show.as_json(rows)
        return
    table = show.grid("batch", "last run", numbers=("read", "dropped", "quarantined", "published"))
    table.add_column("")
    for row in rows:
        numbers = [f"{row[name]:,}" for name in ("read", "dropped", "quarantined")]
        published = "no" if row["published"] is None else f"{row['published']:,}"
        refused = "refused: see its status" if row["refused"] else ""
        table.add_row(row["batch"], row["last_run"], *numbers, published, refused)
    show.console().print(table)


def not_published(plan: Plan) -> list[str]:
    """That the batch was refused, why, and where its report lies; nothing if it was not."""
    reasons = plan.refused()
    if not reasons:
        return []
    said = [
        f"not published, and what was stays; its report: {plan.batch.shown(plan.batch.layout.refused)}",
        *(f"- {r}" for r in reasons),
    ]
    return [show.printable(line) for line in said]


def counts(states: Sequence[State]) -> Table:
    """Documents by place, step by step."""
    numbers = ("read", "kept", "dropped", "quarantined", "findings")
    table = show.grid("step", numbers=(*numbers, "seconds"))
    for state in states:
        manifest = show.counts_of(state.manifest)
        if manifest:
            cells = [f"{manifest['counts'][name]:,}" for name in numbers]  # type: ignore[literal-required]
            table.add_row(state.step, *cells, f"{manifest['seconds']:.2f}")
    return table


def remarks(states: Sequence[State]) -> list[str]:
    """What of the input was told by guess, and what was read by nobody; a line each."""
    manifest = next((state.manifest for state in states if state.manifest), None) or {}
    guessed = manifest.get("fields", [])
    lines = [fields_line(alike) for alike in guessed[:MOST_GUESSES]]
    lines += [f"and {len(guessed) - MOST_GUESSES} more guesses of fields"] if len(guessed) > MOST_GUESSES else []
    return [*lines, *filter(None, [left_out(states)])]


def fields_line(alike: FieldsFigures) -> str:
    """Fields that were guessed: `a.csv: text from "Body" (guessed; set [read] text_field to change it)`."""
    more = f" and {alike['files'] - 1:,} more" if alike["files"] > 1 else ""
    told = ", ".join(f'{what} from "{show.printable(name)}"' for what, (name, _) in alike["fields"].items())
    setting = f"{next(iter(alike['fields']))}_field"
    return f"{show.printable(alike['file'])}{more}: {told} (guessed; set [read] {setting} to change it)"


def left_out(states: Sequence[State]) -> str:
    """What of the input was read by nobody: "left out of the input: 236: .tsv 234, .md 2"; "" if nothing was."""
    kinds = next((state.manifest.get("left_out_kinds", {}) for state in states if state.manifest), {})
    if not kinds:
        return ""
    listed = [f"{show.printable(kind)} {number:,}" for kind, number in list(kinds.items())[:MOST_KINDS]]
    more = f", and {len(kinds) - MOST_KINDS} kinds more" if len(kinds) > MOST_KINDS else ""
    return f"left out of the input: {sum(kinds.values()):,}: {', '.join(listed)}{more}"


def overtaken(plan: Plan) -> str:
    """Which later batches were judged without this one; "" if none was."""
    batch = plan.batch
    return later.said(later.judged_otherwise(batch.layout, batch.settings.stages, batch.name))


def summary(plan: Plan, states: Sequence[State]) -> dict[str, Any]:
    """The same for machines."""
    steps = {}
    for state in states:
        manifest = state.manifest
        told: dict[str, Any] = {"counts": manifest["counts"]} if manifest and "counts" in manifest else {}
        if manifest and "left_out_kinds" in manifest:
            told |= {"left_out": manifest["left_out_kinds"]}
        if manifest and "fields" in manifest:
            told |= {"fields": manifest["fields"]}
        steps[state.step] = {"fresh": state.fresh, "why": state.why, **told}
    return {
        "batch": plan.batch.name,
        "corpus": plan.batch.shown(plan.batch.layout.corpus),
        "report": plan.batch.shown(plan.batch.layout.report),
        "refused": plan.refused(),
        "steps": steps,
    }

"""`copydesk status`: what the batch's last run did, step by step. Its table closes a run, too."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from pipeline.console import show
from pipeline.run import later
from pipeline.run.plan import Plan, State

MOST_KINDS = 5  # of what was left out, listed
SUMMARY = "what the batch's last run did, step by step"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """The last run's counts; steps that have gone stale say why."""
    plan = show.plan_of(options)
    gone = plan.go_on_without_input()
    states = list(plan.states())
    if options.json:
        show.as_json(summary(plan, states))
        return 0
    terminal = show.console()
    terminal.print(counts(states))
    for said in filter(None, (left_out(states), gone, overtaken(plan))):
        terminal.print(Text(show.printable(said)))
    for state in states:
        if not state.fresh:
            terminal.print(Text(f"{state.step} is to be made: {show.printable(state.why)}"))
    if all(state.fresh for state in states):
        show.where(terminal, plan)
    return 0


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
        steps[state.step] = {"fresh": state.fresh, "why": state.why, **told}
    return {
        "batch": plan.batch.name,
        "corpus": str(plan.batch.layout.corpus),
        "report": str(plan.batch.layout.report),
        "steps": steps,
    }

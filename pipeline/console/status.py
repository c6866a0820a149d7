"""`copydesk status`: what the batch's last run did, step by step. Its table closes a run, too."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from pipeline.console import show
from pipeline.run.plan import Plan, State

SUMMARY = "what the batch's last run did, step by step"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """The last run's counts; steps that have gone stale say why."""
    plan = show.plan_of(options)
    states = list(plan.states())
    if options.json:
        show.as_json(summary(plan, states))
        return 0
    terminal = show.console()
    terminal.print(counts(states))
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


def summary(plan: Plan, states: Sequence[State]) -> dict[str, Any]:
    """The same for machines."""
    steps = {}
    for state in states:
        manifest = state.manifest
        told = {"counts": manifest["counts"]} if manifest and "counts" in manifest else {}
        steps[state.step] = {"fresh": state.fresh, "why": state.why, **told}
    return {
        "batch": plan.batch.name,
        "corpus": str(plan.batch.layout.corpus),
        "report": str(plan.batch.layout.report),
        "steps": steps,
    }

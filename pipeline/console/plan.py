"""`copydesk plan`: which steps a run would make, and why."""

from __future__ import annotations

import argparse

from pipeline.console import show
from pipeline.run.plan import Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", nargs="?", help="folder or file that would be read")
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """A line for each step."""
    print_states(show.plan_of(options, newest=not options.input), as_json=options.json)
    return 0


def print_states(plan: Plan, *, as_json: bool) -> None:
    """What a run of the plan would do."""
    states = list(plan.states())
    if as_json:
        show.as_json([{"step": s.step, "fresh": s.fresh, "why": s.why} for s in states])
        return
    table = show.grid("step", "run would", "why")
    for state in states:
        table.add_row(state.step, "keep it" if state.fresh else "make it", show.printable(state.why))
    show.lines(f"batch {plan.batch.name}")
    show.console().print(table)

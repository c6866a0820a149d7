"""`copydesk plan`: which steps a run would make, and why."""

from __future__ import annotations

import argparse

from rich.text import Text

from pipeline.console import show

SUMMARY = "which steps a run would make, and why"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", nargs="?", help="folder or file that would be read")
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """A line for each step."""
    plan = show.plan_of(options, newest=not options.input)
    states = list(plan.states())
    if options.json:
        show.as_json([{"step": s.step, "fresh": s.fresh, "why": s.why} for s in states])
        return 0
    table = show.grid("step", "run would", "why")
    for state in states:
        table.add_row(state.step, Text("keep it" if state.fresh else "make it"), Text(show.printable(state.why)))
    show.console().print(Text(f"batch {plan.batch.name}"))
    show.console().print(table)
    return 0

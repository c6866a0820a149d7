"""`copydesk retry`: take the documents in quarantine through again, where nothing else has to be made again."""

from __future__ import annotations

import argparse
import sys

from rich.text import Text

from pipeline.console import carry, show
from pipeline.run.batch import refuse_other_input
from pipeline.stages.order import STAGES

DONE = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    carry.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Retry where settings, rules and code are the same; what they have made stale is made whole, as by a run."""
    plan = show.plan_of(options)
    refuse_other_input(STAGES, options.config, **{**show.given(options), "batch": plan.batch.name})
    if said := plan.go_on_without_input():
        print(f"copydesk: {show.printable(said)}", file=sys.stderr)
    before = plan.retry(archived=bool(said))
    carry.out(plan, options)
    if not options.json:
        for step, number in before.items():
            made = plan.made(plan.step(step))
            now = f"{made.manifest['counts']['quarantined']:,}" if made else "not made"
            show.console().print(Text(f"{step}: {number:,} in quarantine before, {now} now"))
    return DONE

"""`copydesk rerun`: make a step of a batch again, and what depends on it; also when the input has been archived."""

from __future__ import annotations

import argparse
import sys

from pipeline.console import carry, show
from pipeline.run.batch import refuse_other_input
from pipeline.run.steps import chain
from pipeline.stages.order import STAGES

DONE = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("step", choices=chain.NAMES, metavar="STEP", help=", ".join(chain.NAMES))
    parser.add_argument("--only", action="store_true", help="stop after this step, and say what is stale then")
    carry.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Make the step and what its output makes stale."""
    plan = show.plan_of(options)
    refuse_other_input(STAGES, options.config, **{**show.given(options), "batch": plan.batch.name})
    first = plan.steps[0].name
    if options.step != first and (said := plan.go_on_without_input()):
        print(f"copydesk: {show.printable(said)}", file=sys.stderr)
    plan.again(plan.step(options.step))
    carry.out(plan, options, options.step if options.only else "")
    return DONE

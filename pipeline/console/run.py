"""`copydesk run`: clean a batch of articles, or do what is left to do of it."""

from __future__ import annotations

import argparse

from pipeline.console import carry, plan, show
from pipeline.run import limits
from pipeline.run.batch import refuse_other_input
from pipeline.run.steps import chain
from pipeline.stages.order import STAGES

DONE = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "input", nargs="?", help="folder or file to read (default: the batch's own, else the settings')"
    )
    parser.add_argument("--again", choices=chain.NAMES, metavar="STEP", help=f"make it again: {', '.join(chain.NAMES)}")
    parser.add_argument("--until", choices=chain.NAMES, metavar="STEP", help="stop after this step")
    parser.add_argument("--dry-run", action="store_true", help="say what would be made, and make nothing")
    parser.add_argument("--replace", action="store_true", help="make the batch of another input than it was made of")
    parser.add_argument(
        "--publish-anyway",
        action="store_true",
        help="whatever share of the documents is set aside, or of the input left out",
    )
    carry.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Make what is stale, then show the counts of each step."""
    if not options.replace:
        refuse_other_input(STAGES, options.config, **show.given(options))
    if options.publish_anyway:
        vars(options).update(dict.fromkeys(limits.NAMES, 1.0))
    mine = show.plan_of(options, newest=False)
    if options.again:
        mine.again(mine.step(options.again))
    if options.dry_run:
        plan.print_states(mine, as_json=options.json)
    else:
        carry.out(mine, options, options.until or "")
    return DONE

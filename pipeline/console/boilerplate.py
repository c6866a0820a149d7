"""`copydesk boilerplate`: lines that a batch has learned of its sites, for people to look at and decide on."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence

from rich.text import Text

from pipeline.console import show
from pipeline.errors import SettingsError
from pipeline.facts.decisions import Decision
from pipeline.run import proposals
from pipeline.run.proposals import Proposal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("suggest", "accept", "reject", "undo", "decisions"), help="what to do")
    parser.add_argument("site", nargs="?", default="", help='the site; "*": all sites')
    parser.add_argument("line", nargs="?", default="", help="the line, as `suggest` shows it")
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Show what there is to decide or what was decided, or decide."""
    plan = show.plan_of(options)
    if options.action == "suggest":
        _print_proposals(proposals.found(plan, options.site), options.json)
    elif options.action == "decisions":
        _print_decisions(proposals.decided(plan), options.json)
    elif not options.site or not options.line:
        raise SettingsError(f"boilerplate {options.action}: name the site and the line, as `suggest` shows them")
    else:
        decision = "" if options.action == "undo" else options.action
        file = proposals.decide(plan, options.site, options.line, decision)
        print(f"{show.printable(file)}: written; the next `copydesk run` follows it")
    return 0


def _print_proposals(found: Sequence[Proposal], as_json: bool) -> None:
    """Lines with their evidence and examples, site by site."""
    if as_json:
        show.as_json([dataclasses.asdict(proposal) for proposal in found])
        return
    terminal = show.console()
    if not found:
        terminal.print("No line stands in enough of a site's documents.")
    for proposal in found:
        decision = f"  [{proposal.decision}ed]" if proposal.decision else ""
        line = f"{show.printable(proposal.site)}  “{show.printable(proposal.line)}”{decision}"
        terminal.print(Text(line, style="bold"))
        examples = ", ".join(show.printable(identity) for identity in proposal.examples)
        terminal.print(Text(f"  {proposal.evidence}; as in {examples}" if examples else f"  {proposal.evidence}"))


def _print_decisions(found: Sequence[Decision], as_json: bool) -> None:
    """What the user has decided."""
    if as_json:
        show.as_json([dataclasses.asdict(decision) for decision in found])
        return
    terminal = show.console()
    for decision in found:
        terminal.print(Text(f"{decision.decision}  {show.printable(decision.site)}  “{show.printable(decision.line)}”"))
    if not found:
        terminal.print("No decisions yet; `copydesk boilerplate suggest` lists what there is to decide.")

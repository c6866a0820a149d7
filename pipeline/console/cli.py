"""The command `copydesk`.

Results go to standard output, errors in one line to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage,
settings or input, 3 not published since a share of the documents is over its limit.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from types import ModuleType

from pipeline import __version__
from pipeline.console import (
    backfill,
    boilerplate,
    completion,
    explain,
    gc,
    init,
    look,
    plan,
    rerun,
    retry,
    rules,
    run,
    show,
    status,
    verify,
)
from pipeline.errors import CopydeskError, LimitError

DONE, FAILED, STOPPED = 0, 1, 130

# Each module has `SUMMARY`, `add_arguments(parser)` and `run(options)`, which prints and returns the exit code.
COMMANDS: Mapping[str, ModuleType] = {
    "run": run,
    "rerun": rerun,
    "retry": retry,
    "backfill": backfill,
    "status": status,
    "plan": plan,
    "explain": explain,
    "rules": rules,
    "boilerplate": boilerplate,
    "verify": verify,
    "look": look,
    "init": init,
    "gc": gc,
    "completion": completion,
}

_EXAMPLES = """
examples:
  copydesk run                          clean what the settings name (here seeds/), as the batch of today
  copydesk run articles/ --batch 2026-11-24
                                        clean a folder as a batch of that name
  copydesk look articles/a.jsonl        show its first records as they would be read, or why not
  copydesk init articles/               look at a folder, and write a settings file for it: copydesk.toml
  copydesk status                       say what became of each batch; with a name, of that one
  copydesk rerun translation            make one step's output again, and what depends on it
  copydesk backfill 2026-11-01..2026-11-21 --input "inbox/{batch}/*.jsonl.gz"
                                        make a batch for each day
  copydesk plan                         say what a run would do, and why
  copydesk explain 000_e7ac5253860ec0da tell one document's whole life
  copydesk rules encoding               list the rules of a stage with their settings
  copydesk rules try encoding/mojibake --on articles/
                                        show what a rule would do there, and change nothing
  copydesk verify                       look whether all outputs are still as they were written
  copydesk retry                        take documents in quarantine through again, when what broke them has passed
  copydesk gc                           say what of the output folder nobody needs; --yes removes it
  copydesk boilerplate suggest          list lines learned of sites, with their evidence; then accept or reject

A second run does only what a change has made stale. A document that cannot be read or that breaks a rule is set
aside with its reason; the others go on. Exit codes: 0 done, 1 failed, 2 wrong usage, settings or input, 3 not
published, since more of the documents, or of a source's, is set aside than [run] allows, or than the batch before had.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = COMMANDS[options.command].run(options)
    except LimitError as error:
        print("copydesk: " + "\n  ".join(map(show.printable, str(error).split("\n"))), file=sys.stderr)
        return error.exit_code
    except CopydeskError as error:
        print(f"copydesk: {show.printable(str(error))}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # `copydesk rules | head`: nobody reads on, and nothing is to be said of it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        print(f"copydesk: {show.printable(str(error.filename))}: {error.strerror}", file=sys.stderr)
        return FAILED
    except Exception as error:  # a fault of ours: one line for the person, the traceback in a file for the report of it
        with tempfile.NamedTemporaryFile("w", prefix="copydesk-", suffix=".log", delete=False) as log:
            traceback.print_exc(file=log)
        what = f"unexpected {type(error).__name__}: {error}".partition("\n")[0]
        print(f"copydesk: {show.printable(what)}; the traceback is in {log.name}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("copydesk: stopped; what was done so far stays, `copydesk run` goes on from there", file=sys.stderr)
        return STOPPED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="copydesk",
        description="Turns scraped and translated news into a clean corpus, with a record of every change.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(parser=parser)  # whoever completes commands reads them off it
    parser.add_argument("--version", action="version", version=f"copydesk {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    for name, module in COMMANDS.items():
        summary = module.SUMMARY
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        module.add_arguments(command)
    return parser

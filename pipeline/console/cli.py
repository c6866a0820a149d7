"""The command `copydesk`.

Results go to standard output, errors in one line to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage,
settings or input, 3 not published since more documents were quarantined or dropped than allowed.
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
    plan,
    rerun,
    retry,
    rules,
    run,
    show,
    status,
    verify,
)
from pipeline.errors import CopydeskError

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
    "gc": gc,
    "completion": completion,
}

_EXAMPLES = """
examples:
  copydesk run                          clean the articles in seeds/ (or what configs/copydesk.toml names)
  copydesk run articles/ --batch 2026-11-24
                                        clean a folder as a batch of that name
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
published, since more documents are quarantined or dropped than [run] allows.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = COMMANDS[options.command].run(options)
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

"""The command `copydesk`.

Results go to standard output, errors in one line to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage,
settings or input, 3 not published since a share of the documents is over its limit.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from pipeline import __version__
from pipeline.errors import CopydeskError, LimitError

DONE, FAILED, STOPPED = 0, 1, 130
SELDOM = 50_000  # objects between two searches for garbage: half a hundredth of a run's time; with Python's 700, two

# What each does. The module of its name is loaded when the command is asked for: all of them take half a second. It has
# `add_arguments(parser)` and `run(options)`, which prints and returns the exit code.
COMMANDS: Mapping[str, str] = {
    "run": "clean a batch of articles, or do what is left to do of it",
    "rerun": "make a step again, and what depends on it; also when the input has been archived",
    "retry": "take the documents in quarantine through again, and do what is left to do",
    "backfill": "make a batch for each day, or again those that a late batch has overtaken",
    "status": "what a batch's last run did, step by step; without a name, what became of all batches",
    "plan": "which steps a run would make, and why",
    "explain": "one document's whole life: where it came from, what became of it",
    "changes": "which articles a release has added, changed and withdrawn, and why",
    "compare": "two runs side by side: which documents fall, return or change, through which rule",
    "desk": "batches in a browser: search, read, compare, decide; on this machine alone",
    "rules": "the rules, what they do, and their settings",
    "boilerplate": "lines learned of sites: look at them, accept or reject them",
    "verify": "whether all outputs are still as they were written, byte for byte",
    "look": "the first records of files as they would be read, or why not",
    "init": "what lies in a folder, and a settings file for it",
    "export": "the corpus as other files: JSON lines, CSV, texts, Parquet, a folder for the Hugging Face Hub",
    "gc": "what of the output folder nobody needs any more; with --yes it is removed",
    "completion": "print a script by which bash, zsh or fish complete commands and options",
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
  copydesk changes --since 7            list what became of articles since that release of the corpus
  copydesk compare 2026-11-24 --settings strict.toml --sample 2000
                                        which documents other settings would cost, and publish nothing
  copydesk desk                         look at batches in a browser, on this machine alone
  copydesk rules encoding               list the rules of a stage with their settings
  copydesk rules try encoding/mojibake --on articles/
                                        show what a rule would do there, and change nothing
  copydesk verify                       look whether all outputs are still as they were written
  copydesk export out --to csv --where "language = 'en'"
                                        write the corpus, or a part of it, as other files
  copydesk retry                        take documents in quarantine through again, when what broke them has passed
  copydesk gc                           say what of the output folder nobody needs; --yes removes it
  copydesk boilerplate suggest          list lines learned of sites, with their evidence; then accept or reject

A second run does only what a change has made stale. A document that cannot be read or that breaks a rule is set
aside with its reason; the others go on. Exit codes: 0 done, 1 failed, 2 wrong usage, settings or input, 3 not
published, since more of the documents, or of a source's, is set aside than [run] allows, or than the batch before had.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    # workers share the cores; NumPy's own threads cost 50 ms to start
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        options = _parser().parse_args(arguments)
        code: int = _module(options.command).run(options)
    except LimitError as error:
        _say("\n  ".join(map(_printable, str(error).split("\n"))))
        return error.exit_code
    except CopydeskError as error:
        _say(_printable(str(error)))
        return error.exit_code
    except BrokenPipeError:  # `copydesk rules | head`: nobody reads on, and nothing is to be said of it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        _say(f"{_printable(str(error.filename))}: {error.strerror}")
        return FAILED
    except Exception as error:  # a fault of ours: one line for the person, the traceback in a file for the report of it
        what = f"unexpected {type(error).__name__}: {error}".partition("\n")[0]
        _say(f"{_printable(what)}; the traceback is in {_traceback_in_a_file()}")
        return FAILED
    except KeyboardInterrupt:
        _say("stopped; what was done so far stays, `copydesk run` goes on from there")
        return STOPPED
    return code


def _say(message: str) -> None:
    print(f"copydesk: {message}", file=sys.stderr)


def _printable(text: str) -> str:
    from pipeline.console import show  # with all that it loads: where nothing is wrong nobody waits for it

    return show.printable(text)


def _traceback_in_a_file() -> str:
    """Write the traceback of what is being handled; returns the file's name."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="copydesk-", suffix=".log", delete=False) as log:
        traceback.print_exc(file=log)
    return log.name


def _module(command: str) -> ModuleType:
    """The module of a command; what is loaded stays, and is not searched for garbage again and again.

    What is made since is searched seldom: documents come and go without circles.
    """
    name = f"pipeline.console.{command}"
    if name in sys.modules:
        return sys.modules[name]
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.set_threshold(SELDOM)
        gc.enable()


class CommandParser(argparse.ArgumentParser):
    """The parser of one command, which learns its arguments when somebody asks for them."""

    def __init__(self, *, command: str, **given: Any) -> None:
        super().__init__(**given)
        self._unasked = command

    def complete(self) -> None:
        """Add the arguments of the command, once."""
        command, self._unasked = self._unasked, ""
        if command:
            _module(command).add_arguments(self)

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        self.complete()
        return super().parse_known_args(args, namespace)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="copydesk",
        description="Turns scraped and translated news into a clean corpus, with a record of every change.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(parser=parser)  # whoever completes commands reads them off it
    parser.add_argument("--version", action="version", version=f"copydesk {__version__}")
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", dest="command", parser_class=CommandParser
    )
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", command=name)
    return parser

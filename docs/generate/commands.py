"""The commands, from the parser of the command itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from docs.generate.markup import Page, code, escaped, fenced, table
from pipeline.console import cli

PATH = "commands.md"
_WIDTH = 78  # characters; that of whoever builds the site does not count


def pages() -> Iterator[Page]:
    """One page of all commands: what they do, their options, and examples."""
    parser = cli._parser()
    parts = ["# Commands", f"<p>{escaped(parser.description or '')}</p>", fenced(_usage(parser), "text")]
    for name, command in commands(parser).items():
        parts += [f"## {name}", f"<p>{escaped(command.description or '')}</p>", fenced(_usage(command), "text")]
        parts += [table(("argument", "what it is"), _arguments(command))]
    parts += ["## Examples", fenced((parser.epilog or "").strip("\n"), "text")]
    yield Page(PATH, "\n\n".join(parts))


def commands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """The parser of each command, by its name, with all its arguments."""
    found = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for command in found.choices.values():
        if isinstance(command, cli.CommandParser):
            command.complete()
    return found.choices


def _usage(parser: argparse.ArgumentParser) -> str:
    formatter = argparse.HelpFormatter(parser.prog, width=_WIDTH)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups)
    return formatter.format_help().strip()


def _arguments(command: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in command._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        value = str(action.metavar or (action.choices and " | ".join(map(str, action.choices))) or action.dest)
        names = list(action.option_strings) or [value]
        if action.option_strings and action.nargs != 0:
            names[-1] += f" {value}"
        yield code(", ".join(names)), escaped((action.help or "") % {**vars(action), "prog": command.prog})

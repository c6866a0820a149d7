"""`copydesk completion`: a script by which a shell completes commands, options and the names of steps."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence

from pipeline.console.cli import CommandParser

DONE = 0

Words = Mapping[str, Sequence[str]]  # what may follow each command: its options, and the values it chooses from


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=tuple(SCRIPTS), help='eval "$(copydesk completion bash)"; fish: ... | source')


def run(options: argparse.Namespace) -> int:
    """Print the script for a shell."""
    print(script(options.shell, options.parser))
    return DONE


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """The script for a shell, read off the parser of the command."""
    return SCRIPTS[shell](dict(_words(parser)))


def _words(parser: argparse.ArgumentParser) -> Iterator[tuple[str, Sequence[str]]]:
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        if isinstance(command, CommandParser):
            command.complete()
        options = [option for action in command._actions for option in action.option_strings if option[:2] == "--"]
        chosen = [c for action in command._actions if not action.option_strings for c in action.choices or ()]
        yield name, [*chosen, *options]


def _bash(words: Words) -> str:
    cases = "\n".join(f'    {name}) words="{" ".join(some)}" ;;' for name, some in words.items())
    return f"""_copydesk() {{
  local words="{" ".join(words)}"
  [ "$COMP_CWORD" -gt 1 ] && case "${{COMP_WORDS[1]}}" in
{cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _copydesk copydesk"""


def _zsh(words: Words) -> str:
    return f"autoload -U +X bashcompinit && bashcompinit\n{_bash(words)}"


def _fish(words: Words) -> str:
    lines = [f"complete -c copydesk -n __fish_use_subcommand -f -a {name}" for name in words]
    for name, some in words.items():
        seen = f'-n "__fish_seen_subcommand_from {name}"'
        lines += [f"complete -c copydesk {seen} -l {word[2:]}" for word in some if word[:2] == "--"]
        if chosen := [word for word in some if word[:2] != "--"]:
            lines.append(f'complete -c copydesk {seen} -a "{" ".join(chosen)}"')
    return "\n".join(lines)


SCRIPTS = {"bash": _bash, "zsh": _zsh, "fish": _fish}

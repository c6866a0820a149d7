"""What the commands share: text for a terminal, JSON for machines, the options that say which batch is meant.

Text from documents is printed with every character that could steer a terminal shown by its code.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

from pipeline import config
from pipeline.config import Read, Run, Settings
from pipeline.errors import SettingsError
from pipeline.output.manifest import Manifest
from pipeline.run import batch as batches
from pipeline.run.plan import Plan
from pipeline.stages.order import STAGES
from pipeline.stages.tables import FindingRow

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_WIDTH = 100  # of a plain line
_UNNAMED = "for a run the date of today, for other commands the newest"


def printable(text: str) -> str:
    r"""The text with control and format characters shown by their codes.

    >>> printable("a\x1b[31mb\u202e")
    'a\\x1b[31mb\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c == " " or unicodedata.category(c)[0] not in "CZ" else _code(c) for c in text)


def _code(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def console() -> Console:
    """The terminal, or what stands in its place: then plain lines of one width. Rich is loaded here: 0.05 s."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDTH
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)


def lines(*said: str) -> None:
    """Print lines that hold nothing but what can be printed; the terminal breaks those that are too long."""
    for line in said:
        print(line)


def as_json(value: Any, indent: int | None = 1) -> None:
    """Print a value for machines; what could steer a terminal is escaped as JSON has it. `indent` None: in a line."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    print("".join(c if c in " \n" or c.isprintable() else json.dumps(c)[1:-1] for c in text))


def grid(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """A table without lines; columns of numbers stand to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def finding(row: FindingRow) -> Text:
    """What stood there amid its surroundings, what it became (or that it was cut, or only remarked), and why."""
    from rich.text import Text

    edited = row.after is not None
    said = Text()
    if row.before or edited:
        said.append(f"“{printable(_end_of(row.left))}[")
        said.append(printable(short(row.before)), style="red" if edited else "yellow")
        said.append(f"]{printable(_start_of(row.right))}”")
    if edited:
        said.append(" -> ")
        said.append(quoted(row.after) if row.after else "cut", style="green" if row.after else "red")
    if row.detail:
        said.append(f"  ({printable(short(row.detail, 500))})" if said else printable(short(row.detail, 500)))
    return said


AROUND = 24  # characters shown on either side of what was found, but for a word that would be cut


def _end_of(text: str) -> str:
    """The last whole words of a text."""
    if len(text) <= AROUND:
        return text
    return text[-AROUND:].lstrip() if text[-AROUND - 1].isspace() else re.sub(r"^\S{,16}\s+", "", text[-AROUND:])


def _start_of(text: str) -> str:
    """The first whole words of a text."""
    if len(text) <= AROUND:
        return text
    return text[:AROUND].rstrip() if text[AROUND].isspace() else re.sub(r"\s+\S{,16}$", "", text[:AROUND])


def short(text: str, most: int = 160) -> str:
    """Text from a document, short enough for a line: its beginning and its end."""
    return text if len(text) <= most else f"{text[: most - 60]} ... {text[-50:]}"


def first_words(text: str, most: int) -> str:
    """The whole words among the first characters of a text."""
    words = " ".join(text[: 4 * most].split())
    return words if len(words) <= most else words[: most + 1].rpartition(" ")[0] or words[:most]


def quoted(text: str) -> str:
    """The same in quotation marks, as it can be printed."""
    return f"“{printable(short(text))}”"


def tell(terminal: Console, line: Text, hang: int = 4) -> None:
    """Print a line: on a terminal broken between words, the rest of it further in; elsewhere as it is."""
    if not terminal.is_terminal:
        terminal.print(line)
        return
    for number, part in enumerate(line.wrap(terminal, max(terminal.width - hang, 8))):
        part.rstrip()
        if number:
            part.pad_left(hang)
        terminal.print(part)


# --- options and the batch they mean -----------------------------------------------------------------------------


def add_options(parser: argparse.ArgumentParser, *, whole_run: bool = False) -> None:
    """The settings of `[run]` as options: those that say which batch is meant, or with `whole_run` all of them."""
    for name, option in config.run_options().items():
        if name != "input" and (whole_run or option.names_batch):
            default = getattr(Run, name)
            said = _UNNAMED if name == "batch" else default
            told = option.help if said == "" else f"{option.help} (default: {said})"
            if isinstance(default, bool):
                parser.add_argument(_flag(name), action=argparse.BooleanOptionalAction, default=None, help=option.help)
                continue
            parser.add_argument(_flag(name), type=type(default), metavar=option.metavar, help=told)
    if whole_run:
        add_read_options(parser)
    add_outer_options(parser)


def add_read_options(parser: argparse.ArgumentParser) -> None:
    """The settings of `[read]` as options."""
    for name, option in config.read_options().items():
        if isinstance(getattr(Read, name), bool):
            parser.add_argument(_flag(name), action=argparse.BooleanOptionalAction, default=None, help=option.help)
        else:
            parser.add_argument(_flag(name), metavar=option.metavar, help=option.help)


def add_outer_options(parser: argparse.ArgumentParser) -> None:
    """Where the settings are, and for whom the answer is."""
    parser.add_argument("--config", metavar="FILE", help=f"settings (default: {config.DEFAULT_FILE}, if it is there)")
    parser.add_argument("--json", action="store_true", help="print JSON, for machines")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def given(options: argparse.Namespace) -> dict[str, Any]:
    """The values that the options give to settings of `[run]` and `[read]`."""
    return {name: getattr(options, name, None) for name in (*config.run_options(), *config.read_options())}


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the options name.

    Raises:
        SettingsError: an unknown or impossible setting.
    """
    return config.load(STAGES, options.config, **given(options))


def plan_of(options: argparse.Namespace, *, newest: bool = True) -> Plan:
    """The plan of the batch that the options mean: it keeps its input and settings where they do not name others.

    Without a name the newest batch is meant; a run makes that of today.
    """
    return Plan(batches.settings_of(STAGES, options.config, newest=newest, **given(options)))


def known_plan_of(options: argparse.Namespace) -> Plan:
    """The same of a batch that must be there.

    Raises:
        SettingsError: there is none of that name.
    """
    plan = plan_of(options)
    known = batches.names(plan.batch.layout.output)
    if plan.batch.name not in known:
        output = printable(plan.batch.settings.run.output)
        if not known:
            raise SettingsError(f"no batch in {output} yet; `copydesk run` makes one")
        raise SettingsError(f"no batch {plan.batch.name!r} in {output}; {config.closest(plan.batch.name, known)}")
    return plan


def where(plan: Plan) -> None:
    """Where corpus and report lie."""
    batch, layout = plan.batch, plan.batch.layout
    lines(f"corpus  {printable(batch.shown(layout.corpus))}", f"report  {printable(batch.shown(layout.report))}")


def counts_of(manifest: Manifest | None) -> Manifest | None:
    """The manifest if it has the books of a step that reads documents."""
    return manifest if manifest and "read" in manifest.get("counts", {}) else None

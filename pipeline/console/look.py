"""`copydesk look`: the first records of files as they would be read, or why not; nothing is written."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from rich.text import Text

from pipeline.config import Read
from pipeline.console import show
from pipeline.console.show import printable
from pipeline.engine import stores
from pipeline.engine.limits import Clock
from pipeline.engine.stores.file import Place
from pipeline.errors import InputError
from pipeline.sources import formats, objects, read
from pipeline.sources.page_in_text import without_page
from pipeline.sources.records import Failure, File, Record

RECORDS = 3
SHOWN = 300  # characters of a text
_TOLD = ("title", "url", "site", "published")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="+", help="file to look at")
    show.add_read_options(parser)
    show.add_outer_options(parser)


def run(options: argparse.Namespace) -> int:
    """Three records of each file."""
    settings = show.settings_of(options)
    clock = Clock(settings.run.max_seconds)
    with clock:
        looks = [look(_place(name), settings.read, clock) for name in options.file]
    if options.json:
        show.as_json(looks)
        return 0
    terminal = show.console()
    for told in looks:
        for line in lines(told):
            terminal.print(line)
    return 0


def _place(name: str) -> Place:
    """Where a file of that name lies."""
    return objects.find_input(name).files[0].path if stores.is_url(name) else Path(name)


def look(path: Place, settings: Read, clock: Clock, most: int = RECORDS) -> dict[str, Any]:
    """What the first records of a file hold: its name, which fields hold what, and the records or why there are none.

    Raises:
        InputError: there is no such file.
    """
    if isinstance(path, Path) and path.is_dir():
        raise InputError(f"{path}: is a folder; name its files, or look at all of it: copydesk init {path}")
    if isinstance(path, Path) and not path.is_file():
        raise InputError(f"{path}: no such file")
    file = File(path, path.name, formats.stem(path.name), clock)
    held: dict[str, Any] = {}
    records: list[Record | Failure] = []
    for part in read.files_in(file, settings):  # those of an archive, one after the other
        if isinstance(part, Failure):
            records.append(part)
        else:
            found = read.fields_of(part, settings)
            if found and not held:
                held = {what: choice._asdict() for what, choice in found.choices.items() if choice.name}
            records += islice(read.records_of(part, settings, found), most - len(records))
        if len(records) >= most:
            break
    return {"file": str(path), "fields": held, "records": [dict(_told(record)) for record in records]}


def _told(record: Record | Failure) -> Iterator[tuple[str, Any]]:
    """What is to be said of a record, or of what is none, by name."""
    yield "line", record.line
    if isinstance(record, Failure):
        yield "reason", record.reason
        return
    record = without_page(record)
    yield "id", record.id
    yield from ((name, getattr(record, name)) for name in _TOLD)
    yield "text", record.text[:SHOWN]
    yield "characters", len(record.text)
    yield "metadata", list(record.meta or {})
    yield "remarks", [f"{remark.rule}: {remark.detail}" for remark in record.remarks]


def lines(told: dict[str, Any]) -> Iterator[Text]:
    """The same for a person."""
    yield Text(printable(told["file"]), style="bold")
    guesses = {what: choice for what, choice in told["fields"].items() if choice["guessed"]}
    for what, choice in guesses.items():
        yield Text(f'  {what} from "{printable(choice["name"])}" (guessed: {choice["why"]}; else --{what}-field)')
    for record in told["records"]:
        where = f"line {record['line']}: " if record["line"] else ""
        if "reason" in record:
            yield Text(f"{where}not read: {printable(record['reason'])}")
            continue
        yield Text(f"{where}{printable(record['id'])}", style="bold")
        for name in _TOLD:
            if record[name]:
                yield Text(f"  {name:<10} {printable(record[name])}")
        text = printable(record["text"].replace("\n", " "))
        yield Text(f"  {'text':<10} {record['characters']:,} characters: {text}")
        if record["metadata"]:
            yield Text(f"  {'metadata':<10} {', '.join(map(printable, record['metadata']))}")
        for remark in record["remarks"]:
            yield Text(f"  {'remark':<10} {printable(remark)}")
    if not told["records"]:
        yield Text("no records")

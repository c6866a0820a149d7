"""`copydesk init`: what lies in a folder, and a settings file for it."""

from __future__ import annotations

import argparse
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from rich.text import Text

from pipeline.config import Read
from pipeline.console import show
from pipeline.console.show import printable
from pipeline.console.status import fields_line
from pipeline.engine import whole
from pipeline.engine.limits import Clock
from pipeline.errors import SettingsError
from pipeline.output.manifest import FieldsFigures
from pipeline.output.report.words import number_of
from pipeline.sources import find, formats, read
from pipeline.sources.fields import WHAT, Choice, Fields
from pipeline.sources.page.fragment import is_markup
from pipeline.sources.records import Failure, File, Record

DEFAULT = "copydesk.toml"
FILES = 20  # of each kind, over all of it, that are looked into
RECORDS = 50  # of each of them
MAX_SECONDS = 60.0  # for a record
MOST_REASONS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", help="folder or file with the articles")
    parser.add_argument("--output", metavar="FILE", default=DEFAULT, help=f"settings to write (default: {DEFAULT})")
    parser.add_argument("--force", action="store_true", help="write over the file if it is there")
    parser.add_argument("--json", action="store_true", help="print JSON, for machines")


def run(options: argparse.Namespace) -> int:
    """Look, write the settings, and say what was found."""
    target, folder = Path(options.output), Path(options.folder)
    if os.path.lexists(target) and not options.force:
        raise SettingsError(f"{target}: is there already; --force writes over it, --output FILE names another")
    found = survey(folder, target.parent / "output")
    settings = written(found, folder, target)
    whole.write_text(target, settings)
    if options.json:
        show.as_json({**asdict(found), "settings": str(target)})
        return 0
    terminal = show.console()
    for line in said(found):
        terminal.print(Text(line))
    terminal.print(Text(f"settings  {printable(str(target))}; copydesk run --config {printable(str(target))}"))
    return 0


@dataclass
class Survey:
    """What a folder holds. Of each kind of file some are looked into: `records` of them, `unreadable` by reason."""

    kinds: dict[str, tuple[int, int]] = field(default_factory=dict)  # suffix to files and bytes
    left_out: int = 0
    looked_into: int = 0  # files
    records: int = 0
    unreadable: dict[str, int] = field(default_factory=dict)
    fields: list[FieldsFigures] = field(default_factory=list)  # as guessed
    markup: int = 0  # records whose text holds tags
    agreed: dict[str, Choice] = field(default_factory=dict)  # what all files have in one field
    numbered: bool = False


def survey(folder: Path, output: Path) -> Survey:
    """Look at what lies in a folder, and into some of its files.

    Raises:
        InputError: there is nothing that can be read.
    """
    listed = find.find_files(str(folder), str(output))
    kinds: dict[str, list[Path]] = {}
    for entry in listed.files:
        if not entry.reason:
            name = entry.path.name.lower()
            suffix = name[len(formats.stem(name)) :] or formats.suffix_of(entry.path)
            kinds.setdefault(suffix, []).append(Path(str(entry.path)))
    found = Survey(left_out=len(listed.left_out))
    found.unreadable = dict(Counter(entry.reason for entry in listed.files if entry.reason))
    found.records = sum(found.unreadable.values())
    found.kinds = {kind: (len(paths), sum(map(_size, paths))) for kind, paths in sorted(kinds.items())}
    told: list[tuple[str, Fields]] = []
    with Clock(MAX_SECONDS) as clock:
        for path in (path for paths in kinds.values() for path in _spread(paths)):
            name = path.relative_to(folder).as_posix() if folder.is_dir() else path.name
            told += _look_into(File(path, name, formats.stem(name), clock), found)
    found.fields = _alike(told)
    of_records = [paths for paths in kinds.values() if (kind := formats.format_of(paths[0])) and kind.has_fields]
    if len(found.fields) == 1 and found.fields[0]["files"] == sum(map(len, of_records)):
        fields = told[0][1]
        found.agreed = {what: choice for what, choice in fields.guessed.items() if _is_utf_8(choice.name)}
        found.numbered = fields.numbered
    return found


def _spread(paths: Sequence[Path]) -> Sequence[Path]:
    """At most `FILES` of them, from the first to the last."""
    return paths[:: -(-len(paths) // FILES)]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _look_into(file: File, found: Survey) -> Iterator[tuple[str, Fields]]:
    """Count the first records of a file, or of the first files of an archive; gives which of its fields hold what."""
    found.looked_into += 1
    for part in islice(read.files_in(file, Read()), FILES):
        if isinstance(part, Failure):
            _count(part, found)
            continue
        fields = read.fields_of(part, Read())
        for record in islice(read.records_of(part, Read(), fields), RECORDS):
            _count(record, found)
            found.markup += isinstance(record, Record) and fields is not None and is_markup(record.text)
        if fields:
            yield part.name, fields


def _count(record: Record | Failure, found: Survey) -> None:
    found.records += 1
    if isinstance(record, Failure):
        found.unreadable[record.reason] = found.unreadable.get(record.reason, 0) + 1


def _alike(told: Sequence[tuple[str, Fields]]) -> list[FieldsFigures]:
    """Each guess with its files."""
    found: dict[str, FieldsFigures] = {}
    for name, fields in told:
        guessed = {what: (read.writable(choice.name), choice.why) for what, choice in fields.guessed.items()}
        if guessed:
            found.setdefault(str(guessed), {"file": name, "files": 0, "fields": guessed})["files"] += 1
    return sorted(found.values(), key=lambda alike: -alike["files"])


def said(found: Survey) -> Iterator[str]:
    """What was found, in lines."""
    for kind, (files, size) in found.kinds.items():
        yield f"{kind:<12} {number_of(files, 'file')}, {size / 1e6:,.1f} MB"
    if found.left_out:
        yield f"{number_of(found.left_out, 'entry')} of no known kind left out".replace("entrys", "entries")
    bad = sum(found.unreadable.values())
    share = 100 * bad / max(1, found.records)
    yield (
        f"looked into {number_of(found.looked_into, 'file')}: of {number_of(found.records, 'record')} {bad:,} "
        f"({share:.1f}%) cannot be read"
    )
    for reason, count in Counter(found.unreadable).most_common(MOST_REASONS):
        yield f"  {printable(reason)} ({count:,})"
    for alike in found.fields:
        yield fields_line(alike)
    if found.markup > 0.9 * (found.records - bad):
        yield "the texts may be HTML: look at them with copydesk look FILE --text-is-html"


# --- the settings file -------------------------------------------------------------------------------------------


def written(found: Survey, folder: Path, target: Path) -> str:
    """A settings file for the articles in `folder`, to be written at `target`.

    Raises:
        SettingsError: the name of the folder cannot be written in UTF-8.
    """
    batch = re.sub(r"[^\w.\-]+", "-", formats.stem(folder.resolve().name)).strip("-.") or "demo"
    path = os.path.relpath(folder.resolve(), target.resolve().parent)
    if not _is_utf_8(path):
        raise SettingsError(f"{folder}: a path that is not UTF-8 cannot be written into a settings file")
    lines = [
        "# Settings of a batch, as `copydesk init` found its input. Paths are relative to the folder of this file.",
        *(f"#   {line}" for line in said(found)),
        "",
        "[run]",
        f"batch = {toml(batch)}  # names sort: a batch is judged against the batches before it",
        f"input = {toml(path)}",
        'output = "output"',
        "# max_quarantined = 0.1  # with a larger share of documents in quarantine the batch is not published",
        "",
        "[read]",
        "# Which fields of records hold what; where none is named it is guessed, file by file.",
        *_fields(found),
        "# text_is_html = true  # when the texts are HTML",
    ]
    return "\n".join(lines) + "\n"


def _fields(found: Survey) -> Iterator[str]:
    for what in WHAT:
        name, why, _ = found.agreed.get(what, Choice())
        if name and not (what == "id" and found.numbered):
            yield f"{what}_field = {toml(name)}  # {why}"
        elif name:
            yield f"# {what}_field = {toml(name)}  # {why}; while it is not named here, ids are FILE#NUMBER"
        else:
            yield f'# {what}_field = ""'


def _is_utf_8(name: str) -> bool:
    return read.writable(name) == name


def toml(text: str) -> str:
    r"""A string as TOML writes it.

    >>> print(toml('a "b"\n\x7f'))
    "a \"b\"\u000A\u007F"
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{"".join(c if c.isprintable() else _code(c) for c in escaped)}"'


def _code(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"

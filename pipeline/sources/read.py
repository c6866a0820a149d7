"""Reading as a step: rows of file names in, rows of documents and of records set aside out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa

from pipeline.config import Read
from pipeline.engine.limits import Clock
from pipeline.engine.stores.file import Place, StoredFile
from pipeline.errors import RecordError, StoreError
from pipeline.records import Finding, Verdict
from pipeline.sources import archives, fields, formats, streams
from pipeline.sources.fields import Fields
from pipeline.sources.find import Entry
from pipeline.sources.meta import as_json
from pipeline.sources.names import name_of
from pipeline.sources.objects import below
from pipeline.sources.packed import PACKED
from pipeline.sources.page_in_text import without_page
from pipeline.sources.records import Failure, File, Format, Record, Remark, attempt, first_line
from pipeline.sources.streams import Span
from pipeline.stages import tables
from pipeline.stages.tables import FindingRow

PORTIONS = pa.schema(
    [
        ("path", pa.binary()),  # it need not be UTF-8
        ("name", pa.string()),  # relative to the input, and made to be UTF-8
        ("reason", pa.string()),  # why it is not to be opened; "" when it is
        ("size", pa.int64()),  # of an object of a store: its bytes, null for a file
        ("tag", pa.string()),
        *((name, pa.int64()) for name in Span._fields),  # null: all of the file
    ]
)
NAME = 200  # characters of a guessed field's name that are kept
GUESSES = "guesses"
GUESSED = pa.schema([("file", pa.string()), ("fields", pa.string())])  # what: [field, why], as JSON
PORTION_FILES = 500
PORTION_BYTES = 4 << 20  # of lines about as many documents as a part holds; of pages a second or two of work
# What is held in memory of a portion before it is written.
ROWS_AT_ONCE = 1_000
CHARACTERS_AT_ONCE = 8 << 20
META_CHARACTERS = 1 << 20  # more than that beside the text is not metadata

STEP = "reading"
# A finding, not a rule: there is nothing to set.
LEFT_OUT = f"{STEP}/metadata_left_out"


class Portion(NamedTuple):
    """Files that one worker reads one after the other, as rows of `PORTIONS`, and their bytes."""

    rows: list[dict[str, Any]]
    size: int


def portions(entries: Iterable[Entry], root: Path | str) -> Iterator[Portion]:
    """The files, in their order, in portions of about `PORTION_BYTES`; a large file of lines is cut into several.

    The files are what was found in the input `root`.
    """
    rows: list[dict[str, Any]] = []
    held = 0
    is_below = below(root)
    for path, reason, _ in entries:
        name = name_of(os.fsencode(is_below(path)))
        of_store = {} if isinstance(path, Path) else {"size": path.size, "tag": path.tag}
        for size, span in _spans(path) if not reason else [(0, None)]:
            cut = span._asdict() if span else {}
            rows.append({"path": os.fsencode(str(path)), "name": name, "reason": reason, **of_store, **cut})
            held += size
            if held >= PORTION_BYTES or len(rows) >= PORTION_FILES:
                yield Portion(rows, held)
                rows, held = [], 0
    if rows:
        yield Portion(rows, held)


def _spans(path: Place) -> list[tuple[int, Span | None]]:
    """The spans in which a file is read, with their sizes; None: all of it at once."""
    try:
        size = path.stat().st_size
        kind = formats.format_of(path)
        if size <= PORTION_BYTES or kind is None or not kind.by_lines or path.suffix.lower() in PACKED:
            return [(size, None)]
        if isinstance(path, StoredFile):
            path = StoredFile(path.url, path.size, path.tag)  # what it keeps of the object goes when it is cut
        return [(span.end - span.start, span) for span in streams.spans(path, PORTION_BYTES)]
    except OSError:  # gone since it was listed: reading it will say so
        return [(0, None)]


def _place_of(row: Mapping[str, Any]) -> Place:
    path = os.fsdecode(row["path"])
    return Path(path) if row["size"] is None else StoredFile(path, row["size"], row["tag"])


def _span_of(row: Mapping[str, Any]) -> Span | None:
    return None if row["start"] is None else Span(*(row[name] for name in Span._fields))


def read_portion(
    rows: pa.RecordBatch, *, settings: Read, max_seconds: float = 0
) -> Iterator[dict[str, pa.RecordBatch]]:
    """The documents of the files named in `rows` (of `PORTIONS`), and what cannot be read.

    A record that takes more than `max_seconds` (0: as long as it likes) is set aside; its neighbours go on.
    """
    with Clock(max_seconds) as clock:
        guesses: list[dict[str, Any]] = []
        finished = (entry for row in rows.to_pylist() for entry in _read_row(row, settings, clock, guesses))
        while True:
            some = list(_some_of(finished))
            yield _tables(some, guesses)
            guesses.clear()
            if not some:
                return


def give_up(rows: pa.RecordBatch) -> Iterator[dict[str, pa.RecordBatch]]:
    """Set aside files that kill whoever reads them: too large for the memory, or a fault in a library.

    Of a file that is cut into spans it is the lines that one worker reads.
    """
    reason = "workers died on it, or were ended after too long a time"
    spans = ((row["name"], _span_of(row)) for row in rows.to_pylist())
    yield _tables([Failure(name, span.lines_before + 1 if span else 0, reason) for name, span in spans])


def _tables(
    entries: Sequence[_Document | Failure], guesses: Sequence[Mapping[str, Any]] = ()
) -> dict[str, pa.RecordBatch]:
    read = [entry for entry in entries if isinstance(entry, _Document)]
    failed = [entry for entry in entries if isinstance(entry, Failure)]
    places = {verdict: [_failure(entry) for entry in failed if entry.verdict == verdict] for verdict in Verdict}
    aside = tables.aside_schema(tables.DOCUMENTS)
    return {
        tables.KEPT: tables.from_dicts([document.row for document in read], tables.DOCUMENTS),
        tables.QUARANTINED: tables.from_dicts(places[Verdict.QUARANTINE], aside),
        tables.DROPPED: tables.from_dicts(places[Verdict.DROP], aside),
        tables.FOUND: tables.findings_table([finding for document in read for finding in document.findings]),
        GUESSES: tables.from_dicts(guesses, GUESSED),
    }


def _read_row(
    row: Mapping[str, Any], settings: Read, clock: Clock, guesses: list[dict[str, Any]]
) -> Iterator[_Document | Failure]:
    """The documents of a file, or of a span of it; what was guessed of its fields is added to `guesses`."""
    name = row["name"]
    if row["reason"]:
        yield Failure(name, 0, row["reason"])
        return
    file = File(_place_of(row), name, formats.stem(name), clock, _span_of(row))
    for part in files_in(file, settings):
        if isinstance(part, Failure):
            yield part
            continue
        found = fields_of(part, settings)
        if found and found.guessed and (part.span is None or not part.span.start):
            told = {what: (writable(choice.name[:NAME]), choice.why) for what, choice in found.guessed.items()}
            guesses.append({"file": part.name, "fields": json.dumps(told)})
        for record in records_of(part, settings, found):
            if isinstance(record, Record):
                yield attempt(partial(_document, record), part, record.line, record.text)
            else:
                yield record


def read_file(path: Place, name: str, settings: Read, span: Span | None = None) -> Iterator[Record | Failure]:
    """The records of one file, or of a span of it; `name` is what they call it. Never raises for what it holds."""
    for part in files_in(File(path, name, formats.stem(name), span=span), settings):
        yield from [part] if isinstance(part, Failure) else records_of(part, settings, fields_of(part, settings))


def files_in(file: File, settings: Read) -> Iterator[File | Failure]:
    """The files of an archive, one after the other, each as long as it is looked at; any other file itself."""
    if archives.is_archive(file.path) and formats.format_of(file.path) is None:
        return _until_broken(file, partial(archives.members, file, settings))
    return iter([file])


def fields_of(file: File, settings: Read) -> Fields | None:
    """Which fields of the file's records hold what; None when its records have no fields. Never raises.

    Of a span of a file, too, it is the beginning of the file that is looked at.
    """
    kind = formats.format_of(file.path)
    if kind is None or not kind.has_fields:
        return None
    found = fields.settled(settings)
    if found is None:
        seen = fields.sample(_raw(kind, file._replace(span=None), settings), settings)
        found = fields.guess(seen, settings)
    return found


def _raw(kind: Format, file: File, settings: Read) -> Iterator[Mapping[str, Any]]:
    """The records of a file as its format finds them, up to what cannot be read at all: reading it will say so."""
    with suppress(Exception):
        for record in islice(kind.read(file, fields.unsettled(settings)), fields.SAMPLE_RECORDS):
            if isinstance(record, Record):
                yield record.meta or {}


def records_of(file: File, settings: Read, found: Fields | None) -> Iterator[Record | Failure]:
    """The records of a file whose fields are `found`. Never raises for what it holds."""
    kind = formats.format_of(file.path)
    if kind is None:
        yield Failure(file.name, 0, f"of no known kind; {archives.hint()}")
        return
    found = found or fields.by_default(settings)
    file = file._replace(doubt=found.doubt, numbered=found.numbered)
    yield from _until_broken(file, partial(kind.read, file, found.settle(settings)))


T = TypeVar("T")


def _until_broken(file: File, make: Callable[[], Iterator[T]]) -> Iterator[T | Failure]:
    """What is read of a file, and why no more of it can be."""
    try:
        yield from make()
    except StoreError:  # it is not the file's fault: the run is to be tried again
        raise
    except RecordError as error:
        yield Failure(file.name, 0, str(error))
    except OSError as error:
        yield Failure(file.name, 0, f"unreadable file: {error.strerror or first_line(error) or type(error).__name__}")
    except pa.ArrowException as error:
        yield Failure(file.name, 0, f"broken file: {first_line(error)}")
    except Exception as error:  # a library may break on a file in any way: the file is set aside, not the portion
        yield Failure(file.name, 0, f"broken file: {type(error).__name__}: {first_line(error)}")


class _Document(NamedTuple):
    """A record as a row of `tables.DOCUMENTS`, and what is to be remarked upon it."""

    row: dict[str, Any]
    findings: list[FindingRow]


def _some_of(finished: Iterator[_Document | Failure]) -> Iterator[_Document | Failure]:
    size = 0
    for entry in islice(finished, ROWS_AT_ONCE):
        yield entry
        size += len(entry.row["text"]) + len(entry.row["meta"]) if isinstance(entry, _Document) else 0
        if size > CHARACTERS_AT_ONCE:
            return


def _document(record: Record) -> _Document:
    record = without_page(record)
    remarks = list(record.remarks)
    meta = as_json(record.meta or {})
    row: dict[str, Any] = {name: getattr(record, name) for name in record.__slots__ if name != "remarks"}
    row |= {"meta": meta, "repairs": 0}
    if len(meta) > META_CHARACTERS:
        row["meta"] = json.dumps({"left_out": f"{len(meta):,} characters of metadata"})
        detail = f"{len(meta):,} characters, more than the {META_CHARACTERS:,} that metadata may have"
        remarks.append(Remark(LEFT_OUT, detail))
    found = [Finding(rule, at, at, writable(text), None, detail) for rule, detail, at, text in remarks]
    return _Document(row, tables.finding_rows(record.id, record.site, record.text, found))


def _failure(failure: Failure) -> dict[str, Any]:
    where = f"{failure.file}:{failure.line}" if failure.line else failure.file
    return {
        "id": where,
        "text": writable(failure.start),
        "file": failure.file,
        "line": failure.line,
        "stage": STEP,
        "verdict": failure.verdict.name.lower(),
        "reason": writable(f"{STEP}: {failure.reason}"),
        "traceback": "",
    }


def writable(text: str) -> str:
    r"""The text as UTF-8 can hold it: half a surrogate pair is written as in JSON, `\ud800`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


# --- ids used twice ----------------------------------------------------------------------------------------------

# The first record of an id, in the order of file and line, keeps it.
REPEATED_IDS = """
    SELECT d.id, d.file, d.line, first.file AS first_file, first.line AS first_line
    FROM documents d
    JOIN (
        SELECT id, min(file) AS file
        FROM documents GROUP BY id HAVING count(*) > 1
    ) twice ON d.id = twice.id
    JOIN (
        SELECT id, file, min(line) AS line FROM documents GROUP BY id, file
    ) first ON first.id = twice.id AND first.file = twice.file
    WHERE d.file <> first.file OR d.line <> first.line
    ORDER BY d.file, d.line
"""


def set_aside_repeated(
    rows: pa.RecordBatch, *, repeated: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, pa.RecordBatch]]:
    """Quarantine the documents that `repeated` lists (rows of `REPEATED_IDS`)."""
    later = {(row["file"], row["line"], row["id"]): row for row in repeated}
    keys = list(zip(*(rows[name].to_pylist() for name in ("file", "line", "id")), strict=True))
    numbers = [number for number, key in enumerate(keys) if key in later]
    reasons = [f"{STEP}: {_used_twice(later[keys[number]])}" for number in numbers]
    why = [tables.Aside(Verdict.QUARANTINE, reason) for reason in reasons]
    aside = tables.set_aside(rows.take(pa.array(numbers, pa.int64())), STEP, Verdict.QUARANTINE, why)
    keep = pa.array([key not in later for key in keys], pa.bool_())
    yield {tables.KEPT: rows.filter(keep), tables.QUARANTINED: aside}


def _used_twice(repeated: Mapping[str, Any]) -> str:
    where = repeated["first_file"] + (f", line {repeated['first_line']}" if repeated["first_line"] else "")
    return f'id used twice: "{repeated["id"]}" is also in {where}'

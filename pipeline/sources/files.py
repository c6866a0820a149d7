"""Files to documents: which files an input holds, and the records in each, one by one.

A record that cannot be read becomes a `Failure` with file and line, and its neighbours go on. Files are read as
bytes, line by line, so that a bad byte costs its own record at most. Names in records are relative to the input and
use "/", so that a document keeps its id wherever the input lies.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.config import Read
from pipeline.errors import InputError, RecordError
from pipeline.sources.charset.decode import Decoded, decode

KINDS = (".txt", ".html", ".htm", ".jsonl", ".ndjson", ".csv", ".parquet", ".warc")
PACKED = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True, slots=True)
class Record:
    """One article as its file holds it, with what decoding it took."""

    id: str
    text: str
    file: str
    line: int = 0  # from 1; 0 when the file is the record
    site: str = ""
    url: str = ""
    title: str | None = None
    published: str | None = None
    charset: str = "utf-8"
    charset_from: str = "utf-8"
    charset_certainty: float = 1.0
    replaced: int = 0
    meta: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """One record that cannot be read: `start` shows how it begins."""

    file: str
    line: int
    reason: str
    start: str = ""


def find_files(root: str) -> tuple[list[Path], list[Path]]:
    """The files of an input in the order of their names: those that can be read, and those of no known kind.

    `root` is a folder, read at any depth but for hidden names, or one file.

    Raises:
        InputError: nothing is there, or nothing that can be read.
    """
    path = Path(root)
    if path.is_file():
        found = [path]
    elif path.is_dir():
        inside = (p for p in path.rglob("*") if not any(n[0] == "." for n in p.relative_to(path).parts))
        found = sorted((p for p in inside if p.is_file()), key=lambda p: p.relative_to(path).as_posix())
    else:
        raise InputError(f"{root}: no such file or folder; name the articles' folder: copydesk run FOLDER")
    known = [p for p in found if kind_of(p)]
    if not known:
        held = "is empty" if not found else f"holds {len(found)} files, none of a known kind"
        raise InputError(f"{root}: {held}; known are {', '.join(KINDS)}, packed as .gz or .zst too")
    return known, [p for p in found if not kind_of(p)]


def kind_of(path: Path) -> str:
    """The suffix that tells how to read the file, "" when none does."""
    suffixes = [s.lower() for s in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes and suffixes[-1] in KINDS else ""


def read(path: Path, name: str, settings: Read) -> Iterator[Record | Failure]:
    """The records of one file; `name` is what they call it. Never raises for what the file holds."""
    reader = _READERS[kind_of(path)]
    try:
        yield from reader(path, name, settings)
    except RecordError as error:
        yield Failure(name, 0, str(error))
    except OSError as error:
        yield Failure(name, 0, f"unreadable file: {error.strerror or error or type(error).__name__}")
    except pa.ArrowException as error:
        yield Failure(name, 0, f"broken file: {_first_line(error)}")
    except Exception as error:  # a library may break on a file in any way: the file is set aside, not the batch
        yield Failure(name, 0, f"broken file: {type(error).__name__}: {_first_line(error)}")


def _attempt(make: Callable[[], Record], name: str, line: int, start: str = "") -> Record | Failure:
    """One record of many, or why it is none: whatever it breaks, its neighbours go on."""
    try:
        return make()
    except RecordError as error:
        return Failure(name, line, str(error), start)
    except Exception as error:  # a parser may break on a record in any way
        return Failure(name, line, f"broken record: {type(error).__name__}: {_first_line(error)}", start)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:500]


def _open(path: Path) -> BinaryIO:
    packed = PACKED.get(path.suffix.lower())
    if not packed:
        return path.open("rb")
    return io.BufferedReader(pa.input_stream(str(path), compression=packed), 1 << 20)  # Arrow's own has no lines


def _stem(name: str) -> str:
    """The file's name without what tells its kind: the id of the document it holds."""
    folder, _, last = name.rpartition("/")
    for suffix in (*PACKED, *KINDS):
        last = last[: -len(suffix)] if last.lower().endswith(suffix) and last.lower() != suffix else last
    return f"{folder}/{last}" if folder else last


def _site(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


# --- one file, one article ---------------------------------------------------------------------------------------


def _whole(path: Path, settings: Read) -> bytes:
    with _open(path) as stream:
        content: bytes = stream.read(settings.max_record_bytes + 1)
    if len(content) > settings.max_record_bytes:
        raise RecordError(f"larger than max_record_bytes = {settings.max_record_bytes:,} bytes")
    return content


def _read_txt(path: Path, name: str, settings: Read) -> Iterator[Record | Failure]:
    content = _whole(path, settings)
    decoded = decode(content)
    if "\0" in decoded.text:
        raise RecordError("binary, not text: it holds NUL bytes")
    yield _checked(Record(_stem(name), decoded.text, name, **_charset(decoded)))


def _read_html(path: Path, name: str, settings: Read) -> Iterator[Record | Failure]:
    yield _page(decode(_whole(path, settings)), _stem(name), name, 0, "")


def _page(decoded: Decoded, identity: str, name: str, line: int, url: str) -> Record:
    """The article on a page.

    Raises:
        RecordError: there is none.
    """
    from pipeline.sources.page.article import extract  # the parser takes 0.2 s to load

    article = extract(decoded.text, url or None)
    if article is None:
        raise RecordError("no article found on the page")
    meta = {"authors": list(article.authors), "page_language": article.language}
    record = Record(
        identity,
        article.text,
        name,
        line,
        site=_site(url),
        url=url,
        title=article.title,
        published=article.date,
        meta={key: value for key, value in meta.items() if value},
        **_charset(decoded),
    )
    return _checked(record)


def _charset(decoded: Decoded) -> dict[str, Any]:
    return {
        "charset": decoded.charset,
        "charset_from": decoded.how,
        "charset_certainty": decoded.certainty,
        "replaced": decoded.replaced,
    }


# --- one file, many records --------------------------------------------------------------------------------------


def _lines(stream: BinaryIO, most: int) -> Iterator[tuple[int, bytes | None]]:
    """Number and bytes of each line, without its ending; None for a line of more than `most` bytes, read past."""
    number = 0
    while line := stream.readline(most + 1):
        number += 1
        if len(line) > most and not line.endswith(b"\n"):
            while rest := stream.readline(1 << 20):
                if rest.endswith(b"\n"):
                    break
            yield number, None
        else:
            yield number, line.rstrip(b"\r\n")


def _read_jsonl(path: Path, name: str, settings: Read) -> Iterator[Record | Failure]:
    with _open(path) as stream:
        for number, line in _lines(stream, settings.max_record_bytes):
            if line is None:
                yield Failure(name, number, f"line longer than max_record_bytes = {settings.max_record_bytes:,} bytes")
                continue
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            make = partial(_from_json, line, name, number, settings)
            yield _attempt(make, name, number, line[:200].decode("utf-8", "replace"))


def _from_json(line: bytes, name: str, number: int, settings: Read) -> Record:
    return _from_fields(_parse(line), name, number, settings)


def _parse(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        bad = error.object[error.start]
        raise RecordError(f"not UTF-8: byte 0x{bad:02x} at column {error.start + 1}") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise RecordError(f"not a JSON object but {type(value).__name__}")
    return value


def _read_csv(path: Path, name: str, settings: Read) -> Iterator[Record | Failure]:
    csv.field_size_limit(min(settings.max_record_bytes, sys.maxsize))
    with _open(path) as stream:
        reader = csv.reader(_csv_lines(stream, settings.max_record_bytes), strict=True)
        header = next(reader, [])
        while True:
            start = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Failure(name, start, f"not CSV: {error}")
                continue
            if row:
                make = partial(_from_row, header, row, name, start, settings)
                yield _attempt(make, name, start, ",".join(row)[:200].encode("utf-8", "replace").decode())


def _csv_lines(stream: BinaryIO, most: int) -> Iterator[str]:
    for number, line in _lines(stream, most):
        if line is None:
            yield "\n"  # the reader counts lines; the record it belonged to is malformed and says so
            continue
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        yield line.decode("utf-8", "surrogateescape") + "\n"


def _from_row(header: list[str], row: list[str], name: str, number: int, settings: Read) -> Record:
    if len(row) != len(header):
        raise RecordError(f"{len(row)} fields where the header has {len(header)}")
    return _from_fields(dict(zip(header, row, strict=True)), name, number, settings)


def _read_parquet(path: Path, name: str, settings: Read) -> Iterator[Record | Failure]:
    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=500):
            for row in range(batch.num_rows):
                number += 1
                yield _attempt(partial(_from_batch, batch, row, name, number, settings), name, number)


def _from_batch(batch: pa.RecordBatch, row: int, name: str, number: int, settings: Read) -> Record:
    try:
        fields = {field.name: batch.column(i)[row].as_py() for i, field in enumerate(batch.schema)}
    except UnicodeDecodeError as error:
        raise RecordError(f"not UTF-8: byte 0x{error.object[error.start]:02x}") from error
    return _from_fields(fields, name, number, settings)


def _read_warc(path: Path, name: str, settings: Read) -> Iterator[Record | Failure]:
    """The articles on the pages of a web archive; `line` counts its responses. Other records are no documents."""
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    number = 0
    with path.open("rb") as stream:
        try:
            for entry in ArchiveIterator(stream):
                if entry.rec_type != "response" or "html" not in _header(entry, "Content-Type"):
                    continue
                number += 1
                url = entry.rec_headers.get_header("WARC-Target-URI") or ""
                content = entry.content_stream().read(settings.max_record_bytes + 1)
                kind = _header(entry, "Content-Type")
                yield _attempt(partial(_archived, content, kind, url, name, number, settings), name, number, url)
        except (ArchiveLoadFailed, EOFError, zlib.error) as error:
            yield Failure(name, number + 1, f"broken archive: {_first_line(error)}")


def _header(entry: Any, field: str) -> str:
    return (entry.http_headers.get_header(field) or "") if entry.http_headers else ""


def _archived(content: bytes, kind: str, url: str, name: str, number: int, settings: Read) -> Record:
    if len(content) > settings.max_record_bytes:
        raise RecordError(f"larger than max_record_bytes = {settings.max_record_bytes:,} bytes")
    declared = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", kind, re.IGNORECASE)
    return _page(decode(content, declared[1] if declared else None), f"{_stem(name)}:{number}", name, number, url)


def _from_fields(fields: dict[str, Any], name: str, line: int, settings: Read) -> Record:
    """The record that a JSON object, a CSV row or a Parquet row describes.

    Raises:
        RecordError: it has no text, or one that is none.
    """
    fields = dict(fields)
    text = fields.pop(settings.text_field, None)
    if not isinstance(text, str):
        found = f"found {_names(fields)}" if text is None else f"it is {type(text).__name__}, not a string"
        raise RecordError(f'no "{settings.text_field}"; {found}. hint: [read] text_field = "..."')
    if settings.text_is_html:
        from pipeline.sources.page.fragment import text_of

        text = text_of(text)
    url = _string(fields.pop(settings.url_field, None))
    record = Record(
        _string(fields.pop(settings.id_field, None)) or f"{_stem(name)}:{line}",
        text,
        name,
        line,
        site=_string(fields.pop(settings.site_field, None)) or _site(url),
        url=url,
        title=_string(fields.pop(settings.title_field, None)) or None,
        published=_string(fields.pop(settings.published_field, None)) or None,
        meta=fields,
    )
    return _checked(record)


def _names(fields: Mapping[str, Any]) -> str:
    names = [f'"{key}"' for key in list(fields)[:8]]
    return ", ".join(names) or "no fields"


def _string(value: Any) -> str:
    return "" if value is None else str(value)


def _checked(record: Record) -> Record:
    """The record, if its text is one.

    Raises:
        RecordError: it is blank, or holds half a character (a surrogate without its partner).
    """
    if not record.text or record.text.isspace():
        raise RecordError("no text: it is empty")
    for value in (record.text, record.id, record.url, record.site, record.title or "", record.published or ""):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            bad = ord(error.object[error.start])
            what = f"byte 0x{bad - 0xDC00:02x}" if 0xDC80 <= bad <= 0xDCFF else f"lone surrogate U+{bad:04X}"
            raise RecordError(f"not UTF-8: {what} at character {error.start + 1}") from error
    return record


_READERS: dict[str, Callable[[Path, str, Read], Iterator[Record | Failure]]] = {
    ".txt": _read_txt,
    ".html": _read_html,
    ".htm": _read_html,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".warc": _read_warc,
}

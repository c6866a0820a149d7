"""Records: what reading makes of a file, one article after the other, and what every format needs to make them.

A record that cannot be read becomes a `Failure` with file and line, and its neighbours go on. Names in records are
relative to the input and use "/", so that a document keeps its id wherever the input lies.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pipeline.config import Read
from pipeline.engine.limits import Clock, TookTooLongError
from pipeline.engine.stores.file import Place
from pipeline.errors import RecordError
from pipeline.records import Verdict
from pipeline.sources.charset.decode import Decoded
from pipeline.sources.charset.of_lines import UTF_8, Charset
from pipeline.sources.streams import Span
from pipeline.text import paragraphs

MAX_ID = 20_000  # characters: every finding repeats it; a path has 4,096 bytes, each of up to four characters in a name
MAX_COLUMNS = 10_000  # of a table: each has an object of its own in every record
MAX_LINES = 500_000  # that are not blank, of a text: stages take some 400 bytes for each; a long novel has 50,000
MAX_NAME = 60  # characters of a field's name that a reason shows


class Remark(NamedTuple):
    """What is to be remarked on a record as it is read: by which name, why, at which offset, and what stood there."""

    rule: str
    detail: str
    at: int = 0
    text: str = ""


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
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """One record that cannot be read, or is not wanted: `start` shows how it begins."""

    file: str
    line: int
    reason: str
    start: str = ""
    verdict: Verdict = Verdict.QUARANTINE


class File(NamedTuple):
    """A file to read: where it lies, what its records call it, and that name without the suffixes that tell its kind.

    The stem is the id of the document that the file is; of several, it begins the ids of those that have none. The
    clock limits the time that is spent on one record. Of a large file of lines several workers read a span each.
    """

    path: Place
    name: str
    stem: str
    clock: Clock = Clock(0)
    span: Span | None = None
    doubt: str = ""  # why none of its fields is taken for the text
    numbered: bool = False  # the ids that its records have are numbers, which another file uses, too


class Format(NamedTuple):
    """A kind of file: the suffixes of its name, lower case, and the function that reads its records one by one.

    What `read` raises sets aside the file as a whole; a record that alone is broken is a `Failure` (see `attempt`).
    `by_lines`: each line is read by itself, so that a file may be cut between any two. `is_one`: it is one record.
    `has_fields`: its records come from `from_fields`, so that which field holds what may be guessed.
    """

    suffixes: tuple[str, ...]
    read: Callable[[File, Read], Iterator[Record | Failure]]
    by_lines: bool = False
    is_one: bool = False
    has_fields: bool = False


# Of a file: so much beside its records is said to be read by nobody; less is a head, or how it is set out.
_BESIDE, _BESIDE_BYTES = 0.1, 600


def beside(file: File, size: int, unread: int, where: str) -> Iterator[Failure]:
    """What of a file is no part of its records, if it is much: so many bytes of its `size`, and where they stand.

    It is counted as dropped: a head that each of many files has is no damage.
    """
    if unread > max(_BESIDE_BYTES, _BESIDE * size):
        reason = f"{unread:,} of {size:,} bytes stand {where}, and are not read"
        yield Failure(file.name, 0, reason, verdict=Verdict.DROP)


T = TypeVar("T")


def attempt(make: Callable[[], T], file: File, line: int, content: str | bytes | None = None) -> T | Failure:
    """What is made of one record, or why nothing is: whatever it breaks or takes too long, its neighbours go on."""
    name = file.name
    try:
        file.clock.start()
        try:
            return make()
        finally:
            file.clock.stop()
    except (RecordError, TookTooLongError) as error:
        return Failure(name, line, str(error), start_of(content))
    except Exception as error:  # a parser may break on a record in any way
        return Failure(name, line, f"broken record: {type(error).__name__}: {first_line(error)}", start_of(content))


def start_of(content: str | bytes | None) -> str:
    """How a record begins, to be shown."""
    start = (content or "")[:200]
    return (start.decode("utf-8", "replace") if isinstance(start, bytes) else start).rstrip("\r\n")


def first_line(error: Exception) -> str:
    """What a library's error says, short enough for a table."""
    return str(error).strip().partition("\n")[0][:500]


class Columns:
    """The columns of a table. What stands in several columns of one name is a list of its values."""

    def __init__(self, names: Sequence[str], settings: Read) -> None:
        """The columns with these names.

        Raises:
            RecordError: several have a name that is asked for, and which one is meant cannot be known; or they are
                too many.
        """
        if len(names) > MAX_COLUMNS:
            raise RecordError(f"{len(names):,} columns, the limit is {MAX_COLUMNS:,}")
        self.names = names
        self._several = {name for name, count in Counter(names).items() if count > 1}
        asked = (settings.text_field, settings.id_field, settings.url_field, settings.site_field)
        for name in (*asked, settings.title_field, settings.published_field):
            if name and name in self._several:
                raise RecordError(f'several columns are called "{name}"')

    def fields(self, values: Sequence[Any]) -> dict[str, Any]:
        """The values of a row by name, one for each column."""
        fields = dict(zip(self.names, values, strict=True))
        if self._several:
            fields |= {name: [] for name in self._several}
            for name, value in zip(self.names, values, strict=True):
                if name in self._several:
                    fields[name].append(value)
        return fields


def from_fields(fields: Mapping[str, Any], file: File, line: int, settings: Read, charset: Charset = UTF_8) -> Record:
    """The record that a JSON object, a CSV row or a Parquet row describes; `charset` is the one its file is in.

    As long as no field is named for the text, all that it holds is metadata: for whoever looks at it first.

    Raises:
        RecordError: it has no text, or one that is none.
    """
    if not settings.text_field:
        return Record("", "", file.name, line, meta=fields)
    rest = dict(fields)
    text = rest.pop(settings.text_field, None)
    if not isinstance(text, str):
        if file.doubt:
            raise RecordError(f'no "{settings.text_field}"; {file.doubt}. hint: --text-field, or [read] text_field')
        found = f"found {shown_names(rest)}" if text is None else f"it is {type(text).__name__}, not a string"
        raise RecordError(f'no "{settings.text_field}"; {found}. hint: [read] text_field = "..."')
    if settings.text_is_html:
        from pipeline.sources.page.fragment import text_of

        text = text_of(text)
    url = _string(rest.pop(settings.url_field, None))
    identity = _string(rest.pop(settings.id_field, None))
    record = Record(
        (f"{file.stem}#{identity}" if identity and file.numbered else identity)
        or (f"{file.stem}:{line}" if line else file.stem),
        text,
        file.name,
        line,
        site=_string(rest.pop(settings.site_field, None)) or site_of(url),
        url=url,
        title=_string(rest.pop(settings.title_field, None)) or None,
        published=_string(rest.pop(settings.published_field, None)) or None,
        charset=charset.name,
        charset_from=charset.how,
        charset_certainty=charset.certainty,
        meta=rest,
    )
    return checked(record)


def shown_names(fields: Iterable[str]) -> str:
    """The names of the first fields, short enough for a reason."""
    names = [key if len(key) <= MAX_NAME else key[:MAX_NAME] + "..." for key in list(fields)[:8]]
    return ", ".join(f'"{name}"' for name in names) or "no fields"


def _string(value: Any) -> str:
    return "" if value is None else str(value)


def site_of(url: str) -> str:
    """The host of an address without its "www."; "" when it has none."""
    if plain := _PLAIN.match(url):
        return plain[1].lower().removeprefix("www.")
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


# What most addresses are, and Python takes 2 microseconds to split.
_PLAIN = re.compile(r"https?://([a-z0-9.-]+)(?:[/?#]|\Z)", re.IGNORECASE | re.ASCII)


def charset_columns(decoded: Decoded) -> dict[str, Any]:
    """What a record says of how its bytes were decoded."""
    return {
        "charset": decoded.charset,
        "charset_from": decoded.how,
        "charset_certainty": decoded.certainty,
        "replaced": decoded.replaced,
    }


def checked(record: Record) -> Record:
    """The record, if its text is one.

    Raises:
        RecordError: it is blank, has too many lines, or holds half a character (a surrogate without its partner); its
            id or site has no end.
    """
    if not record.text or record.text.isspace():
        raise RecordError("no text: it is empty")
    if record.text.count("\n") >= MAX_LINES and (count := sum(1 for _ in paragraphs(record.text))) > MAX_LINES:
        raise RecordError(f"{count:,} lines of text, the limit is {MAX_LINES:,}")
    for what, name in (("id", record.id), ("site", record.site)):
        if len(name) > MAX_ID:
            raise RecordError(f"its {what} is longer than {MAX_ID:,} characters")
    for value in (record.text, record.id, record.url, record.site, record.title or "", record.published or ""):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            bad = ord(error.object[error.start])
            what = f"byte 0x{bad - 0xDC00:02x}" if 0xDC80 <= bad <= 0xDCFF else f"lone surrogate U+{bad:04X}"
            raise RecordError(f"not UTF-8: {what} at character {error.start + 1}") from error
    return record

"""The kinds of files that can be read. A new one is a module of this folder and its name in `FORMATS`."""

from __future__ import annotations

from pipeline.engine.stores.file import Place
from pipeline.sources.formats import csv, html, json, jsonl, mhtml, parquet, txt, warc, xml
from pipeline.sources.packed import PACKED
from pipeline.sources.records import Format

FORMATS: tuple[Format, ...] = (
    txt.FORMAT,
    html.FORMAT,
    mhtml.FORMAT,
    jsonl.FORMAT,
    json.FORMAT,
    csv.FORMAT,
    parquet.FORMAT,
    xml.FORMAT,
    warc.FORMAT,
)


def suffixes() -> tuple[str, ...]:
    """All suffixes that tell a kind: `(".txt", ".html", ...)`."""
    return tuple(suffix for kind in FORMATS for suffix in kind.suffixes)


def hint() -> str:
    """Which kinds there are, for whoever has named something else."""
    *packed, last = PACKED
    return f"known are {', '.join(suffixes())}, packed as {', '.join(packed)} or {last} too"


def format_of(path: Place) -> Format | None:
    """The format that the file's name tells, packed or not; None when it tells none."""
    suffix = suffix_of(path)
    return next((kind for kind in FORMATS if suffix in kind.suffixes), None)


def suffix_of(path: Place) -> str:
    """The suffix of a name that tells a kind, in lower case and without that of how it is packed; "" if it has none."""
    last = [suffix.lower() for suffix in path.suffixes[-2:]]
    if last and last[-1] in PACKED:
        last.pop()
    return last[-1] if last else ""


def stem(name: str) -> str:
    """The file's name without what tells its kind: the id of the document it holds.

    >>> stem("news/monday.html.gz")
    'news/monday'
    """
    folder, _, last = name.rpartition("/")
    for tell in (PACKED, suffixes()):
        found = next((suffix for suffix in tell if last.lower().endswith(suffix) and last.lower() != suffix), "")
        last = last.removesuffix(last[len(last) - len(found) :])
    return f"{folder}/{last}" if folder else last

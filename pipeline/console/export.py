"""`copydesk export`: the corpus as other files, all of it or what a condition picks out."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.console import show
from pipeline.engine import stores
from pipeline.engine.protocol import Progress
from pipeline.errors import SettingsError
from pipeline.output.corpus import read_corpus
from pipeline.output.export import export
from pipeline.output.export.export import KINDS, Exported, Wanted
from pipeline.output.layout import CORPUS

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = Wanted()
    parser.add_argument("out", metavar="FOLDER", help="where the files go; an export that lies there is replaced")
    parser.add_argument("--to", choices=KINDS, default=default.kind, help=f"what they are (default: {default.kind})")
    parser.add_argument("--where", metavar="SQL", default="", help="which rows: translation_score >= 0.8 AND cuts = 0")
    parser.add_argument("--columns", metavar="NAMES", default="", help="which columns: id,text,site (default: all)")
    told = "of a file before it is packed (default: 256MB)"
    parser.add_argument("--shard-size", metavar="SIZE", default="256MB", help=told)
    parser.add_argument("--corpus", metavar="FOLDER", help=f"the corpus (default: {CORPUS} in the output folder)")
    parser.add_argument("--replace", action="store_true", help="also replace a folder that holds something else")
    show.add_outer_options(parser)


def run(options: argparse.Namespace) -> int:
    """Write the files; say how many rows they hold."""
    corpus = read_corpus(options.corpus or f"{show.settings_of(options).run.output}/{CORPUS}")
    names = [name.strip() for name in options.columns.split(",")] if options.columns else []
    wanted = Wanted(options.to, options.where, names, size_of(options.shard_size))
    if stores.is_url(options.out):
        raise SettingsError(f"{options.out}: an export is a folder on this machine; name one, then copy it there")
    started = time.monotonic()
    with _progress(len(corpus), shown=not options.json) as progress:
        exported = export.write(corpus, Path(options.out), wanted, progress, replace=options.replace)
    if options.json:
        show.as_json({"folder": options.out, **exported})
    else:
        show.lines(show.printable(summary(exported, options.out, time.monotonic() - started)))
    return 0


def summary(exported: Exported, out: str, seconds: float) -> str:
    """`3 of 5 articles of release 2 as csv, 1 file, 0.1 MB: out (0.02 s)`."""
    files = exported["files"].values()
    size = sum(file["bytes"] for file in files)
    number = f"{len(files):,} file{'' if len(files) == 1 else 's'}, {size / 1e6:,.1f} MB"
    taken = f"{exported['rows']:,} of {exported['of_rows']:,} articles of release {exported['release']}"
    return f"{taken} as {exported['kind']}, {number}: {out} ({seconds:.2f} s)"


def size_of(told: str) -> int:
    """Bytes, of a size in words.

    Raises:
        SettingsError: it is none.

    >>> size_of("256MB"), size_of("1.5 GB"), size_of("900")
    (256000000, 1500000000, 900)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)B?", told.strip(), re.IGNORECASE | re.ASCII)
    size = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if size < 1:
        raise SettingsError(f"--shard-size must be a size as 256MB, of at least 1 byte; got {told!r}")
    return size


@contextmanager
def _progress(total: int, *, shown: bool) -> Iterator[Progress | None]:
    """A bar on a terminal."""
    terminal = show.console()
    if not (shown and terminal.is_terminal):
        yield None
        return
    from rich.progress import Progress as Bars

    with Bars(console=terminal, transient=True) as bars:
        task = bars.add_task("export", total=total)
        yield lambda done, _: bars.update(task, completed=done)

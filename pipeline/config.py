"""Settings: one TOML file to one frozen, typed object. Nothing runs on a setting that is misspelt or out of bounds.

[run]
batch = "2026-11-24"
input = "seeds"

[duplicates]            # the table of a stage
preferred = ["example.org"]

[rules."translation/low_score"]
min_score = 0.5
verdict = "drop"        # or "keep", "quarantine"
enabled = true

The stages are handed in (`stages.order.STAGES`): this module knows none of them, so that a step may depend on it
without depending on every rule.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import math
import os
import re
import tomllib
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pipeline.engine import cache, stores
from pipeline.engine.cluster import Spark
from pipeline.errors import SettingsError
from pipeline.records import NO_TABLE, Bounds, Count, File, Guard, Rule, Share, Table, Verdict
from pipeline.stages.stage import Stage

DEFAULT_FILE = Path("configs/copydesk.toml")

T = TypeVar("T", bound=Table)


# --- tables -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """A setting that is an option of the command line, too: what it is for, and what its value is called there.

    `names_batch` says that it tells which batch is meant, and so is an option of every command.
    """

    help: str
    metavar: str
    names_batch: bool = False


@dataclass(frozen=True)
class Run(Table):
    """Where a batch comes from, where it goes, and what it may use."""

    # names sort: a batch is judged against those before it; without one a run makes the batch of today, by its date
    batch: Annotated[str, Option("name of the batch", "NAME", names_batch=True)] = ""
    input: Annotated[str, Option("folder, file or pattern to read", "PATH")] = "seeds"  # see `input_of`
    output: Annotated[str, Option("where outputs go: a folder, or s3://BUCKET/PREFIX", "FOLDER", names_batch=True)] = (
        "output"
    )
    # "": in the user's cache, a folder for each output
    work: Annotated[str, Option("folder to work in where the output is in a store", "FOLDER", names_batch=True)] = ""
    workers: Annotated[Count, Option("processes; 0: one for each core", "N")] = 0
    # each worker needs about 400 MB besides
    memory_limit: Annotated[str, Option("of the SQL engine, which spills to disk beyond it", "SIZE")] = "2GB"
    max_quarantined: Annotated[Share, Option("more in quarantine: not published, exit code 3", "SHARE")] = 0.1
    max_dropped: Annotated[Share, Option("more of the documents dropped: the same", "SHARE")] = 1.0
    # of sources with at least `min_source` documents; 1.0: no limit
    max_quarantined_source: Annotated[Share, Option("more of one source quarantined: the same", "SHARE")] = 0.9
    max_rise: Annotated[Share, Option("a share that rose by more since the batch before: the same", "SHARE")] = 0.35
    min_source: Annotated[Count, Option("documents that a source needs to be judged by itself", "N")] = 20
    max_left_out: Annotated[Share, Option("more of the input's files read by nobody: the same", "SHARE")] = 1.0
    # some 100,000 times what an article takes; it decides nothing but on hostile texts, and is in no key
    max_seconds: Annotated[float, Bounds(0, None), Option("a document that takes longer is quarantined", "S")] = 60.0
    only_new: Annotated[bool, Option("leave out files that another published batch has read", "")] = False
    # as the Hub calls it, for the card of the corpus; one that it does not know is `other` there, with this name
    license: Annotated[str, Option("licence of the corpus, as the Hugging Face Hub calls it", "NAME")] = ""
    engine: Annotated[str, Option("who does the work", "NAME")] = "local"

    @property
    def folder(self) -> Path:
        """Where outputs are made: the output, or where that is in a store the folder to work in."""
        if not stores.is_url(self.output):
            return Path(self.output)
        name = hashlib.sha256(self.output.encode()).hexdigest()[:16]
        return Path(self.work) if self.work else cache.folder() / "work" / name


def input_of(pattern: str, batch: str) -> str:
    """What a batch of that name reads: `{batch}` in a pattern, or `{date}`, stands for the name.

    >>> input_of("inbox/{batch}/*.jsonl", "2026-11-24")
    'inbox/2026-11-24/*.jsonl'
    """
    return pattern.replace("{batch}", batch).replace("{date}", batch)


@dataclass(frozen=True)
class Read(Table):
    """Which fields of a record hold what, and how much is too much.

    A field that is "" has the name of what it holds (`text`, `id`, ...), or else another one, if it is certain which.
    """

    text_field: Annotated[str, Option("field of the text (default: text, or told by names and contents)", "FIELD")] = ""
    id_field: Annotated[str, Option("of the id (default: id, or told so)", "FIELD")] = ""
    url_field: Annotated[str, Option("of the address (default: url, or told so)", "FIELD")] = ""
    site_field: Annotated[str, Option("of the site (default: site, or told so, or the url's host)", "FIELD")] = ""
    title_field: Annotated[str, Option("of the title (default: title, or told so)", "FIELD")] = ""
    published_field: Annotated[str, Option("of the date (default: published, or told so)", "FIELD")] = ""
    record_tag: str = ""  # of XML and SGML: what is a record; "": what stands there several times and holds most text
    # a feed's or an API's; it is not guessed: a parser eats what looks like tags in plain text
    text_is_html: Annotated[bool, Option("the text is HTML", "")] = False
    max_record_bytes: Count = 32 << 20  # a longer line or file is set aside unread


def run_options() -> dict[str, Option]:
    """The settings of `[run]` as options, by name."""
    return _options(Run)


def read_options() -> dict[str, Option]:
    """Those of `[read]` that are options, too."""
    return _options(Read)


def _options(table: type[Table]) -> dict[str, Option]:
    kinds = typing.get_type_hints(table, include_extras=True)
    notes = ((name, note) for name, kind in kinds.items() for note in getattr(kind, "__metadata__", ()))
    return {name: note for name, note in notes if isinstance(note, Option)}


@dataclass(frozen=True)
class Notify(Table):
    """Who is told how a run ended, besides whoever started it."""

    webhook: str = ""  # a message in JSON is posted there
    webhook_seconds: Annotated[float, Bounds(0.1, None)] = 10.0  # of silence, after which nobody waits
    metrics: str = ""  # a file for the textfile collector of Prometheus' node exporter


@dataclass(frozen=True)
class Settings:
    """All settings, as in force: the file's, else the defaults written above, at the stages and at the rules."""

    run: Run
    read: Read
    stages: tuple[Stage, ...]  # with their tables and their rules' settings in force
    notify: Notify = Notify()
    spark: Spark = Spark()
    file: str = ""  # where they were read
    told: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # settings of `[read]` given as options
    defaults: tuple[Stage, ...] = ()  # the stages as they are written down

    def stage(self, name: str) -> Stage:
        """The stage of that name."""
        return next(stage for stage in self.stages if stage.name == name)


# --- from a file to settings -------------------------------------------------------------------------------------


def load(stages: Sequence[Stage], file: str | Path | None = None, also: Sequence[str] = (), **options: Any) -> Settings:
    """The settings of `file`, with the `options` that are not None in the place of its `[run]` and `[read]` values.

    `also` are settings in the place of those of the file, each a line of TOML: `run.workers = 2`.

    Paths in the file are relative to its own folder, those among the options to the working directory. Without a file
    the one at `DEFAULT_FILE` counts, or the defaults where there is none.

    Raises:
        SettingsError: the file cannot be read, or holds an unknown or impossible setting.
    """
    path = Path(file) if file else DEFAULT_FILE
    try:
        with path.open("rb") as stream:
            tables = tomllib.load(stream)
    except FileNotFoundError as error:
        if file:
            raise SettingsError(f"{path}: no such file; name an existing one, or none") from error
        tables = {}
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
    for line in also:
        tables = _with_line(tables, line)
    given = {name: value for name, value in options.items() if value is not None}
    return parse(stages, tables, str(path), given, path.parent)


def _with_line(tables: Mapping[str, Any], line: str) -> dict[str, Any]:
    """The tables of a file with what a line of TOML sets."""
    try:
        return _merged(tables, tomllib.loads(line))
    except tomllib.TOMLDecodeError as error:
        told = 'must be a setting as TOML has it, as rules."translation/low_score".min_score=0.7'
        raise SettingsError(f"{line!r}: {told} ({error})") from error


def _merged(tables: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Both, table in table; where both say something, what the others say."""
    both = {
        n: _merged(tables[n], v) for n, v in others.items() if isinstance(v, dict) and isinstance(tables.get(n), dict)
    }
    return {**tables, **others, **both}


def parse(
    stages: Sequence[Stage],
    tables: Mapping[str, Any],
    where: str,
    options: Mapping[str, Any] | None = None,
    folder: Path = Path(),
) -> Settings:
    """Typed settings of the tables of a TOML file called `where`, in which paths are relative to `folder`.

    Raises:
        SettingsError: an unknown or impossible setting; the message names file, table and setting.
    """
    own = {stage.name: stage.table for stage in stages if stage.table is not NO_TABLE}
    _refuse_unknown(tables, ["run", "read", *own, "rules", "notify", "spark"], where, "table")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise SettingsError(f"{where}: [{name}] must be a table; got {table!r}")
    options = options or {}
    told = {name: value for name, value in options.items() if name in read_options()}
    run = _with_paths(_table(Run(), tables.get("run", {}), f"{where}: [run]"), tables.get("run", {}), folder)
    settings = Settings(
        _with_urls(_with_options(run, {name: value for name, value in options.items() if name not in told}), where),
        _with_options(_table(Read(), tables.get("read", {}), f"{where}: [read]"), told),
        _stages(stages, tables, where, folder),
        _table(Notify(), tables.get("notify", {}), f"{where}: [notify]"),
        _table(Spark(), tables.get("spark", {}), f"{where}: [spark]"),
        where,
        told,
        tuple(stages),
    )
    if settings.run.license and not re.fullmatch(r"[a-z0-9][a-z0-9.+\-]*", settings.run.license):
        raise SettingsError(
            f"{where}: [run] license must be a name as the Hub has it, as cc-by-4.0; got {settings.run.license!r}"
        )
    if settings.notify.webhook and not re.match(r"https?://[^/\s]+", settings.notify.webhook):
        raise SettingsError(f"{where}: [notify] webhook must begin with http:// or https:// and a host")
    if settings.run.batch and not re.fullmatch(r"[^\W_][\w.\-]*", settings.run.batch):
        raise SettingsError(  # files that begin with "_" or "." are passed over by Spark and pyarrow
            f"{where}: [run] batch must be a name of letters, digits, '-', '_' and '.' that begins with a letter or "
            f"digit; got {settings.run.batch!r}"
        )
    if not settings.run.output.isprintable():
        raise SettingsError(
            f"{where}: [run] output must be a path in UTF-8 that can be printed; got {settings.run.output!r}"
        )
    return settings


def beside(folder: Path, path: str) -> str:
    """A path that is relative to a folder, as the working directory has it: without `..` where that can be.

    >>> beside(Path("configs"), "../seeds"), beside(Path(), "seeds"), beside(Path("a"), "/b")
    ('seeds', 'seeds', '/b')
    """
    if stores.is_url(path) or folder == Path() or not path:
        return path
    return os.path.normpath(folder / path)


def _with_paths(run: Run, values: Mapping[str, Any], folder: Path) -> Run:
    """The table `[run]` with the paths that its file names, which lies in `folder`."""
    named: dict[str, Any] = {n: beside(folder, stores.as_path(getattr(run, n))) for n in _PATHS if n in values}
    return dataclasses.replace(run, **named)


_PATHS = ("input", "output", "work")  # of `[run]`


def _with_urls(run: Run, where: str) -> Run:
    """The table `[run]` with its URLs known to be in order: `file://` is a path, and outputs go where they are safe."""
    paths: dict[str, Any] = {name: stores.as_path(getattr(run, name)) for name in _PATHS}
    if stores.is_url(paths["work"]):
        raise SettingsError(f"{where}: [run] work must be a folder of this machine; got a URL")
    for name in ("input", "output"):
        if stores.is_url(paths[name]):
            scheme, bucket, key = stores.address_of(paths[name])
            if name == "output" and scheme != "s3":
                raise SettingsError(
                    f"{where}: [run] output must be a folder, or s3://BUCKET/PREFIX; {scheme}:// has no write that "
                    "fails where somebody else has written meanwhile, see docs/storage.md"
                )
            url = f"{scheme}://{bucket}/{key}"  # one spelling for one place
            paths[name] = url.rstrip("/") if name == "output" else url
    return dataclasses.replace(run, **paths)


def _with_options(table: T, options: Mapping[str, Any]) -> T:
    """A table with what the command line says instead."""
    kinds = typing.get_type_hints(type(table), include_extras=True)
    _refuse_unknown(options, kinds, "the command line", "option")
    given = {name: _checked(value, kinds[name], f"--{name.replace('_', '-')}") for name, value in options.items()}
    return dataclasses.replace(table, **given)


def _stages(stages: Sequence[Stage], tables: Mapping[str, Any], where: str, folder: Path) -> tuple[Stage, ...]:
    """The stages with their own tables and their rules' settings in force."""
    judges = {judge.name: judge for stage in stages for judge in stage.judges}
    rules = tables.get("rules", {})
    _refuse_unknown(rules, judges, f"{where}: [rules]", "rule")
    checked = {name: _rule_table(judges[name], table, f'{where}: [rules."{name}"]') for name, table in rules.items()}
    return tuple(
        _configured(stage, _table(stage.table, tables.get(stage.name, {}), f"{where}: [{stage.name}]", folder), checked)
        for stage in stages
    )


def _configured(stage: Stage, table: Table, rules: Mapping[str, Mapping[str, Any]]) -> Stage:
    """The stage under its settings; those of its rules that are switched off are gone."""
    off = [rule.name for rule in stage.judges if not rules.get(rule.name, {}).get("enabled", True)]
    kept = tuple(_with_settings(rule, rules.get(rule.name, {})) for rule in stage.rules if rule.name not in off)
    guard = stage.guard and stage.guard.name not in off and _with_settings(stage.guard, rules.get(stage.guard.name, {}))
    reviews = tuple(
        _with_settings(review, rules.get(review.name, {})) for review in stage.reviews if review.name not in off
    )
    stage = dataclasses.replace(stage, table=table, rules=kept, guard=guard or None, reviews=reviews)
    return stage.filled(stage, [name.partition("/")[2] for name in off]) if stage.filled else stage


J = TypeVar("J", Rule, Guard)


def _with_settings(judge: J, table: Mapping[str, Any]) -> J:
    values = {name: value for name, value in table.items() if name not in ("enabled", "verdict")}
    verdict = table.get("verdict")
    return judge.with_settings(verdict=None if verdict is None else Verdict[verdict.upper()], **values)


def _rule_table(judge: Rule | Guard, table: Any, place: str) -> Mapping[str, Any]:
    """The settings of one rule, checked."""
    if not isinstance(table, dict):
        raise SettingsError(f"{place} must be a table; got {table!r}")
    kinds = {"enabled": bool, "verdict": str, **judge.setting_types}
    _refuse_unknown(table, kinds, place)
    verdicts = [verdict.name.lower() for verdict in Verdict]
    if table.get("verdict", "keep") not in verdicts:
        raise SettingsError(f"{place} verdict must be one of {', '.join(verdicts)}; got {table['verdict']!r}")
    return {name: _checked(value, kinds[name], f"{place} {name}") for name, value in table.items()}


def _table(defaults: T, values: Mapping[str, Any], where: str, folder: Path = Path()) -> T:
    """The table `defaults` with these values in their places; files beside the settings, in `folder`, are read."""
    kinds = typing.get_type_hints(type(defaults), include_extras=True)
    _refuse_unknown(values, kinds, where)
    given = {name: _checked(value, kinds[name], f"{where} {name}") for name, value in values.items()}
    given |= {name: File(beside(folder, value.path)) for name, value in given.items() if isinstance(value, File)}
    files = {
        name: _read_beside(given.get(name, getattr(defaults, name)), kind)
        for name, kind in kinds.items()
        if isinstance(getattr(defaults, name), File)
    }
    return dataclasses.replace(defaults, **{**given, **files})


def _read_beside(file: File, kind: Any) -> File:
    """A file beside the settings with its text, known to be in order; with "" when it is not there."""
    checks: Iterable[Callable[[str], object]] = getattr(kind, "__metadata__", ())
    try:
        text = Path(file.path).read_text(encoding="utf-8")
        for check in checks:
            check(text)
    except FileNotFoundError:
        return File(file.path)
    except (OSError, UnicodeDecodeError, SettingsError) as error:
        raise SettingsError(f"{file.path}: {error}") from error
    return File(file.path, text)


def _refuse_unknown(names: Iterable[str], choices: Iterable[str], where: str, kind: str = "setting") -> None:
    there = sorted(choices)
    for name in names:
        if name not in there:
            raise SettingsError(f"{where} has no {kind} {name!r}; {closest(name, there)}")


def closest(name: str, choices: Iterable[str]) -> str:
    """A hint at what was meant by an unknown name."""
    there = sorted(choices)
    close = difflib.get_close_matches(name, there, 1)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(there[:20]) or 'none'}"


def _checked(value: Any, kind: Any, where: str) -> Any:
    """The value if it is of the kind and within bounds.

    A list becomes a tuple, a whole number a float where one is wanted, the name of a file a `File`.
    """
    bounds = Bounds(None, None)
    if get_origin(kind) is Annotated:
        bounds = next((note for note in kind.__metadata__ if isinstance(note, Bounds)), bounds)
        kind = get_args(kind)[0]
    if kind is File and isinstance(value, str):
        return File(value)
    choices = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    plain = [get_origin(choice) or choice for choice in choices]
    if isinstance(value, list) and tuple in plain:
        return tuple(value)
    if float in plain and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not any(isinstance(value, p) for p in plain) or (isinstance(value, bool) and bool not in plain):
        names = " or ".join(
            {tuple: "list", File: "the name of a file", Mapping: "a table"}.get(p, p.__name__) for p in plain
        )
        raise SettingsError(f"{where} must be {names}; got {value!r}")
    if isinstance(value, int | float):
        _refuse_outside(value, bounds, where)
    return value


def _refuse_outside(value: float, bounds: Bounds, where: str) -> None:
    least, greatest = bounds
    inside = (least is None or value >= least) and (greatest is None or value <= greatest)
    if not inside or not math.isfinite(value):
        span = "a number" if least is None else f"at least {least:g}"
        if least is not None and greatest is not None:
            span = f"within {least:g} and {greatest:g}"
        raise SettingsError(f"{where} must be {span}; got {value!r}")

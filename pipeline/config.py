"""Settings: one TOML file to one frozen, typed object. Nothing runs on a setting that is misspelt or out of bounds.

[run]
batch = "demo"
input = "seeds"

[rules."translation/low_score"]
min_score = 0.5
verdict = "drop"        # or "keep", "quarantine"
enabled = true
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pipeline.errors import SettingsError
from pipeline.facts import decisions
from pipeline.facts.duplicates.policy import Policy
from pipeline.records import Bounds, Count, Rule, Share, Verdict
from pipeline.rules.boilerplate.phrases import phrases_of
from pipeline.stages import STAGES, Stage

DEFAULT_FILE = Path("configs/copydesk.toml")


@dataclass(frozen=True)
class Run:
    """Where a batch comes from, where it goes, and what it may use."""

    batch: str = "demo"  # names sort: a batch is judged against those before it
    input: str = "seeds"  # a folder or a file
    output: str = "output"
    workers: Count = 0  # processes; 0 is one for each core
    memory_limit: str = "2GB"  # of DuckDB; each worker needs about 400 MB besides
    max_quarantined: Share = 0.1  # of the documents read; more than that and the run ends with exit code 3


@dataclass(frozen=True)
class Read:
    """Which fields of a record hold what, and how much is too much."""

    text_field: str = "text"
    id_field: str = "id"
    url_field: str = "url"
    site_field: str = "site"
    title_field: str = "title"
    published_field: str = "published"
    text_is_html: bool = False  # the text field holds HTML: a feed's or an API's
    max_record_bytes: Count = 32 << 20  # a longer line or file is set aside unread


@dataclass(frozen=True)
class Boilerplate:
    """The user's own phrases, and decisions on what was learned of sites; each file may be missing."""

    phrases: str = "configs/boilerplate.toml"
    decisions: str = "configs/boilerplate_decisions.toml"  # written by `copydesk boilerplate accept` and `reject`


@dataclass(frozen=True)
class Settings:
    """All settings, as in force: the file's, else the defaults written above and at the rules."""

    run: Run = Run()
    read: Read = Read()
    boilerplate: Boilerplate = Boilerplate()
    duplicates: Policy = field(default_factory=Policy)
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    file: str = ""  # where they were read
    additions: str = ""  # the text of the file [boilerplate] phrases
    decisions: str = ""  # the text of the file [boilerplate] decisions

    def stages(self) -> tuple[Stage, ...]:
        """The pipeline under these settings."""
        return tuple(dataclasses.replace(s, rules=self._rules(s.rules), guard=self._guard(s)) for s in STAGES)

    def _rules(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        return tuple(self._configured(r) for r in rules if self.rules.get(r.name, {}).get("enabled", True))

    def _guard(self, stage: Stage) -> Rule | None:
        return next(iter(self._rules([stage.guard])), None) if stage.guard else None

    def _configured(self, rule: Rule) -> Rule:
        values = {k: v for k, v in self.rules.get(rule.name, {}).items() if k != "enabled"}
        verdict = values.pop("verdict", None)
        if self.additions and "additions" in rule.settings:
            values.setdefault("additions", self.additions)
        if "spared" in rule.settings and (off := self._off(rule)):
            values.setdefault("spared", (*rule.settings["spared"], *off))
        return rule.with_settings(verdict=None if verdict is None else Verdict[verdict.upper()], **values)

    def _off(self, rule: Rule) -> list[str]:
        """The other rules of its stage that are switched off: their lines stay, whatever this rule thinks of them."""
        stage = rule.name.partition("/")[0] + "/"
        off = (name for name, table in self.rules.items() if not table.get("enabled", True))
        return sorted(name.removeprefix(stage) for name in off if name.startswith(stage))


def load(file: str | Path | None = None, **run: Any) -> Settings:
    """The settings of `file`, with the values in `run` that are not None put in the place of its `[run]` values.

    Without a file the one at `DEFAULT_FILE` counts, or the defaults where there is none.

    Raises:
        SettingsError: the file cannot be read, or holds an unknown or impossible setting.
    """
    path = Path(file) if file else DEFAULT_FILE
    try:
        with path.open("rb") as stream:
            tables = tomllib.load(stream)
    except FileNotFoundError as error:
        if file:
            raise SettingsError(f"{path}: no such file; name an existing one with --config, or none") from error
        tables = {}
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
    return parse(tables, str(path), {k: v for k, v in run.items() if v is not None})


def parse(tables: Mapping[str, Any], where: str, run: Mapping[str, Any] | None = None) -> Settings:
    """Typed settings of the tables of a TOML file called `where`.

    Raises:
        SettingsError: an unknown or impossible setting; the message names file, table and setting.
    """
    _known(tables, ["run", "read", "boilerplate", "duplicates", "rules"], where, "table")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise SettingsError(f"{where}: [{name}] must be a table; got {table!r}")
    rules = tables.get("rules", {})
    mine = _section(Boilerplate, tables.get("boilerplate", {}), f"{where}: [boilerplate]")
    settings = Settings(
        _section(Run, {**tables.get("run", {}), **(run or {})}, f"{where}: [run]"),
        _section(Read, tables.get("read", {}), f"{where}: [read]"),
        mine,
        _section(Policy, tables.get("duplicates", {}), f"{where}: [duplicates]"),
        {name: _rule_settings(name, table, where) for name, table in rules.items()},
        where,
        _beside(mine.phrases, phrases_of),
        _beside(mine.decisions, decisions.read),
    )
    if not re.fullmatch(r"[\w][\w.\-]*", settings.run.batch):
        raise SettingsError(
            f"{where}: [run] batch must be a name of letters, digits, '-', '_' and '.'; got {settings.run.batch!r}"
        )
    return settings


T = TypeVar("T")


def _section(kind: type[T], table: Mapping[str, Any], where: str) -> T:
    annotations = {f.name: f.type for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    hints = {name: eval(a, globals()) if isinstance(a, str) else a for name, a in annotations.items()}
    _known(table, hints, where)
    return kind(**{name: _checked(value, hints[name], f"{where} {name}") for name, value in table.items()})


def _beside(file: str, check: Callable[[str], object]) -> str:
    """The text of a file beside the settings, known to be in order; "" when it is not there."""
    try:
        text = Path(file).read_text(encoding="utf-8")
        check(text)
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError, SettingsError) as error:
        raise SettingsError(f"{file}: {error}") from error
    return text


def _rule_settings(name: str, table: Any, where: str) -> Mapping[str, Any]:
    rules = {r.name: r for stage in STAGES for r in (*stage.rules, *([stage.guard] if stage.guard else []))}
    _known([name], rules, f"{where}: [rules]", "rule")
    place = f'{where}: [rules."{name}"]'
    if not isinstance(table, dict):
        raise SettingsError(f"{place} must be a table; got {table!r}")
    hints = {"enabled": bool, "verdict": str, **rules[name].setting_types}
    _known(table, hints, place)
    verdicts = [v.name.lower() for v in Verdict]
    if table.get("verdict", "keep") not in verdicts:
        raise SettingsError(f"{place} verdict must be one of {', '.join(verdicts)}; got {table['verdict']!r}")
    return {key: _checked(value, hints[key], f"{place} {key}") for key, value in table.items()}


def _known(names: Iterable[str], known: Iterable[str], where: str, kind: str = "setting") -> None:
    choices = sorted(known)
    for name in names:
        if name not in choices:
            raise SettingsError(f"{where} has no {kind} {name!r}; {closest(name, choices)}")


def closest(name: str, choices: Iterable[str]) -> str:
    """A hint at what was meant by an unknown name."""
    known = sorted(choices)
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known[:20]) or 'none'}"


def _checked(value: Any, kind: Any, where: str) -> Any:
    """The value if it is of the kind and within bounds; a list becomes a tuple, a whole number a float."""
    bounds = Bounds(None, None)
    if get_origin(kind) is Annotated:
        kind, bounds = get_args(kind)[:2]
    choices = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    plain = [get_origin(choice) or choice for choice in choices]
    if isinstance(value, list) and tuple in plain:
        return tuple(value)
    if float in plain and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not any(isinstance(value, p) for p in plain) or (isinstance(value, bool) and bool not in plain):
        names = " or ".join("list" if p is tuple else p.__name__ for p in plain)
        raise SettingsError(f"{where} must be {names}; got {value!r}")
    if isinstance(value, int | float):
        least, greatest = bounds
        if (least is not None and value < least) or (greatest is not None and value > greatest):
            span = f"at least {least:g}" if greatest is None else f"within {least:g} and {greatest:g}"
            raise SettingsError(f"{where} must be {span}; got {value!r}")
    return value

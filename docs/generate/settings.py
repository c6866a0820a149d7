"""The settings: of the file from its tables and the comments in it, of rules from signatures and docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from docs.generate.markup import Page, code, fenced, inline, prose, table
from pipeline.config import Notify, Option, Read, Run
from pipeline.engine.cluster import Spark
from pipeline.records import NO_TABLE, Bounds, File, Guard, Rule, Table
from pipeline.stages.stage import Stage

PATH = "settings.md"
_KINDS = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    tuple: "a list",
    File: "a file",
    Mapping: "a table",
}


def pages(stages: Sequence[Stage], file: str) -> Iterator[Page]:
    """The page of settings; `file` is the text of the settings file that is delivered, with its comments."""
    notes = comments(file)
    parts = [
        "# Settings",
        "`configs/copydesk.toml`, or the file that `--config` names. What is left out has its default; an unknown or"
        " impossible setting stops the run before the first document, and says what was meant. Paths are relative to"
        " the file's folder.",
    ]
    for name, default in tables(stages).items():
        parts += [f"## [{name}]", _documentation(default), _table(default, notes.get(name, {}))]
    parts += ["## Settings of rules", "Every rule has `enabled` (true) and `verdict`. Besides:"]
    for stage in stages:
        judges = [judge for judge in stage.judges if judge.settings]
        rows = [
            (f'<a href="../rules/{judge.name}/">{code(judge.name)}</a>', *row)
            for judge in judges
            for row in _rows(judge)
        ]
        if rows:
            parts += [f"### {stage.name.capitalize()}", table(("rule", *_HEAD), rows)]
    parts += ["## The file as it is delivered", fenced(file, "toml")]
    yield Page(PATH, "\n\n".join(parts))


def tables(stages: Sequence[Stage]) -> dict[str, Table]:
    """The tables of the file but for those of rules, with their defaults."""
    own = {stage.name: stage.table for stage in stages if stage.table is not NO_TABLE}
    return {"run": Run(), "read": Read(), **own, "notify": Notify(), "spark": Spark()}


# --- tables of the file ----------------------------------------------------------------------------------------------


def comments(file: str) -> dict[str, dict[str, str]]:
    """What the settings file says beside each setting, by table: the comment on its line and on those below it.

    >>> comments("[run]\\nworkers = 0    # processes;\\n          # 0: all cores\\n")
    {'run': {'workers': 'processes; 0: all cores'}}
    """
    found: dict[str, dict[str, str]] = {}
    table, setting = "", ""
    for line in file.splitlines():
        if head := re.match(r"\[(\w+)\]", line):
            table, setting = head[1], ""
        elif said := re.match(r"(?:# )?(\w+) = (?:\"[^\"]*\"|[^#\"])*(?:# +(.*))?$", line):
            setting = said[1]
            found.setdefault(table, {})[setting] = said[2] or ""
        elif (more := re.match(r"\s+# +(.*)$", line)) and setting:
            found[table][setting] += f" {more[1]}"
        else:
            setting = ""
    return found


def meanings(table: Table, notes: Mapping[str, str]) -> dict[str, str]:
    """What each setting of a table is for: as the file says, else its option, else the table's documentation."""
    kinds = typing.get_type_hints(type(table), include_extras=True)
    found = {}
    for field in dataclasses.fields(table):
        options = [note.help for note in getattr(kinds[field.name], "__metadata__", ()) if isinstance(note, Option)]
        found[field.name] = (
            notes.get(field.name) or " ".join(options) or sentence(type(table).__doc__ or "", field.name)
        )
    return found


def _documentation(table: Table) -> str:
    return prose(inspect.getdoc(type(table)) or "")


def _table(table_: Table, notes: Mapping[str, str]) -> str:
    kinds = typing.get_type_hints(type(table_), include_extras=True)
    told = meanings(table_, notes)
    rows = [
        _row(field.name, getattr(table_, field.name), kinds[field.name], told[field.name])
        for field in dataclasses.fields(table_)
    ]
    return table(_HEAD, rows)


# --- settings of rules -----------------------------------------------------------------------------------------------

_HEAD = ("setting and default", "what it is")


def of_rule(judge: Rule | Guard) -> str:
    """The settings of one rule as a table, and as they are written in the file."""
    lines = [f'[rules."{judge.name}"]', "enabled = true", f'verdict = "{judge.verdict.name.lower()}"']
    lines += [f"{name} = {_value(value)}" for name, value in judge.settings.items()]
    told = f"{table(_HEAD, _rows(judge))}\n\n" if judge.settings else ""
    return f"{told}The defaults, as they would stand in the settings file:\n\n" + fenced("\n".join(lines), "toml")


def _rows(judge: Rule | Guard) -> list[tuple[str, str]]:
    told = meanings_of_rule(judge)
    return [_row(name, value, judge.setting_types[name], told[name]) for name, value in judge.settings.items()]


def _row(name: str, value: Any, annotation: Any, told: str) -> tuple[str, str]:
    return code(f"{name} = {_value(value)}"), f"{inline(told)} <small>({kind(annotation)})</small>"


def meanings_of_rule(judge: Rule | Guard) -> dict[str, str]:
    """What each setting of a rule is for: the sentence of the docstring that names it."""
    return {name: sentence(judge.documentation, name) for name in judge.settings}


def sentence(documentation: str, name: str) -> str:
    """The sentence that names a setting first; "" where none does.

    >>> sentence("A loop. From `min_times` on: three.", "min_times")
    'From `min_times` on: three.'
    """
    found = re.split(r"(?<=[.;:])\s+(?=[A-Z`*])|\n\s*\n", documentation)
    told = next((" ".join(one.split()).lstrip("* ") for one in found if f"`{name}`" in one), "")
    return f"{told[:-1]}." if told.endswith((";", ":")) else told


def kind(annotation: Any) -> str:
    """What a setting may be, in words."""
    bounds = Bounds(None, None)
    if get_origin(annotation) is Annotated:
        bounds = next((note for note in annotation.__metadata__ if isinstance(note, Bounds)), bounds)
        annotation = get_args(annotation)[0]
    choices = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    name = " or ".join(_KINDS[get_origin(choice) or choice] for choice in choices)
    if bounds == Bounds(0.0, 1.0) and "number" in name:
        return "a share, 0 to 1"
    least, greatest = bounds
    if least is not None and greatest is not None:
        return f"{name}, {least:g} to {greatest:g}"
    return name if least is None else f"{name}, at least {least:g}"


def _value(value: Any) -> str:
    """A default as TOML has it."""
    if isinstance(value, File):
        value = value.path
    return json.dumps(value, ensure_ascii=False)

"""What a batch was made by, as its release says it: the keys of its steps, libraries, models; and what they removed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.config import Read, Settings
from pipeline.output.manifest import Edited, MadeBy, Manifest, Removed
from pipeline.records import File, Guard, Rule, Table
from pipeline.run import keys
from pipeline.run.steps.step import Made

_WIDEST = 100  # characters of an example, or of a setting
_NOT_SET = ("code", "libraries", "input", "left_out", "history")  # of what a step is made of: the rest is settings


def of(made: Sequence[Made]) -> Manifest:
    """The part of a batch's manifest that tells by what its steps were made."""
    libraries: dict[str, str] = {}
    models: dict[str, str] = {}
    for before in made:
        libraries |= before.manifest["made_of"]["libraries"]
        models |= before.manifest.get("models", {})  # an earlier version has not noted them
    return {
        "made_by": {before.step: _made_by(before) for before in made},
        "libraries": dict(sorted(libraries.items())),
        "models": dict(sorted(models.items())),
    }


def removed(made: Sequence[Made]) -> dict[str, Removed]:
    """What each step has set aside, changed and remarked, for the card and for reports of later batches.

    Of what an earlier version has made, what is known.
    """
    found: dict[str, Removed] = {}
    for before in made:
        aside = before.manifest.get("set_aside", {})
        found[before.step] = {
            "dropped": aside.get("dropped", {}),
            "quarantined": aside.get("quarantined", {}),
            "edited": dict(_edited(before)),
            "remarked": {
                rule: figures["documents"]
                for rule, figures in before.manifest.get("rules", {}).items()
                if not figures["edits"]
            },
        }
    return found


def _edited(made: Made) -> Iterator[tuple[str, Edited]]:
    """The rules that have changed something, each with the first of its changes that was noted."""
    for rule, figures in made.manifest.get("rules", {}).items():
        changes = [example for example in figures["examples"] if example["after"] is not None]
        if figures["edits"] and changes:
            before, after = (str(changes[0][side])[:_WIDEST] for side in ("before", "after"))
            documents = figures["documents"]
            yield rule, {"edits": figures["edits"], "documents": documents, "before": before, "after": after}


# --- settings ----------------------------------------------------------------------------------------------------


def changed(settings: Settings) -> dict[str, str]:
    """The settings that decide over documents and are not as by default: `translation/low_score min_score` to "0.5"."""
    pairs: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [
        ("read", _of_table(Read()), _of_table(settings.read))
    ]
    stages = {stage.name: stage for stage in settings.stages}
    for default in settings.defaults:
        stage = stages[default.name]
        pairs.append((stage.name, _of_table(default.table), _of_table(stage.table)))
        judges = {judge.name: judge for judge in stage.judges}
        for judge in default.judges:
            now = judges.get(judge.name)
            if now and (now.find, now.verdict) == (judge.find, judge.verdict):  # to look into all of them takes 20 ms
                continue
            pairs.append((judge.name, _in_force(judge), _in_force(now) if now else {"enabled": False}))
    return {
        f"{table} {name}": _told(value)
        for table, before, now in pairs
        for name, value in now.items()
        if before.get(name) != value
    }


def _of_table(table: Table) -> dict[str, Any]:
    """Its settings, and nothing that it has worked out of them by now."""
    return {field.name: getattr(table, field.name) for field in dataclasses.fields(table)}


def _in_force(judge: Rule | Guard) -> dict[str, Any]:
    return {"enabled": True, "verdict": judge.verdict.name.lower(), **judge.settings}


def _told(value: Any) -> str:
    """In few words; of a file beside the settings its name, which is no place on this machine."""
    return (Path(value.path).name if isinstance(value, File) else json.dumps(value, default=str))[:_WIDEST]


# --- keys --------------------------------------------------------------------------------------------------------


def _made_by(made: Made) -> MadeBy:
    made_of = made.manifest["made_of"]
    settings = {name: value for name, value in made_of.items() if name not in _NOT_SET}
    return {"key": made.manifest["key"], "settings": keys.key_of(settings), "code": made_of["code"]}

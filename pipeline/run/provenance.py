"""What a batch was made by, as its release says it: the keys of its steps, libraries, models."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.output.manifest import MadeBy, Manifest
from pipeline.run import keys
from pipeline.run.steps.step import Made

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


def _made_by(made: Made) -> MadeBy:
    made_of = made.manifest["made_of"]
    settings = {name: value for name, value in made_of.items() if name not in _NOT_SET}
    return {"key": made.manifest["key"], "settings": keys.key_of(settings), "code": made_of["code"]}

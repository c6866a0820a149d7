"""Quality measured on labelled data, one module a subject; each holds `measure() -> list[Measure]`."""

from __future__ import annotations

from typing import NamedTuple


class Measure(NamedTuple):
    """One figure. `goal` says in words what is to be reached; the floor that the gate holds stands in the TOML file."""

    name: str
    value: float
    goal: str = ""
    note: str = ""

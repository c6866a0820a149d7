"""The rules of the stage `duplicates`."""

from __future__ import annotations

from pipeline.records import Rule

RULES: tuple[Rule, ...] = ()

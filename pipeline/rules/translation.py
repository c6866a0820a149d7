"""The rules of the stage `translation`."""

from __future__ import annotations

from pipeline.records import Rule

RULES: tuple[Rule, ...] = ()

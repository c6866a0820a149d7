"""The rules of the stage `encoding`."""

from __future__ import annotations

from pipeline.records import Rule

RULES: tuple[Rule, ...] = ()

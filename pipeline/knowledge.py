"""Which facts each stage's rules need, and how they are had: the one place that knows both facts and stages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.batches import FactFunction, no_facts
from pipeline.config import Settings
from pipeline.facts import Engine

_FACT_MODULES: dict[str, tuple[str, ...]] = {}


def modules(step: str) -> tuple[str, ...]:
    """The modules whose code decides over a stage's output."""
    return (f"rules.{step}", *_FACT_MODULES.get(step, ()))


def made_of(step: str, settings: Settings, history: Path) -> dict[str, Any]:
    """What besides rules, code and input decides over a stage's facts: what earlier batches left in the history."""
    return {}


def facts(step: str, settings: Settings, engine: Engine, documents: str, history: Path, work: Path) -> FactFunction:
    """The function that gives each document of a batch its facts; facts of the whole corpus are computed here."""
    return no_facts


def remember(batch: str, outputs: Mapping[str, Path], history: Path) -> None:
    """Put what later batches are judged against into the history."""

"""Keeps out of processes that are ours alone what they would load for nobody."""

from __future__ import annotations

import importlib.abc
import sys
from types import ModuleType
from typing import Any


class _NoPandas(importlib.abc.MetaPathFinder):
    """Says that pandas is not installed."""

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def spare_pandas() -> None:
    """Let nobody in this process import pandas.

    Where it is installed, pyarrow loads it when an Arrow array is first made of Python values, in case they are its
    own: 0.2 s of CPU time and 30 MB a process, for what a run never holds.
    """
    if "pandas" not in sys.modules and not any(isinstance(finder, _NoPandas) for finder in sys.meta_path):
        sys.meta_path.insert(0, _NoPandas())

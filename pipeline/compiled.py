"""Inner loops in C. Each lies beside the module in NumPy that gives the very same results where no compiler was there.

`python -m pipeline.compiled` says which of them were built. `COPYDESK_COMPILED=0` leaves them all aside.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

NAMES = (
    "pipeline.facts._characters",
    "pipeline.facts._symmetric_trees",
    "pipeline.facts._trees",
    "pipeline.facts.duplicates._sign",
    "pipeline.facts.language._sums",
    "pipeline.facts.translation._features",
    "pipeline.facts.translation._screens",
    "pipeline.facts.translation._worth",
    "pipeline.rules.boilerplate._features",
    "pipeline.rules.boilerplate._openings",
    "pipeline.sources.page._blocks",
    "pipeline.sources.page._bounds",
    "pipeline.sources.page._boxes",
    "pipeline.sources.page._letters",
)
SWITCH = "COPYDESK_COMPILED"


def load(name: str) -> Any:
    """The compiled module of that name, one of `NAMES`; None where it was not built, or is left aside."""
    if os.environ.get(SWITCH) == "0":
        return None
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def missing() -> list[str]:
    """Those that are not there."""
    return [name for name in NAMES if load(name) is None]


def told() -> str:
    """In a line, which are there."""
    names = [name.rpartition(".")[2].removeprefix("_") for name in missing()]
    if not names:
        return "compiled parts: all are there"
    return f"compiled parts: without {', '.join(names)} (slower, same results); a C compiler builds them: make setup"


if __name__ == "__main__":
    print(told())

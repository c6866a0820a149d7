"""Engines: who runs a function over all rows of a dataset, and a query over datasets; and how datasets are stored.

A step runs on whichever engine the settings name and knows nothing of it but the protocol. An engine is a file here and
a line in `ENGINES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline.engine.protocol import Closable
from pipeline.errors import SettingsError


def _local(workers: int, memory_limit: str, scratch: str, preload: Sequence[str]) -> Closable:
    from pipeline.engine.local import LocalEngine  # processes take 0.03 s to load, and a run may have nothing to do

    return LocalEngine(workers, memory_limit, scratch, preload=preload)


# (workers, memory limit, folder for what is spilled, modules that workers begin with) to an engine, to be closed
ENGINES: Mapping[str, Callable[[int, str, str, Sequence[str]], Closable]] = {"local": _local}


def opened(name: str, workers: int, memory_limit: str, scratch: str, preload: Sequence[str] = ()) -> Closable:
    """The engine of that name; whoever opens it closes it. `preload` are modules that its workers begin with.

    Raises:
        SettingsError: there is none of that name, or the memory limit is none.
    """
    if name not in ENGINES:
        raise SettingsError(f"[run] engine must be one of {', '.join(ENGINES)}; got {name!r}")
    return ENGINES[name](workers, memory_limit, scratch, preload)

"""Engines: who runs a function over all rows of a dataset, and a query over datasets; and how datasets are stored.

A step runs on whichever engine the settings name and knows nothing of it but the protocol. An engine is a file here and
a line in `ENGINES`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence

from pipeline.engine.cluster import Spark
from pipeline.engine.protocol import Closable
from pipeline.errors import SettingsError


def _local(workers: int, memory_limit: str, scratch: str, preload: Sequence[str], cluster: Spark) -> Closable:
    from pipeline.engine.local import LocalEngine  # processes take 0.03 s to load, and a run may have nothing to do

    return LocalEngine(workers, memory_limit, scratch, preload=preload)


def _spark(workers: int, memory_limit: str, scratch: str, preload: Sequence[str], cluster: Spark) -> Closable:
    # not by an import: the engine changes no output, so the version of Spark is in no key
    engine: Closable = importlib.import_module("pipeline.engine.spark").SparkEngine(cluster, scratch)
    return engine


# (workers, memory limit, folder for what is spilled, modules that workers begin with, the table `[spark]`) to an engine
ENGINES: Mapping[str, Callable[[int, str, str, Sequence[str], Spark], Closable]] = {"local": _local, "spark": _spark}


def opened(
    name: str,
    workers: int,
    memory_limit: str,
    scratch: str,
    preload: Sequence[str] = (),
    cluster: Spark = Spark(),
) -> Closable:
    """The engine of that name; whoever opens it closes it. `preload` are modules that its workers begin with.

    Raises:
        SettingsError: there is none of that name, or the memory limit is none.
    """
    if name not in ENGINES:
        raise SettingsError(f"[run] engine must be one of {', '.join(ENGINES)}; got {name!r}")
    return ENGINES[name](workers, memory_limit, scratch, preload, cluster)

"""The settings that name a cluster. Whoever reads settings needs no Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.records import Count, Table


@dataclass(frozen=True)
class Spark(Table):
    """The cluster that the engine `spark` works on."""

    master: str = "local[*]"  # "spark://host:7077", "k8s://https://host:6443"; local[2]: two processes of this machine
    memory: str = "2g"  # of each executor's Java; Python takes about 400 MB besides for each of its cores
    partitions: Count = 0  # of a join or a sort, at most; 0: as many as Spark makes
    conf: Mapping[str, Any] = field(default_factory=dict)  # anything else, as Spark calls it

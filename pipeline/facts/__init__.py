"""Facts: the answers of models and of the whole corpus, computed before the rules run and handed to them.

Facts of a text alone are plain functions. Facts of the whole corpus (how often a line stands on a site, which document
repeats which) are written once against `Engine`, two operations that a process pool with DuckDB and a Spark cluster
both have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import pyarrow as pa

Dataset = str | Sequence[str]  # a Parquet file, a folder of them (read at any depth), or several of either
BatchFunction = Callable[[pa.RecordBatch], pa.RecordBatch]


class Engine(Protocol):
    """What a fact of the whole corpus, and every stage, may ask for. Both write a folder of Parquet parts and return it."""

    def map_batches(self, function: BatchFunction, dataset: Dataset, out: str) -> str:
        """`function` over all batches of `dataset`.

        `function` is pure, can be pickled (a module-level function or a `partial` of one), may return more or fewer
        rows than it got, and shows its schema by what it makes of a batch without rows.
        """
        ...

    def sql(self, query: str, out: str, **datasets: Dataset) -> str:
        """The rows of `query`, in which each dataset is a table of its name.

        `query` is written in the SQL that DuckDB and Spark share (equi-joins, GROUP BY / HAVING, UNION ALL, DISTINCT,
        count / sum / min / max) and ends in ORDER BY where the order of rows must repeat. An empty result still has
        its schema.
        """
        ...

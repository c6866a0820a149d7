"""Facts: the answers of models and of the whole corpus, computed before the rules run and handed to them.

Facts of a text alone are plain functions. Facts of the whole corpus (how often a line stands on a site, which document
repeats which) are written once against `Engine`, a few operations that a process pool with DuckDB and a Spark cluster
both have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import pyarrow as pa

Dataset = str | Sequence[str]  # a Parquet file, a folder of them (read at any depth), or several of either
BatchFunction = Callable[[pa.RecordBatch], pa.RecordBatch]
SplitFunction = Callable[[pa.RecordBatch], Iterator[Mapping[str, pa.RecordBatch]]]


class Engine(Protocol):
    """What a stage, or a fact of the whole corpus, may ask for. Each operation writes Parquet and returns its folder.

    A function handed in is pure, can be pickled (a module-level function or a `partial` of one), and shows its schema
    by what it makes of a batch without rows.
    """

    def map_batches(self, function: BatchFunction, dataset: Dataset, out: str) -> str:
        """`function` over all batches of `dataset`; it may return more or fewer rows than it got."""
        ...

    def split_batches(self, function: SplitFunction, dataset: Dataset, out: str) -> str:
        """The same for a function that yields several named batches: each name becomes a folder in `out`."""
        ...

    def sql(self, query: str, out: str, **datasets: Dataset) -> str:
        """The rows of `query`, in which each dataset is a table of its name.

        `query` is written in the SQL that DuckDB and Spark share (equi-joins, GROUP BY / HAVING, UNION ALL, DISTINCT,
        count / sum / min / max) and ends in ORDER BY where the order of rows must repeat. An empty result still has
        its schema.
        """
        ...

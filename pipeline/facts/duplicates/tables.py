"""The tables of a search: datasets that an engine makes of others, each under a name that begins with one folder."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.engine.protocol import Dataset, Engine, RowsFunction


@dataclass(frozen=True)
class Tables:
    """Where one phase of a search puts its tables. A table is passed on as the path of its dataset.

    `prefix` keeps the tables of phases and rounds apart: `inside("near")` writes `near-pairs` and so on.
    """

    engine: Engine
    folder: str
    prefix: str = ""

    def inside(self, name: str) -> Tables:
        """The same folder, for tables whose names begin with `name`."""
        return replace(self, prefix=f"{self.prefix}{name}-")

    def sql(self, name: str, query: str, **datasets: Dataset) -> str:
        """The rows of `query`, in which each dataset is a table of its name, as the table `name`, for queries alone."""
        return self.engine.table(query, f"{self.folder}/{self.prefix}{name}", **datasets)

    def write(self, name: str, query: str, **datasets: Dataset) -> str:
        """The same in Parquet, for functions over rows and for whoever reads what is left."""
        return self.engine.sql(query, f"{self.folder}/{self.prefix}{name}", **datasets)

    def any_rows(self, table: str) -> bool:
        """Whether a table has rows."""
        return self.engine.count(table) > 0

    def map_rows(self, name: str, function: RowsFunction, dataset: Dataset) -> str:
        """What `function` makes of the rows of `dataset`, as the table `name`."""
        return self.engine.map_rows(function, dataset, f"{self.folder}/{self.prefix}{name}")


def literal(text: str) -> str:
    """A text as SQL writes it.

    >>> literal("Reader's letters")
    "'Reader''s letters'"
    """
    return "'" + text.replace("'", "''") + "'"

"""SQL expressions over rows at hand. DuckDB evaluates them, and can reach nothing else.

Files, network, extensions, settings and variables of Python are out of its reach. An expression of a stranger is taken
apart before it is used: what is no single expression, or would depend on other rows, on chance or on the time, is
refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Self

import duckdb
import pyarrow as pa

from pipeline.errors import CopydeskError, SettingsError

# DuckDB's names of what an expression may consist of: no query, window, star, parameter or lambda.
_PARTS: Final = frozenset(
    ("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION")
) | {"OPERATOR"}
_FUNCTIONS: Final = """
SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'scalar' AND stability = 'CONSISTENT'
"""
# Among these are some that tell of the database or of today, or take whole queries; and some that make of a number as
# much as it says, which no limit of memory holds.
_NOT_OF_VALUES: Final = (
    *("age", "current_", "getvariable", "in_search_path", "json_deserialize", "json_serialize", "txid_", "version"),
    *("array_resize", "bar", "format", "generate_series", "list_resize", "lpad", "printf", "range", "repeat", "rpad"),
)
_ONE: Final = "one expression over the columns is wanted, as translation_score >= 0.8 AND language = 'en'"
_CONFIG: Final[Mapping[str, str | bool | int | float | list[str]]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": "1GB",
    "threads": "1",
}


class Expressions:
    """One connection that evaluates expressions; use it in a `with` block."""

    def __enter__(self) -> Self:
        self._connection = duckdb.connect(":memory:", config=dict(_CONFIG))
        self._connection.execute("SET TimeZone = 'UTC'")  # wherever the machine is
        self._connection.execute("SET lock_configuration = true")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def over(self, expression: str, rows: pa.RecordBatch) -> pa.Array:
        """The value of an expression for each of the rows, in their order.

        Raises:
            CopydeskError: it has none, as where a text is taken for a number.
        """
        return self._values(expression, pa.Table.from_batches([rows]))[0]

    def kind(self, expression: str, schema: pa.Schema) -> str:
        """What DuckDB calls the type of an expression over rows with these columns.

        Raises:
            CopydeskError: it has none.
        """
        return self._values(expression, schema.empty_table())[1]

    def columns(self, expression: str) -> list[str]:
        """The columns that an expression of a stranger names, each as often as it does.

        Raises:
            SettingsError: it is no single expression, or holds what is no matter of the values of one row.
        """
        names: list[str] = []
        for part in _parts(self._parsed(expression)):
            kind, function = part["class"], part.get("function_name", "")
            if kind not in _PARTS:
                raise SettingsError(f"no {kind.lower()} is possible here; {_ONE}")
            if kind == "COLUMN_REF":
                names.append(".".join(part["column_names"]))
            elif kind == "FUNCTION" and (function not in self._functions or function.startswith(_NOT_OF_VALUES)):
                raise SettingsError(f"there is no function {function!r} that goes by the values of one row")
        return names

    # --- what DuckDB makes of it ---

    def _parsed(self, expression: str) -> Any:
        """The expression as DuckDB has it, if the query that is made of it is nothing but a query for it."""
        nodes = [statement["node"] for statement in self._statements(expression)]
        plain = self._statements("1")[0]["node"]
        if len(nodes) != 1 or {**nodes[0], "select_list": []} != {**plain, "select_list": []}:
            raise SettingsError(_ONE)
        found, *more = nodes[0]["select_list"]
        if more:
            raise SettingsError(_ONE)
        return found

    def _statements(self, expression: str) -> Sequence[Any]:
        query = "SELECT json_serialize_sql(?::VARCHAR)"
        try:
            told = json.loads(self._connection.execute(query, [_query(expression)]).fetchall()[0][0])
        except RecursionError:
            told = {"error": True, "error_message": "it is nested too deep"}
        if told["error"]:
            raise SettingsError(f"{told['error_message']}; {_ONE}")
        return list(told["statements"])

    @cached_property
    def _functions(self) -> frozenset[str]:
        return frozenset(name for (name,) in self._connection.execute(_FUNCTIONS).fetchall())

    def _values(self, expression: str, rows: pa.Table) -> tuple[pa.Array, str]:
        """The values of an expression, and what DuckDB calls their type."""
        self._connection.register("rows", rows)
        try:
            found = self._connection.execute(f"{_query(expression)} FROM rows")
            kinds = [str(column[1]) for column in found.description or ()]
            return found.to_arrow_table().column(0).combine_chunks(), kinds[0]
        except duckdb.Error as error:
            raise CopydeskError(str(error).partition("\n")[0]) from error
        finally:
            self._connection.unregister("rows")


def _query(expression: str) -> str:
    return f"SELECT (\n{expression}\n)"  # on a line of its own: it may end in a comment


def _parts(found: Any) -> Iterator[Any]:
    """An expression and all that it consists of."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            if "class" in one:
                yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one

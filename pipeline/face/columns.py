"""Columns of texts as others have them: a pandas or Polars Series, an Arrow array. Nulls stay null.

No library is imported for it: an object of one that nobody has loaded cannot be at hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.face import arguments

ROWS = 500  # of a batch
_MOST_BYTES = 64 << 20  # of a batch of more than one text


class Texts(NamedTuple):
    """Texts, some of which may be null. `apart` holds those that Arrow cannot, by row: they have lone surrogates."""

    arrow: pa.ChunkedArray
    apart: Mapping[int, str]

    def text(self, row: int) -> str | None:
        """The text in a row; None where it is null."""
        found: str | None = self.apart[row] if row in self.apart else self.arrow[row].as_py()
        return found


class Batch(NamedTuple):
    """Some texts at once, none of which is null, and their places in the column; `apart` as in `Texts`."""

    rows: Sequence[int]
    arrow: pa.StringArray
    apart: Mapping[int, str]


def texts_of(values: Sequence[str | None]) -> Texts:
    """Texts from Python's strings."""
    try:
        array, apart = pa.array(values, pa.string()), {}
    except UnicodeEncodeError:
        apart = {row: value for row, value in enumerate(values) if value is not None and not is_encodable(value)}
        array = pa.array(["" if row in apart else value for row, value in enumerate(values)], pa.string())
    return Texts(array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array]), apart)


def is_encodable(text: str) -> bool:
    """Whether it can be written in UTF-8: it holds no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def batches(texts: Texts, first: int = 0) -> Iterator[Batch]:
    """Texts in batches; the first of them stands in the row `first`."""
    waiting = [(start, texts.arrow.slice(start, ROWS)) for start in range(0, len(texts.arrow), ROWS)][::-1]
    while waiting:
        start, some = waiting.pop()
        half = len(some) // 2
        if half and some.nbytes > _MOST_BYTES:
            waiting += [(start + half, some.slice(half)), (start, some.slice(0, half))]
            continue
        array = pa.concat_arrays([pc.cast(chunk, pa.string()) for chunk in some.chunks])
        there = pc.indices_nonzero(array.is_valid()).to_pylist()
        apart = {n: texts.apart[start + row] for n, row in enumerate(there) if start + row in texts.apart}
        yield Batch([first + start + row for row in there], array.drop_null(), apart)


# --- kinds of columns --------------------------------------------------------------------------------------------


class Column(Protocol):
    """A column of texts of some library."""

    texts: Texts

    def with_texts(self, changed: Mapping[int, str]) -> Any:
        """The column with other texts in some rows."""

    def like(self, values: Sequence[str | None], name: str) -> Any:
        """A column of these values, one for each text, with the same index."""

    def table(self, table: pa.Table) -> Any:
        """A table of the same library; its column `row` says of which text a row tells."""


def column_of(given: Any) -> Column | None:
    """What was given as a column; None when it is none of the libraries'.

    Raises:
        TypeError: it is a column of something else than texts, or a table.
    """
    if isinstance(given, pa.Array | pa.ChunkedArray):
        return _OfArrow(given)
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas and isinstance(given, pandas.Series):
        return _OfPandas(given)
    if polars and isinstance(given, polars.Series):
        return _OfPolars(given)
    if hasattr(given, "columns"):
        raise TypeError(f"text must be one column of texts; got a {type(given).__name__}: call it with table['text']")
    return None


class _OfArrow:
    def __init__(self, given: Any) -> None:
        self._given = given
        self.texts = Texts(_strings(given, given.type), {})

    def with_texts(self, changed: Mapping[int, str]) -> Any:
        mask = pa.array([row in changed for row in range(len(self.texts.arrow))], pa.bool_())
        texts = self.texts.arrow
        if changed:
            plain = texts.cast(pa.large_string())  # what is replaced in no view
            texts = pc.replace_with_mask(plain, mask, pa.array(changed.values(), plain.type)).cast(texts.type)
        return self._chunked(texts)

    def like(self, values: Sequence[str | None], name: str) -> Any:
        return self._chunked(pa.chunked_array([pa.array(values, pa.string())]))

    def _chunked(self, array: pa.ChunkedArray) -> Any:
        return array if isinstance(self._given, pa.ChunkedArray) else array.combine_chunks()

    def table(self, table: pa.Table) -> Any:
        return table


class _OfPandas:
    def __init__(self, given: Any) -> None:
        self._given = given
        try:
            array = pa.array(given, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):  # not all are texts, or one has surrogates
            pairs = zip(given.tolist(), given.isna().tolist(), strict=True)
            self.texts = texts_of([None if na else _text(value, row) for row, (value, na) in enumerate(pairs)])
        else:
            self.texts = Texts(_strings(array, given.dtype), {})

    def with_texts(self, changed: Mapping[int, str]) -> Any:
        if not changed:
            return self._given.copy()
        is_category = hasattr(self._given.dtype, "categories")
        texts = self._given.astype(object) if is_category else self._given.copy()
        texts.iloc[list(changed)] = list(changed.values())
        return texts

    def like(self, values: Sequence[str | None], name: str) -> Any:
        return type(self._given)(values, index=self._given.index, name=name)

    def table(self, table: pa.Table) -> Any:
        frame = table.to_pandas()
        frame.index = self._given.index.take(frame["row"])
        return frame


class _OfPolars:
    def __init__(self, given: Any) -> None:
        self._polars = sys.modules["polars"]
        is_category = given.dtype in (self._polars.Categorical, self._polars.Enum, self._polars.Null)
        self._given = given.cast(self._polars.String) if is_category else given
        if self._given.dtype != self._polars.String:
            raise _not_texts(given.dtype)
        self.texts = Texts(_strings(self._given.to_arrow(), given.dtype), {})

    def with_texts(self, changed: Mapping[int, str]) -> Any:
        return self._given.clone().scatter(list(changed), list(changed.values())) if changed else self._given

    def like(self, values: Sequence[str | None], name: str) -> Any:
        return self._polars.Series(name, values, dtype=self._polars.String)

    def table(self, table: pa.Table) -> Any:
        return self._polars.from_arrow(table)


def _strings(array: Any, kind: object) -> pa.ChunkedArray:
    """An array of strings of any Arrow type.

    Raises:
        TypeError: they are none.
    """
    chunked = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    if pa.types.is_dictionary(chunked.type):
        chunked = chunked.cast(chunked.type.value_type)
    if chunked.null_count == len(chunked):
        return pa.chunked_array([pa.nulls(len(chunked), pa.string())])
    if chunked.type not in (pa.string(), pa.large_string(), pa.string_view()):
        raise _not_texts(kind)
    return chunked


def _not_texts(kind: object) -> TypeError:
    return TypeError(f"text must be a column of texts; got one of {kind}")


def _text(given: object, row: int) -> str:
    return arguments.text(given, f"text in row {row:,}")

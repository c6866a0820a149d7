"""Results that show themselves: in a notebook what was changed, elsewhere a line."""

from __future__ import annotations

import reprlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any, overload

import pyarrow as pa

from pipeline import diff
from pipeline.face import arguments
from pipeline.face.columns import Column
from pipeline.records import Document, Finding, Result, Verdict
from pipeline.stages import tables

_MOST_SHOWN = 10  # of many results
_MOST_RULES = 5  # named in a line


class Cleaned(Result):
    """A `Result` with a line that tells of it, and a picture of what was changed for notebooks."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """As with any `Result`."""
        return isinstance(other, Result) and _fields(self) == _fields(other)

    __hash__ = Result.__hash__

    def __repr__(self) -> str:
        return f"<Result: {_summary(self)}; {len(self.text):,} characters: {_brief(self.text)}>"

    def _repr_html_(self) -> str:
        why = f" <span>{diff.shown(self.reason[:_MOST_OF_REASON])}</span>" if self.reason else ""
        remarks = "".join(f"<li>{remark}</li>" for remark in diff.told(self.findings))
        return (
            f'{_style()}<div class="copydesk"><p><b>{self.verdict.name.lower()}</b>{why} '
            f"<small>{_counted(self)}</small></p><pre>{''.join(diff.of_text(self.text, self.findings))}</pre>"
            f"{f'<ul>{remarks}</ul>' if remarks else ''}</div>"
        )


_MOST_OF_REASON = 300  # characters


def _fields(result: Result) -> tuple[object, ...]:
    return result.document, result.findings, result.verdict, result.reason


def cleaned(result: Result | None, text: str) -> Cleaned:
    """A result as the face gives it; None: nothing was found on the text."""
    if result is None:
        return Cleaned(Document("", text))
    return Cleaned(result.document, result.findings, result.verdict, result.reason)


def _summary(result: Result) -> str:
    rules = Counter(finding.rule for finding in result.findings).most_common()
    named = ", ".join(f"{rule} {count}" for rule, count in rules[:_MOST_RULES])
    more = ", ..." if len(rules) > _MOST_RULES else ""
    return f"{result.verdict.name.lower()}, {_counted(result)}{f' ({named}{more})' if named else ''}"


def _counted(result: Result) -> str:
    edits = sum(finding.is_edit for finding in result.findings)
    remarks = len(result.findings) - edits
    return f"{_number(edits, 'edit')}, {_number(remarks, 'remark')}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _brief(text: str) -> str:
    """The ends of a text, with every character that does not print shown by its code."""
    short = reprlib.Repr()
    short.maxstring = 60
    return short.repr(text)


def _style() -> str:
    return f"<style>\n{resources.files(__package__).joinpath('style.css').read_text(encoding='utf-8')}</style>"


# --- of a column of texts ----------------------------------------------------------------------------------------

# `row` is the text's place in the column, from 0
FINDINGS = pa.schema([("row", pa.int64()), *(tables.FINDINGS.field(name) for name in Finding._fields)])


class Results(Sequence["Cleaned | None"]):
    """The results of a column of texts, in its order: None where it holds no text.

    `text`, `verdict` and `reason` are columns of the same kind, with the same index if it has one; `findings` is a
    table of the same library.
    """

    def __init__(self, column: Column, found: Mapping[int, Result]) -> None:
        """`found` holds the results of those texts on which anything was found."""
        self._column, self._found = column, dict(sorted(found.items()))

    @property
    def text(self) -> Any:
        """The clean texts; null where there was none."""
        changed = {row: result.text for row, result in self._found.items() if any(f.is_edit for f in result.findings)}
        return self._column.with_texts(changed)

    @property
    def verdict(self) -> Any:
        """ "keep", "quarantine" or "drop"; null where there was no text."""
        verdicts = {row: result.verdict.name.lower() for row, result in self._found.items()}
        return self._filled(verdicts, "keep", "verdict")

    @property
    def reason(self) -> Any:
        """ "rule: detail" of the finding that brought the verdict, "" where it is to keep; null without a text."""
        return self._filled({row: result.reason for row, result in self._found.items()}, "", "reason")

    @property
    def findings(self) -> Any:
        """A row for each change and remark: `row`, `rule`, `start`, `end`, `before`, `after`, `detail`.

        `row` is the place of the text in the column, from 0; a pandas frame has the index of the column besides.
        """
        found = [(row, finding) for row, result in self._found.items() for finding in result.findings]
        columns: list[list[Any]] = [
            [row for row, _ in found],
            *([f[i] for _, f in found] for i in range(len(Finding._fields))),
        ]
        arrays = [pa.array(map(_encodable, c), f.type) for c, f in zip(columns, FINDINGS, strict=True)]
        return self._column.table(pa.Table.from_arrays(arrays, schema=FINDINGS))

    def _filled(self, values: Mapping[int, str], otherwise: str, name: str) -> Any:
        told = [None if is_null else otherwise for is_null in self._nulls()]
        for row, value in values.items():
            told[row] = value
        return self._column.like([value and _encodable(value) for value in told], name)

    def _nulls(self) -> list[bool]:
        nulls: list[bool] = self._column.texts.arrow.is_null().to_pylist()
        return nulls

    def __len__(self) -> int:
        return len(self._column.texts.arrow)

    @overload
    def __getitem__(self, row: int) -> Cleaned | None: ...
    @overload
    def __getitem__(self, row: slice) -> list[Cleaned | None]: ...
    def __getitem__(self, row: int | slice) -> Cleaned | list[Cleaned | None] | None:
        if isinstance(row, slice):
            return [self[number] for number in range(*row.indices(len(self)))]
        number = range(len(self))[row]
        text = self._column.texts.text(number)
        return None if text is None else cleaned(self._found.get(number), text)

    def __iter__(self) -> Iterator[Cleaned | None]:
        return (self[row] for row in range(len(self)))

    def __repr__(self) -> str:
        return f"<Results of {_number(len(self), 'text')}: {self._told()}>"

    def _told(self) -> str:
        verdicts = Counter(result.verdict for result in self._found.values())
        changed = sum(any(f.is_edit for f in result.findings) for result in self._found.values())
        aside = [f"{verdicts[v]:,} to {v.name.lower()}" for v in (Verdict.QUARANTINE, Verdict.DROP) if verdicts[v]]
        nulls = sum(self._nulls())
        return ", ".join([f"{changed:,} changed", *aside, *([f"{nulls:,} null"] if nulls else [])])

    def _repr_html_(self) -> str:
        rows = "".join(map(self._row, list(self._found)[:_MOST_SHOWN]))
        more = len(self._found) - _MOST_SHOWN
        return (
            f'{_style()}<div class="copydesk"><p><b>{_number(len(self), "text")}</b> <small>{self._told()}</small></p>'
            f"<table><thead><tr><th>row<th>verdict<th>findings<th>changes</tr></thead><tbody>{rows}</tbody></table>"
            f"{f'<p><small>{more:,} more with findings</small></p>' if more > 0 else ''}</div>"
        )

    def _row(self, row: int) -> str:
        result = self._found[row]
        pieces = diff.pieces(result.text, result.findings)[:3]
        changes = " · ".join(diff.brief(result.text, piece) for piece in pieces)
        return f"<tr><td>{row:,}<td>{result.verdict.name.lower()}<td>{len(result.findings):,}<td>{changes}</tr>"


def _encodable(value: Any) -> Any:
    """A lone surrogate is nothing that Arrow knows."""
    return arguments.readable(value) if isinstance(value, str) else value

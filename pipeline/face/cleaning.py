"""Cleaning texts at hand, one or many: what the rules of `encoding` and `boilerplate` make of them.

Many texts go the way of a stage's rows: all are screened at once, and rules look only at those that they may hit.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.engine import worker
from pipeline.errors import CopydeskError, RuleError
from pipeline.face import arguments, columns
from pipeline.face.columns import Batch
from pipeline.face.results import Cleaned, Results, cleaned
from pipeline.records import Document, Result, Verdict
from pipeline.stages import boilerplate, encoding
from pipeline.stages.rows import to_look_at
from pipeline.stages.stage import Stage, run

_STAGES = (encoding.STAGE, boilerplate.STAGE)
_WANTED = "text must be a string, a list or other iterable of strings, or a column of a table"

G = TypeVar("G")


def clean(
    given: Any, settings: str | os.PathLike[str] | Mapping[str, Any] | None = None, workers: int = 1
) -> Cleaned | Results | list[Cleaned] | Iterator[Cleaned]:
    """See `pipeline.clean`."""
    workers = arguments.number_of_workers(workers)
    stages = _STAGES if settings is None else _stages_under(settings)
    if isinstance(given, str):
        return _one(given, stages)
    column = columns.column_of(given)
    if column is not None:
        found: dict[int, Result] = {}
        for _, some in _each(((None, batch) for batch in columns.batches(column.texts)), stages, workers):
            found |= some
        return Results(column, found)
    if isinstance(given, bytes | bytearray | Mapping | Set) or not isinstance(given, Iterable):
        raise TypeError(f"{_WANTED}; got {arguments.described(given)}{arguments.hint(given)}")
    results = _in_turn(given, stages, workers)
    return results if isinstance(given, Iterator) else list(results)


def _stages_under(settings: str | os.PathLike[str] | Mapping[str, Any]) -> tuple[Stage, ...]:
    """The stages under the user's settings.

    Raises:
        SettingsError: they cannot be read, or hold an unknown or impossible setting.
    """
    from pipeline import config
    from pipeline.stages.order import STAGES  # those of other stages are settings, too; they take 0.1 s to load

    if isinstance(settings, Mapping):
        known = config.parse(STAGES, settings, "settings")
    else:
        known = config.load(STAGES, arguments.path(settings, "settings"))
    return tuple(known.stage(stage.name) for stage in _STAGES)


def _one(text: str, stages: Sequence[Stage]) -> Cleaned:
    result = Result(Document("", text))
    for stage in stages:
        if result.verdict is Verdict.KEEP:
            result = _after(stage, result)
    return cleaned(result, text)


def _after(stage: Stage, result: Result, idle: Set[str] = frozenset()) -> Result:
    """What a result becomes by one more stage."""
    made = run(stage, result.document, idle=idle)
    reason = made.reason if made.verdict > result.verdict else result.reason
    return Result(made.document, result.findings + made.findings, max(made.verdict, result.verdict), reason)


# --- many --------------------------------------------------------------------------------------------------------


def _in_turn(given: Iterable[Any], stages: Sequence[Stage], workers: int) -> Iterator[Cleaned]:
    """The result of each text, in their order; no more than some batches of them are in memory."""
    for (first, texts), found in _each(_batched(given), stages, workers):
        for row, text in enumerate(texts, first):
            yield cleaned(found.get(row), text)


def _batched(given: Iterable[Any]) -> Iterator[tuple[tuple[int, Sequence[str]], Batch]]:
    numbered = enumerate(given)
    first = 0
    while some := [_checked(text, row) for row, text in islice(numbered, columns.ROWS)]:
        for batch in columns.batches(columns.texts_of(some), first):
            start = batch.rows[0]
            yield (start, some[start - first : start - first + len(batch.rows)]), batch
        first += len(some)


def _checked(text: object, row: int) -> str:
    if text is None:
        raise TypeError(f"text[{row}] must be a string; got None; only a Series or an Arrow array has nulls")
    return arguments.text(text, f"text[{row}]")


def find(batch: Batch, stages: Sequence[Stage]) -> dict[int, Result]:
    """The results of those texts of a batch on which anything is found, by their rows.

    Raises:
        RuleError: a rule broke its contract; the message names the row.
    """
    texts, apart = batch.arrow, dict(batch.apart)
    results: dict[int, Result] = {}
    for stage in stages:
        facts = stage.facts(pa.RecordBatch.from_arrays([texts], ["text"])).facts
        looked_at = {**dict(to_look_at(texts, facts, stage)), **dict.fromkeys(apart, ())}
        changed: dict[int, str] = {}
        for number, idle in looked_at.items():
            before = results.get(number) or Result(Document("", apart.get(number) or texts[number].as_py()))
            if before.verdict is not Verdict.KEEP:
                continue
            try:
                result = _after(stage, before, frozenset(idle))
            except RuleError as error:
                raise RuleError(f"text[{batch.rows[number]}]: {error}") from error
            if len(result.findings) > len(before.findings):
                results[number] = result
            if result.text != before.text:
                changed[number] = result.text
        texts, apart = _with_changes(texts, apart, changed)
    return {batch.rows[number]: result for number, result in results.items()}


def _with_changes(
    texts: pa.StringArray, apart: Mapping[int, str], changed: Mapping[int, str]
) -> tuple[pa.StringArray, dict[int, str]]:
    """The texts as a stage has left them, and those of them that Arrow cannot hold."""
    left = {number: text for number, text in {**apart, **changed}.items() if not columns.is_encodable(text)}
    written = {number: changed[number] for number in sorted(changed) if number not in left}
    if written:
        mask = pa.array([number in written for number in range(len(texts))], pa.bool_())
        texts = pc.replace_with_mask(texts, mask, pa.array(written.values(), pa.string()))
    return texts, left


# --- several processes -------------------------------------------------------------------------------------------


def _each(
    batches: Iterable[tuple[G, Batch]], stages: Sequence[Stage], workers: int
) -> Iterator[tuple[G, Mapping[int, Result]]]:
    """What is found in each batch, in their order, beside what came with it; few batches are not worth a process."""
    workers = workers or len(os.sched_getaffinity(0))
    work = partial(find, stages=stages)
    waiting = iter(batches)
    first = list(islice(waiting, 2))
    if workers == 1 or len(first) < 2:
        yield from ((given, work(batch)) for given, batch in chain(first, waiting))
        return
    pool = worker.pool(workers, [__name__])
    try:
        running: deque[tuple[G, Future[dict[int, Result]]]] = deque()
        for given, batch in chain(first, waiting):
            running.append((given, pool.submit(work, batch)))
            if len(running) > 2 * workers:
                yield _taken(running)
        while running:
            yield _taken(running)
    except BrokenProcessPool as error:
        raise CopydeskError(
            'a worker died: memory is short, or a script calls this outside of `if __name__ == "__main__":`'
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _taken(running: deque[tuple[G, Future[dict[int, Result]]]]) -> tuple[G, dict[int, Result]]:
    given, future = running.popleft()
    return given, future.result()

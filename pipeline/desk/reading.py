"""One document to be read: as it came beside as it was left, with every finding in its place; and beside its twin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from pipeline import diff
from pipeline.engine import storage
from pipeline.errors import RuleError
from pipeline.records import Finding
from pipeline.run import life
from pipeline.run.life import Episode, Left, Life
from pipeline.run.plan import Plan
from pipeline.run.runs import Run

SHINGLE = 5  # words in a row, by which two texts are compared
MOST_WORDS = 20_000  # of a text that is compared
MOST_FINDINGS = 20_000  # of a document, shown in its text
_WORD = re.compile(r"\w+")


class Step(NamedTuple):
    """What a step did: its episode, the text with what it has changed, and what it says of the whole of it, as HTML."""

    episode: Episode
    text: Markup
    remarks: list[Markup]


class View(NamedTuple):
    """A document: its life, its text as it came and as it was left with all that was found, and step by step."""

    life: Life
    read: Markup
    left: Markup
    steps: list[Step]


def view(plan: Plan, run: Run, identity: str) -> View:
    """The document of that id.

    Raises:
        InputError: the batch has no such document.
    """
    left = list(life.followed(run, identity))
    told = life.life_from(plan, run, identity, left)
    first, last = left[0], left[-1]
    found = [[row.finding for row in one.findings] for one in _once(left)[1:]]
    return View(
        told,
        Markup(diff.beginning(_text(first))),
        _marked(_text(last), *found),
        [_step(one, episode) for one, episode in zip(left, told.steps, strict=True)],
    )


def _once(left: Sequence[Left]) -> list[Left]:
    """Each step once: of several documents with one id the first."""
    return list({one.made.step: one for one in reversed(left)}.values())[::-1]


def _text(left: Left) -> str:
    return left.row["text"] or ""


def _marked(text: str, *stages: Sequence[Finding]) -> Markup:
    """The text with what was found; without it where that is too much, or does not belong to this text."""
    try:
        if sum(map(len, stages)) <= MOST_FINDINGS:
            return Markup("".join(diff.in_full(text, *stages)))
    except RuleError:  # several documents with one id: the findings may be those of another
        pass
    return Markup(diff.beginning(text))


def _step(left: Left, episode: Episode) -> Step:
    found = [row.finding for row in left.findings]
    is_placed = len(diff.of_the_whole(found)) < len(found) <= MOST_FINDINGS
    try:
        text = Markup("".join(diff.of_text(_text(left), found))) if is_placed else Markup()
    except RuleError:
        text = Markup()
    return Step(episode, text, [Markup(said) for said in diff.told(found)])


# --- two documents -------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    """A copy and what is kept in its place, both as HTML: what only one of them has is marked."""

    life: Life
    twin: dict[str, object]
    copy: Markup
    kept: Markup
    shared: float  # of the copy's words, a share


def pair(plan: Plan, run: Run, identity: str, run_of: Callable[[str], Run]) -> Pair | None:
    """A copy beside its twin, in the run of its batch; None where it is no copy, or the twin has gone.

    Raises:
        InputError: the batch has no such document.
    """
    left = list(life.followed(run, identity))
    told = life.life_from(plan, run, identity, left)
    other = run_of(told.twin["batch"]) if told.twin else ()
    if told.twin is None or not other:
        return None
    found = storage.select_rows(other[-1].kept, "id = $1", [told.twin["id"]], "text", "file, line", 1)
    if not found.num_rows:
        return None
    mine, theirs = _text(left[-1]), found["text"][0].as_py()
    copy, shared = _unshared(mine, theirs)
    return Pair(told, told.twin, copy, _unshared(theirs, mine)[0], shared)


def _unshared(text: str, other: str) -> tuple[Markup, float]:
    """The text with all words marked that stand in no `SHINGLE` words in a row of the other's; the share that does."""
    words, others = _words(text), _words(other)
    size = max(1, min(SHINGLE, len(words), len(others)))
    known = {tuple(word for word, *_ in others[n : n + size]) for n in range(len(others) - size + 1)}
    shared = bytearray(len(words))
    for n in range(len(words) - size + 1):
        if tuple(word for word, *_ in words[n : n + size]) in known:
            shared[n : n + size] = b"\1" * size
    return Markup("".join(_spans(text, words, shared))), sum(shared) / max(len(words), 1)


def _words(text: str) -> list[tuple[str, int, int]]:
    """The first words of a text, in small letters, with their places."""
    found = zip(range(MOST_WORDS), _WORD.finditer(text), strict=False)
    return [(word[0].lower(), word.start(), word.end()) for _, word in found]


def _spans(text: str, words: Sequence[tuple[str, int, int]], shared: bytearray) -> Iterator[str]:
    done, n = 0, 0
    while n < len(words):
        if shared[n]:
            n += 1
            continue
        first = n
        while n < len(words) and not shared[n]:
            n += 1
        start, end = words[first][1], words[n - 1][2]
        yield f"{diff.visible(text[done:start])}<mark>{diff.visible(text[start:end])}</mark>"
        done = end
    yield diff.beginning(text[done:])


def copies_of(run: Run, identity: str, batch: str, most: int = 50) -> list[dict[str, object]]:
    """The documents of the batch that were set aside as copies of this one."""
    dataset = run[-1].output / life.COPIES if run else None
    if dataset is None or run[-1].step != life.COPIES or not dataset.is_dir():
        return []
    columns = "id, similarity, kind, why"
    asked = "of = $1 AND of_batch = $2"
    found: list[dict[str, object]] = storage.select_rows(
        str(dataset), asked, [identity, batch], columns, "id", most
    ).to_pylist()
    return found

"""Which marks of a line open a quotation, which close one, and which are apostrophes: decided for the line as a whole.

A mark is judged by what stands around it (words, stops, how the sentence speaks of speech) and by all the others, since
quotations open and close in turn and lie inside one another. Each reading of a mark has a price, and so has each way in
which two neighbours do not fit; the cheapest reading of the line wins, and every mark is told by how much its own
reading is cheaper than the best in which it has another side. The work is linear in the number of marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pipeline.rules.encoding.quotes.roles import DOUBLE, Mark, Role, all_roles, double_roles

# On which side of a mark the text that belongs to it stands: behind one that opens ("word, '90s), before one that
# closes (word", players'), on both sides of an apostrophe inside a word; or the mark stands by itself.
Side = Literal["opens", "closes", "inside", "apart"]
SIDES: tuple[Side, ...] = ("opens", "closes", "inside", "apart")


class Reading(NamedTuple):
    """The side of a mark, and by how much it is cheaper than the next best side: 0 where nothing tells."""

    side: Side
    margin: float


def read(marks: Sequence[Mark], *, opened: bool = False, runs_on: bool = False) -> list[Reading]:
    """The side of each mark of a line.

    Args:
        marks: all marks of the line, in order.
        opened: a quotation is open where the line begins.
        runs_on: the next line begins with a mark, so that a quotation may be left open here.

    >>> free = (0.0, 0.0, 0.0, 3.0)
    >>> marks = [Mark("'", "the battle of", "Liberation", free), Mark("'", "Liberation", "keeps", free)]
    >>> [reading.side for reading in read(marks)]
    ['opens', 'closes']
    """
    plain = all(mark.value in DOUBLE for mark in marks)  # nothing lies inside one another
    roles = [double_roles(mark) if plain else all_roles(mark) for mark in marks]
    states = 2 if plain else 5
    forward = [[0.0, 1.0 if opened else 5.0, _NEVER, _NEVER, _NEVER][:states]]
    for choices in roles:
        forward.append(_step(forward[-1], choices))
    backward = [(_END_RUNS_ON if runs_on else _END)[:states]]
    for choices in reversed(roles):
        backward.append(_step_back(backward[-1], choices))
    backward.reverse()
    return [_best(*around) for around in zip(forward[:-1], backward[1:], roles, strict=True)]


# --- The cheapest way -----------------------------------------------------------------------------------------------

_NEVER = 1e9
_END = [0.0, 3.0, 4.0, 6.0, 6.0]  # the price of what is open at the end of a line: see `roles`
_END_RUNS_ON = [0.0, 0.5, 1.0, 3.0, 3.0]


def _step(states: list[float], choices: list[Role]) -> list[float]:
    after = [_NEVER] * len(states)
    for _side, price, moves in choices:
        for origin, target, cost in moves:
            total = states[origin] + price + cost
            if total < after[target]:
                after[target] = total
    return after


def _step_back(states: list[float], choices: list[Role]) -> list[float]:
    before = [_NEVER] * len(states)
    for _side, price, moves in choices:
        for origin, target, cost in moves:
            total = states[target] + price + cost
            if total < before[origin]:
                before[origin] = total
    return before


def _best(before: list[float], after: list[float], choices: list[Role]) -> Reading:
    totals = [_NEVER] * len(SIDES)
    for side, price, moves in choices:
        for origin, target, cost in moves:
            total = before[origin] + price + cost + after[target]
            if total < totals[side]:
                totals[side] = total
    best, second = sorted(totals)[:2]
    return Reading(SIDES[totals.index(best)], second - best)

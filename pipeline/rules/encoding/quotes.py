"""Which marks of a line open a quotation, which close one, and which are apostrophes: decided for the line as a whole.

A mark is judged by what stands around it (words, stops, how the sentence speaks of speech) and by all the others, since
quotations open and close in turn and lie inside one another. Each reading of a mark has a price, and so has each way in
which two neighbours do not fit; the cheapest reading of the line wins, and every mark is told by how much its own
reading is cheaper than the best in which it has another side. The work is linear in the number of marks.

The prices are chosen by hand on one half of `articles` (`benchmarks/quality/encoding.py` reports on the other). A price
of 1 is a matter of taste, 5 is a quotation that is never closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

# On which side of a mark the text that belongs to it stands: behind one that opens ("word, '90s), before one that
# closes (word", players'), on both sides of an apostrophe inside a word; None is a mark with a side of its own.
Side = Literal["opens", "closes", "inside", "apart"]
SIDES: tuple[Side, ...] = ("opens", "closes", "inside", "apart")

SINGLE, DOUBLE = "'‘’‚", '"“”„'
REACH = 24  # characters that are looked at on each side of a mark


class Mark(NamedTuple):
    """A quotation mark or an apostrophe in a line.

    `before` and `after` are what stands beside it, up to `REACH` characters, without the blanks that are in doubt; a
    neighbouring mark is the mark itself. `prices` is what its spacing says against each of `SIDES`;
    `near_before` and `near_after` say whether another mark of its kind stands a few words off, in the same clause.
    """

    value: str
    before: str
    after: str
    prices: tuple[float, float, float, float]
    near_before: bool = False
    near_after: bool = False


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
    roles = [list(_roles(mark)) for mark in marks]
    start = [0.0, 1.0 if opened else 5.0, _NEVER, _NEVER, _NEVER]
    forward = [start]
    for choices in roles:
        forward.append(_step(forward[-1], choices))
    backward = [_END_RUNS_ON if runs_on else _END]
    for choices in reversed(roles):
        backward.append(_step_back(backward[-1], choices))
    backward.reverse()
    return [
        _best(before, after, choices) for before, after, choices in zip(forward[:-1], backward[1:], roles, strict=True)
    ]


# --- Quotations inside one another ---------------------------------------------------------------------------------

# What is open: nothing, a double or a single quotation, a single one in a double one, a double one in a single one.
_NEVER = 1e9
_NOTHING, _D, _S, _DS, _SD = range(5)
_END = [0.0, 3.0, 4.0, 6.0, 6.0]
_END_RUNS_ON = [0.0, 0.5, 1.0, 3.0, 3.0]
_Moves = tuple[tuple[int, int, float], ...]  # from, to, price
_STAY: _Moves = tuple((state, state, 0.0) for state in range(5))
_OPEN_DOUBLE: _Moves = ((_NOTHING, _D, 0.0), (_S, _SD, 0.3), (_D, _D, 5.0), (_DS, _D, 9.0), (_SD, _SD, 5.0))
_CLOSE_DOUBLE: _Moves = (
    *((_D, _NOTHING, 0.0), (_SD, _S, 0.0), (_DS, _NOTHING, 4.0)),
    *((_NOTHING, _NOTHING, 5.0), (_S, _S, 5.0)),
)
_OPEN_SINGLE: _Moves = ((_NOTHING, _S, 0.3), (_D, _DS, 0.0), (_S, _S, 6.0), (_DS, _DS, 6.0), (_SD, _SD, 6.0))
_CLOSE_SINGLE: _Moves = (
    *((_S, _NOTHING, 0.0), (_DS, _D, 0.0), (_SD, _NOTHING, 5.0)),
    *((_NOTHING, _NOTHING, 6.0), (_D, _D, 6.0)),
)


class _Role(NamedTuple):
    side: int  # index into SIDES
    price: float
    moves: _Moves


def _step(states: list[float], choices: list[_Role]) -> list[float]:
    after = [_NEVER] * 5
    for _side, price, moves in choices:
        for origin, target, cost in moves:
            total = states[origin] + price + cost
            if total < after[target]:
                after[target] = total
    return after


def _step_back(states: list[float], choices: list[_Role]) -> list[float]:
    before = [_NEVER] * 5
    for _side, price, moves in choices:
        for origin, target, cost in moves:
            total = states[target] + price + cost
            if total < before[origin]:
                before[origin] = total
    return before


def _best(before: list[float], after: list[float], choices: list[_Role]) -> Reading:
    totals = [_NEVER] * len(SIDES)
    for side, price, moves in choices:
        for origin, target, cost in moves:
            total = before[origin] + price + cost + after[target]
            if total < totals[side]:
                totals[side] = total
    best = min(range(len(SIDES)), key=totals.__getitem__)
    second = min(total for side, total in enumerate(totals) if side != best)
    return Reading(SIDES[best], second - totals[best])


# --- What stands around a mark -------------------------------------------------------------------------------------

_SPEECH_WORDS = (
    "said says say saying told tells asked asks added adds wrote writes replied explained noted notes claimed "
    "claims insisted warned continued concluded recalled joked tweeted posted read reads reading stated stating "
    "according declared argued announced admitted revealed shouted yelled screamed whispered called dubbed titled "
    "entitled thought think knew felt wondered described describing quipped responded commented confirmed denied "
    "suggested remarked cried captioned gushed dijo dice afirmó declaró señaló sagte sagt erklärte dit déclaré "
    "affirmé ajouté ha detto disse säger sa zei"
)
_SPEECH = frozenset(_SPEECH_WORDS.split())
_SPEAKERS_WORDS = "he she they i we it the a mr mrs ms dr one his her"
_SPEAKERS = frozenset(_SPEAKERS_WORDS.split())
_SMALL = (
    "a an the this that these those his her its our their your my of for in with to and by from on at as is was "
    "but if so when then than because about into over after before against under while where what who which how "
    "not all are were be been has have had does did will would can could who's or nor he she they we you i it us "
    "yes"
)
_FUNCTION_WORDS = frozenset(_SMALL.split())
_LEADING_WORDS = "a an the of and as or with my your his its our their"
_LEADING = frozenset(_LEADING_WORDS.split())  # no clause ends in these
_TAILS = re.compile(r"(s|t|re|ve|ll|d|m|S|T|RE|VE|LL|D|M)(?![^\W_])")
_PRONOUNS_WORDS = "i you he she it we they there that this who what how where here when why"
_PRONOUNS = frozenset(_PRONOUNS_WORDS.split())
_MODALS_WORDS = "would could should must might may can will"
_MODALS = frozenset(_MODALS_WORDS.split())
_ELIDED_WORDS = (
    "l d j qu n c m t s jusqu lorsqu puisqu quelqu aujourd presqu quoiqu dell all nell sull dall coll quell un "
    "quest gl anch senz cos dov com bell sant o"
)
_ELIDED = frozenset(_ELIDED_WORDS.split())
_CLIPPED_WORDS = "n ol lil mo th wi"
_CLIPPED = frozenset(_CLIPPED_WORDS.split())
_SHORTENED = re.compile(
    r"(?:\d0s|\d\d(?!\d)|em|til|tis|twas|twill|cause|bout|round|n|nuff|cos|coz|cuz|im|er|ere|neath|gainst|tude)(?![^\W_])",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(r"(?:[A-Z]\.){2}$|%$")
_WORD_BEFORE = re.compile(r"[^\W_]+$")
_WORD_AFTER = re.compile(r"[^\W_]+")
_OPENERS, _CLOSERS = "([{<—–-/¡¿", ".,;:!?)]}>…"
_QUOTES = SINGLE + DOUBLE


def _roles(mark: Mark) -> Iterator[_Role]:
    opens, closes, inside, apart = mark.prices
    before = _WORD_BEFORE.search(mark.before)
    after = _WORD_AFTER.match(mark.after)
    left, right = before[0] if before else "", after[0] if after else ""
    double = mark.value in DOUBLE
    yield _Role(3, apart + 1.0, _STAY)
    if not double and mark.value != "‘":
        middle = _inside(mark, left, right)
        yield _Role(2, inside + middle, _STAY)
        if middle <= 0.2:  # hardly anything else can stand before "s" and "t", and behind "O" and "l"
            rivals = 4.0 if middle <= 0.1 else 2.0
            opens, closes = opens + rivals, closes + rivals
    if mark.value != "’":
        opens += 3.0 if mark.value == "”" else 0.0  # Swedish opens with it
        price = opens + _opening(mark, left, right) - (0.6 if mark.near_after and not _is_plural(left) else 0.0)
        yield _Role(0, price, _OPEN_DOUBLE) if double else _Role(0, price + 0.8, _OPEN_SINGLE)
    if mark.value not in "„‚‘":
        closes += 2.5 if mark.value == "“" else 0.0  # German closes with it
        price = closes + _closing(mark, left, right) - 0.6 * mark.near_before
        yield _Role(1, price, _CLOSE_DOUBLE) if double else _Role(1, price + 0.2, _CLOSE_SINGLE)
    if double:
        if left[-1:].isdigit():
            yield _Role(1, closes + 1.0, _STAY)  # inches
        return
    if left:
        yield _Role(1, closes + _whose(mark, left, right), _STAY)
    if right:
        yield _Role(0, opens + _shortened(mark), _STAY)


def _opening(mark: Mark, left: str, right: str) -> float:
    before, after = mark.before[-1:], mark.after[:1]
    if not after or (after in ".,;:!?)]}>" and not mark.after.startswith(("..", ".4", ".5", ".3", ".2"))):
        price = 6.0
    elif after in "—–-":
        price = 3.0
    elif after.islower():
        price = 0.3
    else:
        price = 0.1
    if not before or before in _OPENERS or before in _QUOTES:
        return price
    if before in ",:":
        if before == "," and after.islower() and right.lower() in _SPEECH | _SPEAKERS:
            price += 0.7
        return price - (0.8 if _last_word(mark.before) in _SPEECH else 0.3)
    word = left.lower()
    if word in _SPEECH or word in _FUNCTION_WORDS:
        return price - 0.4
    if before in ".!?…":
        return price + 0.3 - (1.0 if _last_word(mark.before) in _SPEECH else 0.0)
    if right in ("and", "or", "of"):
        price += 1.0
    return price + (1.2 if mark.value in SINGLE and _is_plural(left) and not _is_tail(mark, left) else 0.4)


def _is_plural(word: str) -> bool:
    return word[-1:] in ("s", "S") and not word.lower().endswith(("us", "ss", "is"))


def _closing(mark: Mark, left: str, right: str) -> float:
    before, after = mark.before[-1:], mark.after[:1]
    if not before:
        return 8.0
    if before in "([{":
        price = 6.0
    elif before in ":;":
        price = 3.0
    elif before in _CLOSERS or before in _QUOTES:
        price = 1.5 if before in ",." and _last_word(mark.before) in _SPEECH else 0.0
    else:
        price = 0.5 + (3.0 if left.lower() in _LEADING else 1.5 if left.lower() in _FUNCTION_WORDS else 0.0)
        price += 0.3 if mark.value in SINGLE and _is_plural(left) else 0.0
    if not after or after in _CLOSERS or after in _QUOTES or after in "—–-":
        return price
    if before == "," and (right.lower() in _SPEECH or right.lower() in _SPEAKERS):
        price -= 1.0
    elif after.isalnum() and before not in ".,!?" and right.lower() not in _FUNCTION_WORDS:
        price += 0.4
    return price + 0.3


def _inside(mark: Mark, left: str, right: str) -> float:
    """The price of an apostrophe inside a word: "Syria's", "don't", "l'homme", "O'Brien", "Da'esh", "5'10"."""
    if not left or not right:
        return (
            0.1 if right == "s" and _ABBREVIATION.search(mark.before) else 2.0 if right == "s" and mark.before else 9.0
        )
    word, tail = left.lower(), _TAILS.fullmatch(right)
    if tail and (right.islower() or left.isupper()):
        kind = tail[1].lower()
        if kind == "s":
            return 0.0
        if kind == "t":
            return 0.0 if word.endswith("n") else 1.5
        if kind == "m":
            return 0.0 if word == "i" else 2.0
        return 0.0 if word in _PRONOUNS or word in _MODALS else 0.8
    if left[-1].isdigit() and right[0].isdigit():
        return 0.5
    if word in _ELIDED and not _is_tail(mark, left) and (left.islower() or left in ("O", "D", "L")):
        return 0.2 if len(left) > 1 or left.isupper() or not right[0].isupper() else 0.8
    if left[-1].isdigit() or right[0].isdigit():
        return 6.0
    if left[0].isupper() and right[0].islower() and right.lower() not in _FUNCTION_WORDS - {"a", "an", "i"}:
        return 2.0 + (1.5 if left[-1] in "sS" and len(word) > 1 else 0.0)
    if left[0].isupper() and len(left) < 4:
        return 2.5
    return 5.0


def _is_tail(mark: Mark, left: str) -> bool:
    """Is the word before a mark the tail of another one: "Nelson's 'death'"?"""
    return len(left) < 3 and mark.before[-len(left) - 1 : -len(left)] in tuple(_QUOTES) and len(mark.before) > len(left)


def _whose(mark: Mark, left: str, right: str) -> float:
    """The price of an apostrophe that ends a word: "the players' union", "goin'"; and of feet: "5' tall"."""
    word, next_word = left.lower(), right.lower()
    if left[-1].isdigit():
        return 1.5 if not right or right[0].isdigit() else 2.5
    if word in _CLIPPED or (word.endswith("in") and len(word) > 3):
        return 0.5 if word in _CLIPPED else 2.0
    capitals = len(left) > 1 and left.isupper()
    if word[-1] not in "sxz" or not (capitals or (word not in _FUNCTION_WORDS and len(word) > 2)):
        return 6.0
    price = 1.3 + (0.7 if word.endswith(("us", "is", "ss")) else 0.0)
    if next_word in ("and", "or"):
        return price + 0.5
    return price + (1.5 if not next_word or next_word in _FUNCTION_WORDS else 0.0)


def _shortened(mark: Mark) -> float:
    """The price of an apostrophe that begins a word: "'90s", "'em", "rock 'n' roll"."""
    match = _SHORTENED.match(mark.after)
    if not match:
        return 7.0
    return 0.4 if match[0][-1:] in "sSnm" else 1.5


def is_speech(after: str) -> bool:
    """Do the words after a quotation say who spoke: "Mr Smith said"?"""
    words = [match[0].lower() for match in _WORD_AFTER.finditer(after)]
    return any(word in _SPEECH for word in words[:4])


def _last_word(before: str) -> str:
    match = _WORD_BEFORE.search(before.rstrip(",.!?: "))
    return match[0].lower() if match else ""

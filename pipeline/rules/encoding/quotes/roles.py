"""What a mark may be, judged by what stands around it: the price of each role, before its neighbours are asked.

The prices are chosen by hand on one half of `articles` (`benchmarks/quality/encoding.py` reports on the other). A price
of 1 is a matter of taste, 5 is a quotation that is never closed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

SINGLE, DOUBLE = ("'", "‘", "’", "‚"), ('"', "“", "”", "„", "''")
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


# --- Quotations inside one another ---------------------------------------------------------------------------------

# What is open: nothing, a double or a single quotation, a single one in a double one, a double one in a single one.
NOTHING, D, S, DS, SD = range(5)
Moves = tuple[tuple[int, int, float], ...]  # from, to, price
STAY: Moves = tuple((state, state, 0.0) for state in range(5))
OPEN_DOUBLE: Moves = ((NOTHING, D, 0.0), (S, SD, 0.3), (D, D, 5.0), (DS, D, 9.0), (SD, SD, 5.0))
CLOSE_DOUBLE: Moves = (
    *((D, NOTHING, 0.0), (SD, S, 0.0), (DS, NOTHING, 4.0)),
    *((NOTHING, NOTHING, 5.0), (S, S, 5.0)),
)
OPEN_SINGLE: Moves = ((NOTHING, S, 0.3), (D, DS, 0.0), (S, S, 6.0), (DS, DS, 6.0), (SD, SD, 6.0))
CLOSE_SINGLE: Moves = (
    *((S, NOTHING, 0.0), (DS, D, 0.0), (SD, NOTHING, 5.0)),
    *((NOTHING, NOTHING, 6.0), (D, D, 6.0)),
)
# The moves of a line in which all marks are double.
STAY_PLAIN, OPEN_PLAIN, CLOSE_PLAIN = (
    tuple(move for move in moves if max(move[:2]) <= D) for moves in (STAY, OPEN_DOUBLE, CLOSE_DOUBLE)
)

Role = tuple[int, float, Moves]  # the side, as an index into SIDES; the price; the moves


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
_ELIDED_BEFORE = frozenset("aeiouyhàâäèéêëìíîïòóôöùúûüœAEIOUYHÀÂÄÈÉÊËÌÍÎÏÒÓÔÖÙÚÛÜŒ")
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


def _words(mark: Mark) -> tuple[str, str]:
    before, after = _WORD_BEFORE.search(mark.before), _WORD_AFTER.match(mark.after)
    return before[0] if before else "", after[0] if after else ""


def double_roles(mark: Mark) -> list[Role]:
    """The roles of a double mark in a line without single ones."""
    opens, closes, _, apart = mark.prices
    left, right = _words(mark)
    roles = [
        (3, apart + 1.0, STAY_PLAIN),
        (0, opens + _opening(mark, left, right), OPEN_PLAIN),
        (1, closes + _closing(mark, left, right), CLOSE_PLAIN),
    ]
    if left[-1:].isdigit():
        roles.append((1, closes + 1.0, STAY_PLAIN))  # inches
    return roles


def all_roles(mark: Mark) -> list[Role]:
    """The roles of any mark, but for those that are far too dear."""
    opens, closes, inside, apart = mark.prices
    left, right = _words(mark)
    roles: list[Role] = [(3, apart + 1.0, STAY)]
    if mark.value in DOUBLE:
        roles.append((0, opens + _opening(mark, left, right), OPEN_DOUBLE))
        roles.append((1, closes + _closing(mark, left, right), CLOSE_DOUBLE))
        if left[-1:].isdigit():
            roles.append((1, closes + 1.0, STAY))
        return roles
    if mark.value != "‘" or _TAILS.fullmatch(right):
        middle = _inside(mark, left, right)
        roles.append((2, inside + middle, STAY))
        if middle <= 0.2:  # hardly anything else can stand before "s" and "t", and behind "O" and "l"
            rivals = 4.0 if middle <= 0.1 else 2.0
            opens, closes = opens + rivals, closes + rivals
    if mark.value != "’":
        roles.append((0, opens + _opening(mark, left, right) + 0.8, OPEN_SINGLE))
    if mark.value not in "‚‘":
        roles.append((1, closes + _closing(mark, left, right) + 0.2, CLOSE_SINGLE))
    if left:
        roles.append((1, closes + _whose(mark, left, right), STAY))
    if right:
        roles.append((0, opens + _shortened(mark), STAY))
    most = min(price for _, price, _ in roles) + _HOPELESS
    return [role for role in roles if role[1] <= most]


_HOPELESS = 9.0  # dearer than the cheapest by so much, a role is not looked at
_CLOSE_BY = 0.6  # what a partner a few words off is worth
# Typographic marks have a side of their own, but in Swedish and in German.
_AS_OPENING = {"”": 3.0}
_AS_CLOSING = {"“": 2.5, "„": 8.0}


def _opening(mark: Mark, left: str, right: str) -> float:
    """The price of opening a quotation."""
    price = _opens_before(mark) + _opens_behind(mark, left, right) + _AS_OPENING.get(mark.value, 0.0)
    return price - _CLOSE_BY if mark.near_after and not _is_plural(left) else price


def _opens_before(mark: Mark) -> float:
    after = mark.after[:1]
    if not after or (after in ".,;:!?)]}>" and not mark.after.startswith(("..", ".4", ".5", ".3", ".2"))):
        return 6.0
    if after in "—–-":
        return 3.0
    return 0.3 if after.islower() else 0.1


def _opens_behind(mark: Mark, left: str, right: str) -> float:
    before, word = mark.before[-1:], left.lower()
    if not before or before in _OPENERS or before in _QUOTES:
        return 0.0
    if before in ",:":
        goes_on = before == "," and right.islower() and (right in _SPEECH or right in _SPEAKERS)
        return (0.7 if goes_on else 0.0) - (0.8 if _last_word(mark.before) in _SPEECH else 0.3)
    if word in _SPEECH or word in _FUNCTION_WORDS:
        return -0.4
    if before in ".!?…":
        return 0.3 - (1.0 if _last_word(mark.before) in _SPEECH else 0.0)
    whose = mark.value in SINGLE and _is_plural(left) and not _is_tail(mark, left)
    return (1.2 if whose else 0.4) + (1.0 if right in ("and", "or", "of") else 0.0)


def _is_plural(word: str) -> bool:
    return word[-1:] in ("s", "S") and not word.lower().endswith(("us", "ss", "is"))


def _closing(mark: Mark, left: str, right: str) -> float:
    """The price of closing a quotation."""
    if not mark.before:
        return 8.0
    price = _closes_behind(mark, left) + _closes_before(mark, right) + _AS_CLOSING.get(mark.value, 0.0)
    return price - _CLOSE_BY if mark.near_before else price


def _closes_behind(mark: Mark, left: str) -> float:
    before, word = mark.before[-1:], left.lower()
    if before in "([{":
        return 6.0
    if before in ":;":
        return 3.0
    if before in _CLOSERS or before in _QUOTES:
        return 1.5 if before in ",." and _last_word(mark.before) in _SPEECH else 0.0
    price = 0.8 if mark.value in SINGLE and _is_plural(left) else 0.5
    return price + (3.0 if word in _LEADING else 1.5 if word in _FUNCTION_WORDS else 0.0)


def _closes_before(mark: Mark, right: str) -> float:
    before, after, word = mark.before[-1:], mark.after[:1], right.lower()
    if not after or after in _CLOSERS or after in _QUOTES or after in "—–-":
        return 0.0
    if before == "," and (word in _SPEECH or word in _SPEAKERS):
        return -0.7
    return 0.7 if after.isalnum() and before not in ".,!?" and word not in _FUNCTION_WORDS else 0.3


def _inside(mark: Mark, left: str, right: str) -> float:
    """The price of an apostrophe inside a word: "Syria's", "don't", "l'homme", "O'Brien", "Da'esh", "5'10"."""
    if not left or not right:  # "the U.N.'s", "Yahoo!'s"
        whose = right == "s" and mark.before
        return (0.1 if _ABBREVIATION.search(mark.before) else 2.0) if whose else 9.0
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
    if word == "y" and right == "all":
        return 0.2
    elided = word in _ELIDED and (word == "o" or right[0] in _ELIDED_BEFORE)
    if elided and not _is_tail(mark, left) and (left.islower() or left in ("O", "D", "L")):
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
    return len(left) < 3 and mark.before[-len(left) - 1 : -len(left)] in _QUOTES and len(mark.before) > len(left)


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

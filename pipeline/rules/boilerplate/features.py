"""What the line model looks at: each line's shape and words, its place, and its neighbours.

In C (`features.c`), or by array operations over the lines of a text, which give the same bits.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.facts.characters import load, tables
from pipeline.rules.boilerplate.blocks import KIND_OF, blocks
from pipeline.rules.boilerplate.grammar import flatten
from pipeline.rules.boilerplate.phrases import KEPT
from pipeline.rules.boilerplate.view import LONG, Line, ends_sentence

_IN_C = load("pipeline.rules.boilerplate._features")

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WIDTH = 166  # columns

MAX_WORDS = 40  # of a line are looked up
LONG_WORD = 5  # letters of a word that tells of a topic
_WORD = re.compile(r"[^\W_]+")
_MARKS = "|•·»›←→▲▼©/"
# in ASCII a translation and a split find the same words in a third of the time
_BLANKED = {code: " " for code in range(128) if not chr(code).isalnum()}
_DASH = re.compile(r"\s[-–]\s")
_ADDRESS = re.compile(r"@\w|https?:|www\.|\.com\b")
_OF_ADDRESSES = ("@", "http", "www.", ".com")
_OPENING_QUOTE = tuple("\"'“‘«„「『—–")

CLASSES = 6  # of characters
UPPER, LOWER, DIGIT, SPACE, MARK, DENSE = range(CLASSES)  # DENSE: scripts without spaces
NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
WINDOW = 5
ENDS = (5, 12)  # lines
FAR = 50  # lines
NEVER = 99  # lines since a paragraph of prose, where there was none


@lru_cache(maxsize=1)
def _classes() -> npt.NDArray[np.int8]:
    """The class of each character of the basic plane."""
    made = np.full(0x10000, MARK, np.int8)
    for code in range(0x10000):
        category = unicodedata.category(chr(code))
        if category == "Lo" and (0x0E00 <= code < 0x1000 or 0x3040 <= code < 0xA000):
            made[code] = DENSE
        elif category in ("Lu", "Lt"):
            made[code] = UPPER
        elif category[0] in "LM":
            made[code] = LOWER
        elif category[0] == "N":
            made[code] = DIGIT
        elif category[0] in "ZC":
            made[code] = SPACE
    return made


def words(flat: str) -> list[str]:
    """The words of a line in lower case that the lexicon is asked for."""
    flat = flat[:300]
    found = flat.translate(_BLANKED).split() if flat.isascii() else _WORD.findall(flat)
    return found[:MAX_WORDS]


class Lexicon:
    """The log odds of words of boilerplate against those of articles, in hundredths."""

    def __init__(self, odds: Mapping[str, int]) -> None:
        self.odds = odds

    def of(self, word: str) -> int:
        """The odds of a word; 0 of one that is not known."""
        return self.odds.get(word, 0)

    @cached_property
    def hashed(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
        """The hashes of the words in order, and the odds of each, as `features.c` asks for them."""
        made = np.empty(len(self.odds), np.uint64)
        bounds = np.cumsum([0, *map(len, self.odds)])
        _IN_C.hashes(_codes("".join(self.odds)), bounds, made)
        order = np.argsort(made)
        return made[order], np.array(list(self.odds.values()), np.int32)[order]


def features(text: str, found: Sequence[Line], lexicon: Lexicon) -> Floats:
    """One row for each line of the view of a text, which has one at least."""
    return in_numpy(text, found, lexicon) if _IN_C is None else in_c(text, found, lexicon)


def in_c(text: str, found: Sequence[Line], lexicon: Lexicon) -> Floats:
    """By `features.c`."""
    flat = flatten(text)
    told = np.array([(line.start, line.end, _flags(line), line.pages, line.of) for line in found], np.int32)
    rows = np.empty((WIDTH, len(found)), np.float32)
    bits = tables(np.frombuffer((text + flat).encode("utf-8", "surrogatepass"), np.uint8))[0]
    _IN_C.columns(_codes(text), _codes(flat), told, bits, _classes(), *lexicon.hashed, rows)
    return rows.T


def _codes(text: str) -> bytes:
    return text.encode("utf-32-le", "surrogatepass")


def _flags(line: Line) -> int:
    """What a line is besides its text, as bits; the highest say which kind of block it belongs to, from 1 on."""
    kept = line.rule == KEPT
    return (
        (line.rule != "" and not kept)
        | kept << 1
        | bool(line.doubtful) << 2
        | line.title << 3
        | ends_sentence(line.text) << 4
        | KIND_OF.get(line.rule or line.doubtful, 0) << 5
    )


def in_numpy(text: str, found: Sequence[Line], lexicon: Lexicon) -> Floats:
    """By array operations over the lines."""
    own, size, prose = _own(text, found, lexicon)
    sentences = own[:, SENTENCE] > 0
    block = blocks(found, own[:, SIZE], sentences, prose, own[:, SHARES])
    around = (_places(own, size, prose), _certain(own, prose), *_neighbours(own, prose), block)
    return np.concatenate([own, *around], axis=1)


def _own(text: str, found: Sequence[Line], lexicon: Lexicon) -> tuple[Floats, Doubles, npt.NDArray[np.bool_]]:
    """What each line shows by itself, how long it is, and whether it looks like a paragraph of prose."""
    starts = np.array([line.start for line in found])
    ends = np.array([line.end for line in found])
    of_class, word_count, capitals = _letters(text, starts, ends)
    length = np.maximum(ends - starts, 1)
    size = length + 2 * of_class[DENSE]
    sentence = np.array([ends_sentence(line.text) for line in found])
    prose = sentence & (size >= LONG)
    flat = flatten(text)
    words_of = [words(flat[line.start : line.end]) for line in found]
    shown = [
        _shown(line, flat[line.start : line.end], list(map(lexicon.of, its_words)))
        for line, its_words in zip(found, words_of, strict=True)
    ]
    times = Counter(line.text for line in found)
    columns = _columns(
        [
            np.log1p(size),
            sentence,
            prose,
            np.log1p(word_count.astype(np.float64)),
            of_class[UPPER] / length,
            capitals / np.maximum(word_count, 1),
            of_class[DIGIT] / length,
            of_class[MARK] / length,
            of_class[DENSE] / length,
            (of_class[UPPER] + of_class[LOWER]) / np.maximum(word_count, 1) / 8,
            np.array(_overlap(words_of, prose)),
            np.log1p(np.array([times[line.text] for line in found]) - 1),
        ]
    )
    return np.concatenate([np.array(shown, np.float32), columns], axis=1), size, prose


def _overlap(words_of: Sequence[list[str]], prose: npt.NDArray[np.bool_]) -> list[float]:
    """For each line the share of its long words that stand in the text's prose, too; -1 for a line without any."""
    long_of = [[word for word in its_words if len(word) >= LONG_WORD] for its_words in words_of]
    body = {word for its_words, is_prose in zip(long_of, prose, strict=True) if is_prose for word in its_words}
    return [sum(word in body for word in its_words) / len(its_words) if its_words else -1.0 for its_words in long_of]


def _columns(made: Sequence[npt.NDArray[Any]]) -> Floats:
    """Arrays of a number a line, put side by side as columns."""
    return np.array(made, np.float32).T


def _letters(text: str, starts: Integers, ends: Integers) -> tuple[Floats, Floats, Floats]:
    """How many characters of each class each line has (a row for each class), its words, and those with a capital."""
    number = len(starts)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    borders = np.stack([np.concatenate([[0], ends[:-1]]), starts, ends], axis=1)
    inside = np.repeat(np.tile([False, True], number), np.diff(borders, axis=1).ravel())  # not between lines
    line = np.repeat(np.arange(number), ends - starts)
    classes = _classes()[np.minimum(codes[: ends[-1]], 0xFFFF)]
    letters = classes <= LOWER
    begins = letters.copy()
    begins[1:] &= ~letters[:-1]  # a word begins
    kinds, begins = classes[inside].astype(np.int64), begins[inside]
    counts = np.bincount(kinds * number + line, minlength=CLASSES * number)
    of_class = counts.reshape(CLASSES, number).astype(np.float32)
    word_count = np.bincount(line[begins], minlength=number) + of_class[DENSE] / 2
    capitals = np.bincount(line[begins & (kinds == UPPER)], minlength=number)
    return of_class, word_count.astype(np.float32), capitals.astype(np.float32)


def _shown(line: Line, flat: str, odds: Sequence[int]) -> list[Any]:
    """What the words and signs of a line say; `odds` are those of its words in the lexicon, in hundredths."""
    text = line.text
    stripped = text.strip()
    first = stripped[:1]
    return [
        line.rule not in ("", KEPT),
        bool(line.doubtful),
        line.title,
        sum(odds) / 100 / (len(odds) + 1),
        max(odds, default=0) / 100,
        min(odds, default=0) / 100,
        odds[0] / 100 if odds else 0.0,
        odds[-1] / 100 if odds else 0.0,
        stripped.endswith(":"),
        stripped.endswith(("...", "…")),
        stripped.endswith("?"),
        first.isupper(),
        first.islower(),
        first.isdigit(),
        stripped.startswith(_OPENING_QUOTE),
        _has_mark(text[:200]),
        any(map(flat[:200].__contains__, _OF_ADDRESSES)) and bool(_ADDRESS.search(flat[:200])),
        min(text.count(","), 6) / 4,
        bool(odds) and not odds[0],
        line.rule == KEPT,
    ]


def _has_mark(text: str) -> bool:
    return any(map(text.__contains__, _MARKS)) or (("-" in text or "–" in text) and bool(_DASH.search(text)))


RULE, DOUBTFUL, TITLE, LEXICON = 0, 1, 2, 3  # columns of what `_shown` finds
SIZE, SENTENCE = 20, 21  # and of those after it
SHARES = slice(24, 30)  # of capitals, digits, marks and so on


def _places(own: Floats, size: Doubles, prose: npt.NDArray[np.bool_]) -> Floats:
    """Where the line stands among the lines and among the paragraphs."""
    number = len(own)
    index = np.arange(number)
    before = np.concatenate([[0], np.cumsum(size)[:-1]]) / max(size.sum(), 1)
    since, until = _distance(prose), _distance(prose[::-1])[::-1]
    paragraphs = np.cumsum(prose)
    short = ~prose
    return _columns(
        [
            index / number,
            before,
            np.log1p(index),
            np.log1p(number - 1 - index),
            np.log1p(since),
            np.log1p(until),
            np.log1p(paragraphs),
            np.log1p(paragraphs[-1] - paragraphs),
            np.log1p(since + until),
            np.full(number, np.log1p(size[prose].sum())),
            np.full(number, prose.mean()),
            np.full(number, size[prose].sum() / max(size.sum(), 1)),
            np.full(number, np.log1p(number)),
            np.full(number, np.cumsum(own[short, LEXICON], dtype=np.float64)[-1] / short.sum() if short.any() else 0.0),
            np.full(number, own[:, RULE].mean()),
        ]
    )


def _certain(own: Floats, prose: npt.NDArray[np.bool_]) -> Floats:
    """How much of the site is around the article: at both ends of the text, and where the certain lines stand.

    Without these the trees cannot tell a whole page, whose first lines are a menu, from an article with one leftover.
    """
    number = len(own)
    telling = own[:, [LEXICON, SIZE, SENTENCE, RULE]]
    parts = [telling[:size] for size in ENDS] + [telling[-size:] for size in ENDS]
    page = np.concatenate([np.cumsum(part, axis=0)[-1] / np.float32(len(part)) for part in parts])
    certain = own[:, RULE] > 0
    index = np.arange(number)
    last = np.maximum.accumulate(np.where(certain, index, -1))
    following = np.minimum.accumulate(np.where(certain, index, number)[::-1])[::-1]
    count, paragraphs = (np.concatenate([[0], np.cumsum(there)]) for there in (certain, prose))
    columns = _columns(
        [
            np.where(last < 0, FAR, np.minimum(index - last, FAR)),
            np.where(following == number, FAR, np.minimum(following - index, FAR)),
            count[:-1],
            count[-1] - count[1:],
            paragraphs[:-1] - paragraphs[np.maximum(last, 0)],
            paragraphs[following] - paragraphs[np.minimum(index + 1, following)],
            np.full(number, count[-1]),
        ]
    )
    return np.concatenate([np.broadcast_to(page, (number, len(page))), columns], axis=1)


def _distance(prose: npt.NDArray[np.bool_]) -> Integers:
    """Lines since the last paragraph of prose; `NEVER` where there was none."""
    index = np.arange(len(prose))
    last = np.maximum.accumulate(np.where(prose, index, -1))
    return np.where(last < 0, NEVER, index - last)


def _neighbours(own: Floats, prose: npt.NDArray[np.bool_]) -> list[Floats]:
    """The lines before and after, one by one and as a whole."""
    telling = np.concatenate([own[:, [RULE, DOUBTFUL, TITLE, LEXICON, SIZE, SENTENCE]], prose[:, None]], axis=1)
    number, width = telling.shape
    padded = np.zeros((number + 2 * WINDOW, width + 1), np.float32)  # the last column: there is a line
    padded[WINDOW:-WINDOW, :width] = telling
    padded[WINDOW:-WINDOW, width] = 1
    made = [padded[WINDOW + step : WINDOW + step + number] for step in NEIGHBOURS]
    total = np.concatenate([np.zeros((1, width + 1), np.float32), np.cumsum(padded, axis=0)])
    index = np.arange(number) + WINDOW
    made.append((total[index] - total[index - WINDOW]) / WINDOW)
    made.append((total[index + WINDOW + 1] - total[index + 1]) / WINDOW)
    return made

"""Which language a text is written in, and each of its paragraphs: exact, without a seed, for whole batches.

    >>> detect("World powers urged Russia to end its air strikes.").code
    'en'
    >>> detect("12:30 - 14:00")
    Language(code='und', probability=1.0)

The profiles are those of the langdetect package; what differs is what is done with them. See docs/language.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.facts.language import certainty, ngrams, profiles
from pipeline.records import Language, Passage

__all__ = ["UNDETERMINED", "detect", "detect_batch", "detect_with_passages", "passages"]

UNDETERMINED = "und"
_AT_ONCE = 1 << 19  # code points in a batch
_BLOCK = 32  # letters whose rows are added up first: NumPy adds blocks of one size fast
_AT_ONCE_BLOCKS = 128  # blocks whose rows are looked up at once: what fits in the processor's cache

# Longer texts are sampled: one block of eight of each line, so that every line is seen.
_READ_WHOLE = 600  # letters
_SAMPLE, _SAMPLE_OF = 1, 8
_CLOSER = 4  # blocks of eight of lines that leave a doubt
_SURE = 0.95  # a text below it is read as closely
_MOST_LINES = 2000


def detect(text: str) -> Language:
    """The language of the text, "und" if it cannot be told; its probability is that of being right."""
    return detect_batch([text])[0]


def detect_batch(texts: Sequence[str] | pa.StringArray) -> list[Language]:
    """`detect` for many texts at once, which is far faster; each answer depends on its own text alone."""
    return [language for language, _ in detect_with_passages(texts, always=False)]


def passages(text: str) -> tuple[Passage, ...]:
    """The text as stretches of whole lines in one language; lines too short to tell speak that of the text."""
    return detect_with_passages([text], always=True)[0][1]


def detect_with_passages(
    texts: Sequence[str] | pa.StringArray, *, always: bool = False
) -> list[tuple[Language, tuple[Passage, ...]]]:
    """The language of each text and, where a line speaks another one (or `always`), its passages."""
    texts = texts.to_pylist() if isinstance(texts, pa.Array | pa.ChunkedArray) else texts
    found: list[tuple[Language, tuple[Passage, ...]]] = []
    first = 0
    while first < len(texts):
        last, size = first, 0
        while last < len(texts) and (last == first or size + len(texts[last]) <= _AT_ONCE):
            size += len(texts[last])
            last += 1
        found += _read(texts[first:last], always)
        first = last
    return found


def _read(texts: Sequence[str], always: bool) -> list[tuple[Language, tuple[Passage, ...]]]:
    known, weights = profiles.load(), certainty.load()
    run = _thinned(ngrams.stream(texts, known.alphabet))
    firsts = np.searchsorted(run.owner, np.arange(len(texts) + 1))
    long = (np.bincount(run.owner, run.size, len(texts)) > _READ_WHOLE) & (not always)
    sampled = long[run.owner]
    by_line = _sums(known, run, np.arange(len(run.owner)), sampled)
    best, probability = certainty.judge(_by_text(by_line, firsts), len(known.languages), weights)

    unsure = np.flatnonzero((long & (probability < _SURE))[run.owner])
    if len(unsure):
        by_line[unsure] = _sums(known, run, unsure, sampled[unsure], _CLOSER)
        best, probability = certainty.judge(_by_text(by_line, firsts), len(known.languages), weights)
    languages = _named(known, best, probability)

    own = best[run.owner]
    codes = own.copy()
    doubtful = np.flatnonzero(certainty.is_doubtful(by_line, own, weights))
    again = doubtful[sampled[doubtful]]
    by_line[again] = _sums(known, run, again, sampled[again], _CLOSER)
    codes[doubtful] = _line_codes(known, by_line[doubtful], own[doubtful])
    mixed = np.zeros(len(texts), bool)
    mixed[run.owner[codes != own]] = True
    rest = np.flatnonzero(mixed[run.owner] & sampled)
    by_line[rest] = _sums(known, run, rest)
    answers: list[tuple[Language, tuple[Passage, ...]]] = []
    for number, language in enumerate(languages):
        lines = slice(firsts[number], firsts[number + 1])
        if mixed[number]:
            language, codes[lines] = _of_most(known, by_line[lines], run.size[lines], codes[lines])
        read = (mixed[number] or always) and lines.start < lines.stop
        answers.append((language, tuple(_passages(known, run, by_line, codes, lines)) if read else ()))
    return answers


def _thinned(run: ngrams.Stream) -> ngrams.Stream:
    """Every n-th line of texts with more than `_MOST_LINES`, so that a file of a million lines costs no gigabyte."""
    lines = np.bincount(run.owner)
    if lines.max(initial=0) <= _MOST_LINES:
        return run
    number = np.arange(len(run.owner)) - (np.cumsum(lines) - lines)[run.owner]
    kept = number % -(-lines // _MOST_LINES)[run.owner] == 0
    return run._replace(
        start=run.start[kept],
        stop=run.stop[kept],
        owner=run.owner[kept],
        offset=run.offset[kept],
        size=run.size[kept],
    )


def _line_codes(known: profiles.Profiles, by_line: NDArray[np.float64], own: NDArray[np.int64]) -> NDArray[np.int64]:
    """The language of each line; lines that cannot tell follow their text's `own`."""
    best, probability = certainty.judge(by_line, len(known.languages), certainty.load(), own)
    return np.where(probability < certainty.MIN_PROBABILITY, own, best)


def _of_most(
    known: profiles.Profiles, by_line: NDArray[np.float64], size: NDArray[np.int64], codes: NDArray[np.int64]
) -> tuple[Language, NDArray[np.int64]]:
    """The language of the greatest part of a mixed text, and the lines' languages seen from there.

    The sum over all lines would not do: it fits no language well, and favours scripts with more n-grams a letter.
    """
    main = np.bincount(codes, weights=size).argmax()
    sums = by_line[codes == main].sum(axis=0, keepdims=True)
    language = _named(known, *certainty.judge(sums, len(known.languages), certainty.load()))[0]
    return language, _line_codes(known, by_line, np.full(len(codes), main))


def _by_text(by_line: NDArray[np.float64], firsts: NDArray[np.int64]) -> NDArray[np.float64]:
    sums = np.zeros((len(firsts) - 1, by_line.shape[1]))
    filled = np.flatnonzero(np.diff(firsts))
    if len(filled):
        sums[filled] = np.add.reduceat(by_line, firsts[filled], axis=0)
    return sums


def sums_of(texts: Sequence[str], known: profiles.Profiles) -> NDArray[np.float64]:
    """What the probabilities are computed from: the sums of the rows of `known.table` over each text, read whole."""
    run = ngrams.stream(texts, known.alphabet)
    firsts = np.searchsorted(run.owner, np.arange(len(texts) + 1))
    return _by_text(_sums(known, run, np.arange(len(run.owner))), firsts)


def _passages(
    known: profiles.Profiles,
    run: ngrams.Stream,
    by_line: NDArray[np.float64],
    codes: NDArray[np.int64],
    lines: slice,
) -> list[Passage]:
    """The lines of one text, those in a row that have one code taken together."""
    codes, by_line, offset, size = codes[lines], by_line[lines], run.offset[lines], run.size[lines]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    ends = np.append(starts[1:], len(codes)) - 1
    sums = np.add.reduceat(by_line, starts, axis=0)
    languages = _named(known, *certainty.judge(sums, len(known.languages), certainty.load(), codes[starts]))
    begin, end = offset[starts], offset[ends] + size[ends]
    return [Passage(a, b, language) for a, b, language in zip(begin.tolist(), end.tolist(), languages, strict=True)]


def _sums(
    known: profiles.Profiles,
    run: ngrams.Stream,
    lines: NDArray[np.int64],
    sampled: NDArray[np.bool_] | None = None,
    sample: int = _SAMPLE,
) -> NDArray[np.float64]:
    """The sums of the rows of the table over each of the lines: a row a line, the columns as in the table.

    Of `sampled` lines only `sample` blocks of `_BLOCK` letters are read of every `_SAMPLE_OF`, the first ones.
    """
    width = known.table.shape[1]
    if not len(lines):
        return np.zeros((0, width))
    start, stop = run.start[lines], run.stop[lines]
    blocks = (stop - start) // _BLOCK + 1
    line = np.repeat(np.arange(len(lines)), blocks)
    number = np.arange(len(line)) - (np.cumsum(blocks) - blocks)[line]
    if sampled is not None:
        read = np.flatnonzero(~sampled[line] | (number % _SAMPLE_OF < sample))
        line, number = line[read], number[read]
    places = (start[line] + number * _BLOCK)[:, None] + np.arange(-2, _BLOCK)
    rows = profiles.rows_at(known, run, places)
    points = run.points.take(places, mode="wrap")
    same = points[:, 1:] == points[:, :-1]
    rows[(same[:, 1:] & same[:, :-1]) | (places[:, 2:] > stop[line][:, None])] = 0  # "Aaaaah" is no Somali
    rows = rows.ravel()
    sums = np.empty((len(line), width), np.float32)
    room = np.empty((_AT_ONCE_BLOCKS * _BLOCK, width), np.float32)
    ones = np.ones((1, _BLOCK), np.float32)  # a product adds faster than `sum`, and is exact here: see `Profiles.table`
    for block in range(0, len(sums), _AT_ONCE_BLOCKS):
        wanted = rows[block * _BLOCK : (block + _AT_ONCE_BLOCKS) * _BLOCK]
        taken = np.take(known.table, wanted, axis=0, out=room[: len(wanted)], mode="clip").reshape(-1, _BLOCK, width)
        np.matmul(ones, taken, out=sums[block : block + _AT_ONCE_BLOCKS, None])
    return _folded(sums, np.bincount(line, minlength=len(lines))).astype(np.float64)


def _folded(rows: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """The sums of the first `counts[0]` rows, of the next `counts[1]` and so on; counts are at least 1.

    Neighbours are added in pairs until one row is left of each: exact enough in single precision for a million rows,
    and much faster than `np.add.reduceat`.
    """
    while counts.max(initial=1) > 1:
        halves = (counts + 1) // 2
        group = np.repeat(np.arange(len(counts)), halves)
        left = 2 * (np.arange(len(group)) - (np.cumsum(halves) - halves)[group])
        first = (np.cumsum(counts) - counts)[group] + left
        paired = np.flatnonzero(left + 1 < counts[group])
        folded = rows[first]
        folded[paired] += rows[first[paired] + 1]
        rows, counts = folded, halves
    return rows


def _named(known: profiles.Profiles, best: NDArray[np.int64], probability: NDArray[np.float64]) -> list[Language]:
    return [
        Language(known.languages[b], p) if p >= certainty.MIN_PROBABILITY else Language(UNDETERMINED, round(1 - p, 4))
        for b, p in zip(best.tolist(), probability.round(4).tolist(), strict=True)
    ]

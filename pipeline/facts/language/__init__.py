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
_AT_ONCE = 1 << 18  # code points scored at once: arrays that fit in the processor's cache
_BLOCK = 16  # rows of the table that are added up first: NumPy adds blocks of one size fast


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
    run = ngrams.stream(texts, known.alphabet)
    by_line = _scores(known, run)
    firsts = np.searchsorted(run.owner, np.arange(len(texts) + 1))
    best, probability = certainty.judge(_whole(by_line, firsts), len(known.languages), weights)
    languages = _named(known, best, probability)
    codes = _line_codes(known, by_line, best[run.owner])
    mixed = set(run.owner[codes != best[run.owner]].tolist())
    answers: list[tuple[Language, tuple[Passage, ...]]] = []
    for number, language in enumerate(languages):
        lines = slice(firsts[number], firsts[number + 1])
        if number in mixed:
            language, codes[lines] = _of_most(known, by_line[lines], run.size[lines], codes[lines])
        read = (number in mixed or always) and lines.start < lines.stop
        answers.append((language, tuple(_passages(known, run, by_line, codes, lines)) if read else ()))
    return answers


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


def _whole(by_line: NDArray[np.float64], firsts: NDArray[np.int64]) -> NDArray[np.float64]:
    whole = np.zeros((len(firsts) - 1, by_line.shape[1]))
    filled = np.flatnonzero(np.diff(firsts))
    if len(filled):
        whole[filled] = np.add.reduceat(by_line, firsts[filled], axis=0)
    return whole


def sums_of(texts: Sequence[str], known: profiles.Profiles) -> NDArray[np.float64]:
    """What the probabilities are computed from: the sums of the rows of `known.table` over each text."""
    run = ngrams.stream(texts, known.alphabet)
    return _whole(_scores(known, run), np.searchsorted(run.owner, np.arange(len(texts) + 1)))


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


def _scores(known: profiles.Profiles, run: ngrams.Stream) -> NDArray[np.float64]:
    """The sums of the rows of the table over each segment: a row a segment, the columns as in the table."""
    width = known.table.shape[1]
    if not len(run.owner):
        return np.zeros((0, width))
    rows = profiles.row_of_each_letter(known, run)
    rows[run.repeats] = 0  # "Aaaaah" is no Somali
    length = run.stop - run.start + 1
    blocks = -(-length // _BLOCK)
    first_block = np.cumsum(blocks) - blocks
    place = np.arange(length.sum())
    before = np.repeat(np.cumsum(length) - length, length)
    padded = np.zeros(int(blocks.sum()) * _BLOCK, np.int64)
    padded[place - before + np.repeat(first_block * _BLOCK, length)] = rows[
        place - before + np.repeat(run.start, length)
    ]
    sums = np.empty((int(blocks.sum()), width), np.float32)
    at_once = 256
    room = np.empty((at_once * _BLOCK, width), np.float32)
    for block in range(0, len(sums), at_once):
        wanted = padded[block * _BLOCK : (block + at_once) * _BLOCK]
        taken = np.take(known.table, wanted, axis=0, out=room[: len(wanted)], mode="clip")
        taken.reshape(-1, _BLOCK, width).sum(axis=1, out=sums[block : block + at_once])
    # single precision is enough for some thousand letters, not for a million of them
    pieces = -(-blocks // at_once)
    first_piece = np.cumsum(pieces) - pieces
    within = np.arange(int(pieces.sum())) - np.repeat(first_piece, pieces)
    by_piece = np.add.reduceat(sums, np.repeat(first_block, pieces) + within * at_once, axis=0).astype(np.float64)
    return by_piece if len(by_piece) == len(blocks) else np.add.reduceat(by_piece, first_piece, axis=0)


def _named(known: profiles.Profiles, best: NDArray[np.int64], probability: NDArray[np.float64]) -> list[Language]:
    return [
        Language(known.languages[b], p) if p >= certainty.MIN_PROBABILITY else Language(UNDETERMINED, round(1 - p, 4))
        for b, p in zip(best.tolist(), probability.round(4).tolist(), strict=True)
    ]

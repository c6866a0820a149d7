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
    known = profiles.load()
    run = ngrams.stream(texts, known.alphabet)
    by_line = _scores(known, run)
    firsts = np.searchsorted(run.owner, np.arange(len(texts) + 1))
    whole = _whole(by_line, firsts)
    languages = _languages(known, whole)
    own = [languages[owner].code for owner in run.owner.tolist()]
    # a line that cannot be told speaks the language of its text
    codes = [
        of if line.code == UNDETERMINED else line.code for line, of in zip(_languages(known, by_line), own, strict=True)
    ]
    mixed = {owner for owner, code, of in zip(run.owner.tolist(), codes, own, strict=True) if code != of}
    answers: list[tuple[Language, tuple[Passage, ...]]] = []
    for number, language in enumerate(languages):
        lines = range(firsts[number], firsts[number + 1]) if always or number in mixed else range(0)
        answers.append((language, tuple(_passages(known, run, by_line, codes, lines))))
    return answers


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
    scores: NDArray[np.float64],
    codes: list[str],
    lines: range,
) -> list[Passage]:
    groups: list[list[int]] = []
    code = ""
    for line in lines:
        if codes[line] != code:
            groups.append([])
        groups[-1].append(line)
        code = codes[line]
    made = []
    for group in groups:
        language = _languages(known, scores[group].sum(axis=0, keepdims=True))[0]
        made.append(Passage(int(run.offset[group[0]]), int(run.offset[group[-1]] + run.size[group[-1]]), language))
    return made


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
    return np.add.reduceat(sums, first_block, axis=0, dtype=np.float64)


def _languages(known: profiles.Profiles, sums: NDArray[np.float64]) -> list[Language]:
    best, probability = certainty.judge(sums, len(known.languages), certainty.load())
    return [
        Language(known.languages[b], round(p, 4))
        if p >= certainty.MIN_PROBABILITY
        else Language(UNDETERMINED, round(1 - p, 4))
        for b, p in zip(best.tolist(), probability.tolist(), strict=True)
    ]

"""Which language a text is written in, and each of its paragraphs: exact, without a seed, for many texts at once.

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

from pipeline.facts.language import certainty, sums
from pipeline.facts.language.code import is_code
from pipeline.facts.language.ngrams import Stream, stream
from pipeline.facts.language.profiles import Profiles
from pipeline.facts.language.profiles import load as load_profiles
from pipeline.facts.language.sums import Floats, Integers
from pipeline.records import Language, Passage

__all__ = ["UNDETERMINED", "detect", "detect_all", "detect_with_passages", "passages"]

UNDETERMINED = "und"
_NO_LANGUAGE: tuple[Language, tuple[Passage, ...]] = (Language(UNDETERMINED, 1.0), ())
_AT_ONCE = 1 << 19  # code points of the texts that are read together

# Longer texts are sampled, each line of them, so that every line is seen.
_READ_WHOLE = 600  # letters
_SAMPLE = 1  # block of `sums.SAMPLE_OF`
_CLOSER = 4  # blocks, of lines that leave a doubt
_SURE = 0.95  # a text below it is read as closely
_MOST_LINES = 2000


def detect(text: str) -> Language:
    """The language of the text, "und" if it cannot be told; its probability is that of being right."""
    return detect_all([text])[0]


def detect_all(texts: Sequence[str] | pa.StringArray) -> list[Language]:
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
    return [_NO_LANGUAGE if is_code(text) else answer for text, answer in zip(texts, found, strict=True)]


def sums_of(texts: Sequence[str], profiles: Profiles) -> Floats:
    """What the probabilities are computed from: the sums of the rows of the table over each text, read whole."""
    run = stream(texts, profiles.alphabet)
    first = np.searchsorted(run.owner, np.arange(len(texts) + 1))
    return sums.of_texts(sums.of_lines(profiles, run, np.arange(len(run.owner))), first)


# --- how much of the texts is read ----------------------------------------------------------------------------------


def _read(texts: Sequence[str], always: bool) -> list[tuple[Language, tuple[Passage, ...]]]:
    """The languages and passages of some texts; of long ones no more is read than it takes to be sure.

    First a sample of every line is read. Then the same lines are read closer where it leaves a doubt which language a
    text is in, or whether a line speaks that of its text. If one does not, the whole text is read.
    """
    lines = _Lines(texts, whole=always)
    best, probability = lines.of_texts()
    unsure = np.flatnonzero((lines.long & (probability < _SURE))[lines.run.owner])
    if len(unsure):
        lines.read_closer(unsure)
        best, probability = lines.of_texts()
    own = best[lines.run.owner]
    spoken = lines.spoken(own)
    mixed = np.zeros(len(texts), bool)
    mixed[lines.run.owner[spoken != own]] = True
    lines.read_whole(np.flatnonzero(mixed[lines.run.owner]))
    answers: list[tuple[Language, tuple[Passage, ...]]] = []
    for number, language in enumerate(lines.named(best, probability)):
        part = slice(lines.first[number], lines.first[number + 1])
        if mixed[number]:
            language, spoken[part] = lines.of_greatest_part(part, spoken[part])
        shown = (mixed[number] or always) and part.start < part.stop
        answers.append((language, tuple(lines.passages(part, spoken[part])) if shown else ()))
    return answers


class _Lines:
    """The lines of some texts, and the sums of what has been read of each so far. Languages go by their numbers."""

    def __init__(self, texts: Sequence[str], *, whole: bool) -> None:
        self.profiles, self.weights = load_profiles(), certainty.load()
        self.run = _thinned(stream(texts, self.profiles.alphabet))
        owner = self.run.owner
        self.first = np.searchsorted(owner, np.arange(len(texts) + 1))  # line of each text, and one after the last
        self.long = (np.bincount(owner, self.run.size, len(texts)) > _READ_WHOLE) & (not whole)  # texts
        self.sampled = self.long[owner]  # lines
        self.sums = sums.of_lines(self.profiles, self.run, np.arange(len(owner)), self.sampled, _SAMPLE)

    def read_closer(self, lines: Integers) -> None:
        """Read more of those of the lines that only a sample was read of."""
        lines = lines[self.sampled[lines]]
        self.sums[lines] = sums.of_lines(self.profiles, self.run, lines, self.sampled[lines], _CLOSER)

    def read_whole(self, lines: Integers) -> None:
        """Read all of those of the lines that only a sample was read of."""
        lines = lines[self.sampled[lines]]
        self.sums[lines] = sums.of_lines(self.profiles, self.run, lines)

    def of_texts(self) -> tuple[Integers, Floats]:
        """The best guess for each text, and the probability that it is right."""
        return self._judged(sums.of_texts(self.sums, self.first))

    def spoken(self, own: Integers) -> Integers:
        """The language of each line; `own` are those of their texts, which lines speak that cannot tell."""
        spoken = own.copy()
        doubtful = np.flatnonzero(certainty.is_doubtful(self.sums, own, self.weights))
        self.read_closer(doubtful)
        spoken[doubtful] = self._spoken(self.sums[doubtful], own[doubtful])
        return spoken

    def of_greatest_part(self, part: slice, spoken: Integers) -> tuple[Language, Integers]:
        """The language of the greatest part of a mixed text, and the languages of its lines seen from there.

        The sum over all lines would not do: it fits no language well, and favours scripts with more n-grams a letter.
        """
        main = np.bincount(spoken, weights=self.run.size[part]).argmax()
        lines = self.sums[part]
        language = self.named(*self._judged(lines[spoken == main].sum(axis=0, keepdims=True)))[0]
        return language, self._spoken(lines, np.full(len(spoken), main))

    def passages(self, part: slice, spoken: Integers) -> list[Passage]:
        """The lines of one text, those in a row that speak one language taken together."""
        offset, size = self.run.offset[part], self.run.size[part]
        starts = np.flatnonzero(np.diff(spoken, prepend=-1))
        ends = np.append(starts[1:], len(spoken)) - 1
        together = np.add.reduceat(self.sums[part], starts, axis=0)
        languages = self.named(*self._judged(together, spoken[starts]))
        spans = zip(offset[starts].tolist(), (offset[ends] + size[ends]).tolist(), languages, strict=True)
        return [Passage(start, end, language) for start, end, language in spans]

    def named(self, best: Integers, probability: Floats) -> list[Language]:
        """The guesses as languages, "und" where they are likely wrong."""
        codes = self.profiles.languages
        return [
            Language(codes[guess], p) if p >= certainty.MIN_PROBABILITY else Language(UNDETERMINED, round(1 - p, 4))
            for guess, p in zip(best.tolist(), probability.round(4).tolist(), strict=True)
        ]

    def _spoken(self, of_lines: Floats, own: Integers) -> Integers:
        best, probability = self._judged(of_lines, own)
        return np.where(probability < certainty.MIN_PROBABILITY, own, best)

    def _judged(self, rows: Floats, expected: Integers | None = None) -> tuple[Integers, Floats]:
        return certainty.judge(rows, len(self.profiles.languages), self.weights, expected)


def _thinned(run: Stream) -> Stream:
    """Every n-th line of texts with more than `_MOST_LINES`, so that a file of a million lines costs no gigabyte."""
    lines = np.bincount(run.owner)
    if lines.max(initial=0) <= _MOST_LINES:
        return run
    number = np.arange(len(run.owner)) - (np.cumsum(lines) - lines)[run.owner]  # of the line in its text
    kept: NDArray[np.bool_] = number % -(-lines // _MOST_LINES)[run.owner] == 0
    of_line = ("start", "stop", "owner", "offset", "size")
    return run._replace(**{name: getattr(run, name)[kept] for name in of_line})

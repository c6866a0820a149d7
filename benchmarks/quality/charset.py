"""Bytes to text, beside chardet and charset-normalizer on the same bytes in the same run.

Decoded text is compared, not the name of the charset: a superset that reads the same characters is not wrong, and what
browsers mean by a label ("gb2312" is GB 18030) is right as well. Besides the files as they are: without the
declarations in them, with one bad byte in the middle (right when all other characters are), and single sentences in
the charsets that their language was written in.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks import data
from benchmarks.quality import Measure
from pipeline.sources.charset.decode import decode
from pipeline.sources.charset.labels import codec_of


class Case(NamedTuple):
    """Bytes, and the texts that are right: any of them, each cut where a bad byte stands."""

    content: bytes
    right: list[tuple[str, str]]


_DECLARATION = re.compile(rb"(charset\s*=\s*[\"']?|encoding\s*=\s*[\"'])[\w.:-]+", re.IGNORECASE)
# Charsets that sentences of a language were written in before UTF-8 (ISO 639-1 code: codecs).
_LEGACY = {
    "ru": ["cp1251", "koi8-r", "cp866"], "uk": ["cp1251", "koi8-u"], "bg": ["cp1251"], "mk": ["cp1251"],
    "pl": ["cp1250", "iso8859-2"], "cs": ["cp1250", "iso8859-2"], "sk": ["cp1250"], "hu": ["cp1250", "iso8859-2"],
    "hr": ["cp1250"], "sl": ["cp1250"], "ro": ["iso8859-2"], "fr": ["cp1252"], "de": ["cp1252"], "es": ["cp1252"],
    "pt": ["cp1252"], "it": ["cp1252"], "nl": ["cp1252"], "sv": ["cp1252"], "da": ["cp1252"], "no": ["cp1252"],
    "fi": ["cp1252"], "is": ["cp1252"], "el": ["cp1253", "iso8859-7"], "tr": ["cp1254"], "he": ["cp1255"],
    "ar": ["cp1256"], "fa": ["cp1256"], "lt": ["cp1257"], "lv": ["cp1257"], "et": ["cp1257"], "vi": ["cp1258"],
    "th": ["cp874"], "zh-cn": ["gb18030"], "sr": ["cp1251", "cp1250"], "ja": ["cp932", "euc_jp", "iso2022_jp"],
    "ko": ["cp949"],
}  # fmt: skip
SENTENCES = 20  # of each language and charset


def _texts(content: bytes, label: str) -> list[str]:
    """The text as labelled, and as browsers read that label."""
    texts = []
    for codec in (label, codec_of(label) or label):
        try:
            texts.append(content.decode(codec).removeprefix("\ufeff"))
        except UnicodeDecodeError:
            continue
    return texts


def files() -> Iterator[tuple[bytes, str]]:
    for row in data.load("charset"):
        yield base64.b64decode(row["bytes_b64"]), row["encoding"]


def as_they_are() -> Iterator[Case]:
    for content, label in files():
        yield Case(content, [(text, "") for text in _texts(content, label)])


def undeclared() -> Iterator[Case]:
    for content, label in files():
        bare = _DECLARATION.sub(rb"\1", content)
        if bare != content:
            yield Case(bare, [(text, "") for text in _texts(bare, label)])


def one_bad_byte() -> Iterator[Case]:
    """FF means nothing in any of these, or one letter that changes nothing around it."""
    for content, label in files():
        if label.startswith(("utf-16", "utf-32", "iso-2022", "ascii")):
            continue
        text = content.decode(label).removeprefix("\ufeff")
        half = text.rfind(" ", 0, len(text) // 2) + 1
        before, after = text[:half].encode(label), text[half:].encode(label.removesuffix("-sig"))
        right = [(a, b) for a in _texts(before, label) for b in _texts(after, label)]
        yield Case(before + b"\xff" + after, right)


def sentences() -> Iterator[Case]:
    counts: dict[tuple[str, str], int] = {}
    for row in data.load("language_sentences"):
        for codec in _LEGACY.get(row["lang"], []):
            try:
                content = row["text"].encode(codec)
            except UnicodeEncodeError:
                continue
            if (content.isascii() and codec != "iso2022_jp") or counts.get((row["lang"], codec), 0) >= SENTENCES:
                continue
            counts[row["lang"], codec] = counts.get((row["lang"], codec), 0) + 1
            yield Case(content, [(row["text"], "")])


def stray_bytes() -> Iterator[Case]:
    """A sentence in UTF-8 between two words of Windows-1252: a page put together from two sources."""
    counts: dict[str, int] = {}
    for row in data.load("language_sentences"):
        text = row["text"]
        if text.isascii() or counts.get(row["lang"], 0) >= 5:
            continue
        counts[row["lang"]] = counts.get(row["lang"], 0) + 1
        yield Case(b"\x93caf\xe9\x94 " + text.encode() + b" d\xe9j\xe0.", [("“café” " + text + " déjà.", "")])


def _ours(content: bytes) -> str:
    return decode(content).text


def _chardet(content: bytes) -> str:
    import chardet

    return content.decode(chardet.detect(content)["encoding"] or "utf-8", "replace").removeprefix("\ufeff")


def _normalizer(content: bytes) -> str:
    import charset_normalizer

    best = charset_normalizer.from_bytes(content).best()
    return str(best).removeprefix("\ufeff") if best else content.decode("utf-8", "replace")


READERS: dict[str, Callable[[bytes], str]] = {"ours": _ours, "chardet": _chardet, "charset-normalizer": _normalizer}


def right(case: Case, text: str) -> bool:
    return any(
        text.startswith(before) and text.endswith(after) and 0 <= len(text) - len(before) - len(after) <= bool(after)
        for before, after in case.right
    )


def measure() -> list[Measure]:
    measures = []
    spent = dict.fromkeys(READERS, 0.0)
    for name, make in {
        "files as they are": as_they_are,
        "files without declarations": undeclared,
        "files with one bad byte": one_bad_byte,
        "single sentences": sentences,
        "UTF-8 with stray bytes": stray_bytes,
    }.items():
        cases = list(make())
        shares = {}
        for reader, read in READERS.items():
            start = time.process_time()
            texts = [read(case.content) for case in cases]
            spent[reader] += time.process_time() - start
            shares[reader] = sum(map(right, cases, texts)) / len(cases)
        note = f"of {len(cases)}; " + ", ".join(f"{r} {shares[r]:.4f}" for r in READERS if r != "ours")
        measures.append(Measure(f"{name}: read right", shares["ours"], "the better of both peers", note))
    note = ", ".join(f"{reader} {seconds:.2f} s" for reader, seconds in spent.items())
    best = min(seconds for reader, seconds in spent.items() if reader != "ours")
    return [*measures, Measure("CPU time, of the faster peer's", spent["ours"] / best, "at most 1.5", note)]

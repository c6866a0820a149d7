"""Language: accuracy beside langdetect's own, what it lacks, certainty, English news, foreign paragraphs, speed.

The profiles of neighbours and the constants were learned on `language_sentences` itself. What it says of them is
therefore cross-validated (profiles and constants from the other four fifths); Bosnian and Malay, of which nothing was
learned, are counted as they come. On another half of the data the package is measured as shipped.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import langdetect
import numpy as np
from langdetect.lang_detect_exception import LangDetectException

from benchmarks import data, train_language
from benchmarks.quality import Measure
from pipeline.facts import language
from pipeline.facts.language import certainty, profiles
from pipeline.records import Facts, Language
from pipeline.rules.language import foreign_passage

CLOSE = ("bs hr sr sl", "da no sv", "id ms", "es pt ca", "bg mk ru uk", "cs sk", "af nl", "zh-cn zh-tw")
MEASURED_TEXTS = 200


def measure() -> list[Measure]:
    langdetect.DetectorFactory.seed = 0
    return [*_sentences(), *_english(), *_passages(), *_speed()]


def _langdetect(text: str) -> str:
    try:
        return str(langdetect.detect(text))
    except LangDetectException:
        return language.UNDETERMINED


def _sentences() -> list[Measure]:
    rows = data.load("language_sentences")
    languages = profiles.load().languages
    judged = train_language.cross_validated()
    ours = np.isin(judged.codes, languages)
    right, answered = judged.best == judged.codes, judged.probability >= certainty.MIN_PROBABILITY
    theirs = [_langdetect(row["text"]) == row["lang"] for row in rows if row["lang"] in languages]
    unlearned = language.detect_all([row["text"] for row in rows if row["lang"] in train_language.INSEPARABLE])
    undetermined = np.count_nonzero(~answered[~ours]) + sum(guess.code == language.UNDETERMINED for guess in unlearned)
    langdetects = float(np.mean(theirs))
    forced, given = float(right[ours].mean()), float(right[ours & answered].mean())
    shipped = _right([row for row in rows if row["lang"] in languages])
    lacking = undetermined / (np.count_nonzero(~ours) + len(unlearned))
    error = _calibration_error(judged.probability[ours], right[ours])
    return [
        Measure("langdetect's accuracy, seed 0", langdetects),
        Measure("accuracy of the best guess, cross-validated", forced, ">= langdetect's"),
        Measure("points above langdetect", 100 * (forced - langdetects), ">= 0"),
        Measure("accuracy where answered", given),
        Measure("points above langdetect where answered", 100 * (given - langdetects), ">= 0.5"),
        Measure("left undetermined", 1 - float(answered[ours].mean()), "<= 0.03"),
        Measure("languages it lacks: undetermined", lacking, ">= 0.70"),
        Measure("error of the probabilities", error, "", "mean distance of stated and true accuracy"),
        Measure("as shipped: answered and right", shipped, "", "learned on these very sentences"),
    ]


def _right(rows: list[dict[str, str]]) -> float:
    found = language.detect_all([row["text"] for row in rows])
    return sum(guess.code == row["lang"] for guess, row in zip(found, rows, strict=True)) / len(rows)


def _calibration_error(probability: np.ndarray, right: np.ndarray) -> float:
    """The mean distance of stated and true accuracy, over twenty equal parts by stated probability."""
    parts = np.array_split(np.argsort(probability, kind="stable"), 20)
    return float(sum(len(p) * abs(probability[p].mean() - right[p].mean()) for p in parts) / len(right))


def _english() -> list[Measure]:
    titles = [row["title"] for row in data.load("articles") if row.get("title")]
    found = language.detect_all(titles)
    texts = [row["text"] for row in data.load("translation_passages")]
    return [
        Measure("English headlines: en", _share(found, ("en",))),
        Measure("English headlines: another language", 1 - _share(found, ("en", language.UNDETERMINED)), "0"),
        Measure("passages translated into English: en", _share(language.detect_all(texts), ("en",)), "1"),
    ]


def _share(found: Sequence[Language], codes: tuple[str, ...]) -> float:
    return sum(guess.code in codes for guess in found) / len(found)


def _passages() -> list[Measure]:
    """A foreign sentence of 60 letters or more between the paragraphs of English news, and English news alone."""
    news = [row["text"] for row in data.load("translation_documents") if row["kind"] in ("original", "human")]
    languages = set(profiles.load().languages) - {"en"}
    rows = [r for r in data.load("language_sentences") if r["lang"] in languages and len(r["text"]) >= 60][::5]
    texts = [
        f"{news[i % len(news)][:900]}\n{row['text']}\n{news[-1 - i % len(news)][:900]}" for i, row in enumerate(rows)
    ]
    pairs = [(row["lang"], _foreign(text)) for row, text in zip(rows, texts, strict=True)]
    hit, wrong = (sum(code in found for code, found in pairs), sum(bool(set(found) - {code}) for code, found in pairs))
    return [
        Measure("foreign paragraphs found", hit / len(pairs)),
        Measure("foreign paragraphs taken for another language", wrong / len(pairs)),
        Measure("English news with a foreign passage", sum(map(bool, map(_foreign, news))) / len(news), "0"),
    ]


def _foreign(text: str) -> list[str]:
    guess, passages = language.detect_with_passages([text])[0]
    return [hit.detail[:5].split()[0] for hit in foreign_passage(text, Facts(language=guess, passages=passages))]


def _speed() -> list[Measure]:
    texts = data.article_texts()
    step = len(texts) // MEASURED_TEXTS
    few = texts[::step]
    language.detect("warm up")
    rounds = [  # by turns, so that a slow minute of the machine is one of both
        (
            _seconds(lambda: [_langdetect(text) for text in few]) / sum(map(len, few)),
            _seconds(lambda: language.detect_with_passages(texts)) / sum(map(len, texts)),
        )
        for _ in range(3)
    ]
    times = statistics.median(theirs / ours for theirs, ours in rounds)
    return [
        Measure("times as fast as langdetect, articles", times, ">= 60", "passages included"),
        Measure("ms CPU a text of 1.5 kB", min(ours for _, ours in rounds) * 1.5e6, "<= 0.15", "passages included"),
    ]


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def confusion() -> None:
    """Print how close languages are taken for each other, for docs/language.md."""
    judged = train_language.cross_validated()
    answer = np.where(judged.probability < certainty.MIN_PROBABILITY, language.UNDETERMINED, judged.best)
    rows = data.load("language_sentences")
    for code in train_language.INSEPARABLE:
        found = language.detect_all([row["text"] for row in rows if row["lang"] == code])
        judged = judged._replace(codes=np.append(judged.codes, [code] * len(found)))
        answer = np.append(answer, [guess.code for guess in found])
    for group in CLOSE:
        for code in group.split():
            codes, counts = np.unique(answer[judged.codes == code], return_counts=True)
            print(code, {str(codes[i]): int(counts[i]) for i in np.argsort(-counts)[:5]})


if __name__ == "__main__":
    confusion()

"""Copydesk: turns scraped and translated news into a clean corpus, with a record of every change.

    import pipeline
    pipeline.clean("the & # 39; Liberation & # 39;").text       # "the 'Liberation'"
    pipeline.extract(page).text                                 # the article on an HTML page
    pipeline.detect_language("Wie geht es dir heute?").code     # "de"
    pipeline.translation_quality(text).score                    # 0..1; 1 reads well
    list(pipeline.find_duplicates([("a", one), ("b", two)]))    # which document repeats which
    for document in pipeline.read_corpus("output/corpus"): ...
    for change in pipeline.read_corpus("output/corpus", since=7): ...   # of release 7

Each of these loads what it needs when it is first called, so that importing the package takes no time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.output.corpus import Corpus
    from pipeline.output.following import Changes
    from pipeline.records import Duplicate, Language, Quality, Result
    from pipeline.sources.page.article import Article

__version__ = "0.1.0"
__all__ = ["clean", "detect_language", "extract", "find_duplicates", "read_corpus", "translation_quality"]


def clean(text: str) -> Result:
    """`text` after the encoding and boilerplate rules under their default settings.

    `.text` is the clean text, `.findings` every change and remark; `edits.revert(result.text, result.findings)` gives
    `text` back. The verdict is quarantine when nearly everything would be cut; the text is then left as it is.

    Raises:
        RuleError: a rule broke its contract on this text: a fault of ours, please report it.
    """
    from pipeline.records import Document, Result, Verdict
    from pipeline.stages import boilerplate, encoding
    from pipeline.stages.stage import run

    result = Result(Document("", text))
    for stage in (encoding.STAGE, boilerplate.STAGE):
        made = run(stage, result.document)
        reason = made.reason if made.verdict > result.verdict else result.reason
        result = Result(made.document, result.findings + made.findings, max(made.verdict, result.verdict), reason)
        if result.verdict is not Verdict.KEEP:
            break
    return result


def extract(page: bytes | str, url: str | None = None) -> Article | None:
    """The article on an HTML page: `.text .title .authors .date .language .charset`; None when there is none.

    Bytes are decoded as `pipeline.sources.charset.decode` finds best. Never raises for what a page holds.
    """
    from pipeline.sources.page import article

    return article.extract(page, url)


def detect_language(text: str) -> Language:
    """The language of `text`: `.code` as langdetect names it ("und": cannot be told) and `.probability`, calibrated."""
    from pipeline.facts import language

    return language.detect(text)


def translation_quality(text: str, language: str = "en") -> Quality:
    """How well `text` reads: `.score` in 0..1 (1 reads well; None: the language is not scored) and `.findings`."""
    from pipeline.facts import translation

    return translation.quality(text, language)


def find_duplicates(documents: Iterable[tuple[str, str]]) -> Iterator[Duplicate]:
    """Which of the (id, text) pairs repeats which: `.id .of .similarity .kind` ("exact", "near", "contained")."""
    from pipeline.facts import duplicates

    return duplicates.find(documents)


@overload
def read_corpus(path: str | Path) -> Corpus: ...
@overload
def read_corpus(path: str | Path, since: int) -> Changes: ...
def read_corpus(path: str | Path, since: int | None = None) -> Corpus | Changes:
    """The published corpus at `path` (`output/corpus`, or `data` in it): iterate over its documents, or take its Arrow
    `.dataset`, `.to_pandas()` or `.to_polars()`.

    It is one release, whatever is published meanwhile. `since` is the number of one (`.release`; 0: before the first):
    then what became of the documents from it to the present one, as `Change`s (`.kind .batch .id .document .reason`).

    Raises:
        InputError: there is no published batch at `path`, or no such release.
        NotKeptError: what changed since then is not kept any more: begin anew, with `since=0`.
    """
    from pipeline.output import corpus

    if since is None:
        return corpus.read_corpus(path)
    from pipeline.output import following  # with an engine, which adds the changes up

    return following.changes_since(path, since)

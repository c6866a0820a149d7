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
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.face.kinds import Column, Settings
    from pipeline.face.results import Results
    from pipeline.output.corpus import Corpus
    from pipeline.output.following import Changes
    from pipeline.records import Duplicate, Language, Quality, Result
    from pipeline.sources.page.article import Article

__version__ = "0.1.0"
__all__ = ["clean", "detect_language", "extract", "find_duplicates", "read_corpus", "translation_quality"]


@overload
def clean(  # type: ignore[overload-overlap]  # a string is an iterable of strings, but meant as a text
    text: str, *, settings: Settings | None = None, workers: int = 1
) -> Result: ...
@overload
def clean(text: Column, *, settings: Settings | None = None, workers: int = 1) -> Results: ...
@overload
def clean(  # type: ignore[overload-overlap]  # an iterator is an iterable, but meant to be gone through once
    text: Iterator[str], *, settings: Settings | None = None, workers: int = 1
) -> Iterator[Result]: ...
@overload
def clean(text: Iterable[str], *, settings: Settings | None = None, workers: int = 1) -> list[Result]: ...
def clean(text: Any, *, settings: Settings | None = None, workers: int = 1) -> Any:
    """`text` after the encoding and boilerplate rules.

    `.text` is the clean text, `.findings` every change and remark; `edits.revert(result.text, result.findings)` gives
    `text` back. The verdict is quarantine when nearly everything would be cut; the text is then left as it is.

    Many texts at once take a fraction of the time, and the results are the same, in the same order. A list, or another
    iterable, gives a list of results; an iterator gives an iterator. A pandas or Polars Series or an Arrow array gives
    `Results`: their `.text` is such a column again, with the same index, where nulls stay null; `.findings` is a table.

    `settings` is a settings file, or a mapping of its tables: `{"rules": {"encoding/mojibake": {"enabled": False}}}`;
    without, defaults hold, and no file is looked at. `workers` is a number of processes, 0 for one for each core: they
    take a second or more to start.

    Raises:
        TypeError, ValueError: an argument is not what is wanted.
        SettingsError: the settings cannot be read, or one is unknown or impossible.
        RuleError: a rule broke its contract on this text: a fault of ours, please report it.
    """
    from pipeline.face import cleaning

    return cleaning.clean(text, settings, workers)


def extract(page: bytes | str, url: str | None = None) -> Article | None:
    """The article on an HTML page: `.text .title .authors .date .language .charset`; None when there is none.

    Bytes are decoded as `pipeline.sources.charset.decode` finds best. Never raises for what a page holds.

    Raises:
        TypeError: an argument is of another kind.
    """
    from pipeline.face import arguments
    from pipeline.sources.page import article

    return article.extract(arguments.page(page), None if url is None else arguments.text(url, "url"))


def detect_language(text: str) -> Language:
    """The language of `text`: `.code` as langdetect names it ("und": cannot be told) and `.probability`, calibrated.

    Raises:
        TypeError: it is no string.
    """
    from pipeline.face import arguments
    from pipeline.facts import language

    return language.detect(arguments.text(text))


def translation_quality(text: str, language: str = "en") -> Quality:
    """How well `text` reads: `.score` in 0..1 (1 reads well; None: the language is not scored) and `.findings`.

    Raises:
        TypeError: an argument is of another kind.
    """
    from pipeline.face import arguments
    from pipeline.facts import translation

    return translation.quality(arguments.text(text), arguments.text(language, "language"))


def find_duplicates(documents: Iterable[tuple[str, str]]) -> Iterator[Duplicate]:
    """Which of the (id, text) pairs repeats which: `.id .of .similarity .kind` ("exact", "near", "contained").

    Raises:
        TypeError: these are no pairs of strings.
        InputError: two documents have one id.
    """
    from pipeline.face import arguments
    from pipeline.facts import duplicates

    return duplicates.find(arguments.pairs(documents))


@overload
def read_corpus(path: str | Path) -> Corpus: ...
@overload
def read_corpus(path: str | Path, since: int) -> Changes: ...
def read_corpus(path: str | Path, since: int | None = None) -> Corpus | Changes:
    """The published corpus at `path` (`output/corpus`, or `data` in it, or `s3://bucket/prefix/corpus`): iterate over
    its documents, or take its Arrow `.dataset`, `.to_pandas()` or `.to_polars()`.

    It is one release, whatever is published meanwhile. `since` is the number of one (`.release`; 0: before the first):
    then what became of the documents from it to the present one, as `Change`s (`.kind .batch .id .document .reason`).

    Raises:
        TypeError: an argument is of another kind.
        InputError: there is no published batch at `path`, or no such release.
        NotKeptError: what changed since then is not kept any more: begin anew, with `since=0`.
    """
    from pipeline.face import arguments
    from pipeline.output import corpus

    if since is None:
        return corpus.read_corpus(arguments.path(path))
    from pipeline.output import following  # with an engine, which adds the changes up

    return following.changes_since(arguments.path(path), since)

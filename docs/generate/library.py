"""The library face, from the docstrings of the functions of `pipeline` and of what they return."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pipeline
from docs.generate.markup import Page, code, fenced, prose, table
from pipeline.face.results import Results
from pipeline.output.corpus import Corpus
from pipeline.output.following import Change, Changes
from pipeline.records import Document, Duplicate, Finding, Language, Quality, Result, Source, Verdict
from pipeline.sources.page.article import Article
from pipeline.sources.page.lost import Lost

PATH = "library.md"
RETURNED = (
    *(Result, Results, Document, Source, Finding, Verdict, Article, Lost, Language, Quality, Duplicate),
    *(Corpus, Changes, Change),
)


def pages() -> Iterator[Page]:
    """One page: the functions first, then what they return."""
    first, _, example = (pipeline.__doc__ or "").partition("\n\n")
    parts = ["# The library", prose(first), fenced(inspect.cleandoc("\n" + example.split("\n\n")[0]), "python")]
    parts += ["## Functions"]
    for name in pipeline.__all__:
        parts += _function(name)
    parts += ["## What they return"]
    for kind in RETURNED:
        parts += _class(kind)
    yield Page(PATH, "\n\n".join(parts))


def _function(name: str) -> list[str]:
    found = getattr(pipeline, name)
    return [
        f"### {name}",
        fenced(f"pipeline.{name}{_signature(found)}", "python"),
        prose(inspect.getdoc(found) or ""),
    ]


def _signature(found: object) -> str:
    return str(inspect.signature(found)).replace("'", "")  # type: ignore[arg-type]  # annotations are texts


def _class(kind: type) -> list[str]:
    parts = [f"### {kind.__name__}", prose(_described(kind))]
    rows = [(code(name), code(told)) for name, told in fields(kind).items()]
    if rows:
        parts.append(table(("field", "type"), rows))
    for name, member in vars(kind).items():
        is_property = isinstance(member, property)
        if not name.startswith("_") and (is_property or inspect.isfunction(member)):
            parts += [
                f"<p>{code(f'.{name}' if is_property else f'.{name}()')}</p>",
                prose(inspect.getdoc(member) or ""),
            ]
    return parts


def _described(kind: type) -> str:
    """Its docstring, unless Python has written it."""
    told = inspect.getdoc(kind) or ""
    return "" if re.match(rf"{kind.__name__}\(", told) else told


def fields(kind: type) -> dict[str, str]:
    """Field to type, as they are written down; those of an enumeration are its values."""
    if issubclass(kind, Verdict):
        return {verdict.name: str(verdict.value) for verdict in kind}
    return {name: str(told) for name, told in inspect.get_annotations(kind).items() if name[0] != "_"}

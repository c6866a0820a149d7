"""The eight words of Copydesk, all frozen: Document, Rule, Hit, Finding, Verdict, Result, Stage and Fact.

Nothing here computes: these are the shapes that rules, stages and engines hand to each other. `Stage` stands in
`stages/stage.py`, since it speaks of Arrow rows; everything else is here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import IntEnum
from functools import partial
from typing import Annotated, Any, NamedTuple, Self


class Verdict(IntEnum):
    """What becomes of a document; the worst one wins."""

    KEEP = 0
    QUARANTINE = 1
    DROP = 2


class Bounds(NamedTuple):
    """The least and greatest value of a setting, both allowed; None is unbounded."""

    least: float | None
    greatest: float | None


# --- Settings: their kinds, by which `config.py` checks what a file says ------------------------------------------

Share = Annotated[float, Bounds(0.0, 1.0)]
Count = Annotated[int, Bounds(0, None)]


class Derived:
    """Marks a parameter of a rule that its stage fills in from elsewhere, so that nothing is set in two places.

    It is no setting: it is neither listed nor taken from the settings file.
    """


DERIVED = Derived()


@dataclass(frozen=True)
class Table:
    """A table of the settings file: its fields are the settings, with their kinds and defaults."""

    def made_of(self) -> dict[str, Any]:
        """What of it decides over an output, as JSON can say it; a whole file's text by its digest is enough."""
        return asdict(self)


NO_TABLE = Table()


@dataclass(frozen=True)
class File:
    """A file beside the settings, which may be missing. `Annotated[File, check]`: `check(text)` raises on a bad one."""

    path: str
    text: str = ""


# --- Documents and what is found on them -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document came from. `line` counts from 1; 0 means that the file holds just this document."""

    file: str = ""
    line: int = 0
    site: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One article. `meta` is what the record held besides, untouched, as the reader found it."""

    id: str
    text: str
    source: Source = Source()
    meta: Mapping[str, Any] = field(default_factory=dict)


class Hit(NamedTuple):
    """A span a finder saw, offsets in code points, and the text that should stand there.

    `text` None only remarks, "" deletes. `detail` is the reason with its numbers: "score 0.41 < 0.55".
    """

    start: int
    end: int
    text: str | None = None
    detail: str = ""


class Finding(NamedTuple):
    """A recorded hit. `start` and `end` are offsets in the text as it stood after all earlier findings were applied,

    so that undoing the findings from last to first gives back the text as read (`edits.revert`). `after` is None when
    the hit only remarked.
    """

    rule: str
    start: int
    end: int
    before: str
    after: str | None
    detail: str = ""

    @property
    def is_edit(self) -> bool:
        """Whether the hit changed the text; otherwise it only remarked."""
        return self.after is not None


# --- Facts: what a rule must know and cannot read off the text ---------------------------------------------------


class Language(NamedTuple):
    """A language guess: `code` as langdetect names it ("en", "zh-cn"), "und" when none can be told."""

    code: str
    probability: float


class Passage(NamedTuple):
    """A stretch of a text with a language of its own, offsets in code points."""

    start: int
    end: int
    language: Language


class Quality(NamedTuple):
    """How well a text reads: `score` in 0..1 (1 reads well), None when its language is not scored.

    `findings` are remarks that name the spans that cost most.
    """

    score: float | None
    findings: tuple[Finding, ...] = ()


class Duplicate(NamedTuple):
    """`id` says again what `of` says: `similarity` in 0..1, `kind` is "exact", "near" or "contained"."""

    id: str
    of: str
    similarity: float
    kind: str
    batch: str = ""
    why: str = ""  # why the other copy was kept
    limit: float = 0.0  # the least similarity that made it a copy


class LineUse(NamedTuple):
    """How often a line stands on a site: in `documents` of `of` documents; `elsewhere` counts other sites."""

    documents: int
    of: int
    elsewhere: int = 0
    decision: str = ""  # the user's: "accept", "reject" or ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known of one document besides its text; a stage fills in what its rules need.

    Facts are computed on the text as it enters the stage: rules that edit must not rely on offsets in them.
    """

    site: str = ""
    language: Language | None = None
    passages: tuple[Passage, ...] = ()
    quality: Quality | None = None
    lines: Mapping[str, LineUse] = field(default_factory=dict)
    paragraphs: Mapping[str, int] = field(default_factory=dict)  # those of other documents, too; how many have them
    duplicate: Duplicate | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


NO_FACTS = Facts()

Finder = Callable[..., Iterable[Hit]]
# `trigger(texts, facts, **parameters)`: an Arrow array of texts and the facts of each, to a NumPy array of Booleans; it
# takes the parameters of its rule, those of the finder
Trigger = Callable[..., Any]


@dataclass(frozen=True)
class _Named:
    """What a rule and a guard have in common: a public name, a finder with settings, a verdict, a documentation."""

    name: str
    find: Finder
    verdict: Verdict = Verdict.KEEP

    @property
    def stage(self) -> str:
        """The stage it belongs to: the first half of its name."""
        return self.name.partition("/")[0]

    @property
    def documentation(self) -> str:
        """The finder's docstring: what is wrong with the text, what becomes of it, what is spared and why."""
        return inspect.getdoc(_function(self.find)) or ""

    @property
    def summary(self) -> str:
        """The first line of it."""
        return self.documentation.partition("\n")[0]

    @property
    def parameters(self) -> dict[str, Any]:
        """Every keyword-only parameter of the finder, with its value in force."""
        bound = self.find.keywords if isinstance(self.find, partial) else {}
        return {name: bound.get(name, parameter.default) for name, parameter in _parameters(self.find).items()}

    @property
    def setting_types(self) -> dict[str, Any]:
        """Setting name to its annotation, with bounds; what the stage fills in is no setting."""
        hints = inspect.get_annotations(_function(self.find), eval_str=True)
        kinds = {name: hints.get(name, Any) for name in _parameters(self.find)}
        return {name: kind for name, kind in kinds.items() if DERIVED not in getattr(kind, "__metadata__", ())}

    @property
    def settings(self) -> dict[str, Any]:
        """Setting name to its value in force."""
        parameters = self.parameters
        return {name: parameters[name] for name in self.setting_types}

    def with_settings(self, *, verdict: Verdict | None = None, **parameters: Any) -> Self:
        """The same with other values of its parameters; `config.py` has checked what comes from a file."""
        find = partial(_function(self.find), **{**self.parameters, **parameters}) if parameters else self.find
        return replace(self, find=find, verdict=self.verdict if verdict is None else verdict)


@dataclass(frozen=True)
class Rule(_Named):
    """A finder with a public name, named for the defect, and the verdict on a document it hits.

    `find(text, facts, *, setting=default)` looks and does not touch: it yields hits in order, without overlap, and
    must find nothing in a text that it has already mended. Its keyword-only parameters are the rule's settings.
    `trigger` tells of many texts at once which of them the finder could hit: an RE2 pattern that matches in each of
    them, several that all match, or a function that gives a mask, by their facts or in another way; None asks about
    all. Of several patterns each is looked for where those before it matched. It only saves time: a text that it passes
    over is not looked at.
    """

    trigger: str | tuple[str, ...] | Trigger | None = None


@dataclass(frozen=True)
class Guard(_Named):
    """A finder that looks at what a stage's rules have done to a text, and may refuse the whole.

    `find(text, findings, *, setting=default)` gets the text as it came and the findings on it. Where it hits, the
    document keeps its text and gets the guard's verdict. Among a stage's reviews it refuses nothing: it gets the text
    as mended, remarks on what the rules have left, and judges by that.
    """


def _function(find: Finder) -> Callable[..., Any]:
    return find.func if isinstance(find, partial) else find


def _parameters(find: Finder) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(_function(find)).parameters
    return {n: p for n, p in parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY}


@dataclass(frozen=True, slots=True)
class Result:
    """A document after a stage or a chain of stages: its text as it is now, all findings, and the worst verdict."""

    document: Document
    findings: tuple[Finding, ...] = ()
    verdict: Verdict = Verdict.KEEP
    reason: str = ""  # "rule: detail" of the finding that brought the verdict

    @property
    def text(self) -> str:
        return self.document.text

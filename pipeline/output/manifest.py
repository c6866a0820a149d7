"""What the manifest of an output says: the shapes that steps write, and that the report and the console read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

from pipeline.engine import storage, whole

MadeOf = Mapping[str, Any]  # names to values, nested, as JSON can say them
Example = Mapping[str, Any]  # a `tables.FindingRow` by the names of its parts, its texts cut


OTHERS = "(others)"  # what is too much to be told one by one, summed up


class Counts(TypedDict, total=False):
    """Documents by place, and findings; a published batch has `published` alone."""

    read: int
    kept: int
    dropped: int
    quarantined: int
    findings: int
    published: int


class RuleFigures(TypedDict):
    """What a rule found: findings, edits among them, documents hit, and a few examples."""

    findings: int
    edits: int
    documents: int
    examples: list[Example]


class CharsetFigures(TypedDict):
    """How the bytes of a source became text: "charset, how it was told" to documents."""

    charsets: dict[str, int]
    least_certainty: float
    replaced: int


class FieldsFigures(TypedDict):
    """Fields that were guessed from their names and contents, alike in some files of the input."""

    file: str  # the first of them
    files: int
    fields: dict[str, tuple[str, str]]  # what it holds to the field's name and why


class Losses(TypedDict):
    """Documents of a source that were set aside, by rule or reason; `books.losses` says which copies count."""

    dropped: dict[str, int]
    quarantined: dict[str, int]


class SourceFigures(Losses):
    """What a published batch keeps of a source: later ones are compared with it."""

    read: int


class PartFigures(TypedDict):
    """A published file."""

    rows: int
    bytes: int
    sha256: str


class SetAside(TypedDict):
    """Documents that were set aside for a reason, and how it was given to one of them."""

    documents: int
    example: str


class Edited(TypedDict):
    """What a rule has changed: edits, documents, and one of the edits, its texts cut."""

    edits: int
    documents: int
    before: str
    after: str


class Removed(TypedDict):
    """What a step has set aside, by reason, and changed and remarked, by rule."""

    dropped: dict[str, SetAside]
    quarantined: dict[str, SetAside]
    edited: dict[str, Edited]
    remarked: NotRequired[dict[str, int]]  # documents by rule, of rules that changed nothing


class Facts(TypedDict, total=False):
    """What the card tells of a published batch."""

    sites: dict[str, int]  # documents: of the largest ones, the others summed up
    first: str | None  # the day of the earliest article that has a date: ISO 8601
    last: str | None
    dated: int  # articles that have one
    characters: int  # of all texts
    bytes: int  # of them in UTF-8
    removed: dict[str, Removed]  # by step
    settings: dict[str, str]  # that differ from the defaults, by table and name
    version: str  # of Copydesk
    license: str  # "" where nobody says


class MadeBy(TypedDict):
    """What a step was made by when its batch was published."""

    key: str
    settings: str  # a hash of the settings and rules among its ingredients
    code: str  # a hash of the code that it reaches, with the models that lie beside it


class Manifest(TypedDict, total=False):
    """What an output is. Up to `seconds` it is in each, the rest where it applies."""

    step: str
    batch: str
    key: str  # the hash of `made_of`
    made_of: MadeOf
    files: dict[str, tuple[int, str]]  # all files of the output with their sizes and hashes (XXH3)
    digests: dict[str, str]  # of each dataset in the output, by its name
    started: str  # ISO 8601, UTC
    seconds: float
    parts_made: int  # parts of the input that were worked on; the others were taken over from the output before
    models: dict[str, str]  # that it was made with, of a published batch by all steps: file of weights to its SHA-256
    counts: Counts
    sources: dict[str, dict[str, int]]  # source to place to documents
    reasons: dict[str, int]  # documents set aside
    set_aside: dict[str, dict[str, SetAside]]  # by place and reason
    losses: dict[str, Losses]  # by source
    rules: dict[str, RuleFigures]
    scores: list[int]  # documents by translation score, in equal parts of 0..1
    charsets: dict[str, CharsetFigures]
    fields: list[FieldsFigures]
    left_out: list[str]  # what of the input is read by nobody: files of no known kind, links to folders
    left_out_kinds: dict[str, int]  # suffix or reason to their number
    entries: dict[str, int]  # of the input: `listed` in all, and `unread` among them
    memory: dict[str, str]  # of a published batch: digests of what it leaves for later ones
    steps: dict[str, Counts]
    figures: dict[str, SourceFigures]  # by source, over all steps
    parts: dict[str, PartFigures]
    listing: dict[str, PartFigures]  # of a published batch: its articles by their digests, and where that lies
    columns: dict[str, str]
    schema: int  # the version of the columns
    languages: dict[str, int]  # documents by language
    release: int  # the number of the release that the batch, as it is, was first part of
    released: str  # when that was made: ISO 8601, UTC
    made_by: dict[str, MadeBy]  # by step
    libraries: dict[str, str]  # of all steps: name to version, and Python's
    facts: Facts  # of a published batch


_IN_EACH = {"step": str, "batch": str, "key": str, "made_of": dict, "files": dict, "digests": dict, "started": str}


def read(folder: Path) -> Manifest | None:
    """The manifest in `folder`; None when there is none that is whole and ours."""
    found = whole.read_json(folder / whole.MANIFEST)
    if found is None or not all(isinstance(found.get(name), kind) for name, kind in _IN_EACH.items()):
        return None
    return cast(Manifest, found)


def part_figures(file: Path) -> PartFigures:
    """What is said of a published file."""
    return {
        "rows": storage.count_rows(str(file)),
        "bytes": file.stat().st_size,
        "sha256": whole.file_digest(file),
    }


def damage(folder: Path, manifest: Manifest, dataset: str = "", *, content: bool = False) -> list[str]:
    """What is wrong with an output, or with one dataset of it, by its manifest; see `storage.damage`."""
    return storage.damage(folder, manifest["files"], dataset, content=content)

"""The rules of the stage `duplicates`: documents that say again what another one says.

Which documents are copies, and which copy is kept, is a fact of the whole corpus (`pipeline.facts.duplicates`); the
rules turn it into verdicts. They read `facts.duplicate`, and change no text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline import text as texts
from pipeline.records import Bounds, Count, Duplicate, Facts, Hit, Rule, Verdict


def _twin(duplicate: Duplicate) -> str:
    """The kept document and why it is kept: "000_e7ac (batch demo): kept as earliest"."""
    batch = f" (batch {duplicate.batch})" if duplicate.batch else ""
    return f"{duplicate.of}{batch}: kept as {duplicate.why}" if duplicate.why else f"{duplicate.of}{batch}"


def find_exact_copy(text: str, facts: Facts) -> Iterator[Hit]:
    """The document has the same letters and digits as one that is kept; it is dropped.

    Case, spaces and ASCII punctuation do not count, everything else does.
    """
    duplicate = facts.duplicate
    if duplicate is not None and duplicate.kind == "exact":
        yield Hit(0, len(text), None, f"exact copy of {_twin(duplicate)}")


def find_near_copy(text: str, facts: Facts) -> Iterator[Hit]:
    """The document says the same as one that is kept, save for damage, furniture and small changes; it is dropped.

    Its limit is `min_similarity` in `[duplicates]`, the least share of 3-word shingles that both have (Jaccard).
    Another report of the same story that merely quotes the same passages is spared, whatever its similarity: it has
    words of its own in their midst.
    """
    duplicate = facts.duplicate
    if duplicate is not None and duplicate.kind == "near":
        yield Hit(0, len(text), None, f"near {_numbers(duplicate)} of {_twin(duplicate)}")


def find_contained_copy(text: str, facts: Facts) -> Iterator[Hit]:
    """The document stands in a longer one that is kept: a teaser, a cut copy, a wire story in a piece; it is dropped.

    Its limit is `min_contained` in `[duplicates]`, the least share of its 3-word shingles that the longer one has.
    """
    duplicate = facts.duplicate
    if duplicate is not None and duplicate.kind == "contained":
        yield Hit(0, len(text), None, f"contained {_numbers(duplicate)} in {_twin(duplicate)}")


def _numbers(duplicate: Duplicate) -> str:
    return f"{duplicate.similarity:.2f} >= {duplicate.limit:.2f}"


def find_repeated_paragraph(
    text: str,
    facts: Facts,
    *,
    min_words: Count = 12,
    min_characters: Count = 60,
    min_documents: Annotated[int, Bounds(2, None)] = 3,
) -> Iterator[Hit]:
    """A paragraph of the document stands in many others, too; it is remarked with their number, and stays.

    Only paragraphs of at least `min_words` words and `min_characters` characters that stand in `min_documents`
    documents or more, this one included: a short line is furniture, for the boilerplate rules to judge.
    """
    if not facts.paragraphs:
        return
    for start, end in texts.paragraphs(text):
        documents = facts.paragraphs.get(text[start:end], 0)
        if documents < min_documents or end - start < min_characters:
            continue
        if sum(1 for _ in texts.words(text, start, end)) >= min_words:
            yield Hit(start, end, None, f"paragraph in {documents} documents")


def _copies(texts: pa.StringArray, facts: Sequence[Facts], **_limits: Any) -> npt.NDArray[np.bool_]:
    """The documents that repeat another one."""
    return np.array([fact.duplicate is not None for fact in facts], np.bool_)


def _with_paragraphs(texts: pa.StringArray, facts: Sequence[Facts], **_limits: Any) -> npt.NDArray[np.bool_]:
    """The documents with paragraphs that others have, too."""
    return np.array([bool(fact.paragraphs) for fact in facts], np.bool_)


RULES: tuple[Rule, ...] = (
    Rule("duplicates/exact_copy", find_exact_copy, Verdict.DROP, trigger=_copies),
    Rule("duplicates/near_copy", find_near_copy, Verdict.DROP, trigger=_copies),
    Rule("duplicates/contained_copy", find_contained_copy, Verdict.DROP, trigger=_copies),
    Rule("duplicates/repeated_paragraph", find_repeated_paragraph, trigger=_with_paragraphs),
)

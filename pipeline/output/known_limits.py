"""What the pipeline is known not to do, with what was measured: the card of a release says it to those who use it.

`benchmarks/floors` hold the figures; the pages in `docs/` say how they were measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# by the step that has it
KNOWN: Final[Mapping[str, str]] = {
    "reading": (
        "Of a web page the article is taken, on pages of new sites with an F1 of 0.93 to 0.96: some of it is lost, and "
        "some of the page is taken for it."
    ),
    "encoding": (
        "Where nothing proves what stood there, a lost character is left, and counted in `damage`. In 100,000 words of "
        "clean articles at most 1.1 changes are wrong."
    ),
    "boilerplate": (
        "Of what sites put around their articles 60 to 84 % is cut, at 0.5 to 1.2 % of the article's characters lost. "
        "Short lines that look like links (datelines, list entries) are the ones lost."
    ),
    "language": (
        "Of the answers on single sentences 99 % are right. Close neighbours (Bosnian and Croatian, Malay and "
        "Indonesian) are mixed up; of languages without a profile 90 % come out as `und`."
    ),
    "translation": (
        "Only English is scored, and a fluent translation that says something else cannot be told from the text. By "
        "default 80 % of garbled texts are set aside, no original news, and at most 0.4 % of human translations."
    ),
    "duplicates": (
        "Of copies and near copies 99.5 % are found. A better copy that arrives later does not take the place of one "
        "that is published."
    ),
}

"""What stands where in the menu.

A new page in `docs/` needs no line here: what no section names stands at the end of "How it works".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docs.generate import commands, library, rules, settings
from docs.generate.written import DECISIONS
from pipeline.stages.stage import Stage

Entry = str | dict[str, Any]  # a page, or a section with its entries, as Zensical takes them

OVERVIEW, DEPLOYMENT = "project/readme.md", "project/deploy.md"
START = ("start.md", "concepts.md", "project/CHANGELOG.md")
NIGHT = ("operations.md", "desk.md", commands.PATH, settings.PATH, "scaling.md", "security.md")
CORPUS = ("corpus.md", "readers.md", "export.md", "storage.md", "python.md", library.PATH)
WORKS = (
    *("encoding.md", "boilerplate.md", "language.md", "translation.md", "duplicates.md", "pages.md"),
    *("performance.md", "project/benchmarks/readme.md"),
)
CHANGE = ("design.md", "project/CONTRIBUTING.md")


def menu(paths: Sequence[str], stages: Sequence[Stage]) -> list[Entry]:
    """The menu over all pages: every page that there is has its place in it.

    Raises:
        ValueError: a section names a page that there is not.
    """
    named = {"index.md", *START, OVERVIEW, *NIGHT, DEPLOYMENT, *CORPUS, *WORKS, *CHANGE}
    if missing := named - set(paths):
        raise ValueError(f"the menu names pages that there are not: {', '.join(sorted(missing))}")
    others = [path for path in paths if path not in named and "/" not in path]
    decided = [path for path in paths if path.startswith("decisions/") and path != DECISIONS]
    by_stage = [
        {stage.name.capitalize(): [{j.name.partition("/")[2]: rules.path_of(j)} for j in stage.judges]}
        for stage in stages
    ]
    return [
        {"Home": "index.md"},
        {"Start": [*START, {"Overview": OVERVIEW}]},
        {"Every day": [*NIGHT, {"Deployment": DEPLOYMENT}]},
        {"The corpus": list(CORPUS)},
        {"Rules": [rules.INDEX, *by_stage]},
        {"How it works": [*WORKS, *sorted(others)]},
        {"To change it": [*CHANGE, {"Decisions": [DECISIONS, *decided]}]},
    ]

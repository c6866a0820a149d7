"""The cases in `tests/cases/*.toml`: for each rule, review and guard a text it mends or remarks on, and one it spares.

[[case]]
rule = "encoding/broken_entity"
title = "spaced entity, as translators leave it"
before = "the & # 39; Liberation & # 39;"
after = "the 'Liberation'"      # or: untouched = true; or, beside either: remarked = true
language = "en"                 # optional: facts.language of the document
passages = [[0, 70, "en"]]     # optional: facts.passages as (start, end, language)
settings = { wanted = ["en"] }           # optional: settings of the rule
lines = { "Read more" = [41, 100, 0] }   # optional: facts.lines, as (documents, of, elsewhere)
paragraphs = { "He said no." = 4 }       # optional: facts.paragraphs
score = 0.3                     # optional: facts.quality.score
xfail = "why it cannot be done yet"      # optional: a known failure, which must go on failing
"""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

from pipeline.records import Document, Duplicate, Facts, Language, LineUse, Passage, Quality, Result
from pipeline.stages import stage as stages
from pipeline.stages.stage import Stage

FOLDER = Path(__file__).parent / "cases"
Case = dict[str, Any]  # a table of TOML


def load() -> list[Case]:
    found: list[Case] = []
    for file in sorted(FOLDER.glob("*.toml")):
        for number, case in enumerate(tomllib.loads(file.read_text(encoding="utf-8"))["case"], 1):
            case["where"] = f"{file.name}#{number}"
            found.append(case)
    return found


def facts(case: Case) -> Facts:
    return Facts(
        site=case.get("site", ""),
        language=Language(case["language"], case.get("probability", 0.99)) if "language" in case else None,
        passages=tuple(Passage(a, b, Language(code, 0.99)) for a, b, code in case.get("passages", [])),
        quality=Quality(case["score"]) if "score" in case else None,
        lines={line: LineUse(*use) for line, use in case.get("lines", {}).items()},
        paragraphs=case.get("paragraphs", {}),
        duplicate=Duplicate(**case["duplicate"]) if "duplicate" in case else None,
        meta=case.get("meta", {}),
    )


def result(case: Case, stage: Stage) -> Result:
    """What the whole stage makes of a case: a rule must come out right in the company of all others."""
    rules = tuple(r.with_settings(**case.get("settings", {})) if r.name == case["rule"] else r for r in stage.rules)
    return stages.run(dataclasses.replace(stage, rules=rules), Document("", case["before"]), facts(case))

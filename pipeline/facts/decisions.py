"""The user's decisions on learned lines: a TOML file that can be read, reviewed and edited by hand.

    [[line]]
    site = "example.com"     # "*": all sites
    line = "Read more from our newsroom"
    decision = "accept"      # cut it; "reject": never cut it
    evidence = "in 41 of this site's 100 documents (41 %), never elsewhere"

Undoing a decision removes its entry; the next run follows the file.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pipeline.errors import SettingsError
from pipeline.facts.lines import shape

DECISIONS = ("accept", "reject")
_HEADER = "# Decisions on lines that sites add to their articles: accept cuts a line, reject keeps it.\n"


@dataclass(frozen=True)
class Decision:
    """What the user wants of a line of a site; `line` is its shape (`facts.lines.shape`)."""

    site: str
    line: str
    decision: str
    evidence: str = ""


def read(text: str) -> tuple[Decision, ...]:
    """The decisions in a file's text.

    Raises:
        SettingsError: an entry is not as described above.
    """
    try:
        entries = tomllib.loads(text).get("line", [])
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"decisions: {error}") from error
    found = []
    for number, entry in enumerate(entries, 1):
        unknown = set(entry) - {"site", "line", "decision", "evidence"}
        if unknown or entry.get("decision") not in DECISIONS or not entry.get("site") or not entry.get("line"):
            raise SettingsError(f"decisions: line {number}: needs site, line and decision ({' or '.join(DECISIONS)})")
        found.append(Decision(entry["site"], shape(entry["line"]), entry["decision"], entry.get("evidence", "")))
    return tuple(found)


def written(decisions: Iterable[Decision]) -> str:
    """The text of the file, entries sorted by site and line so that a change shows as one."""
    made = [_HEADER]
    for decision in sorted(decisions, key=lambda d: (d.site, d.line)):
        values = {"site": decision.site, "line": decision.line, "decision": decision.decision}
        if decision.evidence:
            values["evidence"] = decision.evidence
        made.append("\n[[line]]\n" + "".join(f"{name} = {_quoted(value)}\n" for name, value in values.items()))
    return "".join(made)


def _quoted(value: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def decide(decisions: Iterable[Decision], new: Decision) -> tuple[Decision, ...]:
    """With the new decision, in place of an earlier one on the same line."""
    new = replace(new, line=shape(new.line))
    return (*undo(decisions, new.site, new.line), new)


def undo(decisions: Iterable[Decision], site: str, line: str) -> tuple[Decision, ...]:
    """Without the decision on this line; as they are if there is none."""
    return tuple(d for d in decisions if (d.site, d.line) != (site, shape(line)))


def by_line(decisions: Iterable[Decision]) -> Mapping[tuple[str, str], str]:
    """Site and line to decision, as `facts.lines.by_site` takes them."""
    return {(d.site, d.line): d.decision for d in decisions}

"""What a person sees in the terminal. On a terminal with colour and moving bars, elsewhere plain lines; or JSON.

Text from documents is printed with every character that could steer a terminal shown by its code.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from pipeline import keys, steps
from pipeline.facts.decisions import Decision
from pipeline.learned import Proposal
from pipeline.records import Rule
from pipeline.report.page import number_of
from pipeline.trial import Trial

_WIDTH = 100  # of a plain line


def printable(text: str) -> str:
    r"""The text with control and format characters shown by their codes.

    >>> printable("a\x1b[31mb\u202e")
    'a\\x1b[31mb\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c == " " or unicodedata.category(c)[0] not in "CZ" else _code(c) for c in text)


def _code(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDTH)


def _as_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


# --- while it runs -----------------------------------------------------------------------------------------------


class Bars:
    """One line a step: a bar, rows done, time left. Does nothing where there is no terminal."""

    def __init__(self, bars: Progress | None) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def started(self, step: str) -> None:
        if self._bars and step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=None)

    def moved(self, step: str, done: int, total: int) -> None:
        if self._bars and step in self._tasks:
            self._bars.update(self._tasks[step], completed=done, total=total)

    def ended(self, step: str) -> None:
        if self._bars and step in self._tasks:
            total = self._bars.tasks[self._tasks[step]].total or 1
            self._bars.update(self._tasks[step], completed=total, total=total)


@contextmanager
def progress(as_json: bool) -> Iterator[Bars]:
    """Show how far each step is, on a terminal."""
    if as_json or not sys.stdout.isatty():
        yield Bars(None)
        return
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=32),
        TextColumn("{task.completed:>9,.0f}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_console()) as bars:
        yield Bars(bars)


# --- when it is done ---------------------------------------------------------------------------------------------


def done(batch: steps.Batch, plan: Sequence[steps.State], as_json: bool) -> None:
    """The closing table and where things lie."""
    if as_json:
        _as_json(_summary(batch, plan))
        return
    console = _console()
    console.print(_counts(plan))
    _where(console, batch)


def nothing_to_do(batch: steps.Batch, plan: Sequence[steps.State], as_json: bool) -> None:
    """Say that every step is fresh, and why that is known."""
    if as_json:
        _as_json({"nothing_to_do": True, **_summary(batch, plan)})
        return
    console = _console()
    console.print(
        f"Nothing to do: {printable(batch.settings.run.input)}, settings, rules and code of batch {batch.name} "
        "are the same as when it was made."
    )
    _where(console, batch)


def status(batch: steps.Batch, plan: Sequence[steps.State], as_json: bool) -> None:
    """The last run's counts; steps that have gone stale say why."""
    if as_json:
        _as_json(_summary(batch, plan))
        return
    console = _console()
    console.print(_counts(plan))
    for state in plan:
        if not state.fresh:
            console.print(Text(f"{state.step} is to be made: {printable(state.why)}"))
    if all(state.fresh for state in plan):
        _where(console, batch)


def plan(states: Sequence[steps.State], as_json: bool) -> None:
    """Which steps a run would make, and why."""
    if as_json:
        _as_json([{"step": s.step, "fresh": s.fresh, "why": s.why} for s in states])
        return
    table = Table(box=None, pad_edge=False)
    for name in ("step", "run would", "why"):
        table.add_column(name)
    for state in states:
        table.add_row(state.step, Text("keep it" if state.fresh else "make it"), Text(printable(state.why)))
    _console().print(table)


def _summary(batch: steps.Batch, plan: Sequence[steps.State]) -> dict[str, Any]:
    return {
        "batch": batch.name,
        "corpus": str(batch.output(steps.PUBLISHING)),
        "report": str(batch.report),
        "steps": {
            s.step: {"fresh": s.fresh, "why": s.why, **({"counts": s.manifest["counts"]} if s.manifest else {})}
            for s in plan
        },
    }


def _counts(plan: Sequence[steps.State]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("step")
    for name in ("read", "kept", "dropped", "quarantined", "findings", "seconds"):
        table.add_column(name, justify="right")
    for state in plan:
        manifest = state.manifest
        if manifest and "read" in manifest["counts"]:
            counts = manifest["counts"]
            cells = [f"{counts[n]:,}" for n in ("read", "kept", "dropped", "quarantined", "findings")]
            table.add_row(state.step, *cells, f"{manifest['seconds']:.2f}")
    return table


def _where(console: Console, batch: steps.Batch) -> None:
    console.print(Text(f"corpus  {printable(str(batch.output(steps.PUBLISHING)))}"))
    console.print(Text(f"report  {printable(str(batch.report))}"))


# --- one document ------------------------------------------------------------------------------------------------


def explain(told: Mapping[str, Any], as_json: bool) -> None:
    """A document's life, step by step."""
    if as_json:
        _as_json(told)
        return
    console = _console()
    console.print(Text(printable(told["id"]), style="bold"))
    for name, value in told["source"].items():
        console.print(Text(f"  {name:<18} {printable(_value(value))}"))
    for step in told["steps"]:
        console.print(Text(f"{step['step']:<12} {step['place']:<12} {_facts(step)}".rstrip(), style="bold"))
        for finding in step["findings"]:
            console.print(Text(f"  {_finding(finding)}"))
        if "traceback" in step:
            console.print(Text("  " + printable(step["traceback"]).replace("\\n", "\n  ")))
    console.print(Text(f"{'published':<12} {printable(told['published'] or 'no')}", style="bold"))


def _value(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _facts(step: Mapping[str, Any]) -> str:
    said = [step["reason"]] if "reason" in step else []
    if step["step"] == "language" and "language" in step:
        said.append(f"{step['language']} {step.get('language_probability', 0):.2f}")
    if step["step"] == "translation" and "translation_score" in step:
        said.append(f"score {step['translation_score']:.2f}")
    return printable(", ".join(said))


def _finding(finding: Mapping[str, Any]) -> str:
    return f"{finding['rule']} at {finding['start']}: {_change(finding)}"


def _change(finding: Mapping[str, Any]) -> str:
    """What stood there amid its surroundings, what it became, and why."""
    before = _quoted(finding["left"][-20:] + "[" + finding["before"] + "]" + finding["right"][:20])
    change = "" if finding["after"] is None else f" -> {_quoted(finding['after'])}" if finding["after"] else " -> cut"
    detail = f"  ({printable(finding['detail'])})" if finding["detail"] else ""
    return f"{before}{change}{detail}" if finding["before"] or change else detail.strip()


def _quoted(text: str) -> str:
    short = text if len(text) <= 160 else f"{text[:100]} ... {text[-50:]}"
    return f"“{printable(short)}”"


# --- rules -------------------------------------------------------------------------------------------------------


def rules(chosen: Sequence[Rule], *, whole: bool, as_json: bool) -> None:
    """The rules in the order in which they run, with verdicts and settings; `whole` shows their whole documentation."""
    if as_json:
        _as_json(
            [{"rule": r.name, "verdict": r.verdict.name.lower(), "summary": r.summary, **_settings(r)} for r in chosen]
        )
        return
    console = _console()
    for rule in chosen:
        console.print(Text.assemble((rule.name, "bold"), f"  {rule.verdict.name.lower()}"))
        for line in (rule.documentation if whole else rule.summary).split("\n"):
            console.print(Text(f"  {line}".rstrip()))
        for name, value in rule.settings.items():
            console.print(Text(f"  {name} = {json.dumps(keys.brief(value), ensure_ascii=False)}"))


def trial(tried: Trial, as_json: bool) -> None:
    """What a rule did to a sample: its hits site by site, then the sums."""
    if as_json:
        _as_json(dataclasses.asdict(tried))
        return
    console = _console()
    for site in tried.sites:
        console.print(Text(f"{printable(site)}: {number_of(tried.sites[site], 'finding')}", style="bold"))
        for hit in tried.hits:
            if hit["site"] == site:
                console.print(Text(f"  {printable(hit['id'])}: {_change(hit)}"))
    share = 100 * tried.words_cut / max(1, tried.words)
    cost = 1_000 * tried.seconds / max(1, tried.documents)
    console.print(
        f"{tried.rule}: {number_of(tried.findings, 'finding')}, {number_of(tried.edits, 'edit')}, in {tried.hit:,} of "
        f"{number_of(tried.documents, 'document')}; {tried.words_cut:,} of {number_of(tried.words, 'word')} cut "
        f"({share:.2f} %); {cost:.3f} ms a document"
    )


# --- lines learned of sites --------------------------------------------------------------------------------------


def proposals(found: Sequence[Proposal], as_json: bool) -> None:
    """Lines with their evidence and examples, site by site."""
    if as_json:
        _as_json([dataclasses.asdict(proposal) for proposal in found])
        return
    console = _console()
    if not found:
        console.print("No line stands in enough of a site's documents.")
    for proposal in found:
        decision = f"  [{proposal.decision}ed]" if proposal.decision else ""
        console.print(Text(f"{printable(proposal.site)}  “{printable(proposal.line)}”{decision}", style="bold"))
        examples = ", ".join(printable(identity) for identity in proposal.examples)
        console.print(Text(f"  {proposal.evidence}; as in {examples}" if examples else f"  {proposal.evidence}"))


def decisions(found: Sequence[Decision], as_json: bool) -> None:
    """What the user has decided."""
    if as_json:
        _as_json([dataclasses.asdict(decision) for decision in found])
        return
    console = _console()
    for decision in found:
        console.print(Text(f"{decision.decision}  {printable(decision.site)}  “{printable(decision.line)}”"))
    if not found:
        console.print("No decisions yet; `copydesk boilerplate suggest` lists what there is to decide.")


def _settings(rule: Rule) -> dict[str, Any]:
    return {"settings": rule.settings}

"""`copydesk rules`: the rules, what they do, and their settings; `copydesk rules try`: one of them on a sample."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence

from rich.text import Text

from pipeline import config
from pipeline.console import show, try_rule
from pipeline.errors import SettingsError
from pipeline.records import Guard, Rule
from pipeline.run import keys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="*", help="a stage (encoding), a rule (encoding/mojibake), or `try` and a rule")
    parser.add_argument("--on", metavar="PATH", help="with `try`: the articles to try the rule on (default: the input)")
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """List rules, or try one."""
    settings = show.settings_of(options)
    judges = {judge.name: judge for stage in settings.stages for judge in stage.judges}
    if options.name[:1] == ["try"]:
        name = " ".join(options.name[1:])
        if name not in judges:
            raise _unknown(name, judges)
        judge = judges[name]
        path = str(options.on or config.input_of(settings.run.input, settings.run.batch))
        trial = try_rule.try_rule(settings.stage(judge.stage), judge, path, settings)
        try_rule.print_trial(trial, options.json)
        return 0
    wanted = set(options.name)
    chosen = [judge for judge in judges.values() if not wanted or wanted & {judge.name, judge.stage}]
    if not chosen:
        raise _unknown(" ".join(options.name), [*judges, *(stage.name for stage in settings.stages)])
    _list(chosen, whole=bool(wanted) and wanted <= {judge.name for judge in chosen}, as_json=options.json)
    return 0


def _unknown(name: str, choices: Iterable[str]) -> SettingsError:
    return SettingsError(f"no rule or stage {name!r}; {config.closest(name, choices)}")


def _list(chosen: Sequence[Rule | Guard], *, whole: bool, as_json: bool) -> None:
    """In the order in which they run, with verdicts and settings; `whole` shows their whole documentation."""
    if as_json:
        show.as_json(
            [
                {"rule": j.name, "verdict": j.verdict.name.lower(), "summary": j.summary, "settings": j.settings}
                for j in chosen
            ]
        )
        return
    terminal = show.console()
    for judge in chosen:
        terminal.print(Text.assemble((judge.name, "bold"), f"  {judge.verdict.name.lower()}"))
        for line in (judge.documentation if whole else judge.summary).split("\n"):
            terminal.print(Text(f"  {line}".rstrip()))
        for name, value in judge.settings.items():
            terminal.print(Text(f"  {name} = {json.dumps(keys.brief(value), ensure_ascii=False)}"))

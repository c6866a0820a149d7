"""The command `copydesk`.

Results go to standard output, errors in one line to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage,
settings or input, 3 done but more documents quarantined than allowed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pipeline import config, life, show, steps
from pipeline.engine import storage
from pipeline.errors import CopydeskError, SettingsError

DONE, FAILED, USAGE, TOO_MANY_QUARANTINED = 0, 1, 2, 3

_EXAMPLES = """
examples:
  copydesk run                          clean the articles in seeds/ (or what configs/copydesk.toml names)
  copydesk run articles/ --batch 2026-11-24
                                        clean a folder as a batch of that name
  copydesk run --again translation      make one step's output again, and what depends on it
  copydesk plan                         say what a run would do, and why
  copydesk explain 000_e7ac5253860ec0da tell one document's whole life
  copydesk rules encoding               list the rules of a stage with their settings
  copydesk rules try encoding/mojibake --on articles/
                                        show what a rule would do there, and change nothing
  copydesk boilerplate suggest          list lines learned of sites, with their evidence; then accept or reject

A second run does only what a change has made stale. A document that cannot be read or that breaks a rule is set
aside with its reason; the others go on. Exit codes: 0 done, 1 failed, 2 wrong usage, settings or input, 3 done but
more documents quarantined than [run] max_quarantined allows.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
    except CopydeskError as error:
        print(f"copydesk: {show.printable(str(error))}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # `copydesk rules | head`: nobody reads on, and nothing is to be said of it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        print(f"copydesk: {show.printable(str(error.filename))}: {error.strerror}", file=sys.stderr)
        return FAILED
    except Exception as error:  # a fault of ours: one line for the person, the traceback in a file for the report of it
        with tempfile.NamedTemporaryFile("w", prefix="copydesk-", suffix=".log", delete=False) as log:
            traceback.print_exc(file=log)
        what = f"unexpected {type(error).__name__}: {error}".partition("\n")[0]
        print(f"copydesk: {show.printable(what)}; the traceback is in {log.name}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("copydesk: stopped; what was done so far stays, `copydesk run` goes on from there", file=sys.stderr)
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="copydesk",
        description="Turns scraped and translated news into a clean corpus, with a record of every change.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = _command(commands, "run", _run, "clean a batch of articles, or do what is left to do of it")
    run.add_argument("input", nargs="?", help="folder or file to read (default: the settings')")
    run.add_argument("--workers", type=int, metavar="N", help="processes (default: one for each core)")
    run.add_argument("--again", choices=steps.STEPS, metavar="STEP", help=f"make it again: {', '.join(steps.STEPS)}")

    status = _command(commands, "status", _status, "what the batch's last run did, step by step")
    status.add_argument("input", nargs="?", help=argparse.SUPPRESS)

    plan = _command(commands, "plan", _plan, "which steps a run would make, and why")
    plan.add_argument("input", nargs="?", help="folder or file that would be read")

    explain = _command(
        commands, "explain", _explain, "one document's whole life: where it came from, what became of it"
    )
    explain.add_argument("id", help="the document's id")

    rules = _command(commands, "rules", _rules, "the rules, what they do, and their settings")
    rules.add_argument("name", nargs="*", help="a stage (encoding), a rule (encoding/mojibake), or `try` and a rule")
    rules.add_argument("--on", metavar="PATH", help="with `try`: the articles to try the rule on (default: the input)")
    lines = _command(
        commands, "boilerplate", _boilerplate, "lines learned of sites: look at them, accept or reject them"
    )
    lines.add_argument("action", choices=("suggest", "accept", "reject", "undo", "decisions"), help="what to do")
    lines.add_argument("site", nargs="?", default="", help='the site; "*": all sites')
    lines.add_argument("line", nargs="?", default="", help="the line, as `suggest` shows it")
    return parser


def _command(commands: Any, name: str, command: Any, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
    parser.set_defaults(command=command, input=None, workers=None)
    parser.add_argument("--batch", metavar="NAME", help="name of the batch (default: the settings')")
    parser.add_argument("--config", metavar="FILE", help=f"settings (default: {config.DEFAULT_FILE}, if it is there)")
    parser.add_argument("--output", metavar="FOLDER", help="where outputs go (default: output)")
    parser.add_argument("--json", action="store_true", help="print JSON, for machines")
    return parser


def _asked_about(options: argparse.Namespace) -> steps.Batch:
    """The batch by its name: input and settings are those of its last run where the options do not say."""
    batch = _batch(options)
    last = storage.read_json(batch.folder / steps.LAST) or {}
    options.input = options.input or last.get("input")
    options.config = options.config or (last.get("config") if Path(last.get("config", "")).is_file() else None)
    return _batch(options)


def _batch(options: argparse.Namespace) -> steps.Batch:
    if options.workers is not None and options.workers < 0:
        raise SettingsError(f"--workers must be at least 0; got {options.workers}")
    return steps.Batch(
        config.load(
            options.config,
            batch=options.batch,
            input=options.input,
            output=options.output,
            workers=options.workers,
        )
    )


# --- run ---------------------------------------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> int:
    batch = _batch(options)
    if options.again:
        _forget(batch, options.again)
    plan = list(batch.plan())
    if all(state.fresh for state in plan):
        show.nothing_to_do(batch, plan, options.json)
        return _exit_code(batch, plan)
    error = _build(batch, options)
    if error:
        raise error
    plan = list(steps.Batch(batch.settings).plan())
    show.done(batch, plan, options.json)
    return _exit_code(batch, plan)


def _forget(batch: steps.Batch, step: str) -> None:
    """Remove the step's current output, so that it is made again."""
    output = batch.output(step)
    if step == steps.REPORT:
        batch.report.unlink(missing_ok=True)
    elif output and step == steps.PUBLISHING:
        (output / storage.MANIFEST).unlink(missing_ok=True)
    elif output:
        storage.remove(output)


def _build(batch: steps.Batch, options: argparse.Namespace) -> CopydeskError | None:
    """Let Luigi do what is to do; the error of the step that failed, if one did."""
    from pipeline import tasks

    with show.progress(options.json) as progress:
        failure = tasks.run(batch.settings, str(options.config or ""), progress)
    return _as_error(batch, *failure) if failure else None


def _as_error(batch: steps.Batch, step: str, error: BaseException) -> CopydeskError:
    if isinstance(error, CopydeskError):
        return error
    if isinstance(error, OSError):
        return CopydeskError(f"{step}: {error.strerror or error}: {error.filename or batch.settings.run.output}")
    log = batch.folder / "error.log"
    storage.write_text(log, "".join(traceback.format_exception(error)))
    return CopydeskError(f"{step}: unexpected {type(error).__name__}: {error}; the traceback is in {log}")


def _exit_code(batch: steps.Batch, plan: Sequence[steps.State]) -> int:
    counts = [state.manifest["counts"] for state in plan if state.manifest and "read" in state.manifest["counts"]]
    quarantined, read = sum(c["quarantined"] for c in counts), counts[0]["read"] if counts else 0
    limit = batch.settings.run.max_quarantined
    if read and quarantined > limit * read:
        share = quarantined / read
        print(
            f"copydesk: {quarantined:,} of {read:,} documents are in quarantine: {share:.1%} > {limit:.1%} "
            "([run] max_quarantined)",
            file=sys.stderr,
        )
        return TOO_MANY_QUARANTINED
    return DONE


# --- looking -----------------------------------------------------------------------------------------------------


def _status(options: argparse.Namespace) -> int:
    batch = _asked_about(options)
    show.status(batch, list(batch.plan()), options.json)
    return DONE


def _plan(options: argparse.Namespace) -> int:
    batch = _asked_about(options)
    show.plan(list(batch.plan()), options.json)
    return DONE


def _explain(options: argparse.Namespace) -> int:
    batch = _asked_about(options)
    show.explain(life.of(batch, options.id), options.json)
    return DONE


def _boilerplate(options: argparse.Namespace) -> int:
    from pipeline import learned
    from pipeline.facts import decisions

    batch = _asked_about(options)
    if options.action == "suggest":
        show.proposals(learned.proposals(batch, options.site), options.json)
    elif options.action == "decisions":
        show.decisions(decisions.read(batch.settings.decisions), options.json)
    elif not options.site or not options.line:
        raise SettingsError(f"boilerplate {options.action}: name the site and the line, as `suggest` shows them")
    else:
        decision = "" if options.action == "undo" else options.action
        file = learned.decide(batch, options.site, options.line, decision)
        print(f"{show.printable(file)}: written; the next `copydesk run` follows it")
    return DONE


def _rules(options: argparse.Namespace) -> int:
    settings = config.load(options.config)
    if options.name[:1] == ["try"]:
        return _try(options, settings)
    rules = [rule for stage in settings.stages() for rule in steps.rules_of(stage)]
    wanted = set(options.name)
    chosen = [r for r in rules if not wanted or wanted & {r.name, r.name.partition("/")[0]}]
    if not chosen:
        raise _unknown(" ".join(options.name), [r.name for r in rules] + [s.name for s in settings.stages()])
    show.rules(chosen, whole=wanted <= {r.name for r in chosen} and bool(wanted), as_json=options.json)
    return DONE


def _try(options: argparse.Namespace, settings: config.Settings) -> int:
    from pipeline import trial

    rules = {rule.name: rule for stage in settings.stages() for rule in stage.rules}
    name = " ".join(options.name[1:])
    if name not in rules:
        raise _unknown(name, rules)
    show.trial(trial.try_rule(rules[name], options.on or settings.run.input, settings), options.json)
    return DONE


def _unknown(name: str, known: Iterable[str]) -> SettingsError:
    return SettingsError(f"no rule or stage {name!r}; {config.closest(name, known)}")

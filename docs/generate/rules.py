"""A page a rule, from its docstring, its signature and its cases; and the list of all of them by stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docs.generate import settings
from docs.generate.examples import examples_of
from docs.generate.markup import Page, code, escaped, inline, prose, table
from pipeline.records import Guard, Rule, Verdict
from pipeline.stages.stage import Stage
from tests.cases import Case

INDEX = "rules/index.md"
_VERDICTS = {
    Verdict.KEEP: "a document on which it finds something is kept",
    Verdict.QUARANTINE: "a document on which it finds something goes to quarantine",
    Verdict.DROP: "a document on which it finds something is dropped",
}
# what it does to a document whose text it leaves as it is
_JUDGED = {
    Verdict.KEEP: "What it remarks on",
    Verdict.QUARANTINE: "What it sets aside",
    Verdict.DROP: "What it drops",
}


def path_of(judge: Rule | Guard) -> str:
    """Where the page of a rule lies."""
    return f"rules/{judge.name}.md"


def pages(stages: Sequence[Stage], cases: Sequence[Case]) -> Iterator[Page]:
    """The list of all rules, and a page for each of them."""
    yield Page(INDEX, _index(stages))
    for stage in stages:
        for judge in stage.judges:
            yield Page(path_of(judge), _page(judge, stage, cases))


def _index(stages: Sequence[Stage]) -> str:
    parts = [
        "# Rules",
        "A rule finds one kind of defect. In each stage they run in this order, again and again until none of them"
        " finds anything to mend; the last ones look at what the others have left. The verdict is on a document on"
        " which a rule finds something.",
    ]
    for stage in stages:
        rows = [
            (
                f'<a href="{judge.name}/">{code(judge.name.partition("/")[2])}</a>',
                inline(judge.summary),
                _verdict(judge),
            )
            for judge in stage.judges
        ]
        parts += [
            f"## {stage.name.capitalize()}",
            f"<p>{inline(stage.about)}</p>",
            table(("rule", "defect", "verdict"), rows),
        ]
    return "\n\n".join(parts)


def _verdict(judge: Rule | Guard) -> str:
    name = judge.verdict.name.lower()
    return f'<span class="verdict {name}">{name}</span>'


def _page(judge: Rule | Guard, stage: Stage, cases: Sequence[Case]) -> str:
    found = examples_of(judge, stage, cases)
    number = [other.name for other in stage.judges].index(judge.name) + 1
    parts = [
        f"# {judge.name}",
        f"<p>{_verdict(judge)} {_VERDICTS[judge.verdict]} · {_kind(judge, stage)} {number} of {len(stage.judges)} of"
        f" the stage {escaped(stage.name)}</p>",
        prose(judge.documentation),
        "## Settings",
        settings.of_rule(judge),
        *_examples("What it mends", found.mended),
        *_examples(_JUDGED[judge.verdict], found.remarked),
        *_examples("What it spares", found.spared),
        "## To try it",
        f"```sh\ncopydesk rules try {judge.name} --on FOLDER    # shows what it finds there, and changes nothing\n```",
    ]
    return "\n\n".join(parts)


def _kind(judge: Rule | Guard, stage: Stage) -> str:
    if judge == stage.guard:
        return "guard, which may refuse what the rules have done,"
    return "review of what the rules have left," if judge in stage.reviews else "rule"


def _examples(title: str, found: Sequence[str]) -> list[str]:
    return [f"## {title}", *found] if found else []

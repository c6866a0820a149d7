"""Apply, revert, run: the only code that changes a text.

A rule finds hits; `apply` writes them into the text and records a finding for each; `revert` rebuilds the text as
read from the clean text and its findings; `run` lets an ordered tuple of rules work on a text until none of them
finds anything to mend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from pipeline.errors import RuleError
from pipeline.records import NO_FACTS, Facts, Finding, Guard, Hit, Rule, Verdict

# A mend can uncover another defect (an entity that was escaped twice); more passes than this means that rules undo
# each other's work.
MAX_PASSES = 12


def apply(text: str, rule: str, hits: Iterable[Hit]) -> tuple[str, list[Finding]]:
    """The text with all hits written into it, and one finding for each hit, remarks included.

    Hits come in ascending order and must not overlap. A hit that would put back what stands there is not recorded.

    Raises:
        RuleError: a span lies outside the text, or two spans overlap.
    """
    pieces: list[str] = []
    findings: list[Finding] = []
    done = shift = 0
    for start, end, after, detail in hits:
        if not done <= start <= end <= len(text):
            raise RuleError(f"{rule}: hit {start}-{end} overlaps an earlier one or leaves the text ({len(text)} long)")
        before = text[start:end]
        if after == before:
            continue
        findings.append(Finding(rule, start + shift, end + shift, before, after, detail))
        if after is not None:
            pieces += (text[done:start], after)
            shift += len(after) - len(before)
            done = end
    if not pieces:
        return text, findings
    pieces.append(text[done:])
    return "".join(pieces), findings


def revert(text: str, findings: Sequence[Finding]) -> str:
    """The text as it was before `findings`: they are undone from last to first.

    Raises:
        RuleError: the findings do not belong to this text.
    """
    for sweep in reversed(list(sweeps(findings))):
        pieces: list[str] = []
        done = 0
        for rule, start, _end, before, after, _detail in sweep:
            if after is None:
                continue
            if not text.startswith(after, start):
                raise RuleError(f"{rule}: {after!r} does not stand at {start}; the finding belongs to another text")
            pieces += (text[done:start], before)
            done = start + len(after)
        text = "".join([*pieces, text[done:]])
    return text


def sweeps(findings: Iterable[Finding]) -> Iterator[list[Finding]]:
    """Findings in their order, in runs of which each begins behind what the one before it has left.

    A run can be applied or undone in one sweep over the text, so that a text of n findings costs n and not n squared:
    what one rule found in one pass is one run at most, and often several rules' findings are.
    """
    sweep: list[Finding] = []
    reached = 0
    for finding in findings:
        if finding.start < reached:
            yield sweep
            sweep, reached = [], 0
        sweep.append(finding)
        reached = max(reached, finding.start + len(finding.after or ""))
    if sweep:
        yield sweep


def disjoint(hits: Iterable[Hit]) -> Iterator[Hit]:
    """The hits in order of place, without those that overlap one before them."""
    done = 0
    for hit in sorted(hits, key=lambda hit: (hit.start, hit.end)):
        if hit.start >= done:
            yield hit
            done = hit.end


def surroundings(text: str, findings: Sequence[Finding], width: int = 40) -> list[tuple[str, str]]:
    """What stands to the left and right of each finding, at the time it was made; `text` is the text as read."""
    found = []
    for sweep in sweeps(findings):
        pieces: list[str] = []
        done = shift = 0  # how far the text is dealt with, and by how much what was written is longer
        written = ""  # the last of it
        for _rule, start, end, before, after, _detail in sweep:
            at = start - shift
            left = written + text[max(done, at - width) : at]
            found.append((left[max(0, len(left) - width) :], text[end - shift : end - shift + width]))
            if after is not None:
                pieces += (text[done:at], after)
                done, shift = end - shift, shift + len(after) - len(before)
                written = (left + after)[-width:]
        if pieces:
            text = "".join([*pieces, text[done:]])
    return found


def run(
    text: str, rules: Sequence[Rule], facts: Facts = NO_FACTS, idle: Collection[str] = ()
) -> tuple[str, list[Finding]]:
    """Let the rules mend the text, in their order, again and again until nothing is left to mend.

    `idle` names rules known to find nothing in the text as it comes; once it is changed they are asked like the others.
    The findings are the edits in the order in which they were made, then the remarks, which hold for the final text.

    Raises:
        RuleError: the edits do not settle within `MAX_PASSES`, or a rule's hits overlap.
    """
    findings: list[Finding] = []
    remarks: dict[str, list[Finding]] = {}
    quiet = 0  # rules in a row that had nothing to mend: when all had not, the text is done
    for _ in range(MAX_PASSES):
        for rule in rules:
            if quiet == len(rules):
                break
            quiet += 1
            if rule.name in idle and not findings:
                continue
            text, found = apply(text, rule.name, rule.find(text, facts))
            if not found:
                remarks.pop(rule.name, None)
                continue
            remarks[rule.name] = [finding for finding in found if not finding.is_edit]
            if len(remarks[rule.name]) < len(found):
                findings += [finding for finding in found if finding.is_edit]
                quiet = 0
        if quiet == len(rules):
            return text, findings + [remark for rule in rules for remark in remarks.get(rule.name, ())]
    last = findings[-1]
    raise RuleError(f"{last.rule}: does not settle: {last.before!r} to {last.after!r} in pass {MAX_PASSES}")


MOST_REMARKS = 20  # of a rule on one document


def folded(findings: Sequence[Finding], most: int = MOST_REMARKS) -> list[Finding]:
    """The findings without a rule's remarks beyond the first `most`; the last one that stays says how many those are.

    Edits all stay: it takes each of them to rebuild the text.
    """
    numbers = Counter(finding.rule for finding in findings if not finding.is_edit)
    if not numbers or max(numbers.values()) <= most:
        return list(findings)
    kept: list[Finding] = []
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.rule] += not finding.is_edit
        left = numbers[finding.rule] - most
        if not finding.is_edit and seen[finding.rule] == most and left > 0:
            finding = finding._replace(detail=f"{finding.detail}; {left:,} more like this")
        if finding.is_edit or seen[finding.rule] <= most:
            kept.append(finding)
    return kept


def judge(rules: Sequence[Rule | Guard], findings: Sequence[Finding]) -> tuple[Verdict, str]:
    """The worst verdict among the rules that found something, and its reason: "rule: detail"."""
    verdicts = {rule.name: rule.verdict for rule in rules}
    worst = max(findings, key=lambda finding: verdicts[finding.rule], default=None)
    if worst is None or verdicts[worst.rule] is Verdict.KEEP:
        return Verdict.KEEP, ""
    return verdicts[worst.rule], f"{worst.rule}: {worst.detail}" if worst.detail else worst.rule

"""What was changed in a text, as HTML: a change amid its surroundings, and all changes of a text put together.

Everything that comes from a text is escaped, and what a browser would not show, or would turn the line by, is shown by
its name. What comes out is bounded, however long the text and however many its changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from pipeline import edits
from pipeline.records import Finding

# Lone surrogates among them: no page can be written with one.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LINE_BREAK = '<b title="line break">↵</b>'

MOST_PIECES = 30  # of a text, shown
MOST_IN_FULL = 100_000  # characters of a text that is shown in full
MOST_PIECES_IN_FULL = 3_000
_WIDTH = 60  # characters to each side of a piece
_MOST_OF_PIECE = 160  # characters of what stood there, and of what stands there now
_MOST_OF_REASON = 200  # characters
_MOST_MARKED = 400  # characters: a remark on more is one on the whole text, and is told beside it
_MOST_TOLD = 10  # such remarks


def visible(text: str) -> str:
    """Text from a document, escaped, and with a name for each character that would not show."""
    return _INVISIBLE.sub(lambda found: f"<b>U+{ord(found[0]):04X}</b>", escape(text))


def shown(text: str) -> str:
    """The same in one line."""
    return visible(text).replace("\n", _LINE_BREAK)


def change(before: str, after: str | None, attributes: str = "", line_break: str = "") -> str:
    """What was taken out and what was put in, or, where `after` is None, what was remarked; `attributes` are HTML.

    `line_break` follows the sign for one.
    """

    def tagged(tag: str, text: str) -> str:
        inner = shown(text).replace(_LINE_BREAK, _LINE_BREAK + line_break) if line_break else shown(text)
        return f"<{tag}{attributes}>{inner}</{tag}>" if text else ""

    return tagged("mark", before) if after is None else tagged("del", before) + tagged("ins", after)


# --- all changes of a text together ------------------------------------------------------------------------------


class Piece(NamedTuple):
    """A stretch of a text that findings are about: its place now, what stood there, and the findings in order."""

    start: int
    end: int
    before: str
    findings: tuple[Finding, ...]


def pieces(text: str, *stages: Sequence[Finding], widest: int = _MOST_MARKED) -> list[Piece]:
    """The stretches of `text`, clean as it is, that were changed or remarked, in order and without overlap.

    The findings are those of one stage after the other. What several did to one stretch is one piece. Remarks on
    nothing, and on so much that they are about the whole text, are left out (`of_the_whole`), and those on more than
    `widest` characters.

    Raises:
        RuleError: the findings do not belong to this text.
    """
    placed: list[Piece] = []
    before = text
    for findings in reversed(stages):
        before = edits.revert(before, findings)
    for findings in stages:
        for sweep in edits.sweeps([finding for finding in findings if not _of_the_whole(finding, widest)]):
            placed, before = _swept(placed, before, sweep)
    return placed


def of_the_whole(findings: Iterable[Finding]) -> list[Finding]:
    """The remarks that `pieces` leaves out."""
    return [finding for finding in findings if _of_the_whole(finding)]


def _of_the_whole(finding: Finding, widest: int = _MOST_MARKED) -> bool:
    return not finding.is_edit and not 0 < finding.end - finding.start <= widest


class _Change(NamedTuple):
    """What a piece, or a finding of the sweep at hand, says of the text before that sweep."""

    start: int
    end: int
    before: str | None  # of an older piece
    after: str | None  # of an edit
    findings: tuple[Finding, ...]


def _swept(placed: Sequence[Piece], text: str, sweep: Sequence[Finding]) -> tuple[list[Piece], str]:
    """The pieces and the text after one more sweep of findings (`edits.sweeps`)."""
    changes = [_Change(piece.start, piece.end, piece.before, None, piece.findings) for piece in placed]
    shift = 0
    for finding in sweep:
        changes.append(_Change(finding.start - shift, finding.end - shift, None, finding.after, (finding,)))
        shift += len(finding.after) - len(finding.before) if finding.after is not None else 0
    made: list[Piece] = []
    written: list[str] = []
    done = length = 0
    for group in _groups(sorted(changes, key=lambda each: each[:2])):
        start, end = group[0].start, max(each.end for each in group)
        stood = _rewritten(text, start, end, ((each, each.before) for each in group))
        stands = _rewritten(text, start, end, ((each, each.after) for each in group))
        written += (text[done:start], stands)
        length += start - done
        made.append(Piece(length, length + len(stands), stood, tuple(f for each in group for f in each.findings)))
        done, length = end, length + len(stands)
    return made, "".join([*written, text[done:]])


def _groups(changes: Iterable[_Change]) -> Iterator[list[_Change]]:
    """Changes that overlap, together; those that only touch are apart."""
    group: list[_Change] = []
    end = 0
    for each in changes:
        if group and each.start >= end:
            yield group
            group, end = [], 0
        group.append(each)
        end = max(end, each.end)
    if group:
        yield group


def _rewritten(text: str, start: int, end: int, changes: Iterable[tuple[_Change, str | None]]) -> str:
    """`text[start:end]` with another text for each change that has one."""
    written: list[str] = []
    for each, instead in changes:
        if instead is not None:
            written += (text[start : each.start], instead)
            start = each.end
    return "".join([*written, text[start:end]])


# --- as a page has it --------------------------------------------------------------------------------------------


def brief(text: str, piece: Piece) -> str:
    """HTML of one piece of `text`, in one line, with a little of what stands around it."""
    left, right = text[max(0, piece.start - _WIDTH // 3) : piece.start], text[piece.end : piece.end + _WIDTH // 3]
    return shown(left) + _changed(text, piece) + shown(right)


def _changed(text: str, piece: Piece, line_break: str = "") -> str:
    now = text[piece.start : piece.end]
    reasons = "\n".join(dict.fromkeys(map(_reason, piece.findings)))[:_MOST_OF_REASON]
    after = None if now == piece.before else ends(now)
    return change(ends(piece.before), after, f' title="{plain(reasons)}" tabindex="0"', line_break)


def of_text(text: str, findings: Sequence[Finding]) -> Iterator[str]:
    """HTML of `text`, clean as it is, with what was changed and remarked in it.

    The reasons show under the pointer; keys lead from one change to the next.

    Long stretches without a finding are left out, and so are pieces beyond `MOST_PIECES`.
    """
    placed = pieces(text, findings)
    done = 0
    for number, piece in enumerate(placed[:MOST_PIECES]):
        yield _gap(text[done : piece.start], first=number == 0)
        yield _changed(text, piece, "\n")
        done = piece.end
    if len(placed) > MOST_PIECES:
        yield f"{visible(text[done : done + _WIDTH])}<i> … {len(placed) - MOST_PIECES:,} more pieces … </i>"
    else:
        yield _gap(text[done:], first=not placed, last=True)


def in_full(text: str, *stages: Sequence[Finding]) -> Iterator[str]:
    """HTML of all of `text`, clean as it is, with what each stage has changed and remarked in it, as in `of_text`.

    Remarks on whole sentences are left out: what was changed in one would be lost in it. Of more than `MOST_IN_FULL`
    characters and pieces only the first are there.
    """
    done = 0
    placed = [piece for piece in pieces(text, *stages, widest=_WIDTH) if piece.end <= MOST_IN_FULL]
    for piece in placed[:MOST_PIECES_IN_FULL]:
        yield visible(text[done : piece.start])
        yield _changed(text, piece, "\n")
        done = piece.end
    if len(placed) > MOST_PIECES_IN_FULL:
        yield f"<i> … {len(placed) - MOST_PIECES_IN_FULL:,} more pieces … </i>"
    else:
        yield beginning(text[done:], max(MOST_IN_FULL - done, 0))


def beginning(text: str, most: int = MOST_IN_FULL) -> str:
    """HTML of at most so many characters of a text."""
    more = f"<i> … {len(text) - most:,} more characters</i>" if len(text) > most else ""
    return visible(text[:most]) + more


def told(findings: Iterable[Finding]) -> Iterator[str]:
    """HTML of each remark on the whole text."""
    whole = of_the_whole(findings)
    yield from (shown(_reason(finding)[:_MOST_OF_REASON]) for finding in whole[:_MOST_TOLD])
    if len(whole) > _MOST_TOLD:
        yield f"{len(whole) - _MOST_TOLD:,} more"


def _reason(finding: Finding) -> str:
    return f"{finding.rule}: {finding.detail}" if finding.detail else finding.rule


def plain(text: str) -> str:
    """The same without tags, as for an attribute."""
    return escape(_INVISIBLE.sub(lambda found: f"U+{ord(found[0]):04X}", text))


def _gap(text: str, *, first: bool = False, last: bool = False) -> str:
    """What stands between two pieces; of much, its ends."""
    left, right = (0 if first and not last else _WIDTH), (0 if last else _WIDTH)
    out = len(text) - left - right
    if out <= _WIDTH:
        return visible(text)
    return f"{visible(text[:left])}<i> … {out:,} characters … </i>{visible(text[len(text) - right :])}"


def ends(text: str, most: int = _MOST_OF_PIECE) -> str:
    """The text, or of one of more characters its ends."""
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-(most // 2) :]}"

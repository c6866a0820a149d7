"""What others have written and the article shows: messages that two people exchange, and tweets.

Both are set out like readers' comments, with names and hours on lines of their own, and are the article's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pipeline.rules.boilerplate.view import Line, looks_like_title

MAX_NAME = 40  # characters
MAX_MESSAGE = 4  # lines from one name to the next
MIN_TURNS, SPEAKERS = 4, (2, 4)  # names in a row; how many of them are different
_DIGIT = re.compile(r"\d")
# "- Anna Doe (@annadoe) May 3, 2021" under a tweet, or the hour that it was sent at: "10:31 AM - 3 May 2021"
_SIGNED = re.compile(r"\s*[—–-] ?.{1,60}\(@\w{1,20}\)[^.]{0,30}\d{4}\s*$")
_SENT = re.compile(r"\s*\d{1,2}:\d\d ?[AP]M [-–·] (?:\d{1,2} )?\w{3,9}(?: \d{1,2},)? \d{4}\s*$")

_HANDLE = re.compile(r"\w @\w{1,20}\s*$")


def quoted(found: Sequence[Line]) -> set[int]:
    """The lines of messages and tweets, by number."""
    return _messages(found) | _tweets(found)


def _messages(found: Sequence[Line]) -> set[int]:
    """Lines under the names of two to four people who take turns, and their names; the last of them ends the text."""
    times = Counter(line.text for line in found)
    names = [number for number, line in enumerate(found) if times[line.text] > 1 and _may_be_name(line)]
    lines: set[int] = set()
    for turns in _turns(names):
        speakers = Counter(found[number].text for number in turns)
        if len(turns) >= MIN_TURNS and SPEAKERS[0] <= len(speakers) <= SPEAKERS[1] and min(speakers.values()) > 1:
            lines.update(range(turns[0], min(turns[-1] + MAX_MESSAGE, len(found))))
    return lines


def _turns(names: Sequence[int]) -> list[list[int]]:
    """Numbers of lines that follow each other with a line between, and not too many."""
    rows: list[list[int]] = []
    for number in names:
        if rows and 2 <= number - rows[-1][-1] <= MAX_MESSAGE + 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    return rows


def _may_be_name(line: Line) -> bool:
    plain = not (line.rule or line.doubtful or line.comment or _DIGIT.search(line.text))
    return plain and len(line.text) <= MAX_NAME and looks_like_title(line.text)


def _tweets(found: Sequence[Line]) -> set[int]:
    """Signatures of tweets and what stands before them; what stands before the hour of a tweet, and who wrote that."""
    lines: set[int] = set()
    for number, line in enumerate(found):
        signed = bool(_SIGNED.match(line.text))
        if number and (signed or _SENT.match(line.text)):
            lines.add(number - 1)
            lines.update([number] if signed else [])
            lines.update([number - 2] if number > 1 and _HANDLE.search(found[number - 2].text) else [])
    return lines

"""Readers' comments: told by their buttons, and left to the line model, which favours cutting them."""

from __future__ import annotations

import pytest

from pipeline import edits
from pipeline.rules import boilerplate
from pipeline.rules.boilerplate.comments import commented, is_buttons, is_stamp, stamped
from pipeline.rules.boilerplate.doubtful import COMMENT, _leaning
from pipeline.rules.boilerplate.view import view

PROSE = "The ferry that sank off the island in autumn will be raised next week, its owner said on Monday evening."
SAID = "It is about time, we have been waiting for that boat since the storm and nobody told us anything at all."


@pytest.mark.parametrize(
    ("line", "buttons"),
    [
        ("Reply", True),
        ("Reply · Like · 3 hours ago", True),
        ("12 votes", True),
        ("Antworten | Melden", True),
        ("Ответить (3)", True),
        ("回复", True),
        ("Like · Share", False),  # articles have these, too
        ("Reply 3 Retweets 12 likes", False),
        ("12 votes were cast", False),
        ("Quote of the day", False),
        ("", False),
    ],
)
def test_buttons_are_told_from_words_of_an_article(line: str, buttons: bool) -> None:
    assert is_buttons(line) is buttons


def test_signs_in_a_row_take_no_longer_than_words() -> None:
    assert not is_buttons("Reply " + "- " * 26 + "x")


def test_three_buttons_near_each_other_are_a_row_of_comments() -> None:
    assert list(commented(["a", "Reply", "b", "Reply", "c", "Reply"])) == [[1, 3, 5]]
    assert list(commented(["a", "Reply", "b", "Reply"])) == []
    assert list(commented(["Reply", *"abcdefghijklmnop", "Reply", "Reply"])) == []


def test_lines_between_the_buttons_are_known_as_comments() -> None:
    found = view("\n".join([PROSE, "Anna", SAID, "Reply", "Ben", SAID, "Reply", "Carl", SAID, "Reply", PROSE]))
    assert [n for n, line in enumerate(found) if line.comment] == [3, 4, 5, 6, 7, 8]
    assert [n for n, line in enumerate(found) if line.rule == "comment_prompt"] == [3, 6, 9]
    assert _leaning(found[5]) == COMMENT


def test_a_second_run_finds_nothing_more() -> None:
    text = "\n".join([PROSE, PROSE, "Anna", SAID, "Reply", "Ben", SAID, "Reply", "Carl", SAID, "Reply"])
    once, findings = edits.run(text, boilerplate.RULES)
    assert {"Reply"} <= {line for finding in findings for line in finding.before.split("\n")}
    assert once.startswith(PROSE)
    assert edits.run(once, boilerplate.RULES) == (once, [])


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("May 3, 2021 at 10:31 am", True),
        ("#1.2 - Mon May 3, 2021 10:31 AM", True),
        ("~anna [2021-05-03 10:31]", True),
        ("Анна 3 мая 2021 10:31:05", True),
        ("3.05.21, 10:31", True),
        ("3 May 2021", False),  # a date of an article
        ("10:31", False),  # an hour of a report
        ("10:31 AM - 3 May 2021", False),  # a tweet's
        ("Sent: Monday, May 3, 2021 10:31 AM", False),  # a letter's
        ("The ferry left on 3 May 2021 at 10:31 and nobody saw where it went", False),
    ],
)
def test_dates_to_the_minute_are_told_from_those_of_articles(line: str, stamp: bool) -> None:
    assert is_stamp(line) is stamp


def test_rows_of_dates_are_comments_under_an_article_and_nowhere_else() -> None:
    assert list(stamped(["May 3, 2021 at 10:31", "a", "May 4, 2021 at 9:02", "b", "May 5, 2021 at 8:15"])) == [
        [0, 2, 4]
    ]
    row = ["Anna, 3.5.2021, 10:31", SAID, "Ben, 3.5.2021, 11:05", SAID, "Carl, 4.5.2021, 8:15", SAID]
    under = view("\n".join([PROSE, PROSE, PROSE, *row]))
    assert [n for n, line in enumerate(under) if line.comment] == [3, 4, 5, 6, 7, 8]
    assert not any(line.comment for line in view("\n".join([PROSE, *row])))  # a report that goes on may look so

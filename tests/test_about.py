"""What stands around prose: headings that say about whom the last paragraph is, and what belongs to a paragraph."""

from __future__ import annotations

import pytest

from pipeline.rules.boilerplate.about import about, is_heading
from pipeline.rules.boilerplate.doubtful import _beside_prose
from pipeline.rules.boilerplate.view import view

PROSE = "The ferry that sank off the island in autumn will be raised next week, its owner said on Monday evening."


def numbers(*lines: str) -> set[int]:
    return about(view("\n".join(lines)))


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("About Island Ferries Ltd", True),
        ("About the author", True),
        ("ABOUT US", True),
        ("Über Anna Muster", True),
        ("Об авторе:", True),
        ("关于作者", True),
        ("About half of the boats came back", False),
        ("About time", False),
        ("What we know about the boats", False),
        ("Sobre las islas", False),
    ],
)
def test_headings_that_say_about_whom_are_told_from_others(line: str, heading: bool) -> None:
    assert is_heading(line) is heading


def test_the_paragraph_under_such_a_heading_near_the_end_goes_with_it() -> None:
    article = [PROSE] * 4
    assert numbers(*article, "About Island Ferries", PROSE) == {4, 5}
    assert numbers(*article, "About Island Ferries", PROSE, "About the author", PROSE) == {4, 5, 6, 7}


def test_such_a_heading_in_the_middle_or_over_half_of_a_text_is_the_articles() -> None:
    article = [PROSE] * 4
    assert numbers(*article, "About Island Ferries", *article) == set()
    assert numbers(PROSE, "About Island Ferries", PROSE) == set()
    assert numbers(*article, "About Island Ferries", "Nobody knows.") == set()


@pytest.mark.parametrize(
    ("lines", "beside"),
    [
        (["The lost ferry", PROSE, "Menu"], {0}),
        (["Menu", "The lost ferry", PROSE], set()),
        ([PROSE, "Whoever looks for the boat will find this picture first:", "a.jpg"], {1}),
        ([PROSE, "And that, as they say, is all there is to it."], {1}),
        ([PROSE, "Poll loading …"], set()),
        (["Contact:", PROSE], set()),
    ],
)
def test_what_opens_announces_or_closes_stands_beside_prose(lines: list[str], beside: set[int]) -> None:
    assert _beside_prose(view("\n".join(lines))) == beside

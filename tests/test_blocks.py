"""What the line model sees of the block that a line stands in, and of the other pages of its site."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.records import LineUse
from pipeline.rules.boilerplate.blocks import blocks
from pipeline.rules.boilerplate.doubtful import _between_sentences, headlines, with_uses
from pipeline.rules.boilerplate.phrases import KEPT
from pipeline.rules.boilerplate.view import Line, ends_sentence, is_paragraph, view

PROSE = "The ferry that sank off the island in autumn will be raised next week, its owner said on Monday evening."
TITLES = ["Divers find the anchor of the lost ferry", "Fog keeps both boats in the harbour again"]


def columns(found: Sequence[Line]) -> list[list[float]]:
    """The columns of the lines, with a row for each column."""
    sizes = np.log1p(np.array([len(line.text) for line in found], np.float32))
    sentences = np.array([ends_sentence(line.text) for line in found])
    prose = np.array([is_paragraph(line.text) for line in found])
    rows = blocks(found, sizes, sentences, prose, np.zeros((len(found), 1), np.float32))
    made: list[list[float]] = np.round(rows.T.astype(np.float64), 2).tolist()
    return made


def test_a_row_of_titles_knows_its_length_and_the_place_of_each() -> None:
    made = columns(view("\n".join([PROSE, *TITLES, "Menu", PROSE])))
    titles_before, titles_after = made[2], made[3]
    one, two = 0.69, 1.1  # logarithms of 1 + 1 and of 1 + 2
    assert titles_before == [0, one, two, 0, 0]
    assert titles_after == [0, two, one, 0, 0]


def test_lines_know_how_far_up_a_prompt_for_comments_stands() -> None:
    made = columns(view("\n".join([PROSE, "Leave a comment", "Anna", PROSE])))
    since, before, after, above = made[6:10]
    assert since == [60, 0, 1, 2]
    assert before == [0, 0, 1, 1]
    assert after == [1, 0, 0, 0]
    assert above == [0, 0, 1, 1]


def test_lines_know_on_how_many_pages_of_their_site_they_stand() -> None:
    found = view("\n".join([PROSE, "Our boats and where they are", "Anna"]))
    uses = {"Our boats and where they are": LineUse(4, 5), "Anna": LineUse(2, 5, decision="reject")}
    told = with_uses(found, uses)
    assert [(line.pages, line.of, line.rule) for line in told] == [(0, 5, ""), (4, 5, "site_line"), (2, 5, KEPT)]
    assert [made[-2:] for made in zip(*columns(told), strict=True)] == [(0, 5), (4, 5), (2, 5)]
    assert with_uses(found, {}) == found


def test_the_headline_of_an_article_that_other_pages_link_to_is_its_own() -> None:
    headline = "Ferry that sank off island to be raised"
    other = "Mayor of the capital opens a second library"
    found = view("\n".join(["Menu", headline, "3 May 2021", PROSE, "Most read", headline, other]))
    assert headlines(found) == {1}
    uses = {headline: LineUse(9, 10), other: LineUse(9, 10)}
    assert [line.rule for line in with_uses(found, uses)[-2:]] == ["site_line", "site_line"]
    assert with_uses(found, uses)[1].rule == ""


def test_a_sentence_between_sentences_is_told_from_one_beside_a_link() -> None:
    short = "Nobody was hurt."
    lines = [PROSE, short, PROSE, "Read more: What divers saw", short, PROSE, "He said:", short, PROSE]
    assert _between_sentences(view("\n".join(lines))) == {1, 5, 7}

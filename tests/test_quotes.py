"""The sides of quotation marks and apostrophes, read for a line as a whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.rules.encoding.quotes.roles import Mark
from pipeline.rules.encoding.quotes.sides import SIDES, read

FREE = (0.0, 0.0, 0.0, 7.5)
WORDS = st.text("abs.,:!? (—0'\"", max_size=6)
MARKS = st.lists(st.builds(Mark, st.sampled_from("'\"‘’“”"), WORDS, WORDS, st.just(FREE)), max_size=12)


def sides(*marks: tuple[str, str, str]) -> list[str]:
    return [reading.side for reading in read([Mark(*mark, FREE) for mark in marks])]


@given(marks=MARKS, opened=st.booleans(), runs_on=st.booleans())
def test_each_mark_has_a_side_that_is_no_dearer_than_another(marks: list[Mark], opened: bool, runs_on: bool) -> None:
    readings = read(marks, opened=opened, runs_on=runs_on)
    assert len(readings) == len(marks)
    assert all(reading.side in SIDES and reading.margin >= 0 for reading in readings)


@given(number=st.integers(1, 20))
def test_quotations_open_and_close_in_turn(number: int) -> None:
    pair = [('"', "he said,", "we go"), ('"', "we go,", "and left")]
    assert sides(*pair * number) == ["opens", "closes"] * number


def test_the_line_tells_an_inner_quotation_from_whose_it_is() -> None:
    assert sides(('"', "said", "the"), ("'", "the", "great"), ("'", "great", "day"), ('"', "day.", "")) == [
        *("opens", "opens", "closes", "closes")
    ]
    assert sides(("'", "the analysts", "expectations")) == ["closes"]
    assert sides(("'", "hails", "genius"), ("'", "genius", "of old")) == ["opens", "closes"]
    assert sides(("'", "Syria", "s army"), ("'", "l", "homme")) == ["inside", "inside"]

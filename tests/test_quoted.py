"""Messages and tweets that an article shows stay; captions that credit somebody are rather the site's."""

from __future__ import annotations

import pytest

from pipeline.rules.boilerplate.captions import is_credited
from pipeline.rules.boilerplate.doubtful import CREDITED, HEADLINE, _leaning
from pipeline.rules.boilerplate.quoted import quoted
from pipeline.rules.boilerplate.view import view

PROSE = "The ferry that sank off the island in autumn will be raised next week, its owner said on Monday evening."


def numbers(*lines: str) -> set[int]:
    return quoted(view("\n".join(lines)))


def test_messages_of_two_who_take_turns_are_quoted() -> None:
    talk = [
        "Anna Doe",
        "Where is the boat?",
        "Ben Roe",
        "In the harbour.",
        "Anna Doe",
        "Since when?",
        "Ben Roe",
        "Noon.",
    ]
    assert numbers(PROSE, *talk) == {1, 2, 3, 4, 5, 6, 7, 8}


def test_names_that_stand_once_or_alone_are_no_talk() -> None:
    assert numbers("Anna Doe", "One.", "Ben Roe", "Two.", "Carl Poe", "Three.", "Dora Low", "Four.") == set()
    assert numbers("More", "One.", "More", "Two.", "More", "Three.", "More", "Four.") == set()
    assert numbers("Boats", "Ferries", "Boats", "Ferries", "Boats", "Ferries") == set()  # a menu, twice over


def test_readers_who_have_buttons_are_not_quoted() -> None:
    row = ["Anna Doe", "One.", "Reply", "Ben Roe", "Two.", "Reply"]
    assert not {2, 3, 4, 5} & numbers(*row, *row)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["The boat is up again", "— Anna Doe (@annadoe) May 3, 2021", PROSE], {0, 1}),
        (["Anna Doe @annadoe", "The boat is up again", "10:31 AM - 3 May 2021", PROSE], {0, 1}),
        (["Boats", "The boat is up again", "10:31 AM - 3 May 2021", PROSE], {1}),
        (["Boats", ">> Follow Anna Doe (@annadoe) on Twitter"], set()),
        (["Boats", "Published 10:31 AM - 3 May 2021"], set()),
    ],
)
def test_tweets_are_told_by_their_signature_or_their_hour(lines: list[str], expected: set[int]) -> None:
    assert numbers(*lines) == expected


@pytest.mark.parametrize(
    ("line", "credited"),
    [
        ("Boats wait in the harbour of the island on Monday. (Photo: Anna Doe)", True),
        ("Boats wait in the harbour of the island on Monday (AP Photo/Anna Doe)", True),
        ("Boote liegen am Montag im Hafen der Insel. Foto: Anna Doe", True),
        ("Boats wait in the harbour of the island | Photo by Anna Doe", True),
        ("Photo: Anna Doe", False),  # a phrase
        ("The photo of the boats was taken on Monday, the owner of the ferry said.", False),
        ("The boats (and their photo in the paper) have made the island known", False),
        ("Die elektronische Akte für alle kommt erst im nächsten Jahr (ePA)", False),
        (PROSE, False),
    ],
)
def test_captions_that_credit_somebody_are_told_from_sentences_about_pictures(line: str, credited: bool) -> None:
    assert is_credited(line) is credited


def test_the_limit_is_lower_for_a_credited_caption() -> None:
    (caption,) = view("Boats wait in the harbour of the island on Monday | Photo by Anna Doe")
    assert _leaning(caption) == CREDITED + HEADLINE

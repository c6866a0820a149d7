"""The score of English translations, and the rules that need more than a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import edits
from pipeline.facts import translation
from pipeline.facts.translation import explain, marks, qualities, quality
from pipeline.facts.translation.weights import from_arrays, load, to_arrays
from pipeline.records import Facts, Finding, Quality, Verdict
from pipeline.rules.translation import RULES, prose, score

SEEDS = Path(__file__).parents[1] / "seeds"

GOOD = """The city council of Aberdeen voted on Tuesday to close the old bridge over the river for at least six months.
Engineers had warned in March that two of its pillars were cracked and that heavy lorries should use another road.
"We did not take this decision lightly," said Anna Smith, the mayor, who has been in office since 2015.
Local businesses fear that they will lose customers while the repairs go on, and have asked the government for help.
The work is expected to cost about 4 million pounds, most of which will be paid by the Scottish government.
"""
GARBLED = """The congregation of the city was made to the sentence of the old pont in the face of the river of six moon.
The engineers which has been warned of two pilars is crack and the heavies was should to use the other of road.
By the mayor it came to pass that this decision we not taken the light, he whose house the bridge it has grown.
The shop of the oriental bank are afraid of the costumers loss and the repair of it are go to.
The work is awaited of four million of the books and the majority by the gubernment it will be pay.
"""


def scored(text: str) -> float:
    found = quality(text).score
    assert found is not None
    return found


def test_good_prose_scores_above_a_garbled_text_about_the_same() -> None:
    assert scored(GARBLED) < 0.4 < 0.65 < scored(GOOD)


def test_languages_that_are_not_scored_and_texts_too_short_to_tell_have_no_score() -> None:
    assert quality(GOOD, "de") == Quality(None)
    assert quality("") == quality("Too short.") == quality(" \n\n ") == Quality(None)


def test_texts_together_have_each_the_score_it_has_alone() -> None:
    texts = [GOOD, "", GARBLED, GOOD + GARBLED, "word " * 700, GOOD * 9]
    languages = ["en", "en", "en", "en", "en", "fr"]
    together = qualities(texts, languages)
    assert together == [quality(text, language) for text, language in zip(texts, languages, strict=True)]
    assert together[-1] == Quality(None)


def test_length_does_not_count() -> None:
    once, often = scored(GOOD), scored("\n".join([GOOD] * 10))
    assert abs(once - often) < 0.12


def test_a_garbled_text_names_sentences_and_why() -> None:
    findings = quality(GARBLED).findings
    assert 1 <= len(findings) <= 3
    assert all(GARBLED[f.start : f.end] == f.before and not f.is_edit for f in findings)
    assert [f.start for f in findings] == sorted(f.start for f in findings)
    assert any("not in the word list: " in f.detail for f in findings)


def test_a_good_text_has_no_findings() -> None:
    assert quality(GOOD).findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "We are sorry. " * 12,
        "We are sorry " * 12,
        "the council will meet on Friday and " * 6,
        "ha " * 20,
        "The ferry leaves at noon from the pier. " * 5,
    ],
)
def test_a_loop_is_garbled(text: str) -> None:
    found = quality(text).score
    assert found is not None
    assert found < score.GARBLED


@pytest.mark.parametrize(
    "again", ["Post by Harbour FM.\n" * 9, "- " * 15, "Read on. " * 6], ids=["posts", "dashes", "links"]
)
def test_what_a_page_repeats_beside_an_article_makes_no_loop_of_it(again: str) -> None:
    text = (
        "The council voted on Monday to close the old bridge for repairs until the end of the year, and asked drivers "
        "to take the ferry, which will run every twenty minutes from six in the morning. The mayor called it a blow.\n"
    )
    alone, beside = quality(text).score, quality(text + again).score
    assert alone is not None
    assert beside is not None
    assert beside > 0.7 * alone


def test_a_chant_is_none() -> None:
    chant = "“We want the bridge! We want the bridge! We want the bridge! We want the bridge!” "
    text = (
        f"The crowd on the square went on for an hour before the mayor came out of the town hall. {chant}they shouted."
    )
    found = quality(text).score
    assert found is not None
    assert found > score.GARBLED


def test_the_translated_seed_scores_below_the_originals() -> None:
    first, translated, last = (scored(file.read_text(encoding="utf-8")) for file in sorted(SEEDS.glob("*.txt")))
    assert translated < min(first, last) - 0.2


HOSTILE = ["a" * 10**6, "( " * 10**5, "\ud800 x " * 50, "& # 39 ;" * 999, ". " * 10**5, "é " * 999]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:6]))
def test_hostile_text_has_a_score_or_none(text: str) -> None:
    answer = quality(text)
    assert answer.score is None or 0 <= answer.score <= 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=4))
def test_any_text_has_a_score_between_nought_and_one_or_none(texts: list[str]) -> None:
    for text, answer in zip(texts, qualities(texts, ["en"] * len(texts)), strict=True):
        assert answer.score is None or 0 <= answer.score <= 1
        assert all(0 <= f.start <= f.end <= len(text) for f in answer.findings)


def test_the_weights_are_small_and_say_what_they_were_learned_from() -> None:
    file = resources.files(translation).joinpath("english.npz")
    assert len(file.read_bytes()) < 2_000_000
    assert [part.partition("=")[0] for part in load().data.split()] == [
        "translation_scored",
        "translation_documents",
        "translation_passages",
        "articles",
    ]


def test_the_weights_are_stored_as_they_are_read() -> None:
    file = resources.files(translation).joinpath("english.npz")
    with file.open("rb") as opened, np.load(opened) as stored:
        arrays = {name: stored[name] for name in stored.files}
    again = to_arrays(from_arrays(arrays))
    assert set(again) == set(arrays)
    for name, array in arrays.items():
        assert again[name].dtype == array.dtype
        np.testing.assert_array_equal(again[name], array)


def test_a_text_without_tokens_has_no_worst_sentences() -> None:
    nothing, some = explain.worst_sentences(pa.array(["", GARBLED]), load())
    assert nothing == []
    assert [GARBLED[f.start : f.end] for f in some] == [f.before for f in some]
    assert 1 <= len(some) <= explain.MOST


@pytest.mark.parametrize(
    ("paragraph", "found"),
    [
        ("one two three four", [(14, 1.0)]),
        ("One Two three four \t\r", [(14, 0.5)]),
        ("one two three four.", []),
        ("one two thre", []),  # too short
        ("one two_three_four_", []),
        ("onetwothreefour 5", []),  # too few words
    ],
)
def test_a_paragraph_without_an_end_is_told_by_its_last_letter(paragraph: str, found: list[tuple[int, float]]) -> None:
    text = f"Before.\n{paragraph}\nAfter."
    marked = marks.unended_paragraphs(text, min_letters=14, min_words=3)
    assert [(mark.start - len("Before.\n"), small) for mark, small in marked] == found


def test_a_headline_may_be_half_in_small_letters_for_the_rule_and_not_for_the_score() -> None:
    text = ("Minister Says " + "that it is Late And ") * 8 + "he Left"
    assert list(prose.find_missing_full_stops(text, Facts())) == []
    text = "One two " * 25 + "the End"  # half of the words are small
    assert [hit.detail for hit in prose.find_missing_full_stops(text, Facts())] == ["52 words and no full stop"]
    assert list(marks.stopless_paragraphs(text)) == []


Finder = Callable[[str], Iterator[marks.Mark]]
MARKED: dict[Finder, list[str]] = {
    marks.broken_entities: ["the & # 39; Freedom & # 39; march", 'He was "happy,quot; she said'],
    marks.misset_signs: [
        "They broke the law.. He left.",
        'It was an accident. "\n',
        'warm clothes, "the charity of the town said today\n',
    ],
    marks.inverted_attributions: ['"We will help," the coordinator said on Monday, John Smith.\n'],
    marks.flipped_speakers: ["Smith said it was late. It rained, he said. She said it was early."],
    marks.stopless_paragraphs: ["The minister " + "told the reporters that it was late and " * 6 + "left"],
}  # fmt: skip
SPARED: dict[Finder, list[str]] = {
    marks.broken_entities: ["AT&T; R&D; the quot; of", "Tom & Jerry #1; &amp; &#39;"],
    marks.misset_signs: ['He said, "it is late." ... and left.', "Wait... what"],
    marks.inverted_attributions: [
        "the coordinator, John Smith, said on Monday.",
        "he said on Monday, London time, that",
    ],
    marks.flipped_speakers: ["Smith said it was late. He said no. Anna Jones came. She said yes."],
    marks.salads: [
        "He crossed the the bridge, and a and b were there.",
        "the of",
        "The is-it-art debate, the that’s-all look",
    ],
    marks.stopless_paragraphs: ["A headline without a stop", "Names: " + "John Smith, Anna Jones, " * 12 + "Bob Dean"],
}


@pytest.mark.parametrize("finder", MARKED, ids=lambda finder: finder.__name__)
def test_a_mark_of_translation_is_found_and_its_screen_sees_it(finder: Finder) -> None:
    for text in MARKED[finder]:
        assert list(finder(text)), text
        assert [mark for mark, _ in marks.find(pa.array([text]))[0]] == list(finder(text))


@pytest.mark.parametrize("finder", SPARED, ids=lambda finder: finder.__name__)
def test_plain_english_has_no_such_mark(finder: Finder) -> None:
    for text in SPARED[finder]:
        assert list(finder(text)) == [], text


@pytest.mark.parametrize("finder", MARKED, ids=lambda finder: finder.__name__)
@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([*chain(*MARKED.values()), "\n", " ", "he said ", "She told "]), max_size=5).map("".join)
)
def test_a_screen_hides_no_mark(finder: Finder, text: str) -> None:
    found = [mark for mark, _ in marks.find(pa.array(["", text])).get(1, ())]
    assert [mark for mark in finder(text) if mark not in found] == []


def test_a_low_score_quarantines_with_its_numbers_and_the_sentences() -> None:
    bad = Finding("translation/low_score", 4, 9, "hungr", None, "out of place: hungr")
    facts = Facts(quality=Quality(0.2, (bad,)))
    _, findings = edits.run("the hungr pas", RULES, facts)
    assert [(f.start, f.end, f.detail) for f in findings if f.rule == "translation/low_score"] == [
        (4, 9, f"score 0.20 < {score.GARBLED:.2f}; out of place: hungr")
    ]
    assert edits.judge(RULES, findings)[0] is Verdict.QUARANTINE


@pytest.mark.parametrize(
    ("value", "limits", "expected"),
    [
        (0.5, {}, ["score 0.50 < 0.62"]),
        (0.62, {}, []),
        (0.41, {}, []),
        (0.41, {"low_score": 0.3}, ["score 0.41 < 0.62"]),
        (0.5, {"min_score": 0.45}, []),
    ],
)
def test_a_weak_score_is_one_that_is_not_low(value: float, limits: dict[str, float], expected: list[str]) -> None:
    hits = score.find_weak_score("the text", Facts(quality=Quality(value)), **limits)
    assert [hit.detail for hit in hits] == expected


def test_sentences_are_explained_below_the_limit_that_is_handed_in() -> None:
    (shown,), (hidden,) = (qualities([GARBLED], ["en"], explained=limit) for limit in (0.62, 0.0))
    assert shown.score == hidden.score
    assert shown.findings
    assert hidden.findings == ()


def test_findings_of_another_text_are_not_shown() -> None:
    stale = Finding("translation/low_score", 0, 5, "other", None, "why")
    hits = list(score.find_low_score("the text", Facts(quality=Quality(0.1, (stale,)))))
    assert [(hit.start, hit.end) for hit in hits] == [(0, 0)]

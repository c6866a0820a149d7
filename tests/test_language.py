"""`facts/language`: the n-grams are langdetect's own, the sums are exact, and an answer depends on its text alone."""

from __future__ import annotations

from pathlib import Path

import langdetect
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.utils.ngram import NGram

from pipeline.facts.language import (
    certainty,
    detect,
    detect_all,
    detect_with_passages,
    ngrams,
    passages,
    profiles,
    sums,
    sums_of,
)
from pipeline.records import Language

PACKAGE = Path(langdetect.__path__[0])
SEEDS = Path(__file__).resolve().parents[1] / "seeds"
ENGLISH = "The council voted on Tuesday to keep the border open through the winter, its speaker said."
GERMAN = "Der Rat stimmte am Dienstag dafür, die Grenze den Winter über offen zu halten, sagte der Sprecher."


@pytest.fixture(scope="module")
def factory() -> DetectorFactory:
    made = DetectorFactory()
    made.load_profile(PROFILES_DIRECTORY)
    return made


# Letters that langdetect treats in a way of their own, among any others.
LETTERS = st.sampled_from("aAbBzZ éÉ\u0301\u0323ơ ışţșțأیяЖ漢両がカ가ㄅể\u00a0«'’@./:-_1\n\r\t\u2028[`")
PIECES = st.one_of(
    st.text(LETTERS, max_size=12),
    st.text(max_size=8),
    st.sampled_from(["http://a.b/c?d=1", "https://x", "me@mail.example.org", "a@b", "USA today", ENGLISH, GERMAN]),
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)


@settings(max_examples=300, deadline=None)
@example(texts=["ể[Á\u0301\u0301"])  # langdetect means to count U+1EC3 as Latin, and does not
@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_the_sums_are_those_of_langdetects_own_ngrams(factory: DetectorFactory, texts: list[str]) -> None:
    assume(not any(ngrams.is_shouted(text) or "</" in text for text in texts))
    packed = profiles.load()
    run = ngrams.stream(texts, packed.alphabet, by_line=False)
    rows = profiles.rows_at(packed, run, np.arange(-2, len(run.points))[None, :])[0]
    total = np.zeros((len(texts), len(packed.languages)))
    for owner, start, stop in zip(run.owner, run.start, run.stop, strict=True):
        total[owner] = packed.table[rows[start : stop + 1], : len(packed.languages)].sum(axis=0, dtype=np.float64)
    for text, found in zip(texts, total, strict=True):
        detector = factory.create()
        detector.append(text)
        detector.cleaning_text()
        shares = [factory.word_lang_prob_map[gram] for gram in detector._extract_ngrams()]
        expected = np.log1p(np.array(shares).reshape(-1, len(factory.langlist)) / profiles.ALPHA).sum(axis=0)
        order = [factory.langlist.index(code) for code in packed.languages]
        np.testing.assert_allclose(found, expected[order], rtol=1e-4, atol=len(text) / profiles.STEPS + 1e-3)


def test_each_code_point_counts_as_langdetect_counts_it() -> None:
    table = ngrams.normalized(PACKAGE)
    assert [point for point in range(ngrams.POINTS) if ord(NGram.normalize(chr(point))) != table[point]] == []


@pytest.mark.parametrize(
    "text", ["", " ", "1234 5678", "😀😀😀", "\n\n\r\n", "a" * 1_000_000, "@" * 1000, "\ud800", "Я"]
)
def test_what_is_no_language_is_undetermined(text: str) -> None:
    assert detect(text).code == "und"


@pytest.mark.parametrize("name", ["000_e7ac5253860ec0da", "001_2059845ff647bd54", "002_36873d84efbc44f9"])
def test_the_seeds_are_english(name: str) -> None:
    language = detect((SEEDS / f"{name}.txt").read_text(encoding="utf-8"))
    assert language.code == "en"
    assert language.probability > 0.98


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(TEXTS, max_size=5))
def test_an_answer_depends_on_its_own_text_alone(texts: list[str]) -> None:
    assert detect_all(texts) == [detect(text) for text in texts]
    assert detect_all(pa.array(texts, pa.string())) == detect_all(texts)
    assert [language for language, _ in detect_with_passages(texts)] == detect_all(texts)


def test_a_paragraph_in_another_language_is_a_passage_of_its_own() -> None:
    text = f"{ENGLISH}\n\n{GERMAN}\n{ENGLISH}\n"
    found = passages(text)
    assert [language.code for _, _, language in found] == ["en", "de", "en"]
    assert [text[start:end] for start, end, _ in found] == [ENGLISH, GERMAN, ENGLISH]


def test_passages_come_along_only_where_a_line_differs() -> None:
    (one, none), (two, some) = detect_with_passages([ENGLISH, f"{ENGLISH}\n{ENGLISH}\n{GERMAN}"])
    assert (one.code, none) == ("en", ())
    assert (two.code, [p.language.code for p in some]) == ("en", ["en", "de"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("MAYOR SAYS THE OLD BRIDGE WILL STAY CLOSED UNTIL SPRING", "en"),
        ("BÜRGERMEISTERIN: DIE ALTE BRÜCKE BLEIBT BIS ZUM FRÜHJAHR GESPERRT", "de"),
        ("ESKİ KÖPRÜ İLKBAHARA KADAR KAPALI KALACAK, DEDİ BELEDİYE BAŞKANI", "tr"),
        ("СТАРЫЙ МОСТ ОСТАНЕТСЯ ЗАКРЫТЫМ ДО ВЕСНЫ, СООБЩИЛА МЭРИЯ", "ru"),
        ('<p class="lead">Die alte Brücke bleibt bis zum Frühjahr gesperrt.</p>', "de"),
    ],
)
def test_capitals_and_tags_hide_no_language(text: str, code: str) -> None:
    assert detect(text).code == code


@pytest.mark.parametrize(
    "text",
    [
        "def total(rows):\n    return sum(row.price for row in rows if row.sold)",
        "for (let i = 0; i < names.length; i++) {\n  console.log(names[i]);\n}",
        ".card { margin: 0 auto; color: #333; }\n.card p { line-height: 1.5; }",
        "SELECT name, count(*) FROM readers WHERE city = 'Oslo' GROUP BY name;",
        '{"title": "The bridge", "tags": ["town", "river"], "views": 310}',
    ],
)
def test_a_program_is_in_no_language(text: str) -> None:
    assert detect(text) == Language("und", 1.0)


def test_langdetects_short_headline_is_not_taken_for_another_language() -> None:
    assert detect("Breaking news: Trump said Tuesday").code in ("en", "und")


def test_a_foreign_paragraph_is_found_in_a_long_text_that_is_only_sampled() -> None:
    text = "\n".join([ENGLISH] * 20 + [GERMAN] + [ENGLISH] * 20)
    language, found = detect_with_passages([text])[0]
    assert language.code == "en"
    assert [text[start:end] for start, end, of in found if of.code == "de"] == [GERMAN]


def test_a_mixed_text_has_the_language_of_its_greatest_part() -> None:
    chinese = "联合国安理会周二开会讨论这场冲突，并呼吁各方立即停火。"
    language, found = detect_with_passages([f"{chinese * 4}\n{ENGLISH}"])[0]
    assert language.code == "zh-cn"
    assert [of.code for _, _, of in found] == ["zh-cn", "en"]


@pytest.mark.parametrize(
    "text",
    [
        "Azərbaycan Respublikasının Prezidenti bu gün xarici işlər nazirini qəbul edib və danışıqlar aparıb.",
        "Հայաստանի Հանրապետության կառավարությունը այսօր ընդունեց նոր օրենքը։",
        "Ukuphila kwabantu basezindaweni zasemakhaya kudinga usizo lukahulumeni masinyane.",
    ],
)
def test_a_language_that_langdetect_lacks_is_undetermined_and_not_a_neighbour(text: str) -> None:
    assert detect(text).code == "und"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("聯合國安全理事會星期二開會討論這場衝突，並呼籲各方立即停火。", "zh-tw"),
        ("联合国安全理事会星期二开会讨论这场冲突，并呼吁各方立即停火。", "zh-cn"),
        ("ಕರ್ನಾಟಕ ರಾಜ್ಯದ ಮುಖ್ಯಮಂತ್ರಿಗಳು ಇಂದು ಬೆಂಗಳೂರಿನಲ್ಲಿ ಸಭೆ ನಡೆಸಿದರು.", "kn"),
        ("കേരളത്തിലെ മുഖ്യമന്ത്രി ഇന്ന് തിരുവനന്തപുരത്ത് യോഗം വിളിച്ചു.", "ml"),
        ("नेपाल सरकारले आज काठमाडौंमा मन्त्रिपरिषद्को बैठक बोलाएको छ र निर्णय गरेको छ।", "ne"),
    ],
)
def test_the_languages_that_no_labelled_text_was_there_for(text: str, code: str) -> None:
    assert detect(text).code == code


def test_a_text_of_countless_lines_is_thinned_and_stays_what_it_is() -> None:
    assert detect(f"{ENGLISH}\n" * 9000).code == "en"
    assert detect("a\n" * 200_000).code == "und"


@pytest.mark.parametrize("piece", ["a@", "http://", "\u0301", "’1 ", "A\u0301", "\ud800", "\r\n"])
def test_a_hostile_text_is_read_in_bounded_work(piece: str) -> None:
    assert detect(piece * 100_000).code == "und"


def test_sums_of_blocks_are_those_of_the_rows() -> None:
    rows = np.arange(24, dtype=np.float32).reshape(12, 2)
    counts = np.array([1, 5, 2, 4])
    expected = np.add.reduceat(rows, np.cumsum(counts) - counts, axis=0)
    np.testing.assert_array_equal(sums.folded(rows, counts), expected)


def test_the_sums_of_a_text_are_those_of_its_lines_and_count_its_letters() -> None:
    packed = profiles.load()
    both, english, german = sums_of([f"{ENGLISH}\n{GERMAN}", ENGLISH, GERMAN], packed)
    np.testing.assert_array_equal(both, english + german)
    assert packed.languages[english[: len(packed.languages)].argmax()] == "en"
    assert english[-1] == sum(map(str.isalpha, ENGLISH))


def test_of_sampled_lines_the_first_blocks_of_each_eight_are_read() -> None:
    packed = profiles.load()
    line = "".join(chr(ord("a") + number % 26) for number in range(sums.BLOCK * sums.SAMPLE_OF * 2))
    run = ngrams.stream([line], packed.alphabet)
    first = np.zeros(1, np.int64)
    whole, some = (sums.of_lines(packed, run, first, np.array([sampled]), 1)[0, -1] for sampled in (False, True))
    # the line's end opens a block of its own
    assert (whole, some) == (len(line), 2 * sums.BLOCK)


def test_what_a_profile_cannot_do_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "ABSENT", 3)
    counts = profiles.Counts(np.array(["a", "ab"], "<U3"), np.array([2, 1]), np.array([2, 1, 1]))
    with pytest.raises(ValueError, match="the keys have room for 3"):
        profiles.pack({"xx": counts}, {}, PACKAGE)


def test_probabilities_are_fitted_for_exactly_the_profiles_installed() -> None:
    packed, weights = profiles.load(), certainty.load()
    columns = len(packed.languages) + len(packed.neighbours)
    assert len(packed.languages) == len(weights.usual) == len(weights.spread) == 55
    assert len(weights.louder) == len(weights.prior) == columns
    assert columns < packed.table.shape[1]


def test_no_text_gives_no_answer() -> None:
    assert detect_all([]) == []
    assert passages("") == ()
    assert detect("x") == Language("und", 1.0)

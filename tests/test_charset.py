"""`sources/charset/`: bytes to text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.charset.decode import decode
from pipeline.sources.charset.labels import codec_of, declared_in

RUSSIAN = "Совет директоров утвердил бюджет на следующий год, сообщила пресс-служба компании во вторник. " * 3
FRENCH = "L'été dernier, la préfète a reçu les élèves du collège à l'hôtel de ville, où ils ont dîné. " * 3
CHINESE = "市政府昨日宣布，新的地铁线路将于明年春天开通，全长约三十公里，共设二十个车站。" * 3
JAPANESE = "市は昨日、新しい地下鉄の路線が来年の春に開通すると発表した。全長は約三十キロメートルである。" * 3
KOREAN = "시는 어제 새로운 지하철 노선이 내년 봄에 개통될 것이라고 발표했다. 길이는 약 삼십 킬로미터이다. " * 3


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\0")))
def test_utf_8_is_read_as_it_is_and_loses_nothing(text: str) -> None:
    decoded = decode(text.encode("utf-8"))
    assert decoded.text == text or "\x1b" in text or "~{" in text
    assert decoded.replaced == 0


@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "latin-1", "gbk", "koi8-r", "utf-16", "no such"]))
def test_any_bytes_give_a_text_that_can_be_written_again(content: bytes, declared: str | None) -> None:
    decoded = decode(content, declared)
    assert decoded.text.encode("utf-8").decode("utf-8") == decoded.text
    assert 0 <= decoded.certainty <= 1
    assert decoded.replaced >= 0


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides_and_is_no_part_of_the_text(codec: str) -> None:
    decoded = decode(FRENCH.encode(codec), "koi8-r")
    assert (decoded.text, decoded.how, decoded.certainty) == (FRENCH, "bom", 1.0)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_utf_16_and_32_are_seen_without_a_byte_order_mark(codec: str) -> None:
    assert decode(FRENCH.encode(codec)).text == FRENCH


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1251", "gb2312", "utf-16", "x-unknown"])
def test_a_declaration_that_the_bytes_contradict_loses(declared: str) -> None:
    assert decode(RUSSIAN.encode("utf-8"), declared).text == RUSSIAN


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("latin1", "cp1252", "“" + FRENCH + "”"),
        ("gb2312", "gb18030", CHINESE + "镕"),
        ("shift_jis", "cp932", JAPANESE + "①"),
        ("ks_c_5601-1987", "cp949", KOREAN + "똠"),
        ("koi8-r", "koi8-r", RUSSIAN),
        ("ISO-2022-JP", "iso2022_jp_2", JAPANESE),
    ],
)
def test_a_declared_charset_is_read_as_its_superset(label: str, codec: str, text: str) -> None:
    decoded = decode(text.encode(codec), label)
    assert (decoded.text, decoded.how) == (text, "declared")
    page = f'<html><head><meta charset="{label}"></head>{text}'
    assert decode(page.encode(codec)).text == page


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp866"),
        (FRENCH, "cp1252"),
        (CHINESE, "gb18030"),
        (CHINESE.replace("约", "約"), "gbk"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (KOREAN, "cp949"),
    ],
)
def test_a_charset_nobody_declared_is_detected(text: str, codec: str) -> None:
    decoded = decode(text.encode(codec))
    assert (decoded.text, decoded.how, decoded.replaced) == (text, "detected", 0)


def test_one_bad_byte_does_not_cost_its_neighbours() -> None:
    content = RUSSIAN.encode() + b"caf\xe9 \x93quoted\x94 " + RUSSIAN.encode()
    decoded = decode(content)
    assert decoded.text == RUSSIAN + "café “quoted” " + RUSSIAN
    assert (decoded.charset, decoded.how, decoded.replaced) == ("utf-8", "repaired", 0)


@pytest.mark.parametrize(
    ("text", "codec"),
    [(CHINESE, "gb18030"), (CHINESE.replace("约", "約"), "gbk"), (JAPANESE, "euc_jp"), (KOREAN, "cp949")],
)
@pytest.mark.parametrize("declared", [True, False])
def test_one_bad_byte_in_another_charset_is_one_replacement_character(text: str, codec: str, declared: bool) -> None:
    content = text.encode(codec) + b"\xff\n" + text.encode(codec)
    decoded = decode(content, codec if declared else None)
    assert decoded.text == text + "\ufffd\n" + text
    assert (decoded.how, decoded.replaced) == ("declared" if declared else "detected", 1)


def test_utf_16_that_is_cut_within_a_character_loses_that_one() -> None:
    decoded = decode(FRENCH.encode("utf-16-le")[:-1])
    assert decoded.text == FRENCH[:-1] + "\ufffd"
    assert (decoded.charset, decoded.how, decoded.replaced) == ("utf-16-le", "detected", 1)


def test_utf_16_that_passes_for_utf_8_is_seen_by_its_nuls() -> None:
    text = "Short words of English, with one 胃 in them. " * 20
    content = text.encode("utf-16-le")
    assert content.decode("utf-8")
    assert decode(content).text == text


@pytest.mark.parametrize(("label", "text"), [("hz", "plain ~{ words"), ("iso-2022-kr", "plain words")])
def test_bytes_that_break_an_escaped_charset_are_read_otherwise(label: str, text: str) -> None:
    decoded = decode(text.encode() + b" caf\xe9 \x1b", label)
    assert decoded.text == text + " café \x1b"
    assert decoded.how == "detected"


def test_what_only_looks_like_an_escape_is_text() -> None:
    assert decode(b"if (a ~{ b)").text == "if (a ~{ b)"


def test_noise_between_words_costs_what_cannot_be_read_and_is_counted() -> None:
    decoded = decode(b"Plain words and \xbf\xdf\x95\x85g\xe0\x94 more words")
    assert decoded.text.startswith("Plain words and ")
    assert decoded.text.endswith(" more words")
    assert decoded.replaced == decoded.text.count("\ufffd") == 2
    assert decoded.certainty < 0.1


def test_latin_1_that_a_server_declares_without_knowing_loses() -> None:
    decoded = decode(RUSSIAN.encode("cp1251"), "iso-8859-1")
    assert (decoded.text, decoded.how) == (RUSSIAN, "detected")


def test_short_chinese_that_passes_for_utf_8_is_read_as_declared() -> None:
    content = "通知".encode("gbk")  # CD A8 D6 AA: also two letters in UTF-8
    assert content.decode("utf-8")
    assert decode(content, "gbk").text == "通知"


@pytest.mark.parametrize(
    ("content", "text", "replaced"),
    [
        (b"caf\xc3\xa9 \xed\xa0\xbd\xed\xb8\x80", "café \U0001f600", 0),  # two surrogates of three bytes each
        (b"caf\xc3\xa9 na\xc3\xafve \xc0\x80.", "café naïve \0.", 0),
        (b"caf\xc3\xa9 na\xc3\xafve \xe2\x80 cut", "café naïve \ufffd cut", 1),
        (b"caf\xc3\xa9 na\xc3\xafve \xe2\x80", "café naïve \ufffd", 1),
        (b"caf\xc3\xa9 na\xc3\xafve \x81", "café naïve \x81", 0),
        (b"\xe2\x80\x9ccaf\xe9\x94 d\xe9j\xe0 vu \xe0 l'\xe9t\xe9", "“café” déjà vu à l'été", 0),
    ],
)
def test_variants_and_scraps_of_utf_8(content: bytes, text: str, replaced: int) -> None:
    decoded = decode(content)
    assert (decoded.text, decoded.replaced) == (text, replaced)


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("UTF8", "utf-8"),
        (" latin1 ", "cp1252"),
        ("tis-620", "cp874"),
        ("big5", "big5hkscs"),
        ("x-sjis", "cp932"),
        ("johab", "johab"),
        ("base64", None),
        ("x" * 10_000, None),
        ("", None),
        (None, None),
    ],
)
def test_labels_mean_what_they_mean_to_browsers(label: str | None, codec: str | None) -> None:
    assert codec_of(label) == codec


def test_labels_are_found_in_xml_and_meta_tags_only() -> None:
    assert declared_in(b'<?xml version="1.0" encoding="EUC-JP"?><rss>') == "EUC-JP"
    assert declared_in(b"<html><META content='text/html;charset=big5' http-equiv=content-type>") == "big5"
    assert declared_in(b"<p>The charset=koi8-r header</p>") is None


@pytest.mark.parametrize("byte", [bytes([b]) for b in (0, 9, 27, 32, 60, 61, 126, 128, 192, 224, 237, 255)])
def test_a_megabyte_of_one_byte_is_read(byte: bytes) -> None:
    assert decode(byte * 1_000_000).text
    assert decode(b"<meta " + byte * 1_000_000).text


def test_bytes_of_two_characters_are_no_replacement_character() -> None:
    """U+FD41 and U+00FF in UTF-16: the second byte of the one and the first of the other look like U+FFFD."""
    assert decode(b"\xff\xfe\x41\xfd\xff\x00").replaced == 0
    assert decode(b"\xff\xfe\xfd\xff\x41\x00").replaced == 0
    assert decode(b"\xff\xfe\x00\xd8\x41\x00").replaced == 1

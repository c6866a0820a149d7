"""Boilerplate in plain text: phrases and how a user changes them, blocks, and the guard over the whole."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import config, edits
from pipeline.engine import storage
from pipeline.engine.local import LocalEngine
from pipeline.errors import SettingsError
from pipeline.facts import decisions, lines
from pipeline.records import Facts, Finding, Hit, LineUse
from pipeline.rules import boilerplate
from pipeline.rules.boilerplate.doubtful import learned
from pipeline.rules.boilerplate.phrases import Kind, phrases_of
from pipeline.rules.boilerplate.view import ends_sentence
from pipeline.stages import tables
from pipeline.stages.order import STAGES

SEEDS = Path(__file__).resolve().parents[1] / "tests" / "golden"


def cut(text: str, additions: str = "") -> list[str]:
    """The lines that the stage cuts."""
    _, findings = edits.run(text, boilerplate.rules(additions))
    return [line for f in findings if f.is_edit for line in f.before.split("\n") if line.strip()]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Read more: What the treaty says", Kind("related_links")),
        ("»  READ MORE : what the treaty says…", Kind("related_links")),
        ("RELATED STORIES", Kind("related_links", opens=True)),
        ("Facebook", Kind("share_prompt", doubtful=True)),
        ("Don’t miss", Kind("related_links", opens=True)),
        ("İlgili", None),
        ("", None),
        ("Read more" + " and more" * 100, None),
        ("The Daily ©2019 all the rest", Kind("copyright_notice", sentences=True)),
        ("The Daily |12 May 2019", Kind("date_stamp")),
        ("_The Daily_: All—Rights—RESERVED_", Kind("copyright_notice", sentences=True)),
        ("A Photographer/AP photos", None),
        ("A Photographer/AP Photo", Kind("photo_credit")),
    ],
)
def test_a_phrase_matches_whole_lines_whatever_their_case_and_punctuation(line: str, kind: Kind | None) -> None:
    assert phrases_of("").kind(line) == kind


def test_a_users_file_adds_phrases_and_switches_default_ones_off() -> None:
    mine = (
        'off = ["advertisement"]\n'
        '[[phrases]]\nrule = "advertisement"\nlines = ["a message from {our|the} sponsors", "<fruit> of the day **"]\n'
        '[sets]\nfruit = ["apple", "pear"]\n'
    )
    phrases = phrases_of(mine)
    assert phrases.kind("A message from the sponsors") == Kind("advertisement", sentences=True)
    assert phrases.kind("Pear of the day: so sweet") == Kind("advertisement", sentences=True)
    assert phrases.kind("Advertisement") == Kind("kept")
    text = "One sentence.\nAdvertisement\nA message from our sponsors\nAnother one."
    assert cut(text) == ["Advertisement"]
    assert cut(text, mine) == ["A message from our sponsors"]


AROUND = (
    "Divers have begun to raise the ferry that sank off the island in autumn, with nobody on board at the time.",
    "Its owner expects the work to take until spring, and has promised the villages another boat for the summer.",
)


@pytest.mark.parametrize(
    "line",
    [
        "More about the storm is awaited tonight.",
        "Also on board were two cooks and a nurse.",
        "Published in May, the novel sold out at once.",
        "Más de la mitad de los barcos siguen en puerto.",
        "Les derniers articles de la loi restent à voter.",
        "Datenschutz kostet die Inseln viel Geld.",
        "Подробнее он рассказать не захотел.",
        "المزيد من السفن عادت إلى الميناء.",
        "Fuentes caught nine fish that day.",
        "7 May 2023 was the day the ferry sank.",
        "Got it.",
        "“More.”",
        "I agree!",
        "Share it with the crew?",
        "Further reading",
        "Copyright",
        "Privacy",
        "Corrections",
        "Facebook",
        "7 May",
        "Friday, May 7",
        "Via: Piraeus",
        "Pages: 214",
        "Impressum",
        "Quelle: Hafenamt Kiel",
        "地址: 上海",
        "We use cookies with nuts for this cake, the baker said.",
        "We use cookies instead of bread.",
        "Nous utilisons moins de bois que nos parents.",
        "Wir verwenden Cookies statt Brot, sagte die Köchin.",
        "No spam filter has ever caught this trick.",
        "Not a member of any party, she ran alone.",
        "Already a member of the club, he paid nothing.",
        "By using the old quay, the agreed plan would save years.",
        "By signing the pact, both islands agree to share the water.",
        "The views expressed by the fishermen had changed within a year.",
        "Counts of boats do not necessarily reflect the official catch.",
        "This report was published in spring by the harbour office.",
        "This story was taken from a diary that the cook had kept.",
        "This video is no longer funny to those who were there.",
        "Dieser Text wurde ursprünglich von einem Mönch verfasst.",
        "© is the sign that stood on every crate, the captain said.",
        "Start >>> stop",
        "Update 9 a.m. Friday: what the crew says",
        "UPDATE 3/5/2021: this story has turned out to be wrong",
        "Ochrana osobních údajů stála přístav mnoho peněz.",
        "Podpořte nás, volali rybáři z lodí.",
        "Xem thêm phim là điều anh muốn tối nay.",
        "Chính sách bảo mật đã đổi hai lần trong năm.",
        "Baca juga buku itu, kata sang nelayan.",
        "Dapatkan berita itu dari kapal, bukan dari kantor.",
    ],
)
def test_a_line_that_an_article_may_have_stays(line: str) -> None:
    assert cut(f"{AROUND[0]}\n\n{line}\n\n{AROUND[1]}") == []


@pytest.mark.parametrize(
    "line", ["नाव कल लौटेगी।", "নৌকা কাল ফিরবে।", "کشتی کل آئے گی۔", "ጀልባው ነገ ይመለሳል።", "Նավը վաղը կգա։"]
)
def test_sentences_end_in_other_scripts_too(line: str) -> None:
    assert ends_sentence(line)


def test_a_list_that_a_sentence_announces_is_the_articles() -> None:
    items = ["Facebook", "Twitter", "Email", "Newsletters"]
    assert cut("\n".join([AROUND[0], "The channels that young people named most often were:", *items, AROUND[1]])) == []
    bar = [AROUND[0], "Share this article:", *items[:3], AROUND[1]]
    assert cut("\n".join(bar)) == ["Share this article:", *items[:3]]


def test_the_hours_of_a_report_that_goes_on_are_its_headings() -> None:
    assert cut("\n".join(["Updated at 10:15", AROUND[0], "Updated at 10:42", AROUND[1]])) == []


@pytest.mark.parametrize(
    "line",
    [
        "We use cookies to improve your visit.",
        "© 2024 The Daily. All rights reserved.",
        "You must be logged in to post a comment.",
        "This article was first published in The Weekly.",
        "The post Bridge to stay shut appeared first on The Daily.",
        "Der Beitrag Brücke bleibt zu erschien zuerst auf Tageblatt.",
        "LEA TAMBIÉN | El puente sigue cerrado",
        "À LIRE AUSSI - Le pont reste fermé",
        "LEGGI ANCHE > Il ponte resta chiuso",
        "Baca juga: Jembatan masih ditutup",
        "Přečtěte si také",
        "Tin liên quan",
        "Click here to subscribe",
        "We use cookies to know you again.",
        "Wir verwenden Cookies, um Sie wiederzuerkennen.",
        "Nous utilisons des cookies pour vous reconnaître.",
        "By continuing to use our pages you accept the rules of the house.",
        "Home > News > Islands",
        "Accueil » Société » Îles",
        "Startseite › Region",
        "Lesen Sie auch: Die Brücke bleibt gesperrt",
        "Leia mais: A ponte continua fechada",
        "Video Player is loading.",
        "Support local journalism. Subscribe today.",
        "This report has not been edited by the newsroom; it was sent by an agency.",
        "(avec AFP)",
        "Update: 3 mei 2021 14:20",
        "Com informações da agência Ilha",
        "Článek pokračuje pod reklamou",
        "Zásady ochrany osobních údajů",
        "Aktualizováno 3. 5. 2021 8:40",
        "Điều khoản sử dụng",
        "Quay lại trang chủ",
        "Chủ nhật, 3/5/2021",
        "Simak berita lainnya di Google News",
        "Tinggalkan komentar",
        "Diperbarui 3 Mei 2021",
    ],
)
def test_what_no_article_says_goes(line: str) -> None:
    assert cut(f"{AROUND[0]}\n\n{line}\n\n{AROUND[1]}") == [line]


def test_a_way_through_menus_that_an_article_tells_stays() -> None:
    assert cut(f"{AROUND[0]}\n\nStart > Settings > Network\n\n{AROUND[1]}") == []
    assert cut(f"{AROUND[0]} Open the menu:\n\nHome > Settings > Network\n\n{AROUND[1]}") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("off = ['no such phrase']", "none of the default phrases"),
        ("[[phrases]]\nrule = 'continued'\nlines = ['** #']", "without a word of its own"),
        ("[[phrases]]\nrule = 'continued'\nlines = ['<no> more']", "no set"),
        ("[[phrases]]\nlines = ['more']", "needs rule and lines"),
        ("[[phrases]]\nrule = 'continued'\nlines = ['read} more']", "a brace too many"),
        ("[[phrases]", "line 1"),
    ],
)
def test_a_users_file_that_is_wrong_says_where(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=message) as error:
        config.parse(STAGES, {"boilerplate": {"phrases": str(file)}}, "settings.toml")
    assert str(error.value).startswith(f"{file}: ")


def test_the_heading_in_the_first_seed_goes_and_nothing_else_in_any() -> None:
    texts = [file.read_text(encoding="utf-8") for file in sorted(SEEDS.glob("*.txt"))]
    assert len(texts) == 3
    assert [cut(text) for text in texts] == [[], [], []]
    lines = texts[0].split("\n")
    lines.insert(len(lines) // 2, "More From This Section")
    assert cut("\n".join(lines)) == ["More From This Section"]


PROSE = (
    "The envoys met on Monday and spoke for an hour, and nobody would say afterwards what they had agreed on.",
    "A second meeting is planned for the autumn, when the parliaments of both countries have voted on the budget.",
    "The two armies have been at war for eleven years, and this is the ninth attempt at a treaty between them.",
    "That was all the minister had to say when he left the building by its back door, an hour before midnight.",
)
BLOCK = ("Related stories", "Envoys arrive in the capital", "What the treaty says")


def test_a_block_takes_titles_and_ends_where_prose_resumes() -> None:
    assert set(cut("\n".join([*PROSE[:2], *BLOCK, "Winter", *PROSE[2:]]))) == set(BLOCK)


def test_the_line_model_is_asked_only_beside_a_certain_line() -> None:
    titles = ["Your horoscope", "Jobs and careers", "Classifieds", "Weather forecast"]
    assert cut("\n".join([*PROSE, *titles])) == []
    assert set(titles) <= set(cut("\n".join([*PROSE, "Sign up for our newsletter", *titles])))


def test_a_row_of_buttons_is_certain_and_one_of_them_alone_is_not() -> None:
    assert cut("\n".join([*PROSE[:2], "Facebook", "Twitter", "Print", *PROSE[2:]])) == ["Facebook", "Twitter", "Print"]
    assert cut("\n".join([*PROSE[:2], "Facebook", *PROSE[2:]])) == []


def test_a_rule_that_is_switched_off_opens_no_door_to_the_line_model() -> None:
    text = "\n".join([*PROSE, *BLOCK])

    def after(**tables: object) -> str:
        stage = config.parse(STAGES, tables, "settings.toml").stage("boilerplate")
        return edits.run(text, stage.rules)[0]

    assert after() == "\n".join(PROSE)
    assert after(rules={"boilerplate/related_links": {"enabled": False}}) == text


def test_a_text_that_would_nearly_all_go_is_quarantined_instead() -> None:
    finding = Finding("boilerplate/related_links", 0, 96, "x" * 96, "")
    hits = list(boilerplate.mostly_boilerplate("x" * 100, [finding]))
    assert [(hit.text, hit.detail) for hit in hits] == [(None, "0.96 of the text would be cut > 0.90")]
    assert not list(boilerplate.mostly_boilerplate("x" * 200, [finding]))
    assert not list(boilerplate.mostly_boilerplate("", []))


@pytest.mark.parametrize(
    "character",
    [
        "a",
        " ",
        "\n",
        "'",
        ":",
        "|",
        "#",
        "1",
        "a ",
        "more ",
        "* ",
        "read more : ",
        "a\n",
        "related stories\n",
        "Follow us on ",
        "Print\nx y.\n",
    ],
)
def test_a_megabyte_of_one_character_takes_no_time(character: str) -> None:
    text = character * (1_000_000 // len(character))
    after, findings = edits.run(text, boilerplate.RULES)
    assert edits.revert(after, findings) == text


def test_of_what_must_be_held_a_part_is_not_enough() -> None:
    phrases = phrases_of('[[phrases]]\nrule = "continued"\nlines = ["* zebra crossing *"]')
    assert phrases.kind("the old zebra crossing in town") == Kind("continued", sentences=True)
    assert phrases.kind("the old zebras crossing in town") is None
    assert phrases.kind("the crossing and the zebra in town") is None
    assert phrases.kind("her zebra in town") is None


def test_a_phrase_that_may_stand_anywhere_is_found_in_its_line_and_in_no_other() -> None:
    lines = ['Your photo, your cookies, and "keep your copyright".', "", "In the book: all rights reserved\r", "By all"]
    text = "\n".join(lines)
    spans = [(0, len(lines[0])), (text.index("In"), text.index("\r")), (text.index("By"), len(text))]
    assert phrases_of("").kinds(text, spans) == {1: Kind("copyright_notice", sentences=True)}


# --- lines learned per site ----------------------------------------------------------------------------------------


def documents(*rows: tuple[str, str]) -> pa.Table:
    texts = [{"id": str(number), "site": site, "text": text} for number, (site, text) in enumerate(rows)]
    return pa.Table.from_batches([tables.from_dicts(texts, tables.DOCUMENTS)])


def stored(folder: Path, table: pa.Table) -> str:
    folder.mkdir(parents=True)
    pq.write_table(table, folder / "part-0.parquet")
    return str(folder)


def counted(tmp_path: Path, name: str, table: pa.Table, history: tuple[str, ...] = ()) -> pa.Table:
    engine = LocalEngine(1, "500MB", str(tmp_path))
    found = lines.count(engine, stored(tmp_path / f"{name}-in", table), history, str(tmp_path / name))
    return storage.read_table(found)


NEWS = [("a.example", f"Story number {n} has words of its own.\n{n} comments\nWritten in haste") for n in range(8)]


def test_lines_are_counted_per_site_with_digits_alike(tmp_path: Path) -> None:
    table = counted(tmp_path, "one", documents(*NEWS, ("b.example", "Another.\nWritten in haste"), ("", "x\nx")))
    assert table.to_pylist() == [
        {"site": "a.example", "shape": "0 comments", "documents": 8, "of": 8, "elsewhere": 0},
        {"site": "a.example", "shape": "Story number 0 has words of its own.", "documents": 8, "of": 8, "elsewhere": 0},
        {"site": "a.example", "shape": "Written in haste", "documents": 8, "of": 8, "elsewhere": 1},
    ]


def test_a_batch_is_counted_together_with_the_history_whatever_its_order(tmp_path: Path) -> None:
    engine = LocalEngine(1, "500MB", str(tmp_path))
    first, second = documents(*NEWS[:5]), documents(*NEWS[5:])
    history = lines.count_own(engine, stored(tmp_path / "first", first), str(tmp_path / "history"))
    together = counted(tmp_path, "both", second, (history,))
    assert together.to_pylist() == counted(tmp_path, "whole", documents(*NEWS[::-1])).to_pylist()


def test_no_line_of_an_empty_batch(tmp_path: Path) -> None:
    assert counted(tmp_path, "none", documents()).num_rows == 0


@pytest.mark.parametrize(
    ("line", "use", "expected"),
    [
        ("Written in haste", LineUse(41, 100), True),
        ("Written in haste", LineUse(19, 100), False),
        ("Written in haste", LineUse(2, 2), False),
        ("Yes.", LineUse(70, 100), False),
        ("Yes.", LineUse(1, 100, 0, "accept"), True),
        ("Written in haste", LineUse(99, 100, 0, "reject"), False),
        ("Every morning we send you the news of the day, free of charge.", LineUse(30, 100), True),
    ],
)
def test_a_line_is_learned_by_share_and_shape(line: str, use: LineUse, expected: bool) -> None:
    assert learned(line, use) is expected


def test_a_line_of_the_site_is_certain_beside_doubtful_ones_under_the_limits_of_site_line() -> None:
    menu = ["Written in haste", "Your horoscope", "Jobs and careers", "Classifieds", "Weather forecast"]
    text = "\n".join([*PROSE, "Sign up for our newsletter", *menu])
    facts = Facts(lines={"Written in haste": LineUse(4, 20)})

    def lines_of(hits: Iterable[Hit]) -> list[str]:
        return [line for hit in hits for line in text[hit.start : hit.end].split("\n") if line]

    assert lines_of(boilerplate.link_like_line(text, facts)) == menu[1:]  # its own rule cuts it
    assert lines_of(boilerplate.link_like_line(text, facts, min_share=0.3)) == menu
    assert lines_of(boilerplate.link_like_line(text, facts, min_documents=5)) == menu


def test_no_line_of_one_document_may_be_cut_as_the_sites() -> None:
    table = {"rules": {"boilerplate/site_line": {"min_documents": 1}}}
    with pytest.raises(SettingsError, match="min_documents must be at least 2; got 1"):
        config.parse(STAGES, table, "settings.toml")


def test_a_decision_is_followed_and_can_be_undone(tmp_path: Path) -> None:
    table = counted(tmp_path, "one", documents(*NEWS))
    text = NEWS[3][1] + "\nThis is new."

    def after(file: str) -> str:
        uses = lines.by_site(table, decisions.by_line(decisions.read(file)))
        return edits.run(text, boilerplate.RULES, Facts(lines=lines.uses_of(text, "a.example", uses)))[0]

    proposed = [line.shape for line in lines.proposals(table, learned)]
    assert "Written in haste" in proposed
    assert "Written in haste" not in after("")
    rejected = decisions.decide((), decisions.Decision("a.example", "Written in  haste", "reject", "seen 8 times"))
    assert "Written in haste" in after(decisions.written(rejected))
    accepted = decisions.decide(rejected, decisions.Decision("*", "This is new.", "accept"))
    assert decisions.read(decisions.written(accepted)) == tuple(sorted(accepted, key=lambda d: d.site))
    assert "This is new." not in after(decisions.written(accepted))
    undone = decisions.undo(accepted, "*", "This is new.")
    assert after(decisions.written(undone)) == after(decisions.written(rejected))


@pytest.mark.parametrize("text", ["[[line]]\nsite = 'x'\nline = 'y'\n", "[[line", "[[line]]\nsit = 'x'\n"])
def test_a_file_of_decisions_that_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="decisions"):
        decisions.read(text)

"""Boilerplate in plain text: phrases and how a user changes them, blocks, and the guard over the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import edits
from pipeline.errors import SettingsError
from pipeline.records import Finding
from pipeline.rules import boilerplate
from pipeline.rules.boilerplate.phrases import Kind, load_phrases

SEEDS = Path(__file__).resolve().parents[1] / "tests" / "golden"


def cut(text: str, additions: str = "") -> list[str]:
    """The lines that the stage cuts."""
    _, findings = edits.run(text, boilerplate.rules(additions))
    return [line for f in findings if f.after is not None for line in f.before.split("\n") if line.strip()]


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
    ],
)
def test_a_phrase_matches_whole_lines_whatever_their_case_and_punctuation(line, kind):
    assert load_phrases().kind(line) == kind


def test_a_users_file_adds_phrases_and_switches_default_ones_off(tmp_path):
    file = tmp_path / "boilerplate.toml"
    file.write_text(
        'off = ["advertisement"]\n'
        '[[phrases]]\nrule = "advertisement"\nlines = ["a message from {our|the} sponsors", "<fruit> of the day **"]\n'
        '[sets]\nfruit = ["apple", "pear"]\n'
    )
    phrases = load_phrases(file)
    assert phrases.kind("A message from the sponsors") == Kind("advertisement")
    assert phrases.kind("Pear of the day: so sweet") == Kind("advertisement")
    assert phrases.kind("Advertisement") == Kind("kept")
    text = "One sentence.\nAdvertisement\nA message from our sponsors\nAnother one."
    assert cut(text) == ["Advertisement"]
    assert cut(text, file.read_text()) == ["A message from our sponsors"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("off = ['no such phrase']", "none of the default phrases"),
        ("[[phrases]]\nrule = 'continued'\nlines = ['** #']", "without a word of its own"),
        ("[[phrases]]\nrule = 'continued'\nlines = ['<no> more']", "no set"),
        ("[[phrases]]\nlines = ['more']", "needs rule and lines"),
        ("[[phrases]", "line 1"),
    ],
)
def test_a_users_file_that_is_wrong_says_where(tmp_path, text, message):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=message) as error:
        load_phrases(file)
    assert "mine.toml" in str(error.value)


def test_the_heading_in_the_first_seed_goes_and_nothing_else_in_any():
    texts = [file.read_text(encoding="utf-8") for file in sorted(SEEDS.glob("*.txt"))]
    assert len(texts) == 3
    assert [cut(text) for text in texts] == [[], [], []]
    lines = texts[0].split("\n")
    lines.insert(len(lines) // 2, "More From This Section")
    assert cut("\n".join(lines)) == ["More From This Section"]


def test_a_block_takes_titles_and_ends_where_prose_resumes():
    text = (
        "The first paragraph ends here.\nRelated stories\nEnvoys arrive\nWhat the treaty says\n"
        "Winter\nThe second paragraph goes on."
    )
    assert cut(text) == ["Related stories", "Envoys arrive", "What the treaty says"]


def test_a_text_that_would_nearly_all_go_is_quarantined_instead():
    finding = Finding("boilerplate/related_links", 0, 96, "x" * 96, "")
    hits = list(boilerplate.mostly_boilerplate("x" * 100, [finding]))
    assert [(hit.text, hit.detail) for hit in hits] == [(None, "0.96 of the text would be cut > 0.95")]
    assert not list(boilerplate.mostly_boilerplate("x" * 200, [finding]))
    assert not list(boilerplate.mostly_boilerplate("", []))


@pytest.mark.parametrize("character", ["a", " ", "\n", "'", ":", "|", "#", "1", "a ", "more ", "* ", "read more : "])
def test_a_megabyte_of_one_character_takes_no_time(character):
    text = character * (1_000_000 // len(character))
    after, findings = edits.run(text, boilerplate.RULES)
    assert edits.revert(after, findings) == text

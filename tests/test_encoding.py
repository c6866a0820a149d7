"""The stage `encoding` as a whole: the seeds, hostile input, and agreement with ftfy."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import edits
from pipeline.rules import encoding

SEEDS = Path(__file__).resolve().parents[1] / "seeds"


def clean(text: str) -> str:
    after, findings = edits.run(text, encoding.RULES)
    assert edits.revert(after, findings) == text
    return after


@pytest.mark.parametrize("name", ["000_e7ac5253860ec0da.txt", "002_36873d84efbc44f9.txt"])
def test_a_seed_without_damage_comes_out_byte_for_byte(name):
    text = (SEEDS / name).read_text(encoding="utf-8")
    assert clean(text) == text


def test_the_translated_seed_gets_its_five_repairs_and_no_other():
    text = (SEEDS / "001_2059845ff647bd54.txt").read_text(encoding="utf-8")
    expected = text
    for before, after in (
        ('"horrified,quot;', '"horrified,"'),
        ("& # 39; Liberation & # 39;", "'Liberation'"),
        ("infrastructure..", "infrastructure."),
        ('accidental. "', 'accidental."'),
        ('warm clothes, "the charity', 'warm clothes," the charity'),
    ):
        assert expected.count(before) == 1
        expected = expected.replace(before, after)
    assert clean(text) == expected
